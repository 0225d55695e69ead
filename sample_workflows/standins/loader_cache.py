"""/etc/ld.so.cache: where the loader finds each library, in the form that glibc reads since 2.2.

Debian's loader does not search /lib64 by itself; with a cache it does, and its messages name the libraries
as Red Hat's systems do. The form is that of glibc's ``elf/cache.c`` and ``sysdeps/generic/dl-cache.h``.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Mapping

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = len(_MAGIC) + 28
_ENTRY = 24
_FLAGS = {"amd64": 0x0303, "arm64": 0x0A03}
"""FLAG_ELF_LIBC6 with the architecture's own flag, such as FLAG_X8664_LIB64."""


def _compare(one: str, other: str) -> int:
    """The order of the cache: characters, but runs of digits as numbers, digits after all else."""
    left = re.findall(r"\d+|\D", one)
    right = re.findall(r"\d+|\D", other)
    for a, b in zip(left, right, strict=False):
        if a.isdigit() and b.isdigit():
            if int(a) != int(b):
                return int(a) - int(b)
        elif a.isdigit() != b.isdigit():
            return 1 if a.isdigit() else -1
        elif a != b:
            return ord(a) - ord(b)
    return len(left) - len(right)


def loader_cache(libraries: Mapping[str, str], architecture: str = "amd64") -> bytes:
    """The cache file for libraries by name and full path. The loader searches it by halves, from the
    greatest name to the smallest."""
    names = sorted(libraries, key=functools.cmp_to_key(_compare), reverse=True)
    strings = bytearray()
    entries = bytearray()
    base = _HEADER + _ENTRY * len(names)
    for name in names:
        key = base + len(strings)
        strings += name.encode() + b"\0"
        value = base + len(strings)
        strings += libraries[name].encode() + b"\0"
        entries += struct.pack("<iIIIQ", _FLAGS[architecture], key, value, 0, 0)
    header = _MAGIC + struct.pack("<II20x", len(names), len(strings))
    return bytes(header + entries + strings)
