"""The images of a job's docker actions: pulled or built before its first step, or when a step needs them (R:
ActionManager.PrepareActionsAsync, PullActionContainerAsync, BuildActionContainerAsync, ContainerActionHandler.cs)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from actlite.execution import runner_log
from actlite.execution.handlers.docker import ActionImage, build_tag, image_of, image_title
from actlite.execution.prepared import PreparedAction, Preparer, is_image
from actlite.execution.results import SUCCESS
from actlite.execution.state import Frame, JobState
from actlite.execution.steps import StepResult, StepRun, StepTask
from actlite.workflow.manifest import is_dockerfile
from actlite.workflow.model import CompositeRuns, DockerRuns, Step, UsesStep


class ActionImages:
    """Knows the images that a job's docker actions run in."""

    def __init__(self, state: JobState, preparer: Preparer) -> None:
        self._state = state
        self._preparer = preparer
        self._had: dict[str, ActionImage] = {}
        """Images of actions that can't change during the job, by reference."""

    def tasks(self, frame: Frame, actions: Iterable[PreparedAction]) -> list[StepTask]:
        """What pulls and then builds the images of these actions, and of those within composite ones; each once."""
        pulls: dict[str, PreparedAction] = {}
        builds: dict[str, PreparedAction] = {}
        self._collect(actions, pulls, builds, set())
        tasks: list[StepTask] = []
        for image, action in pulls.items():
            tasks.append(self._task(frame, len(tasks) + 1, f"Pull {image[len('docker://') :]}", action))
        for action in builds.values():
            tasks.append(self._task(frame, len(tasks) + 1, f"Build {action.reference}", action))
        return tasks

    def of_steps(self, frame: Frame, steps: Sequence[Step]) -> list[StepTask]:
        """The same for the steps of a composite action of the workspace, whose actions are ready."""
        uses = (step.uses.text for step in steps if isinstance(step, UsesStep))
        known = (self._preparer.known(text, frame.home) for text in uses)
        return self.tasks(frame, [action for action in known if action is not None])

    def image(self, run: StepRun, action: PreparedAction, *, at_use: bool) -> ActionImage:
        """The action's image. That of a local action is made anew for each stage: its files may have changed.
        Raises CannotRun, UsageError, ImageUnavailable, TimeIsOver."""
        known = None if action.is_local else self._had.get(action.reference)
        if known is not None:
            return known
        runs = action.manifest.runs
        assert isinstance(runs, DockerRuns)
        told = not at_use or is_dockerfile(runs.image)  # docker run pulls without a word of the runner's
        tag = build_tag(self._state)
        if told:
            run.log.write(image_title(self._state, action, tag, at_use=at_use))
        image = image_of(run, action, tag, tell=told)
        if told:
            run.log.write(runner_log.END)
        self._had[action.reference] = image
        return image

    def _collect(
        self,
        actions: Iterable[PreparedAction],
        pulls: dict[str, PreparedAction],
        builds: dict[str, PreparedAction],
        seen: set[str],
    ) -> None:
        for action in actions:
            runs = action.manifest.runs
            if isinstance(runs, DockerRuns):
                if is_image(runs.image):
                    pulls.setdefault(runs.image, action)
                else:
                    builds.setdefault(action.reference, action)
            elif isinstance(runs, CompositeRuns) and action.reference not in seen:
                seen.add(action.reference)
                uses = (step.uses.text for step in runs.steps if isinstance(step, UsesStep))
                inner = (self._preparer.known(text, action.home) for text in uses)
                self._collect([found for found in inner if found is not None], pulls, builds, seen)

    def _task(self, frame: Frame, number: int, name: str, action: PreparedAction) -> StepTask:
        return StepTask(
            key=f"{frame.prefix}image-{number}",
            name=name,
            body=partial(self._have, action),
            frame=frame if frame.depth else Frame(),
            stage="setup",
        )

    def _have(self, action: PreparedAction, run: StepRun) -> StepResult:
        self._had.pop(action.reference, None)
        self.image(run, action, at_use=False)
        return StepResult(SUCCESS)
