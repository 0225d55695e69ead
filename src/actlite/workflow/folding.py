"""Scalars that are nothing but ``${{ 'text' }}``: GitHub's reader makes that text of them before anything else.

Rule: actions/runner ``src/Sdk/WorkflowParser/ObjectTemplating/TemplateReader.cs`` (ParseScalar).
"""

from __future__ import annotations

from actlite.document.nodes import Node, Scalar, Sequence
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parts import string_literal, whole
from actlite.records import replace


def is_expression(text: object) -> bool:
    """Whether a scalar's value holds ``${{``."""
    return isinstance(text, str) and "${{" in text


def folded(node: Scalar) -> Scalar | None:
    """A scalar that is nothing but ``${{ 'text' }}``, as the text that GitHub's reader makes of it."""
    try:
        part = whole(node.text)
    except ExpressionError:
        return None
    literal = string_literal(part.source) if part is not None and part.source is not None else None
    if literal is None or "${{" in literal:
        return None
    return replace(node, value=literal, text=literal, plain=False)


def fold(node: Node) -> Node:
    """A tree in which every scalar and key that is nothing but ``${{ 'text' }}`` is that text."""
    if isinstance(node, Scalar):
        return (folded(node) or node) if is_expression(node.value) else node
    if isinstance(node, Sequence):
        return replace(node, items=tuple(fold(item) for item in node.items))
    entries = [(fold(key), fold(value)) for key, value in node.entries]
    return replace(node, entries=tuple((key, value) for key, value in entries if isinstance(key, Scalar)))
