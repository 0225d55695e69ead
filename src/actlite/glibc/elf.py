"""What an ELF file asks of the loader, and what a library offers.

The only module that imports elftools: it opens the file, its segments and its dynamic tags; the tables behind them
are read by ``actlite.glibc.elf_tables``; the facts are ``actlite.glibc.elf_facts``. Nothing here needs section
headers, which the loader does not read either.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actlite.glibc.elf_facts import ElfFile, Symbol, VersionNeed, from_data, newest_of, to_data, version_key
from actlite.glibc.elf_tables import MAX_PATH, Data, ElfError, Tables
from actlite.glibc.file_bytes import FileBytes
from actlite.records import frozen

__all__ = [
    "MAGIC",
    "ElfError",
    "ElfFile",
    "Symbol",
    "VersionNeed",
    "from_data",
    "is_elf",
    "newest_of",
    "read",
    "to_data",
    "version_key",
    "version_symbols",
]

MAGIC = b"\x7fELF"
MAX_TAGS = 4096
"""Dynamic tags that are looked at; libLLVM has 40."""
MAX_HEADERS = 65536
"""Bytes of the program headers; the kernel starts nothing that has more (fs/binfmt_elf.c, load_elf_phdrs)."""
_MACHINES = {
    ("EM_X86_64", True, True): "x64",
    ("EM_X86_64", False, True): "x32",
    ("EM_386", False, True): "x86",
    ("EM_AARCH64", True, True): "arm64",
    ("EM_ARM", False, True): "arm",
    ("EM_PPC64", True, True): "ppc64le",
    ("EM_PPC64", True, False): "ppc64",
    ("EM_S390", True, False): "s390x",
    ("EM_S390", False, False): "s390",
    ("EM_RISCV", True, True): "riscv64",
    ("EM_RISCV", False, True): "riscv32",
    ("EM_LOONGARCH", True, True): "loong64",
}
"""elftools' name, 64 bits, little-endian."""

_NEEDED, _SONAME, _RPATH, _DEBUG, _RUNPATH, _RELR = 1, 14, 15, 21, 29, 36
_FLAGS_1 = 0x6FFFFFFB
_NODEFLIB, _PIE = 0x800, 0x0800_0000


def is_elf(path: Path) -> bool:
    """Whether a file begins as an ELF file does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read(source: Path | bytes) -> ElfFile:
    """What the loader reads in a file. Raises ElfError, and OSError for a path that can't be read."""
    with _data(source) as data:
        return _read(_open(data))


def version_symbols(source: Path | bytes) -> Mapping[tuple[str, str], tuple[Symbol, ...]]:
    """The symbols that bind to each (library, version), both in file order: undefined ones, and data that the program
    has a copy of, such as ``stdout``. A version that no symbol asks for has an empty tuple. Raises ElfError and
    OSError."""
    with _data(source) as data:
        opened = _open(data)
        found: dict[tuple[str, str], list[Symbol]] = {}
        indexes: dict[int, list[Symbol]] = {}
        if opened.tables is not None:
            for library, version, _, index in opened.tables.needed_versions():
                symbols = found.setdefault((library, version), [])
                indexes.setdefault(index, symbols)
            for index, name, weak in opened.tables.bound_symbols(indexes):
                indexes[index].append(Symbol(name, weak))
        return {key: tuple(symbols) for key, symbols in found.items()}


@frozen
class _Opened:
    """An ELF file, its segments and tags."""

    machine: str
    type: str
    interpreter: str
    tags: Sequence[tuple[int, int]]
    tables: Tables | None


def _read(opened: _Opened) -> ElfFile:
    tables, last = opened.tables, dict(opened.tags)
    if tables is None:
        kind = {"ET_EXEC": "program", "ET_DYN": "program", "ET_REL": "object"}.get(opened.type, "other")
        if opened.type == "ET_DYN" and not opened.interpreter:
            kind = "library"
        return ElfFile(
            opened.machine,
            kind,
            opened.interpreter,
            is_static=kind == "program" and not opened.interpreter,
        )

    def text(tag: int, limit: int) -> str:
        return tables.string(last[tag], limit) if tag in last else ""

    soname = text(_SONAME, 4096)
    flags = last.get(_FLAGS_1, 0)
    # Linkers give programs, and no libraries, DF_1_PIE (since 2015) or DT_DEBUG.
    is_program = bool(flags & _PIE) or _DEBUG in last or bool(opened.interpreter and not soname)
    kind = {"ET_EXEC": "program", "ET_DYN": "program" if is_program else "library", "ET_REL": "object"}.get(
        opened.type, "other"
    )
    definitions = list(tables.defined_versions())
    return ElfFile(
        machine=opened.machine,
        kind=kind,
        interpreter=opened.interpreter,
        libraries=tuple(tables.string(value) for tag, value in opened.tags if tag == _NEEDED),
        versions=tuple(VersionNeed(*need[:3]) for need in tables.needed_versions()),
        definitions=tuple(name for name, own in definitions if not own),
        rpath=_split(text(_RPATH, MAX_PATH)),
        runpath=_split(text(_RUNPATH, MAX_PATH)),
        soname=soname,
        base=next((name for name, own in definitions if own), ""),
        has_relr=_RELR in last,
        no_default_lib=bool(flags & _NODEFLIB),
        is_static=kind == "program" and not opened.interpreter,
    )


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split(":")) if path else ()


def _open(data: Data) -> _Opened:
    from elftools.elf.structs import ELFStructs

    if data[:4] != MAGIC:
        raise ElfError("not an ELF file")
    kinds = data[4:6]
    if len(data) < 52 or len(kinds) < 2 or not set(kinds) <= {1, 2}:
        raise ElfError("a cut off or damaged ELF file")
    wide, little = kinds[0] == 2, kinds[1] == 1
    structs: Any = ELFStructs(little_endian=little, elfclass=64 if wide else 32)
    structs.create_basic_structs()
    header = _parse(structs.Elf_Ehdr, data, 0)
    structs.create_advanced_structs(header.e_type, header.e_machine, header.e_ident.EI_OSABI)
    size = structs.Elf_Phdr.sizeof()
    if header.e_phnum * size > MAX_HEADERS:
        raise ElfError("damaged: more program headers than a system takes")
    interpreter, loaded, dynamic = "", [], None
    for number in range(header.e_phnum):
        segment = _parse(structs.Elf_Phdr, data, header.e_phoff + number * size)
        match segment.p_type:
            case "PT_LOAD":
                loaded.append((segment.p_vaddr, segment.p_offset, segment.p_filesz))
            case "PT_INTERP" if not interpreter:  # the kernel takes the first
                raw = data[segment.p_offset : segment.p_offset + min(segment.p_filesz, 4096)]
                interpreter = raw.split(b"\0")[0].decode("utf-8", "replace")
            case "PT_DYNAMIC":
                dynamic = segment
    name = str(header.e_machine)
    machine = _MACHINES.get((name, wide, little), name)
    if dynamic is None:
        return _Opened(machine, str(header.e_type), interpreter, (), None)
    tags = _tags(structs, data, dynamic.p_offset, dynamic.p_filesz)
    tables = Tables(data, little=little, wide=wide, segments=loaded, tags=dict(tags))
    return _Opened(machine, str(header.e_type), interpreter, tags, tables)


def _tags(structs: Any, data: Data, offset: int, size: int) -> list[tuple[int, int]]:
    """The dynamic tags up to DT_NULL, as numbers."""
    entry = structs.Elf_Dyn
    tags: list[tuple[int, int]] = []
    for number in range(min(size // entry.sizeof(), MAX_TAGS)):
        found = _parse(entry, data, offset + number * entry.sizeof())
        tag = _number(found.d_tag)
        if tag == 0:
            return tags
        tags.append((tag, found.d_val))
    if len(tags) == MAX_TAGS:
        raise ElfError("damaged: its dynamic section has no end")
    return tags


def _number(tag: int | str) -> int:
    """The number of a tag that elftools may have named."""
    if isinstance(tag, int):
        return tag
    from elftools.elf.enums import ENUM_D_TAG

    return int(ENUM_D_TAG[tag])


def _parse(struct: Any, data: Data, offset: int) -> Any:
    from elftools.construct import ConstructError

    size = struct.sizeof()
    piece = data[offset : offset + size]
    if len(piece) < size:
        raise ElfError("a cut off or damaged ELF file")
    try:
        return struct.parse_stream(io.BytesIO(piece))
    except ConstructError as error:
        raise ElfError(f"a damaged ELF file ({error})") from error


@contextmanager
def _data(source: Path | bytes) -> Iterator[Data]:
    """The file's bytes, of which only what is looked at is read."""
    if isinstance(source, bytes):
        yield source
        return
    # A pipe by that name must not keep us waiting.
    file = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or not found.st_size:
            raise ElfError("not an ELF file")
        yield FileBytes(file, found.st_size)
    finally:
        os.close(file)
