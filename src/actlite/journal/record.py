"""A run as one value: the fold of its events. Reports, replays and comparisons start from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from actlite.events import (
    Annotation,
    ArtifactFound,
    CallFinished,
    CallStarted,
    Diagnosis,
    Event,
    JobFinished,
    JobStarted,
    Notice,
    Prediction,
    RunFinished,
    RunStarted,
    StepAnnotation,
    StepFinished,
    StepQueued,
    StepsPredicted,
    StepStarted,
    StepSummary,
)
from actlite.records import frozen


@frozen
class StepRecord:
    """One step. ``outcome`` and ``conclusion`` are empty while it runs (or when it was never ended)."""

    key: str
    id: str
    name: str
    detail: str = ""
    background: bool = False
    """It ran beside the steps after it."""
    started: float = 0.0
    outcome: str = ""
    conclusion: str = ""
    duration: float = 0.0
    exit_code: int | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    diagnosis: Diagnosis | None = None
    summary: str = ""
    reason: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    condition: Mapping[str, Any] | None = None

    @property
    def depth(self) -> int:
        """0 for a step of the job, 1 for a step of a composite action, and so on."""
        return self.key.count(".")


@frozen
class JobRecord:
    """One job leg. ``result`` is empty while it runs or waits."""

    key: str
    id: str
    name: str
    matrix: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
    instead_of: str = ""
    runs_on: str = ""
    started: float = 0.0
    result: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    duration: float = 0.0
    reason: str = ""
    condition: Mapping[str, Any] | None = None
    environment: str = ""
    environment_url: str = ""
    steps: tuple[StepRecord, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    """Which of its JavaScript steps start; none for a job without a container, or without such steps."""


@frozen
class CallRecord:
    """A call of a workflow, by one leg of a job. ``result`` is empty while it runs."""

    key: str
    id: str
    name: str
    workflow: str
    """The called file."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    result: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    duration: float = 0.0
    reason: str = ""


@frozen
class RunRecord:
    """One run of one workflow. ``conclusion`` is empty while it runs (or when it was killed)."""

    id: str = ""
    workflow: str = ""
    path: str = ""
    event: str = ""
    ref: str = ""
    sha: str = ""
    as_of: str = ""
    runner: str = ""
    source: str = ""
    engine: str = ""
    started: float = 0.0
    conclusion: str = ""
    duration: float = 0.0
    jobs: tuple[JobRecord, ...] = ()
    """Those of called workflows too, each in the place of its caller."""
    calls: tuple[CallRecord, ...] = ()
    notices: tuple[Notice, ...] = ()
    artifacts: tuple[ArtifactFound, ...] = ()
    kept: tuple[str, ...] = ()
    folder: str = ""


class RecordBuilder:
    """Folds events as they come; ``record`` gives the run so far."""

    def __init__(self) -> None:
        self._run = RunRecord()
        self._jobs: dict[str, JobRecord] = {}
        self._calls: dict[str, CallRecord] = {}
        self._steps: dict[str, dict[str, StepRecord]] = {}

    def add(self, event: Event) -> None:
        """Take one event. Step output changes nothing."""
        match event:
            case RunStarted():
                self._start(event)
            case JobStarted() | JobFinished():
                self._of_job(event)
            case CallStarted():
                self._calls[event.job] = CallRecord(
                    event.job, event.id, event.name, event.workflow, event.inputs, event.time
                )
                self._enter(event)
            case CallFinished():
                call = self._calls.get(event.job) or CallRecord(event.job, event.id, event.name, "")
                self._calls[event.job] = replace(
                    call,
                    result=event.result,
                    outputs=event.outputs,
                    duration=event.duration,
                    reason=event.reason,
                )
            case StepsPredicted():
                self._job(event.job, predictions=event.predictions)
            case StepQueued():
                self._step(event.job, event.step, id=event.id, name=event.name, background=True)
            case StepStarted():
                self._begin_step(event)
            case StepAnnotation():
                known = self._step(event.job, event.step).annotations
                self._step(event.job, event.step, annotations=(*known, event.annotation))
            case StepSummary():
                known_text = self._step(event.job, event.step).summary
                self._step(event.job, event.step, summary=known_text + event.markdown)
            case StepFinished():
                self._end_step(event)
            case Notice():
                self._run = replace(self._run, notices=(*self._run.notices, event))
            case ArtifactFound():
                # What is uploaded again under its name is the same artifact, with more files.
                same = [
                    a for a in self._run.artifacts if event.uploaded and a.uploaded and a.path == event.path
                ]
                others = tuple(a for a in self._run.artifacts if a not in same)
                self._run = replace(self._run, artifacts=(*others, event))
            case RunFinished():
                self._run = replace(
                    self._run,
                    id=event.run,
                    conclusion=event.conclusion,
                    duration=event.duration,
                    kept=event.kept,
                    folder=event.folder,
                )
            case _:
                pass

    def _of_job(self, event: JobStarted | JobFinished) -> None:
        if isinstance(event, JobStarted):
            self._job(
                event.job,
                id=event.id,
                name=event.name,
                matrix=event.matrix,
                where=event.where,
                instead_of=event.instead_of,
                runs_on=event.runs_on,
                started=event.time,
            )
            return
        self._job(
            event.job,
            id=event.id,
            name=event.name,
            result=event.result,
            outputs=event.outputs,
            duration=event.duration,
            reason=event.reason,
            condition=event.condition,
            environment=event.environment,
            environment_url=event.environment_url,
            **({"matrix": event.matrix} if event.matrix else {}),
        )

    def _begin_step(self, event: StepStarted) -> None:
        """A step that starts again (a retry) begins anew, in its old place."""
        self._steps.setdefault(event.job, {})[event.step] = StepRecord(event.step, event.id, event.name)
        self._step(
            event.job,
            event.step,
            id=event.id,
            name=event.name,
            detail=event.detail,
            background=event.background,
            started=event.time,
        )

    @property
    def record(self) -> RunRecord:
        """The run as it is known now."""
        return replace(
            self._run,
            jobs=tuple(self.job(key) for key in self._jobs),
            calls=tuple(self._calls.values()),
        )

    def job(self, key: str) -> JobRecord:
        """One job leg as it is known now, with its steps. Raises KeyError."""
        return replace(self._jobs[key], steps=tuple(self._steps.get(key, {}).values()))

    def step(self, job: str, key: str) -> StepRecord | None:
        """One step as it is known now."""
        return self._steps.get(job, {}).get(key)

    def _start(self, event: RunStarted) -> None:
        self._run = replace(
            self._run,
            id=event.run,
            workflow=event.workflow,
            path=event.path,
            event=event.event,
            ref=event.ref,
            sha=event.sha,
            as_of=event.as_of,
            runner=event.runner,
            source=event.source,
            engine=event.engine,
            started=event.time,
            conclusion="",
        )
        for key in event.jobs:
            self._job(key)

    def _enter(self, event: CallStarted) -> None:
        """The jobs of a called workflow take the place of the leg that calls it."""
        jobs: dict[str, JobRecord] = {}
        for key, job in self._jobs.items():
            jobs |= {key: job} if key != event.job else {new: JobRecord(new, new, new) for new in event.jobs}
        self._jobs = {**jobs, **{key: self._jobs[key] for key in event.jobs if key in self._jobs}}
        for key in event.jobs:
            self._job(key)

    def _end_step(self, event: StepFinished) -> None:
        self._step(
            event.job,
            event.step,
            id=event.id,
            name=event.name,
            outcome=event.outcome,
            conclusion=event.conclusion,
            duration=event.duration,
            exit_code=event.exit_code,
            outputs=event.outputs,
            diagnosis=event.diagnosis,
            reason=event.reason,
            file=event.file,
            line=event.line,
            column=event.column,
            condition=event.condition,
        )

    def _job(self, key: str, **changes: Any) -> JobRecord:
        job = self._jobs.get(key) or JobRecord(key, key, key)
        self._jobs[key] = job = replace(job, **changes) if changes else job
        return job

    def _step(self, job: str, key: str, **changes: Any) -> StepRecord:
        self._job(job)
        steps = self._steps.setdefault(job, {})
        step = steps.get(key) or StepRecord(key, "", key)
        steps[key] = step = replace(step, **changes) if changes else step
        return step


def fold(events: Iterable[Event]) -> RunRecord:
    """The run that some events tell of."""
    builder = RecordBuilder()
    for event in events:
        builder.add(event)
    return builder.record


def overall(conclusions: Iterable[str]) -> str:
    """The conclusion of several runs together: the worst of them. ``cancelled`` for an unfinished one."""
    known = {conclusion or "cancelled" for conclusion in conclusions}
    for worst in ("cancelled", "failure", "incomplete"):
        if worst in known:
            return worst
    return "success"
