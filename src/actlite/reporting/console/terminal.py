"""Terminal mode: the tree of jobs and steps in place, and below it the end of the running logs.

Nothing of a log stays on the screen but the end of a failed step's; with ``-v`` every log passes
above the tree, whole. The full logs are in the run's folder (``actlite show``).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from actlite.events import (
    Event,
    ImageProgress,
    JobFinished,
    JobStarted,
    Notice,
    RunFinished,
    RunStarted,
    StepFinished,
    StepOutput,
    StepsPredicted,
    StepStarted,
)
from actlite.journal.record import JobRecord, RecordBuilder, StepRecord
from actlite.reporting.console.closing import annotation_lines, closing_lines, headline, mark, where
from actlite.reporting.console.overlap import Overlap
from actlite.reporting.console.predictions import prediction_lines
from actlite.reporting.console.screen import Screen, foreign, row, seconds, size
from actlite.reporting.console.tail import LogTail
from actlite.reporting.controls import clean
from actlite.reporting.logtext import LogText, indent

REFRESH = 8
"""Frames a second."""
FEED = 8
"""How many log lines are shown below the tree."""
FAILED = 30
"""How many log lines of a failed step stay."""
BAR = 20
"""Columns of the progress bar of a pull."""


class _Raw:
    """Text that rich hands to the terminal as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self._text)


class TerminalReporter:
    """Shows runs as a tree that updates in place, and each run's closing report when it ends."""

    def __init__(self, screen: Screen, *, verbosity: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._screen = screen
        self._verbose = verbosity > 0
        self._clock = clock
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._builder = RecordBuilder()
        self._tails: dict[tuple[str, str], LogTail] = {}
        self._failed: dict[tuple[str, str], list[str]] = {}
        self._logs: dict[tuple[str, str], LogText] = {}
        self._pulls: dict[str, ImageProgress] = {}
        self._predicted: set[str] = set()
        self._overlap = Overlap()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, StepOutput):
            self._output(event)
            return
        with self._lock:
            if isinstance(event, RunStarted):
                self._builder = RecordBuilder()
                self._failed.clear()
                self._predicted.clear()
            self._builder.add(event)
            self._overlap.before(event)
        match event:
            case RunStarted():
                self._begin(event)
            case Notice():
                style = "yellow" if event.level == "warning" else "cyan"
                self._above(Text.assemble((event.level, style), foreign(f": {event.message}")))
            case ImageProgress():
                with self._lock:
                    self._pulls[event.job] = event
            case StepsPredicted():
                self._prediction(event)
            case JobStarted() | StepStarted():
                with self._lock:
                    self._pulls.pop(event.job, None)
            case StepFinished():
                self._step_end(event)
            case JobFinished():
                with self._lock:
                    self._pulls.pop(event.job, None)
            case RunFinished():
                self._end()
            case _:
                pass
        with self._lock:
            self._overlap.after(event)

    def close(self) -> None:
        """Take the tree away, and end the report of a run that was cut short."""
        if self._live is not None:
            self._end()

    def _begin(self, event: RunStarted) -> None:
        if self._live is not None:
            self._live.stop()
        self._screen.console.print(headline(event), soft_wrap=True)
        self._live = Live(
            console=self._screen.console,
            get_renderable=self.frame,
            refresh_per_second=REFRESH,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=sys.stderr.isatty(),
            vertical_overflow="crop",
        )
        self._live.start()

    def _end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._tails.clear()
        self._logs.clear()
        tails = {} if self._verbose else self._failed
        self._screen.lines(closing_lines(self._builder.record, self._screen, tails=tails))

    def _step_end(self, event: StepFinished) -> None:
        with self._lock:
            tail = self._tails.pop((event.job, event.step), None)
            self._logs.pop((event.job, event.step), None)
            if tail is not None and event.outcome == "failure" and event.diagnosis is None:
                self._failed[event.job, event.step] = tail.unfolded(FAILED)

    def _output(self, event: StepOutput) -> None:
        key = (event.job, event.step)
        with self._lock:
            tail = self._tails.get(key)
            if tail is None:
                tail = self._tails[key] = LogTail()
            if self._verbose:
                text = clean(event.text, colour=self._screen.colour)
                self._whole(event, text)
                return
            # Of a big piece only its end can be seen, so only that is looked at.
            end = event.text[-_SEEN:]
            tail.add(clean(end[end.find("\n") + 1 :] if len(event.text) > _SEEN else end, colour=False))

    def _whole(self, event: StepOutput, text: str) -> None:
        log = self._logs.get((event.job, event.step))
        if log is None:
            log = self._logs[event.job, event.step] = LogText(self._screen.style)
        text = log.render(text)
        prefix = self._overlap.prefix(event.job, event.step)
        if prefix:
            text = indent(text, str(foreign(prefix)))
        if text:
            text = text if text.endswith("\n") else text + "\n"
            self._screen.console.print(_Raw(text), end="", crop=False, soft_wrap=True)

    def _prediction(self, event: StepsPredicted) -> None:
        """Above the tree, once for all legs of which the same is to be said."""
        lines = list(prediction_lines(event))
        whole = "\n".join(line.plain for line in lines)
        with self._lock:
            known = whole in self._predicted
            self._predicted.add(whole)
        if lines and not known:
            self._above(Text("\n").join(lines))

    def _above(self, text: Text) -> None:
        self._screen.console.print(text, soft_wrap=True)

    def frame(self) -> RenderableType:
        """The tree as it is now, cut to the height of the terminal."""
        with self._lock:
            return Group(*self._fit(self.tree(), list(self._feed())))

    def tree(self) -> list[Text]:
        """The lines of the tree: ended jobs in one line, running ones with their steps."""
        record = self._builder.record
        lines: list[Text] = []
        for job in record.jobs:
            lines.append(self._job_line(job))
            if job.started and not job.result:
                lines += self._step_lines(job)
        return lines

    def _feed(self) -> Iterator[Text]:
        if self._verbose or not self._tails:
            return
        count = max(2, FEED // len(self._tails))
        for (job, step), tail in list(self._tails.items()):
            prefix = self._overlap.prefix(job, step).replace("|", "│") or "│ "
            for line in tail.folded(count):
                text = Text(f"  {prefix}", "dim").append_text(foreign(line, "dim"))
                text.truncate(self._screen.width, overflow="ellipsis")
                yield text

    def _fit(self, tree: list[Text], feed: list[Text]) -> list[Text]:
        room = max(4, self._screen.console.height - 1)
        feed = feed[-max(0, min(len(feed), room // 3)) :] if feed else feed
        left = room - len(feed)
        if len(tree) > left:
            hidden = len(tree) - left + 1
            tree = [Text(f"… {hidden} lines above", "dim"), *tree[hidden:]]
        return tree + feed

    def _job_line(self, job: JobRecord) -> Text:
        sign = mark(job.result) if job.started or job.result else Text("·", "dim")
        text = Text.assemble(sign, " ", foreign(job.name or job.key, "bold"))
        pull = self._pulls.get(job.key)
        if pull is not None and not job.result:
            text.append_text(foreign(f" · {pull.status} {pull.image}", "dim"))
            return row(text, _progress(pull), self._screen.width)
        more = job.reason or where(job)
        if more:
            text.append_text(foreign(f" · {more}", "dim"))
        if job.result in ("skipped", "not-run") or not job.started:
            return row(text, Text(), self._screen.width)
        passed = job.duration if job.result else self._clock() - job.started
        return row(text, Text(seconds(max(0.0, passed))), self._screen.width)

    def _step_lines(self, job: JobRecord) -> Iterator[Text]:
        said = ""
        for step in job.steps:
            yield self._step_line(step, "" if step.reason == said else step.reason)
            said = step.reason or said
            yield from (row(line, Text(), self._screen.width) for line in annotation_lines(step))

    def _step_line(self, step: StepRecord, reason: str) -> Text:
        text = Text("    " + "  " * step.depth).append_text(mark(step.conclusion)).append(" ")
        text.append_text(foreign(step.name, "dim" if step.conclusion == "skipped" else ""))
        waits = not step.outcome and not step.started
        more = f"skipped: {reason}" if reason and step.conclusion == "skipped" else reason or step.detail
        more = "waits for a place" if waits else more
        if more:
            text.append_text(foreign(f" · {more}", "dim"))
        if step.outcome == "skipped" or waits:
            return row(text, Text(), self._screen.width)
        passed = step.duration if step.outcome else self._clock() - step.started
        return row(text, Text(seconds(max(0.0, passed))), self._screen.width)


_SEEN = 200 * 400
"""Characters of a piece that can matter to a tail."""


def _progress(pull: ImageProgress) -> Text:
    if pull.total <= 0:
        return Text(size(pull.current) if pull.current else "")
    done = min(BAR, BAR * pull.current // pull.total)
    text = Text("━" * done, "green")
    text.append("━" * (BAR - done), "dim")
    text.append(f" {size(pull.current)} of {size(pull.total)}")
    return text
