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
    """The call did not succeed; the SDK is to be asked instead."""


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

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float) -> Any:
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
                answer = _read(connection)
        except (OSError, UnicodeEncodeError) as error:
            raise RawError(str(error)) from error
        return _parsed(answer)


def _read(connection: socket.socket) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := connection.recv(65536):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER:
            raise RawError("the answer is too long")
    return b"".join(pieces)


def _parsed(answer: bytes) -> Any:
    """The JSON value of a whole answer. Raises RawError for anything but a success."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if not blank or len(status) < 2 or not status[0].startswith(b"HTTP/1."):
        raise RawError("no HTTP answer")
    if not status[1].startswith(b"2"):
        raise RawError(status[1].decode("ascii", "replace"))
    if b"transfer-encoding: chunked" in head.lower():
        raise RawError("an answer in chunks")
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise RawError("no JSON in the answer") from error
