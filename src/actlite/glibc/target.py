"""The oldest system of an artifact's users: ``glibc2.17``, ``manylinux2014``, ``centos:7`` or any catalogued image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from actlite.errors import UsageError
from actlite.glibc.catalogue.definitions import definitions
from actlite.glibc.catalogue.references import image_row
from actlite.glibc.catalogue.rows import ImageRow, rows
from actlite.glibc.catalogue.systems import machine_of, versions_of
from actlite.glibc.policy import find_policy, policies
from actlite.records import field, frozen

OLDEST, NEWEST = (2, 2), (2, 60)
"""Releases of glibc that a number is taken for."""
_NUMBER = re.compile(r"(?:glibc|gnu)?[ _:=-]?(\d+)\.(\d+)")
_MANYLINUX = re.compile(r"manylinux(?:_?\d|$)")
_MUSL = re.compile(r"musl(?:linux)?.*|alpine.*")


@frozen
class Target:
    """What is there on the oldest system that something has to run on."""

    name: str
    """As it was given."""
    glibc: str
    glibcxx: str = ""
    """The newest GLIBCXX; empty where the target says nothing of libstdc++."""
    cxxabi: str = ""
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Library to the versions that it defines; libraries that the target says nothing of are not in it."""
    arch: str = "x64"
    row: ImageRow | None = None
    """The catalogue's row, where the target is an image or has one."""

    def __str__(self) -> str:
        return self.name if self.glibc in self.name else f"{self.name} (glibc {self.glibc})"


def read_target(text: str, arch: str = "x64") -> Target:
    """What a target's name means. Raises UsageError, with what comes near, for one that means nothing."""
    name = text.strip()
    low = name.lower()
    if number := _NUMBER.fullmatch(low):
        return _glibc(name, int(number[1]), int(number[2]), arch)
    if _MANYLINUX.match(low):
        return _policy(name, low, arch)
    row = image_row(name, arch) or image_row(low, arch)
    if row is not None and row.kind == "glibc":
        return Target(
            name, row.glibc, row.glibcxx, row.cxxabi, versions_of(row, arch), machine_of(row, arch), row
        )
    raise _unknown(name, row)


def _glibc(name: str, major: int, minor: int, arch: str) -> Target:
    if not OLDEST <= (major, minor) <= NEWEST:
        raise UsageError(
            f"There is no glibc {major}.{minor}.",
            why="Its releases are numbered from 2.2 on, two a year.",
            do="Give the glibc of the oldest system that your users have, such as --target glibc2.17.",
        )
    glibc = f"{major}.{minor}"
    return Target(name, glibc, versions=definitions(arch, glibc=glibc), arch=arch)


def _policy(name: str, low: str, arch: str) -> Target:
    """What a policy promises of its systems: of each library the versions that it allows, and no others."""
    policy = find_policy(low, arch)
    if policy is None:
        near = nearest(low)
        raise UsageError(
            f"Unknown manylinux policy: {name}.",
            why=f"For {arch} there are {', '.join(one.name for one in policies(arch))}, and older names of the first.",
            do=f"Did you mean {' or '.join(near)}?"
            if near
            else "Give one of these, or a glibc such as glibc2.17.",
        )
    newest = {kind: max(numbers, key=_order) for kind, numbers in policy.versions.items() if numbers}
    every = definitions(
        policy.arch, glibc=policy.glibc, gcc=newest["GCC"], GLIBCXX=newest["GLIBCXX"], CXXABI=newest["CXXABI"]
    )
    versions = {
        library: tuple(version for version in names if not policy.not_allowed([version]))
        for library, names in every.items()
        if library in policy.libraries or library.startswith("ld-linux")
    }
    row = image_row(policy.aliases[0] if policy.aliases else policy.name, policy.arch)
    return Target(name, policy.glibc, newest["GLIBCXX"], newest["CXXABI"], versions, policy.arch, row)


def _order(number: str) -> tuple[int, ...]:
    """Numbers in their order, words such as TM_1 first."""
    parts = number.split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()


def _unknown(name: str, row: ImageRow | None) -> UsageError:
    if row is not None or _MUSL.fullmatch(name.lower()):
        kind = f"{name} has musl" if row is None or row.kind == "musl" else f"{name} has no C library"
        return UsageError(
            f"No target: {kind}, not glibc.",
            why="A target is the oldest glibc that your users have; programs for musl are built for musl or statically.",
            do="Give a glibc or an image that has one, such as --target glibc2.17 or --target debian:11.",
        )
    near = nearest(name)
    return UsageError(
        f"Unknown target: {name or 'an empty name'}.",
        why="A target is a glibc release, a manylinux policy or an image of the catalogue.",
        do=f"Did you mean {' or '.join(near)}?"
        if near
        else "Give one such as glibc2.17, manylinux2014 or centos:7.",
    )


def nearest(name: str) -> tuple[str, ...]:
    """Up to three known targets that a name comes near to."""
    import difflib

    known = dict.fromkeys(_known())
    return tuple(difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.7))


def _known() -> Iterator[str]:
    for row in rows():
        if row.kind == "glibc":
            yield row.name
            yield from row.names
    for policy in policies():
        yield from (policy.name, *policy.aliases)
    for minor in range(5, 45):
        yield f"glibc2.{minor}"
