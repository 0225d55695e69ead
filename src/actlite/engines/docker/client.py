"""The connection to a daemon: one docker SDK client, shared by all threads, its version asked once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import docker.errors
import docker.tls
import docker.utils
import requests.exceptions

from actlite.engines.docker.endpoint import Endpoint, endpoints
from actlite.errors import EngineUnavailable
from docker import APIClient

MINIMUM_API = "1.35"
"""As the runner demands (R: DockerCommandManager, ``requiredDockerEngineAPIVersion``)."""

_MAXIMUM_API = "1.47"
"""The newest API whose answers this code was written for; a newer daemon is spoken to in it."""

_POOL = 32
_TIMEOUT = 600
_INSTALL = (
    "Start the daemon (`systemctl start docker`), or name one with DOCKER_HOST; to get one on Debian or Ubuntu:"
    " `sudo apt-get install docker.io` (or `podman`, which needs no daemon); or run jobs on this machine with `--engine host`."
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A daemon that answered."""

    api: APIClient
    endpoint: Endpoint
    podman: bool
    """The server is Podman's, which speaks the same API."""
    server: Mapping[str, Any]
    """The daemon's answer to ``/version``."""

    @property
    def local(self) -> bool:
        """The daemon may share this machine's files and FIFOs."""
        return self.endpoint.socket is not None


class _Client(APIClient):
    """An SDK client that asks for the version once and keeps the whole answer."""

    server: dict[str, Any]

    def _retrieve_server_version(self) -> str:
        self.server = self.version(api_version=False)
        version = str(self.server.get("ApiVersion", ""))
        return _MAXIMUM_API if docker.utils.version_lt(_MAXIMUM_API, version) else version


def create_container(api: APIClient, body: Mapping[str, Any], name: str, platform: str | None = None) -> str:
    """Create a container from the body of the API's request; its id."""
    call: Callable[..., Any] = api.create_container_from_config  # untyped in the SDK's stubs
    return str(call(body, name, platform)["Id"])


def inspect_image(api: APIClient, name: str) -> dict[str, Any]:
    """What the daemon knows of an image."""
    call: Callable[..., Any] = api.inspect_image  # untyped in the SDK's stubs
    return dict(call(name))


def connect(host: str | None = None, environ: Mapping[str, str] | None = None) -> Connection:
    """Connect to the daemon. Raises EngineUnavailable with what was tried and what to do."""
    tried: list[str] = []
    for endpoint in endpoints(host, os.environ if environ is None else environ):
        socket = endpoint.socket
        if socket is not None and not socket.exists():
            tried.append(f"{endpoint.host} ({endpoint.origin}): there is no such socket")
            continue
        try:
            return _connect(endpoint)
        except (docker.errors.DockerException, requests.exceptions.RequestException, ValueError) as e:
            tried.append(f"{endpoint.host} ({endpoint.origin}): {_reason(e)}")
    do = _INSTALL
    if any("Permission denied" in line for line in tried):
        do = "Your user may not use the socket: `sudo usermod -aG docker $USER`, then log in again. Or run jobs on this machine with `--engine host`."
    raise EngineUnavailable("no container engine answers", why="\n".join(tried), do=do)


def _connect(endpoint: Endpoint) -> Connection:
    tls: Any = False
    if endpoint.tls:
        tls = docker.tls.TLSConfig(
            client_cert=(endpoint.cert, endpoint.key) if endpoint.cert and endpoint.key else None,
            ca_cert=endpoint.ca or None,
            verify=endpoint.verify,
        )
    api = _Client(
        base_url=endpoint.host,
        version="auto",
        tls=tls,
        timeout=_TIMEOUT,
        max_pool_size=_POOL,
        use_ssh_client=True,
    )
    version = str(api.server.get("ApiVersion", ""))
    if docker.utils.version_lt(version, MINIMUM_API):
        raise EngineUnavailable(
            f"the daemon at {endpoint.host} is too old: its API is {version}, at least {MINIMUM_API} is needed",
            why=f"docker {api.server.get('Version', '')}; GitHub's runner asks for the same",
            do="Install Docker 17.12 or newer, or run jobs on this machine with `--engine host`.",
        )
    names = [str(c.get("Name", "")) for c in api.server.get("Components") or ()]
    return Connection(api, endpoint, any("Podman" in n for n in names), api.server)


def _reason(error: BaseException) -> str:
    """The innermost cause of an SDK error, in one line."""
    text = str(error)
    for known in ("Permission denied", "Connection refused", "No such file or directory", "timed out"):
        if known in text:
            return known
    return text.splitlines()[0] if text else type(error).__name__
