"""The rows of a matrix, exactly as GitHub builds them (R: Sdk/WorkflowParser/Conversion/MatrixBuilder.cs)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actlite.expressions.values import equals, is_primitive, lookup, parse_number, to_string
from actlite.records import frozen

MAX_LEGS = 256
"""The most jobs that one matrix may make (DOC: usage limits)."""


class MatrixError(Exception):
    """A matrix that GitHub refuses. ``key`` is the key of the matrix at fault, or None."""

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.key = key


@frozen
class Row:
    """One combination: ``values`` is the matrix context, ``named`` the part of it that makes the name."""

    values: dict[str, Any]
    named: dict[str, Any]


def build_rows(matrix: object) -> list[Row]:
    """The combinations of an evaluated matrix, in GitHub's order: the first key varies slowest, combinations
    that ``include`` adds come last. Raises MatrixError."""
    if not isinstance(matrix, Mapping):
        raise MatrixError("A mapping was expected")
    vectors: dict[str, Sequence[Any]] = {}
    include: list[Mapping[str, Any]] = []
    exclude: list[Mapping[str, Any]] = []
    for key, value in matrix.items():
        if key == "include":
            include = _combinations(value, key)
        elif key == "exclude":
            exclude = _combinations(value, key)
        else:
            if not isinstance(value, list | tuple):
                raise MatrixError("A sequence was expected", key)
            if not value:
                raise MatrixError(f"Matrix vector '{key}' does not contain any values", key)
            vectors[key] = value
    if not vectors and not include:
        raise MatrixError("Matrix must define at least one vector")
    _check_exclude(exclude, vectors)
    rows = _product(vectors, exclude) if vectors else []
    added = _apply_include(rows, include, vectors)
    found = [Row({**row, **extra}, row) for row, extra in rows] + [
        Row(dict(item), dict(item)) for item in added
    ]
    if len(found) > MAX_LEGS:
        raise MatrixError(
            f"The matrix makes {len(found)} jobs, and GitHub runs no more than {MAX_LEGS} of one"
        )
    return found


def _combinations(value: object, key: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list | tuple):
        raise MatrixError("A sequence was expected", key)
    for item in value:
        if not isinstance(item, Mapping):
            raise MatrixError("A mapping was expected", key)
    return list(value)


def _check_exclude(exclude: Sequence[Mapping[str, Any]], vectors: Mapping[str, Any]) -> None:
    known = {key.casefold() for key in vectors}
    for item in exclude:
        if not item:
            raise MatrixError("Matrix exclude filter must not be empty", "exclude")
        for key in item:
            if key.casefold() not in known:
                raise MatrixError(
                    f"Matrix exclude key '{key}' does not match any key within the matrix", "exclude"
                )


def _product(
    vectors: Mapping[str, Sequence[Any]], exclude: Sequence[Mapping[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The combinations that no exclude drops, each with room for what include adds."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    leaves = [list(_leaves(item)) for item in exclude]
    limit = MAX_LEGS * 64
    for count, values in enumerate(itertools.product(*vectors.values())):
        if count > limit:
            raise MatrixError(
                f"The matrix has more than {limit} combinations, and GitHub runs no more than {MAX_LEGS} jobs of one"
            )
        row = dict(zip(vectors, values, strict=True))
        if not any(_matches(row, item) for item in leaves):
            found.append((row, {}))
    return found


def _apply_include(
    rows: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    include: Sequence[Mapping[str, Any]],
    vectors: Mapping[str, Any],
) -> list[Mapping[str, Any]]:
    """Add each item's extra values to the rows it matches; the items that match none, with the keys of the
    matrix before their own."""
    known = {key.casefold() for key in vectors}
    added: list[Mapping[str, Any]] = []
    for item in include:
        if not item:
            raise MatrixError("Matrix include mapping does not contain any values", "include")
        shared = {k: v for k, v in item.items() if k.casefold() in known}
        filter = list(_leaves(shared))
        extra = {k: v for k, v in item.items() if k.casefold() not in known}
        matched = False
        for row, extras in rows:
            if _matches(row, filter):
                matched = True
                for key, value in extra.items():
                    same = next((old for old in extras if old.casefold() == key.casefold()), key)
                    extras[same] = value
        if not matched:
            added.append({**shared, **extra})
    return added


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar in a value, with the way to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def _matches(row: Mapping[str, Any], leaves: Sequence[tuple[tuple[str | int, ...], Any]]) -> bool:
    return all(equals(_at(row, path), wanted) for path, wanted in leaves)


def could_match(value: object, filter: object) -> bool:
    """Whether one value of a vector is let through by what an ``exclude`` or ``include`` says of its key."""
    return _matches({"value": value}, list(_leaves({"value": filter})))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            try:
                value = lookup(value, str(step))
            except KeyError:
                return None
        elif isinstance(value, list | tuple):
            index = float(step) if isinstance(step, int) else parse_number(step)
            value = value[int(index)] if 0 <= index < len(value) else None
        else:
            return None
    return value


def name_parts(row: Row) -> list[str]:
    """The texts in a leg's name: every scalar of the row that is not empty, in order."""
    return [text for _, value in _leaves(row.named) if is_primitive(value) and (text := to_string(value))]
