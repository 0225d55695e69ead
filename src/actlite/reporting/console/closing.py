"""The end of a run's report: the verdict, the table of jobs and steps, artifacts, where things are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from actlite.events import Annotation, RunStarted
from actlite.journal.record import JobRecord, RunRecord, StepRecord
from actlite.reporting.console.artifacts import artifact_lines, verdict_lines
from actlite.reporting.console.diagnosis import Told, failure_lines
from actlite.reporting.console.screen import Screen, foreign, path_text, row, seconds
from actlite.reporting.console.summaries import summary_lines

_MARKS = {
    "success": ("✓", "green"),
    "failure": ("✗", "red"),
    "cancelled": ("✗", "yellow"),
    "skipped": ("–", "dim"),
    "not-run": ("–", "yellow"),
    "incomplete": ("–", "yellow"),
    "": ("●", "cyan"),
}
_STYLES = {"failure": "red", "cancelled": "yellow", "not-run": "yellow", "skipped": "dim"}
_VERDICTS = {
    "success": "succeeded",
    "failure": "failed",
    "cancelled": "was cancelled",
    "incomplete": "is not complete: some jobs can't run here",
    "": "was cut short",
}
_LEVELS = {"error": "red", "failure": "red", "warning": "yellow"}
OUTCOME, CONCLUSION, TIME = 9, 10, 7
"""Columns of the closing table."""
ANNOTATIONS = 10
"""How many annotations of a step the table shows."""


def mark(result: str) -> Text:
    """The sign of a result."""
    sign, style = _MARKS.get(result, ("●", ""))
    return Text(sign, style=style)


def headline(event: RunStarted) -> Text:
    """The first line of a run: what runs, why, from which sources, on which runner."""
    ref = event.ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    kind = "tag " if event.ref.startswith("refs/tags/") else ""
    of = f" of {kind}{ref}" if ref else ""
    text = Text.assemble(foreign(event.path, "bold"), foreign(f" · {event.event}{of}"))
    if event.source:
        text.append_text(foreign(f" ({event.source})", "dim"))
    return text.append_text(foreign(f" · runner of {event.as_of}"))


def closing_lines(
    record: RunRecord, screen: Screen, *, tails: dict[tuple[str, str], list[str]] | None = None
) -> Iterator[Text]:
    """All lines that end a run's report. ``tails``: the last log lines of failed steps, where the log
    itself wasn't shown."""
    width = screen.width
    yield Text()
    words = _VERDICTS.get(record.conclusion, record.conclusion)
    verdict = foreign(f"{record.path or record.workflow} {words}", "bold")
    time = Text(seconds(record.duration) if record.conclusion else "")
    yield row(Text.assemble(mark(record.conclusion), " ", verdict), time, width)
    yield from verdict_lines(record)
    yield Text()
    yield from _table(record, width)
    said = Told()
    for job in record.jobs:
        yield from failure_lines(job, screen, tails or {}, said)
    yield from summary_lines(record, screen)
    yield from artifact_lines(record, screen)
    yield from _whereabouts(record, screen)


def _columns(outcome: str, conclusion: str, time: str) -> Text:
    text = Text()
    text.append(f"{outcome:<{OUTCOME}}", _STYLES.get(outcome, ""))
    text.append("  ")
    text.append(f"{conclusion:<{CONCLUSION}}", _STYLES.get(conclusion, ""))
    text.append(f"  {time:>{TIME}}")
    return text


def _table(record: RunRecord, width: int) -> Iterator[Text]:
    yield row(Text("job / step", "dim"), _head(), width)
    for job in record.jobs:
        yield row(_job_name(job), _columns("", job.result, seconds(job.duration) if _ran(job) else ""), width)
        if job.instead_of:
            yield foreign(f"    stands in for {job.instead_of}", "dim")
        said = ""
        for step in _nested(job.steps):
            reason = step.reason if step.reason != said else ""
            said = step.reason or said
            time = seconds(step.duration) if step.outcome not in ("skipped", "") else ""
            yield row(_step_name(step, reason), _columns(step.outcome, step.conclusion, time), width)
            yield from annotation_lines(step)
    for call in record.calls:
        if call.reason:
            text = Text.assemble(mark(call.result), " ", foreign(call.name or call.key, "bold"))
            text.append_text(foreign(f" · {call.reason}", "dim"))
            yield row(text, _columns("", call.result, seconds(call.duration)), width)


def _nested(steps: Iterable[StepRecord]) -> Iterator[StepRecord]:
    """Steps in the order of their start, but those of an action below the step that uses it: others may have begun
    meanwhile."""
    inner: dict[str, list[StepRecord]] = {}
    for step in steps:
        inner.setdefault(step.key.rpartition(".")[0], []).append(step)

    def below(key: str) -> Iterator[StepRecord]:
        for step in inner.pop(key, ()):
            yield step
            yield from below(step.key)

    yield from below("")
    while inner:  # of a step that is not known
        yield from below(next(iter(inner)))


def _head() -> Text:
    return Text(f"{'outcome':<{OUTCOME}}  {'conclusion':<{CONCLUSION}}  {'time':>{TIME}}", "dim")


def _ran(job: JobRecord) -> bool:
    return job.result not in ("skipped", "not-run", "")


def _job_name(job: JobRecord) -> Text:
    text = Text.assemble(mark(job.result), " ", foreign(job.name or job.key, "bold"))
    if job.reason and not _ran(job):
        text.append_text(foreign(f" · {job.reason}", "dim"))
    elif job.where:
        text.append_text(foreign(f" · {job.where}", "dim"))
    return text


def where(job: JobRecord) -> str:
    """Where a job runs, in words."""
    return f"{job.where} in place of {job.instead_of}" if job.instead_of else job.where


def _step_name(step: StepRecord, reason: str) -> Text:
    text = Text("    " + "  " * step.depth)
    text.append_text(mark(step.conclusion))
    text.append(" ")
    text.append_text(foreign(step.name, "dim" if step.conclusion == "skipped" else ""))
    more = reason or step.detail
    if more:
        text.append_text(foreign(f" · {more}", "dim"))
    return text


def annotation_lines(step: StepRecord) -> Iterator[Text]:
    """The annotations of a step, one line each; that a process ended with a code is told elsewhere."""
    told = [a for a in step.annotations if not a.message.startswith("Process completed with exit code ")]
    for annotation in told[:ANNOTATIONS]:
        yield annotation_line(annotation, "      " + "  " * step.depth)
    if len(told) > ANNOTATIONS:
        yield Text(f"      {'  ' * step.depth}… {len(told) - ANNOTATIONS} more annotations", "dim")


def annotation_line(annotation: Annotation, indent: str) -> Text:
    """An annotation in one line: level, place, title, message."""
    text = Text(indent)
    text.append(annotation.level, _LEVELS.get(annotation.level, "cyan"))
    place = annotation.file
    if place and annotation.line is not None:
        place += f":{annotation.line}" + (f":{annotation.column}" if annotation.column is not None else "")
    text.append_text(foreign(f" {place}:" if place else ":"))
    if annotation.title:
        text.append_text(foreign(f" {annotation.title}:"))
    text.append_text(foreign(f" {annotation.message}"))
    return text


def _whereabouts(record: RunRecord, screen: Screen) -> Iterator[Text]:
    yield Text()
    for container in record.kept:
        yield Text.assemble(("kept  ", "dim"), foreign(container))
        yield foreign(
            f"      look inside: {'podman' if record.engine == 'podman' else 'docker'} exec -it {container} sh"
        )
    if record.kept:
        yield foreign(f"      drop it: actlite clean {record.id}")
    if record.folder:
        said = f"Run {record.id} · its log again: actlite show {record.id} · "
        yield Text.assemble((said, "dim"), path_text(record.folder, screen))
