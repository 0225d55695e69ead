"""Plain mode: every log line as it comes, for pipes, files and CI.

While one job runs, its log passes without a prefix: one look at the bytes and one write for each
event. While several run, each line begins with ``job | ``; while several steps of a job do, with ``step | ``.
"""

from __future__ import annotations

from rich.text import Text

from actlite.events import (
    CallFinished,
    Event,
    ImageProgress,
    JobFinished,
    JobStarted,
    Notice,
    RunFinished,
    RunStarted,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepQueued,
    StepsPredicted,
    StepStarted,
)
from actlite.journal.record import RecordBuilder
from actlite.reporting.console.closing import annotation_line, closing_lines, headline, mark, where
from actlite.reporting.console.overlap import Overlap
from actlite.reporting.console.predictions import prediction_lines
from actlite.reporting.console.screen import Screen, foreign, seconds
from actlite.reporting.controls import clean
from actlite.reporting.logtext import LogText, indent


class PlainReporter:
    """Shows runs as a stream of lines, and each run's closing report when it ends."""

    def __init__(self, screen: Screen, *, verbosity: int = 0) -> None:
        self._screen = screen
        self._quiet = verbosity < 0
        self._builder = RecordBuilder()
        self._open = False
        self._overlap = Overlap()
        self._logs: dict[tuple[str, str], LogText] = {}
        self._pulls: dict[tuple[str, str], str] = {}
        self._predicted: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, StepOutput):
            if not self._quiet:
                self._output(event)
            return
        if isinstance(event, RunStarted):
            self._builder = RecordBuilder()
            self._predicted.clear()
            self._open = True
        self._builder.add(event)
        self._overlap.before(event)
        if not self._quiet:
            self._show(event)
        self._overlap.after(event)
        if isinstance(event, RunFinished):
            self._end()

    def close(self) -> None:
        """End the report of a run that was cut short."""
        if self._open:
            self._end()

    def _end(self) -> None:
        self._open = False
        self._logs.clear()
        self._screen.lines(closing_lines(self._builder.record, self._screen))

    def _show(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._lines(headline(event))
            case Notice():
                style = "yellow" if event.level == "warning" else "cyan"
                self._lines(Text.assemble((event.level, style), foreign(f": {event.message}")), event.job)
            case JobStarted():
                job = self._builder.job(event.job)
                self._lines(
                    Text.assemble(mark(""), " ", foreign(event.name, "bold"), foreign(f" · {where(job)}"))
                )
            case JobFinished():
                self._job_end(event)
            case CallFinished() if event.reason:
                reason = foreign(f" · {event.reason}", "dim")
                self._lines(Text.assemble(mark(event.result), " ", foreign(event.name, "bold"), reason))
            case ImageProgress():
                known = self._pulls.get((event.job, event.image))
                self._pulls[event.job, event.image] = event.status
                if known != event.status:
                    self._lines(foreign(f"{event.status} · {event.image}", "dim"), event.job)
            case StepsPredicted():
                self._prediction(event)
            case StepStarted():
                self._logs[event.job, event.step] = LogText(self._screen.style)
                detail = foreign(f" · {event.detail}", "dim") if event.detail else ""
                self._lines(Text.assemble(mark(""), " ", foreign(event.name), detail), event.job)
            case StepQueued():
                text = Text.assemble(mark(""), " ", foreign(event.name), (" · waits for a place", "dim"))
                self._lines(text, event.job)
            case StepAnnotation() if event.annotation.file or event.annotation.title:
                self._lines(annotation_line(event.annotation, ""), event.job, event.step)
            case StepFinished():
                self._step_end(event)
            case _:
                pass

    def _job_end(self, event: JobFinished) -> None:
        text = Text.assemble(mark(event.result), " ", foreign(event.name, "bold"))
        if event.reason:
            text.append_text(foreign(f" · {event.reason}", "dim"))
        if event.result not in ("skipped", "not-run"):
            text.append(f" {seconds(event.duration)}")
        self._lines(text)

    def _step_end(self, event: StepFinished) -> None:
        self._logs.pop((event.job, event.step), None)
        text = Text.assemble(mark(event.conclusion), " ", foreign(event.name))
        if event.outcome != event.conclusion:
            text.append(f" · {event.outcome}, but continue-on-error")
        if event.reason:
            text.append_text(foreign(f" · {event.reason}", "dim"))
        if event.outcome != "skipped":
            text.append(f" {seconds(event.duration)}")
        self._lines(text, event.job)

    def _prediction(self, event: StepsPredicted) -> None:
        """Once for all legs of which the same is to be said."""
        lines = list(prediction_lines(event))
        whole = "\n".join(line.plain for line in lines)
        if whole not in self._predicted:
            self._predicted.add(whole)
            for line in lines:
                self._lines(line, event.job)

    def _lines(self, text: Text, job: str = "", step: str = "") -> None:
        prefix = self._overlap.prefix(job, step)
        if prefix:
            text = Text.assemble(foreign(prefix), text)
        self._screen.console.print(text, soft_wrap=True)

    def _output(self, event: StepOutput) -> None:
        text = clean(event.text, colour=self._screen.colour)
        log = self._logs.get((event.job, event.step))
        if log is None:
            log = self._logs[event.job, event.step] = LogText(self._screen.style)
        text = log.render(text)
        prefix = self._overlap.prefix(event.job, event.step)
        if prefix and text:
            text = indent(text, str(foreign(prefix)))
        if text and not text.endswith("\n"):
            text += "\n"
        self._screen.raw(text)
