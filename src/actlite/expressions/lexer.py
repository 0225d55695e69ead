"""Text of an expression to tokens.

As in GitHub's own lexer (actions/runner ``src/Sdk/Expressions/Tokens/LexicalAnalyzer.cs``), each token is
judged by the one before it and by the brackets that are open. What passes is a well-formed expression, but
for its end, which the parser judges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isnan

from actlite.expressions.errors import ExpressionError, token_error
from actlite.expressions.values import WHITESPACE, parse_number
from actlite.records import changeable

# Kinds of tokens: texts, because members of a class or an Enum take longer to look up than all the rest.
GROUP = "group"
END_GROUP = "end of group"
INDEX = "index"
END_INDEX = "end of index"
PARAMETERS = "parameters"
END_PARAMETERS = "end of parameters"
SEPARATOR = "separator"
DOT = "dot"
WILDCARD = "wildcard"
NOT = "not"
BINARY = "binary"
LITERAL = "literal"
PROPERTY = "property"
FUNCTION = "function"
NAME = "name"


@changeable
class Token:
    """A token: its text as written, where it starts and ends, and a literal's value."""

    kind: str
    raw: str
    start: int
    end: int
    value: bool | float | str | None = None


_BLANK = re.escape(WHITESPACE)
_ENDS = rf"\]\[(),!<>=&|{_BLANK}"
_SKIP = re.compile(f"[{_BLANK}]*")
_WORD = re.compile(rf"[^.{_ENDS}]*")
_NUMBER = re.compile(rf"[^{_ENDS}]*")
# An atomic group, not a possessive quantifier: Python 3.11.2 (Debian 12's own) matches those wrongly.
_TOKEN = re.compile(
    rf"[{_BLANK}]*(?:([A-Za-z_][A-Za-z0-9_-]*)(?=[.{_ENDS}]|\Z)([{_BLANK}]*\()?|('(?>(?:[^']+|'')*)')"
    rf"|([-+0-9][^{_ENDS}]*)|(==|!=|<=|>=|&&|\|\||[<>])|([][(),*!.]))"
)
_PROPERTY = re.compile(rf"\.([A-Za-z_][A-Za-z0-9_-]*)(?=[.{_ENDS}]|\Z)")
_STRING = re.compile(r"'(?:[^']|'')*")
_WORD_GROUP, _CALL_GROUP, _STRING_GROUP, _NUMBER_GROUP, _BINARY_GROUP = 1, 2, 3, 4, 5
_CONSTANTS: dict[str, bool | float | None] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_SIGNS = {
    "[": INDEX,
    "]": END_INDEX,
    ",": SEPARATOR,
    "*": WILDCARD,
    "!": NOT,
    "(": GROUP,
    ")": END_GROUP,
    ".": DOT,
}

_OPENING: tuple[str | None, ...] = (
    None,
    SEPARATOR,
    GROUP,
    PARAMETERS,
    INDEX,
    NOT,
    BINARY,
)
_INDEXABLE = frozenset((END_GROUP, END_PARAMETERS, END_INDEX, WILDCARD, PROPERTY, NAME))
_OPERAND_ENDS = (*_INDEXABLE, LITERAL)
_MAY_FOLLOW: dict[str, frozenset[str | None]] = {
    GROUP: frozenset(_OPENING),
    INDEX: frozenset(_INDEXABLE),
    PARAMETERS: frozenset((FUNCTION,)),
    END_GROUP: frozenset(_OPERAND_ENDS),
    END_INDEX: frozenset(_OPERAND_ENDS),
    END_PARAMETERS: frozenset((PARAMETERS, *_OPERAND_ENDS)),
    SEPARATOR: frozenset(_OPERAND_ENDS),
    DOT: frozenset(_INDEXABLE),
    WILDCARD: frozenset((INDEX, DOT)),
    NOT: frozenset(_OPENING),
    BINARY: frozenset(_OPERAND_ENDS),
    LITERAL: frozenset(_OPENING),
    PROPERTY: frozenset((DOT,)),
    FUNCTION: frozenset(_OPENING),
    NAME: frozenset(_OPENING),
}
_OPENS = frozenset((GROUP, INDEX, PARAMETERS))
_INSIDE = {
    END_GROUP: GROUP,
    END_INDEX: INDEX,
    END_PARAMETERS: PARAMETERS,
    SEPARATOR: PARAMETERS,
}


def tokens(source: str) -> Iterator[Token]:
    """The tokens of an expression, but for the dots before names: these are told by the names' being properties.

    Raises ExpressionError at the first that can't stand where it does.
    """
    at = 0
    last: str | None = None
    open_: list[str] = []
    while True:
        match = _TOKEN.match(source, at)
        if match is None:
            skipped = _SKIP.match(source, at)
            at = skipped.end() if skipped else at
            if at >= len(source):
                return
            raise _unknown(source, at)
        group = match.lastindex
        if group is _WORD_GROUP or group is _CALL_GROUP:
            raw = match[_WORD_GROUP]
            start, at = match.span(_WORD_GROUP)
            if last is DOT:
                token = Token(PROPERTY, raw, start, at, raw)
            elif raw in _CONSTANTS:
                token = Token(LITERAL, raw, start, at, _CONSTANTS[raw])
            else:
                token = Token(NAME if group is _WORD_GROUP else FUNCTION, raw, start, at)
        else:
            token = _sign(source, match, last, open_)
            at = token.end
        kind = token.kind
        if last not in _MAY_FOLLOW[kind]:
            raise token_error("parsing", "Unexpected symbol", token.raw, token.start, source)
        if kind in _OPENS:
            open_.append(kind)
        elif kind in _INSIDE:
            if not open_ or open_[-1] is not _INSIDE[kind]:
                raise token_error("parsing", "Unexpected symbol", token.raw, token.start, source)
            if kind is not SEPARATOR:
                open_.pop()
        last = kind
        yield token
        # The plain way to go on, ``.name``, needs no judging: the dot and the name are one step.
        while last in _INDEXABLE and (match := _PROPERTY.match(source, at)):
            raw = match[1]
            start, at = match.span(1)
            last = PROPERTY
            yield Token(last, raw, start, at, raw)


def _sign(source: str, match: re.Match[str], last: str | None, open_: list[str]) -> Token:
    """The token that is no word and that the pattern has found."""
    group = match.lastindex or 0
    raw = match[group]
    start, end = match.span(group)
    if group is _BINARY_GROUP:
        return Token(BINARY, raw, start, end)
    if group is _STRING_GROUP:
        return Token(LITERAL, raw, start, end, raw[1:-1].replace("''", "'"))
    if group is _NUMBER_GROUP:
        return _number(source, start)
    kind = _SIGNS[raw]
    if kind is GROUP and last is FUNCTION:
        kind = PARAMETERS
    elif kind is END_GROUP and open_ and open_[-1] is PARAMETERS:
        kind = END_PARAMETERS
    elif kind is DOT and last in _OPENING:
        return _number(source, start)
    return Token(kind, raw, start, end)


def _unknown(source: str, at: int) -> ExpressionError:
    """The error about what is no token: a lone sign of an operator, a word with other signs in it, a string
    without its end."""
    match = _STRING.match(source, at) or _WORD.match(source, at + 1)
    return token_error(
        "lexing", "Unexpected symbol", source[at : match.end() if match else at + 1], at, source
    )


def _number(source: str, at: int) -> Token:
    match = _NUMBER.match(source, at + 1)
    end = match.end() if match else at + 1
    raw = source[at:end]
    number = parse_number(raw)
    if isnan(number):
        raise token_error("lexing", "Unexpected symbol", raw, at, source)
    return Token(LITERAL, raw, at, end, number)
