"""Which versions each library defines at a release (``abi.txt``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from actlite.glibc.catalogue.numbers import at_least, number
from actlite.records import frozen


@frozen
class _Line:
    """One kind of versions of a library."""

    library: str
    counts: str
    names: tuple[tuple[str, str, str], ...]
    """Name, from which release, and until which (empty: still)."""


def definitions(arch: str, **numbers: str) -> Mapping[str, tuple[str, ...]]:
    """Library to the versions that it defines, where ``glibc``, ``gcc``, ``GLIBCXX`` and ``CXXABI`` are at these
    numbers. Libraries whose number is not given, or empty, are left out; so is what defines nothing yet."""
    found: dict[str, tuple[str, ...]] = {}
    at = {what: number(text) for what, text in numbers.items() if text}
    for line in _lines(arch):
        release = at.get(line.counts)
        if release is None:
            continue
        names = tuple(
            name
            for name, since, until in line.names
            if at_least(release, since) and not (until and at_least(release, until))
        )
        if names:
            found[line.library] = found.get(line.library, ()) + names
    return found


@cache
def needs_of(arch: str, glibc: str) -> Mapping[str, tuple[str, ...]]:
    """What each library of a release of glibc asks for itself, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for words in _words():
        if words[:2] != ["needs", arch]:
            continue
        library, *asked = words[2:]
        if not asked[0].startswith("<"):
            found[library] = tuple(asked)
        elif not at_least(number(glibc), asked[0][1:]):
            found[library] = tuple(asked[1:])
    return found


@cache
def _lines(arch: str) -> tuple[_Line, ...]:
    return tuple(
        _Line(words[1], words[2], tuple(_name(words[3], entry) for entry in words[4:]))
        for words in _words()
        if words[0] == arch
    )


def _name(prefix: str, entry: str) -> tuple[str, str, str]:
    entry, _, until = entry.partition("!")
    version, _, since = entry.partition("@")
    return f"{prefix}{version}", since or version, until


@cache
def _words() -> tuple[list[str], ...]:
    text = Path(__file__).with_name("abi.txt").read_text("utf-8")
    return tuple(line.split() for line in text.splitlines() if line and not line.startswith("#"))
