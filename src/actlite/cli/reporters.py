"""The reporters of a run, from its options."""

from __future__ import annotations

from pathlib import Path

from actlite.cli.ends import say, visible
from actlite.cli.options import Report, RunOptions
from actlite.errors import UsageError
from actlite.reporting.console import console_reporter
from actlite.reporting.jsonl import JsonLines
from actlite.reporting.jsonreport import JsonReport
from actlite.reporting.tee import Reporter, Tee


def reporters(options: RunOptions, root: Path, *, first: tuple[Reporter, ...] = ()) -> Tee:
    """The console, the ``--report`` files, and before them the reporters ``first`` (the journal).

    Its ``close`` must be called however the run ends: the JSON report is written then.
    Raises UsageError where a report's file can't be opened.
    """
    chosen: list[Reporter] = [*first]
    for report in options.reports:
        chosen.append(_file(report))
    chosen.append(console_reporter(root=root, verbosity=options.verbosity))
    return Tee(chosen, lambda text: say(f"warning: {visible(text)}"))


def _file(report: Report) -> Reporter:
    if report.kind == "json":
        return JsonReport(report.path)
    try:
        return JsonLines(report.path)
    except OSError as error:
        raise UsageError(
            f"--report: {report.path} can't be written.", why=error.strerror or "", do="Name another file."
        ) from error
