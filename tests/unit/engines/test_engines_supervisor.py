"""The supervisor's two sides together, on this machine's own shells: no container is needed for that."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actlite.engines.base import ProcessSpec
from actlite.engines.supervisor import BOOT, INSIDE, Dead, Refused, Supervisor, acceptable, quote

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
"""All of them must be there (sh scripts/shells.sh): a shell that is left out would go unnoticed."""
PATH = "/usr/local/bin:/usr/bin:/bin"
ENV = {"PATH": PATH, "HOME": "/", "MULTI": "a\nb c", "EMPTY": ""}


@dataclass
class Box:
    supervisor: Supervisor
    main: subprocess.Popen[bytes]
    workdir: str

    def run(self, *argv: str, env: dict[str, str] | None = None, workdir: str = "") -> tuple[int, bytes]:
        output: list[bytes] = []
        process = ProcessSpec(argv, env or {}, workdir or self.workdir)
        code = self.supervisor.run(process, (env or ENV).get("PATH", PATH), output.append, lambda: False)
        return code, b"".join(output)


def start(control: Path, shell: list[str], env: dict[str, str]) -> tuple[Supervisor, subprocess.Popen[bytes]]:
    supervisor = Supervisor(control)
    supervisor.prepare()
    boot = BOOT.replace(INSIDE, str(supervisor.folder))
    main = subprocess.Popen(
        [*shell, "-c", boot], env=env, cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return supervisor, main


@pytest.fixture(params=SHELLS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    supervisor, main = start(tmp_path / "control", SHELLS[request.param], ENV)
    ready = supervisor.start(ENV, 5)
    assert ready is not None
    assert ready.tail
    assert ready.equal
    yield Box(supervisor, main, str(tmp_path))
    main.kill()
    main.wait()
    supervisor.close()


def test_environment_is_exactly_the_container_s_and_the_step_s(box: Box) -> None:
    code, output = box.run("env", "-0", env={"A": "x'y\n\"$(id)`", "EMPTY2": "", "LC_ALL": "no_SUCH"})
    assert code == 0
    seen = dict(item.split(b"=", 1) for item in output.split(b"\0") if item)
    assert seen == {
        os.fsencode(k): os.fsencode(v)
        for k, v in {**ENV, "A": "x'y\n\"$(id)`", "EMPTY2": "", "LC_ALL": "no_SUCH"}.items()
    }


def test_arguments_codes_and_order_of_output(box: Box) -> None:
    code, output = box.run(
        "sh", "-c", 'printf "%s|" "$0" "$@"; echo err >&2; echo out; exit 7', "a b", "", "'", "-n"
    )
    assert (code, output) == (7, b"a b||'|-n|err\nout\n")
    assert box.run("sh", "-c", "kill -9 $$")[0] == 137


def test_step_has_a_session_of_its_own_and_an_input_at_its_end(box: Box) -> None:
    code, output = box.run(
        "sh",
        "-c",
        "cat; read -r p c s pp g sid rest </proc/$$/stat; echo $p $g $sid; ls /proc/$$/fd; stat -Lc %F /proc/$$/fd/0",
    )
    lines = output.split(b"\n")
    pid, group, session = lines[0].split()
    assert code == 0
    assert pid == group == session
    assert lines[1:4] == [b"0", b"1", b"2"]  # nothing of the supervisor's leaks in
    assert b"fifo" in output


def test_missing_program_or_folder_is_left_to_exec(box: Box) -> None:
    for argv, workdir in ((["no-such-program"], ""), (["/etc/passwd"], ""), (["true"], "/no/such/folder")):
        with pytest.raises(Refused):
            box.run(*argv, workdir=workdir)
    assert box.run("true") == (0, b"")


def test_program_is_looked_up_in_the_step_s_path(box: Box, tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho tool "$0"\n')
    tool.chmod(0o755)
    path = f"{tool.parent}:{PATH}"
    assert box.run("tool", env={"PATH": path}) == (0, f"tool {tool}\n".encode())


def test_daemon_left_behind_does_not_hold_the_step(box: Box) -> None:
    start = time.monotonic()
    assert box.run("sh", "-c", "(sleep 1; echo late; echo alive >left) & echo now") == (0, b"now\n")
    assert time.monotonic() - start < 0.9
    time.sleep(1.3)
    assert (Path(box.workdir) / "left").read_text() == "alive\n"  # no SIGPIPE for it


def test_flood_left_behind_does_not_hold_the_step(box: Box) -> None:
    code, output = box.run("sh", "-c", "yes & echo $! >pid; sleep 0.1")
    assert code == 0
    assert len(output) > 0
    os.kill(int((Path(box.workdir) / "pid").read_text()), 9)


def test_closed_output_binary_output_and_a_long_line(box: Box) -> None:
    assert box.run("sh", "-c", "echo a; exec >&- 2>&-; sleep 0.2; exit 5") == (5, b"a\n")
    assert box.run("printf", r"\000\377\033") == (0, b"\0\xff\x1b")
    code, output = box.run("sh", "-c", "head -c 10000000 /dev/zero")
    assert (code, len(output)) == (0, 10_000_000)


def test_pid_is_known_while_the_step_runs(box: Box) -> None:
    result: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=lambda: result.append(box.run("sleep", "30")))
    thread.start()
    deadline = time.monotonic() + 5
    while not (running := box.supervisor.running) or not running.pid:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while True:
        try:  # the id is told a moment before the process has a session of its own
            os.killpg(running.pid, 2)
            break
        except ProcessLookupError:
            assert time.monotonic() < deadline
    thread.join(5)
    assert result == [(130, b"")]


def test_closed_under_a_running_step(box: Box) -> None:
    def run() -> None:
        with pytest.raises(Dead):
            box.run("sleep", "30")
        ended.set()

    ended = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 5
    while not (running := box.supervisor.running) or not running.pid:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    box.supervisor.close()
    thread.join(5)
    assert ended.is_set()


def test_abandoned_step_ends_the_wait(box: Box) -> None:
    output: list[bytes] = []
    process = ProcessSpec(["sleep", "2"], {}, box.workdir)
    assert box.supervisor.run(process, PATH, output.append, lambda: True) == 137


def test_death_of_the_container_is_noticed(box: Box) -> None:
    threading.Timer(0.2, box.main.kill).start()
    with pytest.raises(Dead):
        box.run("sleep", "5")
    with pytest.raises(Dead):
        box.run("true")


def test_found_again_by_another_process(box: Box) -> None:
    again = Supervisor(box.supervisor.folder.parent)
    again.connect()
    assert again.answers(2)
    output: list[bytes] = []
    assert again.run(ProcessSpec(["echo", "hi"], {}, "/"), PATH, output.append, lambda: False) == 0
    assert output == [b"hi\n"]
    again.close()


def test_nothing_is_left_in_the_control_folder(box: Box) -> None:
    before = sorted(p.name for p in box.supervisor.folder.iterdir())
    box.run("echo", "hi", env={"SECRET": "s3cret"})
    assert sorted(p.name for p in box.supervisor.folder.iterdir()) == before
    assert box.supervisor.folder.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("shell", SHELLS)
def test_environment_that_a_shell_would_change_is_found_out(tmp_path: Path, shell: str) -> None:
    supervisor, main = start(tmp_path / "c", SHELLS[shell], {"PATH": PATH, "PWD": "/elsewhere"})
    try:
        ready = supervisor.start({"PATH": PATH, "PWD": "/elsewhere"}, 5)
        assert ready is not None
        assert not ready.equal
    finally:
        main.kill()
        main.wait()
        supervisor.close()


def test_silence_is_no_supervisor(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "c")
    supervisor.prepare()
    assert supervisor.start({}, 0.1) is None
    supervisor.close()


def test_death_before_the_greeting(tmp_path: Path) -> None:
    supervisor, main = start(
        tmp_path / "c", ["sh", "-c", "exec 3<>$0/status; exit 1", str(tmp_path / "c/box")], {}
    )
    with pytest.raises(Dead):
        supervisor.start({}, 5)
    main.wait()
    supervisor.close()


@pytest.mark.parametrize(
    "name",
    ["INPUT_FETCH-DEPTH", "1A", "", "PWD", "_", "SHLVL", "LD_PRELOAD", "UID", "IFS", "a b", "_al_x", "É"],
)
def test_names_that_need_exec(name: str) -> None:
    assert not acceptable({"GOOD": "1", name: "x"})


def test_names_that_a_shell_holds() -> None:
    assert acceptable({"GITHUB_SHA": "x", "a": "\n", "_x": "é", "PATH": "/bin", "BASH_ENV": "/f"})
    assert not acceptable({"A": "\0"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.binary(max_size=40).map(lambda b: os.fsdecode(b.replace(b"\0", b""))))
@pytest.mark.parametrize("shell", SHELLS)
def test_quote_survives_any_bytes(shell: str, value: str) -> None:
    script = b"v=" + quote(value) + b'; printf "%s" "$v"'
    done = subprocess.run([*SHELLS[shell], "-c", script], capture_output=True, check=True)
    assert done.stdout == os.fsencode(value)
