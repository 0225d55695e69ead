"""A parsed expression written out again, in the form that GitHub's messages and debug logs have.

Rules: ``ConvertToExpression`` of the nodes (actions/runner ``src/Sdk/Expressions/Sdk``): operators in brackets
of their own, ``a['b']`` as ``a.b`` where that can be, one blank around operators.
"""

from __future__ import annotations

import re

from actlite.document.scalars import number_text
from actlite.expressions.ast import Call, Compare, Constant, Index, Logical, Name, Node, Not, Wildcard

_KEYWORD = re.compile("[A-Za-z_][A-Za-z0-9_-]*")


def canonical(node: Node) -> str:
    """The text of a node and all below it."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Constant):
        return constant(node.value)
    if isinstance(node, Index):
        return canonical(node.target) + _index(node.index)
    if isinstance(node, Call):
        return f"{node.name}({', '.join(map(canonical, node.arguments))})"
    if isinstance(node, Not):
        return f"!{canonical(node.operand)}"
    if isinstance(node, Compare):
        return f"({canonical(node.left)} {node.operator} {canonical(node.right)})"
    if isinstance(node, Logical):
        return f"({f' {node.operator} '.join(map(canonical, node.operands))})"
    return "*"


def constant(value: bool | float | str | None) -> str:
    """A literal: ``null``, ``true``, ``1E+20``, ``'it''s'``."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value)


def _index(node: Node) -> str:
    if isinstance(node, Wildcard):
        return ".*"
    if isinstance(node, Constant) and isinstance(node.value, str) and _KEYWORD.fullmatch(node.value):
        return f".{node.value}"
    return f"[{canonical(node)}]"
