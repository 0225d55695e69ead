"""``plan --changed`` and ``--changed-since``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from cli_support import Call

PATHS = """\
on:
  push:
    paths: ['src/**']
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo
"""


@pytest.fixture
def paths(repo: Path) -> Path:
    (repo / ".github/workflows/ci.yaml").write_text(PATHS)
    (repo / ".github/workflows/release.yml").unlink()
    return repo


def test_changed_files_by_hand(paths: Path, call: Call) -> None:
    assert call("plan", "--changed", "src/a.c").code == 0
    answer = call("plan", "--changed", "docs/a", "--changed", "README.md")
    assert answer.code == 5
    assert "none of the 2 changed files matches paths [src/**]" in answer.out
    assert call("plan", "--tag", "v1.0.0", "--changed", "docs/a").code == 0, "no paths for tags"


@pytest.mark.parametrize(
    ("text", "code"), [("docs/a\nsrc/b\n", 0), ("docs/a\0src/b\0", 0), ("docs/a\n", 5), ("", 5)]
)
def test_changed_files_from_stdin(
    paths: Path, call: Call, monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    assert call("plan", "--changed", "-").code == code


def test_changed_since_a_ref(paths: Path, call: Call) -> None:
    answer = call("plan", "--changed-since", "v1.0.0")
    assert answer.code == 5
    assert "paths [src/**]" in answer.out
    (paths / "src").mkdir()
    (paths / "src/new").write_text("")
    assert call("plan", "--changed-since", "v1.0.0").code == 0
    assert call("plan", "--changed-since", "v1.0.0", "--committed").code == 5


def test_only_one_of_them(paths: Path, call: Call) -> None:
    answer = call("plan", "--changed", "a", "--changed-since", "main")
    assert answer.code == 2
    assert "Give one of them" in answer.err
