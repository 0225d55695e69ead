"""HTTP to a daemon's unix socket by hand, for the few calls that a short job waits for.

Importing the docker SDK takes longer than starting Python; loading it while the container starts, and not
before, is what makes a one-step job fast. Everything that is not on that path goes through the SDK, and so
does any call that fails here: its second try gives the SDK's own error.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.records import frozen

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer that are read at most."""


class RawError(Exception):
    """The call did not succeed; the SDK is to be asked instead. ``status`` is HTTP's, 0 where there is no answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@frozen
class RawDaemon:
    """A daemon behind a unix socket. Safe to use from several threads: each call has its own connection."""

    path: Path
    version: str = ""
    """The API version to speak, such as ``1.41``; empty for calls without one."""

    def get(self, path: str, *, timeout: float = 60.0) -> Any:
        """The JSON answer to a GET. Raises RawError."""
        return self._call("GET", path, None, timeout)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 600.0) -> Any:
        """The JSON answer to a POST; None where there is no content. Raises RawError."""
        return self._call("POST", path, body, timeout)

    def delete(self, path: str, *, timeout: float = 600.0) -> None:
        """A DELETE. Raises RawError."""
        self._call("DELETE", path, None, timeout)

    def head(self, path: str, name: str, *, timeout: float = 60.0) -> str:
        """One header of the answer to a HEAD, empty where it has none. Raises RawError."""
        head, _ = _success(self._answer("HEAD", path, None, timeout))
        for line in head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return ""

    def content(self, path: str, *, timeout: float = 600.0) -> bytes:
        """The answer to a GET that gives bytes. Raises RawError."""
        return _success(self._answer("GET", path, None, timeout))[1]

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float) -> Any:
        return _parsed(self._answer(method, path, body, timeout))

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float) -> bytes:
        prefix = f"/v{self.version}" if self.version else ""
        data = json.dumps(body).encode() if body is not None else b""
        # HTTP/1.0: the answer ends with the connection, and is never sent in chunks.
        head = (
            f"{method} {prefix}{path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(str(self.path))
                connection.sendall(head.encode("ascii") + data)
                return _read(connection)
        except (OSError, UnicodeEncodeError) as error:
            raise RawError(str(error)) from error


def _read(connection: socket.socket) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := connection.recv(65536):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER:
            raise RawError("the answer is too long")
    return b"".join(pieces)


def _success(answer: bytes) -> tuple[bytes, bytes]:
    """Head and body of a whole answer. Raises RawError for anything but a success."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if not blank or len(status) < 2 or not status[0].startswith(b"HTTP/1."):
        raise RawError("no HTTP answer")
    if not status[1].startswith(b"2"):
        number = status[1].decode("ascii", "replace")
        raise RawError(number, int(number) if number.isdecimal() else 0)
    if b"transfer-encoding: chunked" in head.lower():
        raise RawError("an answer in chunks")
    return head, body


def _parsed(answer: bytes) -> Any:
    """The JSON value of a whole answer. Raises RawError for anything but a success."""
    _, body = _success(answer)
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise RawError("no JSON in the answer") from error
