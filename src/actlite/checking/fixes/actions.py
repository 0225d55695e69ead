"""Another ref of an action, and a script in the place of actions/checkout."""

from __future__ import annotations

import re

from actlite.checking.fixes.checkout_step import script, settings
from actlite.checking.fixes.edits import CannotEdit, Edit, Entry
from actlite.checking.fixes.subject import Subject
from actlite.checking.predictions.model import Prediction
from actlite.document.nodes import Mapping
from actlite.glibc.ways import OLDER_REFS, Situation

WITHOUT_GIT = frozenset(
    {
        "almalinux",
        "alpine",
        "amazonlinux",
        "busybox",
        "centos",
        "debian",
        "fedora",
        "oraclelinux",
        "rockylinux",
        "ubuntu",
    }
)
"""Images of bare systems."""


def older_action(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Name a ref that declares a runtime which starts."""
    edits: dict[int, Edit] = {}
    for step in subject.failing:
        name, sign, ref = _own(subject, step).partition("@")
        older = OLDER_REFS.get(name.lower())
        if older is None or not sign:
            raise CannotEdit(f"no ref of {name} is known that declares node16")
        start = step.place.start + step.place.text.index(f"@{ref}") + 1
        edits[start] = Edit(start, start + len(ref), older)
    return list(edits.values()), ["What newer releases of an action can do, older ones may not."]


def git_checkout(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Write a script for git in the place of each actions/checkout."""
    edits: list[Edit] = []
    _has_git(subject)
    for number in sorted({step.number for step in subject.failing}):
        for step in subject.failing:
            if step.number == number:
                _own(subject, step)
        edits += _checkout(subject, number)
    notes = [
        "The token is used for fetching alone: a later git push has to bring its own.",
        "HEAD is detached, and of the tags only the one that was pushed is there.",
    ]
    return edits, notes


def _has_git(subject: Subject) -> None:
    """Raise CannotEdit for images that are known to have no git, unless a script before installs it."""
    first = min(step.number for step in subject.failing)
    installed = any(
        step.number < first and re.search(r"\bgit\b", step.run.text) for step in subject.run_steps()
    )
    for step in subject.failing:
        name = (
            step.image.written.partition(":")[0].removeprefix("docker.io/").removeprefix("library/")
            if step.image
            else ""
        )
        if name in WITHOUT_GIT and not installed:
            raise CannotEdit(f"the image {name} has no git: install it in a step before")


def _own(subject: Subject, step: Prediction) -> str:
    """The action of a step as the file has it. Raises CannotEdit where the action is another's, or not literal."""
    if step.through or step.callers:
        raise CannotEdit(
            f"{step.action} is used within {step.through[0] if step.through else 'a called workflow'}"
        )
    if step.action not in step.place.text:
        raise CannotEdit(f"the name of {step.action} is written in parts")
    subject.step_node(step.number)
    return step.action


def _checkout(subject: Subject, number: int) -> list[Edit]:
    page, node = subject.page, subject.step_node(number)
    uses, given, env = (page.entry(node, key) for key in ("uses", "with", "env"))
    assert uses is not None
    if given is not None:
        page.own(given)
    wanted = settings(given.value if given is not None else None)
    indent = page.column(node.span.start)
    kept = page.comments(given) if given is not None else []
    lines = ["run: |", *(f"  {line}" for line in [*kept, *script(wanted).splitlines()])]
    lines += _environment(subject, env, wanted.environment(), indent)
    lines += _where(subject)
    start, end = uses.key.span.start, page.after_line(page.line_end(uses.value.span.end))
    comment = page.text[uses.value.span.end : page.line_end(uses.value.span.end)].strip()
    if comment:
        lines.insert(1, f"  {comment}")
    text = page.written(lines, indent).removeprefix(" " * indent)
    if end == len(page.text) and not page.text.endswith("\n"):
        text = text.removesuffix(page.newline)
    edits = [Edit(start, end, text)]
    if given is not None:
        if given.key.span.start < uses.key.span.start:
            raise CannotEdit("'with' stands before 'uses'")
        first, last = page.lines_of(given)
        edits.append(Edit(first, last, ""))
    if env is not None and isinstance(env.value, Mapping):
        last_line = env.value.span.end - 1
        added = [f"{name}: {value}" for name, value in wanted.environment().items()]
        edits.append(page.inserted_after(last_line, added, page.column(env.value.entries[0][0].span.start)))
    return edits


def _environment(subject: Subject, env: Entry | None, variables: dict[str, str], indent: int) -> list[str]:
    """The lines of a step's ``env:``, where it has none yet."""
    if env is None:
        return ["env:", *(f"  {name}: {value}" for name, value in variables.items())]
    subject.page.own(env)
    if not isinstance(env.value, Mapping) or subject.page.is_flow(env.value) or not env.value.entries:
        raise CannotEdit("the step's env is no mapping in lines of its own")
    return []


def _where(subject: Subject) -> list[str]:
    """What keeps the workflow's defaults from the script: its shell, and a folder that is not there yet."""
    defaults = (subject.workflow.defaults, subject.job.defaults)
    shell = any(given.shell is not None for given in defaults)
    folder = any(given.working_directory is not None for given in defaults)
    return ["shell: sh"] * shell + ["working-directory: /"] * folder
