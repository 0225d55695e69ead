"""The legs of a job: its strategy evaluated, its matrix built, its names made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.errors import InvalidWorkflow
from actlite.expressions import template
from actlite.expressions.parser import parse_any
from actlite.expressions.template import Scope, TemplateError
from actlite.expressions.values import to_string
from actlite.planning.plan import Leg
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.combinations import MatrixError, Row, build_rows, name_parts
from actlite.workflow.model import Job
from actlite.workflow.validate import start_of

__all__ = ["MatrixError", "build_rows", "expand"]

NAME_LENGTH = 100
"""A leg's name is cut to so many characters (R: JobNameBuilder)."""
ID_LENGTH = 25
"""The same for its id (R: MatrixBuilder.cs, WorkflowFeatures.cs)."""
_NO_ID = re.compile(r"[^A-Za-z0-9_-]")
_NO_START = "0123456789-"
_OF_RUN = ("run_id", "run_number", "run_attempt")


def expand(job: Job, scope: Scope) -> tuple[tuple[Leg, ...], bool, int | None]:
    """The legs of a job, whether a failure cancels the others (``fail-fast``), and ``max-parallel`` (None: no
    limit). A job without a matrix has one leg. ``scope`` has github, inputs, vars and, where the strategy
    names it, needs. Raises InvalidWorkflow when the matrix can't be built."""
    fail_fast, max_parallel, matrix = _strategy(job, scope)
    if matrix is None:
        legs: tuple[Leg, ...] = (_single(job, scope, fail_fast),)
        return legs, fail_fast, max_parallel
    try:
        rows = build_rows(matrix)
    except MatrixError as error:
        raise _invalid(job, "matrix", error.message, _span_of(job.matrix, error.key) or job.span) from error
    return _legs(job, rows, scope, fail_fast, max_parallel), fail_fast, max_parallel


def _strategy(job: Job, scope: Scope) -> tuple[bool, int | None, object]:
    node = job.strategy
    if node is None:
        return True, None, None
    if isinstance(node, Scalar):
        value = _evaluate(job, node, scope)
        if not isinstance(value, Mapping):
            raise _invalid(job, "matrix", "A mapping was expected", node.span)
        value = {key.casefold(): inner for key, inner in value.items()}
        fail_fast, limit, matrix = value.get("fail-fast"), value.get("max-parallel"), value.get("matrix")
    else:
        fail_fast, limit, matrix = (
            _evaluate(job, access.get(node, key), scope) for key in ("fail-fast", "max-parallel", "matrix")
        )
        if job.matrix is not None and matrix is None:
            raise _invalid(job, "matrix", "A mapping was expected", start_of(job.matrix))
    if fail_fast is not None and not isinstance(fail_fast, bool):
        raise _invalid(
            job, "fail-fast", f"Unexpected value '{to_string(fail_fast)}'", _span_of(node, "fail-fast")
        )
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int | float)):
        raise _invalid(
            job, "max-parallel", f"Unexpected value '{to_string(limit)}'", _span_of(node, "max-parallel")
        )
    max_parallel = int(limit) if limit is not None and limit >= 1 else None
    return fail_fast is not False, max_parallel, matrix


def _evaluate(job: Job, node: Node | None, scope: Scope) -> Any:
    if node is None:
        return None
    try:
        return template.evaluate_node(node, scope)
    except TemplateError as error:
        raise InvalidWorkflow(
            f"the strategy of job '{job.id}' can't be evaluated", [error.diagnostic]
        ) from error


def _invalid(job: Job, what: str, message: str, span: Span | None) -> InvalidWorkflow:
    finding = Diagnostic(f"invalid-{what}", Severity.ERROR, message, span or job.span)
    return InvalidWorkflow(f"the {what} of job '{job.id}' is not valid", [finding])


def _span_of(node: Node | None, key: str | None) -> Span | None:
    if node is None:
        return None
    if key is not None and isinstance(node, MappingNode):
        for name, value in node.entries:
            if name.text.casefold() == key.casefold():
                return start_of(value)
    return start_of(node)


def _single(job: Job, scope: Scope, fail_fast: bool) -> Leg:
    name = _name(job, scope, {}, 0, 1, fail_fast, None, [])
    return Leg(job.id, name, {}, 0, 1)


def _legs(
    job: Job, rows: Sequence[Row], scope: Scope, fail_fast: bool, max_parallel: int | None
) -> tuple[Leg, ...]:
    legs = []
    keys: dict[str, int] = {}
    ids: set[str] = set()
    for index, row in enumerate(rows):
        parts = name_parts(row)
        key = _joined(job.id, parts)
        count = keys[key] = keys.get(key, 0) + 1
        name = _name(job, scope, row.values, index, len(rows), fail_fast, max_parallel, parts)
        id = _id(parts, ids)
        legs.append(Leg(key if count == 1 else f"{key} #{count}", name, row.values, index, len(rows), id))
    return tuple(legs)


def _id(parts: Sequence[str], known: set[str]) -> str:
    """The id of a leg, which none of the ``known`` has (R: Conversion/IdBuilder.cs)."""
    text = _NO_ID.sub("_", "_".join(parts)) or "job"
    if text[0] in _NO_START:
        text = f"_{text}"
    if text.startswith("__"):
        text = f"_{text.lstrip('_')}"
    count, found = 1, text[:ID_LENGTH]
    while found.casefold() in known:
        count += 1
        suffix = str(count) if text == "_" else f"_{count}"
        found = text[: ID_LENGTH - len(suffix)] + suffix
    known.add(found.casefold())
    return found


def named_later(job: Job) -> bool:
    """Whether the job's name says what is known only when it is its turn: outputs of other jobs, the run's number."""
    return job.name is not None and (names_run(job.name) or (bool(job.needs) and names_needs(job.name)))


def names_run(node: Node) -> bool:
    """Whether an expression in a tree says which run it is in: planning can't know."""
    return any(
        name in part.source.lower()
        for _, part in template.expressions(node)
        if part.source is not None
        for name in _OF_RUN
    )


def _waits_for_needs(job: Job, node: Scalar, scope: Scope) -> bool:
    """Whether a value names needs that have not run yet: planning knows none of their outputs."""
    return bool(job.needs) and not scope.contexts.get("needs") and names_needs(node)


def names_needs(node: Node) -> bool:
    """Whether an expression in a tree names the needs context."""
    return any(
        name.name.lower() == "needs"
        for _, part in template.expressions(node)
        if part.source is not None and "needs" in part.source.lower()
        for name in parse_any(part.source).names
    )


def _joined(name: str, parts: Sequence[str]) -> str:
    return f"{name} ({', '.join(parts)})" if parts else name


def _name(
    job: Job,
    scope: Scope,
    matrix: Mapping[str, Any],
    index: int,
    total: int,
    fail_fast: bool,
    max_parallel: int | None,
    parts: Sequence[str],
) -> str:
    """What GitHub shows: the evaluated ``name:`` if it holds an expression, else name or id with the values."""
    if job.name is not None and "${{" in job.name.text and not _waits_for_needs(job, job.name, scope):
        strategy = {
            "fail-fast": fail_fast,
            "job-index": index,
            "job-total": total,
            "max-parallel": max_parallel or total,
        }
        inner = Scope(
            {**scope.contexts, "matrix": dict(matrix) or None, "strategy": strategy}, scope.functions
        )
        try:
            name = to_string(template.evaluate_node(job.name, inner))
        except TemplateError as error:
            raise InvalidWorkflow(
                f"the name of job '{job.id}' can't be evaluated", [error.diagnostic]
            ) from error
        name = name or job.id
    else:
        written = job.name.text if job.name is not None and "${{" not in job.name.text else ""
        name = _joined(written or job.id, parts)
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 3] + "..."
