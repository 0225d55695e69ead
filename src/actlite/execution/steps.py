"""One step at a time: condition, environment, time, result (R: StepsRunner.cs)."""

from __future__ import annotations

import datetime
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any

from actlite.document.nodes import Scalar
from actlite.engines.base import ExitStatus, ProcessSpec
from actlite.errors import (
    ActionUnavailable,
    ActliteError,
    DiskFull,
    EngineUnavailable,
    ImageUnavailable,
    RuntimeUnavailable,
)
from actlite.events import (
    Annotation,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepStarted,
    StepSummary,
)
from actlite.execution.cancellation import seconds
from actlite.execution.command_effects import CommandEffects
from actlite.execution.diagnosing import Observer, diagnose_step, doubt_prediction
from actlite.execution.file_commands import StepFiles
from actlite.execution.opening import MAX_TIMEOUT, cannot_write
from actlite.execution.output import StepLog
from actlite.execution.problems import step_error
from actlite.execution.results import CANCELLED, FAILURE, SKIPPED, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobState
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import (
    Scope,
    condition,
    condition_source,
    evaluate_mapping,
    evaluate_scalar,
)
from actlite.expressions.values import to_string
from actlite.records import changeable, frozen
from actlite.workflow.model import Step

OLD_COMMANDS_DEPRECATED = datetime.date(2022, 10, 11)
"""From when the runner warns of set-output and save-state (GitHub changelog of that day)."""


@frozen
class StepResult:
    """How a step's body ended. ``exit_code`` is None where no process ran."""

    outcome: str
    exit_code: int | None = None


@changeable
class StepTask:
    """Something in a job's queue: a step's main part, a pre or post stage, or one of the runner's own."""

    key: str
    name: str | Callable[[Scope], str]
    """A function that makes it never raises: a name is worth no failure."""
    body: Callable[[StepRun], StepResult]
    frame: Frame
    step: Step | None = None
    stage: str = "main"
    """``setup``, ``pre``, ``main``, ``post`` or ``complete``."""
    condition: str | Scalar | None = None
    """The ``if:``; None is ``success()``."""
    detail: str = ""
    context_id: str = ""
    cannot_run: str = ""
    """Why it can't run, whatever its condition says."""
    undecided: bool = False
    """Its condition could not be evaluated."""


@changeable
class StepRun:
    """A step while it runs."""

    state: JobState
    task: StepTask
    log: StepLog
    effects: CommandEffects
    opened_files: StepFiles | None
    env: dict[str, str]
    """The env context at this step, its own ``env:`` included."""
    step_env: dict[str, str]
    """The step's own ``env:``."""
    scope: Scope
    outputs: dict[str, str]
    observer: Observer
    deadline: float | None = None
    """Clock time at which the step times out."""
    timed_out: bool = False
    killed: bool = False
    runtime: dict[str, Any] = field(default_factory=dict)
    """What a diagnosis needs of the node that was chosen, and of the folder that a script ran in."""
    ended: threading.Event = field(default_factory=threading.Event)
    """The body has ended."""
    excused: bool | None = None
    """What ``continue-on-error`` says, once it was asked."""

    @property
    def files(self) -> StepFiles:
        """The step's file commands; made when first asked for."""
        if self.opened_files is None:
            self.opened_files = StepFiles(self.state.layout.files)
        return self.opened_files

    @property
    def frame(self) -> Frame:
        """The step's surroundings."""
        return self.task.frame

    @property
    def github(self) -> Mapping[str, Any]:
        """The github context as the step sees it now."""
        found: Mapping[str, Any] = self.scope.contexts["github"]
        return found

    def belong_to(self, repository: str, ref: str) -> None:
        """From here on the step is known to be of an action's repository (R: ActionRunner.RunAsync): '' for
        scripts and local actions. Condition and ``env`` were evaluated before, in the surroundings' name."""
        own = {**self.frame.github, "action_repository": repository, "action_ref": ref}
        frame = replace(self.frame, github=own)
        self.scope = scope(self.state, frame, self.env, self.task.step, stage=self.task.stage)

    def execute(self, process: ProcessSpec) -> ExitStatus:
        """Run a process in the job's sandbox, within the step's time."""
        if self.killed:
            return ExitStatus(130, killed=True)
        left = None
        if self.deadline is not None:
            left = max(0.1, self.deadline - self.state.services.clock())
        spec = ProcessSpec(
            argv=process.argv,
            env=process.env,
            workdir=process.workdir,
            path_prepends=process.path_prepends,
            real_exec=process.real_exec,
            timeout=left,
        )
        status = self.state.running.run(spec, self.log.feed)
        self.timed_out = self.timed_out or status.timed_out
        self.killed = self.killed or status.killed
        return status


def run_task(state: JobState, task: StepTask) -> str:
    """Run one task of the queue, with all that belongs to it. Returns its conclusion."""
    clock = state.services.clock
    started = clock()
    if state.cancel.cancelled and task.stage != "complete":
        state.status = CANCELLED
    outputs: dict[str, str] = {}
    run = _open(state, task, outputs)
    result = StepResult(FAILURE)
    failed_early = ""
    reason = ""
    tree: dict[str, Any] | None = None
    try:
        _evaluate_env(run)
        task.undecided = True
        check = condition(task.condition, run.scope, state.masker.mask)
        task.undecided = False
        if task.cannot_run:
            reason = task.cannot_run
        elif not check.value:
            reason = _skip_reason(state, task)
            tree = check.data()
    except ExpressionError as error:
        failed_early = step_error(error, condition=task.undecided)
    if reason and not failed_early:
        return _skip(state, task, run, reason, tree)
    name = _name(state, task, run)
    state.emit(StepStarted(clock(), state.leg.key, task.key, _id(task), name, state.masker.mask(task.detail)))
    if failed_early:
        run.log.write(f"##[error]{failed_early}\n")
        run.effects.annotate_error(failed_early)
    else:
        result = _run_body(state, task, run)
    conclusion = result.outcome
    if result.outcome == FAILURE and not failed_early and _continue_on_error(run):
        conclusion = SUCCESS
    run.log.close()
    _record(state, task, result.outcome, conclusion, outputs)
    diagnosis = diagnose_step(run) if result.outcome == FAILURE else None
    if result.outcome == SUCCESS:
        doubt_prediction(run)
    mask = state.masker.mask
    state.emit(
        StepFinished(
            clock(),
            state.leg.key,
            task.key,
            _id(task),
            name,
            result.outcome,
            conclusion,
            clock() - started,
            result.exit_code,
            {k: mask(v) for k, v in outputs.items()},
            diagnosis,
            **_place(task),
        )
    )
    return conclusion


def is_lack(problem: ActliteError, *, setting_up: bool) -> bool:
    """Whether this machine lacks something, so that nothing is said about the workflow itself. An action that
    isn't there when its step comes is the workflow's own fault, most often a missing checkout."""
    lacks = (EngineUnavailable, ImageUnavailable, RuntimeUnavailable, DiskFull)
    return isinstance(problem, lacks) or (setting_up and isinstance(problem, ActionUnavailable))


def _open(state: JobState, task: StepTask, outputs: dict[str, str]) -> StepRun:
    """Everything a step needs before its condition is known."""
    clock, leg = state.services.clock, state.leg.key
    observer = Observer()
    env = {**state.env, **task.frame.env}

    def annotate(annotation: Annotation) -> None:
        state.emit(StepAnnotation(clock(), leg, task.key, annotation))

    effects = CommandEffects(
        outputs=outputs,
        state=state.states.setdefault(base_key(task), {}),
        env=state.env,
        path=state.paths,
        masker=state.masker,
        annotate=annotate,
        translate_path=state.real_path,
        env_lookup=env.get,
        debug=state.services.settings.debug,
        workspace=state.layout.workspace,
        matchers=state.matchers,
        deprecate_outputs=state.services.runner.date >= OLD_COMMANDS_DEPRECATED,
    )
    log = StepLog(
        emit=lambda text: state.emit(StepOutput(clock(), leg, task.key, text)),
        handler=effects,
        masker=state.masker,
        observe=observer.feed,
    )
    return StepRun(
        state=state,
        task=task,
        log=log,
        effects=effects,
        opened_files=None,
        env=env,
        step_env={},
        scope=scope(state, task.frame, env, task.step, stage=task.stage),
        outputs=outputs,
        observer=observer,
    )


def base_key(task: StepTask) -> str:
    """The key that the stages of one step share."""
    return task.key.removeprefix("pre-").removeprefix("post-")


def _evaluate_env(run: StepRun) -> None:
    """The step's own env, which is evaluated before its condition and even if it will be skipped."""
    step = run.task.step
    if step is None or step.env is None:
        return
    run.step_env = evaluate_mapping(step.env, run.scope)
    run.env = {**run.env, **run.step_env}
    run.scope = scope(run.state, run.frame, run.env, step, stage=run.task.stage)
    run.effects.env_lookup = run.env.get


def _skip_reason(state: JobState, task: StepTask) -> str:
    if state.cancel.cancelled and state.status == CANCELLED:
        return "the job is cancelled"
    inner = task.frame.status is not None and task.stage == "main"
    status = task.frame.status if inner else state.status
    text = task.condition.text if isinstance(task.condition, Scalar) else task.condition or ""
    whole = condition_source(text)
    if whole == "success()":
        return f"success() is false: an earlier step ended with {status}"
    if whole.startswith("success() && (") and status != SUCCESS:
        return f"{whole} is false: the {'action' if inner else 'job'}'s status is {status}"
    return f"{text.strip()} is false"


def _skip(state: JobState, task: StepTask, run: StepRun, reason: str, tree: Mapping[str, Any] | None) -> str:
    clock = state.services.clock
    run.log.close()
    _record(state, task, SKIPPED, SKIPPED, {})
    state.emit(
        StepFinished(
            clock(),
            state.leg.key,
            task.key,
            _id(task),
            _name(state, task, run),
            SKIPPED,
            SKIPPED,
            0.0,
            reason=state.masker.mask(reason),
            condition=tree,
            **_place(task),
        )
    )
    return SKIPPED


def _run_body(state: JobState, task: StepTask, run: StepRun) -> StepResult:
    """The body within its time, stoppable, with the files that the step wrote read afterwards."""
    minutes = _timeout_minutes(run)
    limits = [task.frame.deadline] if task.frame.deadline is not None else []
    if minutes:
        limits.append(state.services.clock() + seconds(minutes))
    run.deadline = min(limits) if limits else None

    def stop() -> None:
        _on_cancel(state, task, run)

    end = state.cancel.subscribe(stop) if task.stage != "complete" else (lambda: None)
    try:
        if task.stage in ("pre", "main", "post"):
            state.layout.renew()
        result = task.body(run)
    except ExpressionError as wrong:
        run.log.write(f"##[error]{step_error(wrong)}\n")
        run.effects.annotate_error(step_error(wrong))
        result = StepResult(FAILURE)
    except (ActliteError, OSError) as raised:
        problem = cannot_write(raised, state.services.folder) if isinstance(raised, OSError) else raised
        run.log.write("".join(f"##[error]{line}\n" for line in str(problem).splitlines()))
        run.effects.annotate_error(problem.what)
        result = StepResult(FAILURE)
        if state.status == SUCCESS and not _continue_on_error(run):
            state.unable = is_lack(problem, setting_up=task.stage == "setup")
    finally:
        end()
        run.ended.set()
    run.log.flush()
    summary = run.opened_files.collect(run.effects, run.log) if run.opened_files is not None else ""
    if summary:
        state.emit(StepSummary(state.services.clock(), state.leg.key, task.key, state.masker.mask(summary)))
    if run.timed_out:
        message = (
            f"The action '{_name(state, task, run)}' has timed out after {minutes} minutes."
            if minutes
            else "The action has timed out."
        )
        run.log.write(f"##[error]{message}\n")
        run.effects.annotate_error(message)
        return StepResult(FAILURE, result.exit_code)
    if run.killed and state.cancel.cancelled:
        run.log.write("##[error]The operation was canceled.\n")
        return StepResult(CANCELLED, result.exit_code)
    if run.effects.failed and result.outcome == SUCCESS:
        return StepResult(FAILURE, result.exit_code)
    return result


def _on_cancel(state: JobState, task: StepTask, run: StepRun) -> None:
    """The runner asks the running step's condition again; a step that would not run now is stopped."""
    state.status = CANCELLED
    keep_going = False
    if not state.cancel.forced:
        frame = task.frame if task.frame.status is None else replace(task.frame, status=CANCELLED)
        again = scope(state, frame, run.env, task.step, stage=task.stage)
        try:
            keep_going = condition(task.condition, again).value
        except ExpressionError:
            keep_going = False
    if not keep_going:
        run.killed = True
        threading.Thread(target=_kill, args=(state, run), name=f"kill {task.key}", daemon=True).start()


def _kill(state: JobState, run: StepRun) -> None:
    """Ask until the step has ended: a process that was only about to start has to hear it too."""
    while not run.ended.is_set():
        if state.sandbox is not None:
            state.sandbox.kill()
        kill, state.kill_container = state.kill_container, None
        if kill is not None:
            kill()
        run.ended.wait(0.1)


def _record(
    state: JobState, task: StepTask, outcome: str, conclusion: str, outputs: Mapping[str, str]
) -> None:
    """Put the result where later expressions see it. Ids that begin with ``__`` are never recorded."""
    if task.stage == "main" and task.step is not None and task.step.id:
        task.frame.steps[task.step.id] = {
            "outputs": dict(outputs),
            "outcome": outcome,
            "conclusion": conclusion,
        }
    if conclusion == FAILURE:
        if task.frame.status is not None and task.stage == "main":
            task.frame.status = FAILURE
        elif state.status == SUCCESS:
            state.status = FAILURE
    elif conclusion == CANCELLED:
        state.status = CANCELLED
        if task.frame.status is not None:
            task.frame.status = CANCELLED


def _continue_on_error(run: StepRun) -> bool:
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
                _undecided(
                    run,
                    "The step failed and an error occurred when attempting to determine whether to continue on error.",
                    error,
                )
    return run.excused


def _timeout_minutes(run: StepRun) -> int:
    """Whole minutes at any stage of a step; 0 is no limit, also where it can't be told (R: StepsRunner.RunStepAsync)."""
    step = run.task.step
    if step is None or step.timeout_minutes is None:
        return 0
    try:
        value = evaluate_scalar(step.timeout_minutes, run.scope)
        if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
            raise ExpressionError("evaluation", f"Unexpected value '{to_string(value)}'")
    except ExpressionError as error:
        _undecided(run, "An error occurred when attempting to determine the step timeout.", error)
        return 0
    return max(0, int(min(value, MAX_TIMEOUT)))


def _undecided(run: StepRun, what: str, error: ExpressionError) -> None:
    for message in (what, step_error(error)):
        run.log.write(f"##[error]{message}\n")
        run.effects.annotate_error(message)


def _name(state: JobState, task: StepTask, run: StepRun) -> str:
    return state.masker.mask(task.name if isinstance(task.name, str) else task.name(run.scope))


def _place(task: StepTask) -> dict[str, Any]:
    """Where the step stands in its file."""
    span = task.step.span if task.step else None
    return {"file": span.source.name, "line": span.line, "column": span.column} if span else {}


def _id(task: StepTask) -> str:
    return task.step.id if task.step else ""
