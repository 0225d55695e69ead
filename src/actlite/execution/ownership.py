"""To whom the files of a job belong.

GitHub's runner is user 1001 of its machine, and the folders of a container job are that user's: root in a
container may do everything with them (but git finds their ownership dubious), another user may only read.
Who runs actlite as root would give root such folders, in which git is content and user 1001 can't write. So,
where actlite is root, the folders are given away: to user 1001 for a job with ``container:``; without one, to
the user of the image that stands in for GitHub's machine, where the runner and its steps are the same user.
Everything made later belongs to whom the folder around it belongs. Where actlite isn't root nothing can be given.
"""

from __future__ import annotations

import os
from pathlib import Path

from actlite.engines.base import ImageInfo, Images

RUNNER = (1001, 1001)
"""User and group of GitHub's runner (actions/runner-images: the account ``runner``)."""


def can_give() -> bool:
    """Whether this process may give files to others."""
    return os.geteuid() == 0


def image_user(images: Images, info: ImageInfo) -> tuple[int, int]:
    """User and group that an image's processes run as; a name is looked up in the image's own files.
    A user that isn't there is root: docker will say so. Raises ImageUnavailable."""
    name, _, group = info.user.partition(":")
    if not name or name in ("root", "0"):
        return 0, 0
    if name.isdigit() and group.isdigit():
        return int(name), int(group)
    found = images.read(info.id, ["/etc/passwd", "/etc/group"])
    for fields in _table(found.get("/etc/passwd")):
        if name in (fields[0], fields[2]):
            return int(fields[2]), _group(group, found.get("/etc/group"), int(fields[3]))
    return (int(name), _group(group, found.get("/etc/group"), 0)) if name.isdigit() else (0, 0)


def give_tree(folder: Path, to: tuple[int, int]) -> None:
    """Give a folder and all in it. Links are given themselves, never followed."""
    if not can_give() or to == (0, 0):
        return
    os.chown(folder, *to, follow_symlinks=False)
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, *to, dir_fd=handle, follow_symlinks=False)


def hand_over(folder: Path, below: Path, to: tuple[int, int]) -> None:
    """Give what a process of a container has made to the user it runs as: a folder with all in it, and those between
    it and ``below``, which itself stays whose it is."""
    folder, below = Path(os.path.realpath(folder)), Path(os.path.realpath(below))
    if not can_give() or not folder.is_relative_to(below):
        return
    for path in (folder, *folder.parents):
        if path == below:
            break
        os.chown(path, *to, follow_symlinks=False)
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, *to, dir_fd=handle, follow_symlinks=False)


def give_like(path: Path, folder: Path) -> None:
    """Give a file or a whole tree to whom ``folder`` belongs."""
    if can_give():
        status = folder.lstat()
        give_tree(path, (status.st_uid, status.st_gid)) if path.is_dir() else _give(path, status)


def give_file(handle: int, folder: int) -> None:
    """The same for an open file and an open folder."""
    if can_give():
        status = os.fstat(folder)
        if status.st_uid or status.st_gid:
            os.fchown(handle, status.st_uid, status.st_gid)


def _give(path: Path, status: os.stat_result) -> None:
    if status.st_uid or status.st_gid:
        os.chown(path, status.st_uid, status.st_gid, follow_symlinks=False)


def _group(name: str, table: bytes | None, default: int) -> int:
    if name.isdigit():
        return int(name)
    return next((int(fields[2]) for fields in _table(table) if name and fields[0] == name), default)


def _table(text: bytes | None) -> list[list[str]]:
    """The lines of a passwd or group file that are whole."""
    lines = [line.split(":") for line in (text or b"").decode(errors="replace").splitlines()]
    return [f for f in lines if len(f) >= 4 and f[2].isdigit() and (len(f) < 7 or f[3].isdigit())]
