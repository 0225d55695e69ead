"""The connection to a daemon: one docker SDK client, shared by all threads, its version asked once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from actlite.engines.docker import sdk
from actlite.engines.docker.api import LazyClient
from actlite.engines.docker.endpoint import Endpoint, endpoints
from actlite.engines.docker.rawhttp import RawDaemon, RawError
from actlite.errors import EngineUnavailable
from actlite.records import frozen

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


@frozen
class Connection:
    """A daemon that answered."""

    api: sdk.APIClient
    endpoint: Endpoint
    podman: bool
    """The server is Podman's, which speaks the same API."""
    server: Mapping[str, Any]
    """The daemon's answer to ``/version``."""

    @property
    def local(self) -> bool:
        """The daemon may share this machine's files and FIFOs."""
        return self.endpoint.socket is not None


def create_container(
    api: sdk.APIClient, body: Mapping[str, Any], name: str, platform: str | None = None
) -> str:
    """Create a container from the body of the API's request; its id."""
    call: Callable[..., Any] = api.create_container_from_config  # untyped in the SDK's stubs
    return str(call(body, name, platform)["Id"])


def inspect_image(api: sdk.APIClient, name: str) -> dict[str, Any]:
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
        except (sdk.errors.DockerException, sdk.broken.RequestException, ValueError) as e:
            tried.append(f"{endpoint.host} ({endpoint.origin}): {_reason(e)}")
    do = _INSTALL
    if any("Permission denied" in line for line in tried):
        do = "Your user may not use the socket: `sudo usermod -aG docker $USER`, then log in again. Or run jobs on this machine with `--engine host`."
    raise EngineUnavailable("no container engine answers", why="\n".join(tried), do=do)


def _connect(endpoint: Endpoint) -> Connection:
    socket = endpoint.socket
    api: Any = None
    server: Mapping[str, Any] = {}
    if socket is not None and not endpoint.tls:
        try:
            server = dict(RawDaemon(socket).get("/version"))
        except (RawError, TypeError, ValueError):
            server = {}
    if server:
        version = spoken(server)
        api = LazyClient(RawDaemon(socket, version), lambda: _client(endpoint, version))  # type: ignore[arg-type]
    else:
        api = _client(endpoint, None)
        server = dict(api.version(api_version=False))
    version = str(server.get("ApiVersion", ""))
    if _number(version) < _number(MINIMUM_API):
        raise EngineUnavailable(
            f"the daemon at {endpoint.host} is too old: its API is {version}, at least {MINIMUM_API} is needed",
            why=f"docker {server.get('Version', '')}; GitHub's runner asks for the same",
            do="Install Docker 17.12 or newer, or run jobs on this machine with `--engine host`.",
        )
    names = [str(c.get("Name", "")) for c in server.get("Components") or ()]
    return Connection(api, endpoint, any("Podman" in n for n in names), server)


def _client(endpoint: Endpoint, version: str | None) -> Any:
    """The SDK's client. Asks the daemon for its version unless that is known."""
    import docker.tls

    tls: Any = False
    if endpoint.tls:
        tls = docker.tls.TLSConfig(
            client_cert=(endpoint.cert, endpoint.key) if endpoint.cert and endpoint.key else None,
            ca_cert=endpoint.ca or None,
            verify=endpoint.verify,
        )

    def make(version: str) -> Any:
        return sdk.APIClient(
            base_url=endpoint.host,
            version=version,
            tls=tls,
            timeout=_TIMEOUT,
            max_pool_size=_POOL,
            use_ssh_client=True,
        )

    if version is not None:
        return make(version)
    first = make(MINIMUM_API)
    server = dict(first.version(api_version=False))
    first.close()
    return make(spoken(server))


def spoken(server: Mapping[str, Any]) -> str:
    """The API version to speak to a daemon."""
    version = str(server.get("ApiVersion", ""))
    return _MAXIMUM_API if _number(version) > _number(_MAXIMUM_API) else version or MINIMUM_API


def _number(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(p) for p in parts) if all(p.isdigit() for p in parts) else ()


def _reason(error: BaseException) -> str:
    """The innermost cause of an SDK error, in one line."""
    text = str(error)
    for known in ("Permission denied", "Connection refused", "No such file or directory", "timed out"):
        if known in text:
            return known
    return text.splitlines()[0] if text else type(error).__name__
