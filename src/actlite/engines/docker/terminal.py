"""An interactive program in a container, on this process's terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from actlite.engines.base import ProcessSpec
from actlite.engines.docker import execs, sdk

_CHUNK = 65536


def interactive(api: sdk.APIClient, container: str, process: ProcessSpec) -> int:
    """Run a program with stdin, stdout and, when this is one, a terminal; its exit code.

    Raises sdk.errors.APIError when it can't be started.
    """
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    env = dict(process.env)
    if process.path_prepends:
        config = api.inspect_container(container)["Config"].get("Env") or ()
        path = next((item[5:] for item in config if item.startswith("PATH=")), "")
        env["PATH"] = ":".join([*process.path_prepends, *([path] if path else [])])
    if tty:
        env.setdefault("TERM", os.environ.get("TERM", "xterm"))
    created = api.exec_create(
        container,
        list(process.argv),
        stdin=True,
        tty=tty,
        environment=execs.environment(env),
        workdir=process.workdir or None,
    )
    id = str(created["Id"])
    stream = execs.Hijacked(api.exec_start(id, detach=False, tty=tty, stream=False, socket=True))
    try:
        with _raw_terminal(api, id) if tty else contextlib.nullcontext():
            _pump(stream, tty)
    finally:
        stream.close()
    return execs.exit_code(api, id)


def _pump(stream: execs.Hijacked, tty: bool) -> None:
    """Copy both ways until the program's output ends."""
    out = sys.stdout.fileno()
    frames = execs.Demultiplexer(lambda data: _write(out, data))
    poller = select.poll()
    poller.register(stream.socket, select.POLLIN)
    poller.register(sys.stdin.fileno(), select.POLLIN)
    while True:
        data = stream.read(0)
        if data == b"":
            return
        if data:
            _write(out, data) if tty else frames.feed(data)
            continue
        ready = {fd for fd, _ in poller.poll()}
        if sys.stdin.fileno() in ready:
            typed = os.read(sys.stdin.fileno(), _CHUNK)
            if typed:
                stream.socket.settimeout(None)
                stream.socket.sendall(typed)
            else:
                poller.unregister(sys.stdin.fileno())
                stream.end_input()


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


@contextlib.contextmanager
def _raw_terminal(api: sdk.APIClient, id: str) -> Iterator[None]:
    """Keys go through as they are typed; the program learns the window's size."""
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def resize(number: int, frame: FrameType | None) -> None:
        size = os.get_terminal_size(fd)
        with contextlib.suppress(sdk.errors.APIError):  # the program has just ended
            api.exec_resize(id, height=size.lines, width=size.columns)

    handler = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(fd)
        resize(signal.SIGWINCH, None)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, handler)
