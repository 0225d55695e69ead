"""From a place in a scalar's text to the place in the file."""

from __future__ import annotations

from actlite.document.nodes import Scalar
from actlite.source import Span

_ESCAPE_DIGITS = {"x": 2, "u": 4, "U": 8}
_BLANK_ESCAPES = "nrt 0abefvNLP_"
"""Escapes of white space and control characters: none of them is part of what we look for."""


def place(scalar: Scalar, start: int, end: int) -> Span:
    """Where the stretch ``start``..``end`` of ``scalar.text`` stands in the file.

    Exact for plain, quoted and block scalars, over line folding, indentation and escapes. Where the text
    can't be followed (a scalar that an alias or a tag hides), the whole scalar's place is given.
    """
    span = scalar.span
    raw = span.text
    if not scalar.text or start >= len(scalar.text):
        return span
    end = max(start, min(end, len(scalar.text)))
    if scalar.plain and raw == scalar.text:
        return span.source.span(span.start + start, span.start + end)
    offsets = _visible(raw, scalar.plain)
    if offsets is None:
        return span
    wanted = [index for index, character in enumerate(scalar.text) if not _blank(character)]
    if len(offsets) != len(wanted):
        return span
    inside = [number for number, index in enumerate(wanted) if start <= index < max(end, start + 1)]
    if not inside:
        return span
    first, last = offsets[inside[0]], offsets[inside[-1]]
    return span.source.span(span.start + first[0], span.start + last[1])


def _blank(character: str) -> bool:
    return character.isspace() or character < " "


def _visible(raw: str, plain: bool) -> list[tuple[int, int]] | None:
    """Start and end, within a scalar as written, of each character of its text that is no white space."""
    at = _skip_properties(raw)
    sign = raw[at : at + 1]
    if plain:
        return [(i, i + 1) for i in range(at, len(raw)) if not _blank(raw[i])]
    if sign in ("|", ">"):
        line = raw.find("\n", at)
        return [(i, i + 1) for i in range(line, len(raw)) if not _blank(raw[i])] if line >= 0 else None
    if sign == "'":
        return _single_quoted(raw, at + 1)
    if sign == '"':
        return _double_quoted(raw, at + 1)
    return None


def _skip_properties(raw: str) -> int:
    """The offset after a tag and an anchor."""
    at = 0
    while raw[at : at + 1] in ("&", "!"):
        while at < len(raw) and not raw[at].isspace():
            at += 1
        while at < len(raw) and raw[at].isspace():
            at += 1
    return at


def _single_quoted(raw: str, at: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    end = len(raw) - 1
    while at < end:
        width = 2 if raw.startswith("''", at) else 1
        if not _blank(raw[at]):
            found.append((at, at + width))
        at += width
    return found


def _double_quoted(raw: str, at: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    end = len(raw) - 1
    while at < end:
        width = 1
        blank = _blank(raw[at])
        if raw[at] == "\\":
            letter = raw[at + 1]
            digits = _ESCAPE_DIGITS.get(letter, 0)
            width = 2 + digits
            code = raw[at + 2 : at + width]
            blank = letter in _BLANK_ESCAPES or letter in "\r\n\t"
            if digits:
                blank = _blank(chr(int(code, 16)))
        if not blank:
            found.append((at, at + width))
        at += width
    return found
