"""A workflow file in a few words, for lists and plans."""

from __future__ import annotations

from typing import Any

from actlite.document.nodes import Mapping, Scalar
from actlite.source import SourceFile
from actlite.workflow.model import EventFilter, Job
from actlite.workflow.reader import read


def summary(path: str, name: str) -> dict[str, Any]:
    """What a list tells of a file: its path and number of errors, and where there are none its name, its
    events (as names, and with their filters), and its jobs."""
    # Opened by hand, and read at once: the ways of the other verbs load more than the reading takes.
    try:
        with open(path, "rb") as file:
            source = SourceFile(name, file.read().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {"path": name, "errors": 1}
    workflow, bag = read(source, name, warnings=False)
    data: dict[str, Any] = {"path": name, "errors": len(bag.errors)}
    if workflow is not None:
        data |= {
            "name": workflow.name,
            "on": [describe(event) for event in workflow.on],
            "events": [event.name for event in workflow.on],
            "jobs": [{"id": job.id, "needs": list(job.needs), "where": place(job)} for job in workflow.jobs],
        }
    return data


def describe(event: EventFilter) -> str:
    """An event with its filters, in one phrase: ``push (tags v*)``."""
    filters = [
        f"{label} {' '.join(values) or '(none)'}"
        for label, values in (
            ("types", event.types),
            ("branches", event.branches),
            ("branches-ignore", event.branches_ignore),
            ("tags", event.tags),
            ("tags-ignore", event.tags_ignore),
            ("paths", event.paths),
            ("paths-ignore", event.paths_ignore),
            ("workflows", event.workflows),
            ("inputs", tuple(i.name for i in event.inputs) or None),
            ("cron", event.cron or None),
        )
        if values is not None
    ]
    return f"{event.name} ({'; '.join(filters)})" if filters else event.name


def place(job: Job) -> str:
    """Where a job runs, as the file says it: its image, the labels, or the workflow that it calls."""
    if job.uses is not None:
        return f"calls {job.uses.text}"
    container = job.container
    if isinstance(container, Mapping):
        container = container.get("image")
    if isinstance(container, Scalar) and container.text:
        return container.text
    if isinstance(job.runs_on, Scalar):
        return job.runs_on.text
    if job.runs_on is None:
        return ""
    return " ".join(job.runs_on.span.text.split())
