"""Which engine a run uses; nothing heavy is imported before one is chosen."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from actlite.engines.base import Engine
from actlite.errors import EngineUnavailable, UsageError

KINDS = ("auto", "docker", "podman", "host")


def select(kind: str = "auto", *, host: str | None = None, folder: Path | None = None) -> Engine:
    """The engine for a run.

    ``auto`` takes the daemon that answers (docker's or Podman's), else starts Podman's service for
    the run where podman is installed; the kind ``host`` does so once a job needs containers beside it.
    The argument ``host`` is an engine address that beats DOCKER_HOST and docker's contexts; ``folder`` is
    where a socket of our own may lie (a temporary folder without it).
    Raises EngineUnavailable with what was tried and what to do, UsageError for an unknown kind.
    """
    chosen = _KINDS.get(kind)
    if chosen is None:
        raise UsageError(f"there is no engine '{kind}'", do=f"Choose one of {', '.join(KINDS)}.")
    return chosen(host, folder)


def warm_up() -> None:
    """Import the docker SDK, for a thread beside other work: it takes about 100 ms."""
    import actlite.engines.docker  # noqa: F401


def _auto(host: str | None, folder: Path | None) -> Engine:
    from actlite.engines.docker import connect

    try:
        return connect(host)
    except EngineUnavailable as e:
        # A daemon that the user named must answer; podman only replaces the usual sockets.
        if host is not None or not _usual(e) or shutil.which("podman") is None:
            raise
    return _podman(None, folder)


def _usual(error: EngineUnavailable) -> bool:
    return "the default socket" in error.why


def _docker(host: str | None, folder: Path | None) -> Engine:
    from actlite.engines.docker import connect

    engine = connect(host)
    if engine.name != "docker":
        engine.close()
        raise EngineUnavailable(
            "the engine that answers is Podman, not docker", do="Use `--engine podman` or `--engine auto`."
        )
    return engine


def _podman(host: str | None, folder: Path | None) -> Engine:
    from actlite.engines.docker import connect
    from actlite.engines.docker.podman import service

    if host is not None:
        return connect(host)
    if os.environ.get("DOCKER_HOST"):
        # Podman's own socket may be named there.
        with contextlib.suppress(EngineUnavailable):
            engine = connect()
            if engine.name == "podman":
                return engine
            engine.close()
    socket, stop = service(folder)
    try:
        return connect(f"unix://{socket}", on_close=stop)
    except BaseException:
        stop()
        raise


def _host(host: str | None, folder: Path | None) -> Engine:
    from actlite.engines.host import HostEngine

    return HostEngine(lambda: _auto(host, folder))


_KINDS: dict[str, Callable[[str | None, Path | None], Engine]] = {
    "auto": _auto,
    "docker": _docker,
    "podman": _podman,
    "host": _host,
}
