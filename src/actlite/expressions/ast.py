"""The parts of a parsed expression. ``start`` and ``end`` are offsets into its source."""

from __future__ import annotations

from actlite.records import frozen


@frozen
class Constant:
    """A literal, or the property name after a dot."""

    value: bool | float | str | None
    start: int
    end: int


@frozen
class Name:
    """A context such as ``github``."""

    name: str
    start: int
    end: int


@frozen
class Wildcard:
    """The ``*`` of ``.*`` and ``[*]``."""

    start: int
    end: int


@frozen
class Index:
    """``target.name`` and ``target[index]``."""

    target: Node
    index: Node
    start: int
    end: int


@frozen
class Not:
    """``!operand``."""

    operand: Node
    start: int
    end: int


@frozen
class Compare:
    """``left op right`` with one of ``== != < <= > >=``."""

    operator: str
    left: Node
    right: Node
    start: int
    end: int


@frozen
class Logical:
    """``a && b && …`` or ``a || b || …``; nested ones of the same operator are one."""

    operator: str
    operands: tuple[Node, ...]
    start: int
    end: int


@frozen
class Call:
    """A function call. ``key`` is the name in small letters."""

    name: str
    key: str
    arguments: tuple[Node, ...]
    start: int
    end: int


Node = Constant | Name | Wildcard | Index | Not | Compare | Logical | Call


@frozen
class GivenCall:
    """A call of a function that is not built in: its name as written and where that starts, how many
    arguments it gets, and where its bracket is."""

    name: str
    start: int
    count: int
    opening: int


@frozen
class Expr:
    """A parsed expression. ``root`` is None when there is nothing but white space."""

    source: str
    root: Node | None
    names: tuple[Name, ...] = ()
    """The contexts that it names, in order."""
    calls: tuple[GivenCall, ...] = ()
    """The calls of functions that are not built in; of nested ones the inner comes first."""
    functions: frozenset[str] = frozenset()
    """All functions that it calls, in small letters."""
    size: int = 0
    """How many tokens it has; it has no more nodes than that."""


def walk(node: Node | None) -> list[Node]:
    """A node and all below it, in order of the text."""
    found: list[Node] = []
    stack = [node] if node is not None else []
    while stack:
        top = stack.pop()
        found.append(top)
        stack.extend(reversed(children(top)))
    return found


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    if isinstance(node, Logical):
        return node.operands
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Compare):
        return (node.left, node.right)
    if isinstance(node, Index):
        return (node.target, node.index)
    if isinstance(node, Not):
        return (node.operand,)
    return ()
