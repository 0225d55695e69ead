"""A job's log in the form in which GitHub gives it for download: every line of every step, in the order in which they
were written, with the runner's markers; before each the time, where it is asked for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from actlite.events import Event, StepFinished, StepOutput


def downloaded(events: Iterable[Event], job: str, *, timestamps: bool) -> Iterator[str]:
    """The lines of a job's log, without their ends. Pieces that end within a line are joined with what follows of
    the same step, whatever other steps write meanwhile."""
    held: dict[str, str] = {}
    for event in events:
        if isinstance(event, StepFinished) and event.job == job and event.step in held:
            yield held.pop(event.step)
        if not isinstance(event, StepOutput) or event.job != job:
            continue
        stamp = _stamp(event.time) if timestamps else ""
        *lines, last = event.text.split("\n")
        for line in lines:
            yield f"{held.pop(event.step, stamp)}{line}".removesuffix("\r")
        if last:
            held[event.step] = f"{held.get(event.step, stamp)}{last}"
    yield from held.values()


def _stamp(time: float) -> str:
    """A clock time as .NET writes it, to a ten millionth of a second."""
    whole = datetime.datetime.fromtimestamp(int(time), datetime.UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{int(time % 1 * 10_000_000):07d}Z "
