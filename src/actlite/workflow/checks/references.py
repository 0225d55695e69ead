"""Names in expressions that can have no value: steps, needed jobs and their outputs, matrix keys, inputs.

GitHub evaluates them to null without a word, so these are warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.document.places import place
from actlite.expressions import ast, template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.records import frozen
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.model import Job, Workflow
from actlite.workflow.nearest import did_you_mean, nearest

WORDS = ("steps", "needs", "matrix")
"""The contexts whose names are looked at."""


@frozen
class Reference:
    """``root.key.key…`` in an expression, as far as its keys are written out; the last span is the whole's."""

    root: str
    keys: tuple[str, ...]
    spans: tuple[Span, ...]


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Warn of each name that nothing gives a value to."""
    del root
    jobs = {job.id.casefold(): job for job in workflow.jobs}
    for job in workflow.jobs:
        matrix_keys = _matrix_keys(job)
        for reference in _of_job(job):
            if reference.root == "needs":
                _needs(reference, job, jobs, bag)
            elif reference.root == "matrix" and matrix_keys is not None:
                what = f"the matrix of job '{job.id}' has no key"
                _known(reference, matrix_keys, "unknown-matrix-key", what, bag, idiom=True)
        _steps(job, bag)


def references(nodes: Iterable[Node | None]) -> Iterator[Reference]:
    """All references to contexts in the expressions of some nodes."""
    for node in nodes:
        for scalar, part in template.expressions(node):
            if part.source is not None and any(word in part.source for word in WORDS):
                yield from _in_source(part.source, scalar, part.source_start)


def condition_references(node: Scalar | None) -> Iterator[Reference]:
    """The same for an ``if:``, which is an expression without ``${{ }}`` too."""
    if node is None or not isinstance(node.value, str):
        return
    if "${{" in node.value:
        yield from references([node])
    elif any(word in node.value for word in WORDS):
        yield from _in_source(node.value, node, 0)


def _in_source(source: str, scalar: Scalar, offset: int) -> Iterator[Reference]:
    try:
        expr = parse_any(source)
    except ExpressionError:
        return
    stack = [expr.root] if expr.root is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Index):
            chain = _chain(node)
            if chain is not None:
                name, keys = chain
                spans = tuple(place(scalar, offset + key.start, offset + key.end) for key in keys)
                yield Reference(name, tuple(str(key.value) for key in keys), spans)
                continue
        stack.extend(ast.children(node))


def _chain(node: ast.Index) -> tuple[str, list[ast.Constant]] | None:
    """The context and the keys of ``a.b['c']``, up to the first index that isn't a plain text."""
    keys: list[ast.Constant] = []
    at: ast.Node = node
    while isinstance(at, ast.Index):
        if isinstance(at.index, ast.Constant) and isinstance(at.index.value, str):
            keys.append(at.index)
        else:
            keys.clear()
            if not isinstance(at.index, ast.Wildcard):
                return None
        at = at.target
    return (at.name.lower(), keys[::-1]) if isinstance(at, ast.Name) and keys else None


def _of_job(job: Job) -> Iterator[Reference]:
    node = job.node
    if node is None:
        return
    rest = [value for key, value in node.entries if key.text not in {"if", "steps"}]
    yield from references(rest)
    yield from condition_references(job.if_)
    for step in _raw_steps(job):
        yield from _of_step(step)


def _raw_steps(job: Job) -> Sequence[Mapping]:
    node = access.get(job.node, "steps")
    if not isinstance(node, SequenceNode):
        return ()
    return [step for step in node.items if isinstance(step, Mapping)]


def _of_step(step: Mapping) -> Iterator[Reference]:
    yield from references([value for key, value in step.entries if key.text != "if"])
    yield from condition_references(access.scalar(step, "if"))


def _needs(reference: Reference, job: Job, jobs: dict[str, Job], bag: DiagnosticBag) -> None:
    if not reference.keys:
        return
    name, span = reference.keys[0], reference.spans[0]
    needed = next((need for need in job.needs if need.casefold() == name.casefold()), None)
    if needed is None:
        other = jobs.get(name.casefold())
        bag.add(
            "unknown-need-name",
            f"job '{job.id}' does not need a job '{name}': this is always empty",
            span,
            severity=Severity.WARNING,
            label="" if other else did_you_mean(name, job.needs),
            help=f"add '{other.id}' to its needs" if other else f"it needs: {', '.join(job.needs) or 'none'}",
        )
        return
    target = jobs.get(needed.casefold())
    if target is None or len(reference.keys) < 2:
        return
    field = reference.keys[1].casefold()
    if field not in {"result", "outputs"}:
        _known(
            Reference("needs", reference.keys[1:], reference.spans[1:]),
            ["result", "outputs"],
            "unknown-need-name",
            f"needs.{needed} has no field",
            bag,
        )
    elif field == "outputs" and len(reference.keys) > 2 and target.uses is None:
        outputs = [key.text for key, _ in target.outputs.entries] if target.outputs else []
        if any("${{" in name for name in outputs):
            return
        _known(
            Reference("needs", reference.keys[2:], reference.spans[2:]),
            outputs,
            "unknown-needs-output",
            f"job '{target.id}' has no output",
            bag,
        )


def _known(
    reference: Reference,
    known: Sequence[str],
    code: str,
    message: str,
    bag: DiagnosticBag,
    *,
    idiom: bool = False,
) -> None:
    """A finding where the first key isn't known. ``idiom``: names without a value are often meant, as in
    ``matrix.extra || 'x'``; then only what looks like a slip of the pen is a warning."""
    if not reference.keys or any(reference.keys[0].casefold() == name.casefold() for name in known):
        return
    guess = nearest(reference.keys[0], known, likeness=0.8 if idiom else 0.6)
    bag.add(
        code,
        f"{message} '{reference.keys[0]}': this is always empty",
        reference.spans[0],
        severity=Severity.NOTE if idiom and guess is None else Severity.WARNING,
        label=f"did you mean '{guess}'?" if guess else "",
        help=f"known: {', '.join(known)}" if known else "it has none",
    )


def _matrix_keys(job: Job) -> list[str] | None:
    """The keys that the matrix of a job can have; None where expressions make it."""
    if isinstance(job.strategy, Scalar):
        return None
    if job.matrix is None:
        return []
    if not isinstance(job.matrix, Mapping):
        return None
    keys: list[str] = []
    for key, value in job.matrix.entries:
        if "${{" in key.text:
            return None
        if key.text.casefold() not in {"include", "exclude"}:
            keys.append(key.text)
        elif key.text.casefold() == "include":
            if not isinstance(value, SequenceNode):
                return None
            for item in value.items:
                if not isinstance(item, Mapping) or any("${{" in name.text for name, _ in item.entries):
                    return None
                keys += [name.text for name, _ in item.entries]
    return keys


def _steps(job: Job, bag: DiagnosticBag) -> None:
    every = [access.text(step, "id") for step in _raw_steps(job)]
    known: list[str] = []
    for step, id in zip(_raw_steps(job), every, strict=True):
        for reference in _of_step(step):
            if reference.root == "steps":
                _step(reference, known, every, bag)
        if id:
            known.append(id)
        inner = access.get(step, "parallel")
        if isinstance(inner, SequenceNode):
            known += [access.text(item, "id") for item in inner.items]
    for reference in references([job.outputs, access.get(job.environment, "url")]):
        if reference.root == "steps":
            _step(reference, known, every, bag)


def _step(reference: Reference, known: Sequence[str], every: Sequence[str], bag: DiagnosticBag) -> None:
    name = reference.keys[0]
    folded = name.casefold()
    if any(folded == id.casefold() for id in known):
        return
    later = any(id and folded == id.casefold() for id in every)
    ids = [id for id in known if id]
    bag.add(
        "unknown-step",
        f"step '{name}' runs only later: this is always empty"
        if later
        else f"no step before this has the id '{name}': this is always empty",
        reference.spans[0],
        severity=Severity.WARNING,
        label="" if later else did_you_mean(name, ids),
        help=""
        if later
        else f"ids before this: {', '.join(ids)}"
        if ids
        else "no step before this has an id",
    )
