"""One step at a time: condition, environment, time, result (R: StepsRunner.cs)."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from typing import Any, TypeVar

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
from actlite.execution.cancellation import TimeIsOver, seconds, until_cancelled
from actlite.execution.command_effects import CommandEffects
from actlite.execution.counting import count, remember, worse
from actlite.execution.diagnosing import Observer, diagnose_step, doubt_prediction
from actlite.execution.file_commands import StepFiles
from actlite.execution.opening import cannot_write
from actlite.execution.output import StepLog
from actlite.execution.places import runner_name
from actlite.execution.problems import step_error
from actlite.execution.results import CANCELLED, FAILURE, SKIPPED, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobState
from actlite.execution.step_settings import continue_on_error, say_undecided, tell, timeout_minutes
from actlite.execution.stopping import on_cancel
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import (
    Scope,
    condition,
    condition_source,
    evaluate_mapping,
)
from actlite.records import changeable, frozen
from actlite.workflow.model import Step

T = TypeVar("T")
_RENEWING = threading.Lock()
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
    outcome: str = ""
    """How its body ended, once it has."""
    background: bool = False
    """It runs beside the steps after it: what it sets and how it ended counts when it is waited for."""


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
    name: str = ""
    """Masked; known once the step is due."""
    late: bool = False
    """The job was cancelled before the step's turn came, so that only force stops it."""
    without_env: str = ""
    """What is wrong with its ``env``, without which it runs all the same."""
    failed_early: str = ""
    """Why it fails without having run: its ``env`` or ``if`` can't be evaluated."""
    minutes: int = 0
    """Its time limit; 0 for none."""
    begun: float | None = None
    """Clock time at which it was said to begin."""
    deadline: float | None = None
    """Clock time at which the step times out."""
    timed_out: bool = False
    killed: bool = False
    stopping: bool = False
    """A ``cancel`` step has asked it to end."""
    stop: Callable[[], None] | None = None
    """Ends the process or container that it runs now."""
    outcome: str = ""
    conclusion: str = ""
    """How it ended; '' while it runs."""
    abandoned: bool = False
    """It did not end in time when it was cancelled, and counts as cancelled whatever comes."""
    runtime: dict[str, Any] = field(default_factory=dict)
    """What a diagnosis needs of the node that was chosen, and of the folder that a script ran in."""
    ended: threading.Event = field(default_factory=threading.Event)
    """The body has ended."""
    excused: bool | None = None
    """What ``continue-on-error`` says, once it was asked."""
    embeds: bool = False
    """Its body runs steps of an action: these hear of a cancellation, and end at their time, by themselves."""

    @property
    def files(self) -> StepFiles:
        """The step's file commands; made when first asked for."""
        if self.opened_files is None:
            layout = self.state.layout
            self.opened_files = StepFiles(layout.files, self.state.subjects)
            self._name_files()
        return self.opened_files

    def _name_files(self) -> None:
        """Expressions see the files by the runner's own names (R: FileCommandManager.InitializeFiles)."""
        if self.opened_files is not None:
            folder = self.state.layout.runner_path(self.state.layout.files)
            self.scope.contexts["github"].update(self.opened_files.context(folder))

    def see_env(self, name: str, value: str) -> None:
        """What the step has set for later steps is in its own env context too (R: ExecutionContext.SetEnvContext)."""
        self.env[name] = value
        self.scope.contexts["env"][name] = value

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
        contexts = self.scope.contexts
        contexts["github"].update(action_repository=repository, action_ref=ref)
        contexts["job"]["status"] = self.state.status  # a background step may have waited for its place

    def execute(self, process: ProcessSpec) -> ExitStatus:
        """Run a process in the job's sandbox, within the step's time."""
        if self.killed or self.stopping:
            self.killed = True
            return ExitStatus(130, killed=True)
        spec = ProcessSpec(
            argv=process.argv,
            env=process.env,
            workdir=process.workdir,
            path_prepends=process.path_prepends,
            real_exec=process.real_exec,
            timeout=self.seconds_left,
            mark=_mark(process.env),
        )
        status = self.state.running.run(spec, self.log.feed, self.started)
        self.timed_out = self.timed_out or status.timed_out
        self.killed = self.killed or status.killed
        return status

    @property
    def seconds_left(self) -> float | None:
        """The time that the step still has, at least a moment; None without a limit."""
        if self.deadline is None:
            return None
        return max(0.1, self.deadline - self.state.services.clock())

    def wait_for(self, what: str, work: Callable[[], T]) -> T:
        """Do something that can't be stopped, but may be left alone, within the step's time. Raises TimeIsOver, and
        CannotRun when the step is cancelled (see `until_cancelled`)."""
        return until_cancelled(
            self.state.cancel, what, work, within=self.seconds_left, goes_on=lambda: not self.killed
        )

    def started(self, stop: Callable[[], None]) -> None:
        """Something of the step's runs, which ``stop`` ends: whoever stops the step asks until it has ended."""
        self.stop = stop


def _mark(env: Mapping[str, str]) -> str:
    """What only this step's processes have in their environment."""
    return f"GITHUB_OUTPUT={env['GITHUB_OUTPUT']}" if "GITHUB_OUTPUT" in env else ""


def run_task(state: JobState, task: StepTask) -> str:
    """Run one task of the queue, with all that belongs to it. Returns its conclusion."""
    run = reach(state, task)
    return SKIPPED if run is None else perform(run)


def reach(state: JobState, task: StepTask) -> StepRun | None:
    """What happens when the queue comes to a task: its env, its condition, its name. None when it is skipped."""
    late = state.cancel.cancelled
    if late and task.stage != "complete":
        state.status = CANCELLED
    outputs: dict[str, str] = {}
    run = _open(state, task, outputs)
    run.late = late
    reason = ""
    tree: dict[str, Any] | None = None
    try:
        run.without_env = _evaluate_env(run)
        task.undecided = True
        check = condition(task.condition, run.scope, state.masker.mask)
        task.undecided = False
        if task.cannot_run:
            reason = task.cannot_run
        elif not check.value:
            reason = _skip_reason(state, task)
            tree = check.data()
    except ExpressionError as error:
        run.failed_early = step_error(error, condition=task.undecided)
    run.name = _name(state, task, run)
    if reason and not run.failed_early:
        if run.without_env:
            tell(run, run.without_env)
        _skip(run, reason, tree)
        return None
    if task.background and not run.failed_early:
        run.minutes = timeout_minutes(run, lambda what, error: None)
    return run


def announce(run: StepRun) -> float:
    """Say that a step begins; gives the time."""
    state, task = run.state, run.task
    run.begun = state.services.clock()
    detail = state.masker.mask(task.detail)
    state.emit(
        StepStarted(run.begun, state.leg.key, task.key, written_id(task), run.name, detail, task.background)
    )
    return run.begun


def perform(run: StepRun) -> str:
    """Run a task that was reached and not skipped. Returns its conclusion."""
    state, task, name, outputs = run.state, run.task, run.name, run.outputs
    clock = state.services.clock
    started = announce(run) if run.begun is None else run.begun
    result = StepResult(FAILURE)
    for message in filter(None, (run.without_env, run.failed_early)):
        tell(run, message)
    if not run.failed_early:
        result = _run_body(state, task, run)
        if run.without_env:
            result = StepResult(worse(FAILURE, result.outcome), result.exit_code)
    conclusion = result.outcome
    if result.outcome == FAILURE and not run.failed_early and continue_on_error(run):
        conclusion = SUCCESS
    if run.abandoned:
        result, conclusion = StepResult(CANCELLED, result.exit_code), CANCELLED
    task.outcome = run.outcome = result.outcome
    run.log.close()
    run.effects.annotations.finish()
    run.conclusion = conclusion
    if not task.background:
        remember(run)
    if not task.background or run.failed_early:
        count(run)
    diagnosis = diagnose_step(run) if result.outcome == FAILURE else None
    if result.outcome == SUCCESS:
        doubt_prediction(run)
    mask = state.masker.mask
    state.emit(
        StepFinished(
            clock(),
            state.leg.key,
            task.key,
            written_id(task),
            name,
            result.outcome,
            conclusion,
            clock() - started,
            result.exit_code,
            {mask(k): mask(v) for k, v in outputs.items()},
            diagnosis,
            **place_in_file(task),
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
        env=OwnEnv() if task.background else state.env,
        path=[] if task.background else state.paths,
        masker=state.masker,
        annotate=annotate,
        translate_path=state.real_path,
        env_lookup=env.get,
        debug=state.services.settings.debug,
        workspace=state.layout.workspace,
        matchers=state.matchers,
        deprecate_outputs=state.services.runner.date >= OLD_COMMANDS_DEPRECATED,
        runner_name=lambda real: runner_name(real, state.layout.work, state.layout.runner_work),
        step_id=written_id(task) if task.stage == "main" else "",
        outer=task.frame.annotations,
    )
    log = StepLog(
        emit=lambda text: state.emit(StepOutput(clock(), leg, task.key, text)),
        handler=effects,
        masker=state.masker,
        observe=observer.feed,
    )
    run = StepRun(
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
    if not task.background:
        effects.on_env = run.see_env
    return run


class OwnEnv(dict[str, str]):
    """What a background step sets with GITHUB_ENV until it is waited for: names regardless of case, in their first
    spelling (R: ExecutionContext.CreateChild, DeferredEnvironmentVariables)."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(self._known.setdefault(name.lower(), name), value)


def base_key(task: StepTask) -> str:
    """The key that the stages of one step share."""
    return task.key.removeprefix("pre-").removeprefix("post-")


def _evaluate_env(run: StepRun) -> str:
    """The step's own env, which is evaluated before its condition and even if it will be skipped. What is wrong
    with it fails a job's step at once (ExpressionError); one within an action runs without it all the same, and
    fails when it has ended (R: CompositeActionHandler.RunStepsAsync)."""
    step = run.task.step
    if step is None or step.env is None:
        return ""
    try:
        run.step_env = evaluate_mapping(step.env, run.scope)
    except ExpressionError as error:
        if run.frame.depth == 0:
            raise
        return step_error(error, condition=False)
    run.env = {**run.env, **run.step_env}
    run.scope = scope(run.state, run.frame, run.env, step, stage=run.task.stage)
    run.effects.env_lookup = run.env.get
    return ""


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


def _skip(run: StepRun, reason: str, tree: Mapping[str, Any] | None) -> None:
    state, task, clock = run.state, run.task, run.state.services.clock
    run.log.close()
    run.outcome = run.conclusion = SKIPPED
    if not task.background:  # one that is skipped never gets into the steps context: nothing can wait for it
        remember(run)
    state.emit(
        StepFinished(
            clock(),
            state.leg.key,
            task.key,
            written_id(task),
            run.name,
            SKIPPED,
            SKIPPED,
            0.0,
            reason=state.masker.mask(reason),
            condition=tree,
            **place_in_file(task),
        )
    )


def _run_body(state: JobState, task: StepTask, run: StepRun) -> StepResult:
    """The body within its time, stoppable, with the files that the step wrote read afterwards."""
    minutes = run.minutes if task.background else timeout_minutes(run, partial(say_undecided, run))
    limits = [task.frame.deadline] if task.frame.deadline is not None else []
    if minutes:
        limits.append(state.services.clock() + seconds(minutes))
    run.deadline = min(limits) if limits else None

    def stop() -> None:
        if not run.late or state.cancel.forced:
            on_cancel(state, task, run)

    end = state.cancel.subscribe(stop) if task.stage != "complete" else (lambda: None)
    try:
        if task.stage in ("pre", "main", "post"):
            with _RENEWING:
                state.layout.renew()
            _ = run.files  # there before anything of the step is evaluated
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
        if state.status == SUCCESS and not continue_on_error(run):
            state.unable = is_lack(problem, setting_up=task.stage == "setup")
    except TimeIsOver:
        run.timed_out = True
        result = StepResult(FAILURE)
    except ValueError as wrong:
        if "embedded null" not in str(wrong):
            raise
        message = "Null character in path."  # .NET's words; an env or an argument can't hold one either
        run.log.write(f"##[error]{message}\n")
        run.effects.annotate_error(message)
        result = StepResult(FAILURE)
    finally:
        end()
        run.ended.set()
    run.log.flush()
    summary = run.opened_files.collect(run.effects, run.log) if run.opened_files is not None else ""
    if summary:
        state.emit(StepSummary(state.services.clock(), state.leg.key, task.key, state.masker.mask(summary)))
    return result if run.embeds else _judged(run, result, minutes)


def _judged(run: StepRun, result: StepResult, minutes: int) -> StepResult:
    """What a body's result comes to where its time was over (``minutes`` of its own, 0 for none), it was stopped, or
    a command has let it fail."""
    state, task = run.state, run.task
    if run.timed_out:
        what = "background step" if task.background else "action"
        message = (
            f"The {what} '{_name(state, task, run)}' has timed out after {minutes} minutes."
            if minutes
            else "The action has timed out."
        )
        tell(run, message)
        return StepResult(FAILURE, result.exit_code)
    if run.killed and (state.cancel.cancelled or run.stopping):
        if not task.background:
            run.log.write("##[error]The operation was canceled.\n")
        return StepResult(CANCELLED, result.exit_code)
    if run.effects.failed and result.outcome == SUCCESS:
        return StepResult(FAILURE, result.exit_code)
    return result


def _name(state: JobState, task: StepTask, run: StepRun) -> str:
    return state.masker.mask(task.name if isinstance(task.name, str) else task.name(run.scope))


def place_in_file(task: StepTask) -> dict[str, Any]:
    """Where the step stands in its file."""
    span = task.step.span if task.step else None
    return {"file": span.source.name, "line": span.line, "column": span.column} if span else {}


def written_id(task: StepTask) -> str:
    """The id that the workflow gives the step; '' for none."""
    return task.step.id if task.step else ""
