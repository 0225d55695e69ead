"""What actlite can't run yet, said before anything starts: nothing is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping, Node, Sequence
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.control import CONTROL_STEPS
from actlite.workflow.model import Job
from actlite.workflow.validate import start_of

CODE = "not-supported-yet"
"""The rule id of all these findings."""


def of_job(job: Job) -> tuple[Diagnostic, ...]:
    """What of a job actlite can't run (errors) or does not honour (notes)."""
    found: list[Diagnostic] = []
    snapshot = access.get(job.node, "snapshot")
    if snapshot is not None:
        found.append(
            _error("'snapshot' (custom runner images)", start_of(snapshot), "remove it for local runs")
        )
    cache_mode = access.get(job.node, "cache-mode")
    if cache_mode is not None:
        found.append(_note("'cache-mode' is not applied: caches can be read and written", cache_mode))
    found += _steps(access.get(job.node, "steps"))
    if job.environment is not None:
        rules = (
            "the environment's protection rules (approvals, waiting time, allowed branches) are not applied"
        )
        found.append(_note(rules, job.environment, "its secrets and variables are those given to the run"))
    return tuple(found)


def _steps(node: Node | None) -> Iterator[Diagnostic]:
    if not isinstance(node, Sequence):
        return
    for step in node.items:
        if not isinstance(step, Mapping):
            continue
        control = next((key for key in CONTROL_STEPS if access.get(step, key) is not None), "")
        excuse = access.get(step, "continue-on-error")
        if control and excuse is not None:
            yield _note(
                f"'continue-on-error' of a '{control}' step has no effect: the runner's code leaves it out, though "
                "GitHub's documentation of 'wait-all' names it",
                excuse,
                "set it on the steps that may fail",
            )


def _note(message: str, node: Node, help: str = "") -> Diagnostic:
    return Diagnostic(CODE, Severity.NOTE, message, start_of(node), help=help)


def _error(what: str, span: Span, help: str) -> Diagnostic:
    return Diagnostic(CODE, Severity.ERROR, f"actlite can't run {what} yet", span, help=help)
