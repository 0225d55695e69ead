"""One leg of a job, from its set-up to its last post step (R: JobRunner.cs, JobExtension.cs, StepsRunner.cs)."""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from actlite.contexts.github import workflow_fields
from actlite.engines.base import Mount, Progress, Sandbox, SandboxSpec, Service
from actlite.errors import ActliteError, CannotRun
from actlite.events import ImageProgress, JobFinished, JobStarted, Notice
from actlite.execution.cancellation import Cancellation
from actlite.execution.containers import (
    DOCKER_SOCKET,
    ContainerSpec,
    container_env,
    container_spec,
    image_spec,
    service_specs,
    volume_mount,
)
from actlite.execution.layout import (
    RUNNER_HOME,
    Layout,
    container_layout,
    machine_layout,
    mounts,
    same_path_layout,
)
from actlite.execution.masking import Masker
from actlite.execution.prepared import Preparer
from actlite.execution.products import keep_products
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobOutcome, JobState, Services
from actlite.execution.steps import CANCELLED, FAILURE, SUCCESS, StepResult, StepRun, StepTask, run_task
from actlite.execution.tasks import TaskBuilder
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import evaluate_mapping, evaluate_node, evaluate_string
from actlite.expressions.values import to_string
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.workflow.model import UsesStep

DEFAULT_TIMEOUT = 360
"""Minutes that a job may take unless it says otherwise (docs: jobs.<job_id>.timeout-minutes)."""


class JobRun:
    """Runs one leg. Made in the scheduler's thread, run in one of its own."""

    def __init__(
        self,
        services: Services,
        plan: Plan,
        job: JobPlan,
        leg: Leg,
        needs: Mapping[str, Any],
        cancel: Cancellation,
        *,
        platform: str,
        masker: Masker,
    ) -> None:
        self.platform = platform
        """The image (or ``host``) for a job without ``container:``."""
        self.services = services
        folder = services.folder / "work" / slug(leg.key)
        github = _github(plan, job, leg, services)
        repository = str(github["repository"]).rsplit("/", 1)[-1] or "workspace"
        self.state = JobState(
            services=services,
            plan=plan,
            job=job,
            leg=leg,
            layout=container_layout(folder, repository),
            cancel=cancel,
            masker=masker,
            github=github,
            needs=needs,
            env=dict(services.settings.env),
        )
        self.frame = Frame()
        self.preparer = Preparer(self.state)
        self.tasks = TaskBuilder(self.state, self.preparer)
        self.container: ContainerSpec | None = None
        self.started_services: tuple[Service, ...] = ()
        self._opening: threading.Thread | None = None
        self._open_error: ActliteError | None = None
        self._services_value: Any = None

    def run(self) -> JobOutcome:
        """Run it to its end. Never raises an ActliteError: a job that can't be set up has failed."""
        state, clock = self.state, self.services.clock
        started = clock()
        timer = self._timer()
        problem = self._locate()
        state.emit(
            JobStarted(
                clock(),
                state.leg.key,
                state.job.job.id,
                state.leg.name,
                state.leg.matrix,
                state.image or "host",
                state.instead_of,
                self.platform if self.container is None else "",
            )
        )
        try:
            self._announce_standin()
            set_up = StepTask(
                "0", "Set up job", lambda run: self._set_up(run, problem), self.frame, stage="setup"
            )
            run_task(state, set_up)
            if state.status == SUCCESS or state.cancel.cancelled:
                self._run_queue()
            complete = StepTask(
                "complete", "Complete job", self._complete, self.frame, stage="complete", condition="always()"
            )
            self.outputs: dict[str, str] = {}
            if not state.cancel.forced:
                run_task(state, complete)
        finally:
            timer.cancel()
            self._join()
            self._stop_services()
        result = state.status
        if result == FAILURE and self.services.settings.keep_failed and state.sandbox is not None:
            state.sandbox.keep()
        state.emit(
            JobFinished(
                clock(),
                state.leg.key,
                state.job.job.id,
                state.leg.name,
                result,
                {k: state.masker.mask(v) for k, v in self.outputs.items()},
                clock() - started,
                matrix=state.leg.matrix,
            )
        )
        return JobOutcome(state.leg, result, self.outputs, state.sandbox, state.image, state.network)

    def _timer(self) -> threading.Timer:
        minutes = DEFAULT_TIMEOUT
        node = self.state.job.job.timeout_minutes
        if node is not None and isinstance(node.value, float) and node.value > 0:
            minutes = int(node.value) or 1
        timer = threading.Timer(
            minutes * 60,
            lambda: self.state.cancel.cancel(f"the job has exceeded its time of {minutes} minutes"),
        )
        timer.daemon = True
        timer.start()
        return timer

    def _locate(self) -> Exception | None:
        """Find out where the job runs, and begin to open its sandbox; an error is kept for the set-up step."""
        state, job = self.state, self.state.job.job
        try:
            self._evaluate_env()
            ground = scope(state, self.frame, state.env)
            if job.container is not None:
                self.container = container_spec(evaluate_node(job.container, ground))
            if job.services is not None:
                self._services_value = evaluate_node(job.services, ground)
            state.layout = self._layout()
            self._paths()
            state.layout.create()
            event = state.layout.event_folder / "event.json"
            event.write_text(json.dumps(state.github["event"], indent=2))
        except (ActliteError, ExpressionError, OSError) as error:
            return error
        self._opening = threading.Thread(target=self._open, name=f"open {state.leg.key}", daemon=True)
        self._opening.start()
        return None

    def _evaluate_env(self) -> None:
        """Workflow env, then job env, each seeing what came before."""
        state = self.state
        for node in (state.plan.workflow.env, state.job.job.env):
            if node is not None:
                state.env.update(evaluate_mapping(node, scope(state, self.frame, state.env)))
        for defaults in (state.plan.workflow.defaults, state.job.job.defaults):
            ground = scope(state, self.frame, state.env)
            if defaults.shell is not None:
                state.defaults["shell"] = evaluate_string(defaults.shell, ground)
            if defaults.working_directory is not None:
                state.defaults["working-directory"] = evaluate_string(defaults.working_directory, ground)

    def _layout(self) -> Layout:
        state, settings = self.state, self.services.settings
        work, name = state.layout.work, state.layout.repository
        release = self.services.runner.release
        if self.container is not None:
            if self.services.engine.name == "host":
                raise CannotRun(
                    f"Job '{state.leg.key}' names a container, and --engine host has none",
                    do="Run it with --engine docker.",
                )
            state.image = settings.images.get(self.container.image, self.container.image)
            state.instead_of = self.container.image if state.image != self.container.image else ""
            return container_layout(work, name)
        if self.services.engine.name == "host":
            externals = self.services.nodes.externals(self.services.runner, [])
            return same_path_layout(work, name, str(externals))
        state.image = settings.images.get(self.platform, self.platform)
        state.instead_of = self.platform if state.image != self.platform else ""
        machine = machine_layout(work, name, release)
        return same_path_layout(work, name, machine.externals) if settings.docker_socket else machine

    def _paths(self) -> None:
        """The paths of the github context, in the runner's own terms."""
        layout = self.state.layout
        self.state.github.update(
            {
                "workspace": layout.runner_workspace,
                "event_path": layout.runner_path(layout.event_folder / "event.json"),
            }
        )

    def _announce_standin(self) -> None:
        state = self.state
        if state.instead_of:
            text = f"{state.image} stands in for {state.instead_of}, as --image or the settings say."
            state.emit(Notice(self.services.clock(), "note", text, state.leg.key))

    # --- the sandbox ---

    def _open(self) -> None:
        """In a thread of its own, while actions are being found: image, network, container."""
        try:
            self.state.sandbox = self._open_sandbox()
        except ActliteError as error:
            self._open_error = error
        except OSError as error:
            self._open_error = CannotRun("The job's container could not be started", why=str(error))

    def _open_sandbox(self) -> Sandbox:
        state, services, layout = self.state, self.services, self.state.layout
        engine = services.engine
        spec = self.container or ContainerSpec(self.platform)
        image = image_spec(services, spec, state.github)
        leg = state.leg.key
        if engine.name != "host":
            engine.images.ensure(image, self._progress(image.name))
            if self._wants_network():
                state.network = engine.create_network(services.owner)
        externals = services.nodes.externals(services.runner, [])
        extra = [volume_mount(layout.translate(v)) for v in spec.volumes]
        if services.settings.docker_socket:
            extra.insert(0, Mount(DOCKER_SOCKET, DOCKER_SOCKET))
        control = services.folder / "control" / slug(leg)
        control.mkdir(parents=True, exist_ok=True)
        env = (
            container_env(spec)
            if self.container
            else {"HOME": RUNNER_HOME, "CI": "true", "ImageOS": "ubuntu"}
        )
        network = state.network
        if self.container is None and self._services_value:
            network = "host"
        return engine.open(
            SandboxSpec(
                key=leg,
                image=image,
                owner=services.owner,
                env=env,
                mounts=(*extra, *mounts(layout, externals)),
                workdir=layout.translate(layout.runner_workspace),
                ports=spec.ports,
                options=spec.options,
                network=network,
                control=control,
            )
        )

    def _progress(self, image: str) -> Callable[[Progress], None]:
        state, clock = self.state, self.services.clock

        def report(p: Progress) -> None:
            state.emit(ImageProgress(clock(), state.leg.key, image, p.status, p.current, p.total))

        return report

    def _wants_network(self) -> bool:
        """A network costs a third of a second: made only where something can see it (services, docker actions,
        the job context), which the runner's own network also serves."""
        if self._services_value:
            return True
        if self.container is None:
            return False
        if "job.container" in self.state.plan.workflow.source.text:
            return True
        return any(isinstance(s, UsesStep) and _may_be_docker(s.uses.text) for s in self.state.job.job.steps)

    def _join(self) -> None:
        if self._opening is not None:
            self._opening.join()
            self._opening = None

    def _sandbox_ready(self) -> None:
        """Wait for the sandbox. Raises what kept it from opening."""
        self._join()
        if self._open_error is not None:
            raise self._open_error
        state = self.state
        if self.container is not None:
            state.job_context["container"] = {
                "id": state.running.id,
                "network": state.running.network,
            }

    # --- the steps of the runner's own ---

    def _set_up(self, run: StepRun, problem: Exception | None) -> StepResult:
        """Read the actions, start the container where the job has none of its own."""
        if problem is not None:
            raise problem
        log, runner = run.log, self.services.runner
        log.write(f"Current runner version: '{runner.release}'\n")
        steps = self.state.job.job.steps
        log.write("Prepare workflow directory\nPrepare all required actions\n")
        for step in steps:
            if isinstance(step, UsesStep) and not step.uses.text.startswith(("./", "../")):
                self.preparer.prepare(step.uses.text)
        for line in self.preparer.lines:
            log.write(line + "\n")
        log.write(f"Complete job name: {self.state.leg.name}\n")
        if self.container is None:
            self._sandbox_ready()
        return StepResult(SUCCESS)

    def _initialize(self, run: StepRun) -> StepResult:
        """``Initialize containers``: the job's container and the services."""
        self._sandbox_ready()
        state, engine = self.state, self.services.engine
        if self.container is not None:
            run.log.write(f"Job container {state.running.id[:12]} of image {state.image} is running\n")
        specs, lines = service_specs(self.services, self._services_value, state.github, state.layout)
        for line in lines:
            run.log.write(line + "\n")
        if specs:
            for spec in specs:
                engine.images.ensure(spec.image, self._progress(spec.image.name))
            assert state.network is not None
            started = engine.start_services(specs, state.network, run.log.feed)
            self.started_services = tuple(started)
            state.job_context["services"] = {
                s.alias: {"id": s.id, "network": state.network, "ports": dict(s.ports)} for s in started
            }
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
        if self.container is not None or self._services_value:
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
            run_task(state, task)

    def _complete(self, run: StepRun) -> StepResult:
        """``Complete job``: the job's outputs; those with a secret in them are dropped."""
        state, node = self.state, self.state.job.job.outputs
        if state.known_files is not None or state.status == SUCCESS:
            keep_products(state, state.known_files or frozenset())
        for key, value in node.entries if node is not None else ():
            text = to_string(evaluate_node(value, run.scope))
            if text == "":
                continue
            if state.masker.mask(text) != text:
                message = f"Skip output '{key.text}' since it may contain secret."
                run.log.write(f"##[warning]{message}\n")
                run.effects.annotate_warning(message)
                continue
            self.outputs[key.text] = text
        if state.cancel.reason:
            run.log.write(f"##[error]The operation was canceled: {state.cancel.reason}.\n")
        return StepResult(SUCCESS)

    def _stop_services(self) -> None:
        if self.started_services:
            self.services.engine.stop_services(self.started_services)


def slug(key: str) -> str:
    """A leg's key as a folder name."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in key).strip("-.")
    if kept == key:
        return kept
    return f"{kept[:60]}-{zlib.crc32(key.encode()):08x}"


def _github(plan: Plan, job: JobPlan, leg: Leg, services: Services) -> dict[str, Any]:
    given = services.settings.secrets.get("GITHUB_TOKEN")
    return {
        **plan.trigger.github,
        "job": job.job.id,
        **workflow_fields(plan.trigger.github, name=plan.workflow.name, path=plan.workflow.path),
        "run_id": plan.trigger.github.get("run_id") or services.owner.run,
        "run_number": plan.trigger.github.get("run_number") or services.owner.run,
        "run_attempt": plan.trigger.github.get("run_attempt") or "1",
        "token": given or "ghs_localtokenofactlitewithoutanyrights0",
        "action": "",
        "action_ref": "",
        "action_repository": "",
        "action_path": None,
    }


def _may_be_docker(uses: str) -> bool:
    return not uses.lower().startswith(("actions/", "./.github/actions/node"))
