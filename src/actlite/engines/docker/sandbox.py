"""A job's container: created, its processes run, removed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from actlite.engines import orphans
from actlite.engines.base import ExitStatus, OnStart, Orphan, OutputSink, ProcessSpec
from actlite.engines.docker import execs, sdk
from actlite.engines.docker.client import Connection
from actlite.engines.docker.containers import remove
from actlite.engines.docker.failures import translated
from actlite.engines.docker.killing import Killer
from actlite.engines.docker.lanes import Lanes
from actlite.engines.supervisor import DEFAULT_PATH, Dead, Refused, Supervisor, acceptable
from actlite.errors import CannotRun

_PID_SECONDS = 2.0
_END_SECONDS = 0.5
"""A container's processes end so much earlier, at most, than it counts as ended itself."""


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
        self._lanes = None
        if supervisor is not None:
            self._lanes = Lanes(self._api, id, supervisor, container_env)
        self._keep = False
        self._closed = False
        self._lock = threading.Lock()
        self._running: list[_Run] = []

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
        return self._lanes is not None

    def run(self, process: ProcessSpec, on_output: OutputSink, on_start: OnStart | None = None) -> ExitStatus:
        """Run a process to its end (see `Sandbox.run`)."""
        if self._closed:
            raise CannotRun("the job's container has been removed")
        env = dict(process.env)
        image_path = self._container_env.get("PATH", "")
        if process.path_prepends:
            # R: ContainerStepHost: the prepends beat a PATH of the step's own env
            env["PATH"] = ":".join([*process.path_prepends, *([image_path] if image_path else [])])
        current = _Run(self._api, self._id, process)
        with self._lock:
            self._running.append(current)
        try:
            if on_start is not None:
                on_start(current.kill)
            code = self._run(process, env, on_output, current)
        finally:
            with self._lock:
                self._running.remove(current)
            current.ended()
        return ExitStatus(code, timed_out=current.timed_out, killed=current.killed)

    def _run(self, process: ProcessSpec, env: dict[str, str], on_output: OutputSink, current: _Run) -> int:
        lanes = self._lanes
        if lanes is not None and not process.real_exec and acceptable(env):
            spec = ProcessSpec(argv=process.argv, env=env, workdir=process.workdir)
            code = self._supervised(lanes, spec, on_output, current)
            if code is not None:
                return code
        current.by_exec()
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

    def _supervised(
        self, lanes: Lanes, process: ProcessSpec, on_output: OutputSink, current: _Run
    ) -> int | None:
        """Run it through a supervisor. None where nothing has run and the exec must."""
        lane = lanes.take()
        if lane is None:
            return None
        path = process.env.get("PATH") or self._container_env.get("PATH") or DEFAULT_PATH
        current.lane = lane
        try:
            code = lane.run(process, path, on_output, current.tick)
        except Refused:
            lanes.give(lane)  # exec says why
            return None
        except Dead as e:
            lanes.drop(lane)
            if not lane.lane:
                self._lanes = None
                lanes.close()
            if e.started:
                on_output(self._epitaph(lane).encode())
                return 137
            return None
        lanes.give(lane)
        return code

    def _epitaph(self, lane: Supervisor) -> str:
        """Why the container ended, for the log of the step that it took along."""
        why = "it has been removed"
        try:
            state = self._api.inspect_container(self._id)["State"]
            patience = time.monotonic() + _END_SECONDS
            while state.get("Running"):
                if lane.lane and time.monotonic() >= patience:
                    return "\nThe shell that runs this step in the job's container has been killed.\n"
                time.sleep(0.05)
                state = self._api.inspect_container(self._id)["State"]
            memory = ", out of memory" if state.get("OOMKilled") else ""
            why = f"exit code {state.get('ExitCode')}{memory}"
        except sdk.errors.APIError:
            pass
        return f"\nThe job's container has ended while the step was running ({why}).\n"

    def kill(self) -> None:
        """Stop the processes that `run` waits for (see `Sandbox.kill`)."""
        with self._lock:
            for current in self._running:
                current.kill()

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
        if self._lanes is not None:
            self._lanes.close()


class _Run:
    """One process of the sandbox: its deadline, and whether it is being stopped."""

    def __init__(self, api: sdk.APIClient, container: str, process: ProcessSpec) -> None:
        self._api = api
        self._container = container
        self._mark = process.mark
        self._deadline = None if process.timeout is None else time.monotonic() + process.timeout
        self._exec = False
        self.lane: Supervisor | None = None
        """The supervisor that runs it, if one does."""
        self._killer: Killer | None = None
        self._over = False
        self._lock = threading.Lock()
        self.timed_out = False
        self.killed = False

    def tick(self) -> bool:
        """Look at the clock. True when the process does not end and is to be abandoned."""
        if self._deadline is not None and self._killer is None and time.monotonic() >= self._deadline:
            self.timed_out = True
            self._start()
        return self._killer is not None and self._killer.gave_up

    def by_exec(self) -> None:
        """It runs through the engine's exec."""
        self._exec = True

    def pid(self) -> int | None:
        """Its id in the container, waited for; 0 for an exec; None where it isn't known yet."""
        deadline = time.monotonic() + _PID_SECONDS
        while not self._exec and time.monotonic() < deadline:
            running = self.lane.running if self.lane is not None else None
            if running is not None and running.pid:
                return running.pid
            time.sleep(0.01)
        return 0 if self._exec else None

    def kill(self) -> None:
        self.killed = True
        self._start()

    def _start(self) -> None:
        with self._lock:
            if self._killer is None and not self._over:
                self._killer = Killer(self._api, self._container, self.pid, self._mark)
                self._killer.start()

    def ended(self) -> None:
        """It has ended: nobody begins to stop it any more."""
        with self._lock:
            self._over = True
        if self._killer is not None:
            self._killer.finish()


def control_folder(control: Path | None, local: bool) -> Supervisor | None:
    """The supervisor's side in this folder, where FIFOs can reach the container."""
    if control is None or not local or not hasattr(os, "mkfifo"):
        return None
    return Supervisor(control)
