"""From a tree to a value.

Rules: actions/runner ``src/Sdk/Expressions/Sdk/Operators`` and ``EvaluationMemory.cs``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from actlite.expressions.ast import Call, Compare, Constant, Expr, Index, Logical, Name, Node, Not, Wildcard
from actlite.expressions.errors import OUT_OF_MEMORY, ExpressionError
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
TEXT_BYTES = 26
"""What a text takes besides its characters (R: ``MemoryCounter.cs``)."""
OBJECT_BYTES = 24
"""What any other value takes."""

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
    run = Run(expr, contexts, functions, max_memory)
    try:
        value = run.value(expr.root)
        if run.bound > max_memory:
            raise MaybeTooMuch
    except MaybeTooMuch:
        value = measured(expr, contexts, functions, max_memory)
    return list(value) if type(value) is FilteredArray else value


def measured(expr: Expr, contexts: Mapping[str, Any], functions: Functions, max_memory: int) -> Any:
    """The value of an expression, with its memory counted exactly. Raises ExpressionError."""
    from actlite.expressions.memory import MeasuredRun

    return MeasuredRun(expr, contexts, functions, max_memory).measure()


def checked(source: str | Expr, contexts: Mapping[str, Any], functions: Functions) -> Expr:
    """The parsed expression, all of whose names are given. Raises ExpressionError."""
    if isinstance(source, str):
        return parse(source, contexts=contexts, functions=functions)
    check_names(source, contexts, functions)
    return source


class MaybeTooMuch(Exception):
    """The values may take more memory than they may; only an exact count can tell."""


class Run:
    """One evaluation. ``bound`` is how many bytes its values take at most, by GitHub's measure."""

    __slots__ = ("bound", "contexts", "expr", "functions", "max_memory")

    def __init__(
        self, expr: Expr, contexts: Mapping[str, Any], functions: Functions, max_memory: int
    ) -> None:
        self.expr = expr
        self.contexts = contexts
        self.functions = functions
        self.max_memory = max_memory
        self.bound = (OBJECT_BYTES + TEXT_BYTES) * expr.size + 2 * len(expr.source)

    def value(self, node: Node) -> Any:
        """The value of a node. Raises ExpressionError."""
        return _RULES[type(node)](self, node)

    def apply(self, node: Call) -> Any:
        """The value of a call."""
        built_in = BUILT_IN.get(node.key)
        if built_in is not None:
            try:
                result: Any = built_in.apply(Arguments(node.arguments, self.value, self.max_memory))
            except ExpressionError as error:
                raise self.placed(error, node) from None
        else:
            arguments = [self.value(argument) for argument in node.arguments]
            result = number_free(lookup(self.functions, node.name)(arguments))
        if isinstance(result, str):
            self.add(result)
        return result

    def add(self, text: str) -> None:
        """Count a new text. Raises MaybeTooMuch."""
        self.bound += (2 if text.isascii() else 4) * len(text)
        if self.bound > self.max_memory:
            raise MaybeTooMuch

    def placed(self, error: ExpressionError, node: Call) -> ExpressionError:
        """The error with its place: the innermost call that failed."""
        if error.position is not None:
            return error
        source = self.expr.source
        message = error.message
        if message == OUT_OF_MEMORY:
            from actlite.expressions.canonical import canonical

            message += f" while evaluating the following expression: {canonical(node)}"
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
    value = number_free(lookup(run.contexts, node.name))
    if type(value) is str:
        run.add(value)
    return value


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
    left = run.value(node.left)
    return _COMPARISONS[node.operator](left, run.value(node.right))


def _index(run: Run, node: Index) -> Any:
    target = run.value(node.target)
    result: Any
    if type(node.index) is Wildcard:
        result = _all(target)
        run.bound += 8 * len(result)
        return result
    if isinstance(target, Mapping):
        result = _property(target, run.value(node.index))
    elif isinstance(target, FilteredArray):
        result = _each(target, run.value(node.index))
        run.bound += 8 * len(result)
        return result
    elif isinstance(target, list):
        index = _position(run.value(node.index), len(target))
        result = None if index is None else number_free(target[index])
    else:
        return None
    if type(result) is str:
        run.add(result)
    return result


def _all(target: Any) -> FilteredArray:
    """The values of an object, the items of an array; those of each item, if that is what ``.*`` gave."""
    if isinstance(target, Mapping):
        return FilteredArray(map(number_free, target.values()))
    if isinstance(target, FilteredArray):
        result = FilteredArray()
        for item in target:
            if isinstance(item, Mapping):
                result.extend(map(number_free, item.values()))
            elif isinstance(item, list):
                result.extend(map(number_free, item))
        return result
    return FilteredArray(map(number_free, target)) if isinstance(target, list) else FilteredArray()


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


def _each(target: FilteredArray, key: Any) -> FilteredArray:
    """What the items have under a key or index; those without one are left out."""
    result = FilteredArray()
    for item in target:
        if isinstance(item, Mapping):
            if is_primitive(key):
                try:
                    result.append(number_free(lookup(item, to_string(key))))
                except KeyError:
                    continue
        elif isinstance(item, list) and (index := _position(key, len(item))) is not None:
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
