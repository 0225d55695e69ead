"""The graph of jobs as a Mermaid flowchart or in Graphviz' language.

An arrow leads from a job to one that needs it. A called workflow is a box of its own, with the calling job in it;
what surely does not run is drawn with dashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actlite.cli.plan_text import legs_text
from actlite.cli.plan_view import PlanView
from actlite.diagnostics import printable
from actlite.planning.outline import CallOutline, JobOutline, WorkflowOutline
from actlite.records import frozen


@frozen
class Box:
    """A workflow: its jobs, and the boxes of those that they call."""

    id: str
    label: str
    nodes: tuple[Dot, ...]
    boxes: tuple[Box, ...]


@frozen
class Dot:
    """A job. ``shape`` is plain, call or unknown."""

    id: str
    label: tuple[str, ...]
    runs: str
    shape: str = "plain"


Edge = tuple[str, str]


def graph(view: PlanView) -> tuple[list[Box], list[Edge]]:
    """The boxes of the workflows, and the arrows between jobs."""
    edges: list[Edge] = []
    boxes = [
        _box(workflow, f"w{number}", workflow.plan.workflow.path, edges)
        for number, workflow in enumerate(view.workflows)
    ]
    return boxes, edges


def _box(workflow: WorkflowOutline, id: str, label: str, edges: list[Edge]) -> Box:
    ids = {job.plan.job.id.casefold(): f"{id}_{number}" for number, job in enumerate(workflow.jobs)}
    nodes: list[Dot] = []
    boxes: list[Box] = []
    for job in workflow.jobs:
        own = ids[job.plan.job.id.casefold()]
        edges += [(ids[n.casefold()], own) for n in job.plan.needs if n.casefold() in ids]
        nodes.append(
            Dot(own, _label(job), job.condition.runs, "plain" if job.plan.job.uses is None else "call")
        )
        for number, call in enumerate(job.calls):
            inner = f"{own}_{number}"
            boxes.append(_called(call, inner, edges))
            edges += [(own, first) for first in _first(boxes[-1], edges)]
    return Box(id, label, tuple(nodes), tuple(boxes))


def _called(call: CallOutline, id: str, edges: list[Edge]) -> Box:
    key = call.call.leg.key if call.call.leg is not None else ""
    label = f"{key}: {call.call.reference.text}" if key else call.call.reference.text
    if call.workflow is not None:
        return _box(call.workflow, id, label, edges)
    return Box(id, label, (Dot(f"{id}_0", ("unknown",), "depends", "unknown"),), ())


def _first(box: Box, edges: Sequence[Edge]) -> list[str]:
    """The jobs of a called workflow that need no other of it."""
    later = {to for _, to in edges}
    return [node.id for node in box.nodes if node.id not in later]


def _label(job: JobOutline) -> tuple[str, ...]:
    legs = legs_text(job.plan)
    lines = [job.plan.job.id, legs, job.condition.reason if job.condition.runs != "yes" else ""]
    return tuple(printable(line) for line in lines if line)


def mermaid(view: PlanView) -> list[str]:
    """A Mermaid flowchart."""
    boxes, edges = graph(view)
    lines = ["flowchart LR"]
    for box in boxes:
        lines += _mermaid_box(box, "  ")
    lines += [f"  {start} --> {end}" for start, end in edges]
    lines.append("  classDef no stroke-dasharray: 5 5,color:#888")
    lines.append("  classDef depends stroke-dasharray: 2 2")
    for runs in ("no", "depends"):
        ids = [node.id for box in boxes for node in _nodes(box) if node.runs == runs]
        if ids:
            lines.append(f"  class {','.join(ids)} {runs}")
    return lines


def _mermaid_box(box: Box, indent: str) -> list[str]:
    lines = [f'{indent}subgraph {box.id}["{_mermaid_text(box.label)}"]']
    for node in box.nodes:
        opening, closing = {"plain": ("[", "]"), "call": ("[[", "]]"), "unknown": ("(", ")")}[node.shape]
        label = "<br/>".join(map(_mermaid_text, node.label))
        lines.append(f'{indent}  {node.id}{opening}"{label}"{closing}')
    for inner in box.boxes:
        lines += _mermaid_box(inner, indent + "  ")
    return [*lines, f"{indent}end"]


def _mermaid_text(text: str) -> str:
    """Text inside of quotes: what Mermaid, Markdown or HTML would read becomes a code of its character."""
    return "".join(
        c if c.isalnum() or c in " .,:;/-=×…()'" or not c.isascii() else f"#{ord(c)};" for c in text
    )


def dot(view: PlanView) -> list[str]:
    """A graph in Graphviz' language."""
    boxes, edges = graph(view)
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for box in boxes:
        lines += _dot_box(box, "  ")
    lines += [f"  {start} -> {end};" for start, end in edges]
    return [*lines, "}"]


def _dot_box(box: Box, indent: str) -> list[str]:
    lines = [f"{indent}subgraph cluster_{box.id} {{", f"{indent}  label={_dot_text(box.label)};"]
    for node in box.nodes:
        more = {"plain": "", "call": ", shape=component", "unknown": ", shape=ellipse"}[node.shape]
        more += {"yes": "", "no": ", style=dashed, fontcolor=gray", "depends": ", style=dotted"}[node.runs]
        lines.append(f"{indent}  {node.id} [label={_dot_text(*node.label)}{more}];")
    for inner in box.boxes:
        lines += _dot_box(inner, indent + "  ")
    return [*lines, f"{indent}}}"]


def _dot_text(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _nodes(box: Box) -> Iterator[Dot]:
    yield from box.nodes
    for inner in box.boxes:
        yield from _nodes(inner)
