"""``fromJSON(text)``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from actlite.expressions.errors import evaluation_error
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.functions.lenient_json import MAX_DEPTH, MAX_INTEGER, JsonError, read
from actlite.expressions.values import Value, fold, to_string

if TYPE_CHECKING:
    import json


def from_json(arguments: Arguments) -> Value:
    """The value of a JSON text.

    As lenient as GitHub's reader (``lenient_json``). Of several equal keys the last value counts; keys are
    equal without regard to case.
    Raises ExpressionError (R: Functions/FromJson.cs).
    """
    text = to_string(arguments[0])
    try:
        if "\\u" not in text or not _SURROGATE.search(text):
            value: Value = _decoder().decode(text)
            if not _deeper(value, MAX_DEPTH):
                return value
    except (ValueError, RecursionError):
        pass  # the lenient reader decides
    try:
        return _lenient(text)
    except JsonError as error:
        raise evaluation_error(f"Error parsing fromJson: {error}") from None


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""Halves of characters beyond U+FFFF, which must be made whole or be replaced."""


@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    import json  # not loaded for a list of workflows

    return json.JSONDecoder(object_pairs_hook=merge, parse_int=_integer, strict=False)


def _integer(digits: str) -> float:
    """An integer of plain JSON. Raises ValueError for one that is too long."""
    if len(digits) > MAX_INTEGER:
        raise ValueError(digits)
    return float(digits)


def _deeper(value: Any, depth: int) -> bool:
    """Whether arrays and objects are nested deeper than that."""
    level = [value]
    for _ in range(depth + 1):
        level = [item for outer in level for item in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value or [None]
    return (list(value.values()) or [None]) if isinstance(value, dict) else []


def merge(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values. The first spelling of a key stands, with its last value."""
    result = dict(pairs)
    folded = {fold(key): key for key, _ in reversed(pairs)}
    if len(folded) == len(result):
        return result
    result = {}
    for key, value in pairs:
        result[folded[fold(key)]] = value
    return result


def _lenient(text: str) -> Value:
    value: Value = read(text, merge)
    return value
