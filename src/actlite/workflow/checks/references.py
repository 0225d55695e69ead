"""Where expressions name what is in a context: ``steps.a.outputs.b``, as far as the keys are written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actlite.document.nodes import Node, Scalar
from actlite.document.places import place
from actlite.expressions import ast, template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.records import frozen
from actlite.source import Span

WORDS = ("steps", "needs", "matrix")
"""The contexts whose names are looked at."""


@frozen
class Reference:
    """``root.key.key…`` in an expression, as far as its keys are written out; the last span is the whole's."""

    root: str
    keys: tuple[str, ...]
    spans: tuple[Span, ...]


def references(nodes: Iterable[Node | None]) -> Iterator[Reference]:
    """All references to contexts in the expressions of some nodes."""
    for node in nodes:
        for scalar, part in template.expressions(node):
            if part.source is not None and any(word in part.source for word in WORDS):
                yield from _in_source(part.source, scalar, part.source_start)


def condition_references(node: Scalar | None) -> Iterator[Reference]:
    """The same for an ``if:``, which is an expression without ``${{ }}`` too."""
    if node is None or not isinstance(node.value, str):
        return
    if "${{" in node.value:
        yield from references([node])
    elif any(word in node.value for word in WORDS):
        yield from _in_source(node.value, node, 0)


def _in_source(source: str, scalar: Scalar, offset: int) -> Iterator[Reference]:
    try:
        expr = parse_any(source)
    except ExpressionError:
        return
    stack = [expr.root] if expr.root is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Index):
            chain = _chain(node)
            if chain is not None:
                name, keys = chain
                spans = tuple(place(scalar, offset + key.start, offset + key.end) for key in keys)
                yield Reference(name, tuple(str(key.value) for key in keys), spans)
                continue
        stack.extend(ast.children(node))


def _chain(node: ast.Index) -> tuple[str, list[ast.Constant]] | None:
    """The context and the keys of ``a.b['c']``, up to the first index that isn't a plain text."""
    keys: list[ast.Constant] = []
    at: ast.Node = node
    while isinstance(at, ast.Index):
        if isinstance(at.index, ast.Constant) and isinstance(at.index.value, str):
            keys.append(at.index)
        else:
            keys.clear()
            if not isinstance(at.index, ast.Wildcard):
                return None
        at = at.target
    return (at.name.lower(), keys[::-1]) if isinstance(at, ast.Name) and keys else None
