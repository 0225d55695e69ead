"""Which policy for Linux wheels files meet, together: as auditwheel has it, with the same tables.

auditwheel judges what all files of a wheel need of versions together, and then the libraries that don't come with it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from actlite.glibc.audit.model import AuditedFile
from actlite.glibc.elf import ElfFile
from actlite.glibc.policy import ARCHES, best_policy, find_policy, policies

Looked = Sequence[tuple[AuditedFile, ElfFile]]


def policy_of(files: Looked, claimed: Sequence[str] = ()) -> str:
    """The policy of the oldest systems that all files meet, such as ``manylinux_2_17``; empty where they meet none, or
    are for several architectures, or for one that has no policies. Files that need no C library are taken to be for
    musl where the wheel claims that alone."""
    arches = {file.arch for file, _ in files}
    if len(arches) != 1 or not arches <= set(ARCHES):
        return ""
    (arch,) = arches
    versions = [
        need.version
        for file, _ in files
        for need in file.needs
        if not need.library.startswith(("ld-linux", "ld64."))
    ]
    libraries = list(dict.fromkeys(_foreign(files)))
    # auditwheel looks for the refused symbols whatever library they are of, and passes over weak ones.
    used = {
        symbol.name for file, _ in files for need in file.needs for symbol in need.symbols if not symbol.weak
    }
    symbols = dict.fromkeys((name for _, elf in files for name in elf.libraries), used)
    musl = any(file.libc == "musl" for file, _ in files)
    if claimed and not any(file.libc for file, _ in files):
        musl = all(name.startswith("musllinux_") for name in claimed)
    best = best_policy(versions, libraries, symbols, arch=arch, musl=musl)
    if best is None:
        return ""
    # The files don't say which musl they need: the newest policy is the one that is sure.
    return policies(arch, musl=True)[-1].name if musl else best.name


def claims(name: str) -> tuple[str, ...]:
    """The platforms that a wheel's file name claims, such as ``manylinux_2_17_x86_64`` (PEP 425, PEP 600)."""
    parts = name.removesuffix(".whl").split("-")
    return tuple(parts[-1].split(".")) if len(parts) >= 5 and name.endswith(".whl") else ()


def broken_claims(claimed: Sequence[str], policy: str, arch: str) -> tuple[str, ...]:
    """The claims of older systems than the policy that a wheel meets; musl's can't be told."""
    known = [one.name for one in policies(arch)]
    if policy and policy not in known:
        return ()
    met = known.index(policy) if policy else len(known)
    found = ((name, find_policy(name, arch)) for name in claimed)
    return tuple(name for name, one in found if one is not None and one.name in known[:met])


def _foreign(files: Looked) -> Iterator[str]:
    """The libraries that don't come with the files: neither on a file's own path to them, nor, for one that another
    of the files needs, among the files (that one may have loaded them)."""
    places = {posixpath.normpath(file.member) for file, _ in files}
    names = {posixpath.basename(place) for place in places}
    asked = {name for _, elf in files for name in elf.libraries}
    for file, elf in files:
        folder = posixpath.dirname(posixpath.normpath(file.member))
        entries = [_expand(entry, folder) for entry in elf.runpath or elf.rpath]
        is_asked = posixpath.basename(file.name) in asked
        for name in elf.libraries:
            inside = any(posixpath.normpath(posixpath.join(entry, name)) in places for entry in entries)
            if not inside and not (is_asked and name in names):
                yield name


def _expand(entry: str, folder: str) -> str:
    return entry.replace("${ORIGIN}", folder or ".").replace("$ORIGIN", folder or ".")
