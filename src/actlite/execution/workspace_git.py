"""git on this machine, in folders that a container can write into."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from actlite.errors import CannotRun

SERVE = "--upload-pack=git -c 'safe.directory=*' -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""How git is to serve a repository on this machine: any commit, and whoever it belongs to, as it was found with
the user's own settings."""

_OPTIONS = tuple(
    word
    for setting in (
        "safe.directory=*",
        "advice.detachedHead=false",
        # What runs in the container can write into the workspace; nothing of it may run on this machine.
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
    )
    for word in ("-c", setting)
)


class Git:
    """git in one folder, without the user's settings and without questions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str, text: str | None = None, env: Mapping[str, str] | None = None) -> str:
        """What git prints; ``text`` is what it reads, ``env`` what its environment has besides. Raises CannotRun with
        git's own words."""
        done = self._run(args, text, env)
        if done.returncode:
            why = done.stderr.strip() or done.stdout.strip()
            raise CannotRun(f"git {args[0]} failed", why=printable(why))
        return done.stdout

    def ask(self, *args: str) -> str:
        """The first line of git's answer; '' where it fails."""
        done = self._run(args, None, None)
        return "" if done.returncode else done.stdout.partition("\n")[0]

    def _run(
        self, args: tuple[str, ...], text: str | None, more: Mapping[str, str] | None
    ) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "LC_ALL": "C",
        }
        return subprocess.run(
            ["git", *_OPTIONS, *args],
            cwd=self.folder,
            env=env | dict(more or {}),
            capture_output=True,
            text=True,
            errors="surrogateescape",
            input=text or "",
            check=False,
        )


def file_url(folder: Path) -> str:
    """The address of a repository on this machine: one that makes git copy objects, not the files as they are."""
    return "file://" + quote(os.fsencode(folder))


def printable(text: str) -> str:
    """A text of git's in which bytes that are no UTF-8 are question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def git_version(text: str) -> tuple[int, int]:
    """Major and minor version in git's own line; zeros where there is none."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
