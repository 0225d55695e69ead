"""A matrix that is written out is built when the file is read, as GitHub does: what is wrong with it shows then."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.expressions import template
from actlite.workflow.combinations import MatrixError, build_rows
from actlite.workflow.model import Workflow
from actlite.workflow.validate import start_of


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Add a finding for each matrix without expressions that can't be built."""
    del root
    for job in workflow.jobs:
        matrix = job.matrix
        if not isinstance(matrix, Mapping) or any(
            _is_expression(node) for node, _ in template.scalars(matrix)
        ):
            continue
        try:
            build_rows(template.evaluate_node(matrix, template.Scope({})))
        except MatrixError as error:
            at = _value(matrix, error.key)
            if not any(finding.span and _inside(finding.span.start, matrix) for finding in bag.errors):
                bag.add("invalid-matrix", error.message, start_of(matrix if at is None else at))


def _is_expression(node: Scalar) -> bool:
    return isinstance(node.value, str) and "${{" in node.value


def _value(matrix: Mapping, key: str | None) -> Node | None:
    return matrix.get(key) if key is not None else None


def _inside(offset: int, node: Node) -> bool:
    return node.span.start <= offset < node.span.end
