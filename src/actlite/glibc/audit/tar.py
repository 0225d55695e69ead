"""Reads tar archives forwards, a member at a time (POSIX pax interchange format; GNU's long names and sizes).

The standard module keeps all members in memory and reads headers of any length whole; here nothing grows with the
archive.
"""

from __future__ import annotations

from collections.abc import Iterator

from actlite.glibc.audit.entries import MAX_NAME, Entry, text
from actlite.glibc.audit.streams import Damaged, Part, Reader, read_exactly, read_up_to

BLOCK = 512
MAX_HEADER = 1 << 20
"""Bytes of a pax header."""
_FILES = (b"0", b"\0", b"7")
_HARD, _SYMBOLIC, _FOLDER = b"1", b"2", b"5"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_PAX, _PAX_GLOBAL, _PAX_SOLARIS = b"x", b"g", b"X"
_SPARSE = b"S"
_SPARSE_KEYS = b"GNU.sparse."
_KEYS = (b"path", b"linkpath", b"size", b"GNU.sparse.name")


def is_tar(head: bytes) -> bool:
    """Whether a file with this beginning is a tar archive: its first header's sum is right."""
    return len(head) >= BLOCK and any(head[:BLOCK]) and _sum_fits(head[:BLOCK])


def entries(source: Reader) -> Iterator[Entry]:
    """The members. Raises Damaged, and what the reader raises."""
    extra: dict[str, str] = {}
    while header := read_up_to(source, BLOCK):
        if not any(header):
            return
        if len(header) < BLOCK:
            raise Damaged("it is cut off")
        if not _sum_fits(header):
            raise Damaged("a header's sum is wrong")
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in (_LONG_NAME, _LONG_LINK):
            value = _content(source, size, MAX_NAME).partition(b"\0")[0]
            extra["path" if kind == _LONG_NAME else "linkpath"] = text(value)
            continue
        if kind in (_PAX, _PAX_GLOBAL, _PAX_SOLARIS):
            found = _pax(_content(source, size, MAX_HEADER))
            if kind != _PAX_GLOBAL:
                extra |= found
            continue
        size = _decimal(extra["size"]) if "size" in extra else size
        content = Part(source, size if kind not in (_HARD, _SYMBOLIC, _FOLDER) else 0)
        entry = _entry(header, kind, size, content, extra)
        if len(entry.name) > MAX_NAME or len(entry.link) > MAX_NAME:
            raise Damaged("a name is longer than any")
        yield entry
        content.skip()
        _pad(source, size if kind not in (_HARD, _SYMBOLIC, _FOLDER) else 0)
        extra = {}


def _entry(header: bytes, kind: bytes, size: int, content: Part, extra: dict[str, str]) -> Entry:
    name = extra.get("GNU.sparse.name") or extra.get("path") or _name(header)
    if kind in (_HARD, _SYMBOLIC):
        link = extra.get("linkpath") or text(header[157:257].partition(b"\0")[0])
        return Entry(name, 0, link=link)
    if kind == _SPARSE or any(key.startswith("GNU.sparse.") for key in extra):
        return Entry(name, size, problem="it is kept sparse")
    if kind in _FILES and not (kind == b"\0" and name.endswith("/")):
        return Entry(name, size, content)
    return Entry(name, size)


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return text(prefix + b"/" + name if prefix else name)


def _content(source: Reader, size: int, most: int) -> bytes:
    if size > most:
        raise Damaged("a header is longer than any name")
    value = read_exactly(source, size)
    _pad(source, size)
    return value


def _pad(source: Reader, size: int) -> None:
    """Pass over the zeros up to the next block. Some writers leave them out at the very end."""
    read_up_to(source, -size % BLOCK)


def _pax(value: bytes) -> dict[str, str]:
    """The records of a pax header that are of use here, each ``LENGTH KEY=VALUE`` and a newline. Raises Damaged."""
    found: dict[str, str] = {}
    at = 0
    while at < len(value) and value[at]:
        digits = value[at : at + 20].partition(b" ")[0]
        length = _decimal(text(digits))
        record = value[at + len(digits) + 1 : at + length]
        key, equals, content = record.partition(b"=")
        if not equals or not record.endswith(b"\n"):
            raise Damaged("a header is damaged")
        if key in _KEYS:
            found[text(key)] = text(content[:-1])
        elif key.startswith(_SPARSE_KEYS):
            found[text(_SPARSE_KEYS)] = ""
        at += length
    return found


def _number(field: bytes) -> int:
    """A number of a header: octal digits, or GNU's binary form. Raises Damaged."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40:
            raise Damaged("a size is negative")
        return number
    digits = field.replace(b"\0", b" ").strip()
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise Damaged("a size is no number") from None


def _decimal(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise Damaged("a header is damaged")
    return int(digits)


def _sum_fits(header: bytes) -> bool:
    digits = header[148:156].replace(b"\0", b" ").split()
    try:
        told = int(digits[0], 8) if digits else -1
    except ValueError:
        return False
    return told == sum(header) - sum(header[148:156]) + 8 * ord(" ")
