"""Outputs of composite actions: a name that the manifest does not declare has no value.

A composite action has the outputs of its manifest and no others (R: Runner.Worker/Handlers/
CompositeActionHandler.cs). A program may set outputs that its manifest does not name, so that nothing is said
of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingABC

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node
from actlite.document.nodes import Sequence as SequenceNode
from actlite.workflow import access
from actlite.workflow.checks.references import Reference, condition_references, references
from actlite.workflow.nearest import did_you_mean


def check_outputs(
    nodes: Iterable[Node | None],
    conditions: Iterable[Mapping],
    outputs: MappingABC[str, tuple[str, Sequence[str]]],
    bag: DiagnosticBag,
) -> None:
    """Warn of ``steps.id.outputs.name`` in ``nodes`` (and in the ``if:`` of ``conditions``), where the step uses
    an action in ``outputs`` (by step id: its name, and its outputs) that has no such output."""
    if not outputs:
        return
    for reference in references(nodes):
        _check(reference, outputs, bag)
    for holder in conditions:
        for reference in condition_references(access.scalar(holder, "if")):
            _check(reference, outputs, bag)


def texts_of(holder: Mapping) -> list[Node]:
    """The values of a job or step in which ``steps`` may be named, but for its ``if:``."""
    return [value for key, value in holder.entries if key.text != "if"]


def step_mappings(steps: Node | None) -> list[Mapping]:
    """The steps as they are written."""
    return (
        [step for step in steps.items if isinstance(step, Mapping)] if isinstance(steps, SequenceNode) else []
    )


def _check(
    reference: Reference, outputs: MappingABC[str, tuple[str, Sequence[str]]], bag: DiagnosticBag
) -> None:
    if reference.root != "steps" or len(reference.keys) < 3 or reference.keys[1].casefold() != "outputs":
        return
    id, name = reference.keys[0], reference.keys[2]
    uses, declared = outputs.get(id.casefold(), ("", ()))
    if not uses or any(name.casefold() == other.casefold() for other in declared):
        return
    label = did_you_mean(name, declared)
    bag.add(
        "unknown-action-output",
        f"{uses} has no output '{name}': this is always empty",
        reference.spans[2],
        severity=Severity.WARNING,
        label=label,
        help="" if label else f"known: {', '.join(declared)}" if declared else "it has no outputs",
    )
