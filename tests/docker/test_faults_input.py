"""Workflows that are wrong, through the real command line: refused before anything starts, with the place,
the reason, and what was probably meant. No daemon is asked, no folder of runs is made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fault_tools import WORKFLOW, Place

pytestmark = pytest.mark.docker

NO_DAEMON = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"


def refused(place: Place, *words: str, code: int = 2) -> None:
    """The workflow is refused with these words; nothing has started."""
    before = place.files()
    place.run(env=NO_DAEMON).expect(code, *words)
    assert place.runs() == []
    assert place.files() == before


INVALID = {
    "empty": ("", ["x.yml:1:1"]),
    "only a comment": ("# nothing\n", ["x.yml"]),
    "a list": ("- on: push\n", ["x.yml:1:", "expected: a mapping"]),
    "a text": ("hello\n", ["x.yml:1:1"]),
    "cut short": ("on: push\njobs: {a: [", ["invalid YAML", "x.yml:2:"]),
    "tabs": ("on: push\njobs:\n\ta:\n", ["x.yml:3:1", "tab"]),
    "a key twice": ("on: push\non: push\n" + JOB, ["x.yml:2:1", "'on'"]),
    "two documents": ("on: push\n" + JOB + "---\non: push\n", ["x.yml"]),
    "an alias to nothing": ("on: push\nenv: *nothing\n" + JOB, ["nothing", "x.yml:2:6"]),
    "no jobs": ("on: push\n", ["jobs"]),
    "no on": (JOB, ["missing: on"]),
    "an unknown event": ("on: pusch\n" + JOB, ["pusch", "push"]),
    "an unknown key": ("on: push\nenvv: {}\n" + JOB, ["envv", "env", "x.yml:2:1"]),
    "an unknown key of a job": ("on: push\n" + JOB + "    step: []\n", ["step", "steps"]),
    "an unknown key of a step": (
        "on: push\n" + JOB.replace("run: echo", "runn: echo"),
        ["runn", "run", "x.yml:6:9"],
    ),
    "run and uses": ("on: push\n" + JOB + "        uses: a/b@v1\n", ["uses", "run"]),
    "a step without anything": ("on: push\n" + JOB.replace("run: echo", "name: x"), ["run", "uses"]),
    "no runs-on": ("on: push\njobs: {a: {steps: [{run: echo}]}}\n", ["runs-on"]),
    "a bad job id": ("on: push\n" + JOB.replace("  a:", "  'a b':"), ["a b"]),
    "the same step id twice": (
        "on: push\n" + JOB + "        id: x\n      - run: echo\n        id: x\n",
        ["'x'"],
    ),
    "a need that is not there": (
        "on: push\n" + JOB.replace("    runs", "    needs: buidl\n    runs"),
        ["buidl"],
    ),
    "a need of itself": ("on: push\n" + JOB.replace("    runs", "    needs: a\n    runs"), ["a"]),
    "an expression cut short": ("on: push\n" + JOB.replace("echo", "echo ${{ github.ref"), ["${{"]),
    "an unknown function": ("on: push\n" + JOB.replace("echo", "echo ${{ sucess() }}"), ["sucess"]),
    "an unknown context": ("on: push\n" + JOB.replace("echo", "echo ${{ gihub.ref }}"), ["gihub", "github"]),
    "a context out of place": (
        "on: push\n" + JOB.replace("    runs", "    if: secrets.X\n    runs"),
        ["secrets"],
    ),
    "an uses without ref": (
        "on: push\n" + JOB.replace("run: echo", "uses: actions/checkout"),
        ["actions/checkout"],
    ),
    "a timeout that is none": (
        "on: push\n" + JOB.replace("    runs", "    timeout-minutes: soon\n    runs"),
        ["soon"],
    ),
    "too deep": ("on: push\njobs: " + "[" * 2000 + "]" * 2000, ["x.yml"]),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_invalid_workflow(place: Place, what: str) -> None:
    text, words = INVALID[what]
    place.write(WORKFLOW, text)
    refused(place, *words)


def test_cyclic_needs(place: Place) -> None:
    place.workflow(
        """
        on: push
        jobs:
          a: {needs: c, runs-on: ubuntu-latest, steps: [run: echo]}
          b: {needs: a, runs-on: ubuntu-latest, steps: [run: echo]}
          c: {needs: [b], runs-on: ubuntu-latest, steps: [run: echo]}
        """
    )
    refused(place, "a", "b", "c", "cycl")


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00on",
        b"on: push\n\x00",
        b"\x80\x81\x82",
        os.urandom(4096),
        b"on: push\n" + b"a" * 3_000_000,
    ],
    ids=["utf-16", "nul", "no-utf-8", "noise", "3-megabytes"],
)
def test_a_workflow_that_is_no_text(place: Place, data: bytes) -> None:
    place.write(WORKFLOW, "")
    (place.path / WORKFLOW).write_bytes(data)
    refused(place, "x.yml")


def test_aliases_that_multiply(place: Place) -> None:
    """A billion laughs: a limit stops it, soon."""
    lines = ["on: push", "x0: &x0 [l, l, l, l, l, l, l, l, l, l]"]
    lines += [f"x{n}: &x{n} [{', '.join(['*x' + str(n - 1)] * 10)}]" for n in range(1, 12)]
    place.write(WORKFLOW, "\n".join([*lines, JOB]))
    ended = place.run(env=NO_DAEMON).expect(2, "x.yml")
    assert ended.seconds < 10


@pytest.mark.parametrize("kind", ["folder", "missing", "broken-link", "fifo", "unreadable-loop"])
def test_a_workflow_file_that_can_not_be_read(place: Place, kind: str) -> None:
    file = place.write(WORKFLOW, "")
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "broken-link":
        file.symlink_to("nowhere")
    elif kind == "unreadable-loop":
        file.symlink_to(file.name)
    elif kind == "fifo":
        os.mkfifo(file)
    ended = place.start(env=NO_DAEMON).end(15)
    assert ended.code in (2, 5)
    ended.expect(ended.code, "x.yml" if kind != "folder" else ".github/workflows")


def test_one_of_several_workflows_is_invalid(place: Place) -> None:
    """With -W only the named one counts; without, the invalid one is refused by name."""
    place.write(".github/workflows/good.yml", "on: push\n" + JOB)
    place.write(".github/workflows/bad.yml", "on: push\njobs: {a: [\n")
    place.commit()
    place.run("-W", ".github/workflows/good.yml").expect(0)
    place.run("-W", ".github/workflows").expect(2, "bad.yml")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--tagg", "v1"], 2, ["--tagg", "--tag"]),
        (["--tag"], 2, ["--tag"]),
        (["--tag", "v1", "--branch", "b"], 2, ["--tag", "--branch"]),
        (["-W", "nowhere.yml"], 2, ["nowhere.yml"]),
        (["-j", "bu1ld"], 2, ["bu1ld"]),
        (["pusch"], 2, ["pusch"]),
        (["release"], 2, ["release", "--tag"]),
        (["release", "--tag", "v1"], 5, ["release"]),
        (["--as-of", "yesterday"], 2, ["yesterday"]),
        (["--as-of", "2021-13-45"], 2, ["2021-13-45"]),
        (["--report", "html=x"], 2, ["html"]),
        (["--report", "json=/nowhere/x"], 2, ["/nowhere"]),
        (["--event-file", "nowhere.json"], 2, ["nowhere.json"]),
        (["--engine", "lxc"], 2, ["lxc"]),
        (["-C", "/nowhere"], 2, ["/nowhere"]),
        (["--secret-file", "nowhere"], 2, ["nowhere"]),
        (["--input", "novalue"], 2, ["novalue"]),
        (["--matrix", "n=1"], 2, ["n"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_command_line_that_is_wrong(
    place: Place, arguments: list[str], code: int, words: list[str]
) -> None:
    place.workflow("on: push\n" + JOB)
    place.run(*arguments, env=NO_DAEMON).expect(code, *words)
    assert place.runs() == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "\x00", '{"a": ' * 100_000], ids=["empty", "list", "cut", "nul", "deep"]
)
def test_an_event_file_that_is_wrong(place: Place, tmp_path: Path, content: str) -> None:
    place.workflow("on: push\n" + JOB)
    event = tmp_path / "event.json"
    event.write_text(content)
    place.run("--event-file", str(event), env=NO_DAEMON).expect(2, "event.json")


@pytest.mark.parametrize(
    "text",
    ["platforms = 3\n", "[platforms\n", "[nonsense]\nx = 1\n", "keep = 'always'\n"],
    ids=["type", "cut", "key", "choice"],
)
def test_settings_that_are_wrong(place: Place, text: str) -> None:
    place.workflow("on: push\n" + JOB)
    place.write("actlite.toml", text)
    place.run(env=NO_DAEMON).expect(2, "actlite.toml")


def test_a_label_without_an_image(place: Place) -> None:
    """No runner for it on this machine: said before anything starts, with the way out."""
    place.workflow("on: push\n" + JOB.replace("ubuntu-latest", "macos-14"))
    place.run().expect(4, "macos-14", "--only-runnable", "-P LABEL=IMAGE")
    assert place.runs() == []


def test_a_workflow_that_needs_what_is_not_there_yet(place: Place) -> None:
    """Never accepted in silence."""
    place.workflow("on: push\njobs: {a: {uses: ./.github/workflows/other.yml}}\n")
    place.write(".github/workflows/other.yml", "on: workflow_call\n" + JOB)
    ended = place.run()
    assert ended.code in (0, 4)
    ended.expect(ended.code, *(["other.yml"] if ended.code else []))


@pytest.mark.parametrize(
    "expression", ["fromJSON('{')", "matrix.a.b.c[0]", "format('{9}', 1)", "hashFiles('**')"]
)
def test_expressions_that_fail_only_when_they_run(place: Place, tmp_path: Path, expression: str) -> None:
    report = tmp_path / "report.json"
    place.steps(f"- run: echo X${{{{ {expression} }}}}X", '- run: echo aft"er"\n  if: always()')
    ended = place.run("-v", "--report", f"json={report}")
    ended.expect(ended.code)
    assert ended.code in (0, 1, 2)
    if ended.code != 2:
        assert json.loads(report.read_text())["runs"]
