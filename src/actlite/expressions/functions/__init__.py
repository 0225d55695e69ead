"""The functions that every expression may call, one file each.

What GitHub adds in some places (``always``, ``success``, ``failure``, ``cancelled``, ``hashFiles``) is given by
the caller. Rules: actions/runner ``src/Sdk/Expressions/Sdk/Functions`` and ``ExpressionConstants.cs``.
"""

from __future__ import annotations

from collections.abc import Callable

from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.functions.case import case
from actlite.expressions.functions.contains import contains
from actlite.expressions.functions.ends_with import ends_with
from actlite.expressions.functions.format import format_
from actlite.expressions.functions.from_json import from_json
from actlite.expressions.functions.join import join
from actlite.expressions.functions.starts_with import starts_with
from actlite.expressions.functions.to_json import to_json
from actlite.expressions.values import Value
from actlite.records import frozen

MANY = 255
"""The most arguments that any function takes."""


@frozen
class BuiltIn:
    """A built-in function: its name as documented, its least and most arguments, and what it does."""

    name: str
    least: int
    most: int
    apply: Callable[[Arguments], Value]


BUILT_IN: dict[str, BuiltIn] = {
    function.name.lower(): function
    for function in (
        BuiltIn("case", 3, MANY, case),
        BuiltIn("contains", 2, 2, contains),
        BuiltIn("endsWith", 2, 2, ends_with),
        BuiltIn("format", 1, MANY, format_),
        BuiltIn("fromJSON", 1, 1, from_json),
        BuiltIn("join", 1, 2, join),
        BuiltIn("startsWith", 2, 2, starts_with),
        BuiltIn("toJSON", 1, 1, to_json),
    )
}
"""All built-in functions, by their names in small letters."""
