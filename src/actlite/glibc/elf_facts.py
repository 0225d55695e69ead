"""The facts of an ELF file that the loader goes by, and what version names come to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from actlite.records import frozen

_NUMBERED = re.compile(r"([A-Z][A-Z0-9]*)_(\d+(?:\.\d+)+)")


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
class ElfFile:
    """What the loader reads in an ELF file."""

    machine: str
    """``x64``, ``x86``, ``arm64``, ``arm``, ``ppc64le``, ``s390x`` …, or elftools' own name of another."""
    kind: str
    """``program`` (position independent ones too), ``library``, ``object`` or ``other``."""
    interpreter: str = ""
    """PT_INTERP; empty for most libraries and for static programs."""
    libraries: tuple[str, ...] = ()
    """DT_NEEDED, in order."""
    versions: tuple[VersionNeed, ...] = ()
    """DT_VERNEED, in file order, which is the order of the loader's messages."""
    definitions: tuple[str, ...] = ()
    """The versions of DT_VERDEF, in file order, ``base`` left out."""
    rpath: tuple[str, ...] = ()
    """DT_RPATH, split; an empty entry is the working folder. The loader ignores it where there is a ``runpath``."""
    runpath: tuple[str, ...] = ()
    """DT_RUNPATH, likewise."""
    soname: str = ""
    base: str = ""
    """The version that stands for the file itself; a library without versions has neither this nor ``definitions``."""
    has_relr: bool = False
    """Its relocations are packed (DT_RELR): glibc before 2.36 does not know them."""
    no_default_lib: bool = False
    """DF_1_NODEFLIB: neither the cache nor the default folders are searched for what it needs."""
    is_static: bool = False
    """A program without interpreter: it asks nothing of the system's libraries."""


@frozen
class Symbol:
    """A symbol that a file asks of another."""

    name: str
    weak: bool = False


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


def to_data(elf: ElfFile) -> dict[str, Any]:
    """A file's facts as JSON data; what is empty is left out."""
    data: dict[str, Any] = {"machine": elf.machine, "kind": elf.kind}
    for name in ("interpreter", "soname", "base"):
        if text := getattr(elf, name):
            data[name] = text
    for name in ("libraries", "definitions", "rpath", "runpath"):
        if values := getattr(elf, name):
            data[name] = list(values)
    if elf.versions:
        data["versions"] = [[n.library, n.version, *([True] if n.weak else [])] for n in elf.versions]
    for name in ("has_relr", "no_default_lib", "is_static"):
        if getattr(elf, name):
            data[name] = True
    return data


def from_data(data: Mapping[str, Any]) -> ElfFile:
    """The facts that :func:`to_data` wrote. Raises ValueError for anything else."""
    try:
        values: dict[str, Any] = dict(data)
        needs = values.pop("versions", ())
        for name in ("libraries", "definitions", "rpath", "runpath"):
            values[name] = tuple(values.get(name, ()))
        return ElfFile(versions=tuple(VersionNeed(*need) for need in needs), **values)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not the facts of an ELF file: {error}") from error
