"""The faults of calls as findings about the files that are checked: each fault told once, at its place.

A fault in a called file is told there where that file is checked too; where it isn't (it is in another
repository, or was not named), at the ``uses:`` of the outermost caller, with GitHub's words and the place.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from actlite.diagnostics import Diagnostic, Label, Severity
from actlite.records import replace
from actlite.workflow.call_outputs import check_outputs
from actlite.workflow.calls import Calls, Fault, Library, Limits
from actlite.workflow.checks.call_types import check_types
from actlite.workflow.model import Workflow

MORE = 3
"""So many of the errors of a called file are shown at the call."""


def check_calls(
    workflow: Workflow, library: Library, checked: Container[str] = (), limits: Limits | None = None
) -> list[Diagnostic]:
    """Everything that GitHub says against the calls of a workflow, and warnings of outputs that the called
    workflows don't have and of values that they don't take.

    ``checked`` are the paths of the files whose own findings are told anyway.
    """
    calls = library.calls(workflow, limits)
    if not calls.calls:
        return []
    own = [fault for fault in calls.faults if _is_in(fault, workflow)]
    found = [fault.finding for fault in own]
    below = [
        fault
        for fault in calls.faults
        if not _is_in(fault, workflow) and not _told_elsewhere(fault, workflow, library, checked, limits)
    ]
    found += _lifted(below)
    found += check_outputs(calls)
    found += check_types(calls)
    return list(dict.fromkeys(found))


def problems_of(calls: Calls, job_id: str) -> tuple[Diagnostic, ...]:
    """What is wrong with the call of one job, for a plan: nothing is told elsewhere."""
    faults = [fault for fault in calls.faults if fault.callers and fault.callers[0].id == job_id]
    own = [fault.finding for fault in faults if _is_in(fault, calls.workflow)]
    return (*own, *_lifted([fault for fault in faults if not _is_in(fault, calls.workflow)]))


def _is_in(fault: Fault, workflow: Workflow) -> bool:
    span = fault.finding.span
    return span is not None and span.source.name == workflow.source.name


def _told_elsewhere(
    fault: Fault, workflow: Workflow, library: Library, checked: Container[str], limits: Limits | None
) -> bool:
    """Whether the same fault is found where another checked file is looked at."""
    span = fault.finding.span
    if span is None:
        return False
    files = {job.span.source.name for job in fault.callers[1:]} | {span.source.name}
    for name in files:
        if name == workflow.path or name not in checked:
            continue
        other = library.here(name)
        if other is None:
            return True
        if any(_same(fault, found) for found in library.calls(other, limits).faults):
            return True
    return False


def _same(one: Fault, other: Fault) -> bool:
    return _key(one.finding) == _key(other.finding)


def _key(finding: Diagnostic) -> tuple[str, str, str, int]:
    span = finding.span
    return finding.code, finding.message, span.source.name if span else "", span.start if span else 0


def _lifted(faults: list[Fault]) -> Iterator[Diagnostic]:
    """One finding for each calling job at the top, which tells the faults further down."""
    by_job: dict[str, list[Fault]] = {}
    for fault in faults:
        by_job.setdefault(fault.callers[0].id, []).append(fault)
    for several in by_job.values():
        yield _at_the_call(several)


def _at_the_call(faults: list[Fault]) -> Diagnostic:
    first = faults[0]
    job = first.callers[0]
    finding = first.finding
    span = finding.span
    where = f"{span.source.name} (Line: {span.line}, Col: {span.column}): " if span is not None else ""
    labels = [
        Label(inner.uses.span, "which calls") for inner in first.callers[1:] if inner.uses is not None
    ] + [
        Label(f.finding.span, f.finding.label or "here") for f in faults[:MORE] if f.finding.span is not None
    ]
    more = len(faults) - 1
    notes = (f"{more} more error{'s' * (more != 1)} in what it calls",) if more else ()
    return replace(
        finding,
        severity=Severity.ERROR,
        message=f"Error from called workflow {where}{finding.message}",
        span=job.uses.span if job.uses is not None else job.span,
        label="",
        labels=tuple(dict.fromkeys(labels)),
        notes=(*finding.notes, *notes),
        fix=None,
    )
