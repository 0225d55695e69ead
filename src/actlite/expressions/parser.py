"""Tokens to a tree, by operator precedence.

Rules: actions/runner ``src/Sdk/Expressions/ExpressionParser.cs`` and ``Tokens/Token.cs``. The stack is our own,
not Python's, so that no text can exhaust it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache

from actlite.document.scalars import utf16_length
from actlite.expressions.ast import (
    Call,
    Compare,
    Constant,
    Expr,
    GivenCall,
    Index,
    Logical,
    Name,
    Node,
    Not,
    Wildcard,
)
from actlite.expressions.errors import UNKNOWN_FUNCTION, UNKNOWN_NAME, ExpressionError, token_error
from actlite.expressions.functions import BUILT_IN, MANY
from actlite.expressions.lexer import (
    BINARY,
    DOT,
    END_GROUP,
    END_INDEX,
    FUNCTION,
    GROUP,
    INDEX,
    LITERAL,
    NAME,
    NOT,
    PARAMETERS,
    PROPERTY,
    SEPARATOR,
    WILDCARD,
    Token,
    tokens,
)
from actlite.records import changeable, field

MAX_LENGTH = 21_000
"""The longest expression, in UTF-16 units."""
MAX_DEPTH = 50
"""How deep an expression may nest."""
_KEPT_LENGTH = 1_000
"""Expressions of at most so many characters are kept when they are parsed."""

_PRECEDENCE = {
    "!": 16,
    "<": 11,
    "<=": 11,
    ">": 11,
    ">=": 11,
    "==": 10,
    "!=": 10,
    "&&": 6,
    "||": 5,
}
_OPERANDS = frozenset((NAME, LITERAL, WILDCARD))
_OPERATORS = frozenset((DOT, BINARY, NOT))
_OPENS = frozenset((GROUP, INDEX, PARAMETERS))
_GIVEN_ARITY = {
    "always": (0, 0),
    "cancelled": (0, 0),
    "success": (0, 255),
    "failure": (0, 255),
    "hashfiles": (1, 255),
}
"""Least and most arguments of the functions that GitHub adds to the built-in ones in some places."""
_WITHOUT_ARGUMENTS = frozenset(("success", "failure"))
"""They take the names of jobs, but only where there is no ``hashFiles``: in the condition of a job (R:
``src/Sdk/WorkflowParser/workflow-v1.0.json``, job-if and step-if)."""

Check = Callable[[Token], bool]
_Operand = tuple[Node, int, int, int]
"""A node, how deep it nests, and where it starts and ends, brackets around it included."""


@changeable
class _Frame:
    """An open bracket, or the expression itself: the operators that wait in it, with their precedence."""

    opening: Token | None
    operators: list[tuple[int, Token]] = field(default_factory=list)
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


def parse_any(source: str) -> Expr:
    """Parse an expression with any names of contexts and functions. Raises ExpressionError."""
    return kept(source) if len(source) <= _KEPT_LENGTH else _parse(source, None, None)


@lru_cache(maxsize=4096)
def kept(source: str) -> Expr:
    """As ``parse_any``; the last few thousand answers are kept, for all threads."""
    return _parse(source, None, None)


def check_names(expr: Expr, contexts: Collection[str] | None, functions: Collection[str]) -> None:
    """Raise ExpressionError for the first name that is not among those given."""
    unknown: list[Name] = []
    if contexts is not None and expr.names:
        unknown = [name for name in expr.names if not _known(name.name, contexts)]
    if not unknown and not expr.calls:
        return
    stray = [call for call in expr.calls if not _known(call.name, functions)]
    if unknown and (not stray or unknown[0].start < stray[0].start):
        first = unknown[0]
        raise token_error("parsing", UNKNOWN_NAME, first.name, first.start, expr.source)
    if stray:
        raise token_error("parsing", UNKNOWN_FUNCTION, stray[0].name, stray[0].start, expr.source)
    for call in expr.calls:
        if call.count and call.name.lower() in _WITHOUT_ARGUMENTS and _known("hashFiles", functions):
            check_arity(call.name, call.count, 0, 0, call.opening, expr.source)


def _known(name: str, names: Collection[str]) -> bool:
    if name in names:
        return True
    lower = name.lower()
    return any(other.lower() == lower for other in names)


def _checker(names: Collection[str] | None) -> Check | None:
    return None if names is None else lambda token: _known(token.raw, names)


def _parse(source: str, known_name: Check | None, known_function: Check | None) -> Expr:
    if len(source) > MAX_LENGTH or (2 * len(source) > MAX_LENGTH and utf16_length(source) > MAX_LENGTH):
        raise ExpressionError("parsing", f"Exceeded max expression length {MAX_LENGTH}", source)
    return _Parser(source, known_name, known_function).run()


class _Parser:
    def __init__(self, source: str, known_name: Check | None, known_function: Check | None) -> None:
        self.source = source
        self.known_name = known_name
        self.known_function = known_function
        self.operands: list[_Operand] = []
        self.frames = [_Frame(None)]
        self.names: list[Name] = []
        self.calls: list[GivenCall] = []
        self.functions: set[str] = set()

    def run(self) -> Expr:
        function: Token | None = None
        last: Token | None = None
        frame = self.frames[-1]
        size = 0
        for token in tokens(self.source):
            kind = token.kind
            size += 1
            if kind is PROPERTY or (kind is WILDCARD and last is not None and last.kind is DOT):
                # A dot binds strongest of all: it needn't wait.
                size += 1
                target, depth, start, _ = self.operands.pop()
                end = token.end
                part = (
                    Constant(token.raw, token.start, end) if kind is PROPERTY else Wildcard(token.start, end)
                )
                self.operands.append((Index(target, part, start, end), depth + 1, start, end))
            elif kind in _OPERANDS:
                self.operand(token)
            elif kind is BINARY:
                precedence = _PRECEDENCE[token.raw]
                if frame.operators:
                    self.reduce(frame.operators, precedence)
                frame.operators.append((precedence, token))
            elif kind is DOT:
                pass
            elif kind is NOT:
                frame.operators.append((_PRECEDENCE["!"], token))
            elif kind is FUNCTION:
                self.check_function(token)
                function = token
            elif kind in _OPENS:
                frame = _Frame(token, [], 0, function)
                self.frames.append(frame)
                function = None
            else:
                self.close(token, last)
                frame = self.frames[-1]
            last = token
        if last is None:
            return Expr(self.source, None)
        if len(self.frames) > 1 or last.kind in _OPERATORS:
            raise token_error("parsing", "Unexpected end of expression", last.raw, last.start, self.source)
        self.reduce(frame.operators, 0)
        root, depth, _, _ = self.operands.pop()
        if depth > MAX_DEPTH:
            raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}", self.source)
        names, calls, functions = tuple(self.names), tuple(self.calls), frozenset(self.functions)
        return Expr(self.source, root, names, calls, functions, size)

    def check_function(self, token: Token) -> None:
        key = token.raw.lower()
        self.functions.add(key)
        if key in BUILT_IN:
            return
        if self.known_function is not None and not self.known_function(token):
            raise token_error("parsing", UNKNOWN_FUNCTION, token.raw, token.start, self.source)

    def operand(self, token: Token) -> None:
        node: Node
        start, end = token.start, token.end
        if token.kind is NAME:
            if self.known_name is not None and not self.known_name(token):
                raise token_error("parsing", UNKNOWN_NAME, token.raw, start, self.source)
            node = Name(token.raw, start, end)
            self.names.append(node)
        elif token.kind is WILDCARD:
            node = Wildcard(start, end)
        else:
            node = Constant(token.value, start, end)
        self.operands.append((node, 1, start, end))

    def reduce(self, operators: list[tuple[int, Token]], precedence: int) -> None:
        """Apply the operators that wait in the innermost bracket and bind at least that strongly."""
        while operators and operators[-1][0] >= precedence:
            self.apply(operators.pop()[1])

    def apply(self, token: Token) -> None:
        operands = self.operands
        right, depth, start, end = operands.pop()
        if token.kind is NOT:
            start = token.start
            operands.append((Not(right, start, end), depth + 1, start, end))
            return
        left, left_depth, start, _ = operands.pop()
        if token.raw in ("&&", "||"):
            chain, depth = _logical(token.raw, (left, left_depth), (right, depth), start, end)
            operands.append((chain, depth, start, end))
            return
        node = Compare(token.raw, left, right, start, end)
        operands.append((node, (left_depth if left_depth > depth else depth) + 1, start, end))

    def close(self, token: Token, last: Token | None) -> None:
        frame = self.frames[-1]
        self.reduce(frame.operators, 0)
        opening = frame.opening
        assert opening is not None
        if token.kind is SEPARATOR:
            frame.arguments += 1
            return
        self.frames.pop()
        operands = self.operands
        if token.kind is END_GROUP:
            node, depth, _, _ = operands.pop()
            operands.append((node, depth, opening.start, token.end))
        elif token.kind is END_INDEX:
            index, depth, _, _ = operands.pop()
            target, target_depth, start, _ = operands.pop()
            node = Index(target, index, start, token.end)
            operands.append((node, max(depth, target_depth) + 1, start, token.end))
        else:
            empty = last is not None and last.kind is PARAMETERS
            self.call(frame, opening, 0 if empty else frame.arguments + 1, token.end)

    def call(self, frame: _Frame, opening: Token, count: int, end: int) -> None:
        function = frame.function
        assert function is not None
        key = function.raw.lower()
        built_in = BUILT_IN.get(key)
        if built_in is not None:
            check_arity(key, count, built_in.least, built_in.most, opening.start, self.source)
        else:
            self.calls.append(GivenCall(function.raw, function.start, count, opening.start))
            check_arity(key, count, *_GIVEN_ARITY.get(key, (0, MANY)), opening.start, self.source)
        operands = self.operands
        cut = len(operands) - count
        arguments = operands[cut:]
        del operands[cut:]
        depth = max([argument[1] for argument in arguments], default=0) + 1
        node = Call(function.raw, key, tuple([argument[0] for argument in arguments]), function.start, end)
        operands.append((node, depth, function.start, end))


def _logical(
    operator: str, left: tuple[Node, int], right: tuple[Node, int], start: int, end: int
) -> tuple[Logical, int]:
    """A chain of ``&&`` or ``||``, and its depth; a chain of the same operator within becomes part of it."""
    nodes: tuple[Node, ...] = ()
    most = 1
    for node, depth in (left, right):
        if isinstance(node, Logical) and node.operator == operator:
            nodes += node.operands
            most = max(most, depth)
        else:
            nodes += (node,)
            most = max(most, depth + 1)
    return Logical(operator, nodes, start, end), most


def check_arity(key: str, count: int, least: int, most: int, at: int, source: str) -> None:
    """Raise ExpressionError for a call with too few or too many arguments; ``at`` is where its bracket is."""
    if count < least:
        what = "Too few parameters supplied"
    elif count > most:
        what = "Too many parameters supplied"
    elif key == "case" and count % 2 == 0:
        what = "Even number of parameters supplied, requires an odd number of parameters"
    else:
        return
    raise token_error("parsing", what, "(", at, source)
