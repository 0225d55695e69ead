"""Steps that overlap: whose line it is, and how a run with them is read again."""

from __future__ import annotations

import io

from actlite.events import (
    Annotation,
    Event,
    JobFinished,
    JobStarted,
    RunFinished,
    RunStarted,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepQueued,
    StepStarted,
)
from actlite.journal.record import fold
from actlite.reporting.console import console_reporter
from actlite.reporting.console.screen import Screen
from actlite.reporting.console.terminal import TerminalReporter


def finished(step: str, name: str, time: float) -> Event:
    return StepFinished(time, "j", step, "", name, "success", "success", 1.0)


LONG = "a name with more letters than there is room"
EVENTS: list[Event] = [
    RunStarted(0, "1", "w", "w.yml", "push", "", "", "2026-11-23", "2.336.0", "", ("j",)),
    JobStarted(1, "j", "j", "job", {}, "image"),
    StepStarted(1, "j", "1", "a", "server", background=True),
    StepOutput(1, "j", "1", "alone\n"),
    StepQueued(1, "j", "2", "b", "late"),
    StepStarted(2, "j", "3", "", LONG),
    StepStarted(2, "j", "3.1", "", "inner"),
    StepOutput(2, "j", "1", "one\ntwo\n"),
    StepOutput(2, "j", "3.1", "three\n"),
    StepAnnotation(2, "j", "1", Annotation("warning", "careful", "A title")),
    finished("3.1", "inner", 3),
    finished("3", LONG, 3),
    StepOutput(3, "j", "1", "alone again\n"),
    StepStarted(4, "j", "2", "b", "late", background=True),
    finished("1", "server", 5),
    finished("2", "late", 5),
    JobFinished(6, "j", "j", "job", "success", {}, 6.0),
    RunFinished(6, "1", "success", 6.0),
]


def test_lines_of_steps_that_overlap_say_whose_they_are() -> None:
    stream = io.StringIO()
    reporter = console_reporter(stream, env={}, width=80)
    for event in EVENTS:
        reporter(event)
    reporter.close()
    lines = stream.getvalue().splitlines()
    assert "alone" in lines
    assert "● late · waits for a place" in lines
    assert lines[lines.index("server | one") + 1] == "server | two"
    assert "a name with more letter… | three" in lines
    assert "server | warning: A title: careful" in lines
    assert "alone again" in lines
    assert f"✓ {LONG} 1.0s" in lines


def test_the_end_of_running_logs_says_whose_it_is() -> None:
    screen = Screen(io.StringIO(), colour=False, width=80)
    reporter = TerminalReporter(screen, clock=lambda: 3.0)
    for event in EVENTS[1:9]:
        reporter(event)
    feed = [line.plain for line in reporter._feed()]
    assert "  server │ two" in feed
    assert "  a name with more letter… │ three" in feed
    tree = [line.plain.rstrip() for line in reporter.tree()]
    assert "    ● late · waits for a place" in tree


def test_a_step_that_waited_for_a_place_is_listed_where_it_was_due() -> None:
    (job,) = fold(EVENTS).jobs
    assert [(step.key, step.background) for step in job.steps] == [
        ("1", True),
        ("2", True),
        ("3", False),
        ("3.1", False),
    ]
    assert all(step.conclusion == "success" for step in job.steps)


def test_the_table_has_steps_of_an_action_below_the_step_that_uses_it() -> None:
    keys = ["1", "2", "1.1", "2.1", "3", "2.1.1", "1.2", "post-2", "post-2.1", "9.1"]
    started = [StepStarted(1, "j", key, "", f"step {key}") for key in keys]
    ends = [finished(key, f"step {key}", 2) for key in keys]
    stream = io.StringIO()
    reporter = console_reporter(stream, env={}, width=80)
    for event in [*EVENTS[:2], *started, *ends, *EVENTS[-2:]]:
        reporter(event)
    reporter.close()
    table = stream.getvalue().partition("job / step")[2].splitlines()
    names = [line.partition("✓ step ")[2].split()[0] for line in table if "✓ step " in line]
    assert names == ["1", "1.1", "1.2", "2", "2.1", "2.1.1", "3", "post-2", "post-2.1", "9.1"]
