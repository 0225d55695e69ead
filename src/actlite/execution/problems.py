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


def step_error(error: ExpressionError, *, condition: bool = False) -> str:
    """What a step's log says where something of it can't be evaluated (R: TemplateValidationErrors.cs,
    TemplateContext.cs). The runner has forgotten where a condition stands."""
    if not isinstance(error, TemplateError):
        return str(error)
    found = error.diagnostic
    span = None if condition else found.span
    place = f"{span.source.name} (Line: {span.line}, Col: {span.column}): " if span else ""
    return f"The template is not valid. {place}{found.message}"


def _joined(findings: Iterable[Diagnostic]) -> str:
    return "; ".join(f"{f.span}: {f.message}" if f.span else f.message for f in findings)
