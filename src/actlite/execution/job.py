"""One leg of a job, from its set-up to its last post step (R: JobRunner.cs, JobExtension.cs, StepsRunner.cs)."""

from __future__ import annotations

import threading
from collections import deque

from actlite.engines.base import ImageSpec, Service
from actlite.events import JobFinished, JobStarted, Notice
from actlite.execution.cancellation import exceeded, grace, seconds, until_cancelled
from actlite.execution.containers import service_specs
from actlite.execution.file_commands import artifact_subjects
from actlite.execution.finishing import Finished, finish
from actlite.execution.machine import HOST, end_orphans
from actlite.execution.matchers import Matchers
from actlite.execution.opening import Opening
from actlite.execution.predicting import Predictor
from actlite.execution.prepared import Preparer
from actlite.execution.products import keep_products
from actlite.execution.repository_files import RepositoryFiles
from actlite.execution.results import CANCELLED, FAILURE, SUCCESS
from actlite.execution.state import JobOutcome
from actlite.execution.steps import StepResult, StepRun, StepTask, run_task
from actlite.execution.tasks import TaskBuilder
from actlite.workflow.model import UsesStep


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
        self.started_services: tuple[Service, ...] = ()
        self.finished = Finished()

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
            self.predictor.close()
            self.opening.join()
            self._stop_services()
            self.matchers.close()
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
        log, runner = run.log, self.services.runner
        log.write(f"Current runner version: '{runner.release}'\n")
        steps = self.state.job.job.steps
        log.write("Prepare workflow directory\nPrepare all required actions\n")
        for step in steps:
            if isinstance(step, UsesStep) and not step.uses.text.startswith(("./", "../")):
                self.preparer.prepare(step.uses.text)
        for line in self.preparer.lines:
            log.write(line + "\n")
        self.predictor.begin()
        log.write(f"Complete job name: {self.state.leg.name}\n")
        if self.opening.container is None:
            self._sandbox_ready()
        return StepResult(SUCCESS)

    def _initialize(self, run: StepRun) -> StepResult:
        """``Initialize containers``: the job's container and the services."""
        self._sandbox_ready()
        state, engine = self.state, self.services.engine
        if self.opening.container is not None:
            run.log.write(f"Job container {state.running.id[:12]} of image {state.image} is running\n")
        specs, lines = service_specs(self.services, self.opening.services_value, state.github, state.layout)
        for line in lines:
            run.log.write(line + "\n")
        if specs:
            for spec in specs:
                self._have(spec.image)
            assert state.network is not None
            started = engine.start_services(specs, state.network, run.log.feed)
            self.started_services = tuple(started)
            state.job_context.setdefault("container", {})["network"] = state.network
            state.job_context["services"] = {
                s.alias: {"id": s.id, "network": state.network, "ports": dict(s.ports)} for s in started
            }
        self.predictor.wait()
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
        if self.opening.container is not None or self.opening.services_value:
            queue.append(
                StepTask("init", "Initialize containers", self._initialize, self.frame, stage="setup")
            )
        queue.extend(self.tasks.pres(self.frame, steps))
        queue.extend(self.tasks.mains(self.frame, steps))
        if state.cancel.cancelled:
            state.status = CANCELLED
        while queue or self.frame.posts:
            if state.cancel.forced:
                state.status = CANCELLED
                break
            task = queue.popleft() if queue else self.frame.posts.pop()
            if state.sandbox is None and task.stage in ("pre", "main", "post"):
                task.cannot_run = "the job's container did not start"
            if isinstance(task.step, UsesStep):
                self.predictor.wait()
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
        return result

    def _have(self, image: ImageSpec) -> None:
        """Have a service's image."""
        until_cancelled(
            self.state.cancel,
            f"{image.name} was being pulled",
            lambda: self.services.engine.images.ensure(image, self.opening.progress(image.name)),
        )

    def _stop_services(self) -> None:
        if self.started_services:
            self.services.engine.stop_services(self.started_services)
