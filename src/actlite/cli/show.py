"""``actlite show``: the past runs, and the log and report of one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from actlite.cli.common import DIRECTORY, FORMAT
from actlite.cli.text import columns, paint, write, write_json
from actlite.diagnostics import printable
from actlite.errors import UsageError
from actlite.events import Event, JobFinished, RunFinished, RunStarted, StepFinished
from actlite.journal.log import read_events
from actlite.journal.record import RunRecord, fold
from actlite.journal.runs import RunFolder, RunStore, State

_SIGNS = {"success": ("✓", "green"), "failure": ("✗", "red"), "cancelled": ("✗", "yellow")}


@click.command("show")
@click.argument("run", required=False)
@click.argument("job", required=False)
@DIRECTORY
@FORMAT
@click.option("--log", is_flag=True, help="The job's log as GitHub gives it for download, to be compared.")
@click.option("--timestamps", is_flag=True, help="With --log: the time before each line, as there.")
def command(
    run: str | None, job: str | None, directory: Any, format_: str, log: bool, timestamps: bool
) -> int:
    """Show the past runs; with RUN (or `last`) its log and report again, with JOB that job's log alone."""
    store = RunStore.beside(directory)
    if timestamps and not log:
        raise UsageError("--timestamps is for --log.", do="Give both.")
    if log and format_ == "json":
        raise UsageError("--log has no other form.", do="Leave --format out.")
    if run is None and not log:
        return _list(store, format_)
    folder = store.get(None if run in (None, "last") else run)
    if log:
        return _downloaded(folder, job, timestamps=timestamps)
    if format_ == "json":
        from actlite.reporting.jsonreport import report

        write_json(report([fold(_readable(folder, output=False))]))
        return 0
    return _job_log(folder, job) if job else _replay(folder, store)


def _list(store: RunStore, format_: str) -> int:
    known = [(folder, _record(folder)) for folder in store.runs()]
    if format_ == "json":
        write_json({"schema": 1, "runs": [_data(folder, record) for folder, record in known]})
        return 0
    if not known:
        write(["No runs yet. Start one: actlite run"])
        return 0
    rows = []
    for folder, record in known:
        sign, style = _SIGNS.get(record.conclusion, ("–", "dim"))
        status = standing(folder, record)
        started = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started)) if record.started else ""
        what = f"{record.event} {record.ref.removeprefix('refs/heads/').removeprefix('refs/')}".strip()
        took = f"{record.duration:.1f}s" if record.conclusion else ""
        rows.append(
            (
                f"{paint(sign, style)} {folder.id}",
                started,
                printable(record.path),
                printable(what),
                status,
                took,
            )
        )
    write(columns(rows))
    return 0


def standing(folder: RunFolder, record: RunRecord) -> str:
    """What has become of a run, in a few words."""
    state = folder.state()
    if state is State.PAUSED:
        return "paused"
    if state is State.KEPT:
        return f"{record.conclusion or 'ended'}, kept"
    if record.conclusion:
        return record.conclusion
    if state is State.LIVE:
        return "running" if folder.alive() else "killed"
    return "without a readable journal" if not record.id else "cut short"


def _replay(folder: RunFolder, store: RunStore) -> int:
    from actlite.reporting.console import console_reporter

    reporter = console_reporter(root=store.root.parent, live=False)
    empty = True
    for event in _readable(folder):
        reporter(event)
        empty = False
    reporter.close()
    if empty:
        raise _no_journal(folder)
    return 0


def _legs(folder: RunFolder, job: str | None) -> set[str]:
    """The legs that a name means; all of them without one."""
    events = list(_readable(folder, output=False))
    keys = {getattr(event, "job", "") for event in events} - {""}
    wanted = {key for key in keys if job is None or _is_of(key, job)}
    if not events:
        raise _no_journal(folder)
    if not wanted:
        raise UsageError(f"Run {folder.id} has no job '{job}'.", do=f"Its jobs: {', '.join(sorted(keys))}")
    return wanted


def _is_of(key: str, job: str) -> bool:
    """Whether a leg is of a job, or of a workflow that the job calls: ``call (linux) / compile (1)`` is of ``call``,
    of ``call (linux)`` and of ``call / compile``."""
    plain = " / ".join(part.split(" (", 1)[0] for part in key.split(" / "))
    return any(name == job or name.startswith(f"{job} / ") for name in (key, plain))


def _downloaded(folder: RunFolder, job: str | None, *, timestamps: bool) -> int:
    from actlite.cli.joblog import downloaded

    legs = sorted(_legs(folder, job))
    if len(legs) > 1:
        raise UsageError(
            f"The log of one job is shown, and run {folder.id} has {len(legs)} that fit.",
            do=f"Name one of them: {', '.join(legs)}",
        )
    write(downloaded(_readable(folder), legs[0], timestamps=timestamps))
    return 0


def _job_log(folder: RunFolder, job: str) -> int:
    from actlite.reporting.console import console_reporter

    wanted = _legs(folder, job)
    reporter = console_reporter(root=None, live=False)
    for event in _readable(folder):
        if getattr(event, "job", None) in wanted:
            reporter(event)
            if isinstance(event, StepFinished | JobFinished) and event.condition:
                write(_tree(event.condition))
    return 0


def _tree(condition: Mapping[str, Any]) -> list[str]:
    """Why a condition was false: the value of each of its parts."""
    from actlite.expressions.explain import from_data

    rows = from_data(condition).rows()
    shown = [(printable(label), printable(value), printable(expanded)) for label, value, expanded in rows]
    return columns(shown, indent=4, gap=3)


def _readable(folder: RunFolder, *, output: bool = True) -> Iterator[Event]:
    try:
        yield from read_events(folder.path, output=output)
    except OSError as error:
        raise UsageError(
            f"The journal of run {folder.id} can't be read.", why=f"{folder.events}: {error.strerror}"
        ) from error


def _record(folder: RunFolder) -> RunRecord:
    try:
        events = read_events(folder.path, output=False)
        return fold(event for event in events if isinstance(event, RunStarted | RunFinished))
    except OSError:
        return RunRecord(folder.id)


def _no_journal(folder: RunFolder) -> UsageError:
    return UsageError(
        f"Run {folder.id} has no readable journal.",
        why=f"{folder.events} is missing or holds nothing that actlite wrote.",
        do=f"Remove it: actlite clean {folder.id}",
    )


def _data(folder: RunFolder, record: RunRecord) -> dict[str, Any]:
    state = folder.state()
    return {
        "id": folder.id,
        "state": state.value if state else None,
        "standing": standing(folder, record),
        "workflow": record.workflow,
        "path": record.path,
        "event": record.event,
        "ref": record.ref,
        "sha": record.sha,
        "started": record.started,
        "duration": record.duration,
        "conclusion": record.conclusion or None,
        "folder": str(folder.path),
    }
