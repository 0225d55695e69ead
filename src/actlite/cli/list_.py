"""``actlite list``: the workflows of a repository, their events and jobs. Reads files, nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from actlite.cli.common import DIRECTORY, FORMAT, WORKFLOWS
from actlite.cli.listing import entry, lines
from actlite.cli.options import Selection
from actlite.cli.text import write, write_json
from actlite.cli.workflow_files import display_name, find, root_of


@click.command("list")
@DIRECTORY
@WORKFLOWS
@FORMAT
def command(directory: Path, workflows: tuple[str, ...], format_: str) -> int:
    """Show the workflows, the events that start them, and their jobs.

    A file with errors has a line too; `actlite check` tells what they are.
    """
    return show_list(Selection(directory=directory, workflows=workflows), format_)


def show_list(selection: Selection, format_: str) -> int:
    """Write the list. The exit code is 0 even where files have errors. Raises UsageError without files."""
    root = root_of(selection.directory)
    paths = find(selection.directory, selection.workflows)
    entries = [entry(str(path), display_name(path, root)) for path in paths]
    if format_ == "json":
        write_json({"schema": 1, "workflows": entries})
    else:
        write(lines(entries))
    return 0
