"""What a step's end means for those after it: the steps context, the status of the job or the action around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.execution.results import CANCELLED, FAILURE, SUCCESS

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun


def worse(result: str, other: str) -> str:
    """The worse of two results: a cancellation is the worst, and nothing else but a failure counts (R:
    TaskResultUtil.MergeTaskResults)."""
    return next((bad for bad in (CANCELLED, FAILURE) if bad in (result, other)), result)


def remember(run: StepRun) -> None:
    """Put a result where later expressions see it. Ids that begin with ``__`` are never recorded."""
    task = run.task
    if task.stage == "main" and task.step is not None and task.step.id:
        task.frame.steps[task.step.id] = {
            "outputs": dict(run.outputs),
            "outcome": run.outcome or SUCCESS,
            "conclusion": run.conclusion or SUCCESS,
        }


def show_outputs(run: StepRun) -> None:
    """Let the outputs so far be seen, while the step runs."""
    if run.task.step is not None and run.task.step.id:
        run.frame.steps.setdefault(run.task.step.id, {})["outputs"] = dict(run.outputs)


def count(run: StepRun) -> None:
    """Let a conclusion count for the job, or for the composite action around. A control step that is cancelled
    without the job leaves it alone (R: StepsRunner.RunAsync)."""
    state, task, conclusion = run.state, run.task, run.conclusion
    if task.frame.status is not None:  # the step that uses the action will tell the job
        task.frame.status = worse(task.frame.status, conclusion)
    elif conclusion == FAILURE and state.status == SUCCESS:
        state.status = FAILURE
    elif conclusion == CANCELLED and state.cancel.cancelled:
        state.status = CANCELLED
