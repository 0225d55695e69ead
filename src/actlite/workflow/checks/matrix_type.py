"""The type of the matrix context: of each key, all that its rows can have."""

from __future__ import annotations

from collections.abc import Callable

from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.expressions import template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.inference import infer
from actlite.expressions.parser import parse_any
from actlite.expressions.types import (
    ANY,
    ARRAY,
    NOTHING,
    NULL_TYPE,
    OPEN,
    TEXT,
    Type,
    list_of,
    merge,
    of_value,
    record,
    union,
)
from actlite.workflow.checks.names import MatrixNames
from actlite.workflow.folding import is_expression
from actlite.workflow.model import Job

Contexts = Callable[[str], Type]


def matrix_type(job: Job, contexts: Contexts) -> Type:
    """The type of ``matrix`` in a job; open where an expression makes the keys."""
    if isinstance(job.strategy, Scalar):
        return OPEN
    if job.matrix is None:
        return record({}, names=MatrixNames(job.id, ()))
    if not isinstance(job.matrix, Mapping):
        return OPEN
    vectors: dict[str, Type] = {}
    shown: dict[str, str] = {}
    include: Sequence | None = None
    for key, value in job.matrix.entries:
        name = key.text.lower()
        if "${{" in key.text:
            return OPEN
        if name == "include":
            if not isinstance(value, Sequence):
                return OPEN
            include = value
        elif name != "exclude":
            vectors[name] = _items(value, contexts)
            shown.setdefault(name, key.text)
    rows = [] if include is None else _rows(include, contexts, shown)
    if rows is None:
        return OPEN
    fields = _with_rows(vectors, rows)
    return record(fields, names=MatrixNames(job.id, tuple(shown.values())))


def _rows(include: Sequence, contexts: Contexts, shown: dict[str, str]) -> list[dict[str, Type]] | None:
    """The items of ``include``; None where their keys aren't known."""
    rows = []
    for item in include.items:
        if not isinstance(item, Mapping):
            return None
        row = {}
        for key, value in item.entries:
            if "${{" in key.text:
                return None
            row[key.text.lower()] = type_of(value, contexts)
            shown.setdefault(key.text.lower(), key.text)
        rows.append(row)
    return rows


def _with_rows(vectors: dict[str, Type], rows: list[dict[str, Type]]) -> dict[str, Type]:
    """The values of each key. An item of include that names a vector, or comes where there is none, can make a
    row of its own, which lacks the keys that it doesn't name; any other is added to every row."""
    fields = dict(vectors)
    own = [row for row in rows if not vectors or any(name in vectors for name in row)]
    everywhere = {name for row in rows if vectors and not any(n in vectors for n in row) for name in row}
    for name in dict.fromkeys(name for row in rows for name in row):
        fields[name] = merge(fields.get(name, NOTHING), union(row[name] for row in rows if name in row))
        if name not in vectors and vectors and name not in everywhere:
            fields[name] = merge(fields[name], NULL_TYPE)
    for name, type in fields.items():
        if name not in everywhere and any(name not in row for row in own):
            fields[name] = merge(type, NULL_TYPE)
    return fields


def _items(node: Node, contexts: Contexts) -> Type:
    """The values of a vector."""
    if isinstance(node, Sequence):
        found = NOTHING
        for item in node.items:
            type = type_of(item, contexts)
            if isinstance(item, Scalar) and type.kinds & ARRAY and is_expression(item.value):
                type = ANY  # an array takes the item's place
            found = merge(found, type)
        return found
    type = type_of(node, contexts)
    return type.items or ANY if type.only(ARRAY) else ANY


def type_of(node: Node, contexts: Contexts) -> Type:
    """The type of a tree with expressions in it."""
    if isinstance(node, Sequence):
        if any(isinstance(item, Scalar) and is_expression(item.value) for item in node.items):
            return list_of(ANY)
        return list_of(union(type_of(item, contexts) for item in node.items))
    if isinstance(node, Mapping):
        if any("${{" in key.text for key, _ in node.entries):
            return OPEN
        return record({key.text: type_of(value, contexts) for key, value in node.entries})
    if is_expression(node.value):
        return _of_text(node.text, contexts)
    return of_value(node.value)


def _of_text(text: str, contexts: Contexts) -> Type:
    try:
        part, *more = template.split(text)
        if more or part.source is None:
            return TEXT
        root = parse_any(part.source).root
    except ExpressionError:
        return ANY
    return ANY if root is None else infer(part.source, root, contexts)[0]
