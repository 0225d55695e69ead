"""``toJSON(value)``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from actlite.expressions.errors import evaluation_error
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import to_string

_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_encode = json.JSONEncoder(ensure_ascii=False).encode


def to_json(arguments: Arguments) -> str:
    """The value as JSON, indented by two spaces, empty collections on one line (R: Functions/ToJson.cs)."""
    out: list[str] = []
    try:
        _write(arguments[0], "\n", out)
    except RecursionError:
        raise evaluation_error("toJSON: the value is nested too deep") from None
    arguments.check_room(sum(map(len, out)))
    return "".join(out)


def _write(value: Any, line: str, out: list[str]) -> None:
    """Append the pieces of a value; ``line`` is a line end with the indentation of the value's own line."""
    if isinstance(value, str):
        out.append(_text(value))
    elif value is None:
        out.append("null")
    elif isinstance(value, Mapping):
        opening = "{" + line + "  "
        for key, item in value.items():
            out += (opening, _text(key), ": ")
            _write(item, line + "  ", out)
            opening = "," + line + "  "
        out.append(line + "}" if value else "{}")
    elif isinstance(value, list | tuple):
        opening = "[" + line + "  "
        for item in value:
            out.append(opening)
            _write(item, line + "  ", out)
            opening = "," + line + "  "
        out.append(line + "]" if value else "[]")
    else:
        out.append(to_string(value))


def _text(text: str) -> str:
    return _encode(text).translate(_LINE_ENDS)
