"""The event log: what is written can be read again, whatever came between."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from actlite.events import (
    Annotation,
    Diagnosis,
    Event,
    JobFinished,
    JobStarted,
    Missing,
    RunFinished,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepStarted,
)
from actlite.journal import log as log_module
from actlite.journal.log import PIECE, EventLog, read_events, safe_name


def never(text: str) -> None:
    raise AssertionError(text)


def output(text: str, job: str = "build", step: str = "1", time: float = 5.0) -> StepOutput:
    return StepOutput(time, job, step, text)


def write(folder: Path, *events: Event) -> None:
    with EventLog(folder, never) as log:
        for event in events:
            log(event)


def texts(folder: Path) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for event in read_events(folder):
        if isinstance(event, StepOutput):
            key = (event.job, event.step)
            found[key] = found.get(key, "") + event.text
    return found


def test_events_come_back_equal(tmp_path: Path) -> None:
    events: list[Event] = [
        JobStarted(1.0, "build (a)", "build", "build (a)", {"os": "a"}, "image:1", "other", "ubuntu-latest"),
        StepStarted(2.0, "build (a)", "1", "", "Build", "x"),
        StepAnnotation(3.0, "build (a)", "1", Annotation("error", "no ☃", file="a.c", line=3)),
        StepFinished(
            4.0, "build (a)", "1", "", "Build", "failure", "failure", 2.5, 1, {"k": "v"},
            Diagnosis("versions", "node", "no", (Missing("libc.so.6", "GLIBC_2.28"),), ("line",), fixes=("x",)),
        ),
        JobFinished(5.0, "build (a)", "build", "build (a)", "failure", {}, 3.0),
        RunFinished(6.0, "1", "failure", 5.0, ("box",), "/x"),
    ]  # fmt: skip
    write(tmp_path, *events)
    assert list(read_events(tmp_path)) == events


def test_output_is_beside_the_journal_and_its_pieces_share_a_line(tmp_path: Path) -> None:
    write(tmp_path, output("a\n"), output("b\n"), output("c\n", step="2"), output("d\n"))
    assert (tmp_path / "logs/build/1.log").read_text() == "a\nb\nd\n"
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(r["step"], r["offset"], r["length"]) for r in lines if r["length"]] == [
        ("1", 0, 4),
        ("2", 0, 2),
        ("1", 4, 2),
    ]
    assert [e.text for e in read_events(tmp_path) if isinstance(e, StepOutput)] == ["a\nb\n", "c\n", "d\n"]


def test_output_is_flushed_before_the_event_that_follows(tmp_path: Path) -> None:
    end = StepFinished(9.0, "build", "1", "", "x", "success", "success", 1.0)
    write(tmp_path, output("a\n"), end, output("post\n"))
    assert [e.kind for e in read_events(tmp_path)] == ["step-output", "step-finished", "step-output"]


@pytest.mark.parametrize(
    "text", ["", "no newline", "\r\n\x1b[31m\x00\n", "☃ 𝄞\n", "byte \udcff\n", "half \ud800\n"]
)
def test_any_text_survives(tmp_path: Path, text: str) -> None:
    write(tmp_path, output(text))
    expected = text.encode("utf-8", "replace").decode() if "\ud800" in text else text
    assert texts(tmp_path).get(("build", "1"), "") == expected


def test_big_output_comes_back_in_pieces_of_whole_lines(tmp_path: Path) -> None:
    text = "".join(f"line {n} ☃\n" for n in range(200_000))
    write(tmp_path, output(text))
    pieces = [e.text for e in read_events(tmp_path) if isinstance(e, StepOutput)]
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert all(piece.endswith("\n") and len(piece.encode()) <= PIECE for piece in pieces)


def test_a_line_longer_than_a_piece_is_cut_between_characters(tmp_path: Path) -> None:
    text = "x" + "☃" * (PIECE // 2)
    write(tmp_path, output(text))
    assert texts(tmp_path)["build", "1"] == text


def test_jobs_whose_names_clash_as_files_stay_apart(tmp_path: Path) -> None:
    write(
        tmp_path,
        output("1\n", job="b (a/b)"),
        output("2\n", job="b (a b)"),
        output("3\n", job="../../x"),
        output("4\n", step=".."),
    )
    assert texts(tmp_path) == {
        ("b (a/b)", "1"): "1\n", ("b (a b)", "1"): "2\n", ("../../x", "1"): "3\n", ("build", ".."): "4\n"
    }  # fmt: skip
    assert not list(tmp_path.parent.glob("*.log"))


def test_a_torn_last_line_is_passed_over_and_ended_by_the_next_writer(tmp_path: Path) -> None:
    write(tmp_path, JobStarted(1.0, "a", "a", "a", {}, "x"))
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"kind":"job-fin')
    assert [e.kind for e in read_events(tmp_path)] == ["job-started"]
    write(tmp_path, RunFinished(2.0, "1", "cancelled", 1.0))
    assert [e.kind for e in read_events(tmp_path)] == ["job-started", "run-finished"]


def test_output_whose_reference_was_lost_by_a_kill_is_found(tmp_path: Path) -> None:
    log = EventLog(tmp_path, never)
    log(output("first\n"))
    log(output("second\n"))  # pending: the process dies here
    assert texts(tmp_path) == {("build", "1"): "first\nsecond\n"}
    write(tmp_path, RunFinished(2.0, "1", "cancelled", 1.0))
    assert [e.kind for e in read_events(tmp_path)] == ["step-output", "run-finished"]
    assert texts(tmp_path) == {("build", "1"): "first\nsecond\n"}
    log.close()


def test_a_journal_that_goes_on_later_keeps_the_order(tmp_path: Path) -> None:
    write(tmp_path, output("one\n"), RunFinished(2.0, "1", "failure", 1.0))
    write(tmp_path, output("two\n"), RunFinished(4.0, "1", "success", 1.0))
    seen = [e.text if isinstance(e, StepOutput) else e.kind for e in read_events(tmp_path)]
    assert seen == ["one\n", "run-finished", "two\n", "run-finished"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b'{"kind": "from-the-future", "time": 1}',
        b'{"kind": "job-started"}',
        b'{"kind": "step-output", "file": "../../etc/passwd", "offset": 0, "length": 9, "time": 1, "job": "a", "step": "1"}',
        b'{"kind": "step-output", "file": "/etc/passwd", "offset": 0, "length": 9, "time": 1, "job": "a", "step": "1"}',
        b'{"kind": "step-output", "file": "logs/a/1.log", "offset": -1, "length": 9, "time": 1, "job": "a", "step": "1"}',
        b'{"kind": "step-output", "file": 5, "offset": 0, "length": 9, "time": 1, "job": "a", "step": "1"}',
        b'{"kind": "step-output", "file": "logs/a/gone.log", "offset": 0, "length": 9, "time": 1, "job": "a", "step": "1"}',
        b'{"kind": "step-finished", "outputs": 5, "diagnosis": 7}',
        b"\xff\xfe\x00",
        b"[" * 50_000,
    ],
)
def test_foreign_lines_are_passed_over(tmp_path: Path, line: bytes) -> None:
    good = json.dumps({"kind": "notice", "time": 1.0, "level": "note", "message": "m"}).encode()
    (tmp_path / "events.jsonl").write_bytes(line + b"\n" + good + b"\n")
    assert [e.kind for e in read_events(tmp_path)] == ["notice"]


def test_no_journal_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []
    assert list(read_events(tmp_path / "absent")) == []


def test_without_output(tmp_path: Path) -> None:
    write(tmp_path, output("a\n"), RunFinished(2.0, "1", "success", 1.0))
    assert [e.kind for e in read_events(tmp_path, output=False)] == ["run-finished"]


def test_a_full_disk_is_told_once_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    log = EventLog(tmp_path, said.append)
    log(output("kept\n"))

    def full(fd: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(log_module, "_write", full)
    for _ in range(3):
        log(output("lost\n"))
    log.close()
    log.close()
    assert len(said) == 1
    assert "No space left" in said[0]
    assert texts(tmp_path) == {("build", "1"): "kept\n"}


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    log = EventLog(tmp_path, never)

    def work(job: str) -> None:
        for n in range(200):
            log(output(f"{job} {n}\n", job=job))
            log(StepAnnotation(1.0, job, "1", Annotation("notice", "m")))

    threads = [threading.Thread(target=work, args=(f"j{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert texts(tmp_path) == {(f"j{n}", "1"): "".join(f"j{n} {i}\n" for i in range(200)) for n in range(4)}
    assert sum(isinstance(e, StepAnnotation) for e in read_events(tmp_path)) == 800


@pytest.mark.parametrize(
    ("key", "name"),
    [("build (a, b)", "build_a_b"), ("..", "_"), ("", "_"), ("pre-2", "pre-2"), ("2.1", "2.1"), ("☃", "_")],
)
def test_safe_names(key: str, name: str) -> None:
    assert safe_name(key) == name
