"""Reads the five fields of a schedule's ``cron`` (DOC: events, schedule; POSIX cron with names and steps)."""

from __future__ import annotations

import re
from itertools import pairwise

from actlite.records import frozen

FORMAT = "Invalid cron expression. Expected format: '* * * * *' (minute hour day month weekday)"
"""GitHub's own words (languageservices, workflow-parser, converter/events)."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WORD = re.compile(r"\S+")
_MINUTES_OF_HOUR = 60


class BadCron(ValueError):
    """A text that is no schedule. ``start`` and ``end`` are offsets of the faulty part."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


@frozen
class Odd:
    """Something that only some readers of cron understand, and GitHub does not document."""

    message: str
    start: int
    end: int


@frozen
class Field:
    """One of the five: its name, the least and greatest number, and names that stand for numbers."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The number that a text stands for; None where it is none of this field's."""
        if text.isdecimal() and text.isascii():
            number = int(text) if len(text) <= len("000") else -1
            return number if self.least <= number <= self.most else None
        word = text.lower()
        return self.names.index(word) + self.least if word in self.names else None


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 6, _WEEKDAYS),
)


@frozen
class Cron:
    """A schedule: the numbers that each field lets through, and whether the days are ``*``."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    any_day: bool
    any_weekday: bool
    listed: bool
    """Whether the minutes are a list without steps."""
    odd: tuple[Odd, ...] = ()

    @property
    def comes(self) -> bool:
        """Whether there is such a day in any year. With both kinds of days given, one of them is enough."""
        if self.any_day or not self.any_weekday:
            return True
        return any(self.days[0] <= _LONGEST[month - 1] for month in self.months)

    @property
    def shortest(self) -> int:
        """The shortest time between two runs, in minutes. From one hour to the next, only minutes that are
        listed count: the last step of ``*/7`` is shorter than the others, and meant so."""
        pairs = pairwise(self.minutes)
        shortest = min((later - earlier for earlier, later in pairs), default=_MINUTES_OF_HOUR)
        if self.listed and any((hour + 1) % 24 in self.hours for hour in self.hours):
            shortest = min(shortest, _MINUTES_OF_HOUR - self.minutes[-1] + self.minutes[0])
        return shortest


def read_cron(text: str) -> Cron:
    """Read a schedule. Raises BadCron."""
    words = list(_WORD.finditer(text))
    if len(words) != len(FIELDS):
        many = f"it has {len(words)} field{'s' * (len(words) != 1)}" if words else "it is empty"
        raise BadCron(many, words[0].start() if words else 0, words[-1].end() if words else len(text))
    odd: list[Odd] = []
    sets = [_field(field, word[0], word.start(), odd) for field, word in zip(FIELDS, words, strict=True)]
    minutes, hours, days, months, weekdays = (tuple(sorted(found)) for found in sets)
    star = [word[0].startswith(("*", "?")) for word in words]
    return Cron(minutes, hours, days, months, weekdays, star[2], star[4], "/" not in words[0][0], tuple(odd))


def _field(field: Field, text: str, at: int, odd: list[Odd]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        end = at + len(part)
        span, slash, step_text = part.partition("/")
        first, last = _range(field, span, bool(slash), at, odd)
        step = 1
        if slash:
            step = int(step_text) if step_text.isdecimal() and step_text.isascii() else 0
            if not step:
                raise BadCron(f"'{step_text}' is no step", at, max(end, at + 1))
            if step > field.most:
                odd.append(Odd(f"a step of {step} is longer than the field: it comes once", at, end))
        found.update(range(first, last + 1, step))
        at = end + 1
    return found


def _range(field: Field, text: str, stepped: bool, at: int, odd: list[Odd]) -> tuple[int, int]:
    if text in ("*", "?"):
        if text == "?":
            odd.append(Odd("'?' is not among what GitHub documents: write '*'", at, at + 1))
        return field.least, field.most
    first_text, dash, last_text = text.partition("-")
    first = _number(field, first_text, at, odd)
    if not dash:
        return first, field.most if stepped else first
    last = _number(field, last_text, at + len(first_text) + 1, odd)
    if last < first:
        raise BadCron(f"the range '{text}' ends before it begins", at, at + len(text))
    return first, last


def _number(field: Field, text: str, at: int, odd: list[Odd]) -> int:
    number = field.number(text)
    if number is not None:
        return number
    if text == "7" and field.names == _WEEKDAYS:
        odd.append(Odd("GitHub documents 0 to 6 as days of the week: Sunday is 0", at, at + 1))
        return 0
    names = f" or {field.names[0].upper()} to {field.names[-1].upper()}" if field.names else ""
    what = f"'{text}' is no {field.name}" if text else f"the {field.name} lacks a number"
    raise BadCron(f"{what} ({field.least} to {field.most}{names})", at, at + max(1, len(text)))
