"""The legs of a workflow's jobs, with what is known of each whatever the event: from a file, or from a plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Scalar
from actlite.document.scalars import primitive_text
from actlite.expressions.condition import condition_source
from actlite.expressions.errors import ExpressionError
from actlite.expressions.values import to_string
from actlite.planning.called_inputs import contexts_of, inputs_of
from actlite.planning.matrix import NAME_LENGTH
from actlite.planning.partial import UNKNOWN, evaluate_partly, has_unknown, known_text, node_value, truth
from actlite.records import frozen, replace
from actlite.workflow.combinations import MatrixError, build_rows, name_parts
from actlite.workflow.model import Job, Workflow

if TYPE_CHECKING:
    from actlite.planning.plan import Plan
    from actlite.source import Span
    from actlite.workflow.calls import Call as FollowedCall
    from actlite.workflow.calls import Calls

MAX_LEGS = 2000
"""So many legs of one workflow are looked at, those of called workflows included."""


@frozen
class Situation:
    """One leg of a job."""

    workflow: Workflow
    """The file that the job is in."""
    job: Job
    id: str
    """``caller / callee`` for a job of a called workflow."""
    leg: str
    """Its name as GitHub shows it; '' where the job has no matrix."""
    contexts: Mapping[str, Any]
    """What its settings see; what is not in it is not known."""
    callers: tuple[Span, ...] = ()
    """The ``uses:`` of the calling jobs, outermost first."""
    is_beyond: bool = False
    """It is the first leg that is too many: neither it nor those behind it are looked at."""

    @property
    def by_caller(self) -> bool:
        """What it runs in depends on the inputs that a caller gives."""
        nodes = (self.job.container, self.job.strategy, self.job.runs_on)
        return bool(self.callers) and any("inputs" in node.span.text for node in nodes if node is not None)


def of_workflow(workflow: Workflow, calls: Calls) -> Iterator[Situation]:
    """The legs of all jobs that may run, and of the workflows that they call, for any event; the last one ``is_beyond``
    where there are too many."""
    left = [MAX_LEGS]
    for situation in _jobs(workflow, calls.calls, {}, (), ()):
        left[0] -= 1
        if left[0] >= 0:
            yield situation
        elif situation.job.container is not None:
            yield replace(situation, is_beyond=True)
            return
        elif left[0] < -MAX_LEGS:
            return


def of_plan(plan: Plan, callers: tuple[Span, ...] = ()) -> Iterator[Situation]:
    """The legs of a plan, and of those that its jobs call."""
    for job in plan.jobs:
        for leg in job.legs if job.legs is not None else (None,):
            if job.job.uses is None:
                contexts = contexts_of(plan, job, leg)
                name = leg.name if leg is not None and leg.matrix else ""
                yield Situation(plan.workflow, job.job, job.id, name, contexts, callers)
        for call in job.calls:
            if call.plan is not None and job.job.uses is not None:
                yield from of_plan(call.plan, (*callers, job.job.uses.span))


def surely_false(if_: Scalar | None, contexts: Mapping[str, Any]) -> bool:
    """Whether an ``if:`` is false whatever happens in the run."""
    return if_ is not None and _holds(if_, contexts, {}) is False


def open_condition(if_: Scalar | None, contexts: Mapping[str, Any]) -> str:
    """An ``if:`` as it is written, where it is only known in the run whether it holds; '' where it surely does as
    long as nothing fails."""
    if if_ is None or _holds(if_, contexts, _AS_LONG_AS_NOTHING_FAILS):
        return ""
    return " ".join(if_.text.split())


def _holds(
    if_: Scalar, contexts: Mapping[str, Any], functions: Mapping[str, Callable[[Sequence[Any]], Any]]
) -> bool | None:
    """Whether a condition surely holds, or surely doesn't; None where that is not known."""
    try:
        value, _ = evaluate_partly(condition_source(primitive_text(if_.value)), contexts, functions)
    except ExpressionError:
        return None
    return truth(value)


_AS_LONG_AS_NOTHING_FAILS: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "always": lambda _: True,
    "success": lambda _: True,
    "failure": lambda _: False,
    "cancelled": lambda _: False,
}


def _jobs(
    workflow: Workflow,
    calls: Mapping[str, FollowedCall],
    contexts: Mapping[str, Any],
    ids: tuple[str, ...],
    callers: tuple[Span, ...],
) -> Iterator[Situation]:
    for job in workflow.jobs:
        if surely_false(job.if_, contexts):
            continue
        for name, matrix in _legs(job, contexts):
            seen = {**contexts, "matrix": matrix}
            if job.uses is None:
                id = " / ".join((*ids, job.id))
                yield Situation(workflow, job, id, name, seen, callers)
                continue
            call = calls.get(job.id)
            called = call.called.workflow if call is not None and call.called is not None else None
            if call is None or called is None or call.interface is None:
                continue
            given = inputs_of(job, call.interface, seen)
            inner = {"inputs": {**given.values, **dict.fromkeys(given.later, UNKNOWN)}}
            yield from _jobs(called, call.calls, inner, (*ids, job.id), (*callers, job.uses.span))


def _legs(job: Job, contexts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names and matrices of a job's legs; one with an unknown matrix where that can't be built yet."""
    if job.strategy is None:
        yield "", None
        return
    value = node_value(job.strategy, contexts)
    matrix = value.get("matrix") if isinstance(value, Mapping) else UNKNOWN
    if matrix is None:
        yield "", None
        return
    if has_unknown(matrix):
        yield "", UNKNOWN
        return
    try:
        rows = build_rows(matrix)
    except MatrixError:
        return
    for row in rows:
        parts = ", ".join(name_parts(row))
        yield _name(job, parts, {**contexts, "matrix": row.values}), row.values


def _name(job: Job, parts: str, contexts: Mapping[str, Any]) -> str:
    if job.name is not None and "${{" in job.name.text:
        name = known_text(job.name, contexts).strip()
    else:
        name = job.name.text if job.name is not None and job.name.text else job.id
        name = f"{name} ({parts})" if parts else name
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 3]}..."


def texts_of(
    node: MappingNode | Scalar | None, contexts: Mapping[str, Any], names: Collection[str]
) -> tuple[dict[str, str], frozenset[str]]:
    """Those variables of an ``env:`` that count (``names``): what is known, and the names of those whose values are
    only known in the run."""
    value = node_value(node, contexts)
    if not isinstance(value, Mapping):
        return {}, frozenset()
    known = {name: to_string(value[name]) for name in value if name in names and not has_unknown(value[name])}
    return known, frozenset(name for name in value if name in names and name not in known)
