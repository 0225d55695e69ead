"""What one ELF file is and needs."""

from __future__ import annotations

from pathlib import Path

from actlite.glibc.audit.model import AuditedFile, NeededVersion, SymbolCause
from actlite.glibc.elf import ElfError, ElfFile, newest_of, read, version_symbols

RELR = "GLIBC_ABI_DT_RELR"
RELR_SINCE = "2.36"
"""The first glibc that has packed relocations (NEWS of glibc 2.36)."""
_RUST, _GO = b"/rustc/", b"\xff Go buildinf:"
_MOST_SEARCHED = 48 << 20
"""Bytes that are searched for a mark: it stands among the first of the constants."""
_PIECE = 1 << 20


def look(name: str, path: Path, size: int) -> tuple[AuditedFile, ElfFile | None]:
    """The facts of an ELF file, without any judgement; no ElfFile where it is damaged. Raises OSError."""
    try:
        elf = read(path)
        symbols = version_symbols(path)
    except ElfError as error:
        return AuditedFile(name, "damaged", size, why=str(error)), None
    needs = tuple(
        NeededVersion(
            need.library,
            need.version,
            need.weak,
            tuple(SymbolCause(s.name, s.weak) for s in symbols.get((need.library, need.version), ())),
        )
        for need in elf.versions
    )
    linkage = ""
    if elf.kind in ("program", "library"):
        linkage = "dynamic" if elf.interpreter or elf.libraries or elf.kind == "library" else "static"
        if linkage == "static" and _is_position_independent(path):
            linkage = "static-pie"
    file = AuditedFile(
        name=name,
        kind=elf.kind,
        size=size,
        arch=elf.machine,
        linkage=linkage,
        libc=_libc(elf),
        interpreter=elf.interpreter,
        libraries=elf.libraries,
        needs=needs,
        newest=newest(needs),
    )
    return file, elf


def newest(needs: tuple[NeededVersion, ...]) -> dict[str, str]:
    """The newest version of each kind that must be there. Packed relocations need a glibc that knows them."""
    names = [need.version for need in needs if not need.weak]
    if RELR in names:
        names.append(f"GLIBC_{RELR_SINCE}")
    return dict(newest_of(names))


def weight(file: AuditedFile) -> int:
    """How many bytes a file's facts take, about."""
    needs = sum(200 + len(need.version) + sum(100 + len(s.name) for s in need.symbols) for need in file.needs)
    return needs + sum(100 + len(library) for library in file.libraries)


def language(path: Path) -> str:
    """``rust`` or ``go`` where the compiler left its mark in a file; else empty."""
    found, before = "", b""
    with path.open("rb") as file:
        for _ in range(0, _MOST_SEARCHED, _PIECE):
            piece = file.read(_PIECE)
            if not piece:
                break
            if _GO in (data := before + piece):
                return "go"
            found = found or ("rust" if _RUST in data else "")
            before = piece[-len(_GO) :]
    return found


def _libc(elf: ElfFile) -> str:
    if "ld-musl" in elf.interpreter or any(_is_musl(library) for library in elf.libraries):
        return "musl"
    if any(library.startswith(("libc.so.6", "ld-linux", "ld64.so")) for library in elf.libraries):
        return "glibc"
    return "glibc" if any(need.version.startswith("GLIBC_") for need in elf.versions) else ""


def _is_musl(library: str) -> bool:
    """musl's libc is ``libc.so``; Alpine names it ``libc.musl-x86_64.so.1``."""
    return library == "libc.so" or library.startswith("libc.musl-")


def _is_position_independent(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(18)
    return 3 in (head[16], head[17])
