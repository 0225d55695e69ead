"""``if:`` of jobs and steps.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs`` (ConvertToIfCondition).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actlite.document.nodes import Scalar
from actlite.document.scalars import primitive_text
from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.explain import Trace, explain
from actlite.expressions.parser import parse, parse_any
from actlite.expressions.parts import OPEN, Scope, as_expression, split
from actlite.expressions.trees import located
from actlite.expressions.values import WHITESPACE, is_truthy
from actlite.records import frozen

STATUS_FUNCTIONS = frozenset(("always", "cancelled", "failure", "success"))
"""A condition that calls none of these holds only while nothing has failed."""
_PREFIX = "success() && ("
"""What GitHub puts before a condition that calls none of them; a closing bracket after it."""


@frozen
class ConditionResult:
    """Whether a condition holds, and how it came to that (for an empty one: None)."""

    value: bool
    trace: Trace | None
    mask: Callable[[str], str] = str

    def data(self) -> dict[str, Any]:
        """How it came to that, as ``Trace.data`` has it."""
        return (self.trace or Trace("success()", self.value)).data(self.mask)


def condition(text: str | Scalar | None, scope: Scope, mask: Callable[[str], str] = str) -> ConditionResult:
    """Evaluate an ``if:``. Empty, it is ``success()``; without a status function ``success() && (…)``.

    ``scope.functions`` must have ``success``. ``mask`` hides the secrets in what ``data`` tells. Raises ExpressionError; for a Scalar a TemplateError, with the
    place.
    """
    source = primitive_text(text.value) if isinstance(text, Scalar) else text or ""
    try:
        return _condition(source, scope, mask)
    except ExpressionError as error:
        if not isinstance(text, Scalar):
            raise
        raise _located(error, text, source) from None


def condition_source(text: str) -> str:
    """The whole expression that an ``if:`` stands for. Raises ExpressionError."""
    inner = (as_expression(text) if OPEN in text else text).strip(WHITESPACE)
    if not inner:
        return "success()"
    return inner if has_status_function(inner) else f"{_PREFIX}{inner})"


def has_status_function(source: str) -> bool:
    """Whether an expression calls always, cancelled, failure or success. Raises ExpressionError."""
    return not parse_any(source).functions.isdisjoint(STATUS_FUNCTIONS)


def _condition(text: str, scope: Scope, mask: Callable[[str], str]) -> ConditionResult:
    inner = as_expression(text) if OPEN in text else text
    if not inner.strip(WHITESPACE):
        return ConditionResult(is_truthy(evaluate("success()", scope.contexts, scope.functions)), None, mask)
    expr = parse(inner, contexts=scope.contexts, functions=scope.functions)
    if expr.functions.isdisjoint(STATUS_FUNCTIONS):
        trace = explain(f"{_PREFIX}{inner})", scope.contexts, scope.functions, mask=mask)
    else:
        trace = explain(expr, scope.contexts, scope.functions, mask=mask)
    return ConditionResult(is_truthy(trace.value), trace, mask)


def _located(error: ExpressionError, scalar: Scalar, text: str) -> ExpressionError:
    """The error with its place, if the place of its token in the scalar is known."""
    source = error.source
    if source.startswith(_PREFIX) and not text.lstrip(WHITESPACE).startswith(_PREFIX) and error.position:
        source = error.source = source[len(_PREFIX) : -1]
        error.position = error.position - len(_PREFIX) if error.position > len(_PREFIX) else None
    if source != text and error.position is not None:
        parts = split(text) if OPEN in text and not error.message.startswith("The expression is not") else ()
        for part in parts:
            if part.source == source:
                return located(error, scalar, part)
        error.position = None
    return located(error, scalar)
