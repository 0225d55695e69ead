"""The order in which jobs can run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from actlite.errors import UsageError
from actlite.workflow.model import Job
from actlite.workflow.nearest import nearest


def in_order(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs so that each comes after those it needs, else in file order. Jobs must have no cycle
    (the reader refuses one); needs that are not among the jobs are passed over."""
    by_id = {job.id.casefold(): job for job in jobs}
    done: dict[str, Job] = {}
    for start in jobs:
        stack = [start]
        while stack:
            job = stack[-1]
            key = job.id.casefold()
            waiting = [
                by_id[need.casefold()]
                for need in job.needs
                if need.casefold() in by_id and need.casefold() not in done
            ]
            if key in done or not waiting or len(stack) > len(jobs):
                done.setdefault(key, job)
                stack.pop()
            else:
                stack.extend(reversed(waiting))
    return tuple(done.values())


def chosen(jobs: Sequence[Job], names: Iterable[str]) -> tuple[Job, ...]:
    """The named jobs and all that they need, in file order. ``call / job`` names one of the workflow that a job
    calls. Raises UsageError for a name that no job has."""
    by_id = {job.id.casefold(): job for job in jobs}
    stack = []
    for name in names:
        head, tail = _split(name)
        job = by_id.get(head.casefold())
        if job is None:
            guess = nearest(head, (job.id for job in jobs))
            raise UsageError(
                f"there is no job '{head}'",
                why=f"The jobs are: {', '.join(job.id for job in jobs)}.",
                do=f"Did you mean '{guess}'?" if guess else "",
            )
        if tail and job.uses is None:
            raise UsageError(f"there is no job '{name}'", why=f"The job '{job.id}' calls no workflow.")
        stack.append(head.casefold())
    wanted = _with_needs(stack, by_id)
    return tuple(job for job in jobs if job.id.casefold() in wanted)


def chosen_within(jobs: Sequence[Job], names: Iterable[str], id: str) -> tuple[str, ...]:
    """What of the workflow that a job calls is wanted, as names of its jobs; () for all of it: where the job itself
    is named, and where one that is wanted needs it."""
    by_id = {job.id.casefold(): job for job in jobs}
    whole: list[str] = []
    parts: list[str] = []
    for head, tail in map(_split, names):
        if tail and head.casefold() == id.casefold():
            parts.append(tail)
        elif not tail:
            whole.append(head.casefold())
        if tail and head.casefold() in by_id:
            whole += [need.casefold() for need in by_id[head.casefold()].needs]
    return () if id.casefold() in _with_needs(whole, by_id) else tuple(parts)


def _split(name: str) -> tuple[str, str]:
    head, _, tail = name.partition("/")
    return head.strip(), tail.strip()


def _with_needs(ids: Iterable[str], by_id: Mapping[str, Job]) -> set[str]:
    stack = list(ids)
    wanted: set[str] = set()
    while stack:
        key = stack.pop()
        if key in wanted or key not in by_id:
            continue
        wanted.add(key)
        stack += [need.casefold() for need in by_id[key].needs]
    return wanted
