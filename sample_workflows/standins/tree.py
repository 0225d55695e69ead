"""A root file system in memory: filled from Debian packages, trimmed, moved about, written as a tar file."""

from __future__ import annotations

import io
import posixpath
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from sample_workflows.standins.packages import PackagesUnavailable
from sample_workflows.standins.relabel import is_elf, needed

LIBRARY_FOLDERS = (
    *("usr/lib64", "lib64"),
    *("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"),
    *("usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu"),
    *("usr/lib", "lib"),
)
LIBRARY = re.compile(r"(?:lib|ld-).*\.so(?:\.\d+)*")

UNWANTED = re.compile(
    r"usr/share/(?:doc|man|info|locale|lintian|bug|menu|pixmaps|bash-completion|gitweb|git-core/contrib)/"
    r"|usr/share/(?:perl5|gdb|gcc|common-licenses|lto|zsh)/|usr/lib/[^/]+/(?:gconv|perl)|usr/sbin/|sbin/"
    r"|usr/lib/gcc/.*/(?:lto1|lto-wrapper|lib[a-z]*san[^/]*|libitm\.a|libquadmath\.a|plugin/)"
    r"|usr/lib/[^/]+/lib[a-z]*san\.so|usr/lib/[^/]+/(?:bfd-plugins|ldscripts/elf32)"
    r"|usr/bin/(?:[^/]*-)?(?:dwp|gold|ld\.gold|lto-dump(?:-\d+)?|gcov[^/]*|gprofng|gp-[^/]*|perf)$"
    r"|(?:var|etc|boot|dev|proc|sys|run|home|media|mnt|srv)/"
)


class Kind(Enum):
    """What an entry is."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "symbolic link"
    HARD_LINK = "hard link"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link. ``target``: of a link, as written; of a hard link, its path in the tree."""

    kind: Kind
    mode: int = 0o755
    data: bytes = b""
    target: str = ""


@dataclass(slots=True)
class Tree:
    """Entries by path, without a leading slash."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def copy(self) -> Tree:
        """Another tree with the same entries."""
        return Tree(dict(self.entries))

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A folder; what is there stays."""
        self.entries.setdefault(path, Entry(Kind.FOLDER, mode))

    def file(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        """A file, in place of whatever is there."""
        self.entries[path] = Entry(Kind.FILE, mode, data.encode() if isinstance(data, str) else data)

    def link(self, path: str, target: str) -> None:
        """A symbolic link, unless something is there."""
        self.entries.setdefault(path, Entry(Kind.LINK, 0o777, target=target))

    def rename(self, change: Callable[[str], str]) -> None:
        """Give every entry, and every target of a hard link, the path that ``change`` makes of it."""
        moved: dict[str, Entry] = {}
        for path, entry in self.entries.items():
            new = change(path)
            if entry.kind is Kind.LINK and entry.target == posixpath.basename(new):
                continue  # what it led to has come to its own place
            if entry.kind is Kind.HARD_LINK:
                moved[new] = replace(entry, target=change(entry.target))
            elif not (new in moved and entry.kind is Kind.FOLDER):
                moved[new] = entry
        self.entries = moved

    def add_package(self, deb: Path, only: Iterable[str] | None = None) -> None:
        """What a package file holds, but for documents and the like. Raises PackagesUnavailable."""
        done = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=False)
        if done.returncode != 0:
            raise PackagesUnavailable(f"{deb.name}: {done.stderr.decode(errors='replace').strip()}")
        with tarfile.open(fileobj=io.BytesIO(done.stdout), mode="r:") as archive:
            for member in archive:
                path = posixpath.normpath(member.name).lstrip("/")
                if (
                    path == "."
                    or (only is not None and path not in only)
                    or UNWANTED.match(path + "/" * member.isdir())
                ):
                    continue
                if member.isdir():
                    self.folder(path, member.mode)
                elif member.issym():
                    self.entries[path] = Entry(Kind.LINK, 0o777, target=member.linkname)
                elif member.islnk():
                    target = posixpath.normpath(member.linkname).lstrip("/")
                    self.entries[path] = Entry(Kind.HARD_LINK, target=target)
                elif member.isfile():
                    reader = archive.extractfile(member)
                    assert reader is not None
                    self.file(path, reader.read(), member.mode)

    def libraries(self) -> dict[str, str]:
        """Shared libraries by file name: in which of the loader's folders each is."""
        found: dict[str, str] = {}
        for folder in LIBRARY_FOLDERS:
            prefix = folder + "/"
            for path, entry in self.entries.items():
                name = path[len(prefix) :]
                if path.startswith(prefix) and entry.kind is not Kind.FOLDER and LIBRARY.fullmatch(name):
                    found.setdefault(name, folder)
        return found

    def prune(self) -> list[str]:
        """Take out the programs and libraries whose own libraries are not all there, and links that lead
        nowhere because of it. Gives what was taken out."""
        gone: list[str] = []
        wants = {
            path: needed(entry.data)
            for path, entry in self.entries.items()
            if entry.kind is Kind.FILE and is_elf(entry.data)
        }
        while True:
            there = set(self.libraries())
            broken = [path for path, names in wants.items() if not there.issuperset(names)]
            if not broken:
                return gone
            for path in broken:
                del wants[path], self.entries[path]
                gone.append(path)
            self._drop_dangling()

    def _drop_dangling(self) -> None:
        while True:
            dangling = [
                path
                for path, entry in self.entries.items()
                if (entry.kind is Kind.HARD_LINK and entry.target not in self.entries)
                or (entry.kind is Kind.LINK and self._leads_nowhere(path, entry.target))
            ]
            if not dangling:
                return
            for path in dangling:
                del self.entries[path]

    def _leads_nowhere(self, path: str, target: str) -> bool:
        # Only links between neighbours: others pass through links of folders.
        return "/" not in target and posixpath.join(posixpath.dirname(path), target) not in self.entries

    def write(self, out: BinaryIO) -> None:
        """The tree as a tar file: folders first, hard links after what they name, everything root's."""
        order = {Kind.FOLDER: 0, Kind.FILE: 1, Kind.LINK: 2, Kind.HARD_LINK: 3}
        kinds = {Kind.FILE: tarfile.REGTYPE, Kind.LINK: tarfile.SYMTYPE, Kind.HARD_LINK: tarfile.LNKTYPE}
        with tarfile.open(fileobj=out, mode="w:", format=tarfile.GNU_FORMAT) as archive:
            for path, entry in sorted(self.entries.items(), key=lambda item: (order[item[1].kind], item[0])):
                member = tarfile.TarInfo(path)
                member.mode = entry.mode
                member.type = kinds.get(entry.kind, tarfile.DIRTYPE)
                member.linkname = entry.target
                member.size = len(entry.data)
                archive.addfile(member, io.BytesIO(entry.data) if entry.kind is Kind.FILE else None)
