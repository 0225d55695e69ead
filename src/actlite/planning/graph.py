"""The order in which jobs can run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    """The named jobs and all that they need, in file order. Raises UsageError for a name that no job has."""
    by_id = {job.id.casefold(): job for job in jobs}
    wanted: set[str] = set()
    stack = []
    for name in names:
        if name.casefold() not in by_id:
            guess = nearest(name, (job.id for job in jobs))
            raise UsageError(
                f"there is no job '{name}'",
                why=f"The jobs are: {', '.join(job.id for job in jobs)}.",
                do=f"Did you mean '{guess}'?" if guess else "",
            )
        stack.append(name.casefold())
    while stack:
        key = stack.pop()
        if key in wanted or key not in by_id:
            continue
        wanted.add(key)
        stack += [need.casefold() for need in by_id[key].needs]
    return tuple(job for job in jobs if job.id.casefold() in wanted)
