"""Outputs of called workflows that are read where the workflow does not declare them: ``needs.call.outputs.x``,
and ``jobs.call.outputs.x`` in a called workflow that calls others (DOC: reuse workflows, using outputs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from actlite.diagnostics import Diagnostic, Severity
from actlite.workflow.called import interface
from actlite.workflow.calls import Call, Calls, outputs_of
from actlite.workflow.checks.references import Reference, references
from actlite.workflow.nearest import did_you_mean

_KEYS = 3
"""``needs.job.outputs.name``, the context left out."""


def check_outputs(calls: Calls) -> Iterator[Diagnostic]:
    """Warnings of outputs that the called workflows don't declare, where a workflow reads them."""
    known = {id.casefold(): call for id, call in calls.calls.items() if outputs_of(call) is not None}
    if not known:
        return
    for job in calls.workflow.jobs:
        needed = {need.casefold() for need in job.needs} & known.keys()
        if needed:
            yield from _unknown(references([job.node], "needs"), {id: known[id] for id in needed})
    declared = interface(calls.workflow)
    if declared is not None:
        values = [output.value for output in declared.outputs]
        yield from _unknown(references(values, "jobs"), known)


def _unknown(found: Iterable[Reference], calls: Mapping[str, Call]) -> Iterator[Diagnostic]:
    for reference in found:
        if len(reference.keys) < _KEYS or reference.keys[1].casefold() != "outputs":
            continue
        job, _, name = reference.keys[:_KEYS]
        call = calls.get(job.casefold())
        known = outputs_of(call) if call is not None else None
        if call is None or known is None or name.casefold() in {other.casefold() for other in known}:
            continue
        yield Diagnostic(
            "unknown-needs-output",
            Severity.WARNING,
            f"{call.reference.text} has no output '{name}': this is always empty",
            reference.spans[2],
            label=did_you_mean(name, known),
            help=f"its outputs: {', '.join(sorted(known))}" if known else "it declares none",
        )
