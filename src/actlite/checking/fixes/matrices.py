"""The values of a matrix, as they are written."""

from __future__ import annotations

import re

from actlite.document.nodes import Mapping, Node, Sequence

_MATRIX = re.compile(r"[\"']?\$\{\{\s*matrix\.([\w-]+)\s*\}\}[\"']?")


def matrix_key(text: str) -> str:
    """The key of a text that is nothing but ``${{ matrix.KEY }}``; else empty."""
    found = _MATRIX.fullmatch(text.strip())
    return found[1] if found else ""


def matrix_keys(matrix: Node | None) -> tuple[str, ...]:
    """The keys of a matrix, ``include`` and ``exclude`` among them; () where it is an expression."""
    return tuple(key.text for key, _ in matrix.entries) if isinstance(matrix, Mapping) else ()


def matrix_values(matrix: Node | None, key: str) -> list[Node | None]:
    """What a matrix has under a key, in its list and in ``include``; None for what isn't known before the run."""
    if not isinstance(matrix, Mapping):
        return [None]
    found: list[Node | None] = []
    own = matrix.get(key)
    if own is not None:
        found += own.items if isinstance(own, Sequence) else [None]
    extra = matrix.get("include")
    for item in extra.items if isinstance(extra, Sequence) else ():
        value = item.get(key) if isinstance(item, Mapping) else None
        found += [value] if value is not None else []
    return found or [None]
