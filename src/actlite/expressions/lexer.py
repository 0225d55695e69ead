"""Text of an expression to tokens.

As in GitHub's own lexer (actions/runner ``src/Sdk/Expressions/Tokens/LexicalAnalyzer.cs``), each token is
judged by the one before it and by the brackets that are open. What passes is a well-formed expression, but
for its end, which the parser judges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from math import isnan

from actlite.expressions.errors import token_error
from actlite.expressions.values import WHITESPACE, parse_number
from actlite.records import changeable


class Kind(Enum):
    """Kinds of tokens."""

    GROUP = auto()
    END_GROUP = auto()
    INDEX = auto()
    END_INDEX = auto()
    PARAMETERS = auto()
    END_PARAMETERS = auto()
    SEPARATOR = auto()
    DOT = auto()
    WILDCARD = auto()
    NOT = auto()
    BINARY = auto()
    LITERAL = auto()
    PROPERTY = auto()
    FUNCTION = auto()
    NAME = auto()


@changeable
class Token:
    """A token: its text as written, where it starts, and a literal's value."""

    kind: Kind
    raw: str
    start: int
    value: bool | float | str | None = None

    @property
    def end(self) -> int:
        """The offset after the token."""
        return self.start + len(self.raw)


_BLANK = re.escape(WHITESPACE)
_SKIP = re.compile(f"[{_BLANK}]*")
_WORD = re.compile(rf"[^][(),.!<>=&|{_BLANK}]*")
_NUMBER = re.compile(rf"[^][(),!<>=&|{_BLANK}]*")
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STRING = re.compile(r"'((?:[^']|'')*)('?)")
_OPERATORS = ("==", "!=", "<=", ">=", "&&", "||", "!", "<", ">")
_CONSTANTS: dict[str, bool | float | None] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}

_OPENING: tuple[Kind | None, ...] = (
    None,
    Kind.SEPARATOR,
    Kind.GROUP,
    Kind.PARAMETERS,
    Kind.INDEX,
    Kind.NOT,
    Kind.BINARY,
)
_INDEXABLE = (
    Kind.END_GROUP,
    Kind.END_PARAMETERS,
    Kind.END_INDEX,
    Kind.WILDCARD,
    Kind.PROPERTY,
    Kind.NAME,
)
_OPERAND_ENDS = (*_INDEXABLE, Kind.LITERAL)
_MAY_FOLLOW: dict[Kind, frozenset[Kind | None]] = {
    Kind.GROUP: frozenset(_OPENING),
    Kind.INDEX: frozenset(_INDEXABLE),
    Kind.PARAMETERS: frozenset((Kind.FUNCTION,)),
    Kind.END_GROUP: frozenset(_OPERAND_ENDS),
    Kind.END_INDEX: frozenset(_OPERAND_ENDS),
    Kind.END_PARAMETERS: frozenset((Kind.PARAMETERS, *_OPERAND_ENDS)),
    Kind.SEPARATOR: frozenset(_OPERAND_ENDS),
    Kind.DOT: frozenset(_INDEXABLE),
    Kind.WILDCARD: frozenset((Kind.INDEX, Kind.DOT)),
    Kind.NOT: frozenset(_OPENING),
    Kind.BINARY: frozenset(_OPERAND_ENDS),
    Kind.LITERAL: frozenset(_OPENING),
    Kind.PROPERTY: frozenset((Kind.DOT,)),
    Kind.FUNCTION: frozenset(_OPENING),
    Kind.NAME: frozenset(_OPENING),
}
_INSIDE = {
    Kind.END_GROUP: Kind.GROUP,
    Kind.END_INDEX: Kind.INDEX,
    Kind.END_PARAMETERS: Kind.PARAMETERS,
    Kind.SEPARATOR: Kind.PARAMETERS,
}


class Lexer:
    """Reads tokens one by one. ``open`` holds the kinds of the brackets that are open."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: list[Kind] = []
        self.last: Token | None = None

    def __iter__(self) -> Iterator[Token]:
        """The tokens. Raises ExpressionError at the first that can't stand where it does."""
        source = self.source
        at = 0
        while True:
            match = _SKIP.match(source, at)
            at = match.end() if match else at
            if at >= len(source):
                return
            token = self._read(at)
            self._judge(token)
            self.last = token
            at = token.end
            yield token

    def _read(self, at: int) -> Token:
        source = self.source
        sign = source[at]
        simple = _SIMPLE.get(sign)
        if simple is not None:
            return Token(simple, sign, at)
        if sign == "(":
            called = self.last is not None and self.last.kind is Kind.FUNCTION
            return Token(Kind.PARAMETERS if called else Kind.GROUP, sign, at)
        if sign == ")":
            called = bool(self.open) and self.open[-1] is Kind.PARAMETERS
            return Token(Kind.END_PARAMETERS if called else Kind.END_GROUP, sign, at)
        if sign == "'":
            return self._string(at)
        if sign in "!<>=&|":
            return self._operator(at)
        last = self.last.kind if self.last else None
        if sign == "." and last not in _OPENING:
            return Token(Kind.DOT, sign, at)
        if sign in "+-.0123456789":
            return self._number(at)
        return self._keyword(at)

    def _string(self, at: int) -> Token:
        match = _STRING.match(self.source, at)
        assert match is not None
        if not match[2]:
            raise token_error("lexing", "Unexpected symbol", match[0], at, self.source)
        return Token(Kind.LITERAL, match[0], at, match[1].replace("''", "'"))

    def _operator(self, at: int) -> Token:
        for operator in _OPERATORS:
            if self.source.startswith(operator, at):
                return Token(Kind.NOT if operator == "!" else Kind.BINARY, operator, at)
        match = _WORD.match(self.source, at + 1)
        end = match.end() if match else at + 1
        raise token_error("lexing", "Unexpected symbol", self.source[at:end], at, self.source)

    def _number(self, at: int) -> Token:
        match = _NUMBER.match(self.source, at + 1)
        raw = self.source[at : match.end() if match else at + 1]
        number = parse_number(raw)
        if isnan(number):
            raise token_error("lexing", "Unexpected symbol", raw, at, self.source)
        return Token(Kind.LITERAL, raw, at, number)

    def _keyword(self, at: int) -> Token:
        match = _WORD.match(self.source, at + 1)
        end = match.end() if match else at + 1
        raw = self.source[at:end]
        if not _KEYWORD.fullmatch(raw):
            raise token_error("lexing", "Unexpected symbol", raw, at, self.source)
        if self.last is not None and self.last.kind is Kind.DOT:
            return Token(Kind.PROPERTY, raw, at, raw)
        if raw in _CONSTANTS:
            return Token(Kind.LITERAL, raw, at, _CONSTANTS[raw])
        skip = _SKIP.match(self.source, end)
        called = self.source.startswith("(", skip.end() if skip else end)
        return Token(Kind.FUNCTION if called else Kind.NAME, raw, at)

    def _judge(self, token: Token) -> None:
        kind = token.kind
        legal = (self.last.kind if self.last else None) in _MAY_FOLLOW[kind]
        needed = _INSIDE.get(kind)
        if legal and needed is not None:
            legal = bool(self.open) and self.open[-1] is needed
        if not legal:
            raise token_error("parsing", "Unexpected symbol", token.raw, token.start, self.source)
        if kind in (Kind.GROUP, Kind.INDEX, Kind.PARAMETERS):
            self.open.append(kind)
        elif needed is not None and kind is not Kind.SEPARATOR:
            self.open.pop()


_SIMPLE = {"[": Kind.INDEX, "]": Kind.END_INDEX, ",": Kind.SEPARATOR, "*": Kind.WILDCARD}
