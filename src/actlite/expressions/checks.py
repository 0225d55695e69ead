"""Expressions in a tree checked without values: can they be read, and may they name what they name?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from actlite.diagnostics import Diagnostic
from actlite.document.nodes import Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.expressions.errors import ExpressionError
from actlite.expressions.functions import BUILT_IN
from actlite.expressions.parser import parse
from actlite.expressions.parts import INSERT, OPEN, Part, as_expression, evaluate_part, split
from actlite.expressions.parts import Scope as _Scope
from actlite.expressions.trees import located
from actlite.records import replace


def check_node(
    node: Node | None, *, contexts: Collection[str] | None, functions: Collection[str] = ()
) -> list[Diagnostic]:
    """What is wrong with the expressions of a tree, keys included: the first fault of each.

    ``contexts`` are those that may be named (None: any), ``functions`` those that may be called besides the
    built-in ones. The places are those of the faulty tokens.
    """
    found: list[Diagnostic] = []
    for scalar, is_key in scalars(node):
        found += _check(scalar, is_key, contexts, functions)
    return found


def check_text(
    scalar: Scalar, *, contexts: Collection[str] | None, functions: Collection[str] = ()
) -> list[Diagnostic]:
    """The same for one scalar."""
    return _check(scalar, False, contexts, functions)


def check_expression(
    scalar: Scalar, *, contexts: Collection[str] | None, functions: Collection[str] = ()
) -> list[Diagnostic]:
    """The same for a scalar that is an expression as a whole, without ``${{ }}``."""
    try:
        parse(scalar.text, contexts=contexts, functions=functions)
    except ExpressionError as error:
        return [_finding(error, scalar, None, contexts, functions)]
    return []


def check_condition(
    scalar: Scalar | None, *, contexts: Collection[str] | None, functions: Collection[str]
) -> list[Diagnostic]:
    """The same for an ``if:``, which is an expression with or without ``${{ }}``."""
    if scalar is None:
        return []
    text = primitive_text(scalar.value)
    if OPEN in text:
        found = check_text(scalar, contexts=contexts, functions=functions)
        if found:
            return found
        text = as_expression(text)
    try:
        parse(text, contexts=contexts, functions=functions)
    except ExpressionError as error:
        if text != scalar.text:
            error.position = None
        return [_finding(error, scalar, None, contexts, functions)]
    return []


def scalars(node: Node | None) -> Iterator[tuple[Scalar, bool]]:
    """All scalars of a tree in file order, each with whether it is a key."""
    if isinstance(node, Scalar):
        yield node, False
    elif isinstance(node, Sequence):
        for item in node:
            yield from scalars(item)
    elif node is not None:
        for key, value in node:
            yield key, True
            yield from scalars(value)


def expressions(node: Node | None) -> Iterator[tuple[Scalar, Part]]:
    """All expressions of a tree that are closed and not empty, directives left out."""
    for scalar, _ in scalars(node):
        if isinstance(scalar.value, str) and OPEN in scalar.value:
            try:
                parts = split(scalar.value)
            except ExpressionError:
                continue
            for part in parts:
                if part.source is not None and not part.is_insert:
                    yield scalar, part


def _check(
    scalar: Scalar, is_key: bool, contexts: Collection[str] | None, functions: Collection[str]
) -> list[Diagnostic]:
    text = scalar.value
    if not isinstance(text, str) or OPEN not in text:
        return []
    try:
        parts = split(text)
    except ExpressionError as error:
        return [_finding(error, scalar, None, contexts, functions)]
    found: list[Diagnostic] = []
    for part in parts:
        if part.source is None or (part.is_insert and is_key):
            continue
        try:
            if part.source == INSERT:
                evaluate_part(part, _Scope({}))  # says that the directive can't stand here
            parse(part.source, contexts=contexts, functions=functions)
        except ExpressionError as error:
            found.append(_finding(error, scalar, part, contexts, functions))
    return found


def _finding(
    error: ExpressionError,
    scalar: Scalar,
    part: Part | None,
    contexts: Collection[str] | None,
    functions: Collection[str],
) -> Diagnostic:
    finding = located(error, scalar, part).diagnostic
    if error.position is None or error.code not in ("unknown-context", "unknown-function"):
        return finding
    name = error.source[error.position - 1 : error.position - 1 + error.length]
    if error.code == "unknown-context":
        allowed = sorted(contexts or ())
        help = f"known here: {', '.join(allowed)}" if allowed else "no context can be used here"
    else:
        allowed = sorted({*functions, *(function.name for function in BUILT_IN.values())}, key=str.lower)
        help = f"known here: {', '.join(allowed)}"
    return replace(finding, label=_similar(name, allowed), help=help)


def _similar(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    by_lower = {other.lower(): other for other in known}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return f"did you mean '{by_lower[near[0]]}'?" if near else ""
