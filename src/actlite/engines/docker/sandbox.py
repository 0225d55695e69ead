"""A job's container: created, its processes run, removed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from actlite.engines import orphans
from actlite.engines.base import ExitStatus, Orphan, OutputSink, ProcessSpec
from actlite.engines.docker import execs, sdk
from actlite.engines.docker.client import Connection
from actlite.engines.docker.containers import remove
from actlite.engines.docker.failures import translated
from actlite.engines.docker.killing import Killer
from actlite.engines.supervisor import DEFAULT_PATH, Dead, Refused, Supervisor, acceptable
from actlite.errors import CannotRun

_PID_SECONDS = 2.0


class DockerSandbox:
    """A job's running container."""

    def __init__(
        self,
        connection: Connection,
        id: str,
        *,
        network: str,
        image_env: Mapping[str, str],
        container_env: Mapping[str, str],
        supervisor: Supervisor | None,
    ) -> None:
        """``container_env`` is the image's with what was put on the container. ``supervisor`` is None
        where every process goes through exec."""
        self._connection = connection
        self._api = connection.api
        self._id = id
        self._network = network
        self._image_env = image_env
        self._container_env = container_env
        self._supervisor = supervisor
        self._keep = False
        self._closed = False
        self._lock = threading.Lock()
        self._current: _Run | None = None

    @property
    def id(self) -> str:
        """The container's id."""
        return self._id

    @property
    def network(self) -> str:
        """The name of its network."""
        return self._network

    @property
    def image_env(self) -> Mapping[str, str]:
        """The environment that the image brings."""
        return self._image_env

    @property
    def supervised(self) -> bool:
        """Processes may go through the resident supervisor; else every one is an exec."""
        return self._supervisor is not None

    def run(self, process: ProcessSpec, on_output: OutputSink) -> ExitStatus:
        """Run a process to its end (see `Sandbox.run`)."""
        if self._closed:
            raise CannotRun("the job's container has been removed")
        env = dict(process.env)
        image_path = self._container_env.get("PATH", "")
        if process.path_prepends:
            # R: ContainerStepHost: the prepends beat a PATH of the step's own env
            env["PATH"] = ":".join([*process.path_prepends, *([image_path] if image_path else [])])
        current = _Run(self, process.timeout)
        with self._lock:
            self._current = current
        try:
            code = self._run(process, env, on_output, current)
        finally:
            with self._lock:
                self._current = None
            current.ended()
        return ExitStatus(code, timed_out=current.timed_out, killed=current.killed)

    def _run(self, process: ProcessSpec, env: dict[str, str], on_output: OutputSink, current: _Run) -> int:
        supervisor = self._supervisor
        if supervisor is not None and not process.real_exec and acceptable(env):
            spec = ProcessSpec(argv=process.argv, env=env, workdir=process.workdir)
            path = env.get("PATH") or self._container_env.get("PATH") or DEFAULT_PATH
            try:
                return supervisor.run(spec, path, on_output, current.tick)
            except Refused:
                pass  # nothing has run: exec says why
            except Dead as e:
                self._supervisor = None
                supervisor.close()
                if e.started:
                    on_output(self._epitaph().encode())
                    return 137
        with translated("starting a process in the job's container"):
            return execs.run(
                self._api,
                self._id,
                process.argv,
                execs.environment(env),
                process.workdir,
                on_output,
                current.tick,
            )

    def _epitaph(self) -> str:
        """Why the container ended, for the log of the step that it took along."""
        why = "it has been removed"
        try:
            state = self._api.inspect_container(self._id)["State"]
            while state.get("Running"):
                time.sleep(0.05)
                state = self._api.inspect_container(self._id)["State"]
            memory = ", out of memory" if state.get("OOMKilled") else ""
            why = f"exit code {state.get('ExitCode')}{memory}"
        except sdk.errors.APIError:
            pass
        return f"\nThe job's container has ended while the step was running ({why}).\n"

    def kill(self) -> None:
        """Stop the process that `run` waits for (see `Sandbox.kill`)."""
        with self._lock:
            if self._current is not None:
                self._current.kill()

    def pid(self) -> int:
        """The id, in the container, of the supervised process that runs now; 0 for an exec."""
        deadline = time.monotonic() + _PID_SECONDS
        while self._supervisor is not None and (running := self._supervisor.running) is not None:
            if running.pid or time.monotonic() > deadline:
                return running.pid
            time.sleep(0.01)
        return 0

    def killer(self) -> Killer:
        """A stopper of the process that runs now."""
        return Killer(self._api, self._id, self.pid)

    def end_orphans(self, tracking: str) -> Sequence[Orphan]:
        """Kill what steps have left running with this RUNNER_TRACKING_ID (see `Sandbox.end_orphans`). An image
        without grep keeps it: the container's end is its end too."""
        pieces: list[bytes] = []
        argv = ("sh", "-c", orphans.IN_CONTAINER, "sh", f"{orphans.TRACKING}={tracking}")
        self.run(ProcessSpec(argv=argv, env={orphans.TRACKING: ""}, workdir="/", timeout=5.0), pieces.append)
        return orphans.listed(b"".join(pieces).decode(errors="replace"))

    def shell(self, process: ProcessSpec) -> int:
        """Run an interactive program on this terminal (see `Sandbox.shell`)."""
        from actlite.engines.docker.terminal import interactive

        with translated("starting a shell in the job's container"):
            return interactive(self._api, self._id, process)

    def keep(self) -> None:
        """Leave the container behind when closed."""
        self._keep = True

    def close(self) -> None:
        """Remove the container with its anonymous volumes, unless it is kept."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if not self._keep:
            remove(self._api, self._id)
        if self._supervisor is not None:
            self._supervisor.close()


class _Run:
    """One process of the sandbox: its deadline, and whether it is being stopped."""

    def __init__(self, sandbox: DockerSandbox, timeout: float | None) -> None:
        self._sandbox = sandbox
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._killer: Killer | None = None
        self._lock = threading.Lock()
        self.timed_out = False
        self.killed = False

    def tick(self) -> bool:
        """Look at the clock. True when the process does not end and is to be abandoned."""
        if self._deadline is not None and self._killer is None and time.monotonic() >= self._deadline:
            self.timed_out = True
            self._start()
        return self._killer is not None and self._killer.gave_up

    def kill(self) -> None:
        self.killed = True
        self._start()

    def _start(self) -> None:
        with self._lock:
            if self._killer is None:
                self._killer = self._sandbox.killer()
                self._killer.start()

    def ended(self) -> None:
        if self._killer is not None:
            self._killer.finish()


def control_folder(control: Path | None, local: bool) -> Supervisor | None:
    """The supervisor's side in this folder, where FIFOs can reach the container."""
    if control is None or not local or not hasattr(os, "mkfifo"):
        return None
    return Supervisor(control)
