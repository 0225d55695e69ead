"""A row of the catalogue as what the loader would find there."""

from __future__ import annotations

from collections.abc import Mapping

from actlite.glibc.catalogue.definitions import definitions, needs_of
from actlite.glibc.catalogue.layouts import LAYOUTS, LOADERS, MUSL_LOADERS
from actlite.glibc.catalogue.rows import ImageRow
from actlite.glibc.elf import ElfFile
from actlite.glibc.system import MemorySystem, System

_WITH_GCC = ("libstdc++.so.6", "libgcc_s.so.1")


def versions_of(row: ImageRow, arch: str = "x64") -> Mapping[str, tuple[str, ...]]:
    """Library to the versions that it defines there; empty for what has no glibc.

    libstdc++ is among them unless the row says that it is not there; libatomic only if the row says that it is.
    """
    arch = machine_of(row, arch)
    if row.kind != "glibc":
        return {}
    found = dict(
        definitions(
            arch,
            glibc=row.glibc,
            gcc=row.gcc.get(arch, ""),
            GLIBCXX=row.glibcxx,
            CXXABI=row.cxxabi,
        )
    )
    if row.has_libstdcxx is False:
        for library in _WITH_GCC:
            found.pop(library, None)
    if not row.has_libatomic:
        found.pop("libatomic.so.1", None)
    for (machine, library), names in row.adds.items():
        if machine == arch and library in found:
            found[library] += names
    return found


def machine_of(row: ImageRow, arch: str) -> str:
    """The architecture that an image has on a machine: its own only one, else the machine's."""
    return row.arches[0] if len(row.arches) == 1 else arch


def system_of(row: ImageRow, arch: str = "x64") -> System:
    """What the loader finds in a catalogued image on a machine of that architecture.

    An image that is made for one architecture only has that, whatever the machine. Libraries stand where the
    distribution has them, and ask for each other as they do there; what they need of each other's versions they have.
    """
    arch = machine_of(row, arch)
    if row.kind != "glibc":
        files = _musl(row, arch) if row.kind == "musl" else {}
        return MemorySystem(arch, files, {}, ("/lib", "/usr/local/lib", "/usr/lib"))
    layout, needs = LAYOUTS[row.layout], needs_of(arch, row.glibc)
    files, cache = {}, {}
    for library, names in versions_of(row, arch).items():
        path = layout.path(library, arch)
        elf = ElfFile(
            arch, "library", libraries=needs.get(library, ()), definitions=names, soname=library, base=library
        )
        files[path] = elf
        if library in LOADERS[arch]:
            files[LOADERS[arch]] = elf
        cache[library] = (path,)
    return MemorySystem(arch, files, cache, layout.folders(arch))


def _musl(row: ImageRow, arch: str) -> dict[str, ElfFile]:
    loader = MUSL_LOADERS[arch]
    names = {loader: loader.rpartition("/")[2]}
    if row.has_libstdcxx:
        names |= {f"/usr/lib/{library}": library for library in _WITH_GCC}
    return {path: ElfFile(arch, "library", soname=name) for path, name in names.items()}
