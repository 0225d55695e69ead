"""``case(predicate, value, …, default)``."""

from __future__ import annotations

from actlite.expressions.errors import evaluation_error
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.values import Value


def case(arguments: Arguments) -> Value:
    """The value after the first predicate that is true, else the default. Nothing more is evaluated.

    Raises ExpressionError for a predicate that is no boolean (R: Functions/Case.cs).
    """
    last = len(arguments) - 1
    for index in range(0, last, 2):
        predicate = arguments[index]
        if not isinstance(predicate, bool):
            raise evaluation_error("case predicate must evaluate to a boolean value")
        if predicate:
            value: Value = arguments[index + 1]
            return value
    default: Value = arguments[last]
    return default
