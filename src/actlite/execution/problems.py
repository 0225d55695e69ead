"""Errors of evaluation, in one text for a log or a reason."""

from __future__ import annotations

from collections.abc import Iterable

from actlite.diagnostics import Diagnostic
from actlite.errors import ActliteError, InvalidWorkflow
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import TemplateError


def explain_error(error: ExpressionError | ActliteError) -> str:
    """What is wrong, each finding with its place where it has one."""
    if isinstance(error, TemplateError):
        return _joined([error.diagnostic])
    if isinstance(error, InvalidWorkflow) and error.diagnostics:
        return f"{error.what}: {_joined(error.diagnostics)}"
    return str(error)


def _joined(findings: Iterable[Diagnostic]) -> str:
    return "; ".join(f"{f.span}: {f.message}" if f.span else f.message for f in findings)
