"""Containers as such: created and started in two calls, run once, listed by label, removed."""

from __future__ import annotations

import contextlib
import re
import resource
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from actlite.engines.base import LABEL_OWNER, LABEL_ROLE, LABEL_RUN, ExitStatus, OutputSink, Owned
from actlite.engines.docker import execs, sdk
from actlite.engines.docker.client import create_container
from actlite.engines.docker.create import CreateRequest
from actlite.engines.docker.failures import disk_full, no_space, text, translated
from actlite.engines.docker.killing import INTERRUPT_SECONDS, TERMINATE_SECONDS
from actlite.errors import CannotRun

_TICK = 0.1
_STAY_SECONDS = 0.3
_IMAGE_SECONDS = 20
_REMOVAL_SECONDS = 10
_PODMAN_PROCESSES = 32768
_LIMITED = {"nofile", "nproc"}
_CAPPED: weakref.WeakSet[sdk.APIClient] = weakref.WeakSet()
"""Engines that may not raise limits."""
_INITLESS: weakref.WeakSet[sdk.APIClient] = weakref.WeakSet()
"""Engines without an init program: Debian's podman only recommends one."""


class NoProgram(Exception):
    """The image hasn't the program that the container is to run; the daemon's words."""


def create_and_start(api: sdk.APIClient, request: CreateRequest) -> str:
    """Create a container, join its further networks, start it; its id. Nothing is left when that fails.

    Raises NoProgram, CannotRun with the daemon's words, DiskFull.
    """
    id = create(api, request)
    try:
        api.start(id)
    except sdk.errors.APIError as e:
        remove(api, id)
        words = text(e)
        if _repair(api, request, words):
            return create_and_start(api, request)
        if re.search(r"executable file not found|stat .*: no such file|exec: .*no such file", words):
            raise NoProgram(words) from e
        raise _refused(words, request) from e
    except BaseException:
        remove(api, id)
        raise
    return id


def _repair(api: sdk.APIClient, request: CreateRequest, words: str) -> bool:
    """Take back what this engine can't give; True when another try is worth it."""
    if request.host.get("Init") and re.search(r"docker-init|podman-init|catatonit|container-init", words):
        _INITLESS.add(api)
        request.host["Init"] = False
        return True
    if "setting rlimit" in words and not _limited(request) >= _LIMITED:
        # Podman asks for higher limits than it may set where it lacks CAP_SYS_RESOURCE itself.
        _CAPPED.add(api)
        return True
    return False


def _limited(request: CreateRequest) -> set[str]:
    return {str(limit["Name"]) for limit in request.host.get("Ulimits") or ()}


def _limits() -> list[dict[str, Any]]:
    """Limits that nobody needs a right to set: this process's own hard ones; Podman keeps no more
    than 32768 processes for itself."""
    files, processes = (
        resource.getrlimit(number)[1] for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    )
    if not 0 < processes <= _PODMAN_PROCESSES:  # -1 means no limit
        processes = _PODMAN_PROCESSES
    return [
        {"Name": name, "Soft": limit, "Hard": limit}
        for name, limit in (("nofile", files), ("nproc", processes))
    ]


def create(api: sdk.APIClient, request: CreateRequest) -> str:
    """Create a container; its id. Raises CannotRun, DiskFull."""
    if api in _CAPPED:
        limits, own = _limits(), _limited(request)
        request.host.setdefault("Ulimits", []).extend(one for one in limits if one["Name"] not in own)
    if api in _INITLESS:
        request.host["Init"] = False
    try:
        id = create_container(api, request.body(), request.name, request.platform)
    except sdk.errors.APIError as e:
        if _repair(api, request, text(e)):
            return create(api, request)
        raise _refused(text(e), request) from e
    try:
        for network, settings in request.later_networks():
            with translated(f"joining the network {network}"):
                api.connect_container_to_network(id, network, aliases=settings.get("Aliases"))
    except BaseException:
        remove(api, id)
        raise
    return id


def must_stay(api: sdk.APIClient, id: str) -> None:
    """Look at a container for a moment after its start. Raises NoProgram when it has ended because its
    init did not find the program (the daemon can't tell that by itself), else CannotRun."""
    deadline = time.monotonic() + _STAY_SECONDS
    while time.monotonic() < deadline:
        with translated("looking at a container that was started"):
            state = api.inspect_container(id)["State"]
        if not state.get("Running"):
            with translated("reading a container's log"):
                log = api.logs(id, tail=20).decode(errors="replace").strip()
            if state.get("ExitCode") == 127 or re.search(r"exec \S+ failed: No such file", log):
                raise NoProgram(log)
            raise CannotRun(
                "the job's container ended as soon as it was started",
                why=f"exit code {state.get('ExitCode')}\n{log}".strip(),
            )
        time.sleep(0.02)


def _refused(words: str, request: CreateRequest) -> CannotRun:
    if no_space(words):
        return disk_full("making a container", words)
    do = ""
    if "port is already allocated" in words or "address already in use" in words:
        do = "Another program or container uses that port: stop it, or publish the port without a number of the host."
    elif re.search(r"network .* not found", words):
        do = "Make that network first, or remove --network from `options:`."
    elif "slirp4netns" in words or "rootless netns" in words:
        do = "Podman without root needs the program slirp4netns, and /dev/net/tun open to its user, for networks."
    return CannotRun(f"the container engine refused to start {request.name}", why=words, do=do)


def remove(api: sdk.APIClient, id: str) -> None:
    """Remove a container and its anonymous volumes. One that is gone is no error. Raises CannotRun."""
    with translated("removing a container"):
        _remove(api, id)


def _remove(api: sdk.APIClient, id: str) -> None:
    """Remove a container; where somebody else is just removing it, wait for that. Raises sdk.errors.APIError."""
    try:
        api.remove_container(id, v=True, force=True)
    except sdk.errors.APIError as e:
        if e.status_code == 404:
            return
        if e.status_code != 409:
            raise
        deadline = time.monotonic() + _REMOVAL_SECONDS
        with contextlib.suppress(sdk.errors.NotFound):
            while time.monotonic() < deadline:
                api.inspect_container(id)
                time.sleep(0.05)


def run_once(
    api: sdk.APIClient,
    request: CreateRequest,
    timeout: float | None,
    on_output: OutputSink,
    on_start: Callable[[Callable[[], None]], None],
) -> ExitStatus:
    """Run a container to its end, as ``docker run --rm`` does, and remove it."""
    try:
        id = create(api, request)
    except CannotRun as e:
        on_output(f"docker: Error response from daemon: {e.why}.\n".encode())
        return ExitStatus(125)
    stop = _Stop(api, id)
    try:
        # not `logs` too: what is written before a busy daemon reads the log would come twice
        attached = execs.Hijacked(api.attach_socket(id, params={"stdout": 1, "stderr": 1, "stream": 1}))
        try:
            api.start(id)
            on_start(stop.kill)
            _follow(attached, on_output, stop, timeout)
        finally:
            attached.close()
        if stop.gave_up:
            return ExitStatus(137, timed_out=stop.timed_out, killed=stop.killed)
        with translated("waiting for a container"):
            code = int(api.wait(id)["StatusCode"])
        return ExitStatus(code, timed_out=stop.timed_out, killed=stop.killed)
    except sdk.errors.APIError as e:
        words = text(e)
        if not _repair(api, request, words):
            on_output(f"docker: Error response from daemon: {words}.\n".encode())
            code = execs.failure_code(words)
            return ExitStatus(125 if code == 1 else code)
    finally:
        stop.ended()
        remove(api, id)
    return run_once(api, request, timeout, on_output, on_start)


def _follow(attached: execs.Hijacked, on_output: OutputSink, stop: _Stop, timeout: float | None) -> None:
    frames = execs.LineDemultiplexer(on_output)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while True:
            data = attached.read(_TICK)
            if data:
                frames.feed(data)
            elif data == b"" or stop.gave_up:
                return
            if deadline is not None and time.monotonic() >= deadline and not stop.timed_out:
                stop.timed_out = True
                stop.start()
    finally:
        frames.end()


class _Stop:
    """Stops a container's main process: INT, TERM, KILL, with the runner's times."""

    def __init__(self, api: sdk.APIClient, id: str) -> None:
        self._api = api
        self._id = id
        self._ended = threading.Event()
        self._started = threading.Lock()
        self.timed_out = False
        self.killed = False
        self.gave_up = False

    def kill(self) -> None:
        """Begin because somebody asks; returns at once."""
        self.killed = True
        self.start()

    def start(self) -> None:
        """Begin; returns at once, and does nothing when begun before."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._work, name="actlite-stop", daemon=True).start()

    def ended(self) -> None:
        """The container has ended."""
        self._ended.set()

    def _work(self) -> None:
        for signal, seconds in (
            ("SIGINT", INTERRUPT_SECONDS),
            ("SIGTERM", TERMINATE_SECONDS),
            ("SIGKILL", 5.0),
        ):
            with contextlib.suppress(sdk.errors.APIError):
                self._api.kill(self._id, signal)
            if self._ended.wait(seconds):
                return
        self.gave_up = True


def remove_image(api: sdk.APIClient, id: str) -> None:
    """Remove an image; a daemon that is busy with others is not waited for: the next sweep takes it.

    A daemon that removes another image with the same parent at that moment may stumble over it (500,
    "unrecognized image ID"), so that is tried again.
    """
    url = f"{api.base_url}/v{api.api_version}/images/{id}"
    with contextlib.suppress(sdk.broken.Timeout):
        for pause in (0.05, 0.2, 0.0):
            if api.delete(url, params={"force": "1"}, timeout=_IMAGE_SECONDS).status_code != 500:
                return
            time.sleep(pause)


def remove_network(api: sdk.APIClient, name: str) -> None:
    """Remove a network, and what a job itself has attached to it first. Raises sdk.errors.APIError."""
    try:
        api.remove_network(name)
    except sdk.errors.APIError as e:
        if e.status_code != 403:  # "has active endpoints"
            raise
        for container in api.inspect_network(name).get("Containers") or {}:
            with contextlib.suppress(sdk.errors.NotFound):
                api.disconnect_container_from_network(container, name, force=True)
        api.remove_network(name)


def owned(api: sdk.APIClient) -> list[Owned]:
    """Containers, networks, volumes and images with our labels."""
    filters: dict[str, Any] = {"label": [LABEL_ROLE]}
    found = [
        _owned("container", str(c["Id"]), (c.get("Names") or [""])[0].lstrip("/"), c.get("Labels"))
        for c in api.containers(all=True, filters=filters)
    ]
    found += [
        _owned("network", str(n["Id"]), str(n["Name"]), n.get("Labels"))
        for n in api.networks(filters=filters)
    ]
    found += [
        _owned("volume", str(v["Name"]), str(v["Name"]), v.get("Labels"))
        for v in (api.volumes(filters=filters).get("Volumes") or ())
    ]
    found += [
        _owned("image", str(i["Id"]), (i.get("RepoTags") or [""])[0], i.get("Labels"))
        for i in api.images(filters=filters)
    ]
    return found


def _owned(kind: str, id: str, name: str, labels: dict[str, str] | None) -> Owned:
    marks = labels or {}
    return Owned(
        kind, id, name, marks.get(LABEL_RUN, ""), marks.get(LABEL_OWNER, ""), marks.get(LABEL_ROLE, "")
    )


def remove_owned(api: sdk.APIClient, objects: Iterable[Owned]) -> None:
    """Remove objects, containers before what they use. Those gone, and images in use, are passed over."""
    order = ("container", "network", "volume", "image")
    for one in sorted(objects, key=lambda o: order.index(o.kind)):
        try:
            if one.kind == "container":
                _remove(api, one.id)
            elif one.kind == "network":
                remove_network(api, one.id)
            elif one.kind == "volume":
                api.remove_volume(one.id, force=True)
            else:
                remove_image(api, one.id)
        except sdk.errors.APIError as e:
            if e.status_code not in (404, 409):
                raise
