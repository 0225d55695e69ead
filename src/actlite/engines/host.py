"""The engine that is this machine: a job's processes run here, in no container."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from actlite.diagnostics import Diagnostic, Severity
from actlite.engines import orphans
from actlite.engines.base import (
    ContainerRun,
    Engine,
    ExitStatus,
    ImageInfo,
    Images,
    ImageSpec,
    OnStart,
    Orphan,
    OutputSink,
    Owned,
    Owner,
    ProcessSpec,
    Progress,
    SandboxSpec,
    Service,
    ServiceSpec,
)
from actlite.engines.supervisor import copy_rest
from actlite.errors import CannotRun, EngineUnavailable, ImageUnavailable

INTERRUPT_SECONDS = 7.5
TERMINATE_SECONDS = 2.5
_CHUNK = 1 << 20
_TICK_MS = 100
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a job sees of this machine's environment besides its own; tokens and settings stay outside."""


class HostEngine:
    """Runs a job's processes on this machine. What a job wants of containers besides (services, docker actions)
    goes to an engine that is asked for only then; without one it is refused with CannotRun."""

    name = "host"

    def __init__(self, containers: Callable[[], Engine] | None = None) -> None:
        """``containers`` gives the engine for services and docker actions. Raises EngineUnavailable."""
        self._connect = containers
        self._lock = threading.Lock()
        self._containers: Engine | None = None
        self._none = NoImages()

    @property
    def arch(self) -> str:
        """That of the engine beside, once it was needed."""
        return self._containers.arch if self._containers is not None else ""

    @property
    def images(self) -> Images:
        """The images of the engine behind, once it was needed; before, there are none."""
        return self._none if self._connect is None else self._beside("images").images

    def check(self) -> Sequence[Diagnostic]:
        """A note that nothing separates jobs from this machine."""
        return (
            Diagnostic(
                "engine-host",
                Severity.NOTE,
                "jobs run on this machine, not in a container: they see and can change its files",
            ),
        )

    def open(self, spec: SandboxSpec) -> HostSandbox:
        """A folder of this machine. The run's folder knows from now on by which id its processes are found, should
        nobody be left to close it. Raises CannotRun for what only a container has, OSError."""
        if spec.options.strip() or spec.ports:
            _refuse("container `options:` and `ports:`")
        Path(spec.workdir).mkdir(parents=True, exist_ok=True)
        tracking = spec.env.get(orphans.TRACKING)
        if tracking:
            orphans.note(spec.owner.folder, tracking)
        return HostSandbox(spec.env, spec.owner.folder)

    def attach(self, id: str, control: Path | None) -> HostSandbox:
        """A sandbox here has nothing that could be found again but this machine."""
        return HostSandbox({})

    def run_container(
        self, run: ContainerRun, on_output: OutputSink, on_start: Callable[[Callable[[], None]], None]
    ) -> ExitStatus:
        """A docker action, in a container beside."""
        return self._beside("docker actions").run_container(run, on_output, on_start)

    def create_network(self, owner: Owner) -> str:
        """The network of a job's services."""
        return self._beside("services").create_network(owner)

    def remove_network(self, name: str) -> None:
        """Remove it again."""
        if self._containers is not None:
            self._containers.remove_network(name)

    def start_services(
        self,
        specs: Sequence[ServiceSpec],
        network: str,
        on_output: OutputSink,
        on_start: Callable[[ServiceSpec, Service], None] | None = None,
    ) -> Sequence[Service]:
        """Start services: steps on this machine reach them at the ports that they publish."""
        if not specs:
            return ()
        return self._beside("services").start_services(specs, network, on_output, on_start)

    def service_logs(self, service: Service) -> bytes:
        """What a service has written until now."""
        return self._beside("services").service_logs(service)

    def api_versions(self) -> tuple[str, str]:
        """Those of the engine beside, where one was needed."""
        return ("", "") if self._containers is None else self._containers.api_versions()

    def stop_services(self, services: Iterable[Service]) -> None:
        """Remove them."""
        if self._containers is not None:
            self._containers.stop_services(services)

    def owned(self) -> Sequence[Owned]:
        """What was made in the engine beside, where one was needed."""
        return () if self._containers is None else self._containers.owned()

    def remove(self, owned: Iterable[Owned]) -> None:
        """Remove such objects."""
        if self._containers is not None:
            self._containers.remove(owned)

    def to_sandbox(self, spec: SandboxSpec, path: Path) -> PurePosixPath | None:
        """Paths are the same on both sides."""
        return PurePosixPath(path)

    def close(self) -> None:
        """Close the engine beside."""
        if self._containers is not None:
            self._containers.close()

    def _beside(self, what: str) -> Engine:
        """The container engine, which ``what`` needs. Raises EngineUnavailable where none answers, CannotRun where
        none may be asked."""
        if self._connect is None:
            _refuse(what)
        with self._lock:
            if self._containers is None:
                try:
                    self._containers = self._connect()
                except EngineUnavailable as e:
                    raise EngineUnavailable(
                        f"{what} need a container engine, and none answers on this machine",
                        why=e.why,
                        do=e.do,
                    ) from e
            return self._containers


def _refuse(what: str) -> NoReturn:
    raise CannotRun(
        f"{what} need a container engine, and this run uses the machine itself",
        do="Run with `--engine docker` or `--engine podman`.",
    )


class NoImages:
    """This machine has no images."""

    def find(self, name: str) -> ImageInfo | None:
        """None."""
        return None

    def ensure(self, image: ImageSpec, on_progress: Callable[[Progress], None]) -> ImageInfo:
        """Refused."""
        raise _no_image(image.name)

    def build(
        self, context: Path, dockerfile: Path, tag: str, owner: Owner, on_output: OutputSink
    ) -> ImageInfo:
        """Refused."""
        raise _no_image(tag)

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """Refused."""
        raise _no_image(image)

    def reader(self, image: str) -> NoReturn:
        """Refused."""
        raise _no_image(image)


def _no_image(name: str) -> ImageUnavailable:
    return ImageUnavailable(
        f"the image {name} needs a container engine, and this run uses the machine itself",
        do="Run with `--engine docker` or `--engine podman`.",
    )


class HostSandbox:
    """Processes of a job on this machine, each in a session of its own."""

    id = ""
    network = ""

    def __init__(self, env: Mapping[str, str], run: Path | None = None) -> None:
        """``run`` is the run's folder, where its processes are noted."""
        self._run = run
        self._machine = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._env = {**self._machine, **env}
        self._lock = threading.Lock()
        self._running: list[_Process] = []

    @property
    def image_env(self) -> Mapping[str, str]:
        """What a job sees of this machine's environment."""
        return self._machine

    def run(self, process: ProcessSpec, on_output: OutputSink, on_start: OnStart | None = None) -> ExitStatus:
        """Run a process to its end. A program that isn't there gives a line of text and code 127."""
        env = {**self._env, **process.env}
        if process.path_prepends:
            env["PATH"] = ":".join([*process.path_prepends, self._env.get("PATH", os.defpath)])
        try:
            child = _spawn(process, env)
        except OSError as e:
            on_output(f"{process.argv[0]}: {_why(e, process)}\n".encode())
            return ExitStatus(126 if isinstance(e, PermissionError) else 127)
        with self._lock:
            self._running.append(child)
        try:
            if on_start is not None:
                on_start(child.kill)
            return child.wait(on_output, process.timeout)
        finally:
            with self._lock:
                self._running.remove(child)

    def kill(self) -> None:
        """Stop the processes that `run` waits for, and their groups."""
        with self._lock:
            for child in self._running:
                child.kill()

    def end_orphans(self, tracking: str) -> Sequence[Orphan]:
        """Kill what steps have left running with this RUNNER_TRACKING_ID."""
        return orphans.end(tracking)

    def shell(self, process: ProcessSpec) -> int:
        """Run an interactive program on this terminal."""
        env = {**self._env, **process.env}
        return subprocess.run(
            list(process.argv), env=env, cwd=process.workdir or None, check=False
        ).returncode

    def keep(self) -> None:
        """Nothing would be removed."""

    def close(self) -> None:
        """End what steps have left running, where the job's own end did not come to it. The folders are the run's."""
        tracking = self._env.get(orphans.TRACKING)
        if tracking:
            orphans.end(tracking)
            if self._run is not None:
                orphans.forget(self._run, tracking)


def _spawn(process: ProcessSpec, env: dict[str, str]) -> _Process:
    program = process.argv[0]
    if "/" not in program:
        program = shutil.which(program, path=env.get("PATH", os.defpath)) or program
    read, write = os.pipe()
    try:
        child = subprocess.Popen(
            list(process.argv),
            executable=program,
            env=env,
            cwd=process.workdir or None,
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=write,
            start_new_session=True,
        )
    except BaseException:
        os.close(read)
        raise
    finally:
        os.close(write)
    return _Process(child, read)


def _why(error: OSError, process: ProcessSpec) -> str:
    if process.workdir and not Path(process.workdir).is_dir():
        return f"the working directory {process.workdir} does not exist"
    if isinstance(error, FileNotFoundError):
        return "command not found"
    return str(error.strerror or error)


class _Process:
    """A running process with its output pipe."""

    def __init__(self, child: subprocess.Popen[bytes], output: int) -> None:
        self._child = child
        self._output = output
        self._ended = threading.Event()
        self._stopping = threading.Lock()
        self.killed = False

    def wait(self, on_output: OutputSink, timeout: float | None) -> ExitStatus:
        """Pass on output until the process has ended; what it leaves running may go on writing."""
        deadline = None if timeout is None else time.monotonic() + timeout
        timed_out = False
        poller = select.poll()
        poller.register(self._output, select.POLLIN)
        pidfd = os.pidfd_open(self._child.pid)
        poller.register(pidfd, select.POLLIN)
        open_output = True
        try:
            while True:
                ready = {fd for fd, _ in poller.poll(_TICK_MS)}
                if self._output in ready and not self._copy(on_output):
                    poller.unregister(self._output)
                    open_output = False
                if deadline is not None and not timed_out and time.monotonic() >= deadline:
                    timed_out = True
                    self.stop()
                if pidfd in ready:
                    break
            if open_output:
                open_output = copy_rest(self._output, on_output)
        finally:
            os.close(pidfd)
            self._ended.set()
            self._leave(open_output)
        code = self._child.wait()
        return ExitStatus(code if code >= 0 else 128 - code, timed_out=timed_out, killed=self.killed)

    def _copy(self, sink: OutputSink) -> bool:
        data = os.read(self._output, _CHUNK)
        if data:
            sink(data)
        return bool(data)

    def _leave(self, open_output: bool) -> None:
        """Read on for processes that the step left behind, so that they neither block nor get SIGPIPE."""
        if not open_output:
            os.close(self._output)
            return

        def drain() -> None:
            with contextlib.closing(os.fdopen(self._output, "rb", buffering=0)) as pipe:
                while pipe.read(_CHUNK):
                    pass

        threading.Thread(target=drain, name="actlite-drain", daemon=True).start()

    def kill(self) -> None:
        """Stop the group, as somebody has asked for; returns at once."""
        self.killed = True
        self.stop()

    def stop(self) -> None:
        """Begin to stop the group: INT, TERM, KILL; returns at once."""
        if self._stopping.acquire(blocking=False):
            threading.Thread(target=self._stop, name="actlite-kill", daemon=True).start()

    def _stop(self) -> None:
        for number, seconds in (
            (signal.SIGINT, INTERRUPT_SECONDS),
            (signal.SIGTERM, TERMINATE_SECONDS),
            (signal.SIGKILL, 0.0),
        ):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)
            if self._ended.wait(seconds):
                return
