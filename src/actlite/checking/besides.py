"""What other files tell of a workflow that has errors of its own: only what those errors can't have caused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from actlite.diagnostics import Diagnostic
from actlite.document.nodes import Mapping, Node
from actlite.document.nodes import Sequence as SequenceNode
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.model import Workflow

_LACKS_IN_JOB = frozenset({"call-missing-input", "call-missing-secret", "missing-checkout", "missing-action"})
_LACKS_IN_STEP = frozenset({"missing-action-input"})
"""Findings about what is not there, which may be just what an error is about: ``wiht:`` for ``with:``."""
_HIDING = frozenset({"unknown-key", "missing-key", "wrong-type", "yaml-duplicate-key"})
"""The errors that something may be missing for."""


def besides(
    found: Iterable[Diagnostic], errors: Sequence[Diagnostic], workflow: Workflow
) -> Iterator[Diagnostic]:
    """The findings of ``found`` that don't stand where an error stands; what a step or a job lacks is told only
    where nothing in it is misspelt or of the wrong shape."""
    places = [error.span for error in errors if error.span is not None]
    hiding = [error.span for error in errors if error.span is not None and error.code in _HIDING]
    for finding in found:
        span = finding.span
        if span is None:
            continue
        lacks = finding.code in _LACKS_IN_JOB | _LACKS_IN_STEP
        around = _around(span, workflow, of_step=finding.code in _LACKS_IN_STEP) if lacks else span
        if any(_touch(place, span) for place in places) or any(_touch(place, around) for place in hiding):
            continue
        yield finding


def _around(span: Span, workflow: Workflow, *, of_step: bool) -> Span:
    """The job, or the step, that a place is in."""
    for job in workflow.jobs:
        if job.node is not None and _touch(span, job.node.span):
            steps = _steps(access.get(job.node, "steps")) if of_step else iter(())
            return next((step.span for step in steps if _touch(span, step.span)), job.node.span)
    return span


def _steps(node: Node | None) -> Iterator[Mapping]:
    for step in node.items if isinstance(node, SequenceNode) else ():
        if isinstance(step, Mapping):
            yield from _steps(access.get(step, "parallel"))
            yield step


def _touch(one: Span, other: Span) -> bool:
    return one.start < max(other.end, other.start + 1) and other.start < max(one.end, one.start + 1)
