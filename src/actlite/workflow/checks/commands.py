"""Workflow commands in scripts that GitHub has disabled or deprecated (its blog, 2020-10-01 and 2022-10-11)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping
from actlite.document.places import place
from actlite.workflow.model import RunStep, Step, Workflow

_INSTEAD = {
    "set-output": ("GITHUB_OUTPUT", "name=value"),
    "save-state": ("GITHUB_STATE", "name=value"),
    "set-env": ("GITHUB_ENV", "name=value"),
    "add-path": ("GITHUB_PATH", "folder"),
}
_DISABLED = frozenset({"set-env", "add-path"})
_COMMAND = re.compile(r"::(?:(set-output|save-state|set-env) +name=[^:\n]+|(add-path))::")
_WRITES = re.compile(r"\b(?:echo|printf|print|write-host|write-output|console\.log)\b|['\"]", re.IGNORECASE)


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Warn of each such command that a script of the workflow writes."""
    del root
    allowed = "ACTIONS_ALLOW_UNSECURE_COMMANDS" in workflow.source.text
    for job in workflow.jobs:
        check_steps(job.steps, bag, allowed=allowed)


def check_steps(steps: Iterable[Step], bag: DiagnosticBag, *, allowed: bool = False) -> None:
    """The same for the steps of a job or composite action; ``allowed``: the disabled commands are enabled."""
    for step in steps:
        if not isinstance(step, RunStep) or "::" not in step.run.text:
            continue
        text = step.run.text
        for found in _COMMAND.finditer(text):
            start = text.rfind("\n", 0, found.start()) + 1
            before = text[start : found.start()]
            name = found[1] or found[2]
            if before.lstrip().startswith("#") or not _WRITES.search(before):
                continue
            if allowed and name in _DISABLED:
                continue
            file, value = _INSTEAD[name]
            bag.add(
                "deprecated-command",
                f"the command '{name}' is disabled: GitHub fails the step"
                if name in _DISABLED
                else f"the command '{name}' is deprecated: GitHub warns of it in each run",
                place(step.run, found.start(), found.end()),
                severity=Severity.WARNING,
                help=f'write echo "{value}" >> "${file}"',
            )
