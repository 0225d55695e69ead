"""Reads Debian and RPM packages forwards: ar (deb(5)), RPM's headers (rpm.org, file format 4), cpio (SVR4, "newc")."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from actlite.glibc.audit.entries import MAX_NAME, Entry, text
from actlite.glibc.audit.streams import Damaged, Part, Reader, read_exactly, read_up_to
from actlite.records import replace

AR = b"!<arch>\n"
RPM = b"\xed\xab\xee\xdb"
CPIO = (b"070701", b"070702")
_LEAD = 96
_HEADER = b"\x8e\xad\xe8\x01"
_MAX_HEADER = 256 << 20
_TRAILER = "TRAILER!!!"
_TYPE, _FILE, _LINK = 0o170000, 0o100000, 0o120000
_LONGEST_LINK = 4096


def is_debian(head: bytes) -> bool:
    """Whether a file with this beginning is a Debian package: an ar archive with ``debian-binary`` first."""
    return head.startswith(AR + b"debian-binary")


def debian_entries(source: Reader) -> Iterator[Entry]:
    """The archive of a Debian package's files, without a name of its own. Raises Damaged."""
    for entry in ar_entries(source):
        if entry.name.startswith("data.tar"):
            yield replace(entry, name="")


def ar_entries(source: Reader) -> Iterator[Entry]:
    """The members of an ar archive. Raises Damaged."""
    read_exactly(source, len(AR))
    while header := read_up_to(source, 60):
        if len(header) < 60 or header[58:] != b"`\n":
            raise Damaged("it is cut off" if len(header) < 60 else "a header is damaged")
        digits = header[48:58].strip()
        if not digits.isdigit():
            raise Damaged("a size is no number")
        content = Part(source, int(digits))
        yield Entry(text(header[:16].strip().removesuffix(b"/")), int(digits), content)
        content.skip()
        read_up_to(source, int(digits) & 1)


def rpm_payload(source: Reader) -> None:
    """Pass over what an RPM package has before its payload, which is a compressed cpio archive. Raises Damaged."""
    read_exactly(source, _LEAD)
    size = _rpm_header(source)
    read_exactly(source, -size % 8)  # the signature's header is padded
    _rpm_header(source)


def _rpm_header(source: Reader) -> int:
    start = read_exactly(source, 16)
    if start[:4] != _HEADER:
        raise Damaged("a header is damaged")
    entries, size = struct.unpack_from(">2L", start, 8)
    size += entries * 16
    if size > _MAX_HEADER:
        raise Damaged("a header is damaged")
    Part(source, size).skip()
    return int(size)


def cpio_entries(source: Reader) -> Iterator[Entry]:
    """The members of a cpio archive. Raises Damaged."""
    while header := read_up_to(source, 110):
        if len(header) < 110 or header[:6] not in CPIO:
            raise Damaged("it is cut off" if len(header) < 110 else "a header is damaged")
        try:
            numbers = [int(header[at : at + 8], 16) for at in range(6, 110, 8)]
        except ValueError:
            raise Damaged("a header is damaged") from None
        mode, size, name_size = numbers[1], numbers[6], numbers[11]
        if name_size > MAX_NAME:
            raise Damaged("a name is longer than any")
        name = text(read_exactly(source, name_size).rstrip(b"\0"))
        read_up_to(source, -(110 + name_size) % 4)
        if name == _TRAILER:
            return
        content = Part(source, size)
        if mode & _TYPE == _LINK:
            yield Entry(name, 0, link=text(content.read(_LONGEST_LINK)))
        else:
            yield Entry(name, size, content if mode & _TYPE == _FILE else None)
        content.skip()
        read_up_to(source, -size % 4)
