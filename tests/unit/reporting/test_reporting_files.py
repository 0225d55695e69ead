"""Event lines, the JSON report, and the fan-out."""

from __future__ import annotations

import errno
import json
import threading
from pathlib import Path

import pytest
import reporting_events as made

from actlite.events import Event, Notice, StepOutput, from_json
from actlite.reporting.jsonl import JsonLines
from actlite.reporting.jsonreport import report as json_report
from actlite.reporting.recordfile import RecordFile
from actlite.reporting.tee import Tee


class Collect:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.closed = 0

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.closed += 1


class Broken(Collect):
    """A reporter that can't."""

    def __call__(self, event: Event) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def note(message: str = "m") -> Notice:
    return Notice(1.0, "note", message)


def test_events_as_lines_come_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    report = JsonLines(path)
    for event in made.failing():
        report(event)
    lines = path.read_text("utf-8").splitlines()  # before it is closed
    report.close()
    assert [from_json(json.loads(line)) for line in lines] == made.failing()


def test_event_lines_hold_any_text(tmp_path: Path) -> None:
    report = JsonLines(tmp_path / "f")
    report(StepOutput(1.0, "a", "1", "\udcff \u2028\n"))
    report.close()
    assert len((tmp_path / "f").read_bytes().splitlines()) == 1


def test_the_json_report_has_the_shape_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report = RecordFile(path, json_report)
    for event in made.failing():
        report(event)
    assert not path.exists()
    report.close()
    data = json.loads(path.read_text("utf-8"))
    assert (data["schema"], data["conclusion"]) == (1, "failure")
    run = data["runs"][0]
    assert {
        "id",
        "workflow",
        "event",
        "ref",
        "as_of",
        "conclusion",
        "jobs",
        "releases",
        "artifacts",
    } <= run.keys()
    job = run["jobs"][0]
    assert {"id", "name", "matrix", "result", "outputs", "steps"} <= job.keys()
    steps = {step["name"]: step for step in job["steps"]}
    expected = {
        "id",
        "name",
        "outcome",
        "conclusion",
        "outputs",
        "exit_code",
        "duration",
        "annotations",
        "diagnosis",
    }
    assert all(expected <= step.keys() for step in steps.values())
    assert steps["Checkout sources"]["diagnosis"]["loader_lines"] == list(made.DIAGNOSIS.loader_lines)
    assert steps["Checkout sources"]["diagnosis"]["missing"][0] == {
        "library": "/lib64/libm.so.6",
        "version": "GLIBC_2.27",
    }
    assert steps["Show GLIBC"]["annotations"] == [
        {
            "level": "warning",
            "message": "old",
            "title": "Library",
            "file": "a.c",
            "line": 3,
            "end_line": 3,
            "column": 7,
            "end_column": None,
        }
    ]
    assert (steps["Clean up"]["outcome"], steps["Clean up"]["conclusion"]) == ("failure", "success")


def test_an_interrupted_run_is_reported_as_cancelled(tmp_path: Path) -> None:
    report = RecordFile(tmp_path / "r", json_report)
    for event in made.failing()[:12]:
        report(event)
    report.close()
    data = json.loads((tmp_path / "r").read_text())
    assert data["conclusion"] == data["runs"][0]["conclusion"] == "cancelled"
    assert data["runs"][0]["jobs"][0]["result"] == "cancelled"
    assert data["runs"][0]["jobs"][0]["steps"][-1]["outcome"] == "cancelled"


def test_several_runs_are_in_one_report(tmp_path: Path) -> None:
    report = RecordFile(tmp_path / "r", json_report)
    for event in [*made.two_jobs(), *made.failing()]:
        report(event)
    report.close()
    data = json.loads((tmp_path / "r").read_text())
    assert [run["conclusion"] for run in data["runs"]] == ["success", "failure"]
    assert data["conclusion"] == "failure"


def test_no_run_at_all_is_a_report_too(tmp_path: Path) -> None:
    RecordFile(tmp_path / "r", json_report).close()
    assert json.loads((tmp_path / "r").read_text()) == {"schema": 1, "conclusion": "success", "runs": []}


def test_an_older_report_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text("old")

    def full(target: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        RecordFile(path, json_report, full).close()
    assert path.read_text() == "old"


def test_a_reporter_that_raises_is_dropped_with_one_warning() -> None:
    said: list[str] = []
    good = Collect()
    tee = Tee([Broken(), good], said.append)
    for _ in range(3):
        tee(note())
    tee.close()
    assert good.events == [note()] * 3
    assert good.closed == 1
    assert len(said) == 1
    assert "Broken stopped" in said[0]
    assert "No space left" in said[0]


def test_closing_twice_closes_once_and_survives_a_failure() -> None:
    class Unclosable(Collect):
        def close(self) -> None:
            raise ValueError("no")

    said: list[str] = []
    good = Collect()
    tee = Tee([Unclosable(), good], said.append)
    tee.close()
    tee.close()
    assert good.closed == 1
    assert len(said) == 1


def test_an_interruption_passes() -> None:
    class Interrupts(Collect):
        def __call__(self, event: Event) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tee([Interrupts()], pytest.fail)(note())


def test_events_of_several_threads_come_one_at_a_time() -> None:
    inside = threading.Semaphore(1)

    class Alone(Collect):
        def __call__(self, event: Event) -> None:
            assert inside.acquire(blocking=False)
            super().__call__(event)
            inside.release()

    reporter = Alone()
    tee = Tee([reporter], pytest.fail)

    def send() -> None:
        for _ in range(300):
            tee(note())

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reporter.events) == 1200
