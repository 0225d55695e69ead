"""Conditions that depend on nothing: ``if: false``, ``if: ${{ 1 == 1 }}``."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Scalar
from actlite.document.places import place
from actlite.expressions.ast import Constant, Expr
from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.values import is_truthy

CODE = "constant-condition"


def check(node: Scalar, expr: Expr, offset: int, bag: DiagnosticBag) -> None:
    """Tell of a condition without contexts and status functions. A bare ``true`` or ``false`` is a switch that
    somebody set, and only worth a note."""
    if expr.names or expr.calls or expr.root is None:
        return
    try:
        holds = is_truthy(evaluate(expr, {}))
    except ExpressionError:
        return
    bare = isinstance(expr.root, Constant) and isinstance(expr.root.value, bool)
    bag.add(
        CODE,
        f"this condition is always {'true' if holds else 'false'}",
        place(node, offset, offset + len(expr.source.rstrip())),
        severity=Severity.NOTE if bare else Severity.WARNING,
        help="leave out the if" if holds else "what it belongs to never runs",
    )
