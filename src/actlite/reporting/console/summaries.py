"""The summaries that steps have written, readable in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from actlite.journal.record import JobRecord, RunRecord, StepRecord
from actlite.reporting.console.screen import Screen, foreign
from actlite.reporting.controls import clean

SUMMARIES = 20
"""How many summaries of a job GitHub shows."""
LINES = 200
"""Lines of a summary that are shown."""
CHARACTERS = 32 * 1024
"""How much of a summary is read for that."""
INDENT = 2


def summary_lines(record: RunRecord, screen: Screen) -> Iterator[Text]:
    """The summaries of a run, job by job."""
    for job in record.jobs:
        written = [step for step in job.steps if step.summary.strip()]
        for step in written[:SUMMARIES]:
            yield from _summary(job, step, screen)
        if len(written) > SUMMARIES:
            more = f"… {len(written) - SUMMARIES} more summaries of {job.name or job.key}, which GitHub does not show"
            yield Text()
            yield foreign(more, "dim")


def _summary(job: JobRecord, step: StepRecord, screen: Screen) -> Iterator[Text]:
    yield Text()
    yield Text.assemble("summary ", foreign(f"{job.name or job.key} / {step.name}", "dim"))
    lines = _rendered(step.summary[:CHARACTERS], screen)
    for line in lines[:LINES]:
        yield Text(" " * INDENT).append_text(line)
    if len(lines) > LINES or len(step.summary) > CHARACTERS:
        yield Text("  … the rest is in the report (--report json=FILE)", "dim")


def _rendered(text: str, screen: Screen) -> list[Text]:
    """The Markdown as rich draws it, without empty lines around."""
    from rich.markdown import Markdown

    from actlite.reporting.summary_markdown import as_markdown

    console = screen.console
    options = console.options.update(width=max(20, min(console.width, 100) - INDENT))
    drawn = Markdown(clean(as_markdown(text), colour=False), hyperlinks=False)
    lines = [
        Text.assemble(*((piece.text, piece.style or "") for piece in line))
        for line in console.render_lines(drawn, options, pad=False)
    ]
    for line in lines:
        line.rstrip()
    while lines and not lines[0].plain.strip():
        lines.pop(0)
    while lines and not lines[-1].plain.strip():
        lines.pop()
    return lines
