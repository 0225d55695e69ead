"""``container:`` and ``services:`` of a job, evaluated (R: Container/ContainerInfo.cs, PipelineTemplateEvaluator)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from actlite.engines.base import Credentials, ImageSpec, Mount, Pull, ServiceSpec
from actlite.errors import UsageError
from actlite.execution.layout import Layout
from actlite.execution.state import Services
from actlite.expressions import Value
from actlite.expressions.values import to_string
from actlite.records import frozen

DOCKER_SOCKET = "/var/run/docker.sock"
GITHUB_REGISTRIES = ("ghcr.io", "containers.pkg.github.com")
"""Registries that take the job's own token (R: ContainerOperationProvider.UpdateRegistryAuthForGitHubToken)."""


@frozen
class ContainerSpec:
    """A container as the workflow asks for it."""

    image: str
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    options: str = ""
    credentials: Credentials | None = None
    """As the workflow gives them: name or password may be empty."""
    entrypoint: str = ""
    command: str = ""


def container_spec(value: Value) -> ContainerSpec | None:
    """The container that a ``container:`` or service value describes; None where the image is empty.
    Raises UsageError for values that only evaluation could show to be wrong."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return ContainerSpec(_image(value)) if value.strip() else None
    if not isinstance(value, Mapping):
        raise UsageError(f"A container must be an image name or a mapping, not {to_string(value)!r}")
    fields = {str(k).lower(): v for k, v in value.items()}
    image = to_string(fields.get("image"))
    if not image.strip():
        return None
    return ContainerSpec(
        image=_image(image),
        env={str(k): to_string(v) for k, v in _mapping(fields.get("env"), "env").items()},
        ports=tuple(to_string(p) for p in _list(fields.get("ports"), "ports")),
        volumes=tuple(to_string(v) for v in _list(fields.get("volumes"), "volumes")),
        options=to_string(fields.get("options")),
        credentials=_credentials(fields.get("credentials")),
        entrypoint=to_string(fields.get("entrypoint")),
        command=to_string(fields.get("command")),
    )


def volume_mount(text: str) -> Mount:
    """A ``volumes:`` item as the runner reads it (R: ContainerInfo.MountVolume): only the mode ``ro`` counts,
    every other mode is dropped."""
    parts = text.split(":")
    if len(parts) == 3:
        return Mount(parts[0], parts[1], read_only=parts[2].lower() == "ro")
    if len(parts) == 2:
        if parts[1].lower() == "ro":
            return Mount(None, parts[0], read_only=True)
        return Mount(parts[0], parts[1])
    return Mount(None, text)


def volume_warnings(spec: ContainerSpec) -> list[str]:
    """What the runner warns of when it starts a container (R: ContainerOperationProvider.StartContainerAsync)."""
    return [
        f"Volume mount {text} is going to mount '/' into the container which may cause file ownership change in the"
        " entire file system and cause Actions Runner to lose permission to access the disk."
        for text in spec.volumes
        if volume_mount(text).source == "/"
    ]


def registry_of(image: str) -> str:
    """The registry that an image's name names; empty for Docker Hub
    (R: DockerUtil.ParseRegistryHostnameFromImageName)."""
    parts = image.split("/")
    if len(parts) > 2 or (len(parts) == 2 and any(mark in parts[0] for mark in ":.")):
        return parts[0]
    return ""


def real_volume(text: str, layout: Layout) -> Mount:
    """A ``volumes:`` item whose source may be one of the runner's folders, such as the workspace: on this machine
    that is the run's own folder."""
    mount = volume_mount(text)
    real = layout.host_path(mount.source) if mount.source is not None else None
    return mount if real is None else Mount(str(real), mount.target, mount.read_only)


def container_env(spec: ContainerSpec) -> dict[str, str]:
    """What the job's container carries: its own env, HOME, GITHUB_ACTIONS and CI; never the job's env."""
    env = {**spec.env, "HOME": "/github/home", "GITHUB_ACTIONS": "true"}
    env.setdefault("CI", "true")
    return env


def image_spec(services: Services, spec: ContainerSpec, github: Mapping[str, Any]) -> ImageSpec:
    """The image to use: the one named, or the one that stands in for it; with its credentials, where both name and
    password are given. For GitHub's own registry without any, the job's actor and token are taken, if the user has
    given a token (R: ContainerOperationProvider)."""
    settings = services.settings
    name = settings.images.get(spec.image, spec.image)
    credentials = spec.credentials
    if credentials is None and name == spec.image and registry_of(name).lower() in GITHUB_REGISTRIES:
        token = next((v for k, v in settings.secrets.items() if k.upper() == "GITHUB_TOKEN"), "")
        credentials = Credentials(str(github.get("actor", "")), token)
    if credentials is not None and not (credentials.username and credentials.password):
        credentials = None
    pull = (
        settings.pull if name == spec.image else Pull.NEVER if settings.pull is Pull.NEVER else Pull.MISSING
    )
    if settings.offline and pull is not Pull.NEVER:
        pull = Pull.NEVER
    return ImageSpec(name, pull, credentials)


def service_specs(
    services: Services, value: Value, github: Mapping[str, Any], layout: Layout
) -> tuple[list[ServiceSpec], list[str]]:
    """The services to start, and lines about those that are not."""
    found: list[ServiceSpec] = []
    lines: list[str] = []
    for alias, item in _mapping(value, "services").items():
        spec = container_spec(item)
        if spec is None:
            lines.append(
                f"The service '{alias}' will not be started because the container definition has an empty image."
            )
            continue
        found.append(
            ServiceSpec(
                alias=str(alias),
                image=image_spec(services, spec, github),
                owner=services.owner,
                env={"GITHUB_ACTIONS": "true", "CI": "true", **spec.env},
                mounts=tuple(real_volume(v, layout) for v in spec.volumes),
                ports=spec.ports,
                options=spec.options,
                entrypoint=spec.entrypoint,
                command=spec.command,
            )
        )
    return found, lines


def _image(text: str) -> str:
    return text.strip().removeprefix("docker://")


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"'{what}' of a container must be a mapping, not {to_string(value)!r}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise UsageError(f"'{what}' of a container must be a list, not {to_string(value)!r}")
    return value


def _credentials(value: Any) -> Credentials | None:
    fields = _mapping(value, "credentials")
    username, password = to_string(fields.get("username")), to_string(fields.get("password"))
    return Credentials(username, password) if username or password else None
