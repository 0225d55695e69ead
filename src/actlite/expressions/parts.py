"""Texts with ``${{ }}`` in them: where the expressions are, and what the text comes to.

Rules: actions/runner ``src/Sdk/WorkflowParser/ObjectTemplating/TemplateReader.cs`` (ParseScalar).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import Functions, evaluate
from actlite.expressions.values import WHITESPACE, Value, to_string
from actlite.records import field, frozen

OPEN = "${{"
INSERT = "insert"
"""The one directive: as a mapping's key it puts another mapping's entries in its place."""
MAX_MEMORY = 10 * 1024 * 1024
"""How many bytes of new text an expression in a template may hold at a time."""

# An atomic group, not a possessive quantifier: Python 3.11.2 (Debian 12's own) matches those wrongly.
_CLOSE = re.compile("(?>(?:[^'}]|'[^']*'|}(?!}))*)}}")
_LITERAL = re.compile("'(?:[^']|'')*'")
_KEPT_LENGTH = 4_000
"""The parts of a text of at most so many characters are kept: a run and a check come back to them."""


@frozen
class Scope:
    """What expressions may name: contexts and the functions that are not built in."""

    contexts: Mapping[str, Any]
    functions: Functions = field(default_factory=dict)


@frozen
class Part:
    """A stretch of a text, from offset ``start`` to ``end``: an expression, or the text between."""

    text: str
    start: int
    end: int
    source: str | None = None
    """The expression without ``${{``, ``}}`` and the white space within; None for text."""
    source_start: int = 0
    """The offset in the whole text at which ``source`` begins."""

    @property
    def is_insert(self) -> bool:
        """Whether this is the directive ``${{ insert }}``."""
        return self.source == INSERT


def has_expression(text: str) -> bool:
    """Whether a text has a ``${{`` in it."""
    return OPEN in text


def split(text: str) -> tuple[Part, ...]:
    """The parts of a text, in order; none are empty. The expressions are not parsed.

    Raises ExpressionError for an expression that is empty or not closed.
    """
    return _kept(text) if len(text) <= _KEPT_LENGTH else _split(text)


@lru_cache(maxsize=4096)
def _kept(text: str) -> tuple[Part, ...]:
    return _split(text)


def _split(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = 0
    while at < len(text):
        start = text.find(OPEN, at)
        if start != at:
            end = start if start >= 0 else len(text)
            parts.append(Part(text[at:end], at, end))
            at = end
            continue
        parts.append(_expression(text, start))
        at = parts[-1].end
    for part in parts:
        _check_directive(part, len(parts) == 1, text)
    return tuple(parts)


def _expression(text: str, start: int) -> Part:
    match = _CLOSE.match(text, start + len(OPEN))
    if match is None:
        raise ExpressionError(
            "parsing",
            "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence "
            "was not found.",
            text,
            start + 1,
            len(OPEN),
        )
    end = match.end()
    inner = text[start + len(OPEN) : end - 2]
    source = inner.strip(WHITESPACE)
    if not source:
        raise ExpressionError("parsing", "An expression was expected", text, start + 1, end - start)
    offset = start + len(OPEN) + len(inner) - len(inner.lstrip(WHITESPACE))
    return Part(text[start:end], start, end, source, offset)


def _check_directive(part: Part, alone: bool, text: str) -> None:
    words = (part.source or "").split()
    if not words or words[0] != INSERT:
        return
    if len(words) > 1:
        message = (
            f"Exactly 0 parameter(s) were expected following the directive '{INSERT}'. "
            f"Actual parameter count: {len(words) - 1}"
        )
    elif not alone:
        message = (
            f"The directive '{INSERT}' is not allowed in this context. Directives are not supported for "
            "expressions that are embedded within a string. Directives are only supported when the entire "
            "value is an expression."
        )
    else:
        return
    raise ExpressionError("parsing", message, text, part.start + 1, part.end - part.start)


def whole(text: str) -> Part | None:
    """The one expression that a text consists of, or None. Raises ExpressionError as ``split`` does."""
    if not text.startswith(OPEN):
        return None
    parts = split(text)
    return parts[0] if len(parts) == 1 else None


def string_literal(source: str) -> str | None:
    """The text of an expression that is nothing but a string literal, such as ``'x'``; else None."""
    return source[1:-1].replace("''", "'") if _LITERAL.fullmatch(source) else None


def evaluate_value(text: str, scope: Scope) -> Value:
    """The value of a text: one expression alone keeps its type, all else is text. Raises ExpressionError."""
    if OPEN not in text:
        return text
    parts = split(text)
    if len(parts) == 1:
        return evaluate_part(parts[0], scope)
    return "".join(
        part.text if part.source is None else to_string(evaluate_part(part, scope)) for part in parts
    )


def evaluate_text(text: str, scope: Scope) -> str:
    """A text with its expressions evaluated, where a string is wanted. Raises ExpressionError, also where one
    expression alone yields an array or object."""
    if OPEN not in text:
        return text
    value = evaluate_value(text, scope)
    problem = not_text(value)
    if problem:
        raise ExpressionError("evaluation", problem, text)
    return to_string(value)


def not_text(value: object) -> str:
    """What is wrong with a value where a scalar is wanted, in GitHub's words; '' where nothing is."""
    if isinstance(value, Mapping):
        return "A mapping was not expected"
    if isinstance(value, list):
        return "A sequence was not expected"
    return ""


def evaluate_part(part: Part, scope: Scope) -> Value:
    """The value of one expression of a text. Raises ExpressionError."""
    assert part.source is not None
    if part.source == INSERT:
        raise ExpressionError(
            "parsing", f"The expression directive '{INSERT}' is not supported in this context", part.source
        )
    return evaluate(part.source, scope.contexts, scope.functions, max_memory=MAX_MEMORY)


def as_expression(text: str) -> str:
    """A text as one expression: the one that it consists of, else a call of ``format``.

    Raises ExpressionError as ``split`` does. This is how ``if: ${{ a }} && b`` becomes a text, which is true.
    """
    parts = split(text)
    if len(parts) == 1 and parts[0].source is not None:
        literal = string_literal(parts[0].source)
        return parts[0].source if literal is None else literal
    pattern = ""
    arguments: list[str] = []
    for part in parts:
        if part.source is None:
            pattern += part.text.replace("'", "''").replace("{", "{{").replace("}", "}}")
        else:
            pattern += f"{{{len(arguments)}}}"
            arguments.append(part.source)
    return "format(" + ", ".join([f"'{pattern}'", *arguments]) + ")"
