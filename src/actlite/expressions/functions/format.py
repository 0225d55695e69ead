"""``format(text, …)``."""

from __future__ import annotations

import re
from functools import lru_cache

from actlite.document.scalars import utf16_length
from actlite.expressions.errors import evaluation_error
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import kind_of, to_string

_PLACE = re.compile(r"\{0*([0-9]{1,3})(?::((?>(?:[^}]|\}\})*)))?\}", re.ASCII)
_BRACE = re.compile("[{}]")


def format_(arguments: Arguments) -> str:
    """The text with ``{0}`` replaced by the next argument and so on; ``{{`` and ``}}`` are braces.

    Raises ExpressionError for a lone brace, a number without argument, and for what stands after a ``:`` in a
    placeholder, which no kind of value takes (R: Functions/Format.cs).
    """
    text = to_string(arguments[0])
    given = len(arguments) - 1
    known: dict[int, str] = {}
    out: list[str] = []
    size = 0
    parts = _parts(text)
    for part in parts:
        if isinstance(part, str):
            continue
        if part[0] < 0:
            raise evaluation_error(f"The following format string is invalid: {text}")
        if part[0] >= given:
            raise evaluation_error(
                f"The following format string references more arguments than were supplied: {text}"
            )
    for part in parts:
        if isinstance(part, str):
            piece = part
        else:
            index, specifiers = part
            if index not in known:
                value = arguments[index + 1]
                if specifiers:
                    raise _bad_specifiers(specifiers, value)
                known[index] = to_string(value)
            elif specifiers:
                raise _bad_specifiers(specifiers, arguments[index + 1])
            piece = known[index]
        if piece:
            size += len(piece) if piece.isascii() else utf16_length(piece)
            out.append(piece)
            arguments.check_room(len(out), size)
    return "".join(out)


def placeholders(text: str) -> frozenset[int] | None:
    """The numbers of the placeholders in a format string; None for one that is invalid."""
    numbers = frozenset(part[0] for part in _parts(text) if not isinstance(part, str))
    return None if -1 in numbers else numbers


def _bad_specifiers(specifiers: str, value: object) -> Exception:
    return evaluation_error(
        f"The format specifiers '{specifiers}' are not valid for objects of type '{kind_of(value)}'"
    )


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[str | tuple[int, str], ...]:
    """Texts, and placeholders as argument number and specifiers; number -1 is where the text is invalid."""
    parts: list[str | tuple[int, str]] = []
    at = 0
    brace = _next_brace(text, at)
    while brace >= 0:
        if text[brace + 1 : brace + 2] == text[brace]:
            parts.append(text[at : brace + 1])
            at = brace + 2
        else:
            match = _PLACE.match(text, brace)
            if match is None or int(match[1]) > 255:
                return (*parts, (-1, ""))
            parts.append(text[at:brace])
            parts.append((int(match[1]), (match[2] or "").replace("}}", "}")))
            at = match.end()
        brace = _next_brace(text, at)
    return (*parts, text[at:])


def _next_brace(text: str, at: int) -> int:
    """The offset of the next brace, or -1."""
    match = _BRACE.search(text, at)
    return match.start() if match else -1
