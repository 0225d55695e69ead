"""An engine that runs nothing: records what it is asked and answers as a test tells it to.

It keeps the promises of the protocols in ``actlite.engines.base``: what is closed refuses work, a
process that hangs ends by `kill` or by its timeout, what is made is listed by `owned` until removed.
The folders that a sandbox mounts are real, so answers can write env files and read scripts there.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from actlite.diagnostics import Diagnostic
from actlite.engines.base import (
    ContainerRun,
    Distil,
    ExitStatus,
    ImageInfo,
    ImageSpec,
    Mount,
    OnStart,
    Orphan,
    OutputSink,
    Owned,
    Owner,
    ProcessSpec,
    Progress,
    Pull,
    SandboxSpec,
    Service,
    ServiceSpec,
)
from actlite.errors import CannotRun, ImageUnavailable
from actlite.records import changeable, frozen

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@frozen
class Reply:
    """How a process behaves."""

    code: int = 0
    output: bytes | Sequence[bytes] = b""
    """Given out in these pieces."""
    hang: bool = False
    """Runs until it is killed or times out; then its code is 130."""


@frozen
class Call:
    """A process that was asked for, with the sandbox's view of files."""

    process: ProcessSpec
    mounts: Sequence[Mount]
    sandbox: str
    """The sandbox's id; empty for a container of `FakeEngine.run_container`."""
    script: str = ""
    """The text of the script that the process runs, as it is when it begins: its last argument that is a file; else
    its argv."""

    def host(self, inside: str) -> Path:
        """The path on this machine of a path in the sandbox. Raises KeyError when nothing mounts it."""
        found = None
        for mount in self.mounts:
            path = PurePosixPath(inside)
            if mount.source is not None and path.is_relative_to(mount.target):
                depth = len(PurePosixPath(mount.target).parts)
                if found is None or depth > found[0]:
                    found = (depth, Path(mount.source) / path.relative_to(mount.target))
        if found is None:
            raise KeyError(f"no mount holds {inside}")
        return found[1]

    def begun(self) -> Call:
        """The same with the script's text."""
        for word in reversed(self.process.argv):
            try:
                return replace(self, script=self.host(word).read_text())
            except (KeyError, OSError):
                continue
        return replace(self, script=" ".join(self.process.argv))

    def append(self, variable: str, text: str) -> None:
        """Write to the end of the file that a variable of the process names, such as GITHUB_OUTPUT."""
        with self.host(self.process.env[variable]).open("a") as file:
            file.write(text)


Answer = Reply | Callable[[Call], Reply | None]


class FakeEngine:
    """A scriptable `Engine`."""

    name = "fake"
    arch = "x64"

    def __init__(self, answer: Answer | None = None) -> None:
        """``answer`` is for processes that no rule of `on` fits; without it they succeed silently."""
        self._images = FakeImages()
        self._rules: list[tuple[str, Answer]] = []
        self._default: Answer = answer if answer is not None else Reply()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._owned: dict[str, Owned] = {}
        self.calls: list[Call] = []
        """Every process, in the order of the start."""
        self.opened: list[SandboxSpec] = []
        self.sandboxes: list[FakeSandbox] = []
        self.containers: list[ContainerRun] = []
        self.services: list[ServiceSpec] = []
        self.networks: list[str] = []
        """Networks that exist."""
        self.unhealthy: set[str] = set()
        """Aliases of services that never get healthy."""
        self.open_error: CannotRun | None = None
        """Raised by `open`."""
        self.problems: list[Diagnostic] = []
        """What `check` finds."""
        self.closed = False

    def on(self, text: str, answer: Answer) -> None:
        """Answer so to processes whose script or argv contains ``text``; later rules go first."""
        self._rules.insert(0, (text, answer))

    @property
    def images(self) -> FakeImages:
        """The images; every name exists unless it is in ``images.absent``."""
        return self._images

    def check(self) -> Sequence[Diagnostic]:
        """What `problems` holds."""
        return tuple(self.problems)

    def open(self, spec: SandboxSpec) -> FakeSandbox:
        """Open a sandbox; nothing is started."""
        if self.open_error is not None:
            raise self.open_error
        image = self._images.find(spec.image.name)
        if image is None:
            raise ImageUnavailable(f"the image {spec.image.name} is not on this machine")
        sandbox = FakeSandbox(self, self._id(), spec, image)
        with self._lock:
            self.opened.append(spec)
            self.sandboxes.append(sandbox)
        self._own("container", sandbox.id, spec.key, spec.owner, "job")
        return sandbox

    def attach(self, id: str, control: Path | None) -> FakeSandbox:
        """A sandbox that was opened and not removed."""
        for sandbox in self.sandboxes:
            if sandbox.id == id and id in self._owned:
                return FakeSandbox(self, id, sandbox.spec, self._images.info(sandbox.spec.image.name))
        raise CannotRun("the job's container is not running")

    def run_container(
        self, run: ContainerRun, on_output: OutputSink, on_start: Callable[[Callable[[], None]], None]
    ) -> ExitStatus:
        """Answer for a container as for a process whose argv is entrypoint and arguments."""
        argv = [word for word in (run.entrypoint, *run.args) if word] or [run.image.name]
        process = ProcessSpec(argv, run.env, run.workdir, timeout=run.timeout)
        self.containers.append(run)
        killed = threading.Event()
        on_start(killed.set)
        return self.answer(Call(process, run.mounts, ""), on_output, killed)

    def create_network(self, owner: Owner) -> str:
        """Make a network."""
        name = f"github_network_{self._id()[:32]}"
        self.networks.append(name)
        self._own("network", name, name, owner, "network")
        return name

    def remove_network(self, name: str) -> None:
        """Remove a network."""
        if name in self.networks:
            self.networks.remove(name)
        self._owned.pop(name, None)

    def start_services(
        self,
        specs: Sequence[ServiceSpec],
        network: str,
        on_output: OutputSink,
        on_start: Callable[[ServiceSpec, Service], None] | None = None,
    ) -> Sequence[Service]:
        """Start services; each container port gets the host port given, else one from 32768 on."""
        started = []
        for spec in specs:
            self.services.append(spec)
            if spec.alias in self.unhealthy:
                on_output(f"Failed to initialize container {spec.image.name}\n".encode())
                raise CannotRun("One or more containers failed to start.")
            ports = {}
            for port in spec.ports:
                outside, _, inside = port.rpartition(":")
                ports[inside.partition("/")[0]] = outside.rpartition(":")[2] or str(
                    32767 + next(self._numbers)
                )
            service = Service(spec.alias, self._id(), ports)
            self._own("container", service.id, spec.alias, spec.owner, "service")
            if on_start is not None:
                on_start(spec, service)
            on_output(f"{spec.alias} service is healthy.\n".encode())
            started.append(service)
        return started

    def service_logs(self, service: Service) -> bytes:
        """A line."""
        return f" {service.alias} was here\n".encode()

    def api_versions(self) -> tuple[str, str]:
        """Such as Docker 28 has."""
        return "1.48", "1.48"

    def stop_services(self, services: Iterable[Service]) -> None:
        """Remove services."""
        for service in services:
            self._owned.pop(service.id, None)

    def owned(self) -> Sequence[Owned]:
        """What was made and not removed."""
        return tuple(self._owned.values())

    def remove(self, owned: Iterable[Owned]) -> None:
        """Remove such objects."""
        for one in owned:
            self._owned.pop(one.id, None)
            self.remove_network(one.name)

    def to_sandbox(self, spec: SandboxSpec, path: Path) -> PurePosixPath | None:
        """Where a path of this machine is in the sandbox."""
        found: tuple[int, PurePosixPath] | None = None
        for mount in spec.mounts:
            if mount.source is not None and path.is_relative_to(mount.source):
                depth = len(Path(mount.source).parts)
                if found is None or depth > found[0]:
                    found = (depth, PurePosixPath(mount.target) / path.relative_to(mount.source))
        return found[1] if found else None

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def answer(self, call: Call, on_output: OutputSink, killed: threading.Event) -> ExitStatus:
        """Record a process and behave as its rule says."""
        call = call.begun()
        with self._lock:
            self.calls.append(call)
        reply = self._reply(call)
        pieces = [reply.output] if isinstance(reply.output, bytes) else reply.output
        for piece in pieces:
            if piece:
                on_output(piece)
        if not reply.hang:
            return ExitStatus(reply.code, killed=killed.is_set())
        if killed.wait(call.process.timeout):
            return ExitStatus(130, killed=True)
        return ExitStatus(130, timed_out=True)

    def _reply(self, call: Call) -> Reply:
        script = call.script
        words = _UUID.sub("", " ".join(call.process.argv))  # may spell any word of a few letters
        for text, answer in self._rules:
            if text in script or text in words:
                reply = answer if isinstance(answer, Reply) else answer(call)
                if reply is not None:
                    return reply
        return (self._default if isinstance(self._default, Reply) else self._default(call)) or Reply()

    def forget(self, id: str) -> None:
        """A sandbox was removed."""
        self._owned.pop(id, None)

    def _id(self) -> str:
        return hashlib.sha256(str(next(self._numbers)).encode()).hexdigest()

    def _own(self, kind: str, id: str, name: str, owner: Owner, role: str) -> None:
        self._owned[id] = Owned(kind, id, name, owner.run, str(owner.folder), role)


class FakeSandbox:
    """A sandbox of `FakeEngine`."""

    def __init__(self, engine: FakeEngine, id: str, spec: SandboxSpec, image: ImageInfo) -> None:
        self._engine = engine
        self._image = image
        self._lock = threading.Lock()
        self._running: list[threading.Event] = []
        self.spec = spec
        self.id = id
        self.network = spec.network or "bridge"
        self.closed = False
        self.kept = False

    @property
    def image_env(self) -> Mapping[str, str]:
        """The image's environment."""
        return self._image.env

    def run(self, process: ProcessSpec, on_output: OutputSink, on_start: OnStart | None = None) -> ExitStatus:
        """Behave as the engine's rules say."""
        if self.closed:
            raise CannotRun("the job's container has been removed")
        killed = threading.Event()
        with self._lock:
            self._running.append(killed)
        if on_start is not None:
            on_start(killed.set)
        try:
            return self._engine.answer(Call(process, self.spec.mounts, self.id), on_output, killed)
        finally:
            with self._lock:
                self._running.remove(killed)

    def kill(self) -> None:
        """End the processes that hang."""
        with self._lock:
            for killed in self._running:
                killed.set()

    def end_orphans(self, tracking: str) -> Sequence[Orphan]:
        """Nothing is ever left running."""
        return ()

    def shell(self, process: ProcessSpec) -> int:
        """As `run`, its output dropped."""
        return self.run(process, lambda data: None).code

    def keep(self) -> None:
        """Leave it in `FakeEngine.owned` when closed."""
        self.kept = True

    def close(self) -> None:
        """Remove it, unless it is kept."""
        self.closed = True
        if not self.kept:
            self._engine.forget(self.id)


@changeable
class FakeImages:
    """Images of `FakeEngine`: every name exists unless it is absent."""

    absent: set[str] = field(default_factory=set)
    """Names that are neither here nor in a registry."""
    remote: set[str] = field(default_factory=set)
    """Names that are not here until they are pulled."""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Image name to the files that `read` finds."""
    env: dict[str, dict[str, str]] = field(default_factory=dict)
    """Image name to its environment; one PATH for the others."""
    pulled: list[ImageSpec] = field(default_factory=list)
    built: list[str] = field(default_factory=list)

    def info(self, name: str) -> ImageInfo:
        """What is known of an image."""
        env = self.env.get(name, {"PATH": "/usr/local/bin:/usr/bin:/bin"})
        digest = hashlib.sha256(name.encode()).hexdigest()
        return ImageInfo(f"sha256:{digest}", name, "linux", "amd64", env, "", {})

    def find(self, name: str) -> ImageInfo | None:
        """A local image, or None."""
        return None if name in self.absent or name in self.remote else self.info(name)

    def ensure(self, image: ImageSpec, on_progress: Callable[[Progress], None]) -> ImageInfo:
        """Have the image, pulling as its policy says."""
        here = self.find(image.name)
        if image.pull is Pull.NEVER and here is None:
            raise ImageUnavailable(f"the image {image.name} is not on this machine")
        if image.name in self.absent:
            raise ImageUnavailable(f"the image {image.name} does not exist in its registry")
        if here is None or image.pull is Pull.ALWAYS:
            self.pulled.append(image)
            self.remote.discard(image.name)
            on_progress(Progress("Pull complete", 1, 1))
        return self.info(image.name)

    def build(
        self, context: Path, dockerfile: Path, tag: str, owner: Owner, on_output: OutputSink
    ) -> ImageInfo:
        """Note a build; a Dockerfile that is not there fails it."""
        if not dockerfile.is_file():
            raise ImageUnavailable(f"there is no {dockerfile}")
        self.built.append(tag)
        on_output(f"Successfully tagged {tag}\n".encode())
        return self.info(tag)

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """Files as `files` holds them."""
        if self.find(image) is None:
            raise ImageUnavailable(f"the image {image} is not on this machine")
        return {path: self.files.get(image, {}).get(path) for path in paths}

    @contextlib.contextmanager
    def reader(self, image: str) -> Iterator[FakeReader]:
        """A reader of the same files."""
        self.read(image, ())
        yield FakeReader(self.files.get(image, {}))


@frozen
class FakeReader:
    """See `actlite.engines.base.ImageReader`."""

    files: Mapping[str, bytes]

    def facts(self, paths: Sequence[str], distil: Distil) -> Mapping[str, dict[str, Any] | None]:
        """What `distil` makes of the files."""
        found = {path: self.files.get(path) for path in paths}
        return {path: None if data is None else distil(path, data) for path, data in found.items()}
