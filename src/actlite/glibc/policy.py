"""The manylinux and musllinux policies: which versions of symbols and which libraries a file may ask for.

PEP 513, 571, 599, 600 and 656; the numbers are auditwheel's (``catalogue/policies.txt``). A policy is judged by exact
lists, one a kind of names, never by comparing release numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from actlite.records import changeable, field, frozen

MUSL_LIBC: Mapping[str, str] = {
    "x64": "libc.musl-x86_64.so.1",
    "arm64": "libc.musl-aarch64.so.1",
    "x86": "libc.musl-x86.so.1",
}
"""What the policies call ``libc.so`` where it is musl."""
ARCHES = ("x64", "arm64", "x86")
"""The architectures whose policies are in the table."""


@frozen
class Policy:
    """What a policy allows on one architecture."""

    name: str
    """Such as ``manylinux_2_17``."""
    aliases: tuple[str, ...]
    """Older names, such as ``manylinux2014``."""
    arch: str
    versions: Mapping[str, frozenset[str]]
    """Kind to allowed numbers: GLIBC to 2.2.5 … 2.17. Names of other kinds are not judged."""
    libraries: frozenset[str]
    """What a file may need that does not come with it. The loader itself is always allowed."""
    refused: Mapping[str, frozenset[str]]
    """Library to symbols that no file may use, although the library is allowed."""

    @property
    def glibc(self) -> str:
        """The glibc that the policy's systems have at least; empty for musl."""
        _, major, minor = self.name.split("_")
        return f"{major}.{minor}" if self.name.startswith("manylinux") else ""

    def not_allowed(self, versions: Iterable[str]) -> tuple[str, ...]:
        """The versions, such as ``GLIBC_2.28``, that the policy does not allow, in their order."""
        return tuple(name for name in versions if not self._allows(name))

    def foreign(self, libraries: Iterable[str]) -> tuple[str, ...]:
        """The libraries that would have to come along, in their order."""
        return tuple(name for name in libraries if name not in self.libraries and not _is_loader(name))

    def uses_refused(self, symbols: Mapping[str, Collection[str]]) -> tuple[str, ...]:
        """The refused symbols among those that a file uses, by library."""
        found = (self.refused.get(library, frozenset()) & set(used) for library, used in symbols.items())
        return tuple(name for names in found for name in sorted(names))

    def _allows(self, version: str) -> bool:
        kind, _, number = version.partition("_")
        allowed = self.versions.get(kind)
        return allowed is None or number in allowed


def policies(arch: str = "x64", *, musl: bool = False) -> Sequence[Policy]:
    """All policies for an architecture, the one for the oldest systems first; none for one that is not in the table."""
    family = "musllinux" if musl else "manylinux"
    return tuple(policy for policy in _policies(arch) if policy.name.startswith(family))


def find_policy(name: str, arch: str = "x64") -> Policy | None:
    """A policy by its name or alias, with or without an architecture behind it. None for any other name."""
    plain = name.lower()
    for tail, machine in (("_x86_64", "x64"), ("_aarch64", "arm64"), ("_i686", "x86")):
        if plain.endswith(tail):
            plain, arch = plain.removesuffix(tail), machine
    return next((policy for policy in _policies(arch) if plain in (policy.name, *policy.aliases)), None)


def best_policy(
    versions: Iterable[str],
    libraries: Iterable[str] = (),
    symbols: Mapping[str, Collection[str]] | None = None,
    *,
    arch: str = "x64",
    musl: bool = False,
) -> Policy | None:
    """The policy of the oldest systems that allows everything that a file asks for; None where none does.

    ``versions`` are names such as ``GLIBC_2.28``; ``libraries`` what it needs that does not come with it; ``symbols``
    what it uses of each library. As in auditwheel, each of the three is judged for itself and the newest counts.
    """
    wanted, needed, used = tuple(versions), tuple(libraries), symbols or {}
    tests: tuple[Callable[[Policy], object], ...] = (
        lambda policy: policy.not_allowed(wanted),
        lambda policy: policy.foreign(needed),
        lambda policy: policy.uses_refused(used),
    )
    known = policies(arch, musl=musl)
    oldest = [next((at for at, policy in enumerate(known) if not test(policy)), len(known)) for test in tests]
    return known[max(oldest)] if known and max(oldest) < len(known) else None


def _is_loader(name: str) -> bool:
    return "ld-linux" in name or name in ("ld64.so.1", "ld64.so.2")


@changeable
class _State:
    """What holds at a block of the table, for one family."""

    versions: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    refused: dict[str, frozenset[str]] = field(default_factory=dict)
    arches: set[str] = field(default_factory=set)


@cache
def _policies(arch: str) -> Sequence[Policy]:
    text = Path(__file__).with_name("catalogue").joinpath("policies.txt").read_text("utf-8")
    states: dict[str, _State] = {}
    found = []
    for block in text.split("\n[")[1:]:
        head, _, lines = block.partition("]\n")
        name, *aliases = head.split()
        state = states.setdefault(name.partition("_")[0], _State())
        for line in lines.splitlines():
            _read(line.split(), state)
        if arch in state.arches:
            found.append(_policy(name, tuple(aliases), arch, state))
    return tuple(found)


def _read(words: list[str], state: _State) -> None:
    match words:
        case []:
            pass
        case ["libraries", "+", *more]:
            state.libraries += tuple(more)
        case ["libraries", *names]:
            state.libraries = tuple(names)
        case ["refuses", library, *symbols]:
            state.refused[library] = frozenset(symbols)
        case ["arches", *arches]:
            state.arches |= set(arches)
        case [arch, kind, "+", *more]:
            state.versions[arch, kind] += tuple(more)
        case [arch, kind, *numbers]:
            state.versions[arch, kind] = tuple(numbers)
            state.arches.add(arch)


def _policy(name: str, aliases: tuple[str, ...], arch: str, state: _State) -> Policy:
    libraries = {MUSL_LIBC[arch] if library == "libc.so" else library for library in state.libraries}
    return Policy(
        name,
        aliases,
        arch,
        {kind: frozenset(numbers) for (machine, kind), numbers in state.versions.items() if machine == arch},
        frozenset(libraries),
        {library: symbols for library, symbols in state.refused.items() if symbols},
    )
