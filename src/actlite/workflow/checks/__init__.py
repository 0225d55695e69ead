"""Checks on a workflow that has the right shape, one file each: what GitHub accepts and does not mean well."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping
from actlite.workflow.model import Workflow


def run_checks(workflow: Workflow, root: Mapping, bag: DiagnosticBag, *, warnings: bool = True) -> None:
    """Run every check; ``root`` is the whole document. Without ``warnings``, those alone that may find errors."""
    # A module is loaded where there is something for it: loading all of them takes longer than a small file.
    from actlite.workflow.checks import filters, reserved

    filters.check(workflow, root, bag)
    if any(event.name == "schedule" for event in workflow.on):
        from actlite.workflow.checks import schedules

        schedules.check(workflow, root, bag)
    from actlite.workflow.checks import inputs

    inputs.check(workflow, root, bag)
    if any(job.matrix is not None for job in workflow.jobs):
        from actlite.workflow.checks import matrices

        matrices.check(workflow, root, bag)
    reserved.check(workflow, root, bag)
    if not warnings:
        return
    from actlite.workflow.checks import always_true, commands, runners, typing

    for check in (runners.check, always_true.check, typing.check, commands.check):
        check(workflow, root, bag)
