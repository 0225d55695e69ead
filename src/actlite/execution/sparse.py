"""A checkout of some of a repository's files (actions/checkout, git-command-manager.ts: sparseCheckout)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from actlite.execution.workspace_git import Git, git_version
from actlite.records import frozen

CONE_BY_DEFAULT = (2, 37)
"""Older gits take what they are given for patterns, as the action does not ask for a cone."""
_HAS_OPTIONS = (2, 35)


@frozen
class Sparse:
    """What is to be there."""

    patterns: tuple[str, ...]
    cone: bool
    """They are folders; else lines as those of a .gitignore."""
    git: tuple[int, int]
    """The version of the job's git, which the real action would have asked."""


def set_sparse(git: Git, sparse: Sparse) -> None:
    """Say to a repository, before the first checkout, which files are wanted. Raises CannotRun."""
    if not sparse.cone:
        git("config", "core.sparseCheckout", "true")
        info = git.folder / ".git" / "info"
        info.mkdir(exist_ok=True)
        with (info / "sparse-checkout").open("a", encoding="utf-8") as stream:
            stream.write("\n{}\n".format("\n".join(sparse.patterns)))
        return
    cone = sparse.git >= CONE_BY_DEFAULT
    if git_version(git("version")) >= _HAS_OPTIONS:
        git("sparse-checkout", "set", "--cone" if cone else "--no-cone", *sparse.patterns)
        return
    git("sparse-checkout", "init", *(["--cone"] if cone else []))
    git("sparse-checkout", "set", *sparse.patterns)


def outside(git: Git, names: Sequence[str]) -> frozenset[str]:
    """Which of the names, tracked or not, a sparse checkout leaves out: git itself is asked, by a checkout of
    empty files with those names into a folder beside. Raises CannotRun."""
    folder = Path(tempfile.mkdtemp(prefix="sparse-", dir=git.folder / ".git"))
    try:
        tree = folder / "tree"
        tree.mkdir()
        empty = git("hash-object", "-w", "--stdin", text="").strip()
        first, second = ({"GIT_INDEX_FILE": str(folder / name)} for name in ("first", "second"))
        entries = "".join(f"100644 {empty}\t{name.rstrip('/')}\0" for name in names)
        git("update-index", "-z", "--index-info", text=entries, env=first)
        made = git("write-tree", env=first).strip()
        git(
            "read-tree",
            "-m",
            "-u",
            made,
            env={**second, "GIT_WORK_TREE": str(tree), "GIT_DIR": str(git.folder / ".git")},
        )
        listed = git("ls-files", "-t", "-z", env=second)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return frozenset(entry[2:] for entry in listed.split("\0") if entry.startswith("S "))
