"""A ``run:`` step in the place of one that uses an action, in the lines where that one stands."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence

from actlite.checking.fixes.edits import CannotEdit, Edit, Entry, Page
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar


def script_step(
    subject: Subject, number: int, script: str, variables: MappingABC[str, str], *, in_workspace: bool = False
) -> list[Edit]:
    """The edits that make a script of a step. Its name, id, condition and comments stay.

    ``variables`` are added to the step's ``env:``, with their values as YAML writes them. With ``in_workspace`` the
    script finds the workspace as its folder, whatever the workflow's defaults are. Raises CannotEdit.
    """
    page, node = subject.page, subject.step_node(number)
    uses, given, env = (page.entry(node, key) for key in ("uses", "with", "env"))
    assert uses is not None
    if given is not None:
        page.own(given)
    indent = page.column(node.span.start)
    kept = page.comments(given) if given is not None else []
    where = _where(subject)
    enter = ['cd "$GITHUB_WORKSPACE"'] if in_workspace and any("directory" in line for line in where) else []
    scripted = [*kept, *enter, *script.splitlines()]
    comment = page.text[uses.value.span.end : page.line_end(uses.value.span.end)].strip()
    if comment:
        scripted.insert(0, comment)
    is_plain = len(scripted) == 1 and re.fullmatch(r"[a-z][\w ./,=@%+-]*", scripted[0]) is not None
    lines = [f"run: {scripted[0]}"] if is_plain else ["run: |", *(f"  {line}" for line in scripted)]
    lines += _environment(subject, env, variables)
    lines += where
    start, end = uses.key.span.start, page.after_line(page.line_end(uses.value.span.end))
    text = page.written(lines, indent).removeprefix(" " * indent)
    if end == len(page.text) and not page.text.endswith("\n"):
        text = text.removesuffix(page.newline)
    edits = [Edit(start, end, text)]
    if given is not None:
        if given.key.span.start < uses.key.span.start:
            raise CannotEdit("'with' stands before 'uses'")
        first, last = page.lines_of(given)
        edits.append(Edit(first, last, ""))
    if env is not None and isinstance(env.value, Mapping) and variables:
        last_line = env.value.span.end - 1
        added = [line for name, value in variables.items() for line in _entry(name, value)]
        edits.append(page.inserted_after(last_line, added, page.column(env.value.entries[0][0].span.start)))
    return edits


def variable(page: Page, value: Scalar) -> str:
    """A value as it is written, for the ``env:`` of its step; the lines after its first without the indentation of
    the line that its key stands in. Raises CannotEdit for what can't be written at another place."""
    text = value.span.text
    if text.startswith(("&", "*", "!")):
        raise CannotEdit(f"a value has an anchor or a tag, or is an alias: {text.split()[0]}")
    lines = text.rstrip("\r\n").splitlines() or ["''"]
    start = page.line_start(value.span.start)
    line = page.text[start : page.line_end(start)]
    column = len(line) - len(line.lstrip())
    if any(part.strip() and part[:column].strip() for part in lines[1:]):
        raise CannotEdit(f"a value of several lines starts further left than its key: {lines[0]}")
    return "\n".join([lines[0], *(part[column:].rstrip() for part in lines[1:])])


def _entry(name: str, value: str) -> Sequence[str]:
    return f"{name}: {value}".split("\n")


def _environment(subject: Subject, env: Entry | None, variables: MappingABC[str, str]) -> list[str]:
    """The lines of a step's ``env:``, where it has none yet."""
    if not variables:
        return []
    if env is None:
        return ["env:", *(f"  {line}" for name, value in variables.items() for line in _entry(name, value))]
    subject.page.own(env)
    if not isinstance(env.value, Mapping) or subject.page.is_flow(env.value) or not env.value.entries:
        raise CannotEdit("the step's env is no mapping in lines of its own")
    both = {key.text.upper() for key, _ in env.value} & set(variables)
    if both:
        raise CannotEdit(f"the step's env has {' and '.join(sorted(both))} already")
    for key, _ in env.value:
        own = re.compile(rf"\benv\s*(\.\s*{re.escape(key.text)}\b|\[)", re.IGNORECASE)
        if any(own.search(value) for value in variables.values()):
            raise CannotEdit(f"an input reads {key.text} of the step's own env")
    return []


def _where(subject: Subject) -> list[str]:
    """What keeps the workflow's defaults from the script: its shell, and a folder that may not be there yet."""
    defaults = (subject.workflow.defaults, subject.job.defaults)
    shell = any(given.shell is not None for given in defaults)
    folder = any(given.working_directory is not None for given in defaults)
    return ["shell: sh"] * shell + ["working-directory: /"] * folder
