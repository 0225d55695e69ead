"""``contains(search, item)``."""

from __future__ import annotations

from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import equals, fold, is_primitive, to_string


def contains(arguments: Arguments) -> bool:
    """Whether a text holds another, without regard to case, or an array holds an equal item.

    An object holds nothing (R: Functions/Contains.cs).
    """
    search = arguments[0]
    if is_primitive(search):
        item = arguments[1]
        return is_primitive(item) and fold(to_string(item)) in fold(to_string(search))
    if isinstance(search, list) and search:
        item = arguments[1]
        return any(equals(item, member) for member in search)
    return False
