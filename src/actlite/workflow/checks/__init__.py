"""Checks on a workflow that has the right shape, one file each: what GitHub accepts and does not mean well."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping
from actlite.workflow.model import Workflow


def run_checks(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Run every check; ``root`` is the whole document."""
    from actlite.workflow.checks import (
        always_true,
        commands,
        filters,
        inputs,
        matrices,
        reserved,
        runners,
        schedules,
        typing,
    )

    for check in (
        filters.check,
        schedules.check,
        inputs.check,
        matrices.check,
        reserved.check,
        runners.check,
        always_true.check,
        typing.check,
        commands.check,
    ):
        check(workflow, root, bag)
