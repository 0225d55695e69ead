"""The engine that speaks the Docker Engine API: docker, and Podman's service."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from actlite.diagnostics import Diagnostic, Severity
from actlite.engines.base import (
    ContainerRun,
    ExitStatus,
    ImageInfo,
    Mount,
    OutputSink,
    Owned,
    Owner,
    SandboxSpec,
    Service,
    ServiceSpec,
)
from actlite.engines.docker import containers, options, sdk
from actlite.engines.docker.client import Connection, spoken
from actlite.engines.docker.create import CreateRequest, config_env, mounts, runner_env
from actlite.engines.docker.failures import translated
from actlite.engines.docker.images import DockerImages
from actlite.engines.docker.sandbox import DockerSandbox, control_folder
from actlite.engines.supervisor import BOOT, INSIDE, Dead, Supervisor
from actlite.errors import CannotRun, ImageUnavailable

_SOON_SECONDS = 0.4
_READY_SECONDS = 3.0
_DEFAULT_NETWORK = "bridge"


class DockerEngine:
    """A container engine behind the Docker Engine API. Safe to use from several threads."""

    def __init__(self, connection: Connection, on_close: Callable[[], None] | None = None) -> None:
        """``on_close`` is called at the end of `close`: stops a service that was started for this run."""
        self.connection = connection
        self.name = "podman" if connection.podman else "docker"
        self._api = connection.api
        self._images = DockerImages(connection)
        self._on_close = on_close
        self._lock = threading.Lock()

    @property
    def arch(self) -> str:
        """The daemon's architecture as the runner names it, in lower case."""
        name = str(self.connection.server.get("Arch", ""))
        return {"amd64": "x64"}.get(name, name)

    @property
    def images(self) -> DockerImages:
        """The engine's images."""
        return self._images

    def check(self) -> Sequence[Diagnostic]:
        """What is wrong with the engine. Raises EngineUnavailable when it does not answer any more."""
        found: list[Diagnostic] = []
        with translated("being asked how it is"):
            info = self._api.info()
        if not self.connection.local:
            found.append(
                Diagnostic(
                    "engine-remote",
                    Severity.WARNING,
                    f"the engine is on another machine ({self.connection.endpoint.host})",
                    help="Folders of this machine can't be mounted there: jobs would find them empty. Use a local engine.",
                )
            )
        if "windows" in str(info.get("OSType", "linux")).lower():
            found.append(
                Diagnostic(
                    "engine-windows",
                    Severity.ERROR,
                    "the engine runs Windows containers",
                    help="Switch Docker Desktop to Linux containers.",
                )
            )
        if any("rootless" in str(option) for option in info.get("SecurityOptions") or ()):
            found.append(
                Diagnostic(
                    "engine-rootless",
                    Severity.NOTE,
                    "the engine runs without root: files of the workspace belong to you, ports below 1024 can't be published",
                )
            )
        return found

    def open(self, spec: SandboxSpec) -> DockerSandbox:
        """Create and start a job's container (R: ContainerOperationProvider.StartContainer).

        Raises ImageUnavailable when the image isn't there or can't host a job, CannotRun when the
        engine refuses, DiskFull.
        """
        image = self._images.find(spec.image.name)
        if image is None:
            raise ImageUnavailable(
                f"the image {spec.image.name} is not on this machine",
                do=f"Let it be pulled (`--pull missing`), or name another with `--image {spec.image.name}=OTHER`.",
            )
        supervisor = control_folder(spec.control, self.connection.local)
        if supervisor is not None:
            supervisor.prepare()
        try:
            return self._open(spec, image, supervisor)
        except BaseException:
            if supervisor is not None:
                supervisor.close()
            raise

    def _open(self, spec: SandboxSpec, image: ImageInfo, supervisor: Supervisor | None) -> DockerSandbox:
        try:
            return self._start(spec, image, supervisor)
        except containers.NoProgram as e:
            if supervisor is None:
                raise _no_tail(spec.image.name, str(e)) from e
        # no sh: the container waits as the runner's does, and every step is an exec
        supervisor.close()
        try:
            return self._start(spec, image, None)
        except containers.NoProgram as e:
            raise _no_tail(spec.image.name, str(e)) from e

    def _start(self, spec: SandboxSpec, image: ImageInfo, supervisor: Supervisor | None) -> DockerSandbox:
        request = self._request(spec, image, supervisor)
        id = containers.create_and_start(self._api, request)
        env = config_env(image.env, request.config.get("Env", ()))
        try:
            if self.connection.podman:  # it adds variables of its own, which its exec gives too
                with translated("asking for the container's environment"):
                    env = config_env({}, self._api.inspect_container(id)["Config"].get("Env") or ())
            if supervisor is None:
                containers.must_stay(self._api, id)
            else:
                supervisor = self._greet(supervisor, id, env, spec.image.name)
        except BaseException:
            containers.remove(self._api, id)
            raise
        return DockerSandbox(
            self.connection,
            id,
            network=str(request.host.get("NetworkMode") or _DEFAULT_NETWORK),
            image_env=image.env,
            container_env=env,
            supervisor=supervisor,
        )

    def _request(self, spec: SandboxSpec, image: ImageInfo, supervisor: Supervisor | None) -> CreateRequest:
        request = CreateRequest(image.id, _name(spec.owner, spec.key), platform=spec.image.platform or None)
        request.config["WorkingDir"] = spec.workdir
        request.host["Init"] = True
        request.network(spec.network)
        for port in spec.ports:
            _port(request, port)
        options.apply(request, spec.options)
        runner_env(request, spec.env)
        mounts(request, spec.mounts)
        request.config.setdefault("Labels", {}).update(spec.owner.labels("job"))
        if supervisor is None:
            request.config["Entrypoint"], request.config["Cmd"] = ["tail"], ["-f", "/dev/null"]
        else:
            request.mount(Mount(str(supervisor.folder), INSIDE))
            request.config["Entrypoint"], request.config["Cmd"] = ["sh"], ["-c", BOOT]
        self._like_docker(request, image)
        return request

    def _like_docker(self, request: CreateRequest, image: ImageInfo) -> None:
        if self.connection.podman:
            from actlite.engines.docker.likeness import like_docker

            like_docker(request, image.env)

    def _greet(
        self, supervisor: Supervisor, id: str, env: Mapping[str, str], image: str
    ) -> Supervisor | None:
        """Wait for the supervisor. None, and exec for everything, where it can't be used."""
        try:
            ready = supervisor.start(env, _SOON_SECONDS)
            if ready is None:
                containers.must_stay(self._api, id)
                ready = supervisor.start(env, _READY_SECONDS)
        except Dead:
            log = self._api.logs(id, tail=20).decode(errors="replace")
            raise CannotRun(
                f"the job's container ended as soon as it was started (image {image})", why=log.strip()
            ) from None
        if ready is not None and not ready.tail:
            raise _no_tail(image, "There is no `tail` on the PATH of its configuration.")
        if ready is None or not ready.equal:
            supervisor.close()
            return None
        return supervisor

    def attach(self, id: str, control: Path | None) -> DockerSandbox:
        """The sandbox of a container that is still there. Raises CannotRun when it isn't running."""
        with translated("looking for the job's container"):
            found = self._api.inspect_container(id)
        if not found["State"].get("Running"):
            raise CannotRun(
                "the job's container is not running",
                why=f"{found['Name'].lstrip('/')} has ended with exit code {found['State'].get('ExitCode')}",
                do="Run the job again.",
            )
        image = self._images.find(str(found["Image"]))
        supervisor = control_folder(control, self.connection.local)
        if supervisor is not None:
            supervisor = _again(supervisor)
        return DockerSandbox(
            self.connection,
            str(found["Id"]),
            network=str(found["HostConfig"].get("NetworkMode") or _DEFAULT_NETWORK),
            image_env=image.env if image else {},
            container_env=config_env({}, found["Config"].get("Env") or ()),
            supervisor=supervisor,
        )

    def run_container(
        self, run: ContainerRun, on_output: OutputSink, on_start: Callable[[Callable[[], None]], None]
    ) -> ExitStatus:
        """Run a docker action's container (R: ContainerActionHandler.cs) to its end and remove it.
        A program that can't be started gives the daemon's text and the CLI's code (125 to 127)."""
        image = self._images.find(run.image.name)
        if image is None:
            raise ImageUnavailable(
                f"the image {run.image.name} is not on this machine", do="Pull or build it first."
            )
        request = CreateRequest(image.id, _name(run.owner, run.image.name))
        request.config["WorkingDir"] = run.workdir
        request.config["Labels"] = run.owner.labels("action")
        for name, value in run.env.items():
            request.env(f"{name}={value}")
        if run.entrypoint:
            request.config["Entrypoint"] = [run.entrypoint]
        if run.args:
            request.config["Cmd"] = list(run.args)
        request.network(run.network)
        mounts(request, run.mounts)
        self._like_docker(request, image)
        return containers.run_once(self._api, request, run.timeout, on_output, on_start)

    def api_versions(self) -> tuple[str, str]:
        """The daemon's version of the API, and the one that is spoken."""
        return str(self.connection.server.get("ApiVersion", "")), spoken(self.connection.server)

    def create_network(self, owner: Owner) -> str:
        """Make a network and give its name (R: ``github_network_`` and 32 hex digits)."""
        name = f"github_network_{os.urandom(16).hex()}"
        with translated("making the job's network"):
            self._api.create_network(name, labels=owner.labels("network"))
        return name

    def remove_network(self, name: str) -> None:
        """Remove a network; nothing happens when it is gone."""
        with translated(f"removing the network {name}"), contextlib.suppress(sdk.errors.NotFound):
            containers.remove_network(self._api, name)

    def start_services(
        self,
        specs: Sequence[ServiceSpec],
        network: str,
        on_output: OutputSink,
        on_start: Callable[[ServiceSpec, Service], None] | None = None,
    ) -> Sequence[Service]:
        """Start services and wait until they are healthy. Raises CannotRun when one does not get there."""
        from actlite.engines.docker import services

        podman = self.connection.podman
        return services.start(
            self._api, self._images, specs, network, on_output, _name, podman=podman, on_start=on_start
        )

    def service_logs(self, service: Service) -> bytes:
        """What a service has written until now."""
        from actlite.engines.docker import services

        return services.logs(self._api, service.id)

    def stop_services(self, stopped: Iterable[Service]) -> None:
        """Remove services."""
        for service in stopped:
            containers.remove(self._api, service.id)

    def owned(self) -> Sequence[Owned]:
        """Everything in the engine that carries our labels."""
        with translated("listing what carries our labels"):
            return containers.owned(self._api)

    def remove(self, owned: Iterable[Owned]) -> None:
        """Remove such objects, containers first; those already gone are no error."""
        with translated("removing what was left over"):
            containers.remove_owned(self._api, owned)

    def to_sandbox(self, spec: SandboxSpec, path: Path) -> PurePosixPath | None:
        """Where a path of this machine is in the sandbox: under the innermost mount that holds it."""
        found: tuple[int, PurePosixPath] | None = None
        for mount in spec.mounts:
            if mount.source is None or not path.is_relative_to(mount.source):
                continue
            depth = len(Path(mount.source).parts)
            if found is None or depth > found[0]:
                found = (depth, PurePosixPath(mount.target) / path.relative_to(mount.source))
        return found[1] if found else None

    def close(self) -> None:
        """Remove the images that were built, close connections, and stop a service that was started for this engine."""
        self._images.remove_built()
        self._api.close()
        if self._on_close is not None:
            self._on_close()


def _again(supervisor: Supervisor) -> Supervisor | None:
    """A supervisor that another process started, if it still takes steps."""
    try:
        supervisor.connect()
        if supervisor.answers(1.0):
            return supervisor
    except (Dead, OSError):
        pass
    supervisor.close()
    return None


def _name(owner: Owner, key: str) -> str:
    clean = re.sub(r"[^A-Za-z0-9_.-]+", "-", key).strip("-.")[:40]
    return f"actlite-{re.sub(r'[^A-Za-z0-9_.-]', '-', owner.run)}-{clean}-{os.urandom(3).hex()}"


def _port(request: CreateRequest, port: str) -> None:
    try:
        request.port(port)
    except ValueError as e:
        raise CannotRun(
            f"docker would refuse the port '{port}'", why=str(e), do="Write [[IP:]HOST:]CONTAINER[/PROTOCOL]."
        ) from e


def _no_tail(image: str, words: str) -> ImageUnavailable:
    return ImageUnavailable(
        f"the image {image} can't host a job: it has no `tail`",
        why=f"{words}\nGitHub's runner keeps a job's container alive with `tail -f /dev/null`, so it fails there too.",
        do="Use an image with the basic tools (coreutils or busybox) in `container:`.",
    )
