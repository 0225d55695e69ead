"""The docker commands as the runner writes them into a job's log (R: Container/DockerCommandManager.cs, DockerUtil.cs).

actlite asks the engine through its API; these lines say the same in the runner's words and with its paths, so that
a log can be held against one from GitHub.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence

from actlite.engines.base import Mount, Progress
from actlite.records import field, frozen

DOCKER = "/usr/bin/docker"
RUNNING = '--filter status=running --no-trunc --format "{{.ID}} {{.Status}}"'
CONFIGURED = '--format "{{range .Config.Env}}{{println .}}{{end}}"'
_MOVING = {"Downloading", "Extracting"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]")
_SLASHES_BEFORE_QUOTE = re.compile(r'(\\*)"')
_SLASHES_AT_END = re.compile(r"(\\+)$")


def command(arguments: str) -> str:
    """A docker command."""
    return f"##[command]{DOCKER} {arguments.strip()}\n"


def here(image: str) -> str:
    """Instead of ``docker pull``, which the runner gives every time."""
    return f"{image} is on this machine: it is not pulled.\n"


def label(run: str) -> str:
    """What marks the objects of one runner: six hex digits; here of the run's id."""
    import hashlib

    return hashlib.sha256(run.encode()).hexdigest()[:6]


def container_name(image: str, alias: bool = True) -> str:
    """A container's name in the runner's form; a docker action's has no alias before it."""
    end = uuid.uuid4().hex[:6]
    plain = _NOT_IN_NAMES.sub("", image).lstrip("0123456789")
    return f"{uuid.uuid4().hex}_{plain}_{end}" if alias else f"{plain}_{end}"


@frozen
class Created:
    """A container of a job, as ``docker create`` makes it."""

    name: str
    label: str
    image: str
    network: str
    workdir: str = ""
    alias: str = ""
    """The service's name on the network."""
    ports: Sequence[str] = ()
    options: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    entrypoint: str = ""
    arguments: str = ""

    def line(self) -> str:
        """``docker create`` with its flags in the runner's order."""
        words = [f"--name {self.name}", f"--label {self.label}"]
        words += [f"--workdir {self.workdir}"] if self.workdir else []
        words += [f"--network {self.network}"] if self.network else []
        words += [f"--network-alias {self.alias}"] if self.alias else []
        words += [f"-p {port}" for port in self.ports]
        words.append(self.options)
        words += [f"-e {quoted(f'{key}={value}' if value else key)}" for key, value in self.env.items()]
        words += _marks(self.env)
        words += [volume(mount) for mount in self.mounts]
        words += [f'--entrypoint "{self.entrypoint}"'] if self.entrypoint else []
        return command(f"create {' '.join([*words, self.image, self.arguments])}")


def run(
    name: str,
    mark: str,
    workdir: str,
    env: Iterable[str],
    entrypoint: str,
    network: str,
    mounts: Iterable[Mount],
    image: str,
    arguments: str,
) -> str:
    """``docker run`` of a docker action; of its variables only the names are told."""
    names = list(env)
    words = [f"--name {name}", f"--label {mark}", f"--workdir {workdir}", "--rm"]
    words += [f"-e {quoted(key)}" for key in names]
    words += _marks(names)
    words += [f'--entrypoint "{entrypoint}"'] if entrypoint else []
    words += [f"--network {network}"] if network else []
    words += [volume(mount) for mount in mounts]
    return command(f"run {' '.join([*words, image, arguments])}")


def quoted(text: str) -> str:
    """A value of ``-e`` by .NET's rules for a command line."""
    escaped = _SLASHES_AT_END.sub(r"\1\1", _SLASHES_BEFORE_QUOTE.sub(r'\1\1\\"', text))
    return f'"{escaped}"'


def volume(mount: Mount) -> str:
    """A ``-v`` option."""
    target = mount.target.replace('"', '\\"')
    mode = ":ro" if mount.read_only else ""
    if mount.source is None:
        return f'-v "{target}"{mode}'
    source = mount.source.replace('"', '\\"')
    return f'-v "{source}":"{target}"{mode}'


def _marks(names: Iterable[str]) -> list[str]:
    return ["-e GITHUB_ACTIONS=true", *([] if "CI" in names else ["-e CI=true"])]


class Pull:
    """The lines of ``docker pull`` for an image: the statuses of its layers, without how far each has come."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._last: dict[str, str] = {}

    def line(self, progress: Progress) -> str:
        """The line of a status; nothing where it is as before, or only tells how far a layer is."""
        if (
            progress.status in _MOVING
            or not progress.status
            or self._last.get(progress.id) == progress.status
        ):
            return ""
        self._last[progress.id] = progress.status
        if not progress.id:
            end = f"{canonical(self._image)}\n" if progress.status.startswith("Status: ") else ""
            return f"{progress.status}\n{end}"
        return f"{progress.id}: {progress.status}\n"


def canonical(image: str) -> str:
    """An image's whole name, as docker ends a pull."""
    head, slash, _ = image.partition("/")
    if not slash:
        name = f"docker.io/library/{image}"
    elif "." in head or ":" in head or head == "localhost":
        name = image
    else:
        name = f"docker.io/{image}"
    last = name.rsplit("/", 1)[-1]
    return name if ":" in last or "@" in last else f"{name}:latest"
