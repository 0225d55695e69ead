"""``actlite explain --log``: what is told of a log, and how."""

from __future__ import annotations

import datetime
import io
import json
import sys
from pathlib import Path

import pytest
from tests.log_shapes import LINES, NODE12, NODE20, SHAPES, Shape, timed

from actlite.cli.ends import run_guarded
from actlite.cli.explain_log import WIDTH

GOLDEN = Path(__file__).parent / "golden" / "explain"


def explained(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str
) -> tuple[int, str]:
    """Exit code and output for a log on standard input, as of 2026-11-23."""
    from actlite.cli import explain_log

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    monkeypatch.setattr(explain_log, "_today", lambda: datetime.date(2026, 11, 23))
    code = run_guarded(["explain", "--log", "-", *options])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_is_explained(
    shape: Shape, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = explained(shape.text, capsys, monkeypatch)
    assert code == 0
    assert max(map(len, out.splitlines())) <= WIDTH or any(len(word) > 60 for word in out.split())
    flat = " ".join(out.split())
    assert [piece for piece in shape.says if piece not in flat] == []
    assert flat.startswith(
        "The runner's node"
        if "/node" in shape.program and ("/__e/" in shape.program or "externals" in shape.program)
        else shape.program or "A program"
    )


GOLDENS = {
    "story-2024": next(shape.text for shape in SHAPES if shape.name == "github-raw"),
    "issue-2020": "Run actions/checkout@v2\n" + NODE12,
    "binary": "$ ldd --version\nldd (GNU libc) 2.17\n./hq: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)\n"
    "./hq: /lib64/libc.so.6: version `GLIBC_2.18' not found (required by ./hq)\n",
    "two": timed("Run make\n./hq: error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file or directory\nRun actions/cache@v4\n" + NODE20, "2025-06-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDENS)
def test_what_people_see(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = explained(GOLDENS[name], capsys, monkeypatch)
    assert out == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out = explained(GOLDENS["story-2024"], capsys, monkeypatch, "--format", "json")
    data = json.loads(out)
    assert (code, data["schema"], len(data["failures"])) == (0, 1, 1)
    story = data["failures"][0]
    assert story["program"] == "/__e/node20/bin/node"
    assert story["missing"][0] == {"library": "/lib64/libm.so.6", "version": "GLIBC_2.27"}
    assert (story["runner"], story["date"], story["image"]) == (
        "2.317.0",
        "2024-07-03",
        "quay.io/pypa/manylinux2014_x86_64",
    )
    assert story["why"][0] == "actions/checkout@v3 declares node16"
    code, out = explained("fine\n", capsys, monkeypatch, "--format", "json")
    assert (code, json.loads(out)) == (1, {"schema": 1, "failures": []})


def test_nothing_recognised_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = explained("all is well\n", capsys, monkeypatch)
    assert code == 1
    assert "Nothing in this log" in out


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run_guarded(["explain", "--log", str(tmp_path / "gone")]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_a_topic_and_a_log_are_too_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["explain", "yaml-syntax", "--log", "x"]) == 2
    assert run_guarded(["explain", "yaml-syntax", "--format", "json"]) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # A runner's release alone gives the first day that fits.
        (f"Current runner version: '2.317.0'\nRun actions/checkout@v3\n{NODE20}", "from 2024-07-03 on"),
        # Newer than all that is known of the runner: the lines are explained all the same.
        (f"Current runner version: '9.1.0'\nRun actions/checkout@v3\n{NODE20}", "declares node16"),
        # The runner's own warning tells what an unknown action declares.
        (
            f"##[warning]Node.js 16 actions are deprecated. Please update: me/own@v1. More: x\nRun me/own@v1\n{NODE20}",
            "me/own@v1 declares node16",
        ),
        # A commit that the table knows, behind a tag that it doesn't.
        (
            f"Download action repository 'actions/checkout@feature' (SHA:a37ce9120846c5ab2ea2ff3ca2a1d1c4e6ba8ec7)\nRun actions/checkout@feature\n{NODE20}",
            "actions/checkout@feature declares node16",
        ),
        (f"2019-01-01T00:00:00.0Z {LINES['2.28']}\n", "the runner took node20"),
        (
            f"2024-07-05T00:00:00.0Z Run actions/checkout@v3\n  ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true\n{NODE20}",
            "something else decided",
        ),
        (NODE20.replace("/lib64/", "/lib/aarch64-linux-gnu/"), "The runner's node20 cannot start"),
        ("exec /__e/node20/bin/node: no such file or directory\nStarting job container\ndocker pull alpine:3.19\n", "the image has musl"),
    ],
)  # fmt: skip
def test_circumstances_are_taken_in(
    text: str, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = explained(text, capsys, monkeypatch)
    assert code == 0
    assert says in " ".join(out.split()), out


def test_nothing_of_the_log_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
    log = tmp_path / "log.txt"
    log.write_text(GOLDENS["story-2024"])
    assert run_guarded(["explain", "--log", "log.txt"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]
