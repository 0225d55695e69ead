"""How an expression came to its value: a tree of its parts, each with its own value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from math import isinf, isnan
from typing import Any

from actlite.expressions.ast import (
    Call,
    Compare,
    Constant,
    Expr,
    Index,
    Logical,
    Name,
    Node,
    Not,
    Wildcard,
    children,
)
from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import (
    MAX_MEMORY,
    NO_FUNCTIONS,
    Functions,
    MaybeTooMuch,
    Run,
    checked,
    measured,
)
from actlite.expressions.functions.to_json import json_text
from actlite.expressions.values import Value, to_string
from actlite.records import frozen


@frozen
class Trace:
    """A part of an expression and its value.

    ``text`` is the part as written. ``children`` are the parts of it, literals only in a chain of ``&&`` or
    ``||``. ``evaluated`` is False for what a ``&&``, ``||`` or function did not need; then ``value`` is None.
    ``expanded`` is the part with its operands replaced by their values, or '' where that says nothing more
    than ``value``.
    """

    text: str
    value: Value
    children: tuple[Trace, ...] = ()
    evaluated: bool = True
    operator: str = ""
    """``&&`` or ``||`` where the part is such a chain; its operands are the children then."""
    expanded: str = ""
    simple: bool = False
    """A name or literal, or what a name has under keys that are written out: nothing in it needs a line of its
    own, as ``expanded`` of the part around it shows its value."""

    @property
    def label(self) -> str:
        """What to show for the part in a tree: the operator of a chain, else its text on one line."""
        return self.operator or " ".join(self.text.split())

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """The tree as rows of label (with branches drawn), value and expansion."""
        yield from self._rows("└ ", "  ")

    def _rows(self, branch: str, below: str) -> Iterator[tuple[str, str, str]]:
        value = literal(self.value) if self.evaluated else "not evaluated"
        yield branch + self.label, value, self.expanded
        shown = self.parts
        for number, child in enumerate(shown, 1):
            final = number == len(shown)
            yield from child._rows(below + ("└ " if final else "├ "), below + ("  " if final else "│ "))

    @property
    def parts(self) -> tuple[Trace, ...]:
        """The parts that need a line of their own: all of a chain, else those that are not simple. What a
        ``!`` negates needs none: its expansion says what it is."""
        if not self.evaluated:
            return ()
        if self.operator:
            return self.children
        if self.text.startswith("!") and len(self.children) == 1 and not self.children[0].operator:
            return self.children[0].parts
        return tuple(child for child in self.children if not child.simple)

    def data(self, mask: Callable[[str], str] = str) -> dict[str, Any]:
        """The tree as JSON data: ``expression``, ``value``, ``parts`` with the same of each, and where they
        say something ``operator`` and ``expanded``. A part that was not evaluated has no value, a long array or
        object only its size. All texts pass through ``mask``; ``expanded``, which has shortened values in it, must
        have been made with it (``explain``)."""
        data: dict[str, Any] = {"expression": mask(self.text)}
        if self.operator:
            data["operator"] = self.operator
        if self.evaluated:
            data["value"] = plain(self.value, mask, longest=LONGEST)
        else:
            data["evaluated"] = False
        if self.expanded:
            data["expanded"] = mask(self.expanded)
        data["parts"] = [] if self.simple else [child.data(mask) for child in self.children]
        return data


def from_data(data: Mapping[str, Any]) -> Trace:
    """The tree that ``Trace.data`` made, good for showing it again."""
    text = str(data.get("expression", ""))
    parts = tuple(from_data(part) for part in data.get("parts", ()))
    return Trace(
        text,
        data.get("value"),
        parts,
        bool(data.get("evaluated", True)),
        str(data.get("operator", "")),
        str(data.get("expanded", "")),
        not parts and not text.endswith(")"),
    )


LONGEST = 2000
"""How many characters of JSON a value may have in the data of a tree."""


def plain(value: Any, mask: Callable[[str], str] = str, *, longest: int = sys.maxsize) -> Any:
    """A value as JSON has it; numbers that JSON lacks as text, a collection whose JSON would be longer than
    ``longest`` as its size. All texts pass through ``mask``."""
    if isinstance(value, str):
        text = mask(value)  # before it is shortened: half a secret would not be known as one
        return text if len(text) <= longest else text[:longest] + "…"
    if isinstance(value, float):
        text = mask(to_string(value))
        if isnan(value) or isinf(value) or text != to_string(value):
            return text
        return int(value) if value.is_integer() else value
    if isinstance(value, list | Mapping):
        if longest < sys.maxsize and len(json_text(value)) > longest:
            return literal(value)
        if isinstance(value, list):
            return [plain(item, mask) for item in value]
        return {mask(key): plain(item, mask) for key, item in value.items()}
    return value


def explain(
    source: str | Expr,
    contexts: Mapping[str, Any],
    functions: Functions = NO_FUNCTIONS,
    *,
    max_memory: int = MAX_MEMORY,
    mask: Callable[[str], str] = str,
) -> Trace:
    """Evaluate an expression and say how. The values in ``expanded`` pass through ``mask`` before they are
    shortened. Raises ExpressionError, as ``evaluate`` does."""
    expr = checked(source, contexts, functions)
    if expr.root is None:
        return Trace(expr.source, None)
    run = _Recorder(expr, contexts, functions, max_memory, mask)
    try:
        run.value(expr.root)
        if run.bound > max_memory:
            raise MaybeTooMuch
    except MaybeTooMuch:
        measured(expr, contexts, functions, max_memory)
        run = _Recorder(expr, contexts, functions, sys.maxsize, mask)
        run.value(expr.root)
    return _trace(expr.root, run)


def literal(value: object, limit: int = 60) -> str:
    """A value as it would be written in an expression; collections and long texts are shortened."""
    if isinstance(value, str):
        text = value if len(value) <= limit else value[: limit - 1] + "…"
        return "'" + text.replace("'", "''") + "'"
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"Array({len(value)})"
    if isinstance(value, Mapping):
        return f"Object({len(value)})"
    return to_string(value)


class _Recorder(Run):
    """A run that keeps the value of every part."""

    __slots__ = ("mask", "seen")

    def __init__(
        self,
        expr: Expr,
        contexts: Mapping[str, Any],
        functions: Functions,
        max_memory: int,
        mask: Callable[[str], str],
    ) -> None:
        super().__init__(expr, contexts, functions, max_memory)
        self.mask = mask
        self.seen: dict[int, Any] = {}

    def literal(self, node: Node) -> str:
        """The value of a part that was evaluated, as ``literal`` writes it."""
        value = self.seen.get(id(node))
        return literal(self.mask(value) if isinstance(value, str) else value)

    def value(self, node: Node) -> Any:
        result = super().value(node)
        self.seen[id(node)] = result
        return result


def _trace(node: Node, run: _Recorder) -> Trace:
    text = run.expr.source[node.start : node.end]
    evaluated = id(node) in run.seen
    hidden = Wildcard if isinstance(node, Logical) else Constant | Wildcard
    parts = tuple(_trace(c, run) for c in children(node) if not isinstance(c, hidden))
    return Trace(
        text,
        run.seen.get(id(node)),
        parts,
        evaluated,
        node.operator if isinstance(node, Logical) else "",
        _expanded(node, run) if evaluated else "",
        _simple(node),
    )


def _simple(node: Node) -> bool:
    while isinstance(node, Index) and isinstance(node.index, Constant | Wildcard):
        node = node.target
    return isinstance(node, Name | Constant)


def _expanded(node: Node, run: _Recorder) -> str:
    if isinstance(node, Compare):
        return f"{_shown(node.left, run)} {node.operator} {_shown(node.right, run)}"
    if isinstance(node, Call) and not all(isinstance(argument, Constant) for argument in node.arguments):
        return f"{node.name}({', '.join(_shown(a, run) for a in node.arguments)})"
    if isinstance(node, Not) and not isinstance(node.operand, Logical):
        inner = _expanded(node.operand, run)
        value = run.literal(node.operand)
        return f"{inner} is {value}" if inner else f"!{value}"
    return ""


def _shown(node: Node, run: _Recorder) -> str:
    if id(node) in run.seen:
        return run.literal(node)
    return run.expr.source[node.start : node.end]


def explain_error(error: ExpressionError) -> str:
    """An error on three lines: the message, the expression, and a caret under the faulty token."""
    if error.position is None or "\n" in error.source:
        return error.message
    return f"{error.message}\n  {error.source}\n  {' ' * (error.position - 1)}{'^' * max(1, error.length)}"


__all__ = ["Trace", "explain", "explain_error", "from_data", "literal", "plain"]
