"""Checks the graph that ``needs`` makes of the jobs: unknown jobs, cycles, no job to begin with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from actlite.diagnostics import DiagnosticBag, Label, Severity
from actlite.source import Span
from actlite.workflow.model import Job
from actlite.workflow.nearest import did_you_mean


def check_needs(jobs: Sequence[Job], jobs_span: Span, bag: DiagnosticBag, broken: Iterable[str] = ()) -> None:
    """Add a finding for each ``needs`` that names no job, and one for each cycle, with its path. ``broken`` are the
    ids of jobs that can't be read, which is reported already."""
    ids = {job.id.casefold() for job in jobs}
    reported = {id.casefold() for id in broken} - ids
    unknown = False
    for job in jobs:
        if len(job.needs) > 1:
            _duplicates(job, bag)
        for need, span in zip(job.needs, job.needs_spans, strict=True):
            if need.casefold() not in ids and "${{" not in need:
                unknown = True
                if need.casefold() in reported:
                    continue
                bag.add(
                    "unknown-need",
                    f"Job '{job.id}' depends on unknown job '{need}'.",
                    span,
                    label=did_you_mean(need, (other.id for other in jobs)),
                    help=f"the jobs are: {', '.join(other.id for other in jobs)}",
                )
    cycles = find_cycles(jobs)
    if jobs and not unknown and all(job.needs for job in jobs):
        bag.add(
            "no-first-job",
            "The workflow must contain at least one job with no dependencies.",
            jobs_span,
            notes=tuple(f"the cycle: {_path(cycle)}" for cycle in cycles),
        )
        return
    for cycle in cycles:
        edges = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        spans = [_need_span(job, need) for job, need in edges]
        bag.add(
            "needs-cycle",
            f"Job '{edges[0][0].id}' depends on job '{edges[0][1].id}' "
            "which creates a cycle in the dependency graph.",
            spans[0],
            labels=tuple(
                Label(span, f"'{job.id}' needs '{need.id}'")
                for (job, need), span in zip(edges[1:], spans[1:], strict=True)
            ),
            notes=(f"the cycle: {_path(cycle)}",),
            help="remove one of these needs",
        )


def _duplicates(job: Job, bag: DiagnosticBag) -> None:
    """GitHub takes a need that is given twice as one (R: WorkflowTemplateConverter, validation of needs)."""
    seen: dict[str, Span] = {}
    for need, span in zip(job.needs, job.needs_spans, strict=True):
        first = seen.setdefault(need.casefold(), span)
        if first is not span:
            bag.add(
                "duplicate-need",
                f"job '{job.id}' needs '{need}' twice",
                span,
                severity=Severity.WARNING,
                labels=(Label(first, "the first one"),),
                help="remove one of them",
            )


def find_cycles(jobs: Sequence[Job]) -> list[list[Job]]:
    """One cycle for each knot of jobs that need each other, each beginning with its first job in the file."""
    by_id = {job.id.casefold(): job for job in jobs}
    state: dict[str, int] = {}
    found: list[list[Job]] = []
    for start in jobs:
        if start.id.casefold() in state:
            continue
        path: list[Job] = []
        stack: list[tuple[Job, int]] = [(start, 0)]
        while stack:
            job, index = stack.pop()
            key = job.id.casefold()
            if index == 0:
                state[key] = 1
                path.append(job)
            if index < len(job.needs):
                stack.append((job, index + 1))
                other = by_id.get(job.needs[index].casefold())
                if other is None:
                    continue
                mark = state.get(other.id.casefold(), 0)
                if mark == 0:
                    stack.append((other, 0))
                elif mark == 1:
                    found.append(path[path.index(other) :])
            else:
                state[key] = 2
                path.pop()
    return [_rotated(cycle, jobs) for cycle in _distinct(found)]


def _distinct(cycles: list[list[Job]]) -> list[list[Job]]:
    seen: set[str] = set()
    kept = []
    for cycle in cycles:
        if not any(job.id in seen for job in cycle):
            kept.append(cycle)
        seen.update(job.id for job in cycle)
    return kept


def _rotated(cycle: list[Job], jobs: Sequence[Job]) -> list[Job]:
    order = {job.id: number for number, job in enumerate(jobs)}
    first = min(range(len(cycle)), key=lambda index: order[cycle[index].id])
    return cycle[first:] + cycle[:first]


def _need_span(job: Job, need: Job) -> Span:
    for name, span in zip(job.needs, job.needs_spans, strict=True):
        if name.casefold() == need.id.casefold():
            return span
    return job.span


def _path(cycle: list[Job]) -> str:
    return " → ".join(job.id for job in [*cycle, cycle[0]])
