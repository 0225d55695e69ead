"""From a tree to a value.

Rules: actions/runner ``src/Sdk/Expressions/Sdk/Operators`` and ``EvaluationMemory.cs``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from actlite.expressions.ast import Call, Compare, Constant, Expr, Index, Logical, Name, Node, Not, Wildcard
from actlite.expressions.errors import OUT_OF_MEMORY, ExpressionError, evaluation_error
from actlite.expressions.functions import BUILT_IN
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.parser import check_names, parse
from actlite.expressions.values import (
    FilteredArray,
    Value,
    equals,
    greater_or_equal,
    greater_than,
    is_primitive,
    is_truthy,
    less_or_equal,
    less_than,
    lookup,
    to_number,
    to_string,
)

Functions = Mapping[str, Callable[[Sequence[Value]], Value]]
"""Functions that the caller gives, by name; they get their arguments evaluated."""
NO_FUNCTIONS: Functions = MappingProxyType({})
"""Nothing but the built-in functions."""

MAX_MEMORY = 1024 * 1024
"""How many bytes of new text one expression may hold at a time, at two bytes a character."""
_TEXT_OVERHEAD = 26

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": equals,
    "!=": lambda left, right: not equals(left, right),
    "<": less_than,
    "<=": less_or_equal,
    ">": greater_than,
    ">=": greater_or_equal,
}


def evaluate(
    source: str | Expr,
    contexts: Mapping[str, Any],
    functions: Functions = NO_FUNCTIONS,
    *,
    max_memory: int = MAX_MEMORY,
) -> Value:
    """Evaluate an expression, written without ``${{ }}``.

    ``contexts`` and ``functions`` are all that it may name; the functions get evaluated arguments. Raises
    ExpressionError; a function of the caller may raise it too.
    """
    expr = checked(source, contexts, functions)
    if expr.root is None:
        return None
    return Run(expr, contexts, functions, max_memory).value(expr.root)  # type: ignore[no-any-return]  # a Value


def checked(source: str | Expr, contexts: Mapping[str, Any], functions: Functions) -> Expr:
    """The parsed expression, all of whose names are given. Raises ExpressionError."""
    if isinstance(source, str):
        return parse(source, contexts=contexts, functions=functions)
    check_names(source, contexts, functions)
    return source


class Run:
    """One evaluation."""

    __slots__ = ("contexts", "expr", "functions", "max_memory", "memory")

    def __init__(
        self, expr: Expr, contexts: Mapping[str, Any], functions: Functions, max_memory: int
    ) -> None:
        self.expr = expr
        self.contexts = contexts
        self.functions = functions
        self.max_memory = max_memory
        self.memory = 0

    def value(self, node: Node) -> Any:
        """The value of a node. Raises ExpressionError."""
        return _RULES[type(node)](self, node)

    def apply(self, node: Call) -> Any:
        """The value of a call, with its memory accounted for."""
        before = self.memory
        built_in = BUILT_IN.get(node.key)
        if built_in is not None:
            room = (self.max_memory - before) // 2
            try:
                result: Any = built_in.apply(Arguments(node.arguments, self.value, room))
            except ExpressionError as error:
                raise self.placed(error, node) from None
        else:
            arguments = [self.value(argument) for argument in node.arguments]
            result = number_free(lookup(self.functions, node.name)(arguments))
        if isinstance(result, str):
            self.memory = before + _TEXT_OVERHEAD + 2 * len(result)
            if self.memory > self.max_memory:
                raise self.placed(evaluation_error(OUT_OF_MEMORY), node)
        elif is_primitive(result):
            self.memory = before
        return result

    def placed(self, error: ExpressionError, node: Call) -> ExpressionError:
        """The error with its place: the innermost call that failed."""
        if error.position is not None:
            return error
        source = self.expr.source
        message = error.message
        if message == OUT_OF_MEMORY:
            message += f" while evaluating the following expression: {source[node.start : node.end]}"
        return ExpressionError(error.kind, message, source, node.start + 1, node.end - node.start, error.code)


def number_free(value: Any) -> Any:
    """A value as expressions have it: an int is a number."""
    if type(value) is int:
        return float(value)
    if type(value) is tuple:
        return list(value)
    return value


def _constant(run: Run, node: Constant) -> Any:
    return node.value


def _name(run: Run, node: Name) -> Any:
    return number_free(lookup(run.contexts, node.name))


def _wildcard(run: Run, node: Wildcard) -> Any:
    return "*"


def _logical(run: Run, node: Logical) -> Any:
    stop = node.operator == "||"
    result: Any = None
    for operand in node.operands:
        result = run.value(operand)
        if is_truthy(result) is stop:
            break
    return result


def _not(run: Run, node: Not) -> bool:
    return not is_truthy(run.value(node.operand))


def _compare(run: Run, node: Compare) -> bool:
    before = run.memory
    left = run.value(node.left)
    result = _COMPARISONS[node.operator](left, run.value(node.right))
    run.memory = before
    return result


def _index(run: Run, node: Index) -> Any:
    target = run.value(node.target)
    every = type(node.index) is Wildcard
    if isinstance(target, Mapping):
        if every:
            return FilteredArray(map(number_free, target.values()))
        return _property(target, run.value(node.index))
    if isinstance(target, FilteredArray):
        return _filtered(target, every, None if every else run.value(node.index))
    if isinstance(target, list):
        if every:
            return FilteredArray(map(number_free, target))
        index = _position(run.value(node.index), len(target))
        return None if index is None else number_free(target[index])
    return FilteredArray() if every else None


def _property(target: Mapping[str, Any], key: Any) -> Any:
    if type(key) is not str:
        if not is_primitive(key):
            return None
        key = to_string(key)
    try:
        return number_free(lookup(target, key))
    except KeyError:
        return None


def _position(index: Any, length: int) -> int | None:
    number = to_number(index)
    if not 0 <= number < length:  # false for NaN too
        return None
    return math.floor(number)


def _filtered(target: FilteredArray, every: bool, key: Any) -> FilteredArray:
    result = FilteredArray()
    for item in target:
        if isinstance(item, Mapping):
            if every:
                result.extend(map(number_free, item.values()))
            elif is_primitive(key):
                try:
                    result.append(number_free(lookup(item, to_string(key))))
                except KeyError:
                    continue
        elif isinstance(item, list):
            if every:
                result.extend(map(number_free, item))
            elif (index := _position(key, len(item))) is not None:
                result.append(number_free(item[index]))
    return result


_RULES: dict[type, Callable[[Any, Any], Any]] = {
    Constant: _constant,
    Name: _name,
    Wildcard: _wildcard,
    Logical: _logical,
    Not: _not,
    Compare: _compare,
    Index: _index,
    Call: Run.apply,
}
