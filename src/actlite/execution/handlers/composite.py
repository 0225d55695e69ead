"""Composite actions (R: Handlers/CompositeActionHandler.cs): steps within a step."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from actlite.errors import UsageError
from actlite.execution import runner_log
from actlite.execution.counting import show_outputs
from actlite.execution.prepared import PreparedAction
from actlite.execution.results import FAILURE, SKIPPED, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.state import Frame
from actlite.execution.steps import StepResult, StepRun, StepTask, base_key, perform, reach
from actlite.expressions.template import Scope, evaluate_string

MAX_NESTED = 50
"""So many composite actions of the workspace run within each other. The runner asks for no end of that: an action that
uses itself ends with the job's time."""


def composite_frame(run: StepRun, action: PreparedAction, inputs: Mapping[str, str]) -> Frame:
    """The surroundings of the inner steps of one stage. Raises UsageError when nested too deeply."""
    depth = run.frame.depth + 1
    if depth > MAX_NESTED:
        raise UsageError(
            f"'{action.reference}' is within {MAX_NESTED} other composite actions",
            why="An action that uses itself never ends; the runner would go on until the job's time is over.",
        )
    return Frame(
        prefix=f"{base_key(run.task)}.",
        name=f"{run.frame.name}{run.task.context_id}.",
        depth=depth,
        inputs=inputs,
        env={**run.frame.env, **run.step_env},
        github={
            **_root(run),
            "action_path": run.state.layout.runner_path(action.folder),
        },
        home=action.home,
        status=SUCCESS,
        deadline=run.deadline,
        annotations=run.frame.annotations or run.effects.annotations,
    )


def _root(run: StepRun) -> Mapping[str, Any]:
    """What the job's step of all this leaves in the github context: the steps within it, at any depth, begin with
    that, so that ``github.action`` is the name of the job's step."""
    names = ("action", "action_repository", "action_ref")
    if run.frame.depth:
        return {name: run.frame.github[name] for name in names}
    return {name: run.github[name] for name in names}


def run_inner(run: StepRun, frame: Frame, tasks: Sequence[StepTask]) -> StepResult:
    """Run the inner steps; each one's own condition decides, also after a failure. One whose condition can't be
    evaluated ends the action."""
    run.embeds = True
    services = run.state.services
    marked = services.runner.date >= runner_log.MARKERS_SINCE
    for task in tasks:
        began, id = services.clock(), f"{frame.name}{task.context_id or f'__{uuid.uuid4()}'}"
        inner = reach(run.state, task)
        if marked:
            display = inner.name if inner is not None else _display(run, task)
            run.log.write(runner_log.start_marker(display, id))
        conclusion = SKIPPED if inner is None else perform(inner)
        if marked:
            outcome = SKIPPED if inner is None else task.outcome
            run.log.write(runner_log.end_marker(id, outcome, conclusion, services.clock() - began))
        if run.state.cancel.forced or task.undecided:
            break
    return StepResult(frame.status or FAILURE)


def _display(run: StepRun, task: StepTask) -> str:
    """The name of a step that is skipped."""
    frame, state = task.frame, run.state
    name = task.name
    if not isinstance(name, str):
        name = name(scope(state, frame, {**state.env, **frame.env}, task.step))
    return state.masker.mask(name)


def set_outputs(run: StepRun, action: PreparedAction, frame: Frame) -> None:
    """The outputs that the action declares: all of them, or, where one can't be evaluated, none. They see what the
    using step sees, with the action's own inputs and steps. Raises ExpressionError."""
    contexts = {**run.scope.contexts, "inputs": frame.inputs, "steps": frame.steps}
    seen = Scope(contexts, {})
    found = {
        name: evaluate_string(value, seen)
        for name, value in action.manifest.outputs.items()
        if value is not None
    }
    run.outputs.update(found)
    if run.task.background:  # nothing is kept back (R: CompositeActionHandler.ProcessOutputs)
        show_outputs(run)
