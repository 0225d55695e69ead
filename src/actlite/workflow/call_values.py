"""What a calling job hands over, compared with what the called workflow declares.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs``
(ConvertToWorkflowJobInputs, ValidateWorkflowJobSecrets, ValidateUndefinedParameters).
"""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import Diagnostic, Label, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.source import Span
from actlite.workflow.called import Interface
from actlite.workflow.folding import folded, is_expression
from actlite.workflow.model import Job
from actlite.workflow.nearest import nearest
from actlite.workflow.validate import shown

_WANTED = {"boolean": "true or false, without quotes", "number": "a number, without quotes"}


def check_values(job: Job, declared: Interface, where: str) -> Iterator[Diagnostic]:
    """The faults of a call: inputs of the wrong type, unknown and missing inputs and secrets. ``where`` is the
    called file's name for messages."""
    place = job.uses.span if job.uses is not None else job.span
    yield from _inputs(job, declared, where, place)
    yield from _secrets(job, declared, where, place)


def wrong_type(kind: str, node: Node | None) -> str | None:
    """What GitHub says against a value that an input of this type can't have; None where it can, and for an
    expression, whose value is not known yet."""
    if not isinstance(node, Scalar):
        return None
    if is_expression(node.value):
        literal = folded(node)
        if literal is None:
            return None
        node = literal
    value = node.value
    right = {
        "boolean": isinstance(value, bool),
        "number": isinstance(value, float) and not isinstance(value, bool),
    }
    return None if right.get(kind, True) else f"Unexpected value '{shown(node)}'"


def _inputs(job: Job, declared: Interface, where: str, place: Span) -> Iterator[Diagnostic]:
    entries = job.with_.entries if isinstance(job.with_, Mapping) else ()
    if any(is_expression(key.value) for key, _ in entries):
        return
    given = {key.text.casefold(): value for key, value in entries}
    for input in declared.inputs:
        value = given.get(input.name.casefold())
        if value is not None:
            fault = wrong_type(input.type, value)
            if fault is not None and isinstance(value, Scalar):
                yield Diagnostic(
                    "call-input-type",
                    Severity.ERROR,
                    fault,
                    value.span,
                    notes=(f"input '{input.name}' of {where} is a {input.type}",),
                    help=f"write {_WANTED[input.type]}",
                )
        elif input.required:
            yield _missing("Input", input.name, input.span, place, f"{input.name}: … below with:")
    yield from _unknown("input", entries, [i.name for i in declared.inputs], where)


def _secrets(job: Job, declared: Interface, where: str, place: Span) -> Iterator[Diagnostic]:
    if isinstance(job.secrets, Scalar):
        return
    entries = job.secrets.entries if isinstance(job.secrets, Mapping) else ()
    if any(is_expression(key.value) for key, _ in entries):
        return
    given = {key.text.casefold() for key, _ in entries}
    for secret in declared.secrets:
        if secret.required and secret.name.casefold() not in given:
            what = f"{secret.name}: ${{{{ secrets.{secret.name} }}}} below secrets:, or secrets: inherit"
            yield _missing("Secret", secret.name, secret.span, place, what)
    yield from _unknown("secret", entries, [s.name for s in declared.secrets], where)


def _missing(kind: str, name: str, declared: Span, place: Span, what: str) -> Diagnostic:
    return Diagnostic(
        "call-missing-input" if kind == "Input" else "call-missing-secret",
        Severity.ERROR,
        f"{kind} {name} is required, but not provided while calling.",
        place,
        labels=(Label(declared, "declared here"),),
        help=f"add {what}",
    )


def _unknown(
    kind: str, entries: tuple[tuple[Scalar, Node], ...], known: list[str], where: str
) -> Iterator[Diagnostic]:
    folded_names = {name.casefold() for name in known}
    for key, _ in entries:
        if key.text.casefold() in folded_names:
            continue
        guess = nearest(key.text, known)
        yield Diagnostic(
            f"call-unknown-{kind}",
            Severity.ERROR,
            f"Invalid {kind}, {key.text} is not defined in the referenced workflow.",
            key.span,
            label=f"did you mean '{guess}'?" if guess else "",
            help=f"the {kind}s of {where}: {', '.join(known)}" if known else f"{where} declares no {kind}s",
        )
