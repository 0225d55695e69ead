"""Several supervised processes of one container at once: each in a lane of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from pathlib import Path

from actlite.engines.docker import execs, sdk
from actlite.engines.supervisor import LANE, Dead, Supervisor

_READY_SECONDS = 5.0


class Lanes:
    """The supervisors of a container. The first is its main process; another one is started, by an exec of ``sh``,
    when a process begins while all of them have one."""

    def __init__(
        self, api: sdk.APIClient, container: str, first: Supervisor, container_env: Mapping[str, str]
    ) -> None:
        self._api = api
        self._container = container
        self._env = container_env
        self._control: Path = first.folder.parent
        self._lock = threading.Lock()
        self._free = [first]
        self._all = [first]
        self._numbers = itertools.count(1)
        self._closed = False

    def take(self) -> Supervisor | None:
        """A supervisor for one process; None where only an exec will do."""
        with self._lock:
            if self._closed:
                return None
            if self._free:
                return self._free.pop()
        return self._another()

    def give(self, lane: Supervisor) -> None:
        """The process has ended. The container's main process is taken first the next time."""
        with self._lock:
            if not self._closed and lane in self._all:
                self._free.append(lane)
                self._free.sort(key=lambda free: -free.lane)

    def drop(self, lane: Supervisor) -> None:
        """It has ended itself."""
        with self._lock:
            if lane not in self._all:
                return
            self._all.remove(lane)
        lane.close()

    def close(self) -> None:
        """End them all."""
        with self._lock:
            self._closed = True
            lanes, self._all, self._free = self._all, [], []
        for lane in lanes:
            lane.close()

    def _another(self) -> Supervisor | None:
        lane = Supervisor(self._control, next(self._numbers))
        try:
            lane.prepare()
            execs.detached(self._api, self._container, ["sh", "-c", LANE.format(lane.inside)])
            ready = lane.start(self._env, _READY_SECONDS)
        except (Dead, OSError):
            ready = None
        with self._lock:
            if ready is not None and ready.equal and not self._closed:
                self._all.append(lane)
                return lane
        lane.close()
        return None
