"""The fake engine keeps the promises of the protocols."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from actlite.engines.base import (
    ContainerRun,
    Engine,
    ExitStatus,
    ImageSpec,
    Mount,
    Owner,
    ProcessSpec,
    Pull,
    SandboxSpec,
    ServiceSpec,
)
from actlite.engines.fake import Call, FakeEngine, FakeSandbox, Reply
from actlite.errors import CannotRun, ImageUnavailable


@pytest.fixture
def spec(tmp_path: Path) -> SandboxSpec:
    mounts = [Mount(str(tmp_path), "/__w"), Mount(str(tmp_path / "t"), "/__w/_temp")]
    (tmp_path / "t").mkdir()
    return SandboxSpec("job", ImageSpec("img:1"), Owner("r1", tmp_path), {}, mounts, "/__w")


def run(sandbox: FakeSandbox, *argv: str, **env: str) -> tuple[ExitStatus, bytes]:
    output: list[bytes] = []
    status = sandbox.run(ProcessSpec(argv, env, "/__w"), output.append)
    return status, b"".join(output)


def test_it_is_an_engine() -> None:
    engine: Engine = FakeEngine()
    assert engine.name == "fake"


def test_rules_answer_by_the_text_of_the_script(spec: SandboxSpec, tmp_path: Path) -> None:
    engine = FakeEngine(Reply(output=b"default\n"))
    (tmp_path / "t" / "1.sh").write_text("cargo build --release\n")
    engine.on("cargo build", Reply(101, [b"error: ", b"no\n"]))
    sandbox = engine.open(spec)
    assert run(sandbox, "sh", "-e", "/__w/_temp/1.sh") == (ExitStatus(101), b"error: no\n")
    assert run(sandbox, "node", "main.js") == (ExitStatus(0), b"default\n")
    assert [call.process.argv[0] for call in engine.calls] == ["sh", "node"]
    assert engine.calls[0].script == "cargo build --release\n"


def test_answers_can_write_where_the_host_reads(spec: SandboxSpec, tmp_path: Path) -> None:
    engine = FakeEngine()

    def answer(call: Call) -> Reply | None:
        call.append("GITHUB_OUTPUT", "a=1\n")
        return None

    engine.on("make", answer)
    run(engine.open(spec), "make", GITHUB_OUTPUT="/__w/_temp/out")
    assert (tmp_path / "t" / "out").read_text() == "a=1\n"
    with pytest.raises(KeyError):
        engine.calls[0].host("/elsewhere")
    assert str(engine.to_sandbox(spec, tmp_path / "t" / "x")) == "/__w/_temp/x"
    assert engine.to_sandbox(spec, Path("/elsewhere")) is None


def test_hanging_processes_end_by_kill_or_timeout(spec: SandboxSpec) -> None:
    engine = FakeEngine(Reply(hang=True))
    sandbox = engine.open(spec)
    threading.Timer(0.1, sandbox.kill).start()
    assert run(sandbox, "sleep") == (ExitStatus(130, killed=True), b"")
    status = sandbox.run(ProcessSpec(["sleep"], {}, "/", timeout=0.05), lambda data: None)
    assert status == ExitStatus(130, timed_out=True)
    kills = []
    action = ContainerRun(ImageSpec("a"), Owner("r", Path("/")), {}, [], "/", entrypoint="x", args=["y"])

    def soon(kill: object) -> None:
        kills.append(kill)
        threading.Timer(0.05, kill).start()  # type: ignore[arg-type]  # it is the kill function

    assert engine.run_container(action, lambda data: None, soon) == ExitStatus(130, killed=True)
    assert engine.calls[-1].process.argv == ["x", "y"]


def test_ownership_and_closing(spec: SandboxSpec) -> None:
    engine = FakeEngine()
    sandbox, kept = engine.open(spec), engine.open(spec)
    network = engine.create_network(spec.owner)
    services = engine.start_services(
        [ServiceSpec("db", ImageSpec("pg"), spec.owner, {}, ports=["5432", "80:8080"])],
        network,
        lambda data: None,
    )
    assert services[0].ports["8080"] == "80"
    assert services[0].ports["5432"].isdigit()
    assert [(o.kind, o.role, o.run) for o in engine.owned()] == [
        ("container", "job", "r1"), ("container", "job", "r1"), ("network", "network", "r1"), ("container", "service", "r1"),
    ]  # fmt: skip
    kept.keep()
    for box in (sandbox, kept):
        box.close()
        with pytest.raises(CannotRun):
            run(box, "true")
    engine.stop_services(services)
    engine.remove_network(network)
    assert [o.id for o in engine.owned()] == [kept.id]
    assert run(engine.attach(kept.id, None), "true")[0] == ExitStatus(0)
    engine.remove(engine.owned())
    assert engine.owned() == ()
    with pytest.raises(CannotRun):
        engine.attach(kept.id, None)


def test_images_and_faults(spec: SandboxSpec, tmp_path: Path) -> None:
    engine = FakeEngine()
    images = engine.images
    images.remote.add("far:1")
    images.absent.add("none:1")
    images.files["img:1"] = {"/etc/os-release": b"ID=x\n"}
    assert images.find("far:1") is None
    with pytest.raises(ImageUnavailable):
        images.ensure(ImageSpec("far:1", Pull.NEVER), lambda progress: None)
    images.ensure(ImageSpec("far:1"), lambda progress: None)
    assert [image.name for image in images.pulled] == ["far:1"]
    with pytest.raises(ImageUnavailable):
        images.ensure(ImageSpec("none:1"), lambda progress: None)
    assert images.read("img:1", ["/etc/os-release", "/x"]) == {"/etc/os-release": b"ID=x\n", "/x": None}
    with pytest.raises(ImageUnavailable):
        images.build(tmp_path, tmp_path / "Dockerfile", "t", spec.owner, lambda data: None)
    engine.unhealthy.add("db")
    with pytest.raises(CannotRun):
        engine.start_services([ServiceSpec("db", ImageSpec("pg"), spec.owner, {})], "n", lambda data: None)
    engine.open_error = CannotRun("no space")
    with pytest.raises(CannotRun, match="no space"):
        engine.open(spec)
