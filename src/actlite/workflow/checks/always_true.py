"""``if: ${{ a }} && b``: text around the expression makes the whole a text, and a text is true."""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import DiagnosticBag, Fix, Severity
from actlite.document.nodes import Mapping, Scalar
from actlite.expressions import template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse
from actlite.workflow import access
from actlite.workflow.model import Workflow
from actlite.workflow.schema_workflow import STEP_IF

CODE = "if-always-true"


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Warn of conditions that hold whatever their expressions yield."""
    del root
    for condition in _conditions(workflow):
        text = condition.value
        if not isinstance(text, str) or "${{" not in text:
            continue
        try:
            parts = template.split(text)
        except ExpressionError:
            continue
        if len(parts) == 1:
            continue
        bare = "".join(part.source or part.text for part in parts).strip()
        if all(part.source is not None or not part.text.strip() for part in parts):
            why = "the line break or space outside of ${{ }} makes it a text, and a text that is not empty is true"
        else:
            why = "outside of ${{ }} it is a text, and a text that is not empty is true"
        mended = _readable(bare)
        bag.add(
            CODE,
            "this condition is always true",
            condition.span,
            severity=Severity.WARNING,
            notes=(why,),
            help="put the whole condition into one ${{ }}, or none" + (f": if: {bare}" if mended else ""),
            fix=Fix("write the condition without ${{ }}", condition.span, bare)
            if mended and condition.plain
            else None,
        )


def _readable(condition: str) -> bool:
    """Whether a text is a condition that names nothing unknown."""
    try:
        parse(condition, contexts=STEP_IF.contexts, functions=STEP_IF.functions)
    except ExpressionError:
        return False
    return ": " not in condition and " #" not in condition and "\n" not in condition


def _conditions(workflow: Workflow) -> Iterator[Scalar]:
    for job in workflow.jobs:
        if job.if_ is not None:
            yield job.if_
        snapshot = access.scalar(access.get(job.node, "snapshot"), "if")
        if snapshot is not None:
            yield snapshot
        for step in job.steps:
            if step.if_ is not None:
                yield step.if_
