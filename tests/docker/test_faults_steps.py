"""Steps that misbehave: they leave processes behind, close or flood their output, kill what they run in,
or damage the files through which the runner works. Nothing may hang, and nothing of this machine be touched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place, owned, says_without_listing, steps_of

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def all_gone(place: Place, docker_daemon: Any) -> Any:
    """However a job ends: nothing of it in the engine, no file of the user's touched."""
    before: dict[str, dict[str, str]] = {}
    original = place.start

    def start(*arguments: Any, **options: Any) -> Any:
        before.setdefault("files", place.files())
        return original(*arguments, **options)

    place.start = start  # type: ignore[method-assign]
    yield
    assert owned(docker_daemon, place.path) == {}
    assert place.files() == before["files"]


def test_a_step_that_leaves_a_daemon_does_not_hang(place: Place) -> None:
    place.steps("(sleep 300; echo late) & echo first", "setsid sleep 300 >/dev/null 2>&1 &\necho second")
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "first")
    assert says_without_listing(ended.out, "second")
    assert "late" not in ended.out.replace("echo late", "")
    assert ended.seconds < 20


def test_a_daemon_that_floods_its_open_output_does_not_hang(place: Place) -> None:
    place.steps("yes left-behind & sleep 0.2", 'echo next-"step"')
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "next-step")
    assert ended.seconds < 20


@pytest.mark.parametrize(
    "script",
    ["exec >&- 2>&-; sleep 0.3", "exec >/dev/null 2>&1; true", "exec <&- >&- 2>&-; exit 0"],
    ids=["closed", "null", "all"],
)
def test_a_step_that_closes_its_output(place: Place, script: str) -> None:
    place.steps(script, 'echo next-"step"')
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "next-step")


def test_a_step_that_closes_its_output_and_fails(place: Place) -> None:
    place.steps("exec >&- 2>&-; sleep 0.3; exit 7", 'echo next-"step"')
    ended = place.run("-v").expect(1, "Process completed with exit code 7.")
    assert not says_without_listing(ended.out, "next-step")


def test_binary_output(place: Place) -> None:
    place.steps(
        "head -c 300000 /dev/urandom; printf '\\000\\377\\033[2J\\033]0;title\\007\\r\\n'; echo; echo aft\"er\""
    )
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "after")
    log = next(place.runs()[-1].glob("logs/*/1.log")).read_bytes()
    assert b"\x00\xef\xbf\xbd\x1b[2J" in log  # as the runner reads it: no UTF-8 becomes U+FFFD
    assert len(log) > 300_000


def test_a_line_of_10_megabytes(place: Place) -> None:
    place.steps("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo aft\"er\"")
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "after")
    assert ended.out.count("x") > 10_000_000 - 1
    assert ended.seconds < 30


def test_100000_lines(place: Place) -> None:
    place.steps("seq 100000")
    ended = place.run("-v").expect(0)
    lines = set(ended.out.splitlines())
    assert all(str(n) in lines for n in range(1, 100_001))
    assert ended.seconds < 30


def test_a_step_that_kills_its_own_shell(place: Place) -> None:
    place.steps("kill -9 $$", '- run: echo still-"here"\n  if: always()')
    ended = place.run("-v").expect(1, "exit code 137")
    assert says_without_listing(ended.out, "still-here")


def test_a_step_that_kills_everything_it_can(place: Place) -> None:
    """Process 1 is docker's init; with it the container ends."""
    place.steps("kill -9 -1; kill -TERM 1; sleep 30", '- run: echo still-"here"\n  if: always()')
    ended = place.run("-v").expect(1, "The job's container has ended while the step was running")
    assert not says_without_listing(ended.out, "still-here")
    assert ended.seconds < 25


def test_a_step_that_kills_the_main_process(place: Place, tmp_path: Path) -> None:
    place.steps(
        "kill -TERM 1; sleep 30", '- run: echo still-"here"\n  if: always()', job="container: " + "{0}"
    ).steps(
        "kill -TERM 1; sleep 30",
        '- run: echo still-"here"\n  if: always()',
        job="container: actlite-standin/runner:1",
    )
    ended = place.run("-v").expect(1, "The job's container has ended while the step was running")
    assert not says_without_listing(ended.out, "still-here")


def test_a_step_that_deletes_the_workspace(place: Place) -> None:
    place.steps(
        "- uses: actions/checkout@v4",
        'rm -rf "$GITHUB_WORKSPACE"/* "$GITHUB_WORKSPACE"/.[!.]*',
        'ls -A; echo aft"er"',
    )
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "after")


def test_a_step_that_deletes_the_workspace_folder_itself(place: Place) -> None:
    place.steps(
        'cd /; rm -rf "$GITHUB_WORKSPACE"', "echo unreachable", "- run: pwd\n  working-directory: /tmp"
    )
    ended = place.run("-v").expect(1)
    assert ended.seconds < 20


@pytest.mark.parametrize(
    "container", ["", "container: actlite-standin/runner:1"], ids=["machine", "container"]
)
def test_a_step_that_deletes_the_temp_folder(place: Place, container: str) -> None:
    """The runner, too, can't write the next script then; it makes the step fail, not itself."""
    place.steps(
        'cd /; rm -rf "$RUNNER_TEMP" || rm -rf "$RUNNER_TEMP"/* "$RUNNER_TEMP"/.[!.]* ; echo gone-"now"; exit 0',
        'echo never-"mind"',
        '- run: echo last-"one"\n  if: always()',
        job=container,
    )
    ended = place.run("-v")
    assert ended.code in (0, 1)
    ended.expect(ended.code)
    assert says_without_listing(ended.out, "gone-now")


PUT_IN_PLACE = {
    "removed": 'rm "$F"',
    "folder": 'rm "$F"; mkdir "$F"; touch "$F/x"',
    "fifo": 'rm "$F"; mkfifo "$F"',
    "passwd": 'ln -sf /etc/passwd "$F"',
    "loop": 'ln -sf "$F" "$F"',
    "device": 'rm "$F"; mknod "$F" c 1 5',
    "unreadable": 'echo a=b > "$F"; chmod 0 "$F"',
    "garbage": 'head -c 3000 /dev/urandom > "$F"',
    "nul": 'printf "a=\\000b\\n" > "$F"',
}


@pytest.mark.parametrize("how", PUT_IN_PLACE)
@pytest.mark.parametrize("variable", ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"])
def test_a_step_that_puts_something_else_in_place_of_its_files(
    place: Place, tmp_path: Path, how: str, variable: str
) -> None:
    report = tmp_path / "report.json"
    place.steps(f"F=${variable}; {PUT_IN_PLACE[how]}", '- run: echo aft"er"; env\n  if: always()')
    ended = place.run("-v", "--report", f"json={report}")
    ended.expect(ended.code)
    assert ended.code in (0, 1)
    assert ended.seconds < 20
    if how not in ("garbage", "nul"):
        assert says_without_listing(ended.out, "after")
    assert "root:x:0:0" not in ended.text
    assert "root:x:0:0" not in report.read_text()


def test_the_folder_of_the_step_files_becomes_a_link(place: Place, tmp_path: Path) -> None:
    """A link to a folder of this machine: nothing is written or removed there."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "set_env_x").write_text("mine")
    place.steps(
        f'D=$(dirname "$GITHUB_ENV"); rm -rf "$D"; ln -s {victim} "$D"', '- run: echo aft"er"\n  if: always()'
    )
    ended = place.run("-v")
    ended.expect(ended.code)
    assert sorted(os.listdir(victim)) == ["set_env_x"]
    assert (victim / "set_env_x").read_text() == "mine"


@pytest.mark.parametrize("what", ["_temp", "_github_home", "repo"])
def test_a_folder_of_the_job_becomes_a_link_out_of_it(place: Place, tmp_path: Path, what: str) -> None:
    """Cleaning up follows no links."""
    victim = tmp_path / "victim"
    (victim / "inner").mkdir(parents=True)
    (victim / "inner" / "file").write_text("mine")
    folder = {
        "_temp": '"$RUNNER_TEMP"',
        "_github_home": '"$RUNNER_TEMP"/_github_home',
        "repo": '"$GITHUB_WORKSPACE"',
    }[what]
    place.steps(
        f"cd /; rm -rf {folder}; ln -s {victim} {folder}",
        "- run: echo next > file\n  if: always()",
        "- uses: actions/checkout@v4\n  if: always()",
    )
    ended = place.run("-v")
    ended.expect(ended.code)
    assert (victim / "inner" / "file").read_text() == "mine"
    assert sorted(str(p.relative_to(victim)) for p in victim.rglob("*")) == ["inner", "inner/file"]


@pytest.mark.parametrize("path", ["", "inner"], ids=["workspace", "path"])
def test_nothing_is_checked_out_through_a_link(place: Place, tmp_path: Path, path: str) -> None:
    """A checkout empties its folder first. Where a step has made that a link to a folder which this machine has
    too, that folder must not be the one."""
    victim = tmp_path / "victim"
    (victim / "inner").mkdir(parents=True)
    (victim / "file").write_text("mine")
    (victim / "inner" / "file").write_text("mine")
    link = '"$GITHUB_WORKSPACE"' + (f"/{path}" if path else "")
    place.steps(
        f"cd /; rm -rf {link}; ln -s {victim} {link}",
        f"- uses: actions/checkout@v4\n  with: {{path: '{path}'}}",
        job=f"container:\n  image: actlite-standin/runner:1\n  volumes: ['{victim}:{victim}']",
    )
    place.run("-v").expect(1, "a step has put a symbolic link there")
    assert sorted(str(p.relative_to(victim)) for p in victim.rglob("*")) == ["file", "inner", "inner/file"]
    assert (victim / "file").read_text() == "mine"


def test_a_step_that_fills_its_workspace_with_odd_names(place: Place) -> None:
    place.steps(
        r"""mkdir -p "a b/$(printf '\303\244\n\377')"; touch 'a b/x y' ./-rf "'"; chmod 0 'a b'; """
        "ln -s / root; ln -s . self; mkfifo pipe; ls"
    )
    ended = place.run("-v").expect(0)
    assert not list(place.runs()[-1].glob("work"))
    assert ended.seconds < 20


def test_a_missing_shell_and_a_missing_folder(place: Place, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    place.steps(
        "- run: echo\n  shell: fish {0}\n  name: shell",
        "- run: echo\n  working-directory: nowhere\n  if: always()\n  name: folder",
    )
    place.run("-v", "--report", f"json={report}").expect(1, "fish", "nowhere")
    assert {steps_of(report)[name]["outcome"] for name in ("shell", "folder")} == {"failure"}
