"""``join(array, separator)``."""

from __future__ import annotations

from actlite.document.scalars import utf16_length
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import is_primitive, to_string


def join(arguments: Arguments) -> str:
    """The items as text, with the separator (a comma, if it is not given or a collection) between them.

    One value that is no collection is itself; an object is '' (R: Functions/Join.cs).
    """
    items = arguments[0]
    if is_primitive(items):
        return to_string(items)
    if not isinstance(items, list) or not items:
        return ""
    texts = [to_string(item) for item in items]
    separator = ","
    if len(texts) > 1 and len(arguments) > 1:
        given = arguments[1]
        if is_primitive(given):
            separator = to_string(given)
    more = len(texts) - 1
    arguments.check_room(len(texts) + more, sum(map(len, texts)) + len(separator) * more)
    joined = separator.join(texts)
    if not joined.isascii():
        arguments.check_room(len(texts) + more, utf16_length(joined))
    return joined
