"""What is sent to the daemon to create a container, as the runner's ``docker create`` would have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from actlite.engines.base import Mount
from actlite.engines.docker import values
from actlite.records import changeable


@changeable
class CreateRequest:
    """The body of ``POST /containers/create``, under construction."""

    image: str
    name: str
    config: dict[str, Any] = field(default_factory=dict)
    host: dict[str, Any] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Networks of ours or the user's; the first is joined at creation, the others after it."""
    platform: str | None = None

    def env(self, item: str) -> None:
        """Add ``K=V``; a bare ``K`` takes the image's variable away."""
        self.config.setdefault("Env", []).append(item)

    def port(self, text: str) -> None:
        """Publish ``[[IP:]HOST:]CONTAINER[/PROTOCOL]``."""
        for inside, outside in values.ports(text):
            self.config.setdefault("ExposedPorts", {})[inside] = {}
            self.host.setdefault("PortBindings", {}).setdefault(inside, []).append(outside)

    def mount(self, mount: Mount) -> None:
        """Mount as ``-v`` does: a missing folder is made by the daemon, which refuses ``TARGET:ro``."""
        if mount.source is None and mount.read_only:
            self.host.setdefault("Binds", []).append(f"{mount.target}:ro")
        elif mount.source is None:
            self.config.setdefault("Volumes", {})[mount.target] = {}
        elif ":" in mount.source or ":" in mount.target:
            self.host.setdefault("Mounts", []).append(
                {"Type": "bind", "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only}
            )
        else:
            mode = ":ro" if mount.read_only else ""
            self.host.setdefault("Binds", []).append(f"{mount.source}:{mount.target}{mode}")

    def network(self, name: str | None, alias: str = "") -> None:
        """Join a network of ours, the host's, or the default one."""
        if name is None:
            return
        self.host["NetworkMode"] = name
        if name not in ("host", "none", "bridge", "default"):
            self.endpoints[name] = {"Aliases": [alias]} if alias else {}

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        first = dict(list(self.endpoints.items())[:1])
        body = {"Image": self.image, **self.config, "HostConfig": self.host}
        if first:
            body["NetworkingConfig"] = {"EndpointsConfig": first}
        return body

    def later_networks(self) -> list[tuple[str, dict[str, Any]]]:
        """Networks to join after creation."""
        return list(self.endpoints.items())[1:]


def runner_env(request: CreateRequest, env: Mapping[str, str]) -> None:
    """Put variables on a container as the runner does: an empty value is passed as a bare name, which
    unsets the image's (R: DockerUtil.CreateEscapedOption)."""
    for name, value in env.items():
        request.env(f"{name}={value}" if value else name)


def mounts(request: CreateRequest, items: Iterable[Mount]) -> None:
    """Mount all of them, in order, and what is written twice once, as docker's command line does. Two different
    ones with one target are refused by the daemon."""
    for mount in dict.fromkeys(items):
        request.mount(mount)


def config_env(image_env: Mapping[str, str], items: Iterable[str]) -> dict[str, str]:
    """The environment of a container's main process, but for what the engine adds by itself."""
    env = dict(image_env)
    for item in items:
        name, equals, value = item.partition("=")
        if equals:
            env[name] = value
        else:
            env.pop(name, None)
    return env
