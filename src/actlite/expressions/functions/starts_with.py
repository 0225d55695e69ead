"""``startsWith(text, start)``."""

from __future__ import annotations

from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import fold, is_primitive, to_string


def starts_with(arguments: Arguments) -> bool:
    """Whether a text begins with another, without regard to case; false for collections."""
    text = arguments[0]
    if not is_primitive(text):
        return False
    start = arguments[1]
    return is_primitive(start) and fold(to_string(text)).startswith(fold(to_string(start)))
