"""Why a step failed: the panel below the table, with the place in the workflow and what would work."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

from actlite.diagnostics import excerpt
from actlite.events import Cause, Diagnosis
from actlite.journal.record import JobRecord, StepRecord
from actlite.reporting.console.artifacts import symbols
from actlite.reporting.console.screen import Screen, foreign, wrap, wrapped
from actlite.reporting.missing import missing_rows
from actlite.source import SourceFile, Span

_VALUE = re.compile(r"^\s*(?:- )?\s*(?:uses|run|container|image)\s*:\s*(?P<value>[^\s#].*?)\s*(?:\s#.*)?$")
GUTTER = 10
"""Columns of the panel's left column (missing, has, fixes)."""
COMMAND = ": actlite check --fix="
"""What stands between a fix and the name by which ``check`` makes it (``glibc.ways``)."""
LABEL = 40
"""Characters of a reason that fits beside the caret."""


class Told:
    """What a report has said already: legs of a matrix mostly fail alike, and one panel does for all."""

    def __init__(self) -> None:
        self.diagnoses: list[tuple[Diagnosis, str]] = []
        """With the job that has it."""
        self.reasons: set[tuple[str, str]] = set()
        """Of jobs without a failed step: the job's id, and why."""

    def where(self, diagnosis: Diagnosis) -> str | None:
        """The job under which a diagnosis stands."""
        return next((job for known, job in self.diagnoses if known == diagnosis), None)


def failure_lines(
    job: JobRecord, screen: Screen, tails: dict[tuple[str, str], list[str]], said: Told | None = None
) -> Iterator[Text]:
    """A panel for each failed step of a job, and for the job where it failed without one; a short word where
    ``said`` has the same of another leg."""
    said = said or Told()
    told: list[Diagnosis] = []
    any_step = False
    title = job.name or job.key
    tolerated = tuple(f"{s.key}." for s in job.steps if s.outcome == "failure" and s.conclusion == "success")
    for step in job.steps:
        if step.outcome not in ("failure", "cancelled"):
            continue
        any_step = True
        if any(s.outcome == "failure" and s.key.startswith(f"{step.key}.") for s in job.steps):
            continue  # the step inside it is told
        if step.diagnosis is not None and step.diagnosis in told:
            continue
        if step.diagnosis is not None:
            told.append(step.diagnosis)
            before = said.where(step.diagnosis)
            if before is not None:
                yield Text()
                words = f"{title} / {step.name}: the same as in {before}"
                yield from wrapped(Text.assemble(("✗ ", "red"), foreign(words, "bold")), screen, 2)
                continue
            said.diagnoses.append((step.diagnosis, title))
        elif step.outcome == "cancelled" or step.conclusion == "success" or step.key.startswith(tolerated):
            continue
        yield from _panel(job, step, screen, tails.get((job.key, step.key), []))
    if job.result in ("failure", "not-run") and job.reason and not any_step:
        if (job.id, job.reason) in said.reasons:
            return  # the table names each leg with its reason
        said.reasons.add((job.id, job.reason))
        yield Text()
        yield from wrapped(Text.assemble(("✗ ", "red"), foreign(f"{title}: {job.reason}", "bold")), screen, 2)


def _panel(job: JobRecord, step: StepRecord, screen: Screen, tail: list[str]) -> Iterator[Text]:
    yield Text()
    diagnosis = step.diagnosis
    summary = diagnosis.summary if diagnosis else _summary(step)
    title = Text.assemble(("✗ ", "red"), foreign(f"{job.name or job.key} / {step.name}: {summary}", "bold"))
    yield from wrapped(title, screen, 2)
    if step.file:
        yield foreign(f"  {step.file}:{step.line}:{step.column}" if step.line else f"  {step.file}", "cyan")
    excerpts, told = _excerpts(job, step, screen)
    yield from excerpts
    if diagnosis:
        yield from _diagnosis(diagnosis, job, screen, told)
    if tail:
        yield Text("  the end of its log:", "dim")
        yield from (Text.assemble(("  │ ", "dim"), foreign(line)) for line in tail)


def _summary(step: StepRecord) -> str:
    if step.reason:
        return step.reason
    if step.exit_code is not None:
        return f"exit code {step.exit_code}"
    messages = [a.message for a in step.annotations if a.level == "error"]
    return messages[0] if messages else "failed"


def _diagnosis(diagnosis: Diagnosis, job: JobRecord, screen: Screen, told: str) -> Iterator[Text]:
    rows = list(missing_rows(diagnosis.missing))
    explained = {(cause.library, cause.version) for cause in diagnosis.causes}
    if not all((item.library.rsplit("/", 1)[-1], item.version) in explained for item in diagnosis.missing):
        yield from _listed("missing", rows, screen)
        yield from _listed("asked by", list(cause_rows(diagnosis.causes)), screen)
    else:
        yield from _listed("missing", list(cause_rows(diagnosis.causes)), screen)
    if diagnosis.has:
        where = diagnosis.image or job.where
        yield from _listed("has", [f"{where}: {diagnosis.has}" if where else diagnosis.has], screen)
    if not rows:
        yield from _listed("it said", list(diagnosis.loader_lines), screen)
    yield from _listed("why", [reason for reason in diagnosis.reasons if reason != told], screen)
    yield from _listed("note", list(diagnosis.notes), screen)
    yield from _listed("window", [diagnosis.window] if diagnosis.window else [], screen)
    yield from _fixes(diagnosis.fixes, screen)


def _fixes(fixes: tuple[str, ...], screen: Screen) -> Iterator[Text]:
    """Each fix with its number, and the command that does it at the right."""
    width, many = screen.width - GUTTER - 2, len(fixes) > 1
    head = f"  {'fixes' if many else 'fix':<{GUTTER}}"
    for number, fix in enumerate(fixes, 1):
        title, found, name = fix.rpartition(COMMAND)
        hang = 3 if many else 0
        lines = wrap((f"{number}  " if many else "") + (title if found else fix), width, hang)
        command = f"{COMMAND.removeprefix(': ')}{name}" if found else ""
        if command and len(lines[-1]) + 2 + len(command) > width:
            lines.append("")
        for line in lines[:-1]:
            yield Text.assemble((head, "dim"), foreign(line))
            head = " " * len(head)
        last = f"{lines[-1]}{command:>{width - len(lines[-1])}}" if command else lines[-1]
        yield Text.assemble((head, "dim"), foreign(last))
        head = " " * len(head)


def cause_rows(causes: tuple[Cause, ...]) -> Iterator[str]:
    """One row for each version: ``GLIBC_2.34  pthread_create, pthread_join``."""
    longest = max((len(cause.version) for cause in causes), default=0)
    for cause in causes:
        yield f"{cause.version:<{longest}}  {symbols(cause)}"


def _listed(label: str, values: list[str], screen: Screen, hang: int = 0) -> Iterator[Text]:
    first = True
    for value in values:
        for index, part in enumerate(wrap(value, screen.width - GUTTER - 2, hang)):
            head = f"  {label:<{GUTTER}}" if first and not index else " " * (GUTTER + 2)
            yield Text.assemble((head, "dim"), foreign(part))
        first = False


def _excerpts(job: JobRecord, step: StepRecord, screen: Screen) -> tuple[list[Text], str]:
    """The step's line, and the line of the job's image where that matters; and the reason told beside
    the first ('' for none)."""
    source = _source(step.file, screen) if step.file and step.line else None
    span = _value_span(source, step.line) if source is not None else None
    if source is None or span is None:
        return [], ""
    reason = step.diagnosis.reasons[0] if step.diagnosis and step.diagnosis.reasons else ""
    label = reason if len(reason) <= LABEL else ""
    lines = list(_excerpt(span, label))
    if step.diagnosis is not None and step.diagnosis.has:
        image = _image_span(source, step.line, job)
        if image is not None:
            lines += _excerpt(image, "")
    return lines, label


def _excerpt(span: Span, label: str) -> Iterator[Text]:
    first, caret = excerpt(span, label)
    yield foreign(f" {first}")
    yield foreign(f" {caret}", "red")


def _source(name: str, screen: Screen) -> SourceFile | None:
    if screen.root is None:
        return None
    path = screen.root / name
    try:
        if not path.resolve().is_relative_to(screen.root.resolve()):
            return None
        return SourceFile.read(path, name)
    except (OSError, UnicodeDecodeError, ValueError):
        return None


def _value_span(source: SourceFile, number: int) -> Span | None:
    """The value of the ``uses`` or ``run`` of the step that begins on a line (from 1)."""
    if number > len(source.line_starts):
        return None
    first = source.line(number)
    depth = len(first) - len(first.lstrip())
    for line in range(number, min(number + 12, len(source.line_starts)) + 1):
        text = source.line(line)
        if (
            line > number
            and text.strip()
            and len(text) - len(text.lstrip()) <= depth
            and "- " in text[: depth + 2]
        ):
            break
        match = _VALUE.match(text)
        if match:
            start = source.line_starts[line - 1]
            return source.span(start + match.start("value"), start + match.end("value"))
    start = source.line_starts[number - 1]
    return source.span(start + depth, start + len(first.rstrip()))


def _image_span(source: SourceFile, before: int, job: JobRecord) -> Span | None:
    """The last place above a line that names the job's image."""
    image = job.instead_of or job.where
    for line in range(min(before, len(source.line_starts)), 0, -1):
        match = _VALUE.match(source.line(line))
        if match and image and match["value"].strip("'\"") == image:
            start = source.line_starts[line - 1]
            return source.span(start + match.start("value"), start + match.end("value"))
    return None
