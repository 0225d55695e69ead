"""What a plain scalar means: YAML 1.2's core schema as GitHub reads it.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/YamlObjectReader.cs`` (MatchNull, MatchBoolean,
MatchInteger, MatchFloat). YAML 1.1's own ideas (``on``, ``yes``, ``0o7`` as text, ``1_000``, dates, ``1:30``)
play no part.
"""

from __future__ import annotations

import re
from math import isnan

from actlite.document.nodes import Primitive

TAG_PREFIX = "tag:yaml.org,2002:"
"""What ``!!`` stands for in a tag."""

_CONSTANTS: dict[str, Primitive] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((sign + word for sign in ("", "+") for word in (".inf", ".Inf", ".INF")), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED = re.compile(r"0x([0-9a-fA-F]+)|0o([0-7]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)


def plain_value(text: str) -> Primitive:
    """The value of a scalar that is written without quotes and without a tag.

    Raises ValueError for a hexadecimal or octal number that doesn't fit into 32 bits.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    number = _integer(text)
    if number is None and _FLOAT.fullmatch(text):
        number = float(text)
    return text if number is None else number


def tagged_value(text: str, tag: str) -> Primitive:
    """The value of a plain scalar with one of the tags !!null, !!bool, !!int, !!float.

    Raises ValueError when the text is no such value, KeyError for any other tag.
    """
    name = tag.removeprefix(TAG_PREFIX)
    if name == tag or name not in ("null", "bool", "int", "float"):
        raise KeyError(tag)
    constant = _CONSTANTS.get(text, text)
    if name == "null" and constant is None:
        return None
    if name == "bool" and isinstance(constant, bool):
        return constant
    if name == "int" and (number := _integer(text)) is not None:
        return number
    if name == "float":
        if isinstance(constant, float):
            return constant
        if _FLOAT.fullmatch(text):
            return float(text)
    raise ValueError(text)


def number_text(number: float) -> str:
    """A number as GitHub writes it: 15 significant digits, C#'s ``G15`` (``1E+20``, ``1E-05``, ``NaN``)."""
    if number == 0:
        return "0"
    if isnan(number):
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return format(number, ".15g").upper()


def primitive_text(value: Primitive) -> str:
    """A scalar's value where a string is wanted: ``1.10`` is ``1.1``, ``True`` is ``true``, null is ''."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value)


def int32(digits: str, base: int) -> float:
    """A hexadecimal or octal number as C#'s Int32 reads it: ``ffffffff`` is -1. Raises ValueError beyond."""
    number = int(digits, base)
    if number > 0xFFFFFFFF:
        raise ValueError(digits)
    return float(number - 0x1_0000_0000 if number > 0x7FFFFFFF else number)


def _integer(text: str) -> float | None:
    if _INTEGER.fullmatch(text):
        return float(text)
    if match := _BASED.fullmatch(text):
        return int32(match[1], 16) if match[1] else int32(match[2], 8)
    return None


def utf16_length(text: str) -> int:
    """The length of a text as .NET counts it: characters beyond U+FFFF count as two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
