"""The patterns that filters are written in: for branches, tags and paths (DOC: filter pattern cheat sheet).

``*`` is any text without ``/`` and ``**`` any text; ``?`` is none or one, ``+`` one or more of the character or
set before it; ``[a-z]`` is one character of a set, and a backslash takes the next character as it is. A ``!`` is
only special as the first character, where it makes a pattern exclude.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from actlite.records import frozen

Kind = Literal["character", "set", "star", "anything", "folders"]


class BadPattern(ValueError):
    """A pattern that means nothing. ``start`` and ``end`` are offsets of the faulty part in the pattern."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


@frozen
class Item:
    """A part of a pattern.

    ``folders`` is ``**/`` at the beginning of a path's part: nothing, or any text that ends in a slash.
    ``ranges`` are the first and last characters that a character or set stands for.
    """

    kind: Kind
    ranges: tuple[tuple[str, str], ...]
    start: int
    end: int
    repeat: Literal["", "?", "+"] = ""

    def takes(self, character: str) -> bool:
        """Whether it can stand for a character (for ``folders``: whether one can be within it)."""
        if self.kind == "star":
            return character != "/"
        if self.kind in {"character", "set"}:
            return any(first <= character <= last for first, last in self.ranges)
        return True


@frozen
class Pattern:
    """A pattern that was read: what it consists of, and whether it excludes."""

    text: str
    excludes: bool
    items: tuple[Item, ...]


@lru_cache(maxsize=2048)
def read_pattern(text: str) -> Pattern:
    """Read a pattern, with its leading ``!``. Raises BadPattern."""
    excludes = text.startswith("!")
    at = int(excludes)
    items: list[Item] = []
    while at < len(text):
        char = text[at]
        if char == "*":
            items.append(_star(text, at, excludes))
        elif char in "?+":
            if not items or items[-1].repeat or items[-1].kind not in {"character", "set"}:
                raise BadPattern(f"'{char}' in '{text}' has nothing before it to repeat", at, at + 1)
            last = items.pop()
            items.append(Item(last.kind, last.ranges, last.start, at + 1, "?" if char == "?" else "+"))
        elif char == "[":
            items.append(_set(text, at))
        elif char == "\\":
            if at + 1 == len(text):
                raise BadPattern(f"'{text}' ends in a backslash", at, at + 1)
            items.append(Item("character", ((text[at + 1], text[at + 1]),), at, at + 2))
        else:
            items.append(Item("character", ((char, char),), at, at + 1))
        at = items[-1].end
    return Pattern(text, excludes, tuple(items))


def _star(text: str, at: int, excludes: bool) -> Item:
    end = at
    while end < len(text) and text[end] == "*":
        end += 1
    if end - at == 1:
        return Item("star", (), at, end)
    first = at == int(excludes) or text[at - 1] == "/"
    if first and end < len(text) and text[end] == "/":
        return Item("folders", (), at, end + 1)
    return Item("anything", (), at, end)


def _set(text: str, at: int) -> Item:
    end = text.find("]", at + 1)
    if end < 0:
        raise BadPattern(f"'[' in '{text}' has no ']'", at, len(text))
    if end == at + 1:
        raise BadPattern(f"'[]' in '{text}' is an empty set", at, end + 1)
    ranges: list[tuple[str, str]] = []
    here = at + 1
    while here < end:
        if here + 2 < end and text[here + 1] == "-":
            first, last = text[here], text[here + 2]
            if first > last:
                body = text[here : here + 3]
                raise BadPattern(
                    f"'{body}' in '{text}' is no range: '{last}' comes before '{first}'", here, here + 3
                )
            ranges.append((first, last))
            here += 3
        else:
            ranges.append((text[here], text[here]))
            here += 1
    return Item("set", tuple(ranges), at, end + 1)
