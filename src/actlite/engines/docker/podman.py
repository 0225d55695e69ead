"""Podman without a daemon: its API service, started for one run on a socket of ours."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from actlite.errors import EngineUnavailable

_START_SECONDS = 15.0
_STOP_SECONDS = 5.0
_LONGEST_PATH = 100
"""Unix socket paths hold 107 bytes."""
_WATCH = 'read -r _; kill "$1"; [ -z "$2" ] || rm -rf "$2"'
"""Ends the service when this process is killed: the pipe that the shell reads from ends then."""


def service(folder: Path | None) -> tuple[Path, Callable[[], None]]:
    """Start ``podman system service``; its socket, and a function that stops it. It ends with this
    process too.

    Raises EngineUnavailable when podman is not installed or its service does not come up.
    """
    program = shutil.which("podman")
    if program is None:
        raise EngineUnavailable(
            "podman is not installed",
            do="Install it (`sudo apt-get install podman`), or use docker: `--engine docker`.",
        )
    own = folder is None or len(str(folder)) > _LONGEST_PATH - len("/podman.sock")
    place = Path(tempfile.mkdtemp(prefix="actlite-podman-")) if folder is None or own else folder
    place.mkdir(parents=True, exist_ok=True)
    socket, log = place / "podman.sock", place / "podman.log"
    socket.unlink(missing_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "system", "service", "--time=0", f"unix://{socket}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # ^C is for us; podman stops when we say so
        )

    watcher = subprocess.Popen(
        ["sh", "-c", _WATCH, "sh", str(process.pid), str(place) if own else ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def stop() -> None:
        watcher.kill()
        watcher.communicate()
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        socket.unlink(missing_ok=True)
        if own:
            with contextlib.suppress(OSError):
                shutil.rmtree(place)

    deadline = time.monotonic() + _START_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace").strip()
            stop()
            raise EngineUnavailable(
                "podman's service does not start",
                why=words,
                do=f"Try `{program} system service --time=0` by hand.",
            )
        time.sleep(0.02)
    return socket, stop
