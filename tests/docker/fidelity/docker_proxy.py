"""A docker daemon that tells what it is asked: a socket in front of the real one."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

DAEMON = "/var/run/docker.sock"
_DENIED = b'{"message":"pull access denied"}'
_REFUSAL = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_DENIED), _DENIED)
)


class DockerProxy:
    """Hands everything to the real daemon, but for pulls, which it refuses itself."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="docker-proxy-"))  # the paths of sockets are short
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "s"))
        self._listener.listen()
        self._lock = threading.Lock()
        self._asked: list[bytearray] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        """The environment of a run that is to use it."""
        return {"DOCKER_HOST": f"unix://{self._folder}/s"}

    def created(self) -> list[dict[str, Any]]:
        """The bodies of the containers that were asked for, in their order."""
        text = self._text()
        found = re.finditer(rb"POST \S*/containers/create\S* HTTP/1\.[01]\r\n.*?\r\n\r\n", text, re.DOTALL)
        return [json.JSONDecoder().raw_decode(text[m.end() :].decode(errors="replace"))[0] for m in found]

    def pulled(self) -> dict[str, dict[str, str]]:
        """The images that were to be pulled, each with the credentials that were sent for it."""
        requests = re.findall(
            rb"POST \S*/images/create\?(\S*) HTTP/1\.[01]\r\n(.*?)\r\n\r\n", self._text(), re.DOTALL
        )
        return {_image(query): _credentials(headers) for query, headers in requests}

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()
        shutil.rmtree(self._folder)

    def _text(self) -> bytes:
        with self._lock:
            return b"\n".join(bytes(asked) for asked in self._asked)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                daemon = socket.socket(socket.AF_UNIX)
                daemon.connect(DAEMON)
                asked = bytearray()
                with self._lock:
                    self._asked.append(asked)
                threading.Thread(target=self._ask, args=(client, daemon, asked), daemon=True).start()
                threading.Thread(target=_copy, args=(daemon, client), daemon=True).start()

    def _ask(self, client: socket.socket, daemon: socket.socket, asked: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                with self._lock:
                    asked += data
                if b"/images/create?" in data:
                    client.sendall(_REFUSAL)
                    client.shutdown(socket.SHUT_RDWR)
                    break
                daemon.sendall(data)
            daemon.shutdown(socket.SHUT_WR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _image(query: bytes) -> str:
    from urllib.parse import parse_qs

    return parse_qs(query.decode())["fromImage"][0]


def _credentials(headers: bytes) -> dict[str, str]:
    sent = re.search(rb"X-Registry-Auth: (\S+)", headers, re.IGNORECASE)
    if sent is None:
        return {}
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(sent[1] + b"==="))
    return found
