"""Why a pattern that can be read is still no good: it can match no branch, tag or path.

What a name of a branch or tag may hold: git, check-ref-format. What patterns are matched with: DOC, workflow
syntax, filter pattern cheat sheet; paths are matched whole, from the repository's root.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from actlite.records import frozen
from actlite.workflow.patterns import Item, Pattern

PATHS = frozenset({"paths", "paths-ignore"})
"""The filters whose patterns are matched with paths."""
_NOT_IN_REFS = " \t\n\r~^:?*[\\\x7f"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_PREFIXES = ("refs/heads/", "refs/tags/")


@frozen
class Fault:
    """Why a pattern is no good: where in it, and what to do."""

    message: str
    start: int
    end: int
    help: str = ""


def _open_range(item: Item) -> bool:
    """``[0-]``: a dash at the end of a set after a letter or digit, where a range was begun."""
    *before, last = item.ranges
    return item.kind == "set" and last == ("-", "-") and bool(before) and _single(before[-1])


def _single(characters: tuple[str, str]) -> bool:
    return characters[0] == characters[1] and characters[0] in _LETTERS


def faults(filter: str, pattern: Pattern) -> Iterator[Fault]:
    """Why a pattern that can be read matches nothing, the first reason first."""
    text = pattern.text
    if not pattern.items:
        yield Fault("'!' alone excludes nothing", 0, 1, "write the pattern behind it")
        return
    for item in pattern.items:
        if item.end - item.start > 1 and text[item.start] == "\\" and text[item.start + 1] in _LETTERS:
            letter = text[item.start + 1]
            yield Fault(
                f"'\\{letter}' stands for '{letter}': filters are no regular expressions",
                item.start,
                item.start + 2,
                "write [0-9] for a digit"
                if letter == "d"
                else "write / between folders"
                if filter in PATHS
                else "",
            )
        elif item.ranges and _open_range(item):
            yield Fault("a range in this set has no end", item.start, item.end, "write it as in [0-9]")
    yield from _path_faults(pattern) if filter in PATHS else _ref_faults(filter, pattern)


def _ref_faults(filter: str, pattern: Pattern) -> Iterator[Fault]:
    items, text = pattern.items, pattern.text
    what = "tag" if filter.startswith("tags") else "branch" if filter.startswith("branches") else "version"
    names = f"no name of a {what} holds"
    for item in items:
        character = item.ranges[0][0] if item.kind == "character" else None
        if character is not None and (character in _NOT_IN_REFS or character < " "):
            shown = (
                "a space"
                if character == " "
                else "a control character"
                if character < " "
                else f"'{character}'"
            )
            hint = "write one pattern for each line" if character == " " else ""
            if character in "^\\":
                hint = "filters are no regular expressions: they match whole names anyway"
            yield Fault(f"{names} {shown}", item.start, item.end, hint)
    first, last = _character(items[0]), _ending(pattern)
    if first == "/":
        yield Fault(f"no name of a {what} begins with '/'", items[0].start, items[0].end)
    if last in {"/", "."}:
        hint = f"write '{text}**'" if last == "/" else ""
        yield Fault(f"no name of a {what} ends with '{last}'", len(text) - 1, len(text), hint)
    for one, two in pairwise(items):
        pair = f"{_character(one) or ' '}{_character(two) or ' '}"
        if pair in {"..", "//", "@{"}:
            yield Fault(f"{names} '{pair}'", one.start, two.end)
    start = int(pattern.excludes)
    for prefix in _PREFIXES:
        if text.startswith(prefix, start):
            rest = text[:start] + text[start + len(prefix) :]
            yield Fault(
                f"filters are matched with names without '{prefix}'",
                start,
                start + len(prefix),
                f"write '{rest}'",
            )
    yield from _alternatives(pattern)


def _alternatives(pattern: Pattern) -> Iterator[Fault]:
    """What other languages of patterns have: ``a|b``, ``(a)``, ``{a,b}``, ``a{4}`` and a closing ``$``. Names may
    hold such signs, and hardly do (actions/runner issue 2600)."""
    literal = {_character(item): item for item in reversed(pattern.items)}
    hint = "filters are no regular expressions: write one pattern for each line"
    if "|" in literal:
        sign = "|"
    elif "(" in literal and ")" in literal:
        sign = "("
    elif "{" in literal and "}" in literal:
        sign = "{"
    elif _character(pattern.items[-1]) == "$":
        sign = "$"
    else:
        return
    yield Fault(f"'{sign}' stands for itself in a filter", literal[sign].start, literal[sign].end, hint)


def _path_faults(pattern: Pattern) -> Iterator[Fault]:
    text = pattern.text
    start = int(pattern.excludes)
    bare = text[start:]
    if bare.strip() != bare or text.strip() != text:
        yield Fault(
            "a space or line break at the end of a pattern is part of the path",
            0,
            len(text),
            f"write '{text[:start]}{bare.strip()}' in one line",
        )
    dots = bare.split("/", 1)[0]
    if dots in {".", ".."}:
        yield Fault(
            f"'{dots}' is no part of a path: paths are matched from the repository's root",
            start,
            start + len(dots),
            f"write '{text[:start]}{bare[2:]}'" if bare.startswith("./") and len(bare) > len("./") else "",
        )
    elif bare.startswith("/"):
        yield Fault(
            "paths are matched from the repository's root, without a slash before them",
            start,
            start + 1,
            f"write '{text[:start]}{bare[1:]}'",
        )
    elif _ending(pattern) == "/":
        end = len(text)
        yield Fault(
            "no path ends with a slash: patterns match whole paths", end - 1, end, f"write '{text}**'"
        )


def _character(item: Item) -> str | None:
    """The one character that an item surely stands for."""
    if item.kind != "character" or item.repeat == "?":
        return None
    return item.ranges[0][0]


def _ending(pattern: Pattern) -> str | None:
    """The one character that all the names end with that the pattern matches."""
    last = pattern.items[-1]
    return "/" if last.kind == "folders" else _character(last)
