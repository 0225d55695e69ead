"""A checkout as the archive that GitHub makes of a commit, for jobs without git (actions/checkout,
github-api-helper.ts): no ``.git``, no files that are not exported, and the archive's modes."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Set
from pathlib import Path

from actlite.execution.workspace_git import Git

_DIRECTORY, _FILE, _PROGRAM = 0o775, 0o664, 0o775


def as_archive(git: Git) -> None:
    """Make the files of a checkout those of its archive: what .gitattributes keeps out of it goes, and what it has
    replaced in files ($Format:…$) is. Raises CannotRun."""
    kept: set[str] = set()
    made = git.folder / ".git" / "archive.tar"
    git("archive", "--format=tar", f"--output={made}", "HEAD")
    with tarfile.open(made, encoding="utf-8", errors="surrogateescape") as archive:
        for member in archive:
            kept.add(member.name.rstrip("/"))
            place = git.folder / member.name
            if not member.isfile() or place.is_symlink() or not place.is_file():
                continue
            stream = archive.extractfile(member)
            text = stream.read() if stream is not None else b""
            if text != place.read_bytes():
                place.write_bytes(text)
    for name in git("ls-files", "-z").split("\0"):
        if name and name not in kept:
            _remove(git.folder, name, kept)


def archive_modes(folder: Path) -> None:
    """The modes that root gets by unpacking GitHub's archive (tar.umask 0002); others lose the group's right to
    write, and so have those of a checkout. The folder itself keeps its own."""
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                os.chmod(name, _DIRECTORY, dir_fd=handle)
            elif stat.S_ISREG(mode):
                os.chmod(name, _PROGRAM if mode & stat.S_IXUSR else _FILE, dir_fd=handle)


def _remove(root: Path, name: str, kept: Set[str]) -> None:
    """A file or an empty folder of a submodule, and the folders around it that are kept out themselves."""
    place = root / name
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == root or str(folder.relative_to(root)) in kept or any(folder.iterdir()):
            break
        folder.rmdir()
