"""Outputs of called workflows that are read where the workflow does not declare them: ``needs.call.outputs.x``,
and ``jobs.call.outputs.x`` in a called workflow that calls others (DOC: reuse workflows, using outputs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.document.places import place
from actlite.expressions import ast, template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.source import Span
from actlite.workflow.called import interface
from actlite.workflow.calls import Call, Calls, outputs_of
from actlite.workflow.nearest import nearest


def check_outputs(calls: Calls) -> Iterator[Diagnostic]:
    """Warnings of outputs that the called workflows don't declare, where a workflow reads them."""
    known = {id.casefold(): call for id, call in calls.calls.items() if outputs_of(call) is not None}
    if not known:
        return
    for job in calls.workflow.jobs:
        needed = {need.casefold() for need in job.needs} & known.keys()
        if needed and job.node is not None:
            yield from _unknown(_read(job.node, "needs"), {id: known[id] for id in needed})
    declared = interface(calls.workflow)
    for output in declared.outputs if declared is not None else ():
        if output.value is not None:
            yield from _unknown(_read(output.value, "jobs"), known)


def _unknown(found: Iterable[tuple[str, str, Span]], calls: Mapping[str, Call]) -> Iterator[Diagnostic]:
    for job, name, span in found:
        call = calls.get(job.casefold())
        known = outputs_of(call) if call is not None else None
        if call is None or known is None or name.casefold() in {other.casefold() for other in known}:
            continue
        guess = nearest(name, known)
        yield Diagnostic(
            "unknown-needs-output",
            Severity.WARNING,
            f"{call.reference.text} has no output '{name}': this is always empty",
            span,
            label=f"did you mean '{guess}'?" if guess else "",
            help=f"its outputs: {', '.join(sorted(known))}" if known else "it declares none",
        )


def _read(node: Node, context: str, *, condition: bool = False) -> Iterator[tuple[str, str, Span]]:
    """Each ``context.job.outputs.name`` in a tree: job, name, and the name's place."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and "outputs" in node.value:
            yield from _in_text(node, context, condition)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _read(item, context)
    elif isinstance(node, MappingNode):
        for key, value in node.entries:
            yield from _read(value, context, condition=key.text == "if")


def _in_text(node: Scalar, context: str, condition: bool) -> Iterator[tuple[str, str, Span]]:
    text = str(node.value)
    if condition and "${{" not in text:
        sources = [(text, 0)]
    else:
        parts = (part for _, part in template.expressions(node))
        sources = [(part.source, part.source_start) for part in parts if part.source is not None]
    for source, offset in sources:
        try:
            root = parse_any(source).root
        except ExpressionError:
            continue
        stack = [root] if root is not None else []
        while stack:
            at = stack.pop()
            stack.extend(ast.children(at))
            keys = _keys(at, context)
            if keys is not None and str(keys[1].value).casefold() == "outputs":
                span = place(node, offset + keys[2].start, offset + keys[2].end)
                yield str(keys[0].value), str(keys[2].value), span


def _keys(node: ast.Node, context: str) -> list[ast.Constant] | None:
    """The three keys of ``context.a.b.c``."""
    keys: list[ast.Constant] = []
    while isinstance(node, ast.Index):
        if not isinstance(node.index, ast.Constant) or not isinstance(node.index.value, str):
            return None
        keys.append(node.index)
        node = node.target
    named = isinstance(node, ast.Name) and node.name.lower() == context
    return keys[::-1] if named and len(keys) == 3 else None
