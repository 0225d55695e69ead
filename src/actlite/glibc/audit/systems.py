"""Which distributions have what a file needs, by the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from actlite.glibc.audit.model import NeededVersion, Refusal
from actlite.glibc.catalogue.rows import rows
from actlite.glibc.catalogue.systems import versions_of
from actlite.glibc.elf import newest_of, version_key
from actlite.records import frozen, replace

DISTRIBUTIONS = ("Debian", "Ubuntu", "RHEL", "CentOS", "Fedora", "openSUSE Leap", "Amazon Linux")
"""Those that are named, in this order. AlmaLinux, Rocky Linux and Oracle Linux have what RHEL of that number has."""
_SAID_BY_RHEL = frozenset({"CentOS 8"})


@frozen
class _Release:
    distribution: str
    number: str
    versions: Mapping[str, tuple[str, ...]]
    """Library to versions."""

    @property
    def name(self) -> str:
        return f"{self.distribution} {self.number}"


def judge(needs: Sequence[NeededVersion], arch: str) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """The oldest release of each distribution that has all versions, as ``Debian ≥ 12``, and the newest one of each
    that has not. Both are empty for architectures that the catalogue has no systems of.

    Libraries that the catalogue says nothing of are not judged; libstdc++ is taken to be installed.
    """
    runs_on: list[str] = []
    not_on: list[Refusal] = []
    for releases in _releases(arch):
        oldest = ""
        for release in reversed(releases):
            lacks = missing(needs, release.versions)
            if lacks:
                not_on.append(Refusal(release.name, lacks))
                break
            oldest = release.number
        if oldest:
            newest = releases[-1].number
            distribution = releases[0].distribution
            runs_on.append(f"{distribution} {oldest}" if oldest == newest else f"{distribution} ≥ {oldest}")
    return tuple(runs_on), tuple(not_on)


def missing(needs: Iterable[NeededVersion], versions: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The versions that are needed and not defined, the newest number of each kind only. Definitions are compared as
    sets, as the loader does."""
    lacks = [need.version for need in needs if not need.weak and not is_defined(need, versions)]
    numbers = newest_of(lacks)
    newest = [f"{kind}_{number}" for kind, number in numbers.items()]
    return tuple(dict.fromkeys([*newest, *(name for name in lacks if not newest_of([name]))]))


def is_defined(need: NeededVersion, versions: Mapping[str, Sequence[str]]) -> bool:
    """Whether a version is there. A library that nothing is known of counts as good."""
    own = versions.get(need.library)
    return own is None or need.version in own


@cache
def _releases(arch: str) -> Sequence[Sequence[_Release]]:
    """The releases of each distribution, oldest first."""
    found: dict[str, dict[str, _Release]] = {name: {} for name in DISTRIBUTIONS}
    for row in rows():
        distribution, _, number = row.system.rpartition(" ")
        if row.kind != "glibc" or arch not in row.arches or row.system in _SAID_BY_RHEL:
            continue
        if distribution in found:
            full = replace(row, has_libstdcxx=True, has_libatomic=True)
            found[distribution].setdefault(number, _Release(distribution, number, versions_of(full, arch)))
    ordered = (sorted(own.values(), key=lambda r: version_key(r.number)) for own in found.values())
    return tuple(tuple(releases) for releases in ordered if releases)
