"""``endsWith(text, end)``."""

from __future__ import annotations

from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import fold, is_primitive, to_string


def ends_with(arguments: Arguments) -> bool:
    """Whether a text ends with another, without regard to case; false for collections."""
    text = arguments[0]
    if not is_primitive(text):
        return False
    end = arguments[1]
    return is_primitive(end) and fold(to_string(text)).endswith(fold(to_string(end)))
