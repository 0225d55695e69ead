"""``actlite explain --log``: what could not start in a log, and why, without Docker or a workflow."""

from __future__ import annotations

import datetime
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from actlite.cli.explain_log_program import program_story
from actlite.cli.explain_log_runtime import runtime_story
from actlite.cli.explain_log_story import Story, as_data
from actlite.cli.text import paint, write, write_json
from actlite.diagnostics import printable
from actlite.glibc.reading_logs.reader import read
from actlite.glibc.reading_logs.sources import from_path, from_stream
from actlite.reporting.missing import missing_rows

WIDTH = 96
GUTTER = 12
"""Columns of the left column (missing, has, why)."""
NOTHING = (
    "Nothing in this log looks like a program that the loader, the kernel or the engine refused to start.",
    "Known are: versions and libraries that are missing, musl, loaders that are not there, other processors' programs.",
)


def explain_log(source: str, format_: str) -> int:
    """Explain the log at a path, or standard input for ``-``. 0: something is explained; 1: nothing is recognised.

    The log is not kept. Raises UsageError where it can't be read.
    """
    pieces = from_stream(sys.stdin.buffer) if source == "-" else from_path(Path(source))
    stories = [runtime_story(found, _today()) or program_story(found) for found in read(pieces)]
    if format_ == "json":
        write_json({"schema": 1, "failures": [as_data(story) for story in stories]})
    elif stories:
        write(_text(stories))
    else:
        write(NOTHING)
    return 0 if stories else 1


def _today() -> datetime.date:
    return datetime.date.today()


def _text(stories: Sequence[Story]) -> Iterator[str]:
    for number, story in enumerate(stories, 1):
        if number > 1:
            yield ""
        count = f"{number} of {len(stories)}: " if len(stories) > 1 else ""
        first, *others = _wrap(f"{count}{story.headline}", WIDTH)
        yield paint(first, "bold")
        yield from (paint(line, "bold") for line in others)
        yield from _panel(story)


def _panel(story: Story) -> Iterator[str]:
    for label, words in story.facts:
        yield from _listed(label, [words])
    rows = list(missing_rows(story.found.failure.missing)) if story.found.failure.kind == "versions" else []
    yield from _listed("missing" if rows else "it said", rows or list(story.found.failure.lines[:5]))
    yield from _listed("has", [story.has] if story.has else [])
    yield from _listed("why", story.why)
    causes = [
        f"{version}  {', '.join(why.symbols[:3])}{': ' if why.symbols else ''}{why.what}"
        for version, why in story.causes
    ]
    yield from _listed("asked by", causes)
    yield from _listed("starts on", [story.starts_on] if story.starts_on else [])
    yield from _listed("then", _numbered(story.then))
    yield from _listed("today", [story.today] if story.today else [])
    yield from _listed(_label(story), _numbered(story.now))
    yield from _listed("note", story.notes)


def _label(story: Story) -> str:
    """What stands before the ways out of today; nothing below a line that is labelled so already."""
    if story.today:
        return ""
    if story.then:
        return "today"
    return "fixes" if len(story.now) > 1 else "fix"


def _numbered(lines: Sequence[str]) -> list[str]:
    return [f"{number}  {line}" for number, line in enumerate(lines, 1)] if len(lines) > 1 else list(lines)


def _listed(label: str, values: Sequence[str]) -> Iterator[str]:
    hang = 3 if values and values[0].startswith("1  ") else 0
    for index, value in enumerate(values):
        for position, part in enumerate(_wrap(printable(value), WIDTH - GUTTER - 2, hang)):
            head = f"  {label:<{GUTTER}}" if not index and not position else " " * (GUTTER + 2)
            yield f"{paint(head.rstrip(), 'dim')}{' ' * (len(head) - len(head.rstrip()))}{part}"


def _wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """Lines of at most so many columns; what fits stays as it is, with all its spaces."""
    if len(text) <= width:
        return [text]
    return textwrap.wrap(
        text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
    )
