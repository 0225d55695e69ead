"""Expressions that hand a called workflow a value of the wrong type.

A boolean or number input takes no text, not even ``'true'`` (R: Sdk/WorkflowParser, Conversion/
WorkflowTemplateConverter.cs, ConvertToWorkflowJobInputs); what is written out without an expression is checked
with the call itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.places import place
from actlite.expressions.errors import ExpressionError
from actlite.expressions.inference import infer
from actlite.expressions.parser import parse_any
from actlite.expressions.parts import whole
from actlite.expressions.types import ANY, BOOLEAN, COLLECTION, EVERYTHING, NUMBER, STRING, TEXT, Type, words
from actlite.source import Span
from actlite.workflow.calls import Call, Calls
from actlite.workflow.checks.contexts import Contexts, Static, of_job, of_workflow

CODE = "call-input-type"
_TAKEN = {
    "boolean": BOOLEAN,
    "number": NUMBER,
    "string": EVERYTHING & ~COLLECTION,
    "": EVERYTHING & ~COLLECTION,
}
"""What an input takes by its type; '' is one of a workflow that isn't known."""
_NAMES = {
    "boolean": "true or false",
    "number": "a number",
    "string": "text",
    "": "text, a number, true or false",
}


def check_types(calls: Calls) -> Iterator[Diagnostic]:
    """Warnings of the values of ``with:`` that the called workflows don't take."""
    workflow = calls.workflow
    whole_workflow: Contexts | None = None
    for call in calls.calls.values():
        if not isinstance(call.job.with_, Mapping):
            continue
        whole_workflow = whole_workflow or of_workflow(Static(workflow))
        contexts = of_job(whole_workflow, call.job, workflow.jobs)
        inputs = call.interface.inputs if call.interface is not None else ()
        declared = {input.name.casefold(): input.type for input in inputs}
        for key, value in call.job.with_.entries:
            type = declared.get(key.text.casefold(), "" if call.interface is None else None)
            if type is not None:
                yield from _value(call, key.text, type, value, contexts)


def _value(call: Call, name: str, wanted: str, node: Node, contexts: Contexts) -> Iterator[Diagnostic]:
    taken = _TAKEN.get(wanted)
    found = _type(node, contexts)
    if taken is None or found is None:
        return
    type, source, span = found
    if type is ANY or not type.kinds or type.kinds & taken:
        return
    yield Diagnostic(
        CODE,
        Severity.WARNING,
        f"input '{name}' of {call.reference.text} is {_NAMES[wanted]}, and this is {words(type)}",
        span,
        notes=("GitHub fails with 'Unexpected value' when it evaluates this",),
        help=f"write ${{{{ fromJSON({source}) }}}}" if source and type.kinds & STRING else "",
    )


def _type(node: Node, contexts: Contexts) -> tuple[Type, str, Span] | None:
    """The type of a value with an expression: with the expression and its place where it is nothing else."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or "${{" not in node.value:
        return None
    try:
        part = whole(node.value)
        if part is None:
            return TEXT, "", node.span
        if part.source is None:
            return None
        root = parse_any(part.source).root
    except ExpressionError:
        return None
    if root is None:
        return None
    span = place(node, part.source_start, part.source_start + len(part.source))
    return infer(part.source, root, contexts)[0], part.source, span
