"""Problem matchers as they are written: reading and checking (R: ``Runner.Worker/IssueMatcher.cs``)."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from pathlib import Path
from typing import Any, TypeVar

from actlite.execution.dotnet_regex import Translated, UnsupportedPattern, translate
from actlite.execution.matcher_worker import FIELDS
from actlite.execution.plain_files import open_plain
from actlite.records import frozen

T = TypeVar("T")

MAX_FILE = 4 * 1024 * 1024
"""The largest file of matchers that is read, in bytes."""

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*(?:"|\\?\Z))|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*(?:"|\\?\Z))|,(?=\s*[}\]])', re.DOTALL)
"""What has no end goes to the end of the text: looked for again from each later place, it would take for ever."""


class MatcherError(Exception):
    """A file of problem matchers can't be used; the text says why."""


@frozen
class Pattern:
    """One pattern: its regular expression for Python, and which group gives which field."""

    regexp: str
    groups: dict[str, int]
    loop: bool


@frozen
class MatcherConfig:
    """One problem matcher."""

    owner: str
    severity: str
    from_path: str
    patterns: tuple[Pattern, ...]

    def plain(self) -> dict[str, Any]:
        """As ``matcher_worker`` takes it."""
        patterns = [{"regexp": p.regexp, "loop": p.loop, **p.groups} for p in self.patterns]
        return {"severity": self.severity, "fromPath": self.from_path, "patterns": patterns}


def load_matchers(file: Path, *, check: bool = True, name: str = "") -> tuple[list[MatcherConfig], list[str]]:
    """Read a file of matchers, which messages call ``name``. Gives those that can be used, and a text for each
    valid one whose regular expression has no equivalent in Python. Without ``check`` only the owners are right.

    Raises MatcherError for a file that can't be read and for what the runner refuses.
    """
    data = _load(file, name or str(file))
    matchers = _member(data, "problemMatcher", list, []) if isinstance(data, dict) else []
    configs: list[MatcherConfig] = []
    unsupported: list[str] = []
    owners: set[str] = set()
    for item in matchers:
        if not isinstance(item, dict):
            raise MatcherError("Each item of 'problemMatcher' must be a mapping.")
        owner = _member(item, "owner", str, "")
        if not check:
            configs.append(MatcherConfig(owner, "", "", ()))
            continue
        try:
            configs.append(_matcher(owner, item))
        except UnsupportedPattern as error:
            unsupported.append(f"The problem matcher '{owner}' is left out: {error}")
        if owner.lower() in owners:
            raise MatcherError(f"Duplicate owner name '{owner}'")
        owners.add(owner.lower())
    return configs, unsupported


def _load(file: Path, name: str) -> Any:
    """The JSON data of a file; comments and commas before a closing bracket are let pass, as there."""
    try:
        stream, size = open_plain(file)
    except FileNotFoundError as error:
        raise MatcherError(f"Could not find file '{name}'.") from error
    except OSError as error:
        raise MatcherError(f"Access to the path '{name}' is denied: {error.strerror}.") from error
    with stream:
        if size > MAX_FILE:
            raise MatcherError(f"'{name}' has {size} bytes; at most {MAX_FILE} are read.")
        text = stream.read(MAX_FILE).decode("utf-8-sig", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    text = _COMMENT.sub(lambda m: m[1] or " ", text)
    text = _TRAILING_COMMA.sub(lambda m: m[1] or "", text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MatcherError(f"'{name}' is not JSON: {error}") from error


def _member(data: dict[str, Any], name: str, type_: type[T], default: T) -> T:
    """A member by its name, whose case does not matter; null is as if it were not there. Numbers are taken for
    texts, and texts for yes and no, as Newtonsoft.Json does it."""
    value = next((v for k, v in data.items() if k.lower() == name.lower()), None)
    if value is None:
        return default
    if type_ is str and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    elif type_ is bool and isinstance(value, str) and value.strip().lower() in ("true", "false"):
        value = value.strip().lower() == "true"
    if not isinstance(value, type_):
        raise MatcherError(f"Error reading '{name}': unexpected value {json.dumps(value)[:80]}.")
    return value


def _matcher(owner: str, item: dict[str, Any]) -> MatcherConfig:
    if not owner:
        raise MatcherError("Owner must not be empty")
    severity = _member(item, "severity", str, "")
    if severity.lower() not in ("", "error", "warning", "notice"):
        raise MatcherError(f"Matcher '{owner}' contains unexpected default severity '{severity}'")
    patterns = _member(item, "pattern", list, [])
    if not patterns:
        raise MatcherError(f"Matcher '{owner}' does not contain any patterns")
    taken: set[str] = set()
    last = len(patterns) - 1
    read = [_pattern(p, alone_or_first=i == 0, last=i == last, taken=taken) for i, p in enumerate(patterns)]
    if "message" not in taken:
        raise MatcherError("At least one pattern must set 'message'")
    return MatcherConfig(owner, severity, _member(item, "fromPath", str, ""), tuple(read))


def _pattern(data: Any, *, alone_or_first: bool, last: bool, taken: set[str]) -> Pattern:
    if not isinstance(data, dict):
        raise MatcherError("Each item of 'pattern' must be a mapping.")
    loop = _member(data, "loop", bool, False)
    numbers = {name: _number(data, name) for name in FIELDS}
    if loop and (alone_or_first or not last):
        raise MatcherError("Only the last pattern in a multiline matcher may set 'loop'")
    if loop and numbers["message"] is None:
        raise MatcherError("The loop pattern must set 'message'")
    compiled = _compile(_member(data, "regexp", str, ""))
    groups: dict[str, int] = {}
    for name, number in numbers.items():
        if number is None:
            continue
        if name in taken:
            raise MatcherError(f"The property '{name}' is set twice")
        if not 0 <= number < len(compiled.groups):
            raise MatcherError(f"The property '{name}' is set to {number} which is out of range")
        taken.add(name)
        groups[name] = compiled.groups[number]
    return Pattern(compiled.text, groups, loop)


def _number(data: dict[str, Any], name: str) -> int | None:
    value = next((v for k, v in data.items() if k.lower() == name.lower()), None)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,9}\s*", value, re.ASCII):
        return int(value)
    raise MatcherError(f"Error reading '{name}': unexpected value {json.dumps(value)[:80]}.")


def _compile(regexp: str) -> Translated:
    translated = translate(regexp)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(translated.text, re.ASCII)
        except (RecursionError, OverflowError) as error:
            raise UnsupportedPattern(f"Python can't run '{_short(regexp)}': {error}.") from error
        except re.error as error:
            if "look-behind" in str(error) or "global flags" in str(error):
                raise UnsupportedPattern(f"Python can't run '{_short(regexp)}': {error}.") from error
            raise MatcherError(f"Invalid pattern '{regexp}': {error}.") from error
    return translated


def _short(regexp: str) -> str:
    return regexp if len(regexp) <= 200 else f"{regexp[:200]}…"
