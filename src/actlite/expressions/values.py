"""Values of expressions: their kinds, coercions and comparisons.

Rules: actions/runner ``src/Sdk/Expressions/EvaluationResult.cs`` and ``Sdk/ExpressionUtility.cs``. Text is
compared without regard to case, character by character (.NET's OrdinalIgnoreCase).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isnan
from typing import Any

from actlite.document.scalars import int32, number_text

Value = None | bool | float | str | list[Any] | dict[str, Any]
"""Null, boolean, number, string, array or object. An int given in a context is taken as a number."""

WHITESPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""What .NET takes as white space (Char.IsWhiteSpace)."""

_FLOAT = re.compile(r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\0*", re.ASCII)
"""NUL characters after a number are as nothing to Double.TryParse."""
_BASED = re.compile(r"0x([0-9a-fA-F]+)|0o([0-7]+)")
_NAMED = {
    "infinity": float("inf"),
    "+infinity": float("inf"),
    "-infinity": float("-inf"),
}
_NAN = float("nan")


class CaseSensitiveDict(dict[str, Any]):
    """An object whose keys are looked up as they are written: the ``env`` context on Linux."""


class FilteredArray(list[Any]):
    """What ``.*`` gives: the next index applies to each item."""


def kind_of(value: object) -> str:
    """Null, Boolean, Number, String, Array or Object: the name that GitHub's messages use."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, float | int):
        return "Number"
    if isinstance(value, str):
        return "String"
    if isinstance(value, list | tuple):
        return "Array"
    return "Object"


def is_primitive(value: object) -> bool:
    """Whether the value is null, a boolean, a number or a string."""
    return value is None or isinstance(value, str | bool | float | int)


def is_truthy(value: object) -> bool:
    """All is true but null, false, 0, NaN and ''. Empty arrays and objects are true."""
    if isinstance(value, float):
        return value != 0 and not isnan(value)
    if value is None or isinstance(value, str | bool | int):
        return bool(value)
    return True


def to_string(value: object) -> str:
    """The value as text: null is '', numbers have 15 digits, collections are ``Array`` and ``Object``."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(float(value))
    return kind_of(value)


def to_number(value: object) -> float:
    """The value as a number: null is 0, true is 1, text by ``parse_number``; NaN for collections."""
    if isinstance(value, float):
        return value
    if value is None:
        return 0.0
    if isinstance(value, bool | int):
        return float(value)
    if isinstance(value, str):
        return parse_number(value)
    return _NAN


def parse_number(text: str) -> float:
    """Text to a number: '' is 0, decimal, ``0x`` and ``0o`` (32 bits, small letter), ``Infinity``; else NaN."""
    text = text.strip(WHITESPACE)
    if not text:
        return 0.0
    match = _FLOAT.fullmatch(text)
    if match:
        return float(match[1])
    match = _BASED.fullmatch(text)
    if match:
        try:
            return int32(match[1], 16) if match[1] else int32(match[2], 8)
        except ValueError:
            return _NAN
    return _NAMED.get(text.lower(), _NAN) if text.isascii() else _NAN


def fold(text: str) -> str:
    """The text in the form in which it is compared without regard to case; as long as the text itself."""
    if text.isascii():
        return text.upper()
    return "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    if character in "\u0131\u017f":  # .NET leaves dotless i and long s alone
        return character
    upper = character.upper()
    if len(upper) == 1:
        return upper
    title = character.title()  # ᾳ and its like: one capital letter, though in full they are two
    return title if len(title) == 1 else character


def equals(left: object, right: object) -> bool:
    """``==``: text without regard to case; different kinds as numbers; collections by identity."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right or fold(left) == fold(right)
    left, right = _coerce(left, right)
    if isinstance(left, float) and isinstance(right, float):
        return left == right
    if isinstance(left, str) and isinstance(right, str):
        return fold(left) == fold(right)
    if isinstance(left, bool) and isinstance(right, bool):
        return left is right
    return left is right


def less_than(left: object, right: object) -> bool:
    """``<``: numbers, text (without regard to case) and booleans; false for everything else and NaN."""
    left, right = _coerce(left, right)
    if isinstance(left, float) and isinstance(right, float):
        return left < right
    if isinstance(left, str) and isinstance(right, str):
        return _order(left) < _order(right)
    if isinstance(left, bool) and isinstance(right, bool):
        return right and not left
    return False


def greater_than(left: object, right: object) -> bool:
    """``>``."""
    return less_than(right, left)


def less_or_equal(left: object, right: object) -> bool:
    """``<=``: equal or less, which for null and null is true."""
    return equals(left, right) or less_than(left, right)


def greater_or_equal(left: object, right: object) -> bool:
    """``>=``: equal or greater."""
    return equals(left, right) or less_than(right, left)


def lookup(mapping: Mapping[str, Any], key: str) -> Any:
    """A value of an object by its key, without regard to case unless the object is a CaseSensitiveDict.
    Raises KeyError."""
    try:
        return mapping[key]
    except KeyError:
        if isinstance(mapping, CaseSensitiveDict):
            raise
    wanted = fold(key)
    size = len(key)
    for name in mapping:
        if len(name) == size and fold(name) == wanted:
            return mapping[name]
    raise KeyError(key)


def _order(text: str) -> bytes:
    """A sort key: .NET compares UTF-16 units."""
    return fold(text).encode("utf-16-be", "surrogatepass")


def _coerce(left: object, right: object) -> tuple[object, object]:
    """Both values in one kind where that can be: text, boolean and null become numbers."""
    if isinstance(left, int) and not isinstance(left, bool):
        left = float(left)
    if isinstance(right, int) and not isinstance(right, bool):
        right = float(right)
    if type(left) is type(right):
        return left, right
    if isinstance(left, bool) or left is None:
        left = to_number(left)
    if isinstance(right, bool) or right is None:
        right = to_number(right)
    if isinstance(left, float) and isinstance(right, str):
        right = parse_number(right)
    elif isinstance(left, str) and isinstance(right, float):
        left = parse_number(left)
    return left, right
