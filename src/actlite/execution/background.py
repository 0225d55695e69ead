"""Steps that run beside the others of their job, and the steps that wait for them or stop them (R:
BackgroundStepCoordinator.cs, StepsRunner.cs, JobExtension.cs).

What a background step sets with GITHUB_ENV, GITHUB_PATH and GITHUB_OUTPUT, and how it ended, counts once a step has
waited for it. Steps inside a composite action that runs in the background keep nothing back, as on the runner.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from actlite.events import StepFinished, StepQueued
from actlite.execution.command_effects import prepend_path
from actlite.execution.counting import remember, worse
from actlite.execution.naming import step_name
from actlite.execution.results import CANCELLED, FAILURE, SUCCESS
from actlite.execution.state import Frame, JobState
from actlite.execution.steps import (
    StepResult,
    StepRun,
    StepTask,
    announce,
    perform,
    place_in_file,
    reach,
    written_id,
)
from actlite.execution.stopping import stop_soon
from actlite.expressions.template import Scope
from actlite.workflow.model import ControlStep, Step

AT_ONCE = 10
"""So many steps are in the background of a job at the same time; others wait for a place."""
GRACE = 7.5
"""Seconds that a ``cancel`` step gives the step that it stops."""
_LOOK = 0.1
_WORDS = {SUCCESS: "Succeeded", FAILURE: "Failed", CANCELLED: "Canceled", "": "Unknown"}


class _NeverBegun(Exception):
    """A step that is waited for was cancelled before there was a place for it."""


class _Beside:
    """A step that was started in the background, or waits for a place there."""

    def __init__(self, run: StepRun) -> None:
        self.run = run
        self.ended = threading.Event()
        self.never = False
        """It was cancelled before there was a place for it."""
        self.error: BaseException | None = None

    @property
    def result(self) -> str:
        """How it ended; '' while it runs, and where it has never run."""
        return self.run.conclusion


class BackgroundSteps:
    """The background of one job. Used by the job's thread; the steps have threads of their own."""

    def __init__(self, state: JobState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._steps: dict[str, _Beside] = {}
        """By context id, in the order of their start."""
        self._waiting: deque[_Beside] = deque()
        self._running = 0
        self._waited: set[str] = set()
        """Ids that were waited for or cancelled."""
        self._cancelled: set[str] = set()
        """Ids that a ``cancel`` step has named: that they are cancelled is no result of the job's."""
        self._unsubscribe = state.cancel.subscribe(self._drop_waiting)

    def tasks(
        self,
        frame: Frame,
        steps: tuple[Step, ...],
        mains: Callable[[Frame, tuple[Step, ...]], list[StepTask]],
    ) -> list[StepTask]:
        """The tasks of a job's steps: ``mains`` makes those of ordinary ones. Where no control step covers a background
        step, the last one waits for all."""
        found: list[StepTask] = []
        for step in steps:
            if isinstance(step, ControlStep):
                found.append(self._control_task(frame, step, step_name))
            else:
                (task,) = mains(frame, (step,))
                task.background = step.background
                found.append(task)
        if uncovered(steps):
            last = steps[-1]
            wait = ControlStep(
                0,
                last.span,
                "__implicit_wait_all",
                "",
                None,
                None,
                None,
                None,
                None,
                False,
                0,
                "wait-all",
                (),
                False,
            )
            found.append(self._control_task(frame, wait, lambda step, scope: "Wait for all background steps"))
        return found

    def _control_task(
        self, frame: Frame, step: ControlStep, name: Callable[[ControlStep, Scope], str]
    ) -> StepTask:
        """A control step runs whatever has happened."""
        return StepTask(
            key=step.key if step.number else "wait-all",
            name=lambda scope: name(step, scope),
            body=partial(self.control, step),
            frame=frame,
            step=step,
            condition="always()",
            context_id=step.context_id,
        )

    def start(self, task: StepTask) -> None:
        """Reach a background step: its condition is evaluated now, its process starts as soon as there is a place."""
        run = reach(self._state, task)
        if run is None:
            return
        if run.failed_early:
            perform(run)
            return
        one = _Beside(run)
        id = task.context_id
        while id in self._steps:  # a group's steps may have the ids of others
            id += " "
        self._steps[id] = one
        with self._lock:
            full = self._running >= AT_ONCE
            self._waiting.append(one)
        if self._state.cancel.cancelled:
            self._drop_waiting()
        elif full:
            state = self._state
            id = written_id(task)
            state.emit(StepQueued(state.services.clock(), state.leg.key, task.key, id, run.name))
        self._fill()

    def control(self, step: ControlStep, run: StepRun) -> StepResult:
        """Do what a ``wait``, ``wait-all`` or ``cancel`` step says. Where a step that it names never gets a place, it is
        cancelled itself."""
        ids: Sequence[str] = step.targets
        if step.kind == "wait-all":
            ids = [id for id in self._steps if id not in self._waited]
        what, done = {
            "wait": ("Waiting for background step(s) to complete", "waiting for background step(s)"),
            "wait-all": (
                "Waiting for all background step(s) to complete",
                "waiting for all background step(s)",
            ),
            "cancel": ("Cancelling background step(s)", "cancelling background step(s)"),
        }[step.kind]
        if step.kind == "wait-all" and not ids:
            run.log.write("No background steps remaining to wait for.\n")
        else:
            names = [self._steps[id].run.name if id in self._steps else id for id in ids]
            run.log.write(f"{what}: {', '.join(names) or '(none)'}\n")
        try:
            self._cancel(ids) if step.kind == "cancel" else self._wait(ids, run)
        except _NeverBegun as error:
            run.log.write(f"##[error]{error}\n")
            run.effects.annotate_error(str(error))
            return StepResult(CANCELLED)
        result = self._flush(ids)
        if step.kind == "cancel":
            result = SUCCESS
        run.log.write(f"Finished {done}.\n")
        for one in self._known(ids):
            run.log.write(f"  {one.run.name}: {_WORDS[one.result]}\n")
        return StepResult(result)

    def settle(self) -> None:
        """Before the post stages: wait for what nobody has waited for, and let all results count for the job."""
        left = [id for id in self._steps if id not in self._waited]
        for one in self._known(left):
            one.ended.wait()
        self._flush(left)
        for id, one in self._steps.items():
            if one.error is not None:
                raise one.error
            if one.result and not (id in self._cancelled and one.result == CANCELLED):
                self._state.status = worse(self._state.status, one.result)

    def close(self) -> None:
        """The job is over: end what was cancelled and goes on all the same."""
        self._unsubscribe()
        left = [one for one in self._steps.values() if not one.ended.is_set()]
        if not left:
            return
        status = self._state.status
        self._state.cancel.force("the job has ended")
        for one in left:
            one.ended.wait()
        self._state.status = status

    # --- places ---

    def _fill(self) -> None:
        with self._lock:
            while self._waiting and self._running < AT_ONCE:
                one = self._waiting.popleft()
                self._running += 1
                announce(one.run)  # here, so that steps are listed in their order
                name = f"step {one.run.task.key}"
                threading.Thread(target=self._work, args=(one,), name=name, daemon=True).start()

    def _work(self, one: _Beside) -> None:
        try:
            perform(one.run)
        except BaseException as error:  # raised again in the job's own thread
            one.error = error
        finally:
            with self._lock:
                self._running -= 1
            one.ended.set()
            self._fill()

    def _drop_waiting(self) -> None:
        """The job is cancelled: what has no place yet never gets one."""
        with self._lock:
            dropped = list(self._waiting)
            self._waiting.clear()
        for one in dropped:
            self._drop(one)

    def _drop(self, one: _Beside) -> None:
        state, task = self._state, one.run.task
        one.never = True
        one.run.log.close()
        why = "it was cancelled before there was a place for it in the background"
        state.emit(
            StepFinished(
                state.services.clock(),
                state.leg.key,
                task.key,
                written_id(task),
                one.run.name,
                CANCELLED,
                CANCELLED,
                0.0,
                reason=why,
                **place_in_file(task),
            )
        )
        one.ended.set()

    # --- waiting and stopping ---

    def _known(self, ids: Iterable[str]) -> list[_Beside]:
        return [self._steps[id] for id in ids if id in self._steps]

    def _wait(self, ids: Sequence[str], run: StepRun) -> None:
        pending = [one for one in self._known(ids) if not one.ended.is_set()]
        for one in pending:
            while not one.ended.wait(_LOOK) and not run.killed:
                pass
        _heed(pending)

    def _cancel(self, ids: Sequence[str]) -> None:
        """Ask the steps to end, and give them a while. One that does not is left alone and counts as cancelled."""
        self._cancelled.update(ids)
        pending = [one for one in self._known(ids) if not one.ended.is_set()]
        for one in pending:
            with self._lock:
                waits = one in self._waiting
                if waits:
                    self._waiting.remove(one)
            if waits:
                self._drop(one)
            else:
                one.run.stopping = True
                stop_soon(one.run)
        deadline = time.monotonic() + GRACE
        for one in pending:
            if not one.ended.wait(max(0.0, deadline - time.monotonic())):
                one.run.abandoned = True
                one.run.outcome = one.run.conclusion = CANCELLED
        _heed(pending)

    def _flush(self, ids: Iterable[str]) -> str:
        """Let what steps have set and how they ended be seen by the steps after this; the worst of their results."""
        result, state = SUCCESS, self._state
        for id in ids:
            self._waited.add(id)
            one = self._steps.get(id)
            if one is None:
                continue
            run = one.run
            state.env.update(run.effects.env)
            prepend_path(state.paths, run.effects.path)
            if run.task.step is not None and run.task.step.id:
                remember(run)
            elif run.outputs:
                run.frame.steps[id] = {"outputs": dict(run.outputs)}
            if one.result:
                result = worse(result, one.result)
        return result


def uncovered(steps: Iterable[Step]) -> list[str]:
    """The ids of the background steps that no control step after them names (R: JobExtension.InitializeJob)."""
    begun: list[str] = []
    covered: set[str] = set()
    for step in steps:
        if step.background:
            begun.append(step.context_id)
        elif isinstance(step, ControlStep):
            covered.update(begun if step.kind == "wait-all" else step.targets)
    return [id for id in begun if id not in covered]


def _heed(steps: Iterable[_Beside]) -> None:
    for one in steps:
        if one.error is not None:
            raise one.error
    if any(one.never for one in steps):
        raise _NeverBegun("A task was canceled.")
