"""The story in README.md, as commands with their output; and the sample that it is about."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from actlite.records import frozen

ROOT = Path(__file__).resolve().parents[1]
_PART = re.compile(r"^## The three-line story\n(.*?)^## ", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@frozen
class Told:
    """A command of the story, and what README says that it prints."""

    words: tuple[str, ...]
    """What follows ``actlite``."""
    output: str


def story() -> list[list[Told]]:
    """The blocks of the story, in order."""
    part = _PART.search((ROOT / "README.md").read_text("utf-8"))
    assert part is not None
    return [list(_commands(block)) for block in _BLOCK.findall(part[1])]


def _commands(block: str) -> Iterator[Told]:
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = piece.partition("\n")
        words = shlex.split(line)
        assert words[0] == "actlite"
        yield Told(tuple(words[1:]), output)


def sample(folder: Path) -> Path:
    """The sample's repository with the tag v0.1.0, made in a folder."""
    root = folder / "tally"
    shutil.copytree(
        ROOT / "sample_workflows" / "release", root, ignore=shutil.ignore_patterns("build", "dist")
    )
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-C", str(root)]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "tally"], ["tag", "v0.1.0"]):
        subprocess.run([*git, *words], check=True)
    return root


def call(root: Path, *words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """actlite in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "actlite", *words],
        cwd=root,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
