"""Small ELF files with what a test wants the loader to find in them; nothing in them can run."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

MACHINES = {"x64": (62, True), "arm64": (183, True), "x86": (3, False), "arm": (40, False)}
INTERPRETERS = {"x64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}

Versions = Mapping[str, Mapping[str, Sequence[str]]]
"""Library to version to symbols. A version ending in ``?`` has VER_FLG_WEAK; a symbol ending in ``?`` is weak."""


class Paths(TypedDict, total=False):
    """Texts that a dynamic file may have."""

    interpreter: str
    soname: str
    rpath: str
    runpath: str


NO_VERSIONS: Versions = {}


def program(
    versions: Versions = NO_VERSIONS,
    *,
    machine: str = "x64",
    libraries: Sequence[str] = (),
    relr: bool = False,
    **paths: Unpack[Paths],
) -> bytes:
    """A dynamic program; it needs the libraries of its versions, then the others."""
    paths.setdefault("interpreter", INTERPRETERS.get(machine, "/lib/ld-linux.so.2"))
    return make(3, versions, machine=machine, libraries=libraries, relr=relr, pie=True, **paths)


def library(
    versions: Versions = NO_VERSIONS,
    *,
    machine: str = "x64",
    libraries: Sequence[str] = (),
    **paths: Unpack[Paths],
) -> bytes:
    """A shared library."""
    return make(3, versions, machine=machine, libraries=libraries, **paths)


def static(*, machine: str = "x64", pie: bool = False, padding: int = 0) -> bytes:
    """A static program."""
    if pie:
        return make(3, {}, machine=machine, pie=True)
    return make(2, {}, machine=machine, dynamic=False) + b"\0" * padding


def make(
    kind: int,
    versions: Versions,
    *,
    machine: str = "x64",
    libraries: Sequence[str] = (),
    interpreter: str = "",
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    relr: bool = False,
    pie: bool = False,
    dynamic: bool = True,
) -> bytes:
    """An ELF file of a type (2 EXEC, 3 DYN, 1 REL, 4 CORE)."""
    number, wide = MACHINES[machine]
    word = "Q" if wide else "I"
    header_size, segment_size, symbol_size = (64, 56, 24) if wide else (52, 32, 16)
    strings = bytearray(b"\0")

    def put(text: str) -> int:
        strings.extend(text.encode("utf-8", "surrogateescape") + b"\0")
        return len(strings) - len(text.encode("utf-8", "surrogateescape")) - 1

    symbols, indexes, needs = bytearray(symbol_size), [0], b""
    index = 2
    for at, (name, wanted) in enumerate(versions.items()):
        auxiliary = b""
        for place, (version, own) in enumerate(wanted.items()):
            following = 16 if place + 1 < len(wanted) else 0
            flags = 2 if version.endswith("?") else 0
            auxiliary += struct.pack("<IHHII", 0, flags, index, put(version.rstrip("?")), following)
            for symbol in own:
                info = 0x22 if symbol.endswith("?") else 0x12
                shown = put(symbol.rstrip("?"))
                symbols += (
                    struct.pack("<IBBHQQ", shown, info, 0, 0, 0, 0)
                    if wide
                    else struct.pack("<IIIBBH", shown, 0, 0, info, 0, 0)
                )
                indexes.append(index)
            index += 1
        following = 16 + len(auxiliary) if at + 1 < len(versions) else 0
        needs += struct.pack("<HHIII", 1, len(wanted), put(name), 16, following) + auxiliary

    tags: list[tuple[int, int]] = [(1, put(name)) for name in (*versions, *libraries)]
    tags += [(tag, put(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    if relr:
        tags.append((36, 0))
    if pie:
        tags += [(0x6FFFFFFB, 0x0800_0000)]
    places = [(5, bytes(strings)), (6, bytes(symbols)), (4, struct.pack("<II", 0, len(indexes)))]
    if versions:
        places += [(0x6FFFFFFE, needs), (0x6FFFFFF0, struct.pack(f"<{len(indexes)}H", *indexes))]
    count = (1 + bool(interpreter) + 1) if dynamic else 1
    at = header_size + segment_size * count
    interpreter_at, loader = at, interpreter.encode() + b"\0" if interpreter else b""
    body = bytearray(loader)
    for tag, data in places if dynamic else ():
        body += b"\0" * (-(at + len(body)) % 8)
        tags.append((tag, at + len(body)))
        body += data
    body += b"\0" * (-(at + len(body)) % 8)
    dynamic_at = at + len(body)
    table = b"".join(struct.pack(f"<2{word}", *tag) for tag in (*tags, (0, 0))) if dynamic else b""
    body += table

    def segment(type_: int, offset: int, size: int) -> bytes:
        if wide:
            return struct.pack("<IIQQQQQQ", type_, 5, offset, offset, offset, size, size, 8)
        return struct.pack("<IIIIIIII", type_, offset, offset, offset, size, size, 5, 8)

    segments = segment(1, 0, at + len(body))
    if interpreter:
        segments += segment(3, interpreter_at, len(loader))
    if dynamic:
        segments += segment(2, dynamic_at, len(table))
    start = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + b"\0" * 9
    numbers = (kind, number, 1, 0, header_size, 0, 0, header_size, segment_size, count, 0, 0, 0)
    return start + struct.pack(f"<HHI3{word}I6H", *numbers) + segments + bytes(body)
