"""The system in a folder: an unpacked image, or this machine itself (``/``)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from actlite.glibc import elf, ld_cache
from actlite.glibc.system import DEFAULT_FOLDERS, default_folders

LOADERS = {
    "x64": ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"),
    "arm64": ("/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"),
}
MUSL_FOLDERS = ("/lib", "/usr/local/lib", "/usr/lib")
MAX_LINKS = 40
"""Symbolic links of one path that are followed, as the kernel does."""
MAX_LOADER = 8 << 20


class FolderSystem:
    """See :class:`actlite.glibc.system.System`. Symbolic links are followed as within a container: never out of it."""

    def __init__(self, root: Path, arch: str = "", *, hwcaps: Sequence[str] = ()) -> None:
        """Without ``arch`` the loader that is there says it; without a loader it is ``x64``. ``hwcaps`` as in
        :func:`actlite.glibc.ld_cache.libraries_of`."""
        self._root = root
        self._arch = arch
        self._hwcaps = hwcaps
        self._known: dict[str, elf.ElfFile | None] = {}

    @cached_property
    def arch(self) -> str:
        """See :class:`System`."""
        if self._arch:
            return self._arch
        return next((a for a, paths in LOADERS.items() if any(self.exists(p) for p in paths)), "x64")

    @cached_property
    def directories(self) -> Sequence[str]:
        """See :class:`System`."""
        loader, musl = LOADERS.get(self.arch, ("", ""))
        try:
            if (found := self.resolve(loader)) is not None:
                with found.open("rb") as file:
                    if folders := default_folders(file.read(MAX_LOADER)):
                        return folders
            # Alpine's gcompat and libc6-compat put something else in the place of glibc's loader.
            if self.exists(musl):
                machine = musl.removeprefix("/lib/ld-musl-").removesuffix(".so.1")
                told = self.resolve(f"/etc/ld-musl-{machine}.path")
                return re.split("[:\n]", told.read_text("utf-8", "replace")) if told else MUSL_FOLDERS
        except OSError:
            pass  # what can't be read is as good as not there
        return DEFAULT_FOLDERS.get(self.arch, ())

    @cached_property
    def _cache(self) -> Mapping[str, tuple[str, ...]]:
        found = self.resolve("/etc/ld.so.cache")
        if found is None:
            return {}
        try:
            return ld_cache.libraries_of(ld_cache.read_cache(found.read_bytes()), self.arch, self._hwcaps)
        except (OSError, ld_cache.CacheError):
            return {}

    def cached(self, soname: str) -> Sequence[str]:
        """See :class:`System`."""
        return self._cache.get(soname, ())

    def file(self, path: str) -> elf.ElfFile | None:
        """See :class:`System`."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def exists(self, path: str) -> bool:
        """See :class:`System`."""
        return self.resolve(path) is not None

    def resolve(self, path: str) -> Path | None:
        """The file that a path within the folder means; None where there is none."""
        left = [part for part in path.split("/") if part not in ("", ".")][::-1]
        at: list[str] = []
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                del at[-1:]
                continue
            here = self._root.joinpath(*at, part)
            try:
                mode = here.lstat().st_mode
                if stat.S_ISLNK(mode):
                    links += 1
                    if links > MAX_LINKS:
                        return None
                    target = os.readlink(here)
                    if target.startswith("/"):
                        at = []
                    left += [piece for piece in target.split("/") if piece not in ("", ".")][::-1]
                    continue
            except (OSError, ValueError):
                return None
            at.append(part)
        found = self._root.joinpath(*at)
        return found if found.is_file() else None

    def real(self, path: str) -> str:
        """A path within the folder without symbolic links; as it is where nothing is there."""
        found = self.resolve(path)
        return path if found is None else "/" + found.relative_to(self._root).as_posix()

    def _read(self, path: str) -> elf.ElfFile | None:
        found = self.resolve(path)
        if found is None:
            return None
        try:
            return elf.read(found)
        except (OSError, elf.ElfError):
            return None
