"""Service containers: started in order, waited for until healthy (R: ContainerOperationProvider.cs)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actlite.engines.base import OutputSink, Owner, Service, ServiceSpec
from actlite.engines.docker import containers, options, sdk
from actlite.engines.docker.create import CreateRequest, mounts, runner_env
from actlite.engines.docker.failures import translated
from actlite.engines.docker.images import DockerImages
from actlite.engines.docker.likeness import like_docker, name_services
from actlite.errors import CannotRun, ImageUnavailable

_LONGEST_WAIT = 32.0
_HEALTH = '--format="{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}"'


def start(
    api: sdk.APIClient,
    images: DockerImages,
    specs: Sequence[ServiceSpec],
    network: str,
    on_output: OutputSink,
    name: Callable[[Owner, str], str],
    *,
    podman: bool,
    on_start: Callable[[ServiceSpec, Service], None] | None = None,
) -> list[Service]:
    """Start all services, then wait until all are healthy. When one fails, all are removed.

    Raises CannotRun, after the logs of the failed ones have been given out.
    """
    started: list[tuple[ServiceSpec, str]] = []
    try:
        for spec in specs:
            if not spec.image.name:
                on_output(
                    f"The service '{spec.alias}' will not be started because the container definition"
                    " has an empty image.\n".encode()
                )
                continue
            started.append((spec, _start(api, images, spec, network, name(spec.owner, spec.alias), podman)))
        if podman and started:
            name_services(api, network, {spec.alias: id for spec, id in started})
        result = [Service(spec.alias, id, _ports(api, id)) for spec, id in started]
        if on_start is not None:
            for (spec, _), service in zip(started, result, strict=True):
                on_start(spec, service)
        on_output(b"##[group]Waiting for all services to be ready\n")
        unhealthy = [(spec, id) for spec, id in started if not _wait(api, spec, id, on_output, podman)]
        on_output(b"##[endgroup]\n")
        for spec, id in unhealthy:
            on_output(f"##[group]Service container {spec.alias} failed.\n".encode())
            on_output(f"##[command]/usr/bin/docker logs --details {id}\n".encode() + logs(api, id))
            on_output(f"##[error]Failed to initialize container {spec.image.name}\n##[endgroup]\n".encode())
        if unhealthy:
            raise CannotRun(
                "One or more containers failed to start.",
                why="\n".join(
                    f"The service '{spec.alias}' ({spec.image.name}) is not healthy." for spec, _ in unhealthy
                ),
                do="Its log above says why; the health check is in the service's `options:` or its image.",
            )
    except BaseException:
        for _, id in started:
            containers.remove(api, id)
        raise
    return result


def _start(
    api: sdk.APIClient, images: DockerImages, spec: ServiceSpec, network: str, name: str, podman: bool
) -> str:
    image = images.find(spec.image.name)
    if image is None:
        raise ImageUnavailable(
            f"the image {spec.image.name} of the service '{spec.alias}' is not on this machine",
            do="Let it be pulled (`--pull missing`).",
        )
    request = CreateRequest(image.id, name)
    request.network(network, spec.alias)
    for port in spec.ports:
        try:
            request.port(port)
        except ValueError as e:
            raise CannotRun(
                f"docker would refuse the port '{port}' of the service '{spec.alias}'", why=str(e)
            ) from e
    options.apply(request, spec.options)
    runner_env(request, spec.env)
    for fixed in ("GITHUB_ACTIONS=true", *(() if "CI" in spec.env else ("CI=true",))):
        if fixed.partition("=")[0] not in spec.env:
            request.env(fixed)
    mounts(request, spec.mounts)
    request.config.setdefault("Labels", {}).update(spec.owner.labels("service"))
    if spec.entrypoint:
        request.config["Entrypoint"] = [spec.entrypoint]
    if spec.command:
        request.config["Cmd"] = options.split(spec.command)
    if podman:
        like_docker(request, image.env)
    try:
        return containers.create_and_start(api, request)
    except containers.NoProgram as e:
        raise CannotRun(f"the service '{spec.alias}' could not be started", why=str(e)) from e


def _ports(api: sdk.APIClient, id: str) -> dict[str, str]:
    with translated("asking for a service's ports"):
        found: dict[str, Any] = api.inspect_container(id)["NetworkSettings"].get("Ports") or {}
    return host_ports(found)


def host_ports(found: Mapping[str, Sequence[Mapping[str, str]] | None]) -> dict[str, str]:
    """Container port to host port, from what the daemon says of a container's ports; a later line of a port wins, as
    for the runner. Docker 20 may give IPv6 another host port than IPv4, which nothing at localhost answers: GitHub's
    Docker gives both the same, and here IPv4's counts."""
    ports: dict[str, str] = {}
    for inside, bindings in sorted(found.items()):
        of_port = list(bindings or ())
        plain = [binding for binding in of_port if ":" not in binding.get("HostIp", "")]
        for binding in plain or of_port:
            ports[inside.partition("/")[0]] = str(binding["HostPort"])
    return ports


def logs(api: sdk.APIClient, id: str) -> bytes:
    """What a container has written, as ``docker logs --details`` shows it: a space before each line."""
    with translated("reading a service's log"):
        found: bytes = api.logs(id)
    return b"".join(b" " + line + b"\n" for line in found.splitlines())


def _wait(api: sdk.APIClient, spec: ServiceSpec, id: str, on_output: OutputSink, podman: bool) -> bool:
    """Wait for the end of ``starting``. True when healthy or without a health check."""
    attempt = 0
    while True:
        with translated("asking for a service's health"):
            found = api.inspect_container(id)
        state = found["State"]
        health = state.get("Health") if found["Config"].get("Healthcheck") else None
        status = str((health or {}).get("Status", "")).lower()
        said = f"{status}\n" if status else ""
        on_output(f"##[command]/usr/bin/docker inspect {_HEALTH} {id}\n{said}".encode())
        if status != "starting" or not state.get("Running"):
            break
        seconds = min(2.0 + (2**attempt - 1) * random.uniform(1.6, 2.4), _LONGEST_WAIT)
        on_output(
            f"{spec.alias} service is starting, waiting {int(seconds)} seconds before checking again.\n".encode()
        )
        _sleep_until_changed(api, id, seconds, podman)
        attempt += 1
    if status not in ("", "healthy", "none"):
        return False
    if not state.get(
        "Running"
    ):  # R: ContainerOperationProvider.StartContainerAsync: its log and a warning, no failure
        on_output(f"##[command]/usr/bin/docker logs --details {id}\n".encode() + logs(api, id))
        on_output(f"##[warning]Docker container {id} is not in running state.\n".encode())
    on_output(f"{spec.alias} service is healthy.\n".encode())
    return True


def _sleep_until_changed(api: sdk.APIClient, id: str, seconds: float, podman: bool) -> None:
    """Wait as the runner does, but no longer than the service needs."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(1.0 if podman else 0.25, left))
        with translated("asking for a service's health"):
            if podman:
                _check_now(api, id)
            state = api.inspect_container(id)["State"]
        if not state.get("Running") or (state.get("Health") or {}).get("Status") != "starting":
            return


def _check_now(api: sdk.APIClient, id: str) -> None:
    """Run a health check: Podman leaves that to systemd's timers, which not every machine has."""
    api.get(f"{api.base_url}/v4.0.0/libpod/containers/{id}/healthcheck", timeout=_LONGEST_WAIT)
