"""What the builds of node that the runner has had ask of a system (``nodes.txt``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from actlite.glibc.elf import ElfFile, VersionNeed

MUSL = "musl"


def node_build(version: str, arch: str = "x64", *, musl: bool = False) -> ElfFile | None:
    """What the loader reads in the official ``bin/node`` of a version; with ``musl`` in the build for Alpine.

    None where the build is not in the table.
    """
    block = _blocks().get((version, f"{arch}-{MUSL}" if musl else arch))
    return None if block is None else read_build(block, arch)


def builds() -> Sequence[tuple[str, str]]:
    """(version, architecture) of all builds in the table; musl builds have ``-musl`` behind the architecture."""
    return tuple(_blocks())


def read_build(block: str, arch: str) -> ElfFile:
    """A block of ``nodes.txt``, whose head describes the form. Raises ValueError."""
    libraries: tuple[str, ...] = ()
    versions: list[VersionNeed] = []
    texts: dict[str, str] = {}
    for key, value in _fields(block):
        if key == "libraries":
            libraries = tuple(value.split())
        elif key == "of":
            library, *names = value.split()
            versions += (VersionNeed(library, name.removeprefix("~"), name.startswith("~")) for name in names)
        else:
            texts[key] = value
    return ElfFile(
        machine=arch,
        kind="program",
        interpreter=texts.get("interpreter", ""),
        libraries=libraries,
        versions=tuple(versions),
        rpath=tuple(texts["rpath"].split(":")) if "rpath" in texts else (),
        runpath=tuple(texts["runpath"].split(":")) if "runpath" in texts else (),
        is_static="interpreter" not in texts,
    )


def write_build(elf: ElfFile) -> str:
    """The lines of a build, as :func:`read_build` takes them."""
    lines = [f"interpreter {elf.interpreter}"] if elf.interpreter else []
    lines += [f"libraries {' '.join(elf.libraries)}"] if elf.libraries else []
    lines += [f"rpath {':'.join(elf.rpath)}"] if elf.rpath else []
    lines += [f"runpath {':'.join(elf.runpath)}"] if elf.runpath else []
    last = ""
    for need in elf.versions:
        name = f"~{need.version}" if need.weak else need.version
        if need.library == last:
            lines[-1] += f" {name}"
        else:
            lines.append(f"of {need.library} {name}")
        last = need.library
    return "\n".join(lines)


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        if not line.startswith(("#", "[")):
            key, _, value = line.partition(" ")
            yield key, value


@cache
def _blocks() -> Mapping[tuple[str, str], str]:
    """Every build to its block: ``[ARCH VERSION…]`` and lines."""
    found: dict[tuple[str, str], str] = {}
    for block in Path(__file__).with_name("nodes.txt").read_text("utf-8").split("\n["):
        head, closing, lines = block.partition("]\n")
        if closing and not head.startswith("#"):
            arch, *versions = head.removeprefix("[").split()
            found.update(((version, arch), lines) for version in versions)
    return found
