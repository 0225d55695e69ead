"""Where a log comes from: a file, standard input, a folder of logs, or the archive that GitHub hands out.

The archive has a file for each job, ``0_build.txt``, and beside it a folder ``build`` with a file for each step,
which say the same again. A run of actlite's own is a folder with ``logs/JOB/STEP.log``.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import IO

from actlite.errors import UsageError

PIECE = 1 << 20
"""Bytes that are read at a time."""
MAX_FILES = 5_000
"""Files of a folder or an archive that are read."""
MAX_UNPACKED = 4 << 30
"""Bytes of an archive that are read when unpacked; a bomb ends there."""
_LOG = re.compile(r"\.(?:txt|log|out|md|eml|jsonl?)$|^[^.]+$", re.IGNORECASE)
_JOB = re.compile(r"\d+_(.+)\.txt")

Pieces = Iterator[tuple[str, Iterable[bytes]]]
"""Files of a log, each with the name of its job, and their content bit by bit."""


def from_stream(stream: IO[bytes]) -> Pieces:
    """A log from an open stream: standard input. The pieces raise UsageError where it can't be read."""
    yield "", _read(stream, "Standard input")


def from_path(path: Path) -> Pieces:
    """The log at a path. It and the pieces raise UsageError where it can't be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _folder(path)
        if stat.S_ISREG(mode) and zipfile.is_zipfile(path):
            return _archive(path)
        stream = path.open("rb")
    except OSError as error:
        raise _unreadable(str(path), error) from error
    return _one(stream, path)


def _one(stream: IO[bytes], path: Path) -> Pieces:
    with stream:
        yield "", _read(stream, str(path))


def _folder(path: Path) -> Pieces:
    files = (found for found in path.rglob("*") if _LOG.search(found.name) and _is_plain(found))
    names = {found.relative_to(path).as_posix(): found for found in islice(files, MAX_FILES)}
    for name in _wanted(list(names)):
        try:
            stream = names[name].open("rb")
        except OSError as error:
            raise _unreadable(str(names[name]), error) from error
        with stream:
            yield _job(name), _read(stream, str(names[name]))


def _archive(path: Path) -> Pieces:
    left = [MAX_UNPACKED]
    with _readable(path), zipfile.ZipFile(path) as archive:
        members = {item.filename: item for item in archive.infolist()[:MAX_FILES] if not item.is_dir()}
        for name in _wanted([name for name in members if _LOG.search(name.rpartition("/")[2])]):
            with archive.open(members[name]) as stream:
                yield _job(name), _bounded(stream, left, path)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raises UsageError in the place of whatever a damaged archive leads to."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        RuntimeError,
        EOFError,
        ValueError,
        zlib.error,
        LZMAError,
        OSError,
    ) as error:
        raise UsageError(f"{path} is a zip archive that can't be read.", why=str(error)) from error


def _wanted(names: list[str]) -> list[str]:
    """The files that are read: not those of steps whose job has a file of its own, which has them all."""
    whole = {found[1] for name in names if (found := _JOB.fullmatch(name))}
    return sorted(
        (name for name in names if name.partition("/")[0] not in whole or "/" not in name), key=_by_number
    )


def _by_number(name: str) -> list[tuple[int, str]]:
    """Orders ``2_Run.txt`` before ``10_Post.txt``."""
    return [
        (int(part.partition("_")[0]) if part.partition("_")[0].isdecimal() else 0, part)
        for part in name.split("/")
    ]


def _job(name: str) -> str:
    """The job whose log a file has, by its place."""
    top, _, rest = name.partition("/")
    if not rest:
        found = _JOB.fullmatch(top)
        return found[1] if found else top.rpartition(".")[0] or top
    return rest.partition("/")[0] if top == "logs" and "/" in rest else top


def _read(stream: IO[bytes], name: str) -> Iterator[bytes]:
    while True:
        try:
            piece = stream.read(PIECE)
        except OSError as error:
            raise _unreadable(name, error) from error
        if not piece:
            return
        yield piece


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} can't be read: {error.strerror}.")


def _bounded(stream: IO[bytes], left: list[int], path: Path) -> Iterator[bytes]:
    while left[0] > 0:
        with _readable(path):
            piece = stream.read(min(PIECE, left[0]))
        if not piece:
            return
        left[0] -= len(piece)
        yield piece
