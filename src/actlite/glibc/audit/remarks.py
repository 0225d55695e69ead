"""What is worth knowing about a file besides its versions."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator

from actlite.glibc.audit.facts import RELR, RELR_SINCE
from actlite.glibc.audit.model import AuditedFile, Remark
from actlite.glibc.catalogue.layouts import CORE
from actlite.glibc.elf import ElfFile

INTERPRETERS = {
    "x64": ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"),
    "x86": ("/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"),
    "arm64": ("/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"),
    "arm": (
        "/lib/ld-linux-armhf.so.3",
        "/lib/ld-linux.so.3",
        "/lib/ld-musl-armhf.so.1",
        "/lib/ld-musl-arm.so.1",
    ),
    "ppc64le": ("/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"),
    "s390x": ("/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"),
    "riscv64": ("/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"),
}
"""Where every system of that architecture has its loader (glibc's shlib-versions; musl's reference/loader paths)."""

_EVERYWHERE = CORE | {"libstdc++.so.6", "libnsl.so.1", "libz.so.1"}
"""dpkg and rpm need zlib themselves."""
_NOT_EVERYWHERE = {
    "libatomic.so.1": "it comes with GCC and is no part of minimal images",
    "libgomp.so.1": "it comes with GCC and is no part of minimal images",
    "libcrypt.so.1": "RHEL ≥ 9 and Fedora install it only with libxcrypt-compat",
    "libssl.so.10": "OpenSSL 1.0.2 of CentOS and RHEL ≤ 7",
    "libcrypto.so.10": "OpenSSL 1.0.2 of CentOS and RHEL ≤ 7",
    "libssl.so.1.0.0": "OpenSSL 1.0 of Debian ≤ 8 and Ubuntu ≤ 16.04",
    "libcrypto.so.1.0.0": "OpenSSL 1.0 of Debian ≤ 8 and Ubuntu ≤ 16.04",
    "libssl.so.1.1": "OpenSSL 1.1: Debian 9 to 11, Ubuntu 18.04 and 20.04, RHEL 8",
    "libcrypto.so.1.1": "OpenSSL 1.1: Debian 9 to 11, Ubuntu 18.04 and 20.04, RHEL 8",
    "libssl.so.3": "OpenSSL 3: Debian ≥ 12, Ubuntu ≥ 22.04, RHEL ≥ 9",
    "libcrypto.so.3": "OpenSSL 3: Debian ≥ 12, Ubuntu ≥ 22.04, RHEL ≥ 9",
    "libtinfo.so.5": "ncurses 5: Debian ≤ 9, Ubuntu ≤ 18.04, RHEL ≤ 7",
    "libncurses.so.5": "ncurses 5: Debian ≤ 9, Ubuntu ≤ 18.04, RHEL ≤ 7",
}
_SYSTEM_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/opt")


def remarks(file: AuditedFile, elf: ElfFile, beside: Collection[str]) -> Iterator[Remark]:
    """The remarks on a file; ``beside`` are the libraries that come with it."""
    yield from _start(file)
    versions = {need.version for need in file.needs}
    asks_libc = any(name.startswith("libc.so.") for name in file.libraries)
    if elf.has_relr or RELR in versions:
        yield Remark(
            "relr",
            f"Its relocations are packed (DT_RELR): the loader of glibc before {RELR_SINCE} refuses it, whatever "
            "symbols it uses. The linker's -z nopack-relative-relocs turns that off."
            if RELR in versions
            else f"Its relocations are packed (DT_RELR) and it does not say so ({RELR}): glibc before {RELR_SINCE} "
            f"would start it and it would crash{'; later ones refuse it' if asks_libc else ''}.",
        )
    if any(need.is_weak_only for need in file.needs):
        yield Remark(
            "weak",
            "A weak reference asks for its version like any other: the loader looks at versions before symbols, and "
            "only a version that is marked weak itself (VER_FLG_WEAK), which linkers do not do, is let pass.",
        )
    yield from _libraries(file, beside)
    yield from _paths(elf)


def _start(file: AuditedFile) -> Iterator[Remark]:
    if file.linkage.startswith("static"):
        yield Remark("static", "It is static: it asks nothing of the system's libraries.")
    known = INTERPRETERS.get(file.arch, ())
    if file.interpreter and known and file.interpreter not in known:
        yield Remark(
            "interpreter",
            f"Its loader is {file.interpreter}, which only the system that it was built on is sure to have. "
            f"patchelf --set-interpreter {known[0]} gives it the usual one.",
        )
    if file.libc == "musl":
        yield Remark(
            "musl",
            "It is built for musl: it starts on Alpine and other musl systems, not on those with glibc. musl has no "
            "versions, so which release it needs is not in the file.",
        )


def _libraries(file: AuditedFile, beside: Collection[str]) -> Iterator[Remark]:
    for library in file.libraries:
        name = posixpath.basename(library)
        if library != name and "$" not in library:
            yield Remark("library", f"It needs {library} at that very path.")
        elif name in beside or name in _EVERYWHERE or name.startswith(("ld-linux", "ld64.so", "libc.")):
            continue
        elif why := _NOT_EVERYWHERE.get(name):
            yield Remark("library", f"It needs {name}, which not every system has: {why}.")
        elif not (file.libc == "musl" and name in ("libgcc_s.so.1", "libstdc++.so.6")):
            yield Remark("library", f"It needs {name}, which is no part of a base system.")


def _paths(elf: ElfFile) -> Iterator[Remark]:
    name = "RUNPATH" if elf.runpath else "RPATH"
    for entry in dict.fromkeys(elf.runpath or elf.rpath):
        if not entry or (not entry.startswith(("/", "$"))):
            shown = f"{name} entry {entry!r}" if entry else f"empty {name} entry"
            yield Remark("path", f"The {shown} means the folder that it is started in, whoever wrote there.")
        elif entry.startswith("/") and not _is_below(entry, _SYSTEM_FOLDERS):
            yield Remark("path", f"Its {name} has {entry}, a folder of the machine that built it.")


def _is_below(path: str, folders: Collection[str]) -> bool:
    path = posixpath.normpath(path)
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
