"""A small repository to try verbs on, and a way to call actlite in this process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli_support import Answer, Call

from actlite.cli.ends import run_guarded

RELEASE = """\
name: Release
on:
  push:
    tags: ['v*']
jobs:
  build:
    strategy:
      matrix:
        os: [linux, musl]
        arch: [x64, arm64]
    runs-on: ubuntu-latest
    container: quay.io/pypa/manylinux2014_x86_64
    steps:
      - run: echo ${{ matrix.os }} ${{ secrets.CARGO_TOKEN }}
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: write
    steps:
      - run: echo
      - run: echo
"""
CI = """\
on:
  push:
    branches: [main]
  workflow_dispatch:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two workflows, one commit and the tag v1.0.0; the current folder."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "repo"
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "release.yml").write_text(RELEASE)
    (folder / "ci.yaml").write_text(CI)
    (folder / "README.md").write_text("not a workflow")
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-C", str(root)]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"], ["tag", "v1.0.0"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line in this process."""

    def run(*argv: str) -> Answer:
        capfd.readouterr()
        code = run_guarded(list(argv))
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run
