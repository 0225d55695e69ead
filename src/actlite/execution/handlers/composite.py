"""Composite actions (R: Handlers/CompositeActionHandler.cs): steps within a step."""

from __future__ import annotations

from collections.abc import Callable

from actlite.errors import UsageError
from actlite.execution.handlers.inputs import action_inputs
from actlite.execution.prepared import PreparedAction
from actlite.execution.results import CANCELLED, FAILURE, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.state import Frame
from actlite.execution.steps import StepResult, StepRun, StepTask, base_key, run_task
from actlite.expressions.template import evaluate_string
from actlite.workflow.model import COMPOSITE_DEPTH, CompositeRuns

Builder = Callable[[Frame, CompositeRuns], list[StepTask]]
"""Makes the tasks of a composite's steps; given by the job, which knows all handlers."""


def composite_frame(run: StepRun, action: PreparedAction, inputs: dict[str, str]) -> Frame:
    """The surroundings of the inner steps. Raises UsageError when nested too deeply."""
    depth = run.frame.depth + 1
    if depth > COMPOSITE_DEPTH:
        raise UsageError(f"Composite action depth exceeded max depth {COMPOSITE_DEPTH}")
    return Frame(
        prefix=f"{base_key(run.task)}.",
        depth=depth,
        inputs=inputs,
        env={**run.frame.env, **run.step_env},
        github={**action.github(), "action_path": run.state.layout.runner_path(action.folder)},
        status=SUCCESS,
        deadline=run.deadline,
    )


def run_composite(run: StepRun, action: PreparedAction, build: Builder) -> StepResult:
    """Run the inner steps; each one's own condition decides, also after a failure. One that can't be evaluated
    ends the action."""
    runs = action.manifest.runs
    assert isinstance(runs, CompositeRuns)
    inputs = action_inputs(run, action)
    frame = composite_frame(run, action, inputs)
    lines = [f"##[group]Run {action.reference}\n"]
    if inputs:
        lines += ["with:\n", *(f"  {k}: {v}\n" for k, v in inputs.items() if v)]
    run.log.write("".join([*lines, "##[endgroup]\n"]))
    for task in build(frame, runs):
        run_task(run.state, task)
        if run.state.cancel.forced or task.undecided:
            break
    inner = scope(run.state, frame, {**run.state.env, **frame.env}, run.task.step)
    for name, value in action.manifest.outputs.items():
        if value is not None:
            run.outputs[name] = evaluate_string(value, inner)
    outcome = {SUCCESS: SUCCESS, CANCELLED: CANCELLED}.get(frame.status or SUCCESS, FAILURE)
    if frame.deadline is not None and run.state.services.clock() >= frame.deadline and outcome == FAILURE:
        run.timed_out = True
    return StepResult(outcome)
