"""GitHub's filter patterns for branches, tags and paths (DOC: workflow syntax, filter pattern cheat sheet)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_QUANTIFIERS = {"?": "?", "+": "+"}


class BadPattern(ValueError):
    """A pattern that means nothing; the text says why."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern without its leading ``!``; it must match a whole name.

    ``*`` is any text without ``/``, ``**`` any text, ``?`` none or one and ``+`` one or more of what
    stands before, ``[a-z]`` one character of a set, and a backslash takes the next character as it is.
    Raises BadPattern.
    """
    out: list[str] = []
    at = 0
    repeatable = False
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            at, part = _star(pattern, at)
            out.append(part)
            repeatable = False
            continue
        if char in _QUANTIFIERS:
            if not repeatable:
                raise BadPattern(f"'{char}' in '{pattern}' has nothing before it to repeat")
            out.append(_QUANTIFIERS[char])
            repeatable = False
        elif char == "[":
            at, part = _set(pattern, at)
            out.append(part)
            repeatable = True
            continue
        else:
            if char == "\\":
                at += 1
                if at == len(pattern):
                    raise BadPattern(f"'{pattern}' ends in a backslash")
                char = pattern[at]
            out.append(re.escape(char))
            repeatable = True
        at += 1
    return re.compile("".join(out) + r"\Z", re.DOTALL)


def _star(pattern: str, at: int) -> tuple[int, str]:
    end = at
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    if end - at == 1:
        return end, "[^/]*"
    at_start = at == 0 or pattern[at - 1] == "/"
    if at_start and end < len(pattern) and pattern[end] == "/":
        return end + 1, "(?:.*/)?"
    return end, ".*"


def _set(pattern: str, at: int) -> tuple[int, str]:
    end = pattern.find("]", at + 1)
    if end < 0:
        raise BadPattern(f"'[' in '{pattern}' has no ']'")
    if end == at + 1:
        raise BadPattern(f"'[]' in '{pattern}' is an empty set")
    body = pattern[at + 1 : end]
    escaped = re.sub(r"([\\^\[\]&~|])", r"\\\1", body)
    try:
        re.compile(f"[{escaped}]")
    except re.error as error:
        raise BadPattern(f"'[{body}]' in '{pattern}' is no set of characters: {error}") from error
    return end + 1, f"[{escaped}]"


def matching_pattern(name: str, patterns: Sequence[str]) -> str | None:
    """The pattern that decides about a name: the last one that matches, with its ``!`` if it excludes.
    None when no pattern matches. Raises BadPattern."""
    decided = None
    for pattern in patterns:
        if compile_pattern(pattern.removeprefix("!")).match(name):
            decided = pattern
    return decided


def included(name: str, patterns: Sequence[str]) -> bool:
    """Whether the patterns let a name in: the last one that matches counts, and none lets nothing in."""
    decided = matching_pattern(name, patterns)
    return decided is not None and not decided.startswith("!")


def any_included(names: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether the patterns let at least one of the names in."""
    return any(included(name, patterns) for name in names)
