"""What GitHub's reader limits in a file, and how it counts a file's size (R: ParseOptions, TemplateMemory)."""

from __future__ import annotations

from actlite.document.nodes import Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.records import frozen

_OBJECT = 24
_TEXT = 26
_CHARACTER = 2


@frozen
class Limits:
    """The limits of one file; the defaults are GitHub's own for a workflow."""

    characters: int = 1024 * 1024
    """The largest file, in characters."""
    depth: int = 50
    """How deep collections may nest."""
    size: int = 10 * 1024 * 1024
    """The largest tree, aliases followed, in the bytes that GitHub counts for its own objects."""


WORKFLOW_LIMITS = Limits()
MANIFEST_LIMITS = Limits(depth=100)
"""The limits of an action's manifest, which the runner reads by itself."""


def text_size(text: str) -> int:
    """The bytes that GitHub counts for a text."""
    return _TEXT + _CHARACTER * len(text)


def tree_size(node: Node, limit: int) -> int:
    """The bytes that GitHub counts for a tree, or any number above ``limit`` once it is exceeded."""
    total = 0
    stack = [node]
    while stack and total <= limit:
        at = stack.pop()
        total += _OBJECT
        if isinstance(at, Scalar):
            if isinstance(at.value, str):
                total += text_size(at.value)
        elif isinstance(at, Sequence):
            stack.extend(at.items)
        else:
            for key, value in at.entries:
                total += _OBJECT + text_size(primitive_text(key.value))
                stack.append(value)
    return total
