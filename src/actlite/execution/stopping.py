"""Stopping the step that runs: when its job is cancelled, or a ``cancel`` step names it (R: StepsRunner.cs)."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from actlite.execution.results import CANCELLED
from actlite.execution.scope import scope
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import condition

if TYPE_CHECKING:
    from actlite.execution.state import JobState
    from actlite.execution.steps import StepRun, StepTask


def on_cancel(state: JobState, task: StepTask, run: StepRun) -> None:
    """The runner asks the running step's condition again; a step that would not run now is stopped. One in the
    background is not asked (R: BackgroundStepCoordinator.StartBackgroundStep)."""
    state.status = CANCELLED
    keep_going = False
    if not state.cancel.forced and not task.background:
        frame = task.frame if task.frame.status is None else replace(task.frame, status=CANCELLED)
        again = scope(state, frame, run.env, task.step, stage=task.stage)
        try:
            keep_going = condition(task.condition, again).value
        except ExpressionError:
            keep_going = False
    if not keep_going:
        run.killed = True
        stop_soon(run)


def stop_soon(run: StepRun) -> None:
    """Stop what a step runs; returns at once."""
    threading.Thread(target=_stop, args=(run,), name=f"kill {run.task.key}", daemon=True).start()


def _stop(run: StepRun) -> None:
    """Ask until the step has ended: a process that was only about to start has to hear it too."""
    while not run.ended.is_set() and not run.embeds:
        if run.stop is not None:
            run.stop()
        run.ended.wait(0.1)
