"""The log of ``Initialize containers`` and ``Stop containers`` (R: ContainerOperationProvider.cs)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actlite.engines.base import Mount, Service, ServiceSpec
from actlite.execution import docker_log, runner_log
from actlite.execution.containers import DOCKER_SOCKET, container_env, volume_mount
from actlite.execution.layout import RUNNER_HOME
from actlite.execution.opening import Opening


class ContainerLog:
    """What is said of a job's containers, from their start to their end."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._state = opening.state
        self._label = docker_log.label(opening.services.owner.run)
        self._names: dict[str, str] = {}
        """The containers' names in the runner's form, by their ids."""

    def begin(self) -> str:
        """The engine's version, what is left of other jobs, the job's network."""
        server, client = self._opening.services.engine.api_versions()
        versions = [
            *self._command("version --format '{{.Server.APIVersion}}'"),
            f"'{server}'",
            f"Docker daemon API version: '{server}'",
            *self._command("version --format '{{.Client.APIVersion}}'"),
            f"'{client}'",
            f"Docker client API version: '{client}'",
        ]
        label = f'--filter "label={self._label}"'
        left = [
            *self._command(f"ps --all --quiet --no-trunc {label}"),
            *self._command(f"network prune --force {label}"),
        ]
        network = self._state.network
        made = (
            self._command(f"network create --label {self._label} {network}")
            if network
            else ["None is made: nothing in this job could see it."]
        )
        return (
            runner_log.group("Checking docker version", versions)
            + runner_log.group("Clean up resources from previous jobs", left)
            + runner_log.group("Create local container network", made)
        )

    def job_container(self) -> str:
        """The job's container, which is running."""
        state, spec = self._state, self._opening.container
        assert spec is not None
        env = container_env(spec)
        shown = {name: value for name, value in env.items() if name not in ("GITHUB_ACTIONS", "CI")}
        if "CI" in spec.env:
            shown["CI"] = spec.env["CI"]
        id = state.running.id
        created = docker_log.Created(
            name=self._named(id, spec.image),
            label=self._label,
            image=spec.image,
            network=state.network or "",
            workdir=state.layout.translate(state.layout.runner_workspace),
            ports=spec.ports,
            options=spec.options,
            env=shown,
            mounts=[*self._volumes(spec.volumes), *self._system()],
            entrypoint="tail",
            arguments='"-f" "/dev/null"',
        )
        own = {**env, **{k: v for k, v in state.running.image_env.items() if k not in env}}
        lines = [
            *self._started(spec.image, created, id),
            *self._command(f"inspect {docker_log.CONFIGURED} {id}"),
            *(f"{name}={value}" for name, value in own.items()),
        ]
        return runner_log.group("Starting job container", lines)

    def service(self, spec: ServiceSpec, service: Service) -> str:
        """A service, which was started."""
        named = {name: value for name, value in spec.env.items() if name not in ("GITHUB_ACTIONS", "CI")}
        image = spec.image.name
        created = docker_log.Created(
            name=self._named(service.id, image),
            label=self._label,
            image=image,
            network=self._state.network or "",
            alias=spec.alias,
            ports=spec.ports,
            options=spec.options,
            env=named,
            mounts=spec.mounts,
            entrypoint=spec.entrypoint,
            arguments=spec.command,
        )
        lines = [
            *self._started(image, created, service.id),
            *self._command(f"port {service.id}"),
            *(f"{inside}/tcp -> 0.0.0.0:{outside}" for inside, outside in service.ports.items()),
        ]
        return runner_log.group(f"Starting {spec.alias} service container", lines)

    def stop_job_container(self, *, kept: bool) -> str:
        """The end of the job's container. ``kept``: it is left for a look, as the user asked."""
        id = self._state.running.id
        if kept:
            return f"The job's container is kept: {id[:12]}\n"
        return self._stop(id)

    def stop_service(self, service: Service, written: bytes) -> str:
        """The end of a service, with what it has written."""
        name = self._names.get(service.id, service.alias)
        logs = "".join(f"{line}\n" for line in written.decode(errors="replace").splitlines())
        print_logs = f"Print service container logs: {name}\n{docker_log.command(f'logs --details {service.id}')}{logs}"
        old = not runner_log.has(self._opening.services.runner.release, runner_log.SERVICE_LOGS_SINCE)
        return ("" if old else print_logs) + self._stop(service.id)

    def stop_network(self) -> str:
        """The end of the job's network."""
        network = self._state.network
        if not network:
            return ""
        return (
            f"Remove container network: {network}\n{docker_log.command(f'network rm {network}')}{network}\n"
        )

    def _stop(self, id: str) -> str:
        name = self._names.get(id, "")
        return f"Stop and remove container: {name}\n{docker_log.command(f'rm --force {id}')}{id}\n"

    def _started(self, image: str, created: docker_log.Created, id: str) -> list[str]:
        seen = f"ps --all --filter id={id} {docker_log.RUNNING}"
        return [
            *self._pulled(image),
            created.line().rstrip("\n"),
            id,
            *self._command(f"start {id}"),
            id,
            *self._command(seen),
            f"{id} Up Less than a second",
        ]

    def _pulled(self, image: str) -> list[str]:
        name = self._opening.services.settings.images.get(image, image)
        seen = self._opening.pulls.get(name)
        if seen is None:
            return [docker_log.here(name).rstrip("\n")]
        pull = docker_log.Pull(name)
        return [*self._command(f"pull {name}"), *"".join(pull.line(one) for one in seen).splitlines()]

    def _named(self, id: str, image: str) -> str:
        return self._names.setdefault(id, docker_log.container_name(image))

    def _system(self) -> list[Mount]:
        """The runner's own mounts, with its paths."""
        layout, release = self._state.layout, self._opening.services.runner.release
        work, temp = layout.runner_work, f"{layout.runner_work}/_temp"
        pairs: Mapping[str, str] = {
            work: "/__w",
            f"{RUNNER_HOME}/actions-runner/cached/{release}/externals": "/__e",
            temp: "/__w/_temp",
            f"{work}/_actions": "/__w/_actions",
            layout.runner_tools: "/__t",
            f"{temp}/_github_home": "/github/home",
            f"{temp}/_github_workflow": "/github/workflow",
        }
        return [Mount(source, target, read_only=target == "/__e") for source, target in pairs.items()]

    def _volumes(self, volumes: Iterable[str]) -> list[Mount]:
        socket = (
            [Mount(DOCKER_SOCKET, DOCKER_SOCKET)] if self._opening.services.settings.docker_socket else []
        )
        return [*socket, *(volume_mount(text) for text in volumes)]

    @staticmethod
    def _command(arguments: str) -> list[str]:
        return [docker_log.command(arguments).rstrip("\n")]
