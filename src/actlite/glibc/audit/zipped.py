"""Reads zip archives by their central directory, a member at a time (PKWARE's APPNOTE, with Zip64).

The standard module keeps a record of every member in memory; here nothing grows with the archive.
"""

from __future__ import annotations

import bz2
import struct
from collections.abc import Iterator
from typing import BinaryIO

from actlite.glibc.audit.entries import MAX_NAME, Entry, text
from actlite.glibc.audit.limits import Budget
from actlite.glibc.audit.streams import (
    Counted,
    Damaged,
    Decoded,
    Inflate,
    Part,
    Reader,
    read_exactly,
)

_END, _END64, _LOCATOR = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_END = 22 + 0xFFFF
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
_ENCRYPTED = 1
_UTF8 = 0x800
_LINK = 0o120000
_TYPE = 0o170000
_UNIX = 3
_METHODS = {9: "deflate64", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd", 99: "AES"}
_LONGEST_LINK = 4096


class _Window:
    """A file from a place on, which other readers of the same file don't move."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self._file = file
        self.at = at

    def read(self, size: int, /) -> bytes:
        """As in Reader."""
        self._file.seek(self.at)
        data = self._file.read(size)
        self.at += len(data)
        return data


def entries(file: BinaryIO, budget: Budget) -> Iterator[Entry]:
    """The members. Raises Damaged, Bomb, LimitHit and OSError."""
    at, size, before = _directory(file)
    end = file.seek(0, 2)
    window = Part(_Window(file, at), size)
    while window.left >= _CENTRAL.size:
        fields = _CENTRAL.unpack(read_exactly(window, _CENTRAL.size))
        if fields[0] != b"PK\1\2":
            raise Damaged("its list of members is damaged")
        made_by, flags, method = fields[1] >> 8, fields[3], fields[4]
        packed, unpacked = fields[8], fields[9]
        name_size, extra_size, comment_size = fields[10:13]
        mode, offset = fields[15] >> 16, fields[16]
        if name_size > MAX_NAME:
            raise Damaged("a name is longer than any")
        name = read_exactly(window, name_size)
        extra = read_exactly(window, extra_size)
        read_exactly(window, comment_size)
        unpacked, packed, offset = _zip64(extra, unpacked, packed, offset)
        shown = text(name) if flags & _UTF8 or name.isascii() else name.decode("cp437")
        if shown.endswith("/"):
            yield Entry(shown, 0)
        elif flags & _ENCRYPTED:
            yield Entry(shown, unpacked, problem="it is encrypted")
        elif method not in (_STORED, _DEFLATED, _BZIP2):
            how = _METHODS.get(method, f"method {method}")
            yield Entry(shown, unpacked, problem=f"it is compressed with {how}")
        else:
            try:
                # No system can seek to what 64 bits may claim.
                content = _content(file, min(before + offset, end), packed, method, budget)
            except Damaged as error:
                yield Entry(shown, unpacked, problem=str(error))
                continue
            if made_by == _UNIX and mode & _TYPE == _LINK:
                yield Entry(shown, 0, link=text(content.read(_LONGEST_LINK)))
            else:
                yield Entry(shown, unpacked, content)


def _content(file: BinaryIO, at: int, packed: int, method: int, budget: Budget) -> Reader:
    """A member's data. Raises Damaged where there is none at its place."""
    header = _Window(file, at)
    fields = _LOCAL.unpack(read_exactly(header, _LOCAL.size))
    if fields[0] != b"PK\3\4":
        raise Damaged("a member is not where its list says")
    source = Part(_Window(file, header.at + fields[9] + fields[10]), packed)
    if method == _STORED:
        return Counted(source, budget)
    make = (lambda: Inflate(-15)) if method == _DEFLATED else bz2.BZ2Decompressor
    return Decoded(source, make, budget, single=True)


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    """Where the list of members is, its bytes, and what stands before the archive (a program that unpacks itself).
    Raises Damaged."""
    end = file.seek(0, 2)
    start = file.seek(max(0, end - _MAX_END))
    tail = file.read(_MAX_END)
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < 22:
        raise Damaged("it is cut off: its list of members is missing")
    size, at = struct.unpack_from("<2L", tail, found + 12)
    place = start + found
    if 0xFFFFFFFF in (size, at) or tail[found + 10 : found + 12] == b"\xff\xff":
        locator = tail[max(0, found - 20) : found]
        if locator[:4] == _LOCATOR:
            (place64,) = struct.unpack_from("<Q", locator, 8)
            record = read_exactly(_Window(file, min(place64, end)), 56)
            if record[:4] != _END64:
                raise Damaged("its list of members is damaged")
            size, at = struct.unpack_from("<2Q", record, 40)
            place = place64
    before = place - size - at
    if before < 0 or at > end:
        raise Damaged("its list of members is damaged")
    return before + at, size, before


def _zip64(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers, the long ones from the extra field. Raises Damaged."""
    values = [unpacked, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + size]
            for index, value in enumerate(values):
                if value == 0xFFFFFFFF:
                    if len(field) < 8:
                        raise Damaged("its list of members is damaged")
                    values[index] = int.from_bytes(field[:8], "little")
                    field = field[8:]
        at += 4 + size
    return values[0], values[1], values[2]
