"""What can go wrong with an expression."""

from __future__ import annotations

from typing import Literal

from actlite.document.scalars import utf16_length

Kind = Literal["lexing", "parsing", "evaluation"]

UNKNOWN_NAME = "Unrecognized named-value"
UNKNOWN_FUNCTION = "Unrecognized function"
OUT_OF_MEMORY = "The maximum allowed memory size was exceeded"
_CODES = {UNKNOWN_NAME: "unknown-context", UNKNOWN_FUNCTION: "unknown-function"}


class ExpressionError(Exception):
    """An expression that can't be read or evaluated.

    ``message`` has GitHub's words (actions/runner ``src/Sdk/Expressions/ParseException.cs`` and the functions
    beside it). ``position`` is the place of the faulty token in ``source``, in characters from 1, and
    ``length`` how long that token is; None and 0 where no one token is at fault. ``code`` is the rule id of
    the finding that the error becomes.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        source: str = "",
        position: int | None = None,
        length: int = 0,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code or ("expression-failed" if kind == "evaluation" else "expression-syntax")
        self.message = message
        self.source = source
        self.position = position
        self.length = length


def token_error(kind: Kind, what: str, raw: str, start: int, source: str) -> ExpressionError:
    """An error about one token. ``start`` counts from 0; the message counts UTF-16 units, as GitHub does."""
    units = utf16_length(source[:start])
    message = f"{what}: '{raw}'. Located at position {units + 1} within expression: {source}"
    return ExpressionError(kind, message, source, start + 1, len(raw), _CODES.get(what, ""))


def evaluation_error(message: str) -> ExpressionError:
    """An error met while evaluating."""
    return ExpressionError("evaluation", message)
