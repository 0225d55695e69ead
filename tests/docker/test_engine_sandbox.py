"""The docker engine's sandbox: the supervisor against a real exec, and what can go wrong in a step."""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import engine_images
import pytest

from actlite.engines.base import ExitStatus, ImageSpec, Mount, Owner, ProcessSpec, SandboxSpec
from actlite.engines.docker import DockerEngine, connect
from actlite.engines.docker.sandbox import DockerSandbox
from actlite.errors import CannotRun, EngineUnavailable, ImageUnavailable

pytestmark = pytest.mark.docker

KINDS = ("dash", "bash", "busybox")
WORKDIR = "/__w/project/project"

OBSERVE = r"""
env | sort | grep -v '^PWD='
echo "-- input"; cat
echo "-- identity"; id; umask; pwd
echo "-- arguments"; tr '\0' '\n' </proc/$$/cmdline
echo "-- status"; grep -E '^(Umask|Uid|Gid|Groups|Sig(Pnd|Blk|Ign|Cgt)|Cap|NoNewPrivs|Seccomp:|Cpus_allowed:)' /proc/self/status
echo "-- limits"; cat /proc/$$/limits
echo "-- cgroup"; cat /proc/$$/cgroup
echo "-- oom"; cat /proc/$$/oom_score_adj
echo "-- mounts"; cat /proc/$$/mounts
echo "-- terminal"; tty; cut -d ' ' -f 7,18,19,40,41 </proc/$$/stat
echo "-- files"; for f in 0 1 2; do stat -Lc %F /proc/$$/fd/$f; done; ls /proc/$$/fd
echo to-stdout >/dev/stdout
echo "-- leader"; read -r p c s pp g sid rest </proc/$$/stat; [ $p = $g ] && [ $g = $sid ] && echo yes
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    try:
        engine = connect()
    except EngineUnavailable as e:
        pytest.skip(str(e))
    yield engine
    engine.close()


def image(kind: str) -> str:
    try:
        return engine_images.image(kind)
    except engine_images.Unavailable as e:
        pytest.skip(str(e))


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SandboxSpec]:
    lock = (tmp_path / "lock").open("w")  # a live run's, so that nobody sweeps its containers away
    fcntl.flock(lock, fcntl.LOCK_EX)
    (tmp_path / "work" / "project" / "project").mkdir(parents=True)
    (tmp_path / "work" / "project" / "project").chmod(0o777)
    yield SandboxSpec(
        key="build (x86_64, 1)",
        image=ImageSpec(image("dash")),
        owner=Owner("test-run", tmp_path),
        env={"HOME": "/github/home", "FROM_CONTAINER": "a b"},
        mounts=[Mount(str(tmp_path / "work"), "/__w"), Mount(str(tmp_path / "home"), "/github/home")],
        workdir=WORKDIR,
        control=tmp_path / "control",
    )
    lock.close()


Opener = Callable[[SandboxSpec], DockerSandbox]


@pytest.fixture
def opened(engine: DockerEngine) -> Iterator[Opener]:
    sandboxes: list[DockerSandbox] = []

    def open_(spec: SandboxSpec) -> DockerSandbox:
        sandboxes.append(engine.open(spec))
        return sandboxes[-1]

    yield open_
    for sandbox in sandboxes:
        sandbox.close()


def run(sandbox: DockerSandbox, *argv: str, **more: object) -> tuple[ExitStatus, bytes]:
    output: list[bytes] = []
    fields: dict[str, object] = {"argv": argv, "env": {}, "workdir": WORKDIR, **more}
    status = sandbox.run(ProcessSpec(**fields), output.append)  # type: ignore[arg-type]  # fields of any kind
    return status, b"".join(output)


@pytest.mark.parametrize("user", ["", "--user 1000", "--user bob --group-add 1001", "--user 12345:12345"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.rule("containers/process-one")
def test_supervised_step_equals_a_real_exec(opened: Opener, spec: SandboxSpec, kind: str, user: str) -> None:
    # (Not two different limits of open files: runc raises the lower one for itself and may not put it back in time.)
    limits = "--ulimit nofile=1000:1000 --ulimit core=1000:2000"
    sandbox = opened(replace(spec, image=ImageSpec(image(kind)), options=f"{user} {limits}"))
    assert sandbox.supervised
    seen = [
        run(
            sandbox,
            *("sh", "-c", OBSERVE, "first argument", "", "'quoted'"),
            env={"A": "two\nlines 'and' \"quotes\" $HOME", "EMPTY": ""},
            path_prepends=["/first", "/second"],
            real_exec=real,
        )
        for real in (True, False)
    ]
    assert seen[0][1].decode() == seen[1][1].decode()
    assert seen[0] == seen[1]
    assert b"PATH=/first:/second:/usr/local/bin:/usr/bin:/bin\n" in seen[0][1]


def test_names_no_shell_holds_go_through_exec(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(spec)
    status, output = run(sandbox, "env", env={"INPUT_FETCH-DEPTH": "1", "PWD": "/odd", "_": "u"})
    assert status == ExitStatus(0)
    assert {b"INPUT_FETCH-DEPTH=1", b"PWD=/odd", b"_=u"} <= set(output.split(b"\n"))


def test_image_with_such_names_is_not_supervised(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(replace(spec, env={**spec.env, "a-b": "1", "OLDPWD": "/x"}))
    assert not sandbox.supervised
    _, output = run(sandbox, "env")
    assert {b"a-b=1", b"OLDPWD=/x", b"FROM_CONTAINER=a b"} <= set(output.split(b"\n"))


def test_no_control_folder_means_exec(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(replace(spec, control=None))
    assert not sandbox.supervised
    assert run(sandbox, "sh", "-c", "pwd; exit 4") == (ExitStatus(4), f"{WORKDIR}\n".encode())


@pytest.mark.parametrize("real", [True, False])
def test_texts_of_failed_starts_are_docker_s(opened: Opener, spec: SandboxSpec, real: bool) -> None:
    sandbox = opened(spec)
    status, output = run(sandbox, "no-such-program", real_exec=real)
    assert status.code in (126, 127)
    assert b'exec: "no-such-program": executable file not found in $PATH' in output
    status, output = run(sandbox, "/etc/passwd", real_exec=real)
    assert status.code == 126
    assert b"permission denied" in output
    status, output = run(sandbox, "true", workdir="/no/such", real_exec=real)
    assert status.code in (126, 127)
    assert b"/no/such" in output


def test_lines_of_stdout_and_stderr_stay_whole_in_a_real_exec(opened: Opener, spec: SandboxSpec) -> None:
    script = (
        "printf pass; sleep 0.1; printf 'no::' >&2; sleep 0.1; echo word; echo 'command::' >&2; "
        "sleep 0.1; printf last; sleep 0.1; printf error >&2"
    )
    _, output = run(opened(spec), "sh", "-c", script, real_exec=True)
    assert sorted(output.splitlines()) == [b"error", b"last", b"no::command::", b"password"]
    assert output.index(b"password") < output.index(b"last")


def test_missing_interpreter_through_real_exec(opened: Opener, spec: SandboxSpec, tmp_path: Path) -> None:
    script = tmp_path / "work" / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    status, output = run(opened(spec), "/__w/script", real_exec=True)
    assert status.code != 0
    assert b"exec /__w/script: no such file or directory" in output


@pytest.mark.parametrize("real", [True, False])
def test_hard_outputs(opened: Opener, spec: SandboxSpec, real: bool) -> None:
    sandbox = opened(spec)
    assert run(sandbox, "printf", r"\000\377\033[", real_exec=real)[1] == b"\0\xff\x1b["
    status, output = run(sandbox, "head", "-c", "10000000", "/dev/zero", real_exec=real)
    assert (status, len(output)) == (ExitStatus(0), 10_000_000)
    assert run(sandbox, "sh", "-c", "echo a; exec >&- 2>&-; sleep 0.3; exit 5", real_exec=real) == (
        ExitStatus(5),
        b"a\n",
    )


@pytest.mark.rule("containers/left-behind")
def test_daemon_left_behind(opened: Opener, spec: SandboxSpec, tmp_path: Path) -> None:
    sandbox = opened(spec)
    start = time.monotonic()
    assert run(sandbox, "sh", "-c", "(sleep 1; echo late; echo ok >left) & echo now") == (
        ExitStatus(0),
        b"now\n",
    )
    assert time.monotonic() - start < 0.9
    time.sleep(1.3)
    assert (tmp_path / "work/project/project/left").read_text() == "ok\n"


@pytest.mark.parametrize("real", [True, False])
def test_timeout_ends_the_whole_group(opened: Opener, spec: SandboxSpec, real: bool) -> None:
    sandbox = opened(spec)
    start = time.monotonic()
    status, output = run(
        sandbox, "sh", "-c", "trap 'echo stopped; exit 9' INT; sleep 60 & wait", real_exec=real, timeout=0.3
    )
    assert (status, output) == (ExitStatus(9, timed_out=True), b"stopped\n")
    assert time.monotonic() - start < 6
    assert b"sleep" not in run(sandbox, "sh", "-c", "cat /proc/[0-9]*/comm")[1]


@pytest.mark.slow
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.rule("containers/cancel")
def test_kill_goes_on_to_term_and_kill(opened: Opener, spec: SandboxSpec, real: bool) -> None:
    sandbox = opened(spec)
    threading.Timer(0.5, sandbox.kill).start()
    start = time.monotonic()
    status, output = run(
        sandbox, "sh", "-c", "trap '' INT; trap 'echo term' TERM; while :; do sleep 1; done", real_exec=real
    )
    took = time.monotonic() - start
    assert status == ExitStatus(137, killed=True)
    assert b"term" in output
    assert 9.5 < took < 14


@contextlib.contextmanager
def beside(
    sandbox: DockerSandbox, script: str, heard: list[bytes] | None = None, **more: Any
) -> Iterator[list[ExitStatus]]:
    """A process that is running, and is stopped in the end; its status is there then, and its output in ``heard``."""
    pieces = [] if heard is None else heard
    statuses: list[ExitStatus] = []
    stops: list[Callable[[], None]] = []
    up = threading.Event()
    plain = ProcessSpec(argv=("sh", "-c", f"echo up; {script}"), env={}, workdir=WORKDIR)
    process = replace(plain, **more)

    def take(data: bytes) -> None:
        pieces.append(data)
        up.set()

    thread = threading.Thread(target=lambda: statuses.append(sandbox.run(process, take, stops.append)))
    thread.start()
    assert up.wait(10)
    yield statuses
    stops[0]()
    thread.join(20)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_beside_others_equals_a_real_exec(opened: Opener, spec: SandboxSpec, kind: str) -> None:
    sandbox = opened(replace(spec, image=ImageSpec(image(kind)), options="--user 1000"))
    argv = ("sh", "-c", OBSERVE, "first argument", "", "'quoted'")
    env = {"A": "two\nlines 'and' \"quotes\" $HOME", "EMPTY": ""}
    with beside(sandbox, "sleep 60"):
        seen = [run(sandbox, *argv, env=env, real_exec=real) for real in (True, False)]
        assert seen[0] == seen[1]
        assert seen[0][0] == ExitStatus(0)


@pytest.mark.parametrize("real", [True, False])
def test_one_of_several_is_stopped(opened: Opener, spec: SandboxSpec, real: bool) -> None:
    sandbox = opened(spec)
    marks: list[dict[str, Any]] = [
        {"env": {"GITHUB_OUTPUT": f"/of/{n}"}, "mark": f"GITHUB_OUTPUT=/of/{n}"} for n in range(3)
    ]
    script = "trap 'exit 7' INT; while :; do sleep 0.1; done"
    start = time.monotonic()
    with (
        beside(sandbox, script, real_exec=real, **marks[0]) as first,
        beside(sandbox, script, real_exec=real, **marks[1]) as second,
    ):
        with beside(sandbox, script, real_exec=real, **marks[2]) as third:
            pass
        assert third == [ExitStatus(7, killed=True)]
        assert run(sandbox, "sh", "-c", "echo still there") == (ExitStatus(0), b"still there\n")
        assert (first, second) == ([], [])
    assert first == second == third
    assert time.monotonic() - start < 20
    assert sandbox.supervised


def test_a_lane_that_is_killed_takes_its_step_along(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(spec)
    with beside(sandbox, "sleep 60"):
        status, output = run(sandbox, "sh", "-c", "kill -9 $PPID; sleep 60")
        assert status.code == 137
        assert b"has been killed" in output
        assert run(sandbox, "sh", "-c", "echo on") == (ExitStatus(0), b"on\n")


def test_kill_without_a_process_does_nothing(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(spec)
    sandbox.kill()
    assert run(sandbox, "true") == (ExitStatus(0), b"")


@pytest.mark.rule("containers/container-killed")
def test_container_dying_under_a_step(engine: DockerEngine, opened: Opener, spec: SandboxSpec) -> None:
    for real in (False, True):
        sandbox = opened(replace(spec, control=spec.owner.folder / f"control-{real}"))
        threading.Timer(0.3, engine.connection.api.kill, [sandbox.id]).start()
        status, output = run(sandbox, "sleep", "60", real_exec=real)
        assert status.code == 137
        if not real:
            assert b"The job's container has ended" in output
        while engine.connection.api.inspect_container(sandbox.id)["State"]["Running"]:
            time.sleep(0.05)
        with pytest.raises(CannotRun, match="not running"):
            run(sandbox, "true", real_exec=True)
        with pytest.raises(CannotRun):
            run(sandbox, "true")


def test_container_dying_under_a_step_beside_others(
    engine: DockerEngine, opened: Opener, spec: SandboxSpec
) -> None:
    sandbox = opened(spec)
    heard: list[bytes] = []
    with beside(sandbox, "sleep 60") as first, beside(sandbox, "sleep 60", heard) as second:
        engine.connection.api.kill(sandbox.id)
    assert [status.code for status in (*first, *second)] == [137, 137]
    assert b"The job's container has ended" in b"".join(heard)


@pytest.mark.rule("containers/no-tail")
def test_images_that_cannot_host_a_job(engine: DockerEngine, opened: Opener, spec: SandboxSpec) -> None:
    for kind in ("notail", "empty"):
        with pytest.raises(ImageUnavailable, match="no `tail`"):
            engine.open(replace(spec, image=ImageSpec(image(kind))))
    sandbox = opened(replace(spec, image=ImageSpec(image("nosh"))))
    assert not sandbox.supervised
    assert run(sandbox, "id", "-u") == (ExitStatus(0), b"0\n")
    with pytest.raises(ImageUnavailable, match="not on this machine"):
        engine.open(replace(spec, image=ImageSpec("local/no-such-image:1")))
    assert [o for o in engine.owned() if o.owner == str(spec.owner.folder) and o.id != sandbox.id] == []


def test_options_reach_the_container(engine: DockerEngine, opened: Opener, spec: SandboxSpec) -> None:
    options = (
        '--cpus 1 --memory 64m --hostname builder --label "a=b c" --tmpfs /scratch --shm-size=32m -e EXTRA=1'
    )
    sandbox = opened(replace(spec, options=options, ports=["8080"]))
    found = engine.connection.api.inspect_container(sandbox.id)
    assert found["HostConfig"]["Memory"] == 64 << 20
    assert found["HostConfig"]["NanoCpus"] == 10**9
    assert found["HostConfig"]["Init"] is True
    assert found["Config"]["Labels"]["a"] == "b c"
    assert "8080/tcp" in found["NetworkSettings"]["Ports"]
    assert found["Name"].startswith("/actlite-test-run-build-x86_64-1-")
    assert sandbox.supervised
    assert run(sandbox, "sh", "-c", "echo $HOSTNAME $EXTRA $HOME; test -d /scratch") == (
        ExitStatus(0),
        b"builder 1 /github/home\n",
    )
    with pytest.raises(CannotRun, match="options") as error:
        engine.open(replace(spec, options="--no-such-flag"))
    assert "unknown flag: --no-such-flag" in error.value.why


def test_refused_start_leaves_nothing(engine: DockerEngine, spec: SandboxSpec) -> None:
    with pytest.raises(CannotRun):
        engine.open(replace(spec, options="--memory 1k"))
    with pytest.raises(CannotRun):
        engine.open(replace(spec, options="--user no-such-user"))
    assert [o for o in engine.owned() if o.owner == str(spec.owner.folder)] == []


def test_keep_attach_and_remove(engine: DockerEngine, spec: SandboxSpec) -> None:
    sandbox = engine.open(spec)
    sandbox.keep()
    sandbox.close()
    sandbox.close()
    mine = [o for o in engine.owned() if o.owner == str(spec.owner.folder)]
    assert [(o.kind, o.id, o.run, o.role) for o in mine] == [("container", sandbox.id, "test-run", "job")]
    again = engine.attach(sandbox.id, spec.control)
    assert again.supervised
    assert run(again, "sh", "-c", "echo $FROM_CONTAINER") == (ExitStatus(0), b"a b\n")
    assert again.image_env == {"PATH": engine_images.PATH}
    engine.remove(mine)
    engine.remove(mine)
    assert [o for o in engine.owned() if o.owner == str(spec.owner.folder)] == []
    with pytest.raises(CannotRun):
        engine.attach(sandbox.id, spec.control)


def test_two_jobs_at_once_do_not_meet(opened: Opener, spec: SandboxSpec) -> None:
    boxes = [opened(replace(spec, key=f"j{i}", control=spec.owner.folder / f"c{i}")) for i in range(3)]
    results: list[tuple[int, bytes]] = []

    def work(number: int, box: DockerSandbox) -> None:
        for turn in range(10):
            status, output = run(box, "sh", "-c", f"echo {number} {turn}", real_exec=turn % 3 == 0)
            results.append((status.code, output.replace(f"{number} {turn}\n".encode(), b"")))

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(boxes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(0, b"")] * 30


def test_many_steps_and_much_output_are_fast(opened: Opener, spec: SandboxSpec) -> None:
    sandbox = opened(spec)
    start = time.monotonic()
    for _ in range(100):
        run(sandbox, "true")
    assert (time.monotonic() - start) / 100 < 0.020
    seen = [0]

    def count(data: bytes) -> None:
        seen[0] += len(data)

    start = time.monotonic()
    argv = ["head", "-c", "200000000", "/dev/zero"]
    sandbox.run(ProcessSpec(argv, {}, "/"), count)
    assert seen == [200_000_000]
    assert 200 / (time.monotonic() - start) > 200
