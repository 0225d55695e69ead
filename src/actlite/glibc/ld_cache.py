"""/etc/ld.so.cache: where ldconfig found each library.

Facts: glibc's sysdeps/generic/dl-cache.h and elf/cache.c. Three forms: the old one of libc5's time, the new one, and
the old one with the new one behind it, which ldconfig wrote until glibc 2.32.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from actlite.records import frozen

MAX_ENTRIES = 200_000
MAX_NAME = 4096
_OLD = b"ld.so-1.7.0\0"
_NEW = b"glibc-ld.so.cache1.1"
_FLAGS = {"x64": 0x0303, "arm64": 0x0A03, "x86": 0x0003}
"""FLAG_ELF_LIBC6 (3) with the machine's own bit."""


class CacheError(Exception):
    """Not an ld.so.cache, or a damaged one; the text says which."""


@frozen
class CacheEntry:
    """A library in the cache."""

    soname: str
    path: str
    flags: int
    hwcap: int = 0


def read_cache(data: bytes) -> tuple[CacheEntry, ...]:
    """The entries, in the file's order. Raises CacheError."""
    if data.startswith(_NEW):
        return _new(data, 0)
    if not data.startswith(_OLD):
        raise CacheError("not an ld.so.cache")
    order, (count,) = "<", struct.unpack_from("<I", data, 12) if len(data) >= 16 else (0,)
    behind = (16 + 12 * count + 7) & ~7
    if data[behind : behind + len(_NEW)] == _NEW:
        return _new(data, behind)
    return _entries(data, order + "iII", 16, count, 16 + 12 * count)


def libraries_of(entries: Sequence[CacheEntry], arch: str) -> Mapping[str, tuple[str, ...]]:
    """The libraries for a machine, by soname, best first."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.flags == _FLAGS.get(arch) and not entry.hwcap:
            found.setdefault(entry.soname, []).append(entry.path)
    return {name: tuple(paths) for name, paths in found.items()}


def _new(data: bytes, at: int) -> tuple[CacheEntry, ...]:
    if len(data) < at + 48:
        raise CacheError("a cut off ld.so.cache")
    (count,) = struct.unpack_from("<I", data, at + 20)
    return _entries(data, "<iIIIQ", at + 48, count, at)


def _entries(data: bytes, form: str, at: int, count: int, strings: int) -> tuple[CacheEntry, ...]:
    entry = struct.Struct(form)
    if count > MAX_ENTRIES or at + count * entry.size > len(data):
        raise CacheError("a cut off or damaged ld.so.cache")
    found = []
    for number in range(count):
        flags, name, path, *rest = entry.unpack_from(data, at + number * entry.size)
        found.append(
            CacheEntry(
                _text(data, strings + name),
                _text(data, strings + path),
                flags,
                rest[1] if rest else 0,
            )
        )
    return tuple(found)


def _text(data: bytes, at: int) -> str:
    end = data.find(b"\0", at, at + MAX_NAME)
    if at >= len(data) or end < 0:
        raise CacheError("a damaged ld.so.cache: a name is outside of it")
    return data[at:end].decode("utf-8", "replace")
