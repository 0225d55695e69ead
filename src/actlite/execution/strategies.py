"""A job's strategy in the run: its legs once all is known, and what one of them that failed means for the others."""

from __future__ import annotations

from collections.abc import Callable

from actlite.execution.levels import JobProgress, leg_scope
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import evaluate_scalar
from actlite.expressions.values import to_string
from actlite.planning.matrix import expand, named_later
from actlite.planning.plan import JobPlan, Leg, within_caller
from actlite.planning.planner import leg_wanted
from actlite.records import replace


def expanded(job: JobProgress) -> JobPlan:
    """The job with its legs and limits. A strategy or a name that says what only the run knows, as other jobs'
    outputs, is evaluated now. Raises InvalidWorkflow."""
    plan, level = job.plan, job.level
    if plan.legs is not None and not named_later(plan.job):
        return plan
    legs, fail_fast, limit = expand(plan.job, level.scope(plan))
    caller = level.caller[1] if level.caller is not None else None
    chosen = tuple(within_caller(leg, caller) for leg in legs if leg_wanted(leg, level.plan.matrix_filter))
    return replace(plan, legs=chosen, fail_fast=fail_fast, max_parallel=limit)


def fails_others(job: JobProgress, leg: Leg) -> str:
    """Why the other legs are cancelled when one has failed, in GitHub's words; '' where they are not."""
    if not job.plan.fail_fast or leg.total <= 1:
        return ""
    return f'The strategy configuration was canceled because "{job.plan.job.id}.{leg.id}" failed'


def excused(job: JobProgress, leg: Leg, warn: Callable[[str], None]) -> bool:
    """The job's ``continue-on-error``, which must be a boolean; ``warn`` is told where it is not."""
    node = job.plan.job.continue_on_error
    if node is None:
        return False
    try:
        value = evaluate_scalar(node, leg_scope(job.level, job, leg))
    except ExpressionError as error:
        warn(f"continue-on-error of {leg.key} can't be evaluated, so it is off: {error}")
        return False
    if not isinstance(value, bool):
        warn(f"continue-on-error of {leg.key} must be true or false, not '{to_string(value)}': it is off")
    return value is True
