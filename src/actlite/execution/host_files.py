"""Files of a job that actlite reads or writes in its own name, as the runner does outside of the job's container.

What a step has put there may be anything: a link is followed only as far as the job's own folders go, so that no
workflow reads or writes other files of this machine.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from actlite.errors import CannotRun, UsageError
from actlite.execution.ownership import give_like
from actlite.execution.plain_files import open_plain
from actlite.execution.state import JobState

MAX_LINKED = 40
"""Folders within each other that are gone through by way of links; a link to a folder above it never ends."""
MAX_LINKS = 10_000
"""Links to folders that are gone through in all: two that lead above themselves are met 2^40 times."""


class HostPath:
    """A path as the runner names it, and where it is on this machine."""

    def __init__(self, state: JobState, path: str) -> None:
        """``path`` as a step names it, relative to the workspace. Raises UsageError for what can be no path."""
        if "\0" in path:
            raise UsageError("Null character in path. (Parameter 'path')")
        self._state = state
        self._linked = 0
        self.name = posixpath.normpath(posixpath.join(state.layout.runner_workspace, path))
        """The full path in the runner's own words."""
        self.real = state.real_path(self.name)
        """Where it is; None where it is in the job's container only."""

    def exists(self) -> bool:
        """Whether there is a file or folder that the job may read."""
        return self.real is not None and self._state.keeps(self.real) and self.real.exists()

    def files(self) -> Iterator[tuple[str, Path]]:
        """The files that it is or holds: their names relative to it (its own name for a file), and places. Raises
        OSError, also where links to folders never end."""
        assert self.real is not None
        if self.real.is_file():
            yield self.real.name, self.real
        else:
            yield from self._below(self.real)

    def open(self, path: Path) -> BinaryIO:
        """Open one of its files. Raises OSError, also for what is no plain file or leads out of the job's folders."""
        if not self._state.keeps(path):
            raise OSError(f"{path.name} is a link that leads out of the job's folders")
        stream, _ = open_plain(os.path.realpath(path), follow=False)
        return stream

    def make_folder(self, relative: str = "") -> Path:
        """Make it, or a folder below it. Raises CannotRun where a step has put a link that leads out."""
        if self.real is None:
            raise CannotRun(
                f"Nothing is written to '{self.name}'",
                why="It is in the job's container, outside of the folders that the runner shares with it.",
                do="Name a folder in the workspace, or below runner.temp.",
            )
        target = self.real / relative
        if not self._state.keeps(target):
            raise CannotRun(
                f"Nothing is written to '{self.name}': a step has put a symbolic link there, or above it",
                do="Remove the link first.",
            )
        highest = next(folder for folder in (target, *target.parents) if folder.is_dir())
        target.mkdir(parents=True, exist_ok=True)
        if highest != target:
            give_like(highest / target.relative_to(highest).parts[0], self._state.layout.work)
        return target

    def write(self, relative: str, content: BinaryIO) -> None:
        """Write a file below it, in the place of one that is there. Raises CannotRun, OSError."""
        folder, _, name = relative.rpartition("/")
        target = self.make_folder(folder) / name
        if target.is_symlink() or target.exists():
            target.unlink()
        with target.open("xb") as stream:
            shutil.copyfileobj(content, stream, 1 << 20)
        give_like(target, self._state.layout.work)

    def _below(self, top: Path) -> Iterator[tuple[str, Path]]:
        open_folders = [("", _entries(top))]
        while open_folders:
            prefix, entries = open_folders[-1]
            entry = next(entries, None)
            if entry is None:
                open_folders.pop()
                continue
            path, name = Path(entry.path), f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False) or self._goes_through(entry, len(open_folders) - 1):
                open_folders.append((f"{name}/", _entries(path)))
            else:
                yield name, path

    def _goes_through(self, entry: os.DirEntry[str], depth: int) -> bool:
        """Whether it is a link to a folder that is looked into. Raises OSError after too many of them."""
        if not entry.is_dir() or depth >= MAX_LINKED or not self._state.keeps(Path(entry.path)):
            return False
        self._linked += 1
        if self._linked > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.name)
        return True


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return iter(sorted(found, key=lambda entry: entry.name))
