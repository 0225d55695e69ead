"""Runs ``git``, without the settings of the environment that would point it at another repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from actlite.errors import CannotRun, UsageError

_KEPT = frozenset(
    {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_EXEC_PATH",
        "GIT_CEILING_DIRECTORIES",
    }
)


class GitFailed(Exception):
    """git ended with an error; ``message`` is what it said."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@cache
def environment() -> dict[str, str]:
    """The environment for git: no GIT_DIR and the like, English, no questions, no locks for refreshing."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    env.update(LC_ALL="C", GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")
    return env


def git(folder: Path, arguments: Sequence[str]) -> str:
    """The standard output of a git command run in ``folder``; file names that aren't UTF-8 are kept by
    surrogates. Raises GitFailed, and CannotRun where there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise CannotRun(
            "git is not installed",
            why="actlite reads the repository and fetches actions with git.",
            do="Install git, such as with: apt-get install git",
        ) from error
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        if "dubious ownership" in message:
            raise UsageError(
                f"git refuses to read {folder}: it belongs to another user",
                why=message.splitlines()[0],
                do=f"If you trust it: git config --global --add safe.directory {folder}",
            )
        raise GitFailed(message)
    return done.stdout.decode("utf-8", "surrogateescape")
