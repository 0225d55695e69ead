"""Podman's containers made like docker's, which GitHub's runner uses: where Podman's own defaults differ.

Docker's defaults: docker docs, "Runtime privilege and Linux capabilities"; Podman's: containers.conf(5),
``default_capabilities``, ``pids_limit``, ``env``.
"""

from __future__ import annotations

from collections.abc import Mapping

from actlite.engines.docker.create import CreateRequest

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


def _variables(items: list[str] | tuple[()], image_env: Mapping[str, str]) -> list[str]:
    """A bare name would take the value that Podman's own process has; docker takes the image's away.
    Podman can't, so such a variable is empty. The same goes for the TERM that Podman adds."""
    given = [item for item in items if "=" in item or item in image_env]
    if "TERM" not in image_env and not any(item.startswith("TERM=") for item in given):
        given.insert(0, "TERM=")
    return [item if "=" in item else f"{item}=" for item in given]
