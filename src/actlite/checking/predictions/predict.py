"""Predictions for a whole workflow: every step of its jobs that uses an action, in every leg."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from actlite.checking.predictions.declaring import DeclaredAction, Declaring
from actlite.checking.predictions.described import lacks_perhaps
from actlite.checking.predictions.faces import Face, face_of, steps_of
from actlite.checking.predictions.leg import Leg
from actlite.checking.predictions.model import (
    IMMUNE,
    LACKS_IMAGE,
    STARTS,
    UNKNOWN,
    JobImage,
    Prediction,
    StepVerdict,
)
from actlite.checking.predictions.situations import MAX_LEGS, Situation, of_plan, of_workflow
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
"""After so many predictions of one workflow, composite actions are not looked into any more; legs that come out the
same count once."""
MAX_STEPS = 100_000
"""After so many, legs are not looked at at all."""


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
        every = [one for one in situations if hosts or one.job.container is not None]
        steps = {id(one.job): tuple(steps_of(one.job)) for one in every}
        faces: dict[object, tuple[Face, list[Situation]]] = {}
        for one in every:
            face = face_of(one, steps[id(one.job)], self.counted, self.settings.stand_ins)
            if hosts or face.image is not None:
                key = (one.id, id(one.job), one.callers, one.is_beyond, face)
                faces.setdefault(key, (face, []))[1].append(one)
        found: list[tuple[Prediction, Sequence[Situation]]] = []
        for face, alike in faces.values():
            leg = Leg(self, alike[0], face, steps[id(alike[0].job)])
            if alike[0].is_beyond:
                met = leg.left_out(f"only {MAX_LEGS} legs of one workflow are looked at")
            elif len(found) > MAX_STEPS:
                met = leg.left_out(f"only {MAX_STEPS} steps of one workflow are looked at")
            else:
                met = leg.predictions(
                    f"only {MAX_PREDICTIONS} predictions are made with what composite actions use"
                    if len(found) > MAX_PREDICTIONS
                    else ""
                )
            found += [(item, alike) for item in met]
        return _merged(found, Counter(one.id for one in every))

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables by which runners choose a node."""
        from actlite.runtimes.eras import variables

        return variables()

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The names of all variables on which it hangs whether a node starts."""
        return (*self.variables, LIBRARY_PATH)

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
        seen = tuple((name, env.get(name), job_env.get(name)) for name in self.counted)
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
        return replace(verdict, why=why, lacks=LACKS_IMAGE) if why and verdict.verdict == UNKNOWN else verdict

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


def _merged(
    found: Sequence[tuple[Prediction, Sequence[Situation]]], legs: Mapping[str, int]
) -> tuple[Prediction, ...]:
    """Predictions that differ in their legs alone, together; in the order of the steps. ``legs`` is how many there are
    of each job."""
    groups: dict[object, tuple[Prediction, dict[int, str]]] = {}
    for item, alike in found:
        image = item.image
        where = None if image is None else (image.name, image.written, image.arch, image.volumes)
        key = (
            item.workflow, item.job, item.number, item.place.start, item.action, item.through, id(item.step.loading),
            item.step.verdict, item.step.node, item.step.why, item.step.notes, where, item.tolerated, len(item.changed_by),
            item.condition,
        )  # fmt: skip
        groups.setdefault(key, (item, {}))[1].update((id(one), one.leg) for one in alike)
    merged = [
        replace(
            item,
            legs=tuple(dict.fromkeys(filter(None, names.values()))),
            all_legs=len(names) >= legs[item.job],
        )
        for item, names in groups.values()
    ]
    order = {job: place for place, job in enumerate(legs)}
    return tuple(sorted(merged, key=lambda item: (order[item.job], item.number)))
