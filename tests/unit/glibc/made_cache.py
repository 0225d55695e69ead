"""/etc/ld.so.cache in each of its forms, as ldconfig writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Row = tuple[str, str, int, str]
"""Soname, path, flags, glibc-hwcaps folder."""
LEGACY = "tls"
"""In a row's last place: an entry of the older kind."""


def new_cache(rows: Sequence[Row], *, order: str = "<", told: bool = True) -> bytes:
    """The new form. ``told``: with the byte that says the byte order."""
    folders = sorted({row[3] for row in rows} - {"", LEGACY})
    texts = bytearray()
    start = 48 + 24 * len(rows)

    def text(value: str) -> int:
        at = start + len(texts)
        texts.extend(value.encode() + b"\0")
        return at

    entries = b""
    for soname, path, flags, folder in rows:
        hwcap = (1 << 62) + folders.index(folder) if folder in folders else (1 << 63 if folder else 0)
        entries += struct.pack(order + "iIIIQ", flags, text(soname), text(path), 0, hwcap)
    names = [text(folder) for folder in folders]
    texts += bytes(-(start + len(texts)) % 4)
    end = start + len(texts)
    extension = struct.pack(order + "II4I", 0xEAA42174, 1, 1, 0, end + 24, 4 * len(names))
    extension += struct.pack(f"{order}{len(names)}I", *names)
    mark = {"<": 2, ">": 3}[order] if told else 0
    head = struct.pack(
        order + "20sIIB3xI12x", b"glibc-ld.so.cache1.1", len(rows), len(texts), mark, end if names else 0
    )
    return head + entries + bytes(texts) + (extension if names else b"")


def old_cache(rows: Sequence[Row], *, order: str = "<", behind: bytes = b"", align: int = 8) -> bytes:
    """The old form; ``behind`` is a new one that takes the texts' place."""
    texts, entries = b"", b""
    for soname, path, flags, _ in rows:
        entries += struct.pack(order + "iII", flags, len(texts), len(texts) + len(soname) + 1)
        texts += f"{soname}\0{path}\0".encode()
    head = struct.pack(order + "11sxI", b"ld.so-1.7.0", len(rows)) + entries
    return head + (bytes(-len(head) % align) + behind if behind else texts)
