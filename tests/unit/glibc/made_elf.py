"""A small linker: ELF files of any class and byte order from the facts that they shall tell, without section headers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from actlite.glibc.elf import ElfFile, Symbol

ADDRESS = 0x40_0000
"""Where the file is loaded."""
MACHINES = {
    "x64": (62, True, True),
    "x32": (62, False, True),
    "x86": (3, False, True),
    "arm64": (183, True, True),
    "arm": (40, False, True),
    "ppc64": (21, True, False),
    "s390": (22, False, False),
}
"""Number, 64 bits, little-endian: each pair of these is among them."""
NUL = b"\0"


class _Strings:
    def __init__(self) -> None:
        self.content = bytearray(NUL)

    def add(self, text: str) -> int:
        at = len(self.content)
        self.content += text.encode() + NUL
        return at


def elf_hash(name: str) -> int:
    """The hash of the generic ABI."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high
    return value


def make(
    elf: ElfFile,
    symbols: Mapping[tuple[str, str], Sequence[Symbol]] | None = None,
    *,
    exported: int = 0,
    hash_style: str = "gnu",
) -> bytes:
    """The file. ``exported`` symbols of its own follow the undefined ones; ``hash_style`` may be ``sysv`` or empty."""
    number, wide, little = MACHINES[elf.machine]
    order, word = "<" if little else ">", "Q" if wide else "I"
    strings = _Strings()
    indexes: dict[tuple[str, str], int] = {}
    needed = [strings.add(name) for name in elf.libraries]
    verneed = _verneed(elf, order, strings, indexes)
    verdef = _verdef(elf, order, strings)
    rows = [(0, 0, 0, 0)]
    for key, own in (symbols or {}).items():
        rows += [(strings.add(s.name), 2 if s.weak else 1, 0, indexes[key]) for s in own]
    first = len(rows)
    rows += [(strings.add(f"own_{at}"), 1, 7, 1) for at in range(exported)]
    dynsym = b"".join(_symbol(order, wide, row) for row in rows)
    versym = struct.pack(f"{order}{len(rows)}H", *(row[3] for row in rows))
    table = _gnu_hash(order, wide, first, len(rows)) if hash_style == "gnu" else struct.pack(
        f"{order}4I", 1, len(rows), 0, 0
    )  # fmt: skip
    tags: list[tuple[int, int | bytes]] = [(1, name) for name in needed]
    for tag, path in ((15, elf.rpath), (29, elf.runpath)):
        if path:
            tags.append((tag, strings.add(":".join(path))))
    if elf.soname:
        tags.append((14, strings.add(elf.soname)))
    flags = (0x800 if elf.no_default_lib else 0) | (0x0800_0000 if elf.kind == "program" else 0)
    tags += [(0x6FFFFFFB, flags)] if flags else []
    tags += [(36, 0)] if elf.has_relr else []
    tags += [(6, dynsym), (0x6FFFFFF0, versym)]
    tags += [({"gnu": 0x6FFFFEF5, "sysv": 4}[hash_style], table)] if hash_style else []
    tags += [(0x6FFFFFFE, verneed)] if verneed else []
    tags += [(0x6FFFFFFC, verdef)] if verdef else []
    tags += [(5, bytes(strings.content)), (0, 0)]
    return _file(elf, number, wide, order, word, tags)


def _file(
    elf: ElfFile, number: int, wide: bool, order: str, word: str, tags: Sequence[tuple[int, int | bytes]]
) -> bytes:
    header, entry = (64, 56) if wide else (52, 32)
    count = 2 + bool(elf.interpreter)
    body = bytearray(header + entry * count)
    segments = []
    if elf.interpreter:
        segments.append((3, len(body), len(elf.interpreter.encode()) + 1))
        body += elf.interpreter.encode() + NUL
    dynamic = b""
    for tag, value in tags:
        if isinstance(value, bytes):
            body += bytes(-len(body) % 8)
            dynamic += struct.pack(f"{order}{word}{word}", tag, ADDRESS + len(body))
            body += value
        else:
            dynamic += struct.pack(f"{order}{word}{word}", tag, value)
    body += bytes(-len(body) % 8)
    segments.append((2, len(body), len(dynamic)))
    body += dynamic
    segments.insert(0, (1, 0, len(body)))
    kind = 3 if elf.kind in ("program", "library") else 1
    body[:header] = struct.pack(
        f"{order}4sBBB9xHHI{word}{word}{word}IHHHHHH",
        b"\x7fELF", 2 if wide else 1, 1 if order == "<" else 2, 1,
        kind, number, 1, 0, header, 0, 0, header, entry, count, 0, 0, 0,
    )  # fmt: skip
    for at, (type_, offset, size) in enumerate(segments):
        address = ADDRESS + offset
        packed = (
            struct.pack(order + "IIQQQQQQ", type_, 5, offset, address, address, size, size, 8)
            if wide
            else struct.pack(order + "IIIIIIII", type_, offset, address, address, size, size, 5, 4)
        )
        body[header + entry * at : header + entry * (at + 1)] = packed
    return bytes(body)


def _verneed(elf: ElfFile, order: str, strings: _Strings, indexes: dict[tuple[str, str], int]) -> bytes:
    groups: list[tuple[str, list[tuple[str, bool]]]] = []
    for need in elf.versions:
        if not groups or groups[-1][0] != need.library:
            groups.append((need.library, []))
        groups[-1][1].append((need.version, need.weak))
    table = b""
    for at, (library, versions) in enumerate(groups):
        following = 0 if at == len(groups) - 1 else 16 + 16 * len(versions)
        table += struct.pack(order + "HHIII", 1, len(versions), strings.add(library), 16, following)
        for number, (version, weak) in enumerate(versions):
            index = indexes.setdefault((library, version), len(indexes) + 2)
            forward = 0 if number == len(versions) - 1 else 16
            table += struct.pack(
                order + "IHHII", elf_hash(version), 2 if weak else 0, index, strings.add(version), forward
            )
    return table


def _verdef(elf: ElfFile, order: str, strings: _Strings) -> bytes:
    names = [(name, 0) for name in elf.definitions]
    if elf.base:
        names.insert(0, (elf.base, 1))
    table = b""
    for at, (name, flags) in enumerate(names):
        following = 0 if at == len(names) - 1 else 28
        table += struct.pack(order + "HHHHIII", 1, flags, at + 1, 1, elf_hash(name), 20, following)
        table += struct.pack(order + "II", strings.add(name), 0)
    return table


def _symbol(order: str, wide: bool, row: tuple[int, int, int, int]) -> bytes:
    name, bind, section, _ = row
    if wide:
        return struct.pack(order + "IBBHQQ", name, bind << 4, 0, section, 0, 0)
    return struct.pack(order + "IIIBBH", name, 0, 0, bind << 4, 0, section)


def _gnu_hash(order: str, wide: bool, first: int, count: int) -> bytes:
    """One bucket with all symbols of the file's own."""
    own = count - first
    chain = [0] * max(own - 1, 0) + [1] * bool(own)
    return struct.pack(order + "IIII", 1, first, 1, 0) + bytes(8 if wide else 4) + struct.pack(
        f"{order}{1 + own}I", first if own else 0, *chain
    )  # fmt: skip
