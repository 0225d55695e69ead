"""Reading an image's files where the daemon keeps them: root on the daemon's own machine may, and needs no container.

Docker's overlay2 keeps each layer unpacked in a folder. Nine files of an image take 12 ms so, and 300 ms through
containers (see ``image_reader``). The folders are merged as the kernel does it (its Documentation/filesystems/
overlayfs.rst): the upper one counts, a device 0/0 hides what is below it, and so does a folder marked opaque. Whatever
else the kernel knows (redirected folders, contents kept elsewhere) is not read here but through containers.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actlite.engines.base import Distil

MAX_FILE = 256 << 20
"""Bytes of a file that is looked at; the largest libraries (libLLVM) have half of that."""
_MAX_LINKS = 40
_CAP_SYS_ADMIN = 21
_OPAQUE = "trusted.overlay.opaque"
_OTHERS = ("trusted.overlay.redirect", "trusted.overlay.metacopy")


class NotPlain(Exception):
    """A layer has what only the kernel can read, or is gone."""


def folders_of(image: Mapping[str, Any]) -> tuple[Path, ...]:
    """The folders of an image's layers, the upper ones first, from what the daemon says of it; none where they can't be
    read from here."""
    driver = image.get("GraphDriver") or {}
    data = driver.get("Data") or {}
    if driver.get("Name") != "overlay2" or not data.get("UpperDir") or not _sees_marks():
        return ()
    folders = tuple(
        Path(name) for name in (data["UpperDir"], *str(data.get("LowerDir") or "").split(":")) if name
    )
    return folders if all(folder.is_dir() for folder in folders) else ()


def _sees_marks() -> bool:
    """Whether this process sees the marks of opaque folders: to others they look like plain ones."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return False
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(found and int(found[1], 16) >> _CAP_SYS_ADMIN & 1)


class LayerFolders:
    """See ``actlite.engines.base.ImageReader``."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def facts(self, paths: Sequence[str], distil: Distil) -> Mapping[str, dict[str, Any] | None]:
        """See ``actlite.engines.base.ImageReader``. Raises NotPlain."""
        found: dict[str, dict[str, Any] | None] = {}
        try:
            for path in paths:
                file = self.resolve(path)
                if file is None:
                    found[path] = None
                else:
                    found[path] = distil(path, file.read_bytes()) if file.stat().st_size <= MAX_FILE else {}
        except OSError as error:
            raise NotPlain from error
        if not all(folder.is_dir() for folder in self._folders):
            raise NotPlain
        return found

    def resolve(self, path: str) -> Path | None:
        """The regular file that a path means, links followed within the image; None where there is none."""
        way: list[list[Path]] = [list(self._folders)]
        left = path.split("/")[::-1]
        links = 0
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                way = way[:-1] or way
                continue
            here = _merged(way[-1], part)
            if not here:
                return None
            mode = here[0].lstat().st_mode
            if stat.S_ISLNK(mode):
                links += 1
                if links > _MAX_LINKS:
                    return None
                target = os.readlink(here[0])
                way = way[:1] if target.startswith("/") else way
                left += target.split("/")[::-1]
            elif stat.S_ISDIR(mode):
                way.append(here)
            else:
                return here[0] if stat.S_ISREG(mode) and not left else None
        return None


def _merged(folders: Sequence[Path], name: str) -> list[Path]:
    """What a name is in folders that lie upon each other: one path, or those of the folders that are merged there."""
    found: list[Path] = []
    for folder in folders:
        path = folder / name
        try:
            info = path.lstat()
        except OSError:
            continue
        if stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:
            break
        if not stat.S_ISDIR(info.st_mode):
            return found or [path]
        if any(_mark(path, mark) for mark in _OTHERS):
            raise NotPlain
        found.append(path)
        if _mark(path, _OPAQUE) == b"y":
            break
    return found


def _mark(path: Path, name: str) -> bytes:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return b""
        raise NotPlain from error
