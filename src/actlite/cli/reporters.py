"""The reporters of a run, from its options."""

from __future__ import annotations

from pathlib import Path

from actlite.cli.ends import say, visible
from actlite.cli.options import Report, RunOptions
from actlite.errors import UsageError
from actlite.events import Event
from actlite.reporting.tee import Reporter, Tee


def reporters(options: RunOptions, root: Path, *, first: tuple[Reporter, ...] = ()) -> Tee:
    """The console, the ``--report`` files, and before them the reporters ``first`` (the journal).

    Its ``close`` must be called however the run ends: the JSON and SARIF reports are written then.
    Raises UsageError where a report's file can't be opened.
    """
    chosen: list[Reporter] = [*first]
    for report in options.reports:
        chosen.append(_file(report))
    chosen.append(_Console(root, options.verbosity))
    return Tee(chosen, lambda text: say(f"warning: {visible(text)}"))


class _Console:
    """The console's reporter, loaded with the first event: by then a container is on its way already."""

    def __init__(self, root: Path, verbosity: int) -> None:
        self._root = root
        self._verbosity = verbosity
        self._reporter: Reporter | None = None

    def __call__(self, event: Event) -> None:
        if self._reporter is None:
            from actlite.reporting.console import console_reporter

            self._reporter = console_reporter(root=self._root, verbosity=self._verbosity)
        self._reporter(event)

    def close(self) -> None:
        """Close the reporter, where there is one."""
        if self._reporter is not None:
            self._reporter.close()


def _file(report: Report) -> Reporter:
    if report.kind == "json":
        from actlite.reporting.jsonreport import report as json_report
        from actlite.reporting.recordfile import RecordFile

        return RecordFile(report.path, json_report)
    if report.kind == "sarif":
        from actlite.reporting.recordfile import RecordFile
        from actlite.reporting.runsarif import run_sarif

        return RecordFile(report.path, run_sarif)
    from actlite.reporting.jsonl import JsonLines

    try:
        return JsonLines(report.path)
    except OSError as error:
        raise UsageError(
            f"--report: {report.path} can't be written.", why=error.strerror or "", do="Name another file."
        ) from error
