"""Regular expressions of .NET (with its ECMAScript option) in Python's syntax.

The two agree on most things. Here: named groups and references to them, the numbers of groups (.NET counts
the named ones after the others), escapes that Python doesn't know, brackets inside a set.
"""

from __future__ import annotations

import re

from actlite.records import frozen

_GROUP = re.compile(r"\(\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')", re.ASCII)
_REFERENCE = re.compile(r"\\k(?:<(\w+)>|'(\w+)'|\{(\w+)\})", re.ASCII)
_CLASSES = frozenset("dDsSwW")
_ESCAPES = {"e": r"\x1b", "z": r"\Z", "Z": r"(?=\n?\Z)"}


class UnsupportedPattern(Exception):
    """A regular expression that is right for .NET and can't be run here."""


@frozen
class Translated:
    """A regular expression for Python's ``re`` (with ``re.ASCII``), and Python's number of each .NET group."""

    text: str
    groups: tuple[int, ...]


def translate(pattern: str) -> Translated:
    """Translate a regular expression. Whether it is right is for ``re.compile`` to say."""
    out: list[str] = []
    unnamed: list[int] = []
    named: list[int] = []
    count = 0
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            text, at = _escape(pattern, at)
            out.append(text)
            continue
        if character == "[":
            text, at = _set(pattern, at)
            out.append(text)
            continue
        if character == "(":
            group = _GROUP.match(pattern, at)
            if group:
                count += 1
                named.append(count)
                out.append(f"(?P<{group[1] or group[2]}>")
                at = group.end()
                continue
            if pattern[at + 1 : at + 2] != "?":
                count += 1
                unnamed.append(count)
        out.append(character)
        at += 1
    return Translated("".join(out), (0, *unnamed, *named))


def _escape(pattern: str, at: int) -> tuple[str, int]:
    """An escape outside a set, and where it ends."""
    reference = _REFERENCE.match(pattern, at)
    if reference:
        return f"(?P={reference[1] or reference[2] or reference[3]})", reference.end()
    following = pattern[at + 1 : at + 2]
    if following == "c" and at + 2 < len(pattern):
        return f"\\x{ord(pattern[at + 2].upper()) & 0x1F:02x}", at + 3
    return _ESCAPES.get(following, "\\" + following), at + 2


def _set(pattern: str, at: int) -> tuple[str, int]:
    """A set in brackets, and where it ends; brackets that open within it are escaped."""
    out = ["["]
    at += 1
    if pattern[at : at + 1] == "^":
        out.append("^")
        at += 1
    if pattern[at : at + 1] == "]":
        out.append(r"\]")
        at += 1
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            following = pattern[at + 1 : at + 2]
            out.append(r"\x1b" if following == "e" else "\\" + following)
            at += 2
            if following in _CLASSES and re.match(r"-(?!\[)", pattern[at:]):  # no range begins with a class
                out.append(r"\-")
                at += 1
            continue
        at += 1
        if character == "]":
            out.append("]")
            break
        out.append("\\[" if character == "[" else character)
    return "".join(out), at
