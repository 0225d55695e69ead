"""Tokens to a tree, by operator precedence.

Rules: actions/runner ``src/Sdk/Expressions/ExpressionParser.cs`` and ``Tokens/Token.cs``. The stack is our own,
not Python's, so that no text can exhaust it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field
from functools import lru_cache

from actlite.expressions.ast import Call, Compare, Constant, Expr, Index, Logical, Name, Node, Not, Wildcard
from actlite.expressions.errors import UNKNOWN_FUNCTION, UNKNOWN_NAME, ExpressionError, token_error
from actlite.expressions.functions import BUILT_IN
from actlite.expressions.lexer import Kind, Lexer, Token
from actlite.records import changeable

MAX_LENGTH = 21_000
"""The longest expression, in characters."""
MAX_DEPTH = 50
"""How deep an expression may nest."""

_PRECEDENCE = {"!": 16, "<": 11, "<=": 11, ">": 11, ">=": 11, "==": 10, "!=": 10, "&&": 6, "||": 5}
_DOT = 19
_GIVEN_ARITY = {
    "always": (0, 0),
    "cancelled": (0, 0),
    "success": (0, 255),
    "failure": (0, 255),
    "hashfiles": (1, 255),
}
"""Least and most arguments of the functions that GitHub adds to the built-in ones in some places."""

Check = Callable[[Token], bool]


@changeable
class _Operand:
    node: Node
    depth: int
    start: int
    end: int


@changeable
class _Frame:
    """An open bracket, or the expression itself: the operators that wait in it."""

    opening: Token | None
    operators: list[Token] = field(default_factory=list)
    arguments: int = 0
    function: Token | None = None


def parse(source: str, *, contexts: Collection[str] | None = None, functions: Collection[str] = ()) -> Expr:
    """Parse an expression, written without ``${{ }}``.

    ``contexts`` are the names that may stand in it (None: any), ``functions`` those that may be called besides
    the built-in ones. Raises ExpressionError, at the first fault in the order of the text.
    """
    try:
        expr = parse_any(source)
    except ExpressionError as error:
        # An unknown name before the fault is the first fault.
        _parse(source, _checker(contexts), _checker(functions))
        raise error from None
    check_names(expr, contexts, functions)
    return expr


@lru_cache(maxsize=4096)
def parse_any(source: str) -> Expr:
    """Parse an expression with any names of contexts and functions. Raises ExpressionError."""
    return _parse(source, None, None)


def check_names(expr: Expr, contexts: Collection[str] | None, functions: Collection[str]) -> None:
    """Raise ExpressionError for the first name that is not among those given."""
    unknown: list[Name] = []
    if contexts is not None:
        unknown = [name for name in expr.names if not _known(name.name, contexts)]
    stray = [call for call in expr.calls if not _known(call[0], functions)]
    if unknown and (not stray or unknown[0].start < stray[0][1]):
        first = unknown[0]
        raise token_error("parsing", UNKNOWN_NAME, first.name, first.start, expr.source)
    if stray:
        raise token_error("parsing", UNKNOWN_FUNCTION, *stray[0], expr.source)


def _known(name: str, names: Collection[str]) -> bool:
    if name in names:
        return True
    lower = name.lower()
    return any(other.lower() == lower for other in names)


def _checker(names: Collection[str] | None) -> Check | None:
    return None if names is None else lambda token: _known(token.raw, names)


def _parse(source: str, known_name: Check | None, known_function: Check | None) -> Expr:
    if len(source) > MAX_LENGTH:
        raise ExpressionError("parsing", f"Exceeded max expression length {MAX_LENGTH}", source)
    return _Parser(source, known_name, known_function).run()


class _Parser:
    def __init__(self, source: str, known_name: Check | None, known_function: Check | None) -> None:
        self.source = source
        self.known_name = known_name
        self.known_function = known_function
        self.lexer = Lexer(source)
        self.operands: list[_Operand] = []
        self.frames = [_Frame(None)]
        self.names: list[Name] = []
        self.calls: list[tuple[str, int]] = []
        self.functions: set[str] = set()

    def run(self) -> Expr:
        function: Token | None = None
        last: Token | None = None
        for token in self.lexer:
            kind = token.kind
            if kind is Kind.FUNCTION:
                self.check_function(token)
                function = token
            elif kind in (Kind.GROUP, Kind.INDEX, Kind.PARAMETERS):
                if kind is Kind.INDEX:
                    self.reduce(_DOT)
                self.frames.append(_Frame(token, function=function))
                function = None
            elif kind in (Kind.DOT, Kind.BINARY, Kind.NOT):
                self.operator(token)
            elif kind in (Kind.SEPARATOR, Kind.END_GROUP, Kind.END_INDEX, Kind.END_PARAMETERS):
                self.close(token, last)
            else:
                self.operand(token)
            last = token
        if last is None:
            return Expr(self.source, None)
        if len(self.frames) > 1 or last.kind in (Kind.DOT, Kind.BINARY, Kind.NOT):
            raise token_error("parsing", "Unexpected end of expression", last.raw, last.start, self.source)
        self.reduce(0)
        root = self.operands.pop()
        if root.depth > MAX_DEPTH:
            raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}", self.source)
        return Expr(self.source, root.node, tuple(self.names), tuple(self.calls), frozenset(self.functions))

    def check_function(self, token: Token) -> None:
        key = token.raw.lower()
        self.functions.add(key)
        if key in BUILT_IN:
            return
        if self.known_function is not None and not self.known_function(token):
            raise token_error("parsing", UNKNOWN_FUNCTION, token.raw, token.start, self.source)
        self.calls.append((token.raw, token.start))

    def operand(self, token: Token) -> None:
        node: Node
        if token.kind is Kind.NAME:
            if self.known_name is not None and not self.known_name(token):
                raise token_error("parsing", UNKNOWN_NAME, token.raw, token.start, self.source)
            node = Name(token.raw, token.start, token.end)
            self.names.append(node)
        elif token.kind is Kind.WILDCARD:
            node = Wildcard(token.start, token.end)
        else:
            node = Constant(token.value, token.start, token.end)
        self.operands.append(_Operand(node, 1, token.start, token.end))

    def operator(self, token: Token) -> None:
        if token.kind is not Kind.NOT:
            self.reduce(_precedence(token))
        self.frames[-1].operators.append(token)

    def reduce(self, precedence: int) -> None:
        """Apply the operators that wait in the innermost bracket and bind at least that strongly."""
        operators = self.frames[-1].operators
        while operators and _precedence(operators[-1]) >= precedence:
            self.apply(operators.pop())

    def apply(self, token: Token) -> None:
        right = self.operands.pop()
        if token.kind is Kind.NOT:
            node: Node = Not(right.node, token.start, right.end)
            self.operands.append(_Operand(node, right.depth + 1, token.start, right.end))
            return
        left = self.operands.pop()
        depth = max(left.depth, right.depth) + 1
        start, end = left.start, right.end
        if token.kind is Kind.DOT:
            node = Index(left.node, right.node, start, end)
        elif token.raw in ("&&", "||"):
            nodes: tuple[Node, ...] = ()
            depth = 1
            for side in (left, right):
                nested = isinstance(side.node, Logical) and side.node.operator == token.raw
                nodes += side.node.operands if isinstance(side.node, Logical) and nested else (side.node,)
                depth = max(depth, side.depth if nested else side.depth + 1)
            node = Logical(token.raw, nodes, start, end)
        else:
            node = Compare(token.raw, left.node, right.node, start, end)
        self.operands.append(_Operand(node, depth, start, end))

    def close(self, token: Token, last: Token | None) -> None:
        self.reduce(0)
        frame = self.frames[-1]
        opening = frame.opening
        assert opening is not None
        if token.kind is Kind.SEPARATOR:
            frame.arguments += 1
            return
        self.frames.pop()
        if token.kind is Kind.END_GROUP:
            inner = self.operands[-1]
            inner.start, inner.end = opening.start, token.end
        elif token.kind is Kind.END_INDEX:
            index, target = self.operands.pop(), self.operands.pop()
            node: Node = Index(target.node, index.node, target.start, token.end)
            depth = max(target.depth, index.depth) + 1
            self.operands.append(_Operand(node, depth, target.start, token.end))
        else:
            empty = last is not None and last.kind is Kind.PARAMETERS
            self.call(frame, 0 if empty else frame.arguments + 1, token)

    def call(self, frame: _Frame, count: int, closing: Token) -> None:
        function = frame.function
        assert function is not None
        assert frame.opening is not None
        key = function.raw.lower()
        self.check_arity(key, count, frame.opening)
        cut = len(self.operands) - count
        arguments = self.operands[cut:]
        del self.operands[cut:]
        node = Call(function.raw, key, tuple(a.node for a in arguments), function.start, closing.end)
        depth = max((a.depth for a in arguments), default=0) + 1
        self.operands.append(_Operand(node, depth, function.start, closing.end))

    def check_arity(self, key: str, count: int, opening: Token) -> None:
        if key in BUILT_IN:
            least, most = BUILT_IN[key].least, BUILT_IN[key].most
        else:
            least, most = _GIVEN_ARITY.get(key, (0, 255))
        if count < least:
            what = "Too few parameters supplied"
        elif count > most:
            what = "Too many parameters supplied"
        elif key == "case" and count % 2 == 0:
            what = "Even number of parameters supplied, requires an odd number of parameters"
        else:
            return
        raise token_error("parsing", what, opening.raw, opening.start, self.source)


def _precedence(token: Token) -> int:
    return _DOT if token.kind is Kind.DOT else _PRECEDENCE[token.raw]
