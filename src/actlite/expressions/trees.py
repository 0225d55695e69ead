"""Whole trees with expressions in them: evaluated to plain values.

Rules: actions/runner ``src/Sdk/WorkflowParser/ObjectTemplating/TemplateUnraveler.cs`` and ``TemplateEvaluator.cs``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from typing import Any

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.places import place
from actlite.document.scalars import primitive_text
from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.parts import (
    MAX_MEMORY,
    OPEN,
    Part,
    Scope,
    evaluate_part,
    not_text,
    split,
    whole,
)
from actlite.expressions.values import Value, fold, to_string
from actlite.source import Span

_LINE_ENDS = re.compile(r"\s*\n\s*")


class TemplateError(ExpressionError):
    """An expression of a file that can't be read or evaluated; ``diagnostic`` says where it stands."""

    def __init__(self, error: ExpressionError, diagnostic: Diagnostic) -> None:
        super().__init__(error.kind, error.message, error.source, error.position, error.length, error.code)
        self.diagnostic = diagnostic


def located(error: ExpressionError, scalar: Scalar, part: Part | None = None) -> TemplateError:
    """The error with its place in the file. ``part`` is the expression that it comes from; without one its
    position counts in the scalar's whole text."""
    base = part.source_start if part is not None else 0
    if error.position is not None:
        start = base + error.position - 1
        end = start + max(1, error.length)
    elif part is not None:
        start, end = part.start, part.end
    else:
        start, end = 0, len(scalar.text)
    message = _LINE_ENDS.sub(" ", error.message)
    return TemplateError(error, Diagnostic(error.code, Severity.ERROR, message, place(scalar, start, end)))


def evaluate_scalar(scalar: Scalar, scope: Scope) -> Value:
    """The value of a scalar: as written, or its expressions evaluated. Raises TemplateError."""
    if not isinstance(scalar.value, str) or OPEN not in scalar.value:
        return scalar.value
    try:
        parts = split(scalar.value)
    except ExpressionError as error:
        raise located(error, scalar) from None
    texts: list[str] = []
    for part in parts:
        if part.source is None:
            texts.append(part.text)
            continue
        try:
            value = evaluate_part(part, scope)
        except ExpressionError as error:
            raise located(error, scalar, part) from None
        if len(parts) == 1:
            return value
        texts.append(to_string(value))
    return "".join(texts)


def evaluate_expression(scalar: Scalar, scope: Scope) -> Value:
    """The value of a scalar that is an expression as a whole, without ``${{ }}``. Raises TemplateError."""
    try:
        return evaluate(scalar.text, scope.contexts, scope.functions, max_memory=MAX_MEMORY)
    except ExpressionError as error:
        raise located(error, scalar) from None


def evaluate_string(scalar: Scalar, scope: Scope) -> str:
    """The value of a scalar where a string is wanted. Raises TemplateError, also for an array or object."""
    value = evaluate_scalar(scalar, scope)
    problem = not_text(value)
    if problem:
        raise _problem(problem, scalar.span)
    return to_string(value)


def evaluate_node(node: Node, scope: Scope) -> Value:
    """The value of a tree, keys included.

    An expression in a list that yields an array puts its items in its place; ``${{ insert }}`` as a key puts
    the entries of its value there. Raises TemplateError.
    """
    if isinstance(node, Scalar):
        return evaluate_scalar(node, scope)
    if isinstance(node, Sequence):
        items: list[Any] = []
        for item in node:
            value = evaluate_node(item, scope)
            if isinstance(item, Scalar) and isinstance(value, list):
                items.extend(value)
            else:
                items.append(value)
        return items
    return {key: value for key, value, _ in _entries(node, scope)}


def evaluate_mapping(node: Mapping | Scalar, scope: Scope) -> dict[str, str]:
    """The entries of an ``env:`` or ``with:``, all values as text.

    One expression may stand for the whole; it must yield an object, or null for no entries. Raises
    TemplateError, also for a value that is an array or object.
    """
    entries: list[tuple[str, Any, Span]]
    if isinstance(node, Scalar):
        value = evaluate_scalar(node, scope)
        if value is None:
            return {}
        if not isinstance(value, MappingABC):
            problem = not_text(value) or f"Unexpected value '{to_string(value)}'"
            raise _problem(problem, node.span)
        entries = [(key, item, node.span) for key, item in value.items()]
    else:
        entries = _entries(node, scope)
    for _, value, span in entries:
        problem = not_text(value)
        if problem:
            raise _problem(problem, span)
    return {key: to_string(value) for key, value, _ in entries}


def _entries(node: Mapping, scope: Scope) -> list[tuple[str, Any, Span]]:
    """Keys, values and the values' places, with expressions evaluated."""
    entries: list[tuple[str, Any, Span]] = []
    seen: set[str] = set()
    for key, value in node:
        if _is_insert(key):
            nested = evaluate_node(value, scope)
            if not isinstance(nested, MappingABC):
                raise _problem("Expected a mapping", value.span)
            added = [(name, item, value.span) for name, item in nested.items()]
        else:
            added = [(_key(key, scope), evaluate_node(value, scope), value.span)]
        for name, item, span in added:
            folded = fold(name)
            if folded in seen:
                raise _problem(f"'{name}' is already defined", key.span)
            seen.add(folded)
            entries.append((name, item, span))
    return entries


def _is_insert(key: Scalar) -> bool:
    if not isinstance(key.value, str) or not key.value.startswith(OPEN):
        return False
    try:
        part = whole(key.value)
    except ExpressionError as error:
        raise located(error, key) from None
    return part is not None and part.is_insert


def _key(key: Scalar, scope: Scope) -> str:
    if not isinstance(key.value, str):
        return primitive_text(key.value)
    return evaluate_string(key, scope) if OPEN in key.value else key.value


def _problem(message: str, span: Span) -> TemplateError:
    error = ExpressionError("evaluation", message)
    return TemplateError(error, Diagnostic(error.code, Severity.ERROR, message, span))
