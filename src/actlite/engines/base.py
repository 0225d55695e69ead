"""What execution needs of a container engine: small protocols with none of Docker's types in them.

An engine opens a *sandbox* for a job: its container, or a folder of this machine. Everything made
through an engine is labelled with the run that owns it, so that a later start can tell what is left
over (see ``actlite.journal.lifecycle``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from actlite.diagnostics import Diagnostic
from actlite.records import frozen

OutputSink = Callable[[bytes], None]
"""Takes a piece of output as it comes: stdout and stderr in the order in which they were written."""

OnStart = Callable[[Callable[[], None]], None]
"""Is given, as soon as a process or container is on its way, the function that stops just that."""

LABEL_RUN = "dev.actlite.run"
"""Label: the id of the run that owns an object."""
LABEL_OWNER = "dev.actlite.owner"
"""Label: the folder of that run on this machine; its lock file tells whether the run is alive."""
LABEL_ROLE = "dev.actlite.role"
"""Label: job, service, action, probe, network, image or volume."""


@frozen
class Owner:
    """Who owns what an engine makes: a run's id and its folder."""

    run: str
    folder: Path

    def labels(self, role: str) -> dict[str, str]:
        """The labels that mark an object as this owner's."""
        return {LABEL_RUN: self.run, LABEL_OWNER: str(self.folder), LABEL_ROLE: role}


class Pull(Enum):
    """When to pull an image: the runner always pulls."""

    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


@frozen
class Credentials:
    """Registry credentials."""

    username: str
    password: str = field(repr=False)


@frozen
class Mount:
    """A folder or file of this machine in the container. ``source`` is None for an anonymous volume."""

    source: str | None
    target: str
    read_only: bool = False


@frozen
class ImageSpec:
    """An image to run: its name, and how to get it."""

    name: str
    pull: Pull = Pull.MISSING
    credentials: Credentials | None = None
    platform: str = ""
    """As Docker names it, ``linux/arm64``; empty for the engine's own."""


@frozen
class Progress:
    """How far a pull or build has come. Bytes; 0 where not known."""

    status: str
    current: int = 0
    total: int = 0
    id: str = ""
    """The layer that the status is of, or what is pulled; empty for the whole."""


@frozen
class ImageInfo:
    """What is known of a local image."""

    id: str
    name: str
    os: str
    architecture: str
    """As Docker names it: amd64, arm64, arm…"""
    env: Mapping[str, str]
    user: str
    labels: Mapping[str, str]


@frozen
class SandboxSpec:
    """A job's container, as the runner would create it (R: DockerCommandManager.DockerCreate)."""

    key: str
    """The job leg's key, used in names."""
    image: ImageSpec
    owner: Owner
    env: Mapping[str, str]
    """Put on the container; never the job's own ``env:``."""
    mounts: Sequence[Mount]
    workdir: str
    ports: Sequence[str] = ()
    options: str = ""
    """The workflow's ``options:``, in ``docker create``'s own words."""
    network: str | None = None
    """A network of ours by name; ``host``; None for the engine's default network."""
    control: Path | None = None
    """A folder of this machine, writable, for the engine's own use while the sandbox lives."""


@frozen
class ServiceSpec:
    """A service container (R: ContainerOperationProvider)."""

    alias: str
    image: ImageSpec
    owner: Owner
    env: Mapping[str, str]
    mounts: Sequence[Mount] = ()
    ports: Sequence[str] = ()
    options: str = ""
    entrypoint: str = ""
    command: str = ""


@frozen
class Service:
    """A running service."""

    alias: str
    id: str
    ports: Mapping[str, str]
    """Container port to host port."""


@frozen
class ProcessSpec:
    """A process to run in a sandbox."""

    argv: Sequence[str]
    env: Mapping[str, str]
    """Added to the container's own environment."""
    workdir: str
    path_prepends: Sequence[str] = ()
    """Folders put before the image's PATH, first one first."""
    real_exec: bool = False
    """Run through the engine's own exec, where the runner's exact error text matters."""
    timeout: float | None = None
    """Seconds; the process group is killed after that."""
    mark: str = ""
    """A ``NAME=value`` of ``env`` that no other process of the sandbox has: by it this one is found among several."""


@frozen
class ExitStatus:
    """How a process ended."""

    code: int
    timed_out: bool = False
    killed: bool = False
    """Stopped by ``Sandbox.kill``."""


@frozen
class Orphan:
    """A process that a step has left behind."""

    pid: int
    """As its sandbox numbers it."""
    name: str


@frozen
class ContainerRun:
    """A container that runs one program and is removed: docker actions."""

    image: ImageSpec
    owner: Owner
    env: Mapping[str, str]
    mounts: Sequence[Mount]
    workdir: str
    entrypoint: str = ""
    args: Sequence[str] = ()
    network: str | None = None
    timeout: float | None = None


class Sandbox(Protocol):
    """The place where a job's steps run. Processes may run at the same time, each from a thread of its own."""

    @property
    def id(self) -> str:
        """The container's id; empty on the host."""

    @property
    def network(self) -> str:
        """The name of the network that the container is on; empty on the host."""

    @property
    def image_env(self) -> Mapping[str, str]:
        """The environment that the image (or this machine) brings, before anything is added."""

    def run(self, process: ProcessSpec, on_output: OutputSink, on_start: OnStart | None = None) -> ExitStatus:
        """Run a process to its end. Its stdin is closed. A program that can't be started gives the
        engine's own text as output and its exit code. ``on_start`` is given a function that stops the process
        and its whole group: INT, then TERM, then KILL (R: ProcessInvoker, 7.5 s and 2.5 s); it returns at once,
        ``run`` returns when the process has ended. Raises CannotRun when the sandbox is gone."""

    def kill(self) -> None:
        """Stop all processes that ``run`` waits for, in the same way."""

    def end_orphans(self, tracking: str) -> Sequence[Orphan]:
        """Kill what steps have left running with this RUNNER_TRACKING_ID; what was killed, by process id."""

    def shell(self, process: ProcessSpec) -> int:
        """Run an interactive program on this terminal. Returns its exit code."""

    def keep(self) -> None:
        """Leave the container behind when closed, for a later look."""

    def close(self) -> None:
        """Remove the container with its anonymous volumes, unless it is kept. Safe to call twice."""


@frozen
class Owned:
    """An object that carries our labels."""

    kind: str
    """container, network, volume or image."""
    id: str
    name: str
    run: str
    owner: str
    role: str


Distil = Callable[[str, bytes], dict[str, Any]]
"""Makes of a file what its reader wants to know, as JSON data; gets the path as it was asked for, and the content."""


class ImageReader(Protocol):
    """An image that is open for reading; nothing of it is started. Used by one thread."""

    def facts(self, paths: Sequence[str], distil: Distil) -> Mapping[str, dict[str, Any] | None]:
        """What ``distil`` makes of each file. Symbolic links are followed as within the image; None where there is
        no such file, ``{}`` for one that is too large to be looked at. Raises ImageUnavailable when the image goes
        away meanwhile."""


class Images(Protocol):
    """Images of the engine."""

    def find(self, name: str) -> ImageInfo | None:
        """A local image, or None."""

    def ensure(self, image: ImageSpec, on_progress: Callable[[Progress], None]) -> ImageInfo:
        """Have the image locally, pulling as its policy says. Raises ImageUnavailable."""

    def build(
        self, context: Path, dockerfile: Path, tag: str, owner: Owner, on_output: OutputSink
    ) -> ImageInfo:
        """Build an image. Raises ImageUnavailable, with the builder's words."""

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """Files of an image, symlinks followed, without starting anything. None where there is no
        such file. Raises ImageUnavailable."""

    def reader(self, image: str) -> AbstractContextManager[ImageReader]:
        """Open an image for questions that come one after another. Raises ImageUnavailable."""


class Engine(Protocol):
    """A container engine, or this machine."""

    name: str
    """docker, podman, host or fake."""

    @property
    def arch(self) -> str:
        """The engine's architecture as the runner names it, in lower case: x64, arm64."""

    @property
    def images(self) -> Images:
        """The engine's images."""

    def check(self) -> Sequence[Diagnostic]:
        """What is wrong with the engine, most important first; empty when all is well.
        Raises EngineUnavailable when nothing answers."""

    def open(self, spec: SandboxSpec) -> Sandbox:
        """Create and start a job's container. Raises ImageUnavailable or CannotRun."""

    def attach(self, id: str, control: Path | None) -> Sandbox:
        """The sandbox of a container that is still there, from this or another process."""

    def run_container(self, run: ContainerRun, on_output: OutputSink, on_start: OnStart) -> ExitStatus:
        """Run a container to its end and remove it. ``on_start`` is given a function that kills it."""

    def api_versions(self) -> tuple[str, str]:
        """The version of the API that the engine has, and the one that is spoken with it; empty on the host."""

    def create_network(self, owner: Owner) -> str:
        """Make a network and give its name."""

    def remove_network(self, name: str) -> None:
        """Remove a network; nothing happens when it is gone."""

    def start_services(
        self,
        specs: Sequence[ServiceSpec],
        network: str,
        on_output: OutputSink,
        on_start: Callable[[ServiceSpec, Service], None] | None = None,
    ) -> Sequence[Service]:
        """Start services and wait until they are healthy, as the runner does. ``on_start`` is given each once all
        run; then ``on_output`` takes the log of the wait, service logs of failures included. Raises CannotRun when
        one does not get there."""

    def service_logs(self, service: Service) -> bytes:
        """What a service has written until now, both streams, each line with a space before it
        (``docker logs --details``)."""

    def stop_services(self, services: Iterable[Service]) -> None:
        """Remove services."""

    def owned(self) -> Sequence[Owned]:
        """Everything in the engine that carries our labels."""

    def remove(self, owned: Iterable[Owned]) -> None:
        """Remove such objects, containers first; those already gone are no error."""

    def to_sandbox(self, spec: SandboxSpec, path: Path) -> PurePosixPath | None:
        """Where a path of this machine is in the sandbox; None where it isn't."""

    def close(self) -> None:
        """Close connections. Nothing else is touched."""
