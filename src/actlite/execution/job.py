"""One leg of a job, from its set-up to its last post step (R: JobRunner.cs, JobExtension.cs, StepsRunner.cs)."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from actlite.events import JobFinished, JobStarted, Notice
from actlite.execution.cancellation import exceeded, grace, seconds
from actlite.execution.downloads import Downloads
from actlite.execution.file_commands import artifact_subjects, forget_files
from actlite.execution.finishing import Finished, finish
from actlite.execution.handlers.node import migration_warnings
from actlite.execution.machine import HOST, end_orphans
from actlite.execution.matchers import Matchers
from actlite.execution.opening import Opening
from actlite.execution.predicting import Predictor
from actlite.execution.prepared import Preparer
from actlite.execution.products import keep_products
from actlite.execution.repository_files import RepositoryFiles
from actlite.execution.results import CANCELLED, FAILURE, SUCCESS
from actlite.execution.setting_up import foot, head
from actlite.execution.starting import ContainerSteps
from actlite.execution.state import JobOutcome
from actlite.execution.steps import StepResult, StepRun, StepTask, run_task
from actlite.execution.tasks import TaskBuilder
from actlite.workflow.model import ControlStep, UsesStep

if TYPE_CHECKING:
    from actlite.execution.background import BackgroundSteps


class JobRun:
    """Runs one leg. Made in the scheduler's thread, run in one of its own."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.state = opening.state
        self.services = opening.state.services
        self.matchers = Matchers(
            resolve=RepositoryFiles(
                self.state.layout.workspace,
                self.state.real_path,
                repository=str(self.state.github.get("repository", "")),
            )
        )
        self.state.matchers = self.matchers
        self.state.subjects = artifact_subjects(self.state.layout)
        self.frame = opening.frame
        self.preparer = Preparer(self.state)
        self.predictor = Predictor(opening, self.preparer)
        self.tasks = TaskBuilder(self.state, self.preparer)
        self.containers = ContainerSteps(opening, self._sandbox_ready, self.predictor.wait)
        self.finished = Finished()
        self.background: BackgroundSteps | None = None
        """There where the job has such steps."""

    def run(self) -> JobOutcome:
        """Run it to its end. Never raises an ActliteError: a job that can't be set up has failed."""
        state, clock = self.state, self.services.clock
        started = clock()
        timer = self._timer()
        state.emit(
            JobStarted(
                clock(),
                state.leg.key,
                state.job.id,
                state.masker.mask(state.leg.name),
                state.masker.mask_tree(state.leg.matrix),
                state.image or (HOST if state.on_host else self.opening.platform),
                state.instead_of,
                self.opening.platform if self.opening.container is None else "",
            )
        )
        try:
            self._announce_standin()
            set_up = StepTask("0", "Set up job", self._set_up, self.frame, stage="setup")
            run_task(state, set_up)
            if state.status == SUCCESS or state.cancel.cancelled:
                self._run_queue()
            complete = StepTask(
                "complete", "Complete job", self._complete, self.frame, stage="complete", condition="always()"
            )
            if not state.cancel.forced:
                run_task(state, complete)
        finally:
            timer.cancel()
            if self.background is not None:
                self.background.close()
            self.predictor.close()
            self.opening.join()
            self.containers.close()
            self.matchers.close()
            for folder in (state.layout.files, state.layout.temp):
                forget_files(folder)
        result, environment = state.status, self.opening.environment
        if (
            result == FAILURE
            and self.services.settings.keep_failed
            and not state.unable
            and state.sandbox is not None
        ):
            state.sandbox.keep()
        state.emit(
            JobFinished(
                clock(),
                state.leg.key,
                state.job.id,
                state.masker.mask(state.leg.name),
                result,
                {k: state.masker.mask(v) for k, v in self.finished.outputs.items()},
                clock() - started,
                state.masker.mask(state.cancel.reason) if result == CANCELLED else "",
                matrix=state.masker.mask_tree(state.leg.matrix),
                environment=state.masker.mask(environment.name) if environment is not None else "",
                environment_url=self.finished.environment_url,
            )
        )
        return JobOutcome(
            state.leg,
            result,
            self.finished.outputs,
            state.sandbox,
            state.image,
            state.network,
            state.unable,
            tuple(state.refused),
        )

    def _timer(self) -> threading.Timer:
        minutes = self.opening.timeout
        timer = threading.Timer(
            min(seconds(minutes), threading.TIMEOUT_MAX),
            lambda: self.state.cancel.cancel(exceeded(minutes)),
        )
        timer.daemon = True
        timer.start()
        allowed = grace(self.opening.cancel_minutes)
        self.state.cancel.subscribe(lambda: self.state.cancel.force_in(allowed))
        return timer

    def _announce_standin(self) -> None:
        state = self.state
        if state.instead_of:
            text = f"{state.image} stands in for {state.instead_of}, as --image or the settings say."
            state.emit(Notice(self.services.clock(), "note", text, state.leg.key))

    def _sandbox_ready(self) -> None:
        """Wait for the sandbox. Raises what kept it from opening."""
        self.opening.join()
        if self.opening.error is not None:
            raise self.opening.error
        state = self.state
        if self.opening.container is not None:
            state.job_context["container"] = {
                "id": state.running.id,
                "network": state.running.network,
            }

    # --- the steps of the runner's own ---

    def _set_up(self, run: StepRun) -> StepResult:
        """Read the actions, start the container where the job has none of its own."""
        if self.opening.problem is not None:
            raise self.opening.problem
        log, steps = run.log, self.state.job.job.steps
        log.write(head(self.opening, self.containers.evaluate()))
        try:
            for step in steps:
                if isinstance(step, UsesStep) and not step.uses.text.startswith(("./", "../")):
                    self.preparer.prepare(step.uses.text)
        finally:
            log.write(Downloads(self.preparer).lines(steps))
        self.predictor.begin()
        log.write(foot(self.opening))
        if self.opening.container is None:
            self._sandbox_ready()
        return StepResult(SUCCESS)

    def _run_queue(self) -> None:
        state, steps = self.state, self.state.job.job.steps
        queue: deque[StepTask] = deque()
        prepared = [
            found
            for s in steps
            if isinstance(s, UsesStep) and (found := self.preparer.known(s.uses.text)) is not None
        ]
        queue.extend(self.tasks.prepare_images(prepared))
        queue.extend(self.containers.tasks())
        queue.extend(self.tasks.pres(self.frame, steps))
        if any(step.background or isinstance(step, ControlStep) for step in steps):
            from actlite.execution.background import BackgroundSteps

            self.background = BackgroundSteps(state)
            queue.extend(self.background.tasks(self.frame, steps, self.tasks.mains))
        else:
            queue.extend(self.tasks.mains(self.frame, steps))
        if state.cancel.cancelled:
            state.status = CANCELLED
        while queue:
            self._run_next(queue.popleft())
        if self.background is not None and not state.cancel.forced:
            self.background.settle()
        while self.frame.posts:
            self._run_next(self.frame.posts.pop())

    def _run_next(self, task: StepTask) -> None:
        state = self.state
        if state.cancel.forced:
            state.status = CANCELLED
            return
        if state.sandbox is None and task.stage in ("pre", "main", "post"):
            task.cannot_run = "the job's container did not start"
        if isinstance(task.step, UsesStep):
            self.predictor.wait()
        if task.background and self.background is not None:
            self.background.start(task)
        else:
            run_task(state, task)

    def _complete(self, run: StepRun) -> StepResult:
        """``Complete job``: the job's outputs, and the address of its environment."""
        state = self.state
        if state.known_files is not None or state.status == SUCCESS:
            keep_products(state, state.known_files or frozenset())
        result = finish(run, state.job.job, self.opening.environment, self.finished)
        if state.cancel.reason:
            run.effects.annotate_error(state.cancel.reason)
        for line in end_orphans(state):
            run.log.write(line + "\n")
        for warning in migration_warnings(state):
            run.log.write(f"##[warning]{warning}\n")
            run.effects.annotate_warning(warning)
        return result
