"""What an ELF file asks of the loader, and what a library offers: one question per function.

The only module that imports elftools.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from actlite.records import frozen

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

T = TypeVar("T")

MAGIC = b"\x7fELF"
_NUMBERED = re.compile(r"([A-Z][A-Z0-9]*)_(\d+(?:\.\d+)+)")


class ElfError(Exception):
    """A file is not ELF, or is cut off or damaged; the text says which."""


@frozen
class VersionNeed:
    """One version that a file needs of a library."""

    library: str
    """The soname."""
    version: str
    """Such as ``GLIBC_2.28``."""
    weak: bool = False
    """VER_FLG_WEAK: the loader only warns."""


@frozen
class Needs:
    """What an ELF file asks of the dynamic loader."""

    machine: str
    """``x64``, ``x86``, ``arm64``, ``arm``, or elftools' own name of another."""
    interpreter: str
    """PT_INTERP; empty for libraries and static programs."""
    libraries: tuple[str, ...]
    """DT_NEEDED, in order."""
    versions: tuple[VersionNeed, ...]
    """In the order of .gnu.version_r, which is the order of the loader's messages."""
    rpath: tuple[str, ...] = ()
    """DT_RUNPATH, else DT_RPATH, split."""
    soname: str = ""
    is_static: bool = False
    """No interpreter and no library needed: it asks nothing of the image."""


_MACHINES = {"EM_X86_64": "x64", "EM_386": "x86", "EM_AARCH64": "arm64", "EM_ARM": "arm"}


def is_elf(path: Path) -> bool:
    """Whether a file begins as an ELF file does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read_needs(source: Path | bytes) -> Needs:
    """What a file needs. Raises ElfError, and OSError for a path that can't be read."""

    def look(elf: ELFFile) -> Needs:
        interpreter = ""
        dynamic: Any = None
        segment: Any
        for segment in elf.iter_segments():
            kind = segment.header.p_type
            if kind == "PT_INTERP":
                interpreter = segment.get_interp_name()
            elif kind == "PT_DYNAMIC":
                dynamic = segment
        libraries: list[str] = []
        found = {"DT_RPATH": "", "DT_RUNPATH": "", "DT_SONAME": ""}
        for tag in dynamic.iter_tags() if dynamic is not None else ():
            kind = tag.entry.d_tag
            if kind == "DT_NEEDED":
                libraries.append(tag.needed)
            elif kind in found:
                found[kind] = getattr(tag, kind[3:].lower())
        machine = elf.header.e_machine
        path = found["DT_RUNPATH"] or found["DT_RPATH"]
        return Needs(
            machine=_MACHINES.get(machine, str(machine)),
            interpreter=interpreter,
            libraries=tuple(libraries),
            versions=tuple(_version_needs(elf)),
            rpath=tuple(filter(None, path.split(":"))),
            soname=found["DT_SONAME"],
            is_static=not interpreter and not libraries and not found["DT_SONAME"],
        )

    return _with_elf(source, look)


def read_definitions(source: Path | bytes) -> tuple[str, ...]:
    """The versions that a library defines, in file order, its own name left out. Raises ElfError."""

    def look(elf: ELFFile) -> tuple[str, ...]:
        section = _section(elf, "SHT_GNU_verdef", 20)
        if section is None:
            return ()
        names = []
        for definition, auxiliary in section.iter_versions():
            first = next(auxiliary, None)
            # VER_FLG_BASE (1) marks the file's own name.
            if first is not None and not definition["vd_flags"] & 1:
                names.append(str(first.name))
        return tuple(names)

    return _with_elf(source, look)


def symbols_of(source: Path | bytes, version: str) -> tuple[tuple[str, bool], ...]:
    """The undefined symbols that bind to a version, as ``(name, weak)``, in file order. Raises ElfError."""

    def look(elf: ELFFile) -> tuple[tuple[str, bool], ...]:
        needed = _section(elf, "SHT_GNU_verneed", 16)
        table: Any = _section(elf, "SHT_GNU_versym", 2)
        symbols: Any = elf.get_section_by_name(".dynsym")
        if needed is None or table is None or symbols is None:
            return ()
        indexes = {
            aux["vna_other"]
            for _, auxiliary in needed.iter_versions()
            for aux in auxiliary
            if aux.name == version
        }
        chosen = []
        for number in range(min(table.num_symbols(), symbols.num_symbols())):
            if table.get_symbol(number).entry["ndx"] in indexes:
                symbol = symbols.get_symbol(number)
                if symbol["st_shndx"] == "SHN_UNDEF":
                    chosen.append((str(symbol.name), symbol["st_info"]["bind"] == "STB_WEAK"))
        return tuple(chosen)

    return _with_elf(source, look)


def newest(needs: Needs) -> Mapping[str, str]:
    """The newest version of each kind that a file needs: ``{"GLIBC": "2.17", "GLIBCXX": "3.4.18"}``."""
    return newest_of(need.version for need in needs.versions)


def newest_of(names: Iterable[str]) -> Mapping[str, str]:
    """The newest number of each kind among version names; names without a number are passed over."""
    best: dict[str, str] = {}
    for name in names:
        if found := _NUMBERED.fullmatch(name):
            kind, number = found.groups()
            if kind not in best or version_key(number) > version_key(best[kind]):
                best[kind] = number
    return best


def version_key(number: str) -> tuple[int, ...]:
    """Orders ``2.9`` before ``2.17``."""
    return tuple(int(part) for part in re.findall(r"\d+", number))


def _version_needs(elf: ELFFile) -> Iterator[VersionNeed]:
    section = _section(elf, "SHT_GNU_verneed", 16)
    if section is None:
        return
    for need, auxiliary in section.iter_versions():
        for aux in auxiliary:
            # VER_FLG_WEAK is 2.
            yield VersionNeed(str(need.name), str(aux.name), bool(aux["vna_flags"] & 2))


def _section(elf: ELFFile, kind: str, entry: int) -> Any:
    """A section by type, where its counts can be true: a damaged count would keep elftools busy for hours."""
    for section in elf.iter_sections():
        if section["sh_type"] == kind:
            if kind != "SHT_GNU_versym" and section["sh_info"] > section["sh_size"] // entry:
                raise ElfError("its version table is damaged")
            return section
    return None


def _with_elf(source: Path | bytes, look: Callable[[ELFFile], T]) -> T:
    from elftools.elf.elffile import ELFFile

    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        if stream.read(4) != MAGIC:
            raise ElfError("not an ELF file")
        stream.seek(0)
        try:
            return look(ELFFile(stream))
        except (ElfError, OSError, MemoryError):
            raise
        except Exception as error:  # elftools raises whatever a damaged field leads it to
            raise ElfError(f"a cut off or damaged ELF file ({type(error).__name__}: {error})") from error
