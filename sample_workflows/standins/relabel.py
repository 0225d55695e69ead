"""Make an ELF file's symbol versions look old, in place and without moving a byte.

A version above the ceiling is renamed (``GLIBC_2.34`` becomes ``HLIBC_2.34``) wherever it is defined or
needed: its string in ``.dynstr`` and its hash in ``.gnu.version_d`` and ``.gnu.version_r``. Files of one
image that are all treated so still find each other's versions; a foreign program that asks for GLIBC_2.34
is refused by the real loader with its own words.

The linker must not pick what an old system lacks, either: a symbol whose default version is too new gets
its newest version below the ceiling as default instead, and where there is none it can't be linked at all.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from sample_workflows.standins.recipes import Ceilings

_VERSION = re.compile(rb"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)")
_SHT_DYNSYM, _SHT_VERDEF, _SHT_VERNEED, _SHT_VERSYM = 11, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_SHT_DYNAMIC = 6
_DT_NEEDED = 1
_HIDDEN = 0x8000


@dataclass(frozen=True, slots=True)
class Section:
    """A section's place in the file, and the section that its header links to."""

    kind: int
    offset: int
    size: int
    link: int


@dataclass(slots=True)
class _Renames:
    strings: set[int] = field(default_factory=set)
    hashes: dict[int, bytes] = field(default_factory=dict)


def is_elf(data: bytes) -> bool:
    """Whether it is a 64-bit little-endian ELF file."""
    return data[:6] == b"\x7fELF\x02\x01"


def _sections(data: bytes) -> list[Section]:
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    found = []
    for number in range(count if start else 0):
        _, kind, _, _, offset, length, link = struct.unpack_from("<IIQQQQI", data, start + number * size)
        found.append(Section(kind, offset, length, link))
    return found


def _string(data: bytes, at: int) -> bytes:
    return data[at : data.index(b"\0", at)]


def needed(data: bytes) -> list[str]:
    """The libraries that the file asks the loader for."""
    sections = _sections(data)
    names = []
    for section in sections:
        if section.kind == _SHT_DYNAMIC:
            strings = sections[section.link].offset
            for at in range(section.offset, section.offset + section.size, 16):
                tag, value = struct.unpack_from("<qQ", data, at)
                if tag == _DT_NEEDED:
                    names.append(_string(data, strings + value).decode())
                elif tag == 0:
                    break
    return names


def required(data: bytes) -> list[str]:
    """The symbol versions that the file needs of its libraries, in the order in which the loader checks them."""
    sections = _sections(data)
    return [
        _string(data, string).decode()
        for section in sections
        if section.kind == _SHT_VERNEED and section.size
        for _, string in _needs(data, section, sections[section.link].offset)
    ]


def sysv_hash(name: bytes) -> int:
    """The hash of the System V ABI, which the loader compares before the name."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value


def parse(name: bytes) -> tuple[str, tuple[int, ...]] | None:
    """``GLIBC_2.17`` as ("GLIBC", (2, 17)); None for names that are not versions (GLIBC_PRIVATE…)."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return None
    return match[1].decode(), tuple(int(part) for part in match[2].split(b"."))


def too_new(name: bytes, ceilings: Ceilings) -> bool:
    """Whether a version is above its family's ceiling."""
    version = parse(name)
    return version is not None and version[0] in ceilings and version[1] > ceilings[version[0]]


def renamed(name: bytes) -> bytes:
    """The name under which a version hides: one of the same length."""
    return bytes([name[0] + 1]) + name[1:]


def _definitions(data: bytes, section: Section, strings: int) -> Iterator[tuple[int, int, bytes, list[int]]]:
    """(place of the hash, index, name, places of the strings of it and its parents)."""
    at = section.offset
    while True:
        _, _, index, count, _, first, following = struct.unpack_from("<HHHHIII", data, at)
        place, places = at + first, []
        for _ in range(count):
            name, step = struct.unpack_from("<II", data, place)
            places.append(strings + name)
            place += step
        yield at + 8, index & 0x7FFF, _string(data, places[0]), places
        if not following:
            return
        at += following


def _needs(data: bytes, section: Section, strings: int) -> Iterator[tuple[int, int]]:
    """(place of the hash, place of the string) of each version that the file needs."""
    at = section.offset
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", data, at)
        place = at + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, place)
            yield place, strings + name
            place += step
        if not following:
            return
        at += following


def relabel(data: bytes, ceilings: Ceilings) -> bytes:
    """The file with every version above the ceilings renamed. A file without such versions, or one that
    is no 64-bit ELF file, is returned as it is."""
    if not is_elf(data):
        return data
    sections = _sections(data)
    renames = _Renames()
    versions: dict[int, bytes] = {}
    for section in sections:
        if section.kind == _SHT_VERDEF and section.size:
            strings = sections[section.link].offset
            for place, index, name, places in _definitions(data, section, strings):
                versions[index] = name
                _note(data, renames, place, places, ceilings)
        elif section.kind == _SHT_VERNEED and section.size:
            for place, string in _needs(data, section, sections[section.link].offset):
                _note(data, renames, place, [string], ceilings)
    if not renames.strings:
        return data
    out = bytearray(data)
    _choose_defaults(out, data, sections, versions, ceilings)
    for string in renames.strings:
        out[string] += 1
    for place, value in renames.hashes.items():
        out[place : place + 4] = value
    return bytes(out)


def _note(data: bytes, renames: _Renames, place: int, strings: list[int], ceilings: Ceilings) -> None:
    for number, string in enumerate(strings):
        name = _string(data, string)
        if too_new(name, ceilings):
            renames.strings.add(string)
            if number == 0:
                renames.hashes[place] = struct.pack("<I", sysv_hash(renamed(name)))


def _choose_defaults(
    out: bytearray, data: bytes, sections: list[Section], versions: dict[int, bytes], ceilings: Ceilings
) -> None:
    """Hide the too new versions from the linker and bring the newest old enough one forward."""
    symbols = next((s for s in sections if s.kind == _SHT_DYNSYM), None)
    table = next((s for s in sections if s.kind == _SHT_VERSYM), None)
    if symbols is None or table is None or not versions:
        return
    hide: dict[int, int] = {}
    old: dict[int, tuple[tuple[int, ...], int]] = {}
    for number in range(1, symbols.size // 24):
        (mark,) = struct.unpack_from("<H", data, table.offset + 2 * number)
        name, _, _, home = struct.unpack_from("<IBBH", data, symbols.offset + 24 * number)
        version = versions.get(mark & ~_HIDDEN)
        parsed = parse(version) if version is not None and home else None
        if version is None or parsed is None:
            continue
        if too_new(version, ceilings):
            if not mark & _HIDDEN:
                hide[name] = number
        elif name not in old or old[name][0] < parsed[1]:
            old[name] = (parsed[1], number)
    for name, number in hide.items():
        out[table.offset + 2 * number + 1] |= _HIDDEN >> 8
        if name in old:
            out[table.offset + 2 * old[name][1] + 1] &= ~(_HIDDEN >> 8) & 0xFF


def rebrand_libc(data: bytes, glibc: str) -> bytes:
    """The C library's own statements of its release (banner, gnu_get_libc_version, confstr) say ``glibc``."""
    banner = re.search(rb"GNU C Library \([^)]*\) stable release version (\d+\.\d+)\.\n", data)
    if banner is None:
        return data
    old, new = banner[1], glibc.encode()
    text = b"GNU C Library (GNU libc) stable release version " + new + b"."
    data = data.replace(banner[0], text.ljust(len(banner[0]) - 1) + b"\n")
    for before in (b"", b"glibc ", b"NPTL "):
        said, says = b"\0" + before + old + b"\0", b"\0" + before + new + b"\0"
        data = data.replace(said, says.ljust(len(said), b"\0"))
    return data


def rebrand_ldd(script: bytes, glibc: str) -> bytes:
    """The ldd script with a version line as Red Hat's: ``ldd (GNU libc) 2.17``."""
    return re.sub(rb"ldd \((?:Debian|Ubuntu)? ?[^)]*\) [\d.]+", b"ldd (GNU libc) " + glibc.encode(), script)
