"""Predictions for a whole workflow: every step of its jobs that uses an action, in every leg."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from actlite.checking.predictions.declaring import DeclaredAction, Declaring
from actlite.checking.predictions.described import lacks_perhaps
from actlite.checking.predictions.leg import Leg
from actlite.checking.predictions.model import (
    IMMUNE,
    STARTS,
    UNKNOWN,
    JobImage,
    Prediction,
    StepVerdict,
)
from actlite.checking.predictions.situations import Situation, of_plan, of_workflow
from actlite.checking.predictions.verdict import LIBRARY_PATH, predict_step
from actlite.errors import ImageUnavailable
from actlite.records import replace
from actlite.workflow.model import Workflow

if TYPE_CHECKING:
    from actlite.checking.known_actions import KnownActions
    from actlite.checking.predictions.settings import Predicting
    from actlite.glibc.image_system import Described
    from actlite.planning.plan import Plan
    from actlite.workflow.calls import Calls


MAX_PREDICTIONS = 20_000
"""So many steps of one workflow are predicted, each leg counted."""


class Predictor:
    """Predicts the steps of workflows of one repository."""

    def __init__(self, predicting: Predicting, actions: KnownActions) -> None:
        self.settings = predicting
        self._declaring = Declaring(actions, predicting.tags_of)
        self._verdicts: dict[object, StepVerdict] = {}

    def workflow(self, workflow: Workflow, calls: Calls, *, hosts: bool = False) -> tuple[Prediction, ...]:
        """The steps of a workflow's jobs, whatever the event, those of called workflows included.
        ``hosts``: those of jobs without a container too."""
        return self._all(of_workflow(workflow, calls), hosts=hosts)

    def plan(self, plan: Plan) -> tuple[Prediction, ...]:
        """The steps of the jobs of a plan, and of those that they call; jobs without a container too."""
        return self._all(of_plan(plan), hosts=True)

    def _all(self, situations: Iterable[Situation], *, hosts: bool) -> tuple[Prediction, ...]:
        found: list[Prediction] = []
        legs: dict[str, int] = {}
        for situation in situations:
            if not hosts and situation.job.container is None:
                continue
            legs[situation.id] = legs.get(situation.id, 0) + 1
            found += Leg(self, situation).predictions(hosts=hosts)
            if len(found) > MAX_PREDICTIONS:
                break
        return _merged(found, legs)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables by which runners choose a node."""
        from actlite.runtimes.eras import variables

        return variables()

    def declared(self, uses: str, comment: str = "") -> DeclaredAction | None:
        """What stands behind a ``uses:`` and the comment in its line."""
        return self._declaring.of(uses, comment)

    def verdict(
        self,
        using: str,
        env: Mapping[str, str],
        job_env: Mapping[str, str],
        image: JobImage | None,
        alpine: bool | None = None,
    ) -> StepVerdict:
        """Whether an action starts in a leg's image; worked out once for each."""
        names = (*self.variables, LIBRARY_PATH)
        seen = tuple((name, env.get(name), job_env.get(name)) for name in names)
        where = image and (image.name, image.written, image.arch, image.image_arch, image.volumes, image.env)
        key = (using, seen, where, alpine)
        if key not in self._verdicts:
            self._verdicts[key] = self._verdict(using, env, job_env, image, alpine)
        return self._verdicts[key]

    def _verdict(
        self,
        using: str,
        env: Mapping[str, str],
        job_env: Mapping[str, str],
        image: JobImage | None,
        alpine: bool | None,
    ) -> StepVerdict:
        described, why = None, ""
        if image is not None and not image.name:
            why = f"the image is only known in the run: {image.written}"
        elif image is not None and image.image_arch not in ("", image.arch):
            why = f"the image is for {image.image_arch}, and the runner's node for {image.arch}"
        elif image is not None:
            answer = self.settings.images.describe(image.name, image.arch)
            described, why = (None, answer) if isinstance(answer, str) else (answer, "")
        try:
            verdict = self._of_step(using, env, job_env, image, described, alpine)
        except ImageUnavailable as error:  # an image that went away while it was looked into
            verdict, why = StepVerdict(UNKNOWN), error.what.rstrip(".")
        if image is None and verdict.verdict == UNKNOWN:
            return replace(verdict, verdict=IMMUNE, why="the job has no container")
        return replace(verdict, why=why) if why and verdict.verdict == UNKNOWN else verdict

    def _of_step(
        self,
        using: str,
        env: Mapping[str, str],
        job_env: Mapping[str, str],
        image: JobImage | None,
        described: Described | None,
        alpine: bool | None,
    ) -> StepVerdict:
        verdict = predict_step(
            using,
            runner=self.settings.runner,
            env=env,
            job_env=job_env,
            image=described,
            arch=image.arch if image is not None else "x64",
            volumes=image.volumes if image is not None else (),
            container_env=dict(image.env) if image is not None else {},
            alpine=alpine,
        )
        if verdict.verdict == STARTS and described is not None and image is not None:
            doubt = lacks_perhaps(described, image, verdict)
            return replace(verdict, notes=(*verdict.notes, doubt)) if doubt else verdict
        return verdict


def _merged(found: Sequence[Prediction], legs: Mapping[str, int]) -> tuple[Prediction, ...]:
    """Predictions that differ in their legs alone, together; in the order of the steps."""
    groups: dict[object, list[Prediction]] = {}
    for item in found:
        image = item.image
        where = None if image is None else (image.name, image.written, image.arch, image.volumes)
        key = (
            item.workflow, item.job, item.number, item.place.start, item.action, item.through, id(item.step.loading),
            item.step.verdict, item.step.node, item.step.why, item.step.notes, where, item.tolerated, len(item.changed_by),
        )  # fmt: skip
        groups.setdefault(key, []).append(item)
    merged = [
        replace(
            same[0],
            legs=tuple(dict.fromkeys(leg for item in same for leg in item.legs)),
            all_legs=len(same) >= legs[same[0].job],
        )
        for same in groups.values()
    ]
    order = {job: place for place, job in enumerate(legs)}
    return tuple(sorted(merged, key=lambda item: (order[item.job], item.number)))
