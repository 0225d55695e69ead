"""The docker engine. Importing this package imports the docker SDK (about 100 ms): do it when a job runs."""

from __future__ import annotations

from collections.abc import Callable

from actlite.engines.docker.client import connect as _connect
from actlite.engines.docker.engine import DockerEngine


def connect(host: str | None = None, on_close: Callable[[], None] | None = None) -> DockerEngine:
    """The engine at ``host``, else where docker's variables, contexts and usual sockets say.

    Raises EngineUnavailable with what was tried and what to do.
    """
    return DockerEngine(_connect(host), on_close)


__all__ = ["DockerEngine", "connect"]
