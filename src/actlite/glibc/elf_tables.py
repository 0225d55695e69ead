"""The tables of an ELF file that the loader reads while it links: strings, versions, dynamic symbols.

Read at their addresses, through the loaded segments, as ld.so does; sections play no part. Every count is a file's
own claim: each walk ends at a bound that real files are far from (the largest builds of node need 60 versions).
Facts: the generic ABI's chapters on dynamic linking, and the LSB's on symbol versions.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from actlite.glibc.file_bytes import FileBytes

Data: TypeAlias = bytes | FileBytes
"""The bytes of a file."""

MAX_NAME = 4096
"""Bytes of a library's or a symbol's name (PATH_MAX)."""
MAX_VERSION = 512
"""Bytes of a version's name."""
MAX_PATH = 65536
"""Bytes of an RPATH."""
MAX_VERSIONS = 20_000
"""Entries of a version table, all libraries together."""
MAX_VERSION_TEXT = 4 << 20
"""Characters of the names in such a table, together."""
MAX_SYMBOLS = 100_000
"""Symbols that are bound to a version of another file."""
MAX_BUCKETS = 4 << 20
"""Buckets of a hash table; Chromium's largest builds have a hundredth."""
MAX_SYMBOL_TEXT = 16 << 20
"""Bytes of their names, together."""

_TABLES = (4, 5, 7, 17, 23, 36, 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFE)
"""Tags whose values are addresses of tables: hashes, strings, relocations, versions."""
_FLAG_BASE = 1
_FLAG_WEAK = 2
_BIND_WEAK = 2
_HIDDEN = 0x7FFF
"""The bits of a version index; the one above says that the definition is hidden."""
_OWN = 1
"""Version indexes up to this one are of symbols without a version, and of no other file."""


class ElfError(Exception):
    """A file is not ELF, or is cut off or damaged; the text says which."""


class Tables:
    """The dynamic tables of one file."""

    def __init__(
        self,
        data: Data,
        *,
        little: bool,
        wide: bool,
        segments: Sequence[tuple[int, int, int]],
        tags: Mapping[int, int],
    ) -> None:
        """``segments`` are the loaded ones, as (address, offset, bytes in the file); ``tags`` the last value of each
        dynamic tag; ``wide`` is for 64 bits."""
        self.data = data
        self._order = "<" if little else ">"
        self._wide = wide
        self._segments = segments
        self._tags = tags
        strings = tags.get(5)  # DT_STRTAB
        self._strings = self.offset(strings) if strings is not None else -1

    def offset(self, address: int) -> int:
        """Where an address of memory is in the file. Raises ElfError where no segment has it."""
        for start, offset, size in self._segments:
            if start <= address < start + size:
                return offset + address - start
        raise ElfError(f"damaged: nothing is loaded at {address:#x}")

    def string(self, index: int, limit: int = MAX_NAME) -> str:
        """A text of the string table. Raises ElfError for one that has no end within ``limit`` bytes."""
        start = self._strings + index
        if self._strings < 0 or start >= len(self.data):
            raise ElfError("cut off or damaged: a name is outside of the file")
        name, end, _ = self.data[start : start + limit + 1].partition(b"\0")
        if not end:
            raise ElfError("damaged: a name has no end")
        return name.decode("utf-8", "replace")

    def needed_versions(self) -> Iterator[tuple[str, str, bool, int]]:
        """DT_VERNEED: (library, version, weak, index), in file order, which is the order of the loader's messages."""
        if 0x6FFFFFFE not in self._tags:
            return
        left, text = MAX_VERSIONS, MAX_VERSION_TEXT
        at = self.offset(self._tags[0x6FFFFFFE])
        while True:
            _, _, file, first, following = self._unpack("HHIII", at)
            library = self.string(file)
            text -= len(library)
            aux = at + first
            while True:
                _, flags, index, name, forward = self._unpack("IHHII", aux)
                version = self.string(name, MAX_VERSION)
                left, text = left - 1, text - len(version)
                if left < 0 or text < 0:
                    raise ElfError("damaged: its table of needed versions has no end")
                yield library, version, bool(flags & _FLAG_WEAK), index & _HIDDEN
                if not forward:
                    break
                aux += forward
            if not following:
                return
            at += following

    def defined_versions(self) -> Iterator[tuple[str, bool]]:
        """DT_VERDEF: (version, is the file's own name), in file order."""
        if 0x6FFFFFFC not in self._tags:
            return
        at = self.offset(self._tags[0x6FFFFFFC])
        for _ in range(MAX_VERSIONS):
            _, flags, _, _, _, aux, following = self._unpack("HHHHIII", at)
            name, _ = self._unpack("II", at + aux)
            yield self.string(name, MAX_VERSION), bool(flags & _FLAG_BASE)
            if not following:
                return
            at += following
        raise ElfError("damaged: its table of defined versions has no end")

    def bound_symbols(self, indexes: Mapping[int, object]) -> Iterator[tuple[int, str, bool]]:
        """The symbols whose version has one of the indexes, as (index, name, weak), in file order: the undefined ones,
        and another file's data of which the program has a copy (R_*_COPY), which are defined in the program and keep
        the version that they had. A copy can't be done without, whatever its binding: it is not weak."""
        if 6 not in self._tags or 0x6FFFFFF0 not in self._tags:  # DT_SYMTAB, DT_VERSYM
            return
        form = "IBBHQQ" if self._wide else "IIIBBH"
        entry = struct.calcsize(self._order + form)
        symbols, versions = self.offset(self._tags[6]), self.offset(self._tags[0x6FFFFFF0])
        count = self._symbol_count(entry)
        count = min(count, (len(self.data) - symbols) // entry, (len(self.data) - versions) // 2)
        left, text = MAX_SYMBOLS, MAX_SYMBOL_TEXT
        # 4,096 at a time: what is copied stays small, however large the table claims to be.
        for start in range(0, max(count, 0), 4096):
            size = min(4096, count - start)
            own = self._unpack(f"{size}H", versions + 2 * start)
            for number, version in enumerate(own, start):
                index = version & _HIDDEN
                if index not in indexes:
                    continue
                fields = self._unpack(form, symbols + number * entry)
                name, info, section = (
                    (fields[0], fields[1], fields[3]) if self._wide else (fields[0], fields[3], fields[5])
                )
                if section and index <= _OWN:
                    continue
                found = self.string(name)
                left, text = left - 1, text - len(found)
                if left < 0 or text < 0:
                    raise ElfError("damaged: more symbols than a program can have")
                yield index, found, info >> 4 == _BIND_WEAK and not section

    def _symbol_count(self, size: int) -> int:
        """How many dynamic symbols there are, which no tag says: as many as the hash tables reach."""
        if 0x6FFFFEF5 in self._tags:  # DT_GNU_HASH
            count = self._gnu_count(self.offset(self._tags[0x6FFFFEF5]))
            if count is not None:
                return count
        if 4 in self._tags:  # DT_HASH
            return self._unpack("II", self.offset(self._tags[4]))[1]
        # Neither, as in what packers make, or a file that exports nothing: GNU ld's table of it says 1, whatever it asks
        # of others. Up to the tables that follow, then.
        return min(self._room(6) // size, self._room(0x6FFFFFF0) // 2)

    def _room(self, tag: int) -> int:
        """Bytes between a table and the one that follows."""
        start = self._tags[tag]
        behind = [self._tags[tag] for tag in _TABLES if self._tags.get(tag, 0) > start]
        return min(behind, default=start) - start

    def _gnu_count(self, at: int) -> int | None:
        """The highest symbol that a bucket begins with, and what follows it up to the mark of an end; None for a table
        without symbols."""
        count, first, bloom, _ = self._unpack("IIII", at)
        buckets = at + 16 + bloom * (8 if self._wide else 4)
        chains = buckets + 4 * count
        if count > MAX_BUCKETS or chains > len(self.data):
            raise ElfError("cut off or damaged: its hash table is outside of the file")
        highest = max((max(numbers) for numbers in self._words(buckets, count)), default=0)
        if highest < first:
            return None
        for numbers in self._words(chains + 4 * (highest - first), MAX_BUCKETS):
            for number, word in enumerate(numbers, 1):
                if word & 1:
                    return highest + number
            highest += len(numbers)
        raise ElfError("cut off or damaged: its hash table has no end")

    def _words(self, at: int, count: int) -> Iterator[tuple[int, ...]]:
        """Numbers of 32 bits, some thousands at a time; fewer where the file ends."""
        count = min(count, (len(self.data) - at) // 4)
        for start in range(0, count, 4096):
            size = min(4096, count - start)
            yield self._unpack(f"{size}I", at + 4 * start)

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        shape = self._order + form
        try:
            return struct.unpack(shape, self.data[at : at + struct.calcsize(shape)])
        except struct.error:
            raise ElfError("cut off or damaged: a table is outside of the file") from None
