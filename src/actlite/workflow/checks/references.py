"""Where expressions name what is in a context: ``steps.a.outputs.b``, as far as the keys are written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.places import place
from actlite.expressions import ast, template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.records import frozen
from actlite.source import Span

_NAMES = frozenset({"env", "with", "outputs", "secrets", "matrix"})
"""Mappings with names as keys, where an ``if`` is no condition."""


@frozen
class Reference:
    """``context.key.key…`` in an expression, as far as its keys are written out, with the places of the keys."""

    keys: tuple[str, ...]
    spans: tuple[Span, ...]


def references(nodes: Iterable[Node | None], context: str) -> Iterator[Reference]:
    """All references to a context in the expressions and conditions of some trees."""
    for node in nodes:
        for scalar, part in template.expressions(node):
            if part.source is not None and context in part.source.lower():
                yield from _in_source(part.source, scalar, part.source_start, context)
        for scalar in _conditions(node):
            text = scalar.value
            if isinstance(text, str) and context in text.lower() and "${{" not in text:
                yield from _in_source(text, scalar, 0, context)


def _conditions(node: Node | None) -> Iterator[Scalar]:
    """Every ``if:`` of a job, or of the steps in a tree."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _conditions(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            if key.text == "if" and isinstance(value, Scalar):
                yield value
            elif key.text not in _NAMES:
                yield from _conditions(value)


def _in_source(source: str, scalar: Scalar, offset: int, context: str) -> Iterator[Reference]:
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
                if name == context:
                    spans = tuple(place(scalar, offset + key.start, offset + key.end) for key in keys)
                    yield Reference(tuple(str(key.value) for key in keys), spans)
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
