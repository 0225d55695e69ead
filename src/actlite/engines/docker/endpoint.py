"""Which daemon to talk to: ``DOCKER_HOST``, docker contexts, TLS, then the usual sockets.

Order of the docker CLI (docker/cli, command.resolveContextName): an explicit host, ``DOCKER_HOST``,
``DOCKER_CONTEXT``, ``currentContext`` of config.json, the default socket. After that, where docker's
socket isn't there, the sockets of rootless docker and of podman are tried.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.errors import EngineUnavailable
from actlite.records import frozen


@frozen
class Endpoint:
    """The address of a daemon."""

    host: str
    """``unix:///path``, ``tcp://host:port``, ``ssh://…``."""
    origin: str
    """Where the address comes from, for messages."""
    ca: str = ""
    cert: str = ""
    key: str = ""
    tls: bool = False
    verify: bool = True

    @property
    def socket(self) -> Path | None:
        """The unix socket, or None for a daemon reached otherwise."""
        return Path(self.host.removeprefix("unix://")) if self.host.startswith("unix://") else None


def endpoints(host: str | None, environ: Mapping[str, str]) -> list[Endpoint]:
    """The daemons to try, in order; one only when the user names it. Raises EngineUnavailable for a
    context that can't be read."""
    if host:
        return [_with_env_tls(host, "the engine address given", environ)]
    if address := environ.get("DOCKER_HOST"):
        return [_with_env_tls(address, "DOCKER_HOST", environ)]
    config = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/root"), ".docker"))
    name, origin = environ.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        name, origin = _current_context(config), f"currentContext in {config / 'config.json'}"
    if name and name != "default":
        return [_context(config, name, origin)]
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    usual = [
        ("/var/run/docker.sock", "the default socket"),
        (str(runtime / "docker.sock"), "rootless docker"),
        (str(runtime / "podman/podman.sock"), "podman of this user"),
        ("/run/podman/podman.sock", "podman of the system"),
    ]
    return [Endpoint(f"unix://{path}", origin) for path, origin in usual]


def _with_env_tls(host: str, origin: str, environ: Mapping[str, str]) -> Endpoint:
    """TLS as docker's variables say: ``DOCKER_TLS_VERIFY``, ``DOCKER_TLS``, ``DOCKER_CERT_PATH``."""
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if host.startswith(("unix://", "ssh://")) or not (verify or environ.get("DOCKER_TLS")):
        return Endpoint(host, origin)
    folder = Path(environ.get("DOCKER_CERT_PATH") or Path(environ.get("HOME", "/root"), ".docker"))
    return Endpoint(
        host,
        origin,
        ca=_existing(folder / "ca.pem"),
        cert=_existing(folder / "cert.pem"),
        key=_existing(folder / "key.pem"),
        tls=True,
        verify=verify,
    )


def _existing(path: Path) -> str:
    return str(path) if path.is_file() else ""


def _current_context(config: Path) -> str:
    try:
        content = json.loads((config / "config.json").read_bytes())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as e:
        raise EngineUnavailable(
            f"docker's settings in {config / 'config.json'} can't be read",
            why=str(e),
            do="Mend that file, or name the daemon with DOCKER_HOST.",
        ) from e
    name = content.get("currentContext", "") if isinstance(content, dict) else ""
    return name if isinstance(name, str) else ""


def _context(config: Path, name: str, origin: str) -> Endpoint:
    """The docker endpoint of a context (docker/cli, context/store: folders are named by sha256)."""
    import hashlib

    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / digest / "meta.json"
    try:
        docker: dict[str, Any] = json.loads(meta.read_bytes())["Endpoints"]["docker"]
        host = str(docker["Host"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise EngineUnavailable(
            f"the docker context '{name}' can't be read",
            why=f"{origin}; {meta}: {e}",
            do="`docker context ls` shows the contexts; name one with DOCKER_CONTEXT, or an address with DOCKER_HOST.",
        ) from e
    tls = config / "contexts" / "tls" / digest / "docker"
    return Endpoint(
        host,
        f"docker context '{name}'",
        ca=_existing(tls / "ca.pem"),
        cert=_existing(tls / "cert.pem"),
        key=_existing(tls / "key.pem"),
        tls=tls.is_dir() and not host.startswith("unix://"),
        verify=not docker.get("SkipTLSVerify", False),
    )
