"""python elf_fuzz.py SEED COUNT: read hostile files, in a process that may hold 200 MB of addresses in all.

Whole files are seeds: made ones of every class and byte order, some of this machine, and caches of the loader. Fields
that hold counts, offsets and sizes get the values that hurt; bytes are changed anywhere; files are cut off, or are
noise from the start. Prints what came of it as JSON. Anything but ElfError and CacheError ends it with a traceback
and the input's number; one that takes more than LIMIT seconds does, too.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from made_cache import new_cache, old_cache
from made_elf import MACHINES, make

from actlite.glibc.elf import (
    ElfError,
    ElfFile,
    Symbol,
    VersionNeed,
    from_data,
    read,
    to_data,
    version_symbols,
)
from actlite.glibc.ld_cache import CacheError, libraries_of, read_cache

MEMORY = 200 << 20
LIMIT = 2
ROWS = [(f"lib{n}.so", f"/lib64/lib{n}.so", 0x303, "x86-64-v3" if n % 3 else "") for n in range(9)]


def seeds() -> list[bytes]:
    """Whole ELF files."""
    files = []
    for machine in MACHINES:
        needs = tuple(VersionNeed(f"lib{n % 3}.so", f"V_{n}", n % 4 == 0) for n in range(8))
        elf = ElfFile(
            machine, "library", libraries=("libc.so.6", "libm.so.6"), versions=needs, definitions=("X_1", "X_2"),
            rpath=("/a", "$ORIGIN"), soname="libx.so", base="libx.so", has_relr=True,
        )  # fmt: skip
        symbols = {(n.library, n.version): (Symbol(f"f_{n.version}"), Symbol("g", True)) for n in needs}
        for style in ("gnu", "sysv", ""):
            files.append(make(elf, symbols, exported=7, hash_style=style))
    own = (Path(sys.executable).resolve(), Path("/lib/x86_64-linux-gnu/libdl.so.2"), Path("/bin/true"))
    return files + [path.read_bytes() for path in own if path.is_file() and path.stat().st_size < 1 << 20]


class Maker:
    """Makes hostile inputs."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._files = seeds()
        self._caches = [
            *(new_cache(ROWS, order=order, told=told) for order in "<>" for told in (True, False)),
            *(old_cache(ROWS, order=order) for order in "<>"),
            old_cache(ROWS[:3], behind=new_cache(ROWS)),
        ]

    def elf(self) -> bytes:
        """An ELF file, or what is left of one."""
        chance = self._chance
        if chance.random() < 0.05:
            return chance.choice((b"", b"\x7fELF")) + chance.randbytes(chance.randrange(5000))
        content = bytearray(chance.choice(self._files))
        if chance.random() < 0.8:
            for _ in range(chance.choice((1, 1, 2, 3, 8))):
                chance.choice((self._header, self._segment, self._tag, self._tag, self._table, self._table))(
                    content
                )
        return self._spoiled(content, 0.3)

    def cache(self) -> bytes:
        """A cache of the loader."""
        content = bytearray(self._chance.choice(self._caches))
        for _ in range(self._chance.choice((0, 1, 2, 5))):
            at = self._chance.choice((12, 20, 24, 28, 32, 4 * self._chance.randrange(len(content) // 4)))
            self._put(content, at, 4, self._chance.choice("<>"))
        return self._spoiled(content, 0.3)

    def _spoiled(self, content: bytearray, likely: float) -> bytes:
        chance = self._chance
        if chance.random() < likely:
            for _ in range(chance.choice((1, 2, 5, 20))):
                if content:
                    content[chance.randrange(len(content))] = chance.randrange(256)
        if chance.random() < likely / 2:
            del content[chance.randrange(len(content) + 1) :]
        if chance.random() < likely / 10:
            content += chance.randbytes(chance.randrange(100_000))
        return bytes(content)

    def _put(self, content: bytearray, at: int, size: int, order: str) -> None:
        """A value that hurts, at a place."""
        chance, length, top = self._chance, len(content), 1 << 8 * size
        value = chance.choice((
            0, 1, 2, top - 1, top - 2, top // 2, top // 2 - 1, length, length - 1, length + 1, length // 2, at,
            chance.randrange(top), chance.randrange(length + 1), 0x40_0000 + chance.randrange(length + 1),
            1 << chance.randrange(8 * size), top - chance.randrange(1, 300) % top,
        ))  # fmt: skip
        if 0 <= at <= length - size:
            struct.pack_into(order + {1: "B", 2: "H", 4: "I", 8: "Q"}[size], content, at, value % top)

    def _shape(self, content: bytearray) -> tuple[bool, str]:
        return len(content) > 5 and content[4] == 2, "<" if len(content) > 5 and content[5] == 1 else ">"

    def _header(self, content: bytearray) -> None:
        wide, order = self._shape(content)
        places = (
            ((4, 1), (5, 1), (16, 2), (18, 2), (32, 8), (40, 8), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2))
            if wide
            else (
                (4, 1),
                (5, 1),
                (16, 2),
                (18, 2),
                (28, 4),
                (32, 4),
                (42, 2),
                (44, 2),
                (46, 2),
                (48, 2),
                (50, 2),
            )
        )
        self._put(content, *self._chance.choice(places), order)

    def _segment(self, content: bytearray) -> None:
        wide, order = self._shape(content)
        size, start, word = (56, 64, 8) if wide else (32, 52, 4)
        at = start + size * self._chance.randrange(4) + word * self._chance.randrange(size // word)
        self._put(content, at, word, order)

    def _tag(self, content: bytearray) -> None:
        """In the last part of a made file are its tags."""
        wide, order = self._shape(content)
        word = 8 if wide else 4
        self._put(content, len(content) - word * self._chance.randrange(1, 40), word, order)

    def _table(self, content: bytearray) -> None:
        _, order = self._shape(content)
        self._put(content, 4 * self._chance.randrange(max(len(content), 4) // 4), 4, order)


def main(seed: int, count: int) -> None:
    """Raises what any input led to."""
    chance = random.Random(seed)
    maker = Maker(chance)
    results: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "input")
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for number in range(count):
            is_cache = chance.random() < 0.15
            content = maker.cache() if is_cache else maker.elf()
            look = _cache if is_cache else _elf
            signal.setitimer(signal.ITIMER_REAL, LIMIT)
            began = time.perf_counter()
            try:
                if not is_cache and number % 20 == 0:
                    file.write_bytes(content)
                    result = _elf_at(file)
                else:
                    result = look(content)
            except BaseException:
                print(f"input {number} of seed {seed}: {content[:4000].hex()}", file=sys.stderr)
                raise
            signal.setitimer(signal.ITIMER_REAL, 0)
            slowest = max(slowest, time.perf_counter() - began)
            results[result] += 1
    print(json.dumps({"inputs": count, "slowest": round(slowest, 3), **results}))


def _elf(content: bytes) -> str:
    return _both(lambda: read(content), lambda: version_symbols(content))


def _elf_at(file: Path) -> str:
    return _both(lambda: read(file), lambda: version_symbols(file))


def _both(facts: Callable[[], ElfFile], symbols: Callable[[], object]) -> str:
    result = "read"
    try:
        found = facts()
        assert from_data(json.loads(json.dumps(to_data(found)))) == found
    except ElfError:
        result = "refused"
    try:
        symbols()
    except ElfError:
        result = "refused"
    return result


def _cache(content: bytes) -> str:
    try:
        libraries_of(read_cache(content), "x64", ("x86-64-v3",))
    except CacheError:
        return "caches refused"
    return "caches read"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
