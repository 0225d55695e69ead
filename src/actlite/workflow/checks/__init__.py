"""Checks on a workflow that has the right shape, one file each: what GitHub accepts and does not mean well."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping
from actlite.workflow.model import Workflow


def run_checks(workflow: Workflow, root: Mapping, bag: DiagnosticBag, *, warnings: bool = True) -> None:
    """Run every check; ``root`` is the whole document. Without ``warnings``, those alone that may find errors."""
    from actlite.workflow.checks import filters, inputs, matrices, reserved, schedules

    for check in (filters.check, schedules.check, inputs.check, matrices.check, reserved.check):
        check(workflow, root, bag)
    if not warnings:
        return
    from actlite.workflow.checks import always_true, commands, runners, typing

    for check in (runners.check, always_true.check, typing.check, commands.check):
        check(workflow, root, bag)
