"""``toJSON(value)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from actlite.document.scalars import utf16_length
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import to_string

_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(arguments: Arguments) -> str:
    """The value as JSON, indented by two spaces, empty collections on one line (R: Functions/ToJson.cs)."""
    pieces: list[str] = []
    size = 0
    for piece in _pieces(arguments[0]):
        pieces.append(piece)
        size += len(piece) if piece.isascii() else utf16_length(piece)
        arguments.check_room(len(pieces), size)
    return "".join(pieces)


def json_text(value: Any) -> str:
    """A value as ``toJSON`` writes it."""
    return "".join(_pieces(value))


@cache
def _encoder() -> Callable[[str], str]:
    import json  # not loaded for a list of workflows

    return json.JSONEncoder(ensure_ascii=False).encode


def _pieces(value: Any) -> Iterator[str]:
    """What is written one after the other, each with what must stand before it. The stack is our own, so that
    no depth can exhaust Python's."""
    stack: list[tuple[Iterator[Any], str]] = []
    before = ""
    line = "\n"
    while True:
        inside = _entries(value)
        if inside is not None:
            opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
            if value:
                yield before + opening
                stack.append((inside, closing))
                line += "  "
                before = line
            else:
                yield before + opening + closing
                before = "," + line
        else:
            yield before + (_text(value) if isinstance(value, str) else _plain(value))
            before = "," + line
        entry: Any = _END
        while stack:
            entries, closing = stack[-1]
            entry = next(entries, _END)
            if entry is not _END:
                break
            stack.pop()
            line = line[:-2]
            yield line + closing
            before = "," + line
        else:
            return
        if closing == "}":
            key, value = entry
            yield before + _text(key)
            before = ": "
        else:
            value = entry


_END = object()


def _entries(value: Any) -> Iterator[Any] | None:
    """What a collection holds, one by one; None for all other values."""
    if isinstance(value, Mapping):
        return iter(value.items())
    return iter(value) if isinstance(value, list | tuple) else None


def _plain(value: Any) -> str:
    return "null" if value is None else to_string(value)


def _text(text: str) -> str:
    return _encoder()(text).translate(_LINE_ENDS)
