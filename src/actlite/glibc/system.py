"""What the dynamic loader finds on a system: an image, an unpacked root, or rows of a catalogue."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from actlite.glibc.elf_facts import ElfFile
from actlite.records import field, frozen

DEFAULT_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "x64": ("/lib64", "/usr/lib64"),
    "arm64": ("/lib64", "/usr/lib64"),
}
"""The default folders of an unchanged glibc (RHEL, Fedora, SUSE)."""
_FOLDERS = re.compile(rb"(?:/(?:usr/)?lib[\w./+-]*/\0){2,8}")


class System(Protocol):
    """The files that a loader looks at."""

    @property
    def arch(self) -> str:
        """The machine that the system is for: ``x64`` or ``arm64``."""

    @property
    def directories(self) -> Sequence[str]:
        """The loader's own default folders, in its order."""

    def cached(self, soname: str) -> Sequence[str]:
        """Where /etc/ld.so.cache has a library for this machine, best first."""

    def file(self, path: str) -> ElfFile | None:
        """The facts of the ELF file at a path, symbolic links followed; None where there is none."""

    def exists(self, path: str) -> bool:
        """Whether a file of any kind is there, symbolic links followed."""


@frozen
class MemorySystem:
    """A system of plain data."""

    arch: str
    files: Mapping[str, ElfFile]
    """By absolute path; a symbolic link's path counts like the file's own."""
    cache: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """/etc/ld.so.cache."""
    directories: Sequence[str] = DEFAULT_FOLDERS["x64"]
    others: frozenset[str] = frozenset()
    """Files that are no ELF files."""

    def cached(self, soname: str) -> Sequence[str]:
        """See :class:`System`."""
        return self.cache.get(soname, ())

    def file(self, path: str) -> ElfFile | None:
        """See :class:`System`."""
        return self.files.get(posixpath.normpath(path))

    def exists(self, path: str) -> bool:
        """See :class:`System`."""
        path = posixpath.normpath(path)
        return path in self.files or path in self.others


@frozen
class MountedSystem:
    """A system with other folders put into it, as a container's volumes are."""

    base: System
    mounts: Mapping[str, System]
    """Where in the container, to a system whose root is put there. The longest fitting place counts."""

    @property
    def arch(self) -> str:
        """See :class:`System`."""
        return self.base.arch

    @property
    def directories(self) -> Sequence[str]:
        """See :class:`System`."""
        return self.base.directories

    def cached(self, soname: str) -> Sequence[str]:
        """See :class:`System`."""
        return self.base.cached(soname)

    def file(self, path: str) -> ElfFile | None:
        """See :class:`System`."""
        system, inside = self._at(path)
        return system.file(inside)

    def exists(self, path: str) -> bool:
        """See :class:`System`."""
        system, inside = self._at(path)
        return system.exists(inside)

    def _at(self, path: str) -> tuple[System, str]:
        plain = posixpath.normpath(path)
        for place in sorted(self.mounts, key=len, reverse=True):
            root = place.rstrip("/")
            if plain == root or plain.startswith(root + "/"):
                return self.mounts[place], plain[len(root) :] or "/"
        return self.base, path


def default_folders(loader: bytes) -> tuple[str, ...]:
    """The default folders that are built into a glibc loader; none where the file does not show them.

    Distributions change them: Debian's has ``/lib/x86_64-linux-gnu`` and no ``/lib64``. They stand in the file as one
    row of texts, each with a slash at its end (glibc's elf/dl-load.c, ``system_dirs``).
    """
    found = _FOLDERS.search(loader)
    return tuple(text.decode().rstrip("/") for text in found[0].split(b"\0") if text) if found else ()
