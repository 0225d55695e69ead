"""``actlite check --fix`` and ``--diff``: what is written, what is left alone, what is said."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from cli_support import Call

from actlite.cli import fixing
from actlite.cli.fixing import split_fix
from actlite.errors import UsageError

FILE = ".github/workflows/old.yml"
OLD = """\
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    container: quay.io/pypa/manylinux2014_x86_64
    steps:
      - uses: actions/checkout@v4
  two:
    runs-on: ubuntu-latest
    container: centos:7  # old
    steps:
      - uses: actions/checkout@v4
      - run: make
"""
ALPINE = OLD.replace("centos:7", "debian:12").replace("quay.io/pypa/manylinux2014_x86_64", "debian:12")
TODAY = ("--as-of", "2026-11-23")


@pytest.fixture
def old(repo: Path) -> Path:
    path = repo / FILE
    path.write_text(OLD)
    return path


def test_the_best_for_every_job(call: Call, old: Path) -> None:
    answer = call("check", "--fix", *TODAY)
    assert answer.code == 0, answer
    assert f"{FILE}: job one: put a node that starts on 2.17 over /__e/node24 (node-mount; " in answer.out
    assert f"{FILE}: job two: " in answer.out
    assert answer.out.endswith(f"Written: {FILE}\nNext: git diff shows the edit, actlite run tries it.\n")
    assert old.read_text().count(":/__e/node24:ro") == 2
    assert call("check", "--fix", *TODAY).out == "There is nothing to fix.\n"


def test_by_name_with_or_without_a_sign(call: Call, old: Path) -> None:
    for words in (("--fix=image",), ("--fix", "image")):
        old.write_text(OLD)
        answer = call("check", *words, *TODAY)
        assert answer.code == 0, answer
        assert old.read_text() == OLD.replace(
            "quay.io/pypa/manylinux2014_x86_64", "quay.io/pypa/manylinux_2_28_x86_64"
        ).replace("centos:7", "quay.io/pypa/manylinux_2_28_x86_64")


def test_a_file_after_fix(call: Call, old: Path) -> None:
    assert call("check", "--fix", FILE, *TODAY).code == 0
    assert "/__e/node24" in old.read_text()
    assert split_fix("a.yml", ("b.yml",)) == ("best", ("a.yml", "b.yml"))
    with pytest.raises(UsageError, match="There is no fix 'magic'"):
        split_fix("magic", ())
    assert call("check", "--fix=magic").code == 2


def test_diff_writes_nothing_and_can_be_applied(call: Call, old: Path, repo: Path) -> None:
    answer = call("check", "--diff", *TODAY)
    assert answer.code == 0
    assert old.read_text() == OLD
    subprocess.run(["git", "apply", "-"], input=answer.out, text=True, cwd=repo, check=True)
    applied = old.read_text()
    old.write_text(OLD)
    assert call("check", "--fix", *TODAY).code == 0
    assert old.read_text() == applied


def test_diff_of_a_file_without_a_last_line_end(call: Call, old: Path, repo: Path) -> None:
    old.write_text(OLD.rstrip("\n"))
    answer = call("check", "--fix=docker-run", "--diff", *TODAY)
    assert answer.out.count("\\ No newline at end of file") == 2
    subprocess.run(["git", "apply", "-"], input=answer.out, text=True, cwd=repo, check=True)
    assert "Remove the container" in old.read_text()


def test_mode_link_and_mark_are_kept(call: Call, old: Path, repo: Path) -> None:
    real = repo / "real.yml"
    real.write_bytes(b"\xef\xbb\xbf" + OLD.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    old.unlink()
    old.symlink_to("../../real.yml")
    assert call("check", "--fix", *TODAY).code == 0
    assert old.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    written = real.read_bytes()
    assert written.startswith(b"\xef\xbb\xbfon: push\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")
    assert not list(repo.glob(".real*"))


def test_a_file_that_changed_meanwhile_is_left_alone(
    call: Call, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(path: Path) -> bytes:
        path.write_text("another text")
        return path.read_bytes()

    monkeypatch.setattr(fixing, "read_bytes", changed)
    answer = call("check", "--fix", *TODAY)
    assert answer.code == 2
    assert "has changed while it was being checked" in answer.err
    assert old.read_text() == "another text"


def test_a_disk_that_refuses(call: Call, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    answer = call("check", "--fix", *TODAY)
    assert answer.code == 2
    assert "Permission denied" in answer.err
    assert old.read_text() == OLD
    assert sorted(path.name for path in old.parent.iterdir() if path.name.startswith(".")) == []


def test_what_does_not_help_is_said(call: Call, old: Path) -> None:
    answer = call("check", "--fix=unsecure-env", *TODAY)
    assert answer.code == 1
    assert "job one: unsecure-env does not help in this situation" in answer.out
    assert old.read_text() == OLD


def test_what_cannot_be_written_is_said(call: Call, old: Path) -> None:
    old.write_text(OLD.replace("- run: make", "- run: make\n        env: {PATH: /x}"))
    answer = call("check", "--fix=docker-run", *TODAY)
    assert answer.code == 1
    assert "job two: docker-run can't be written: the workflow sets the variable PATH" in answer.out


def test_standard_input(call: Call, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    for words, code in ((("--diff",), 0), ((), 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
        answer = call("check", "--fix=image", *words, "-", *TODAY)
        assert answer.code == code, answer
    assert not (repo / ".github/workflows/stdin.yml").exists()


def test_errors_that_know_their_edit_are_mended(call: Call, repo: Path) -> None:
    path = repo / FILE
    path.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz:\n      - run: true\n")
    answer = call("check", "--fix", *TODAY)
    assert answer.code == 0, answer
    assert "    steps:\n" in path.read_text()
    assert "write 'steps' in line 5" in answer.out


def test_nothing_to_fix(call: Call, repo: Path) -> None:
    (repo / FILE).write_text(ALPINE)
    assert call("check", "--fix", *TODAY).out == "There is nothing to fix.\n"
