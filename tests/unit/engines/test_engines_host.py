"""The engine that is this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from actlite.engines import orphans
from actlite.engines.base import (
    ContainerRun,
    ExitStatus,
    ImageSpec,
    Owner,
    ProcessSpec,
    SandboxSpec,
    ServiceSpec,
)
from actlite.engines.host import HostEngine, HostSandbox
from actlite.errors import CannotRun, ImageUnavailable
from actlite.execution.machine import tracking_id


@pytest.fixture
def spec(tmp_path: Path) -> SandboxSpec:
    return SandboxSpec(
        "job", ImageSpec(""), Owner("r", tmp_path), {"HOME": "/h", "CI": "true"}, [], str(tmp_path / "w")
    )


@pytest.fixture
def sandbox(spec: SandboxSpec) -> HostSandbox:
    return HostEngine().open(spec)


def run(sandbox: HostSandbox, spec: SandboxSpec, *argv: str, **more: object) -> tuple[ExitStatus, bytes]:
    output: list[bytes] = []
    fields: dict[str, object] = {"argv": argv, "env": {}, "workdir": spec.workdir, **more}
    status = sandbox.run(ProcessSpec(**fields), output.append)  # type: ignore[arg-type]  # fields of any kind
    return status, b"".join(output)


def ended(pid: int) -> bool:
    """Whether a process that was killed is gone, or soon is."""
    for _ in range(500):
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return True
        if status.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_environment_is_minimal(
    sandbox: HostSandbox, spec: SandboxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret")
    _, output = run(HostEngine().open(spec), spec, "env", env={"A": "1"}, path_prepends=["/p1", "/p2"])
    seen = dict(line.split("=", 1) for line in output.decode().splitlines())
    assert seen["HOME"] == "/h"
    assert seen["A"] == "1"
    assert seen["PATH"] == f"/p1:/p2:{os.environ['PATH']}"
    assert "MY_TOKEN" not in seen


def test_codes_order_and_session(sandbox: HostSandbox, spec: SandboxSpec) -> None:
    assert run(sandbox, spec, "sh", "-c", "echo out; echo err >&2; cat; exit 3") == (
        ExitStatus(3),
        b"out\nerr\n",
    )
    assert run(sandbox, spec, "sh", "-c", "kill -9 $$") == (ExitStatus(137), b"")
    _, output = run(
        sandbox, spec, "sh", "-c", "read -r p c s pp g sid rest </proc/$$/stat; echo $((p - sid))"
    )
    assert output == b"0\n"


def test_programs_that_cannot_start(sandbox: HostSandbox, spec: SandboxSpec, tmp_path: Path) -> None:
    assert run(sandbox, spec, "no-such-program") == (ExitStatus(127), b"no-such-program: command not found\n")
    assert run(sandbox, spec, str(tmp_path))[0] == ExitStatus(126)
    status, output = run(sandbox, spec, "true", workdir=str(tmp_path / "none"))
    assert status == ExitStatus(127)
    assert b"the working directory" in output


def test_timeout_and_kill_reach_the_group(sandbox: HostSandbox, spec: SandboxSpec) -> None:
    start = time.monotonic()
    assert run(sandbox, spec, "sh", "-c", "sh -c 'sleep 60'; echo no", timeout=0.2)[0] == ExitStatus(
        130, timed_out=True
    )
    threading.Timer(0.2, sandbox.kill).start()
    assert run(sandbox, spec, "sh", "-c", "sleep 60") == (ExitStatus(130, killed=True), b"")
    assert time.monotonic() - start < 5
    sandbox.kill()
    assert run(sandbox, spec, "true") == (ExitStatus(0), b"")


def test_leftovers_do_not_hold_a_step(sandbox: HostSandbox, spec: SandboxSpec) -> None:
    start = time.monotonic()
    assert run(sandbox, spec, "sh", "-c", "(sleep 1; echo late; echo ok >left) & echo now") == (
        ExitStatus(0),
        b"now\n",
    )
    assert time.monotonic() - start < 0.9
    time.sleep(1.3)
    assert (Path(spec.workdir) / "left").read_text() == "ok\n"
    assert run(sandbox, spec, "sh", "-c", "echo a; exec >&- 2>&-; sleep 0.2; exit 5") == (
        ExitStatus(5),
        b"a\n",
    )
    assert len(run(sandbox, spec, "head", "-c", "10000000", "/dev/zero")[1]) == 10_000_000


def test_shell_keep_and_close(sandbox: HostSandbox, spec: SandboxSpec) -> None:
    assert sandbox.shell(ProcessSpec(["sh", "-c", "exit 6"], {}, spec.workdir)) == 6
    sandbox.keep()
    sandbox.close()
    assert Path(spec.workdir).is_dir()
    assert sandbox.id == sandbox.network == ""
    assert "PATH" in sandbox.image_env


def test_the_run_knows_its_processes_until_they_are_ended(spec: SandboxSpec, tmp_path: Path) -> None:
    tracking = tracking_id()
    sandbox = HostEngine().open(replace(spec, env={**spec.env, orphans.TRACKING: tracking}))
    note = tmp_path / orphans.NOTES / tracking
    assert (note.stat().st_mode & 0o777, note.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    _, output = run(sandbox, spec, "sh", "-c", "sleep 97 & echo $!")
    sandbox.close()
    assert ended(int(output))
    assert not note.exists()


def test_noted_processes_are_ended_with_those_that_they_start(tmp_path: Path) -> None:
    ours, other = tracking_id(), tracking_id()
    orphans.note(tmp_path, ours)
    for wrong in ("github_", f"{other}x", "x" + other):  # none of these is an id
        (tmp_path / orphans.NOTES / wrong).touch()
    forks = "import os, time\nwhile True:\n    os.fork() and time.sleep(97)\n    time.sleep(0.002)"
    running = [
        subprocess.Popen([sys.executable, "-c", code], env={**os.environ, orphans.TRACKING: id})
        for code, id in ((forks, ours), ("import time; time.sleep(97)", other))
    ]
    try:
        time.sleep(0.3)
        assert orphans.end_noted(tmp_path) > 1
        assert running[0].wait(5) == -signal.SIGKILL
        assert orphans.end_noted(tmp_path) == 0
        assert running[1].poll() is None
    finally:
        for id in (ours, other):
            orphans.end(id)
        running[1].wait(5)


def test_what_needs_containers_is_refused(spec: SandboxSpec, tmp_path: Path) -> None:
    engine = HostEngine()
    owner, image = Owner("r", tmp_path), ImageSpec("alpine")
    with pytest.raises(CannotRun, match="options"):
        engine.open(replace(spec, options="--cpus 1"))
    with pytest.raises(CannotRun, match="docker actions"):
        engine.run_container(ContainerRun(image, owner, {}, [], "/"), lambda data: None, lambda kill: None)
    with pytest.raises(CannotRun, match="services"):
        engine.start_services([ServiceSpec("db", image, owner, {})], "", lambda data: None)
    with pytest.raises(CannotRun, match="services"):
        engine.create_network(owner)
    with pytest.raises(ImageUnavailable):
        engine.images.ensure(image, lambda progress: None)
    with pytest.raises(ImageUnavailable):
        engine.images.read("alpine", ["/x"])
    with pytest.raises(ImageUnavailable):
        engine.images.build(tmp_path, tmp_path, "t", owner, lambda data: None)
    assert engine.images.find("alpine") is None
    assert engine.start_services([], "", lambda data: None) == ()
    assert engine.owned() == ()
    assert [d.code for d in engine.check()] == ["engine-host"]
