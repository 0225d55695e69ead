"""Takes from a line what the way into a log has put around it: times, quoting, colours, prefixes, Markdown.

The forms are those of GitHub's raw logs, of ``gh run view --log``, of logs copied from the web page (whose line
numbers may have become links), of act, of ``docker build``, of mail and of Markdown.
"""

from __future__ import annotations

import datetime
import re

from actlite.glibc.loader import without_colours
from actlite.records import frozen

_TIME = re.compile(
    r"\[?(?P<day>(?:19|20)\d\d-[01]\d-[0-3]\d)[T ][0-2]\d:[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?:?\s+"
)
_QUOTE = re.compile(r"(?:>|\|)\s")
_COMMAND = re.compile(r"(?:##|::)\[?(?:group|endgroup|error|warning|notice|command|section|debug)(?:\]|::)")
_ACT = re.compile(r"\[(?P<job>[^\]\n]{1,200})\]\s+(?:\||[^\w\s`'\"/.:|<>-]{1,4})\s+")
_LEVEL = re.compile(r"\[(?:ERROR|WARN|WARNING|INFO|DEBUG|error|info)\]\s+")
_BUILD = re.compile(r"#\d{1,4} (?:\d+\.\d+ )?(?=\S)")
_NUMBER = re.compile(r"\d{1,6}[:.]?\s+(?=[/.]|##|Run |ImportError|OSError|exec )")
_LIST = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+(?=[/.`])")
_TEST = re.compile(r"E\s{2,}(?=\S)")
_LINK = re.compile(r"\[(?P<text>[^\]\n]{0,200})\]\(https?://[^)\s]{0,500}\)")
_GH = re.compile(r"(?P<job>[^\t]{1,200})\t(?P<step>[^\t]{1,200})\t\ufeff?(?=(?:19|20)\d\d-\d\d-\d\dT)")
_ESCAPED = re.compile(r"\\(?=[`'\"_*])")
_MARKS = str.maketrans(
    {"‘": "'", "’": "'", "´": "'", "“": '"', "”": '"', "\u00a0": " ", "\ufeff": "", "\u200b": ""}
)
_ROUNDS = 8
"""Prefixes that are taken off one line: a log within a log within a mail."""


@frozen
class Line:
    """A line of a log, without what is around it."""

    text: str
    day: datetime.date | None = None
    """The day of the time that stands before it."""
    job: str = ""
    """The job that a prefix names."""
    step: str = ""
    """The step that a prefix names."""


def clean(raw: str) -> Line:
    """A line without prefixes, colours and Markdown."""
    text = without_colours(raw)
    if not text.isascii():
        text = text.translate(_MARKS)
    if "](http" in text:
        text = _LINK.sub(lambda found: found["text"], text)
    if "\\" in text:
        text = _ESCAPED.sub("", text)
    text = text.replace("**", "").replace("&gt;", ">").replace("&#39;", "'").rstrip()
    day: datetime.date | None = None
    job = step = ""
    if "\t" in text and (found := _GH.match(text)):
        job, step, text = found["job"], found["step"], text[found.end() :]
    for _ in range(_ROUNDS):
        text = text.lstrip()
        if found := _TIME.match(text):
            day = day or _day(found["day"])
        elif found := _ACT.match(text):
            job = job or found["job"]
        else:
            found = (
                _QUOTE.match(text)
                or _COMMAND.match(text)
                or _LEVEL.match(text)
                or _BUILD.match(text)
                or _NUMBER.match(text)
                or _LIST.match(text)
                or _TEST.match(text)
            )
        if found is None:
            break
        text = text[found.end() :]
    if text.startswith("`") and text.endswith("`") and len(text) > 1:
        text = text.strip("`")
    return Line(text, day, job, step)


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
