"""Podman's containers made like docker's, which GitHub's runner uses: where Podman's own defaults differ.

Docker's defaults: docker docs, "Runtime privilege and Linux capabilities"; Podman's: containers.conf(5),
``default_capabilities``, ``pids_limit``, ``env``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.engines.docker import sdk
from actlite.engines.docker.create import CreateRequest
from actlite.engines.docker.failures import translated

_DOCKER_HAS_TOO = ("AUDIT_WRITE", "MKNOD", "NET_RAW")
"""Capabilities that docker gives to every container and Podman does not (sudo and ping need them)."""


def like_docker(request: CreateRequest, image_env: Mapping[str, str]) -> None:
    """Ask Podman for what docker gives unasked; what the workflow's options say stands."""
    host = request.host
    dropped = {str(name).upper().removeprefix("CAP_") for name in host.get("CapDrop") or ()}
    if not host.get("Privileged") and "ALL" not in dropped:
        host.setdefault("CapAdd", []).extend(name for name in _DOCKER_HAS_TOO if name not in dropped)
    host.setdefault("PidsLimit", -1)
    request.config["Env"] = _variables(request.config.get("Env", ()), image_env)


def name_services(api: sdk.APIClient, network: str, services: Mapping[str, str]) -> None:
    """Let all containers of a network find the services (alias to container id) by name.

    Docker has a name server for that. Podman has one only with netavark and aardvark-dns, which may not
    be installed: the names go into the files that are the containers' ``/etc/hosts``, where this machine
    has them.
    """
    with translated("asking for the addresses of the services"):
        found = {id: api.inspect_container(id) for id in api.inspect_network(network).get("Containers") or {}}
    lines = [
        f"{address}\t{alias}\n"
        for alias, id in services.items()
        if (address := _address(found.get(id), network))
    ]
    for container in found.values():
        hosts = Path(str(container.get("HostsPath") or "/nowhere"))
        if lines and hosts.is_file():
            with hosts.open("a") as file:
                file.write("".join(lines))


def _address(container: Mapping[str, Any] | None, network: str) -> str:
    networks = ((container or {}).get("NetworkSettings") or {}).get("Networks") or {}
    return str((networks.get(network) or {}).get("IPAddress") or "")


def _variables(items: list[str] | tuple[()], image_env: Mapping[str, str]) -> list[str]:
    """A bare name would take the value that Podman's own process has; docker takes the image's away.
    Podman can't, so such a variable is empty. The same goes for the TERM that Podman adds."""
    given = [item for item in items if "=" in item or item in image_env]
    if "TERM" not in image_env and not any(item.startswith("TERM=") for item in given):
        given.insert(0, "TERM=")
    return [item if "=" in item else f"{item}=" for item in given]
