"""A workflow file in a few words, for lists and plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actlite.cli.workflow_files import read_as
from actlite.document.nodes import Mapping, Scalar
from actlite.workflow.model import EventFilter, Job


def summary(path: str, name: str) -> dict[str, Any]:
    """What a list tells of a file: its path and number of errors, and where there are none its name, its
    events (as names, and with their filters), and its jobs."""
    file = read_as(Path(path), name, warnings=False)
    data: dict[str, Any] = {"path": name, "errors": len(file.errors)}
    if file.workflow is not None:
        data |= {
            "name": file.workflow.name,
            "on": [describe(event) for event in file.workflow.on],
            "events": [event.name for event in file.workflow.on],
            "jobs": [
                {"id": job.id, "needs": list(job.needs), "where": place(job)} for job in file.workflow.jobs
            ],
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
