"""The docker engine's images, services, networks and docker actions."""

from __future__ import annotations

import concurrent.futures
import fcntl
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engine_images
import pytest

from actlite.engines.base import (
    ContainerRun,
    Credentials,
    ExitStatus,
    ImageSpec,
    Mount,
    Owned,
    Owner,
    Progress,
    Pull,
    ServiceSpec,
)
from actlite.engines.docker import DockerEngine, connect
from actlite.errors import CannotRun, EngineUnavailable, ImageUnavailable

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    try:
        engine = connect()
    except EngineUnavailable as e:
        pytest.skip(str(e))
    yield engine
    engine.close()


@pytest.fixture
def owner(engine: DockerEngine, tmp_path: Path) -> Iterator[Owner]:
    lock = (tmp_path / "lock").open("w")  # a live run's, so that nobody sweeps its containers away
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield Owner("test-run", tmp_path)
    left = mine(engine, tmp_path)
    engine.remove(left)
    lock.close()
    assert left == []


def mine(engine: DockerEngine, folder: Path) -> list[Owned]:
    return [one for one in engine.owned() if one.owner == str(folder) and one.kind != "image"]


def image(kind: str) -> str:
    try:
        return engine_images.image(kind)
    except engine_images.Unavailable as e:
        pytest.skip(str(e))


def silent(data: object) -> None:
    """Take what is of no interest."""


def test_find(engine: DockerEngine) -> None:
    found = engine.images.find(image("dash"))
    assert found is not None
    assert (found.os, found.env, found.labels) == (
        "linux",
        {"PATH": engine_images.PATH},
        {"kind": "engine test"},
    )
    assert engine.images.find("local/no-such-image:1") is None
    with pytest.raises(ImageUnavailable, match="not an image name"):
        engine.images.find("Not A Name")


def test_ensure_takes_what_is_here(engine: DockerEngine) -> None:
    for policy in (Pull.MISSING, Pull.NEVER):
        assert engine.images.ensure(ImageSpec(image("dash"), policy), silent).name == image("dash")
    with pytest.raises(ImageUnavailable, match="not on this machine") as error:
        engine.images.ensure(ImageSpec("local/no-such-image:1", Pull.NEVER), silent)
    assert "--image local/no-such-image:1=OTHER" in error.value.do


@pytest.fixture
def registry() -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """A registry that refuses everything in the way that a test sets."""
    answers: list[tuple[int, str]] = [
        (404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    ]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = (200, "{}") if self.path == "/v2/" else answers[0]
            self.send_response(code)
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body.encode())

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ((404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'), "does not exist"),
        (
            (403, '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'),
            "refuses",
        ),
    ],
)
def test_pull_failures_say_what_is_wrong(
    engine: DockerEngine, registry: tuple[str, list[tuple[int, str]]], answer: tuple[int, str], what: str
) -> None:
    host, answers = registry
    answers[0] = answer
    spec = ImageSpec(f"{host}/some/image:1", Pull.ALWAYS, Credentials("user", "s3cret"))
    with pytest.raises(ImageUnavailable, match=what) as error:
        engine.images.ensure(spec, silent)
    assert error.value.why
    assert "s3cret" not in str(error.value)


def test_registry_that_is_not_reached(engine: DockerEngine) -> None:
    with pytest.raises(ImageUnavailable, match="not reached") as error:
        engine.images.ensure(ImageSpec("127.0.0.1:9/some/image:1"), silent)
    assert "--pull never" in error.value.do
    with pytest.raises(ImageUnavailable, match="not an image name"):
        engine.images.ensure(ImageSpec("Bad//Name"), silent)


def test_read_follows_links_and_leaves_nothing(engine: DockerEngine) -> None:
    before = {one.id for one in engine.owned() if one.role == "probe"}
    found = engine.images.read(
        image("dash"),
        [
            "/etc/passwd",
            "/linked/passwd",
            "/etc/relative",
            "/linked/relative",
            "/etc/none",
            "/etc",
            "/etc/loop",
            "/etc/passwd/x",
        ],
    )
    assert [name for name, data in found.items() if data == engine_images.PASSWD] == [
        "/etc/passwd", "/linked/passwd", "/etc/relative", "/linked/relative",
    ]  # fmt: skip
    assert [name for name, data in found.items() if data is None] == [
        "/etc/none",
        "/etc",
        "/etc/loop",
        "/etc/passwd/x",
    ]
    assert {one.id for one in engine.owned() if one.role == "probe"} <= before
    with pytest.raises(ImageUnavailable):
        engine.images.read("local/no-such-image:1", ["/x"])


def test_build(engine: DockerEngine, owner: Owner) -> None:
    folder = owner.folder / "action"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f'FROM {image("dash")}\nENV MADE=yes\nENTRYPOINT ["sh"]\n')
    output: list[bytes] = []
    tag = "local/actlite-engine-built:1"
    built = engine.images.build(folder, folder / "Dockerfile", tag, owner, output.append)
    try:
        assert built.env["MADE"] == "yes"
        assert built.labels["dev.actlite.role"] == "image"
        assert b"ENV MADE=yes" in b"".join(output)
    finally:
        engine.remove(
            [one for one in engine.owned() if one.kind == "image" and one.owner == str(owner.folder)]
        )
    (folder / "Dockerfile").write_text(f"FROM {image('dash')}\nRUN echo broken; exit 3\n")
    with pytest.raises(CannotRun, match="could not be built") as error:
        engine.images.build(folder, folder / "Dockerfile", tag, owner, output.append)
    assert "exit 3" in error.value.why
    (folder / "Dockerfile").write_text("NONSENSE\n")
    with pytest.raises(CannotRun) as refused:
        engine.images.build(folder, folder / "Dockerfile", tag, owner, output.append)
    assert "NONSENSE" in refused.value.why.upper()
    with pytest.raises(ImageUnavailable, match="there is no"):
        engine.images.build(folder, folder / "None", tag, owner, output.append)
    with pytest.raises(ImageUnavailable, match="not inside"):
        engine.images.build(folder, owner.folder / "lock", tag, owner, output.append)


def action(owner: Owner, *args: str, **more: object) -> ContainerRun:
    fields: dict[str, object] = {
        "image": ImageSpec(image("dash")),
        "owner": owner,
        "env": {"A": "b c", "EMPTY": ""},
        "mounts": [Mount(str(owner.folder), "/github/workspace")],
        "workdir": "/github/workspace",
        "args": args,
        **more,
    }
    return ContainerRun(**fields)  # type: ignore[arg-type]  # fields of any kind


Result = tuple[ExitStatus, bytes]


@pytest.fixture
def run(engine: DockerEngine) -> Callable[..., Result]:
    def run(spec: ContainerRun, on_start: Callable[[Callable[[], None]], None] = silent) -> Result:
        output: list[bytes] = []
        status = engine.run_container(spec, output.append, on_start)
        return status, b"".join(output)

    return run


def test_docker_action(run: Callable[..., Result], owner: Owner) -> None:
    script = 'pwd; echo "$A|${EMPTY-unset}|$1|$2"; echo err >&2; exit 7'
    status, output = run(action(owner, "-c", script, "sh", "a b", "", entrypoint="sh"))
    assert (status.code, sorted(output.splitlines())) == (7, [b"/github/workspace", b"b c||a b|", b"err"])
    assert run(action(owner, "sh", "-c", "head -c 3000000 /dev/zero"))[1] == b"\0" * 3_000_000


def test_short_docker_actions_at_the_same_time_say_everything_once(
    run: Callable[..., Result], owner: Owner
) -> None:
    """A busy daemon that is asked for the log beside the stream gives both."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: run(action(owner, "-c", "echo hello", entrypoint="sh")), range(36)))
    assert {(status.code, output) for status, output in results} == {(0, b"hello\n")}


def test_docker_action_that_cannot_start(run: Callable[..., Result], owner: Owner) -> None:
    status, output = run(action(owner, entrypoint="/no-such-program"))
    assert status.code == 127
    assert output.startswith(b"docker: Error response from daemon:")
    assert b"/no-such-program" in output
    status, output = run(action(owner, "true", network="no-such-network"))
    assert status.code == 125
    assert b"no-such-network" in output


def test_docker_action_is_killed(run: Callable[..., Result], owner: Owner) -> None:
    trap = "trap 'echo bye; exit 9' INT; while :; do sleep 0.1; done"
    status, output = run(action(owner, "sh", "-c", trap, timeout=0.5))
    assert (status, output) == (ExitStatus(9, timed_out=True), b"bye\n")

    def soon(kill: Callable[[], None]) -> None:
        threading.Timer(0.5, kill).start()

    status, output = run(action(owner, "sh", "-c", trap), soon)
    assert (status, output) == (ExitStatus(9, killed=True), b"bye\n")


def service(owner: Owner, alias: str, options: str = "", **more: object) -> ServiceSpec:
    fields: dict[str, object] = {
        "alias": alias,
        "image": ImageSpec(image("dash")),
        "owner": owner,
        "env": {"A": "1"},
        "options": options,
        "entrypoint": "sh",
        "command": '-c "echo started $A $CI $GITHUB_ACTIONS; sleep 60"',
        **more,
    }
    return ServiceSpec(**fields)  # type: ignore[arg-type]  # fields of any kind


@pytest.fixture
def network(engine: DockerEngine, owner: Owner) -> Iterator[str]:
    name = engine.create_network(owner)
    yield name
    engine.remove_network(name)
    engine.remove_network(name)


def test_services_become_healthy_and_are_named_on_the_network(
    engine: DockerEngine, owner: Owner, network: str, run: Callable[..., Result]
) -> None:
    output: list[bytes] = []
    health = '--health-cmd "test -e /tmp/ready || { touch /tmp/ready; exit 1; }" --health-interval 1500ms --health-retries 20'
    started = engine.start_services(
        [
            service(owner, "db", health, ports=["5432", "127.0.0.1::53/udp"]),
            service(owner, "cache"),
            service(owner, "none", image=ImageSpec("")),
        ],
        network,
        output.append,
    )
    text = b"".join(output).decode()
    assert [one.alias for one in started] == ["db", "cache"]
    assert int(started[0].ports["5432"]) > 1024
    assert int(started[0].ports["53"]) > 1024
    assert "db service is starting, waiting 2 seconds before checking again.\n" in text
    assert (
        "The service 'none' will not be started because the container definition has an empty image." in text
    )
    assert {one.name for one in mine(engine, owner.folder)} >= {network}
    assert engine.connection.api.logs(started[1].id) == b"started 1 true true\n"
    found = engine.connection.api.inspect_container(started[0].id)
    assert "db" in found["NetworkSettings"]["Networks"][network]["Aliases"]
    engine.stop_services(started)
    engine.stop_services(started)


def test_unhealthy_service_fails_with_its_log(engine: DockerEngine, owner: Owner, network: str) -> None:
    output: list[bytes] = []
    specs = [
        service(owner, "good"),
        service(owner, "bad", "--health-cmd false --health-interval 100ms --health-retries 1"),
    ]
    start = time.monotonic()
    with pytest.raises(CannotRun, match=r"One or more containers failed to start\."):
        engine.start_services(specs, network, output.append)
    assert time.monotonic() - start < 10
    text = b"".join(output).decode()
    assert "started 1 true true" in text
    assert f"Failed to initialize container {image('dash')}" in text
    assert [one.role for one in mine(engine, owner.folder)] == ["network"]


def test_service_that_cannot_start(engine: DockerEngine, owner: Owner, network: str) -> None:
    with pytest.raises(CannotRun, match="could not be started"):
        engine.start_services([service(owner, "bad", entrypoint="/none")], network, silent)
    with pytest.raises(CannotRun, match="port"):
        engine.start_services([service(owner, "bad", ports=["x"])], network, silent)
    with pytest.raises(ImageUnavailable, match="of the service 'bad'"):
        engine.start_services([service(owner, "bad", image=ImageSpec("local/none:1"))], network, silent)


def test_check_and_pull_progress(engine: DockerEngine) -> None:
    from actlite.engines.docker.images import Layers

    assert [d for d in engine.check() if d.severity.value == "error"] == []
    layers = Layers()
    messages: list[dict[str, Any]] = [
        {"status": "Pulling from x", "id": "1"},
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "a", "progressDetail": {}},
        {"status": "Status: done"},
    ]
    assert [layers.add(m) for m in messages][-1] == Progress("Status: done", 105, 150)
