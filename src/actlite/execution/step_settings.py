"""A step's ``continue-on-error`` and ``timeout-minutes``, and its errors where they can't be evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from actlite.execution.opening import MAX_TIMEOUT
from actlite.execution.problems import step_error
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import evaluate_scalar
from actlite.expressions.values import to_string

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun


def continue_on_error(run: StepRun) -> bool:
    """The step's ``continue-on-error``, at any of its stages (R: ExecutionContext.ApplyContinueOnError)."""
    step = run.task.step
    if run.excused is None:
        run.excused = False
        if step is not None and step.continue_on_error is not None:
            try:
                value = evaluate_scalar(step.continue_on_error, run.scope)
                if not isinstance(value, bool):
                    raise ExpressionError("evaluation", f"Unexpected value '{to_string(value)}'")
                run.excused = value
            except ExpressionError as error:
                say_undecided(
                    run,
                    "The step failed and an error occurred when attempting to determine whether to continue on error.",
                    error,
                )
    return run.excused


def timeout_minutes(run: StepRun, undecided: Callable[[str, ExpressionError], None]) -> int:
    """Whole minutes at any stage of a step; 0 is no limit, also where it can't be told, which ``undecided`` hears of
    (R: StepsRunner.RunStepAsync)."""
    step = run.task.step
    if step is None or step.timeout_minutes is None:
        return 0
    try:
        value = evaluate_scalar(step.timeout_minutes, run.scope)
        if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
            raise ExpressionError("evaluation", f"Unexpected value '{to_string(value)}'")
    except ExpressionError as error:
        undecided("An error occurred when attempting to determine the step timeout.", error)
        return 0
    return max(0, int(min(value, MAX_TIMEOUT)))


def say_undecided(run: StepRun, what: str, error: ExpressionError) -> None:
    """Tell what could not be found out, and why."""
    for message in (what, step_error(error)):
        tell(run, message)


def tell(run: StepRun, message: str) -> None:
    """An error of the step's: in its log, and as an annotation."""
    run.log.write(f"##[error]{message}\n")
    run.effects.annotate_error(message)
