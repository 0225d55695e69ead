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
from actlite.workflow.checks.references import Reference, references
from actlite.workflow.nearest import did_you_mean


def check_outputs(
    nodes: Iterable[Node | None],
    outputs: MappingABC[str, tuple[str, Sequence[str]]],
    bag: DiagnosticBag,
) -> None:
    """Warn of ``steps.id.outputs.name`` in ``nodes``, where the step uses an action in ``outputs`` (by step id:
    its name, and its outputs) that has no such output."""
    for reference in references(nodes, "steps") if outputs else ():
        _check(reference, outputs, bag)


def texts_of(holder: Mapping) -> list[Node]:
    """The values of a job or step in which ``steps`` may be named, but for its ``if:``."""
    return [value for key, value in holder.entries if key.text != "if"]


def _check(
    reference: Reference, outputs: MappingABC[str, tuple[str, Sequence[str]]], bag: DiagnosticBag
) -> None:
    if len(reference.keys) < 3 or reference.keys[1].casefold() != "outputs":
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
