"""Options that several verbs share, and the way from them to data."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from actlite.cli.options import Selection
from actlite.cli.settings import pair
from actlite.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

DIRECTORY = click.option(
    "-C",
    "--directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Work in this folder.",
)
WORKFLOWS = click.option(
    "-W",
    "--workflow",
    "workflows",
    metavar="FILE",
    multiple=True,
    help="A workflow file, or a folder of them.",
)
FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to write the answer.",
)
_REFS = (
    click.option("--tag", metavar="TAG", help="As if this tag were pushed."),
    click.option("--branch", metavar="BRANCH", help="As if this branch were pushed."),
    click.option("--ref", metavar="REF", help="Any ref: refs/tags/…, refs/heads/…, refs/pull/…"),
    click.option(
        "-e",
        "--event-file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The event's payload, as JSON.",
    ),
    click.option(
        "--input", "inputs", metavar="KEY=VALUE", multiple=True, help="An input of workflow_dispatch."
    ),
)
_SELECTION = (
    click.argument("event", required=False, default=""),
    DIRECTORY,
    WORKFLOWS,
    *_REFS,
    click.option(
        "-j",
        "--job",
        "jobs",
        metavar="JOB",
        multiple=True,
        help="Only this job and those it needs; CALL/JOB for one of a called workflow.",
    ),
    click.option("--matrix", metavar="KEY=VALUE", multiple=True, help="Only the legs with this value."),
    click.option(
        "--changed",
        metavar="FILE",
        multiple=True,
        help="A changed file, for filters on paths; - reads them from stdin.",
    ),
    click.option(
        "--changed-since",
        metavar="REF",
        help="Changed files are those that differ from this commit, branch or tag.",
    ),
)


def selection_options(function: F) -> F:
    """Adds the options that say which workflows and jobs, for which event."""
    for option in reversed(_SELECTION):
        function = option(function)
    return function


def trigger_options(function: F) -> F:
    """Adds the options that say what the event is, for verbs that select nothing by it."""
    for option in reversed((click.argument("event", required=False, default=""), DIRECTORY, *_REFS)):
        function = option(function)
    return function


def one_ref(values: Mapping[str, Any]) -> None:
    """Raise UsageError where more than one of ``--tag``, ``--branch`` and ``--ref`` is given."""
    refs = [name for name in ("tag", "branch", "ref") if values[name]]
    if len(refs) > 1:
        raise UsageError(
            f"--{refs[0]} and --{refs[1]} are given.", do="Give one of --tag, --branch and --ref."
        )


def take_selection(values: dict[str, Any]) -> Selection:
    """The selection of a command's values, which are taken out of them. Raises UsageError."""
    one_ref(values)
    changed, since = values.pop("changed"), values.pop("changed_since")
    if changed and since:
        raise UsageError("--changed and --changed-since are given.", do="Give one of them.")
    return Selection(
        event=values.pop("event"),
        directory=values.pop("directory"),
        workflows=tuple(values.pop("workflows")),
        tag=values.pop("tag"),
        branch=values.pop("branch"),
        ref=values.pop("ref"),
        event_file=values.pop("event_file"),
        inputs=pairs(values.pop("inputs"), "--input"),
        jobs=tuple(values.pop("jobs")),
        matrix=tuple(pairs(values.pop("matrix"), "--matrix").items()),
        changed=_changed(changed) if changed else None,
        changed_since=since or None,
    )


def _changed(given: Sequence[str]) -> tuple[str, ...]:
    """The files of ``--changed``; those of stdin are one a line, or end in NUL as ``git diff -z`` has them."""
    found: list[str] = []
    for item in given:
        if item == "-":
            text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
            found += [name for name in text.split("\0" if "\0" in text else "\n") if name]
        else:
            found.append(item)
    return tuple(found)


def stdin_text() -> str:
    """All of standard input. Raises UsageError where it isn't UTF-8."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("The text from standard input isn't UTF-8.", why=str(error)) from error


def pairs(items: Sequence[str], option: str, form: str = "KEY=VALUE") -> dict[str, str]:
    """Repeated ``KEY=VALUE`` options; of the same key the last one counts. Raises UsageError."""
    return dict(pair(item, option, form=form) for item in items)


def date(text: str, option: str) -> str:
    """A date YYYY-MM-DD; '' stays ''. Raises UsageError."""
    if text:
        try:
            if datetime.date.fromisoformat(text).isoformat() != text:
                raise ValueError(text)
        except ValueError as error:
            raise UsageError(f"{option}: '{text}' is not a date.", do="Write it as 2021-05-07.") from error
    return text
