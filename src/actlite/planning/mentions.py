"""The secrets that a workflow names, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterable

from actlite.document.nodes import Node
from actlite.document.scalars import primitive_text
from actlite.expressions.ast import Constant, Index, Name, walk
from actlite.expressions.checks import scalars
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.expressions.parts import OPEN, split

GIVEN = frozenset({"github_token"})
"""What GitHub gives by itself."""


def secrets_of(nodes: Iterable[Node | None]) -> frozenset[str]:
    """The names of the secrets in the expressions of trees, but for the token that GitHub gives. A name that is
    itself an expression, as in ``secrets[matrix.name]``, is not among them."""
    found: dict[str, str] = {}
    for node in nodes:
        for scalar, _ in scalars(node):
            text = primitive_text(scalar.value)
            if OPEN in text and "secrets" in text.lower():
                for name in _named(text):
                    found.setdefault(name.casefold(), name)
    return frozenset(name for key, name in found.items() if key not in GIVEN)


def _named(text: str) -> Iterable[str]:
    try:
        sources = [part.source for part in split(text) if part.source is not None]
        roots = [parse_any(source).root for source in sources]
    except ExpressionError:
        return
    for node in (node for root in roots for node in walk(root)):
        if not isinstance(node, Index) or not isinstance(node.target, Name):
            continue
        key = node.index.value if isinstance(node.index, Constant) else None
        if node.target.name.lower() == "secrets" and isinstance(key, str):
            yield key
