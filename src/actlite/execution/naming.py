"""The display names of steps (R: ActionRunner.GenerateDisplayName)."""

from __future__ import annotations

from actlite.document.nodes import Scalar
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, evaluate_string
from actlite.workflow.model import ControlStep, RunStep, Step, UsesStep

UNNAMED = "run"
"""A step whose name turns out to be empty."""


def step_name(step: Step, scope: Scope, reference: str = "") -> str:
    """A step's display name: the first line of its own, or ``Run`` and the first line of what it does; as it is
    written where it can't be evaluated. ``reference``: what ``uses:`` names, where that is not what it says."""
    if step.name is not None:
        return _formatted("", _evaluated(step.name, scope))
    if isinstance(step, RunStep):
        return _formatted("Run ", _evaluated(step.run, scope))
    if isinstance(step, UsesStep):
        return _formatted("Run ", (reference or step.uses.text).removeprefix("docker://"))
    return step.label if isinstance(step, ControlStep) else f"Step {step.number}"


def _formatted(prefix: str, text: str) -> str:
    lines = text.lstrip(" \t\r\n").replace("\r", "\n").partition("\n")
    return f"{prefix}{lines[0]}" if text else UNNAMED


def _evaluated(text: Scalar, scope: Scope) -> str:
    try:
        return evaluate_string(text, scope)
    except ExpressionError:
        return text.text
