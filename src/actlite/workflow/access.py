"""Small accessors to nodes whose shape has been checked (and may still be wrong: then they give None)."""

from __future__ import annotations

from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.source import Span


def get(node: Node | None, key: str) -> Node | None:
    """The value of a key with exactly this name; None where there is none or the node is no mapping."""
    if isinstance(node, Mapping):
        for name, value in node.entries:
            if name.text == key:
                return value
    return None


def scalar(node: Node | None, key: str) -> Scalar | None:
    """The scalar under a key."""
    value = get(node, key)
    return value if isinstance(value, Scalar) else None


def mapping(node: Node | None, key: str) -> Mapping | None:
    """The mapping under a key."""
    value = get(node, key)
    return value if isinstance(value, Mapping) else None


def mapping_or_scalar(node: Node | None, key: str) -> Mapping | Scalar | None:
    """The mapping under a key, or the expression that stands for it."""
    value = get(node, key)
    return value if isinstance(value, Mapping | Scalar) else None


def text(node: Node | None, key: str, default: str = "") -> str:
    """The text of a scalar under a key, null being ''."""
    value = scalar(node, key)
    return default if value is None else "" if value.value is None else value.text


def flag(node: Node | None, key: str) -> bool:
    """Whether the value of a key is ``true``."""
    value = scalar(node, key)
    return value is not None and value.value is True


def spanned_texts(node: Node | None) -> tuple[tuple[str, Span], ...]:
    """The texts of a scalar or of a list of scalars, with their places."""
    if isinstance(node, Scalar):
        return ((node.text, node.span),) if node.value is not None else ()
    if isinstance(node, Sequence):
        return tuple((item.text, item.span) for item in node.items if isinstance(item, Scalar))
    return ()


def texts(node: Node | None) -> tuple[str, ...] | None:
    """The texts of a scalar or of a list of scalars; None where there is no node."""
    return None if node is None else tuple(value for value, _ in spanned_texts(node))
