"""Finds the ELF files that a path is or holds, archives within archives included.

Nothing of an archive is written but ELF files and zip archives within it, under numbers as names, in a temporary
folder; no link is followed on this machine.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from actlite.glibc.audit import kinds, packages, tar, zipped
from actlite.glibc.audit.entries import Entry
from actlite.glibc.audit.limits import Bomb, Budget, LimitHit, in_units
from actlite.glibc.audit.model import OtherFile
from actlite.glibc.audit.streams import (
    CHUNK,
    DECODERS,
    Counted,
    Damaged,
    Decoded,
    Peeked,
    Reader,
    spool,
)
from actlite.records import frozen

INSIDE = "!/"
"""Stands between an archive's name and a member's."""
ELF = b"\x7fELF"
ZSTD_MEMORY = "128MB"
"""What the zstd program may take for a window."""


@frozen
class FoundElf:
    """A linked ELF file. The path is good until the next one is asked for."""

    name: str
    path: Path
    size: int


@frozen
class FoundLink:
    """A link within an archive or folder."""

    name: str
    target: str


@frozen
class Unseen:
    """What was not looked at, and why, as a sentence."""

    text: str


Found = FoundElf | FoundLink | OtherFile | Unseen


class Walk:
    """One walk through a path. ``folder`` is temporary and takes what must be spooled."""

    def __init__(self, budget: Budget, folder: Path) -> None:
        self._budget = budget
        self._folder = folder
        self._spooled = 0
        self.size = 0
        """Bytes of the files on this machine that were looked at."""
        self.kind = ""
        """What the path is: ``folder``, ``ELF file``, or a kind of archive."""

    def path(self, path: Path, name: str) -> Iterator[Found]:
        """What a path is or holds. Raises OSError where the path itself can't be read or is no file or folder."""
        try:
            if path.is_dir():
                self.kind = "folder"
                yield from self._tree(path, name)
            else:
                yield from self._file(path, name)
        except LimitHit as hit:
            yield Unseen(f"The rest of {name} is not looked at: {hit}.")

    def _tree(self, folder: Path, name: str) -> Iterator[Found]:
        refused: list[OSError] = []
        for place, folders, files in os.walk(folder, onerror=refused.append):
            folders.sort()
            for file in sorted(files):
                path = Path(place, file)
                shown = os.path.join(name, path.relative_to(folder).as_posix())
                self._budget.member()
                try:
                    mode = path.lstat().st_mode
                    if stat.S_ISLNK(mode):
                        yield FoundLink(shown, os.readlink(path))
                    elif stat.S_ISREG(mode):
                        yield from self._file(path, shown)
                except OSError as error:
                    yield Unseen(f"{shown} can't be read: {error.strerror}.")
        for refusal in refused:
            yield Unseen(f"{refusal.filename} can't be read: {refusal.strerror}.")

    def _file(self, path: Path, name: str) -> Iterator[Found]:
        with _opened(path) as file:
            head = file.read(kinds.HEAD)
            size = os.fstat(file.fileno()).st_size
            self.size += size
            self.kind = self.kind or _kind_of(path, head)
            if head.startswith(ELF):
                yield from self._elf(path, name, size, head)
            elif kinds.archive_kind(head):
                file.seek(0)
                with self._told(name) as problems:
                    yield from self._archive(Peeked(file, kinds.HEAD), name, size, 1, path)
                yield from problems
            else:
                yield from _other(name, head)

    def _elf(self, path: Path, name: str, size: int, head: bytes) -> Iterator[Found]:
        if what := kinds.other_elf(head):
            yield OtherFile(name, what)
            return
        self._budget.file()
        yield FoundElf(name, path, size)
        if kinds.is_appimage(head):
            yield Unseen(
                f"{name} is an AppImage: its runtime is looked at, the file system (squashfs) in it is not; "
                f"audit the folder that {os.path.basename(name)} --appimage-extract makes."
            )

    def _archive(
        self, source: Peeked, name: str, size: int, depth: int, path: Path | None = None
    ) -> Iterator[Found]:
        """The members of an archive; ``path`` is where it lies by itself on this machine, if it does."""
        kind = kinds.archive_kind(source.head)
        if depth > self._budget.limits.depth:
            yield Unseen(f"{name} is not looked into: it is {depth - 1} archives deep.")
            return
        if kind == "zip":
            with self._on_disk(source, size, path) as kept, kept.open("rb") as file:
                yield from self._members(zipped.entries(file, self._budget), name, depth)
        elif kind in kinds.COMPRESSIONS.values():
            with self._decoded(source, kind, size, path) as inner:
                yield from self._inner(Peeked(inner, kinds.HEAD), name, depth)
        else:
            # What comes out of a compressed stream is counted there.
            inner = Counted(source, self._budget) if path is not None else source
            if kind == "rpm":
                packages.rpm_payload(inner)
                payload = Peeked(inner, kinds.HEAD)
                with self._decoded(payload, kinds.archive_kind(payload.head), size, None) as cpio:
                    yield from self._members(packages.cpio_entries(cpio), name, depth)
            else:
                read = {"tar": tar.entries, "deb": packages.debian_entries, "cpio": packages.cpio_entries}[
                    kind
                ]
                yield from self._members(read(inner), name, depth)

    def _inner(self, source: Peeked, name: str, depth: int) -> Iterator[Found]:
        """What a compressed stream holds: a tar or cpio archive, which counts as one with it, or a file."""
        if kinds.archive_kind(source.head) in ("tar", "cpio"):
            yield from self._archive(source, name, 0, depth)
        else:
            inside = os.path.basename(name)
            for end in (".gz", ".xz", ".bz2", ".zst"):
                inside = inside.removesuffix(end)
            yield from self._content(source, name + INSIDE + inside, 0, depth)

    def _members(self, entries: Iterator[Entry], name: str, depth: int) -> Iterator[Found]:
        for entry in entries:
            self._budget.member()
            shown = name + INSIDE + entry.name.removeprefix("./") if entry.name else name
            if entry.problem:
                yield Unseen(f"{shown} is not looked at: {entry.problem}.")
            elif entry.link:
                yield FoundLink(shown, entry.link)
            elif entry.content is not None:
                with self._told(shown) as problems:
                    yield from self._content(Peeked(entry.content, kinds.HEAD), shown, entry.size, depth)
                yield from problems

    def _content(self, source: Peeked, name: str, size: int, depth: int) -> Iterator[Found]:
        """A file within an archive."""
        head = source.head
        if head.startswith(ELF) and not kinds.other_elf(head):
            with self._on_disk(source, size, None) as path:
                yield from self._elf(path, name, path.stat().st_size, head)
        elif head.startswith(ELF):
            yield OtherFile(name, kinds.other_elf(head))
        elif kinds.archive_kind(head):
            yield from self._archive(source, name, size, depth + 1)
        else:
            yield from _other(name, head)

    @contextmanager
    def _told(self, name: str) -> Iterator[list[Found]]:
        """Runs what looks into something; where that is damaged, the list afterwards says so."""
        problems: list[Found] = []
        try:
            yield problems
        except Damaged as error:
            problems.append(Unseen(f"{name} is not wholly looked at: {error}."))
        except Bomb as error:
            problems.append(Unseen(f"{name} is not wholly looked at: {error}."))

    @contextmanager
    def _on_disk(self, source: Reader, size: int, path: Path | None) -> Iterator[Path]:
        """A file with what a reader gives, which lasts as long as the context. Raises Damaged if it is too large."""
        if path is not None:
            yield path
            return
        most = self._budget.limits.member
        self._spooled += 1
        target = self._folder / str(self._spooled)
        try:
            if size > most or spool(_AtMost(source, most), target) > most:
                raise Damaged(f"it is larger than {in_units(most)}")
            yield target
        finally:
            target.unlink(missing_ok=True)

    @contextmanager
    def _decoded(self, source: Reader, kind: str, size: int, path: Path | None) -> Iterator[Reader]:
        """What a compressed stream gives. Raises Damaged where nothing here can decode it."""
        if kind in DECODERS:
            yield Decoded(source, DECODERS[kind], self._budget)
            return
        program = shutil.which("zstd")
        if kind != "zstd":
            raise Damaged("its compression is not known here")
        if program is None:
            raise Damaged("it is compressed with zstd, and there is no zstd program on this machine")
        with self._on_disk(source, size, path) as kept, kept.open("rb") as file:
            command = [program, "--decompress", "--stdout", "--quiet", f"--memory={ZSTD_MEMORY}"]
            process = subprocess.Popen(
                command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False
            )
            assert process.stdout is not None
            try:
                yield _Program(process, process.stdout, kept.stat().st_size, self._budget)
            finally:
                process.kill()
                process.communicate()


def _opened(path: Path) -> BinaryIO:
    """A file, open for reading. Raises OSError, also for a pipe or a device, which might never end."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    return open(number, "rb")


class _AtMost:
    """A reader that gives one byte more than allowed and no more, so that who reads can tell."""

    def __init__(self, source: Reader, most: int) -> None:
        self._source = source
        self._left = most + 1

    def read(self, size: int, /) -> bytes:
        """As in Reader."""
        data = self._source.read(min(size, self._left))
        self._left -= len(data)
        return data


class _Program:
    """What a decompressing program writes."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: IO[bytes], size: int, budget: Budget
    ) -> None:
        self._process = process
        self._output = output
        self._size = size
        self._budget = budget
        self._given = 0

    def read(self, size: int, /) -> bytes:
        """As in Reader. Raises Damaged, Bomb and LimitHit."""
        data = self._output.read(min(size, CHUNK))
        if not data and self._process.wait():
            told = self._process.stderr.read(500) if self._process.stderr is not None else b""
            raise Damaged(f"it is damaged ({told.decode('utf-8', 'replace').strip()})")
        self._given += len(data)
        self._budget.unpacked(len(data))
        self._budget.ratio(self._size, self._given)
        return data


_KINDS = {
    "zip": "zip archive",
    "tar": "tar archive",
    "deb": "Debian package",
    "rpm": "RPM package",
    "cpio": "cpio archive",
}
_BY_NAME = {".whl": "wheel", ".jar": "Java archive", ".apk": "package", ".appimage": "AppImage"}


def _kind_of(path: Path, head: bytes) -> str:
    kind = kinds.archive_kind(head)
    if head.startswith(ELF):
        return "AppImage" if kinds.is_appimage(head) else "ELF file"
    if not kind:
        return "file"
    if named := _BY_NAME.get(path.suffix.lower()):
        return named
    if kind in _KINDS:
        return _KINDS[kind]
    is_tar = ".tar" in path.suffixes[-2:] or path.suffix in (".tgz", ".txz", ".tbz2", ".tzst")
    return "tar archive" if is_tar else f"{kind} file"


def _other(name: str, head: bytes) -> Iterator[Found]:
    if what := kinds.program_of_other_kind(head):
        yield OtherFile(name, what)
    elif what := kinds.closed_archive(head):
        yield Unseen(f"{name} is not looked into: it is {what}.")
