"""Files and streams that are not what they should be: none of them makes a defect, or is waited for."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Call

BAD = "on: push\njobs: {a: {runs-on: ubuntu-latest, stepz: []}}\n"


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_a_text_that_is_named_twice_is_read_once(
    repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, BAD.encode())
    once = call("check", "-")
    stdin(monkeypatch, BAD.encode())
    assert call("check", "-", "-") == once
    assert "stepz" in once.out


def test_a_name_without_a_text_is_refused(repo: Path, call: Call) -> None:
    answer = call("check", "--stdin-name", "x.yml")
    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: --stdin-name is given, but no text.")


@pytest.mark.parametrize("verb", ["eval", "check"])
def test_a_text_that_is_not_utf_8_is_refused(
    repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    stdin(monkeypatch, b"'\xff'")
    answer = call(verb, "-")
    assert (answer.code, answer.err.splitlines()[0]) == (
        2,
        "error: The text from standard input isn't UTF-8.",
    )


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_a_file_name_that_is_not_utf_8(repo: Path, call: Call, form: str) -> None:
    name = os.fsdecode(b".github/workflows/\xff.yml")
    (repo / name).write_text(BAD)
    answer = call("check", "--format", form)
    assert answer.code == 1
    if form == "sarif":
        (result,) = json.loads(answer.out)["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uri"] == ".github/workflows/%FF.yml"


@pytest.mark.parametrize("verb", ["check", "plan", "list"])
def test_a_pipe_that_is_called_is_not_waited_for(repo: Path, verb: str) -> None:
    folder = repo / ".github" / "workflows"
    os.mkfifo(folder / "pipe.yml")
    (folder / "calls.yml").write_text("on: push\njobs: {a: {uses: ./.github/workflows/pipe.yml}}\n")
    command = [sys.executable, "-m", "actlite", verb]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pipe_that_is_given_is_refused(repo: Path, call: Call) -> None:
    os.mkfifo(repo / "pipe.yml")
    answer = call("check", "pipe.yml")
    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: pipe.yml is no file.")


def test_links_in_a_circle(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ".github/workflows/loop.yml"
    (repo / name).symlink_to("loop.yml")
    assert call("check").code == 0
    stdin(monkeypatch, BAD.encode())
    assert call("check", "--stdin-name", name, "-").code == 1


@pytest.fixture
def closed() -> Iterator[Path]:
    """A repository with a folder that may be neither read nor written in."""
    root = Path(tempfile.mkdtemp())
    (root / ".git").mkdir()
    (root / "secret").mkdir()
    (root / "secret" / "a.yml").write_text(BAD)
    (root / ".github" / "workflows").mkdir(parents=True)
    (root / "secret").chmod(0)
    root.chmod(0o755)
    yield root
    (root / "secret").chmod(0o700)
    (root / ".github").chmod(0o700)
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "secret"], "error: secret can't be read."),
        (["check", "secret/a.yml"], "error: secret/a.yml can't be read."),
        (["plan", "-W", "secret/a.yml"], "error: -W secret/a.yml can't be read."),
        (["check"], "error: There are no workflows here."),
        (["list"], "error: There are no workflows here."),
    ],
)
def test_what_may_not_be_read_is_said(closed: Path, arguments: list[str], said: str) -> None:
    if len(arguments) == 1:
        (closed / ".github").chmod(0)
    env = {"PATH": os.environ["PATH"], "HOME": str(closed), "ACTLITE_CACHE": str(closed / "secret" / "cache")}
    # Without its capabilities root may read and write what the rights of files allow, as anybody else.
    plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*plain, sys.executable, "-m", "actlite", *arguments],
        cwd=closed,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[:1] == [said]
    assert done.returncode == 2
