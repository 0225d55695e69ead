"""Expressions evaluated before the run, when some of what they name is not known yet.

The rules are those of ``expressions.evaluator``; what depends on something unknown is unknown itself, unless it
comes out the same whatever that may be: ``false && needs.a.outputs.b`` is false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actlite.document.nodes import Node as YamlNode
from actlite.document.nodes import Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.expressions.ast import Call, Compare, Expr, Index, Logical, Name, Node, Not, Wildcard
from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import MAX_MEMORY, MaybeTooMuch, Run
from actlite.expressions.functions import BUILT_IN
from actlite.expressions.parser import parse_any
from actlite.expressions.parts import OPEN, split
from actlite.expressions.values import is_truthy, lookup, to_string

_PLACE = re.compile(r"\{\d+\}")


class Unknown:
    """A value that is known only in the run. ``truth`` says whether it is surely true or surely false."""

    __slots__ = ("truth",)

    def __init__(self, truth: bool | None = None) -> None:
        self.truth = truth

    def __repr__(self) -> str:
        return f"Unknown({self.truth})"


UNKNOWN = Unknown()
FAILED = Unknown()
"""In the place of a value that can't be had, where it may not be asked for."""


class Open(dict[str, Any]):
    """An object of which only some entries are known; any other may be there too."""


def truth(value: object) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    return value.truth if isinstance(value, Unknown) else is_truthy(value)


def has_unknown(value: object) -> bool:
    """Whether a value, or anything in it, is not known."""
    if isinstance(value, Unknown | Open):
        return True
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return isinstance(value, list) and any(map(has_unknown, value))


Functions = Mapping[str, Callable[[Sequence[Any]], Any]]


class PartialRun(Run):
    """One evaluation. ``seen`` has the value of each part that was evaluated, known or not, by the part's id."""

    __slots__ = ("seen",)

    def __init__(self, expr: Expr, contexts: Mapping[str, Any], functions: Functions) -> None:
        super().__init__(expr, contexts, functions, MAX_MEMORY)
        self.seen: dict[int, Any] = {}

    def value(self, node: Node) -> Any:
        """The value of a part, or an Unknown. Raises ExpressionError."""
        key = id(node)
        if key not in self.seen:
            self.seen[key] = self._value(node)
        return self.seen[key]

    def _value(self, node: Node) -> Any:
        if isinstance(node, Logical):
            return self._logical(node)
        if isinstance(node, Name):
            try:
                return lookup(self.contexts, node.name)
            except KeyError:
                return UNKNOWN
        if isinstance(node, Not):
            known = truth(self.value(node.operand))
            return UNKNOWN if known is None else not known
        if isinstance(node, Compare):
            left, right = self.value(node.left), self.value(node.right)
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return UNKNOWN
        elif isinstance(node, Index):
            return self._index(node)
        elif isinstance(node, Call):
            return self._call(node)
        return super().value(node)

    def _logical(self, node: Logical) -> Any:
        stop = node.operator == "||"
        result = self.value(node.operands[0])
        for operand in node.operands[1:]:
            known = truth(result)
            if known is stop:
                break
            if known is None:
                result = Unknown(stop) if truth(self._perhaps(operand)) is stop else UNKNOWN
            else:
                result = self.value(operand)
        return result

    def _perhaps(self, node: Node) -> Any:
        """The value of a part that may not be asked for; FAILED where it would fail."""
        try:
            return self.value(node)
        except ExpressionError:
            return FAILED

    def _index(self, node: Index) -> Any:
        target = self.value(node.target)
        if isinstance(target, Unknown):
            return UNKNOWN
        key = None if isinstance(node.index, Wildcard) else self.value(node.index)
        if isinstance(key, Unknown):
            return UNKNOWN
        if isinstance(target, Open):
            try:
                return lookup(target, to_string(key)) if key is not None else UNKNOWN
            except KeyError:
                return UNKNOWN
        if key is None and has_unknown(target):
            return UNKNOWN
        return super().value(node)

    def _call(self, node: Call) -> Any:
        if node.key == "case":
            for number in range(0, len(node.arguments) - 1, 2):
                predicate = self.value(node.arguments[number])
                if isinstance(predicate, Unknown):
                    return UNKNOWN
                if not isinstance(predicate, bool):
                    return super().apply(node)
                if predicate:
                    return self.value(node.arguments[number + 1])
            return self.value(node.arguments[-1])
        if node.key in BUILT_IN:
            values = [self._perhaps(argument) for argument in node.arguments]
            if any(value is not FAILED and has_unknown(value) for value in values):
                return Unknown(True) if self._surely_text(node, values) else UNKNOWN
            return super().apply(node)
        values = [self.value(argument) for argument in node.arguments]
        try:
            return lookup(self.functions, node.name)(values)
        except KeyError:
            return UNKNOWN

    def _surely_text(self, node: Call, values: Sequence[Any]) -> bool:
        """Whether a call gives a text that is not empty, whatever the unknown arguments are."""
        if node.key == "format" and isinstance(values[0], str):
            return _PLACE.sub("", values[0]) != ""
        return node.key == "tojson"


def evaluate_partly(source: str, contexts: Mapping[str, Any], functions: Functions) -> tuple[Any, PartialRun]:
    """The value of an expression, or an Unknown; and the evaluation. A context that is not given is unknown.
    Raises ExpressionError for what can't be parsed, and for what is known and fails."""
    run = PartialRun(parse_any(source), contexts, functions)
    try:
        return (None if run.expr.root is None else run.value(run.expr.root)), run
    except MaybeTooMuch:
        return UNKNOWN, run


def node_value(node: YamlNode | None, contexts: Mapping[str, Any]) -> Any:
    """The value of a tree of a workflow, with an Unknown for each value that is not known yet or can't be
    evaluated."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return _scalar_value(node, contexts)
    if isinstance(node, SequenceNode):
        items: list[Any] = []
        for item in node:
            value = node_value(item, contexts)
            items += value if isinstance(item, Scalar) and isinstance(value, list) else [value]
        return items
    result: dict[str, Any] = {}
    for key, inner in node:
        if OPEN in key.text:
            return UNKNOWN
        result[key.text] = node_value(inner, contexts)
    return result


def known_text(scalar: Scalar, contexts: Mapping[str, Any]) -> str:
    """The text of a scalar with those of its expressions in it that are known, the others as they are written."""
    try:
        parts = split(scalar.text)
        values = [
            UNKNOWN if part.source is None else evaluate_partly(part.source, contexts, {})[0]
            for part in parts
        ]
    except ExpressionError:
        return scalar.text
    return "".join(
        part.text if has_unknown(value) or isinstance(value, list | Mapping) else to_string(value)
        for part, value in zip(parts, values, strict=True)
    )


def _scalar_value(scalar: Scalar, contexts: Mapping[str, Any]) -> Any:
    if not isinstance(scalar.value, str) or OPEN not in scalar.value:
        return scalar.value
    try:
        parts = split(scalar.value)
        values = [
            part.text if part.source is None else evaluate_partly(part.source, contexts, {})[0]
            for part in parts
        ]
    except ExpressionError:
        return UNKNOWN
    if len(values) == 1:
        return UNKNOWN if has_unknown(values[0]) else values[0]
    return UNKNOWN if any(map(has_unknown, values)) else "".join(map(to_string, values))
