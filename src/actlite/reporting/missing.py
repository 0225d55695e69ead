"""What a loader found missing, in rows: the same in a run's report and in what is explained of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actlite.events import Missing
from actlite.glibc.elf_facts import version_key


def missing_rows(missing: Sequence[Missing]) -> Iterator[str]:
    """One row for each library: ``libm.so.6  GLIBC_2.23 2.27``; ``?`` for a library that no line names."""
    libraries: dict[str, dict[str, set[str]]] = {}
    for item in missing:
        families = libraries.setdefault(item.library.rpartition("/")[2] or "?", {})
        if item.version:
            family, _, number = item.version.rpartition("_")
            families.setdefault(family, set()).add(number)
    longest = max((len(name) for name in libraries), default=0)
    for name, families in libraries.items():
        parts = [
            (f"{family}_" if family else "") + " ".join(sorted(numbers, key=version_key))
            for family, numbers in families.items()
        ]
        yield f"{name:<{longest}}  {' · '.join(parts) or '(the library itself)'}"
