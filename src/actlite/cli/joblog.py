"""A job's log in the form in which GitHub gives it for download: every line of every step, in the order in which they
were written, with the runner's markers; before each the time, where it is asked for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from actlite.events import Event, StepOutput


def downloaded(events: Iterable[Event], job: str, *, timestamps: bool) -> Iterator[str]:
    """The lines of a job's log, without their ends. Pieces that end within a line are joined with what follows of
    the same step."""
    open_step, held = "", ""
    for event in events:
        if not isinstance(event, StepOutput) or event.job != job:
            continue
        if held and event.step != open_step:
            yield held
            held = ""
        stamp = _stamp(event.time) if timestamps else ""
        lines = event.text.split("\n")
        last = lines.pop()
        for line in lines:
            yield f"{held or stamp}{line}".removesuffix("\r")
            held = ""
        if last:
            held = f"{held or stamp}{last}"
        open_step = event.step
    if held:
        yield held


def _stamp(time: float) -> str:
    """A clock time as .NET writes it, to a ten millionth of a second."""
    whole = datetime.datetime.fromtimestamp(int(time), datetime.UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{int(time % 1 * 10_000_000):07d}Z "
