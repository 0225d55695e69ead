"""The variable by which GitHub's runner kept an older node for a while."""

from __future__ import annotations

from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar
from actlite.glibc.ways import Situation

VARIABLE = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"


def unsecure_env(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Set the variable in the job's ``env:``. A step's own does not count with runners before 2.328."""
    page = subject.page
    node = subject.node()
    entry = subject.entry("env")
    notes = ["GitHub has taken this variable's effect away twice: it gives time, no more."]
    if entry is None:
        steps = subject.needed("steps")
        indent = page.block(steps)
        start = page.line_start(node.span.start)
        lines = ["env:", f"  {VARIABLE}: true"]
        return [Edit(start, start, page.written(lines, indent))], notes
    if not isinstance(entry.value, Mapping) or not entry.value.entries or page.is_flow(entry.value):
        raise CannotEdit("the job's env is no mapping in lines of its own")
    for key, value in entry.value.entries:
        if key.text == VARIABLE and isinstance(value, Scalar):
            return [Edit(value.span.start, value.span.end, "true")], notes
    first = entry.value.entries[0][0]
    indent = page.column(first.span.start)
    start = page.line_start(first.span.start)
    return [Edit(start, start, page.written([f"{VARIABLE}: true"], indent))], notes
