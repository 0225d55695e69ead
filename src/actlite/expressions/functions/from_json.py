"""``fromJSON(text)``."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from actlite.expressions.errors import evaluation_error
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.functions.lenient_json import MAX_DEPTH, JsonError, read
from actlite.expressions.values import Value, fold, to_string


def from_json(arguments: Arguments) -> Value:
    """The value of a JSON text.

    As lenient as GitHub's reader: comments, single quotes, unquoted keys and whatever follows the first value
    are accepted. Of several equal keys the last value counts; keys are equal without regard to case.
    Raises ExpressionError (R: Functions/FromJson.cs).
    """
    text = to_string(arguments[0])
    try:
        if text.count("[") + text.count("{") <= MAX_DEPTH:
            value: Value = _decoder().decode(text)
            return value
    except ValueError:
        pass  # the lenient reader decides
    try:
        return _lenient(text)
    except JsonError as error:
        raise evaluation_error(f"Error parsing fromJson: {error}") from None


@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=merge, parse_int=float, strict=False)


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
