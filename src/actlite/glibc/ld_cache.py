"""/etc/ld.so.cache: where ldconfig found each library.

Facts: glibc's sysdeps/generic/dl-cache.h, elf/dl-cache.c and elf/cache.c. There are three forms: the old one of
libc5's time, the new one, and the old one with the new one behind it, which ldconfig wrote until glibc 2.32.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from actlite.records import frozen

MAX_ENTRIES = 200_000
MAX_NAME = 4096
MAX_TEXT = 16 << 20
"""Bytes of all names together; the largest systems have half a megabyte."""
_OLD = b"ld.so-1.7.0"
_NEW = b"glibc-ld.so.cache1.1"
_HEADER = 48
_EXTENSIONS = 0xEAA42174
_HWCAPS = 1
"""The tag of the section that names the glibc-hwcaps folders."""
_FLAGS = {"x64": 0x303, "x32": 0x803, "x86": 0x3, "arm64": 0xA03, "ppc64le": 0x503, "s390x": 0x403}
"""FLAG_ELF_LIBC6 with the bits of the machine."""


class CacheError(Exception):
    """Not an ld.so.cache, or a damaged one; the text says which."""


@frozen
class CacheEntry:
    """A library in the cache."""

    soname: str
    path: str
    flags: int
    """Kind and machine."""
    hwcaps: str = ""
    """The glibc-hwcaps folder that it is in, such as ``x86-64-v3``; empty for what every processor can use."""
    legacy: bool = False
    """For a processor's abilities in the way that ended with glibc 2.37."""


def read_cache(data: bytes) -> tuple[CacheEntry, ...]:
    """The entries, in the file's order. Raises CacheError."""
    if data.startswith(_NEW):
        return _new(data, 0)
    if not data.startswith(_OLD):
        raise CacheError("not an ld.so.cache")
    for order in "<>":
        count = _count(data, order + "I", 12)
        end = 16 + 12 * count
        if count > MAX_ENTRIES or end > len(data):
            continue
        for start in ((end + 7) & ~7, (end + 3) & ~3):  # aligned for 64 and for 32 bits
            if data.startswith(_NEW, start):
                return _new(data, start)
        texts = _Texts(data, end)
        return tuple(
            CacheEntry(texts.at(name), texts.at(path), flags)
            for flags, name, path in struct.iter_unpack(order + "iII", data[16:end])
        )
    raise CacheError("a cut off or damaged ld.so.cache")


def libraries_of(
    entries: Sequence[CacheEntry], arch: str, hwcaps: Sequence[str] = ()
) -> Mapping[str, tuple[str, ...]]:
    """Where the libraries for a machine are, by soname, best first. ``hwcaps`` are the glibc-hwcaps folders that the
    processor can use, best first; what is made for others is left out."""
    wanted = _FLAGS.get(arch)
    ranks = {"": len(hwcaps), **{name: rank for rank, name in enumerate(hwcaps)}}
    found: dict[str, list[tuple[int, str]]] = {}
    for entry in entries:
        if entry.flags == wanted and not entry.legacy and entry.hwcaps in ranks:
            found.setdefault(entry.soname, []).append((ranks[entry.hwcaps], entry.path))
    return {
        name: tuple(path for _, path in sorted(paths, key=lambda pair: pair[0]))
        for name, paths in found.items()
    }


class _Texts:
    """The names in a cache."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._start = start
        self._known: dict[int, str] = {}
        self._left = MAX_TEXT

    def at(self, index: int) -> str:
        """The text at a place of the table. Raises CacheError."""
        known = self._known.get(index)
        if known is not None:
            return known
        start = self._start + index
        end = self._data.find(b"\0", start, start + MAX_NAME + 1)
        self._left -= end - start
        if end < 0 or self._left < 0:
            raise CacheError("a damaged ld.so.cache: a name has no end within it")
        text = self._known[index] = self._data[start:end].decode("utf-8", "replace")
        return text


def _new(data: bytes, at: int) -> tuple[CacheEntry, ...]:
    if len(data) < at + _HEADER:
        raise CacheError("a cut off ld.so.cache")
    # Since glibc 2.33 a byte says the order; before, only the one that makes sense can tell.
    told = {2: "<", 3: ">", 0: "<>"}.get(data[at + 28] & 3, "")
    for order in told:
        count = _count(data, order + "I", at + 20)
        end = at + _HEADER + 24 * count
        if count <= MAX_ENTRIES and end <= len(data):
            break
    else:
        raise CacheError("a cut off or damaged ld.so.cache")
    texts = _Texts(data, at)
    folders = _hwcaps(data, order, _count(data, order + "I", at + 32))
    found = []
    for flags, name, path, _, hwcap in struct.iter_unpack(order + "iIIIQ", data[at + _HEADER : end]):
        # Bit 62 marks a place in the list of folders; the ten lowest of the upper bits are a level of the machine.
        named = hwcap >> 32 & ~0x3FF == 1 << 30
        index = hwcap & 0xFFFF_FFFF
        folder = (folders[index] if index < len(folders) else "?") if named else ""
        found.append(CacheEntry(texts.at(name), texts.at(path), flags, folder, bool(hwcap and not named)))
    return tuple(found)


def _hwcaps(data: bytes, order: str, at: int) -> tuple[str, ...]:
    """The glibc-hwcaps folders that entries refer to; a damaged list is none, as for the loader."""
    try:
        magic, count = struct.unpack_from(order + "II", data, at)
        if not at or magic != _EXTENSIONS:
            return ()
        for number in range(min(count, 16)):
            tag, _, offset, size = struct.unpack_from(order + "4I", data, at + 8 + 16 * number)
            if tag == _HWCAPS:
                indexes = struct.unpack_from(f"{order}{min(size // 4, 64)}I", data, offset)
                texts = _Texts(data, 0)
                return tuple(texts.at(index) for index in indexes)
    except (struct.error, CacheError):
        return ()
    return ()


def _count(data: bytes, form: str, at: int) -> int:
    if len(data) < at + 4:
        raise CacheError("a cut off ld.so.cache")
    return int(struct.unpack_from(form, data, at)[0])
