"""Which names and paths the patterns of a filter let in (DOC: workflow syntax, filter pattern cheat sheet)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from actlite.workflow.patterns import BadPattern, Item, Pattern, read_pattern

__all__ = ["BadPattern", "any_included", "included", "matcher", "matching_pattern"]

MAX_WORK = 10_000_000
"""A regular expression may look at so many places of a name (a tenth of a second); it tries all ways to share
the name out among the parts that repeat."""


@lru_cache(maxsize=2048)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Says whether a whole name matches a pattern, whose leading ``!`` is passed over. Case counts.

    Raises BadPattern.
    """
    read = read_pattern(pattern)
    repeats = sum(bool(item.repeat) or item.kind not in {"character", "set"} for item in read.items)
    expression = re.compile("".join(map(_expression, read.items)), re.DOTALL)

    def matches(name: str) -> bool:
        if max(2, len(name)) ** repeats > MAX_WORK:
            return _steps(read, name)
        return expression.fullmatch(name) is not None

    return matches


def _expression(item: Item) -> str:
    if item.kind == "star":
        return "[^/]*"
    if item.kind == "anything":
        return ".*"
    if item.kind == "folders":
        return "(?:.*/)?"
    body = "".join(
        re.escape(first) if first == last else f"{re.escape(first)}-{re.escape(last)}"
        for first, last in item.ranges
    )
    return (f"[{body}]" if item.kind == "set" else body) + item.repeat


def _steps(pattern: Pattern, name: str) -> bool:
    """The same character by character, keeping all the places in the pattern that one can be at. A place is the
    number of an item that comes next; ``~number`` stands for the middle of a ``folders``."""
    items = pattern.items
    places = _passed(items, {0})
    for character in name:
        after: set[int] = set()
        for place in places:
            number = place if place >= 0 else ~place
            if number == len(items) or not items[number].takes(character):
                continue
            item = items[number]
            if item.kind == "folders":
                after |= {~number, number + 1} if character == "/" else {~number}
            elif item.kind in {"character", "set"}:
                after |= {number, number + 1} if item.repeat == "+" else {number + 1}
            else:
                after.add(number)
        places = _passed(items, after)
        if not places:
            return False
    return len(items) in places


def _passed(items: Sequence[Item], places: set[int]) -> set[int]:
    """The places, and those behind items that can stand for nothing."""
    found = set(places)
    for place in places:
        here = place
        while 0 <= here < len(items) and (
            items[here].kind not in {"character", "set"} or items[here].repeat == "?"
        ):
            here += 1
            found.add(here)
    return found


def matching_pattern(name: str, patterns: Sequence[str]) -> str | None:
    """The pattern that decides about a name: the last one that matches, with its ``!`` if it excludes.
    None when no pattern matches. Raises BadPattern."""
    return next((pattern for pattern in reversed(patterns) if matcher(pattern)(name)), None)


def included(name: str, patterns: Sequence[str]) -> bool:
    """Whether the patterns let a name in: the last one that matches counts, and none lets nothing in."""
    decided = matching_pattern(name, patterns)
    return decided is not None and not decided.startswith("!")


def any_included(names: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether the patterns let at least one of the names in."""
    return any(included(name, patterns) for name in names)
