"""Processes through the engine's own exec, output demultiplexed in the order of arrival, line by line.

The texts and codes of programs that can't be started are the daemon's and come as output, exactly as
users of ``docker exec`` see them: the daemon writes them into the stream and sets code 126 or 127; an
engine that answers with an HTTP error instead gets the CLI's wording for those.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actlite.engines.base import OutputSink
from actlite.engines.docker import sdk
from actlite.engines.docker.failures import text
from actlite.errors import CannotRun

_HEADER = struct.Struct(">BxxxL")
_CHUNK = 1 << 18
_MAX_HELD = 64 * 1024
"""How much of a stream's line is held until its end comes, in bytes."""
_TICK = 0.1


class Hijacked:
    """The connection of a started exec or attach: bytes both ways."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw  # keeps the response and its connection alive
        self.socket: socket.socket = getattr(raw, "_sock", raw)
        self._first = self._buffered(raw)

    def _buffered(self, raw: Any) -> bytes:
        """What was read together with the response's headers and waits in the reader above the socket."""
        response = getattr(raw, "_response", None)
        if response is None:
            return b""
        self.socket.setblocking(False)
        with contextlib.suppress(OSError):  # an SSL socket says "want read"
            return bytes(response.raw._fp.fp.read1(_CHUNK))
        return b""

    def end_input(self) -> None:
        """Close stdin. Not over TLS, which can't be closed one way."""
        if type(self.socket) is socket.socket:
            with contextlib.suppress(OSError):  # the process has already ended
                self.socket.shutdown(socket.SHUT_WR)

    def read(self, timeout: float) -> bytes | None:
        """Some bytes; none at the end; None when nothing came in ``timeout`` seconds."""
        if self._first:
            data, self._first = self._first, b""
            return data
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(_CHUNK)
        except TimeoutError:
            return None
        except ConnectionError:
            return b""

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._raw.close()
        with contextlib.suppress(OSError):
            self.socket.close()


class Demultiplexer:
    """Takes the daemon's framed stream apart (Docker Engine API, "Stream format")."""

    def __init__(self, sink: OutputSink) -> None:
        self._sink = sink
        self._rest = b""
        self._left = 0
        self._stream = 0
        """Which of the process's streams the frame comes from: 1 for stdout, 2 for stderr."""

    def feed(self, data: bytes) -> None:
        """Pass on the payload in these bytes, each stream's in pieces as large as can be."""
        if self._left >= len(data):
            self._left -= len(data)
            self._pass_on(self._stream, data)
            return
        pieces: list[bytes] = []
        position = 0
        data = self._rest + data
        while True:
            if self._left:
                piece = data[position : position + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                position += len(piece)
            if self._left or len(data) - position < _HEADER.size:
                break
            stream, self._left = _HEADER.unpack_from(data, position)
            position += _HEADER.size
            if stream != self._stream:
                if pieces:
                    self._pass_on(self._stream, b"".join(pieces))
                    pieces.clear()
                self._stream = stream
        self._rest = data[position:]
        if pieces:
            self._pass_on(self._stream, b"".join(pieces))

    def _pass_on(self, stream: int, data: bytes) -> None:
        self._sink(data)


class LineDemultiplexer(Demultiplexer):
    """One that keeps the lines of stdout and stderr whole: the runner reads each of them line by line (R:
    ``ProcessInvoker``). What has no line end yet waits for it, for the stream's end, or until it is very long."""

    def __init__(self, sink: OutputSink) -> None:
        super().__init__(sink)
        self._held: dict[int, bytearray] = {}

    def end(self) -> None:
        """The process has ended: pass on what has no line end. The last line of one stream does not run into that
        of the other."""
        lines = [bytes(held) for held in self._held.values() if held]
        self._held.clear()
        if lines:
            self._sink(b"\n".join(lines))

    def _pass_on(self, stream: int, data: bytes) -> None:
        held = self._held.setdefault(stream, bytearray())
        start = len(held)
        held += data
        cut = held.rfind(b"\n", start) + 1
        if not cut and len(held) > _MAX_HELD:
            cut = len(held)
        if cut:
            whole = bytes(held[:cut])
            del held[:cut]
            self._sink(whole)


def start(
    api: sdk.APIClient, container: str, argv: Sequence[str], env: Sequence[str], workdir: str
) -> tuple[str, Hijacked]:
    """Start a process; its id and its output. Raises sdk.errors.APIError, and CannotRun when the
    container is not there or does not run."""
    try:
        # ``docker exec -i``, as the runner calls it; the version of the API is at least 1.35 for workdir
        created = api.exec_create(
            container, list(argv), stdin=True, environment=list(env), workdir=workdir or None
        )
    except sdk.errors.APIError as e:
        if e.status_code in (404, 409):
            raise CannotRun(
                "the job's container is not running any more",
                why=text(e),
                do="A step, the kernel (out of memory) or somebody else has stopped it.",
            ) from e
        raise
    id = str(created["Id"])
    return id, Hijacked(api.exec_start(id, detach=False, tty=False, stream=False, socket=True))


def run(
    api: sdk.APIClient,
    container: str,
    argv: Sequence[str],
    env: Sequence[str],
    workdir: str,
    on_output: OutputSink,
    tick: Callable[[], bool],
) -> int:
    """Run a process to its end and give its exit code. ``tick`` as in `Supervisor.run`.

    Raises CannotRun when the container is gone.
    """
    try:
        id, stream = start(api, container, argv, env, workdir)
    except sdk.errors.APIError as e:
        on_output(f"Error response from daemon: {text(e)}\n".encode())
        return failure_code(text(e))
    try:
        stream.end_input()
        frames = LineDemultiplexer(on_output)
        try:
            while True:
                data = stream.read(_TICK)
                if data:
                    frames.feed(data)
                if tick():
                    return 137
                if data == b"":
                    break
        finally:
            frames.end()
        return exit_code(api, id, tick)
    finally:
        stream.close()


def exit_code(api: sdk.APIClient, id: str, tick: Callable[[], bool] = lambda: False) -> int:
    """The code of an exec whose output has ended; a process that closed its output may still run."""
    pause = 0.002
    while True:
        try:
            state = api.exec_inspect(id)
        except sdk.errors.APIError:
            return 137  # the container and its execs are gone
        if not state.get("Running") and state.get("ExitCode") is not None:
            return int(state["ExitCode"])
        if tick():
            return 137
        time.sleep(pause)
        pause = min(pause * 2, _TICK)


def failure_code(words: str) -> int:
    """The CLI's exit code for a process that could not be started (docker/cli, toStatusError)."""
    if any(
        mark in words
        for mark in ("executable file not found", "no such file or directory", "system cannot find")
    ):
        return 127
    if any(mark in words for mark in ("permission denied", "is a directory")):
        return 126
    return 1


def detached(api: sdk.APIClient, container: str, argv: Sequence[str]) -> None:
    """Start a helper process in a container and don't wait. A container that is gone is no error."""
    with contextlib.suppress(sdk.errors.APIError):
        created = api.exec_create(container, list(argv), stdout=False, stderr=False)
        api.exec_start(str(created["Id"]), detach=True)


def environment(variables: Mapping[str, str]) -> list[str]:
    """``NAME=VALUE`` items, as JSON can carry them: bytes that are not UTF-8 become U+FFFD."""
    return [f"{k}={v}".encode(errors="replace").decode() for k, v in variables.items()]
