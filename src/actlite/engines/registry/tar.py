"""Members of a tar file that comes as a stream: read forwards only, nothing kept, every length bounded.

The form: POSIX.1-1988 and 2001 (pax), with GNU's long names and numbers, as layers have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from actlite.records import field, frozen

BLOCK = 512
MAX_TEXT = 1 << 20
"""Bytes of the names that stand before a member; the kernel takes paths of 4 KB."""
MAX_MEMBERS = 2_000_000
"""Members of a layer that are looked at."""


class TarError(Exception):
    """Not a tar file, or a damaged one; the text says which."""


class Source(Protocol):
    """Where the bytes come from."""

    def take(self, count: int) -> bytes:
        """Exactly so many bytes; fewer at the end."""

    def skip(self, count: int) -> None:
        """Pass over bytes. Raises TarError where there are not so many."""


@frozen
class Member:
    """A member: its type is tar's own letter."""

    name: str
    kind: str
    """``0`` file, ``1`` hard link, ``2`` symbolic link, ``5`` folder; others are devices and the like."""
    target: str
    size: int
    source: Source = field(repr=False)

    def content(self) -> bytes:
        """What it holds; asked at most once, and before the next member is."""
        data = self.source.take(self.size)
        if len(data) < self.size:
            raise TarError("the tar file is cut off")
        return data


class _Counted:
    """Counts what is taken of a member, so that the rest can be passed over."""

    def __init__(self, source: Source, left: int) -> None:
        self._source = source
        self.left = left

    def take(self, count: int) -> bytes:
        data = self._source.take(min(count, self.left))
        self.left -= len(data)
        return data

    def skip(self, count: int) -> None:
        self._source.skip(count)
        self.left -= count


def members(source: Source) -> Iterator[Member]:
    """The members, in file order. Raises TarError."""
    name = target = ""
    size: int | None = None
    for _ in range(MAX_MEMBERS):
        header = source.take(BLOCK)
        if not header.strip(b"\0"):
            return
        if len(header) < BLOCK:
            raise TarError("the tar file is cut off")
        _check(header)
        kind, length = chr(header[156]), _number(header[124:136])
        if kind in "LK" or kind in "xg":
            text = _text(source, length)
            if kind == "L":
                name = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif kind == "K":
                target = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif kind == "x":
                found = _pax(text)
                name, target = found.get("path", name), found.get("linkpath", target)
                size = _decimal(found["size"]) if "size" in found else size
            continue
        if kind == "S":
            raise TarError("a sparse file, which layers do not have")
        length = size if size is not None else length
        length = 0 if kind in "1256" else length
        counted = _Counted(source, _padded(length))
        yield Member(
            name or _own_name(header),
            "0" if kind in "\0" + "7" else kind,
            target or _string(header[157:257]),
            length,
            counted,
        )
        counted.skip(counted.left)
        name, target, size = "", "", None
    raise TarError(f"more than {MAX_MEMBERS:,} files")


def _text(source: Source, length: int) -> bytes:
    if length > MAX_TEXT:
        raise TarError(f"a name of {length:,} bytes")
    data = source.take(_padded(length))
    if len(data) < _padded(length):
        raise TarError("the tar file is cut off")
    return data[:length]


def _padded(length: int) -> int:
    return -(-length // BLOCK) * BLOCK


def _check(header: bytes) -> None:
    """Raises TarError where the header's sum is wrong: that is no header."""
    plain = sum(header[:148]) + 8 * 32 + sum(header[156:])
    if _number(header[148:156]) != plain:
        raise TarError("not a tar file")


def _number(raw: bytes) -> int:
    if raw[0] & 0x80:  # GNU's numbers of any size
        value = int.from_bytes(raw[1:], "big") if raw[0] == 0x80 else -1
    else:
        text = raw.split(b"\0")[0].strip()
        try:
            value = int(text or b"0", 8)
        except ValueError:
            raise TarError("not a tar file") from None
    return _possible(value)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise TarError("a damaged header")
    return _possible(int(text))


def _possible(size: int) -> int:
    if not 0 <= size < 1 << 50:
        raise TarError("a file of impossible size")
    return size


def _own_name(header: bytes) -> str:
    prefix = _string(header[345:500]) if header[257:262] == b"ustar" and header[262:264] != b" \0" else ""
    return f"{prefix}/{_string(header[:100])}" if prefix else _string(header[:100])


def _string(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax(text: bytes) -> dict[str, str]:
    """The records of a pax header: ``LENGTH KEY=VALUE\\n``."""
    found = {}
    at = 0
    while at < len(text) and text[at]:
        count, blank, _ = text[at : at + 20].partition(b" ")
        length = int(count) if blank and count.isdigit() else 0
        if not len(count) + 1 < length <= len(text) - at:
            raise TarError("a damaged header")
        record = text[at + len(count) + 1 : at + length].rstrip(b"\n")
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at += length
    return found
