"""Where a job runs, and its sandbox: begun as early as can be, while everything else is still being made ready.

The start of a container is the longest wait of a short job; it happens in a thread of its own. This module
imports little, so that the wait can begin before the rest of execution is even loaded.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actlite.contexts.github import run_fields, workflow_fields
from actlite.contexts.runner import architecture
from actlite.engines.base import Engine, ImageSpec, Mount, Progress, Sandbox, SandboxSpec
from actlite.errors import ActliteError, CannotRun, DiskFull
from actlite.events import ImageProgress, Notice
from actlite.execution.cancellation import GRACE_MINUTES, Cancellation, until_cancelled
from actlite.execution.containers import (
    DOCKER_SOCKET,
    ContainerSpec,
    container_env,
    container_spec,
    image_spec,
    real_volume,
)
from actlite.execution.environments import Environment, environment
from actlite.execution.layout import (
    Layout,
    container_layout,
    machine_layout,
    mounts,
    same_path_layout,
)
from actlite.execution.machine import HOST, architecture_of, machine_env, platform_of, tracking_id
from actlite.execution.masking import Masker
from actlite.execution.ownership import RUNNER, can_give, image_user
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobState, Services
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import evaluate_mapping, evaluate_node, evaluate_scalar, evaluate_string
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import replace
from actlite.workflow import access
from actlite.workflow.model import UsesStep

LOCAL_TOKEN = "ghs_localtokenofactlitewithoutanyrights0"
"""The GITHUB_TOKEN of a run to which the user gave none."""
DEFAULT_TIMEOUT = 360
"""Minutes that a job may take unless it says otherwise (docs: jobs.<job_id>.timeout-minutes)."""
MAX_TIMEOUT = 28_800
"""Minutes that any timeout is cut to, twenty days: longer than a job lives, and no more than clocks can hold."""
_READS_JOB = re.compile(
    r"(?<![\w.-])job\s*(?:\.\s*(?:container\b|\*)|[\[,)]|\}\})",
    re.IGNORECASE,
)
"""What expressions look like that may read the network from the job context."""


class Opening:
    """One leg's state, and its sandbox on the way. Errors are kept for the step that needs the sandbox."""

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
        arch: str = "x64",
        masker: Masker,
        secrets: Mapping[str, str],
    ) -> None:
        """``secrets`` are those that the job's expressions see, which may be fewer than the user gave."""
        self.platform = platform
        """The image (or ``host``) for a job without ``container:``."""
        self.arch = arch
        """The architecture of the runner that ``runs-on`` asks for; empty where the image decides it."""
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
            secrets=secrets,
            env=dict(services.settings.env),
        )
        self.frame = Frame()
        self.container: ContainerSpec | None = None
        self.services_value: Any = None
        self.timeout = DEFAULT_TIMEOUT
        """Minutes that the job may take."""
        self.cancel_minutes: float = GRACE_MINUTES
        """Minutes that it may go on once it is cancelled."""
        self.environment: Environment | None = None
        """The environment that it deploys to."""
        self.problem: ActliteError | ExpressionError | None = None
        """What is wrong with the job itself; its set-up step fails with it."""
        self.error: BaseException | None = None
        """Why the sandbox could not be opened; no ActliteError where it is a defect of ours."""
        self.image_env: Mapping[str, str] = {}
        """What the image itself puts into the environment; there once its image is."""
        self._image_known = threading.Event()
        self.pulls: dict[str, list[Progress]] = {}
        """What was said while images were pulled, by image."""
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Find out where the job runs, and begin to open its sandbox in the background."""
        state, job = self.state, self.state.job.job
        try:
            if job.container is None:
                state.layout = self._layout()
            self._paths()  # R: JobExtension.InitializeJob sets github.workspace before it evaluates the job's env
            self._evaluate_env()
            ground = scope(state, self.frame, state.env)
            if job.container is not None:
                self.container = container_spec(evaluate_node(job.container, ground))
                if self.container is not None:
                    state.ci = self.container.env.get("CI", "true")
            if job.services is not None:
                self.services_value = evaluate_node(job.services, ground)
            if job.timeout_minutes is not None:
                minutes = evaluate_scalar(job.timeout_minutes, ground)
                if isinstance(minutes, int | float) and minutes >= 1:
                    self.timeout = int(min(minutes, MAX_TIMEOUT))
            later = access.scalar(job.node, "cancel-timeout-minutes")
            if later is not None:
                minutes = evaluate_scalar(later, ground)
                if isinstance(minutes, int | float):
                    self.cancel_minutes = float(int(min(minutes, MAX_TIMEOUT)))
            self.environment = environment(job.environment, ground)
            state.layout = self._layout()
            self._paths()
            state.layout.create()
            event = state.layout.event_folder / "event.json"
            event.write_text(json.dumps(state.github["event"], indent=2))
        except (ActliteError, ExpressionError) as error:
            self.problem = error
            return
        except OSError as error:
            self.problem = cannot_write(error, self.services.folder)
            return
        self._thread = threading.Thread(target=self._open, name=f"open {state.leg.key}", daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the sandbox is there, or can't be; or for ``timeout`` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)
            if not self._thread.is_alive():
                self._thread = None

    def image_there(self) -> bool:
        """Wait until the job's image is on this machine; False where it can't be had."""
        if self._thread is not None:
            self._image_known.wait()
        return self.error is None

    def progress(self, image: str) -> Callable[[Progress], None]:
        """Takes an image's progress and makes events of it."""
        state, clock = self.state, self.services.clock

        def report(p: Progress) -> None:
            if p.status not in ("Downloading", "Extracting"):
                self.pulls.setdefault(image, []).append(p)
            state.emit(ImageProgress(clock(), state.leg.key, image, p.status, p.current, p.total))

        return report

    def _evaluate_env(self) -> None:
        """Workflow env, then job env, each seeing what came before."""
        state = self.state
        for node in (state.plan.workflow.env, state.job.job.env):
            if node is not None:
                state.env.update(evaluate_mapping(node, scope(state, self.frame, state.env)))
        for defaults in (state.plan.workflow.defaults, state.job.job.defaults):
            if defaults.shell is None and defaults.working_directory is None:
                continue
            ground = scope(state, self.frame, state.env)
            if defaults.shell is not None:
                state.defaults["shell"] = evaluate_string(defaults.shell, ground)
            if defaults.working_directory is not None:
                state.defaults["working-directory"] = evaluate_string(defaults.working_directory, ground)

    def _layout(self) -> Layout:
        state, settings = self.state, self.services.settings
        host = HOST in (self.services.engine.name, self.platform)
        state.on_host = host and self.container is None
        state.arch = architecture().lower() if state.on_host else self.arch or "x64"
        work, name = state.layout.work, state.layout.repository
        release = self.services.runner.release
        if self.container is not None:
            if self.services.engine.name == HOST:
                raise CannotRun(
                    f"Job '{state.leg.key}' names a container, and --engine host has none",
                    do="Run it with --engine docker.",
                )
            state.image = settings.images.get(self.container.image, self.container.image)
            state.instead_of = self.container.image if state.image != self.container.image else ""
            return container_layout(work, name)
        if state.on_host:
            externals = self.services.nodes.externals(self.services.runner, [], arch=state.arch)
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

    def _open(self) -> None:
        """In a thread of its own: image, network, container."""
        try:
            self.state.sandbox = self._open_sandbox()
        except OSError as error:
            self.error = cannot_write(error, self.services.folder)
        except BaseException as error:  # raised again by the step that waits for the sandbox
            self.error = error
        finally:
            self._image_known.set()

    def _open_sandbox(self) -> Sandbox:
        state, services, layout = self.state, self.services, self.state.layout
        engine: Engine = services.engine
        spec = self.container or ContainerSpec(self.platform)
        image = self._image(spec)
        leg = state.leg.key
        if state.on_host:
            if self.services_value:
                state.network = engine.create_network(services.owner)
        else:
            info = until_cancelled(
                state.cancel,
                f"{image.name} was being pulled",
                lambda: engine.images.ensure(image, self.progress(image.name)),
            )
            if not self.arch or state.instead_of:
                state.arch = architecture_of(info)
            self.image_env = info.env
            self._image_known.set()
            if can_give() and engine.name != "fake":
                layout.give(RUNNER if self.container else image_user(engine.images, info))
            if self._wants_network():
                state.network = engine.create_network(services.owner)
        externals = services.nodes.externals(services.runner, [], arch=state.arch)
        extra = [real_volume(v, layout) for v in spec.volumes]
        if services.settings.docker_socket:
            extra.insert(0, Mount(DOCKER_SOCKET, DOCKER_SOCKET))
        control = services.folder / "control" / slug(leg)
        control.mkdir(parents=True, exist_ok=True)
        if self.container is None:
            state.tracking = tracking_id()
            env = machine_env(layout, state.tracking, on_host=state.on_host)
            if not state.on_host and "LANG" not in self.image_env:
                env["LANG"] = "C.UTF-8"  # what GitHub's machines have
        else:
            env = container_env(spec)
        network = state.network
        if self.container is None and self.services_value:
            network = "host"
        if state.on_host and engine.name != HOST:
            from actlite.engines.host import HostEngine

            engine = HostEngine()
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

    def _image(self, spec: ContainerSpec) -> ImageSpec:
        """The image to run: for a runner of another architecture than the engine's, that of its platform."""
        state = self.state
        image = image_spec(self.services, spec, state.github)
        if state.on_host or not self.arch or state.instead_of or self.arch == self.services.engine.arch:
            return image
        state.emit(
            Notice(
                self.services.clock(),
                "note",
                f"The runner of {state.leg.key} is {self.arch}: this machine emulates it, which is slow.",
                state.leg.key,
            )
        )
        return replace(image, platform=platform_of(self.arch))

    def _wants_network(self) -> bool:
        """A network costs a third of a second: made only where something can see it (services, docker actions,
        the job context), which the runner's own network also serves."""
        if self.services_value:
            return True
        if self.container is None:
            return False
        if _READS_JOB.search(self.state.plan.workflow.source.text):
            return True
        return any(isinstance(s, UsesStep) and _may_be_docker(s.uses.text) for s in self.state.job.job.steps)


def cannot_write(error: OSError, folder: Path) -> CannotRun:
    """An error of this machine's file system, as one that a user can act on. ``folder`` is the run's: where the
    disk is full, the file in the error may be the one that was copied from."""
    import errno

    why = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"There is no space left to write in {folder}",
            why=why,
            do="Free some space (actlite clean --all removes old runs), then run again.",
        )
    return CannotRun(f"A file could not be written or read: {error.filename or folder}", why=why)


def slug(key: str) -> str:
    """A leg's key as a folder name."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in key).strip("-.")
    return kept if kept == key else f"{kept[:60]}-{zlib.crc32(key.encode()):08x}"


def _github(plan: Plan, job: JobPlan, leg: Leg, services: Services) -> dict[str, Any]:
    return {
        **workflow_fields(plan.trigger.github, name=plan.workflow.name, path=plan.workflow.path),
        **plan.trigger.github,
        "job": job.job.id,
        **run_fields(plan.trigger.github, services.owner.run),
        "token": token_of(services.settings.secrets),
        "action": "",
        "action_ref": "",
        "action_repository": "",
    }


def token_of(secrets: Mapping[str, str]) -> str:
    """The GITHUB_TOKEN of a run: one that the user gave among the secrets, or ours."""
    return next((v for k, v in secrets.items() if k.upper() == "GITHUB_TOKEN"), "") or LOCAL_TOKEN


def _may_be_docker(uses: str) -> bool:
    """Whether an action might run in a container of its own; GitHub's own never do."""
    return not uses.lower().startswith("actions/")
