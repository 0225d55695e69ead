"""The texts of findings are written alike: GitHub's own words as they are, ours in lower case without a full stop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src" / "actlite"
FILES = [path for package in ("checking", "document", "expressions", "workflow") for path in sorted((SOURCE / package).rglob("*.py"))]  # fmt: skip
NAMES = re.compile(r"GitHub|YAML|JSON|IANA|[A-Z]+\b|'|\W")
"""What a text may begin with though it is no small letter: names, quotes and signs."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_helps_labels_and_notes_are_written_alike(path: Path) -> None:
    odd = [
        text for text in texts(path) if not (text[:1].islower() or NAMES.match(text)) or text.endswith(".")
    ]
    assert odd == []


def texts(path: Path) -> Iterator[str]:
    """The texts that are given as ``help``, ``label`` or ``notes``, as far as they are written out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in {"help", "label", "notes"}:
                    yield from _written(keyword.value)


def _written(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values]
        yield "".join(parts)
    elif isinstance(node, ast.IfExp):
        yield from _written(node.body)
        yield from _written(node.orelse)
    elif isinstance(node, ast.Tuple):
        for item in node.elts:
            yield from _written(item)
