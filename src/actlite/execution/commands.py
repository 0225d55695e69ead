"""Workflow commands in a step's output: ``::name key=value::data`` and ``##[name key=value]data``.

Rules: R: ``Runner.Common/ActionCommand.cs``. A command that nobody has registered is plain output.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from actlite.records import frozen

REGISTERED = frozenset(
    {
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
    }
)
"""The names of all commands, in lower case."""

_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What .NET takes for white space; Python takes four control characters more."""
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_OLD = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


@frozen
class Command:
    """A command: its name and the names of its properties are in lower case, values are unescaped."""

    name: str
    properties: Mapping[str, str]
    data: str


def parse_command(line: str, registered: Collection[str] = REGISTERED) -> Command | None:
    """The command that a line holds, or None. ``registered`` holds names in lower case."""
    return _parse_new(line, registered) or _parse_old(line, registered)


def _parse_new(line: str, registered: Collection[str]) -> Command | None:
    """``::name k=v,k2=v2::data``, which only space may precede."""
    line = line.lstrip(_SPACE)
    if not line.startswith("::"):
        return None
    head, separator, data = line[2:].partition("::")
    if not separator:
        return None
    name, _, properties = head.partition(" ")
    name = name.lower()
    if name not in registered:
        return None
    return Command(name, _properties(properties.strip(_SPACE), ",", _PROPERTY), _unescape(data, _DATA))


def _parse_old(line: str, registered: Collection[str]) -> Command | None:
    """``##[name k=v;k2=v2]data``, anywhere in the line."""
    _, prefix, rest = line.partition("##[")
    head, bracket, data = rest.partition("]")
    if not prefix or not bracket:
        return None
    name, _, properties = head.partition(" ")
    name = name.lower()
    if name not in registered:
        return None
    return Command(name, _properties(properties, ";", _OLD), _unescape(data, _OLD))


def _properties(text: str, separator: str, escapes: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """``k=v`` pairs; keys are not trimmed, pairs without a key or a value are dropped, and equals
    signs in front of a key or of a value are lost, as .NET's splitting without empty entries does it."""
    found: dict[str, str] = {}
    for pair in text.split(separator):
        key, _, value = pair.lstrip("=").partition("=")
        value = value.lstrip("=")
        if key and value:
            found[key.lower()] = _unescape(value, escapes)
    return found


def _unescape(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    if "%" in text:
        for code, character in escapes:
            text = text.replace(code, character)
    return text
