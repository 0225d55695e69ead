"""``actlite list``: the workflows of a repository, their events and jobs. Reads files, nothing else."""

from __future__ import annotations

from typing import Any

import click

from actlite.cli.common import DIRECTORY, FORMAT, WORKFLOWS
from actlite.cli.options import Selection
from actlite.cli.text import columns, paint, write, write_json
from actlite.cli.workflow_files import WorkflowFile, read_all
from actlite.diagnostics import printable
from actlite.document.nodes import Mapping, Scalar
from actlite.workflow.model import EventFilter, Job


@click.command("list")
@DIRECTORY
@WORKFLOWS
@FORMAT
def command(directory: Any, workflows: tuple[str, ...], format_: str) -> int:
    """Show the workflows, the events that start them, and their jobs.

    A file with errors has a line too; `actlite check` tells what they are.
    """
    return show_list(Selection(directory=directory, workflows=workflows), format_)


def show_list(selection: Selection, format_: str) -> int:
    """Write the list. The exit code is 0 even where files have errors. Raises UsageError without files."""
    files = read_all(selection.directory, selection.workflows)
    if format_ == "json":
        write_json({"schema": 1, "workflows": [_data(file) for file in files]})
        return 0
    lines: list[str] = []
    for file in files:
        lines += _lines(file)
    write(lines)
    return 0


def _lines(file: WorkflowFile) -> list[str]:
    name = paint(printable(file.name), "bold")
    if file.workflow is None:
        count = len(file.errors)
        return [f"{name}  {paint(f'{count} error' + 's' * (count != 1), 'red')}, see: actlite check"]
    workflow = file.workflow
    title = f"  {printable(workflow.name)}" if workflow.name != file.name else ""
    lines = [f"{name}{title}", f"  on {', '.join(printable(describe(event)) for event in workflow.on)}"]
    rows = [(printable(job.id), needs(job), printable(place(job))) for job in workflow.jobs]
    return [*lines, *columns(rows, indent=4)]


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


def needs(job: Job) -> str:
    """``needs a, b``, or ''."""
    return f"needs {', '.join(printable(n) for n in job.needs)}" if job.needs else ""


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


def _data(file: WorkflowFile) -> dict[str, Any]:
    data: dict[str, Any] = {"path": file.name, "errors": len(file.errors)}
    if file.workflow is not None:
        data |= {
            "name": file.workflow.name,
            "events": [event.name for event in file.workflow.on],
            "jobs": [
                {"id": job.id, "needs": list(job.needs), "where": place(job)} for job in file.workflow.jobs
            ],
        }
    return data
