"""Files of every class and byte order tell exactly the facts that they were made of."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_elf import ADDRESS, MACHINES, make

from actlite.glibc.elf import ElfError, ElfFile, Symbol, VersionNeed, read, version_symbols

NAMES = st.text("abcdefghijklmnopqrstuvwxyzäß_.0123456789-+", min_size=1, max_size=12)
ENTRIES = st.lists(st.one_of(NAMES, st.just("$ORIGIN/../lib")), max_size=3).map(tuple)


@st.composite
def facts(draw: st.DrawFn) -> ElfFile:
    """What a linker could have written: each library once among the needed versions, each version once."""
    program = draw(st.booleans())
    base = draw(st.one_of(st.just(""), NAMES))
    needs = [
        VersionNeed(library, version, draw(st.booleans()))
        for library in draw(st.lists(NAMES, unique=True, max_size=3))
        for version in draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    ]
    interpreter = draw(st.sampled_from(["", "/lib64/ld-linux-x86-64.so.2"])) if program else ""
    return ElfFile(
        machine=draw(st.sampled_from(sorted(MACHINES))),
        kind="program" if program else "library",
        interpreter=interpreter,
        libraries=tuple(draw(st.lists(NAMES, max_size=4))),
        versions=tuple(needs),
        definitions=tuple(draw(st.lists(NAMES, max_size=4))) if base else (),
        rpath=draw(ENTRIES),
        runpath=draw(ENTRIES),
        soname="" if program else draw(st.one_of(st.just(""), NAMES)),
        base=base,
        has_relr=draw(st.booleans()),
        no_default_lib=draw(st.booleans()),
        is_static=program and not interpreter,
    )


@given(elf=facts(), data=st.data())
def test_what_was_put_in_comes_out(elf: ElfFile, data: st.DataObject) -> None:
    symbols = {
        (need.library, need.version): tuple(
            Symbol(name, data.draw(st.booleans())) for name in data.draw(st.lists(NAMES, max_size=3))
        )
        for need in elf.versions
    }
    style = data.draw(st.sampled_from(["gnu", "sysv", ""]))
    content = make(elf, symbols, exported=data.draw(st.integers(0, 5)), hash_style=style)
    assert read(content) == elf
    assert version_symbols(content) == symbols


PLAIN = ElfFile("x64", "library", libraries=("libc.so.6",), soname="libx.so")


def test_a_library_and_programs_of_all_kinds() -> None:
    assert read(make(PLAIN)).kind == "library"
    content = bytearray(make(PLAIN))
    for number, kind in ((1, "object"), (2, "program"), (4, "other")):
        struct.pack_into("<H", content, 16, number)
        assert read(bytes(content)).kind == kind


def test_an_unknown_machine_has_its_own_name() -> None:
    content = bytearray(make(PLAIN))
    for number, name in ((2, "EM_SPARC"), (0xFEBA, "65210")):
        struct.pack_into("<H", content, 18, number)
        assert read(bytes(content)).machine == name


def test_many_symbols_are_looked_through_in_pieces() -> None:
    need = VersionNeed("libc.so.6", "GLIBC_2.17")
    many = tuple(Symbol(f"symbol_{number}", number % 2 == 0) for number in range(10_000))
    for machine in ("x64", "s390"):
        for style in ("gnu", "sysv"):
            content = make(
                ElfFile(machine, "library", versions=(need,)),
                {("libc.so.6", "GLIBC_2.17"): many},
                exported=9000,
                hash_style=style,
            )
            assert version_symbols(content) == {("libc.so.6", "GLIBC_2.17"): many}


def damaged(content: bytes, tag: int, change: str, *values: int, at: int = 0) -> bytes:
    """A 64-bit file with a table changed, found by its dynamic tag."""
    place = content.rindex(struct.pack("<Q", tag), 0, len(content))
    (address,) = struct.unpack_from("<Q", content, place + 8)
    result = bytearray(content)
    struct.pack_into("<" + change, result, address - ADDRESS + at, *values)
    return bytes(result)


NEED = VersionNeed("libc.so.6", "GLIBC_2.17")
FULL = make(
    ElfFile("x64", "library", versions=(NEED,), definitions=("X_1",), soname="libx.so", base="libx.so"),
    {("libc.so.6", "GLIBC_2.17"): (Symbol("f"),)},
    exported=3,
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (damaged(FULL, 0x6FFFFFFE, "I", 1 << 31, at=12), "table is outside"),
        (damaged(FULL, 0x6FFFFFFE, "I", 1 << 31, at=8), "table is outside"),
        (damaged(FULL, 0x6FFFFFFE, "I", 0xFFFFFF, at=4), "name is outside"),
        (damaged(FULL, 0x6FFFFFFC, "I", 1 << 31, at=16), "table is outside"),
        (damaged(FULL, 0x6FFFFEF5, "I", 1 << 30), "hash table is outside"),
        (damaged(FULL, 0x6FFFFEF5, "I", 1 << 30, at=8), "hash table is outside"),
        (FULL[:-16], "cut off"),
        (FULL[:60], "cut off"),
        (FULL[:100], "cut off"),
    ],
)
def test_damage_is_named(content: bytes, why: str) -> None:
    with pytest.raises(ElfError, match=why):
        read(content), version_symbols(content)


def test_a_chain_that_comes_back_ends(tmp_path: Path) -> None:
    """Steps are 32 bits wide and go forward only, so a file can't loop; it can have each table read many times."""
    rows = 30_000
    need = ElfFile("x64", "library", versions=tuple(VersionNeed("l", f"V_{n}") for n in range(rows)))
    with pytest.raises(ElfError, match="has no end"):
        read(make(need))
    many = ElfFile("x64", "library", definitions=tuple(f"V_{n}" for n in range(rows)), base="b")
    with pytest.raises(ElfError, match="has no end"):
        read(make(many))


def test_names_without_an_end() -> None:
    long = "n" * 5000
    for elf in (
        ElfFile("x64", "library", libraries=(long,)),
        ElfFile("x64", "library", versions=(VersionNeed("l", long),)),
        ElfFile("x64", "library", soname=long),
    ):
        with pytest.raises(ElfError, match="name has no end"):
            read(make(elf))
    assert read(make(ElfFile("x64", "library", rpath=(long, long)))).rpath == (long, long)


def test_the_first_of_two_interpreters_counts() -> None:
    """As for the kernel (fs/binfmt_elf.c, load_elf_binary)."""
    data = make(ElfFile("x64", "program", "/first", ("libc.so.6",)))
    count = struct.unpack_from("<H", data, 56)[0]
    headers = data[64 : 64 + 56 * count]
    second = struct.pack("<IIQQQQQQ", 3, 4, len(data), 0, 0, 8, 8, 1)
    changed = bytearray(data + b"/second\0" + headers + second)
    struct.pack_into("<Q", changed, 32, len(data) + 8)
    struct.pack_into("<H", changed, 56, count + 1)
    assert read(bytes(changed)).interpreter == "/first"
