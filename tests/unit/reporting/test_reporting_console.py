"""The console's output against golden files (ACTLITE_GOLDEN=write makes them anew)."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import reporting_events as made

from actlite.cli.ends import say
from actlite.events import (
    Event,
    ImageProgress,
    JobFinished,
    JobStarted,
    RunFinished,
    StepFinished,
    StepOutput,
    StepStarted,
)
from actlite.reporting.console import Screen, console_reporter, wants_colour, wants_live
from actlite.reporting.console.screen import seconds, size
from actlite.reporting.console.terminal import TerminalReporter
from actlite.reporting.missing import missing_rows

GOLDEN = Path(__file__).parent / "golden"


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def show(events: list[Event], root: Path | None = None, *, colour: bool = False, verbosity: int = 0) -> str:
    """What plain mode shows."""
    stream = io.StringIO()
    env = {"FORCE_COLOR": "1"} if colour else {}
    reporter = console_reporter(stream, root=root, env=env, width=80, verbosity=verbosity)
    for event in events:
        reporter(event)
    reporter.close()
    return stream.getvalue()


def terminal(
    events: list[Event],
    root: Path | None = None,
    *,
    colour: bool = False,
    verbosity: int = 0,
    height: int = 24,
) -> tuple[TerminalReporter, Tty]:
    stream = Tty()
    screen = Screen(stream, colour=colour, root=root, width=80)
    screen.console.height = height
    reporter = TerminalReporter(screen, verbosity=verbosity, clock=lambda: 1002.0)
    for event in events:
        reporter(event)
    return reporter, stream


def frame(reporter: TerminalReporter, *, height: int = 24) -> str:
    """The tree as it stands, without colours."""
    out = io.StringIO()
    Screen(out, colour=False, width=80).console.print(reporter.frame())
    return out.getvalue()


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    shown = re.sub(r"id=\d+;", "id=0;", text).replace("\x1b", "␛").replace("\r", "␍")
    if os.environ.get("ACTLITE_GOLDEN") == "write":
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def after_live(text: str) -> str:
    """The part of a terminal's output that stays: what comes after the cursor is shown again."""
    return text.rsplit("\x1b[?25h", 1)[-1]


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("run", [made.failing, made.two_jobs, made.with_target])
def test_plain_mode(tmp_path: Path, run: Callable[[], list[Event]], colour: bool) -> None:
    made.workflow(tmp_path)
    name = f"plain-{run.__name__}{'-colour' if colour else ''}.txt"
    compare(name, show(run(), tmp_path, colour=colour))


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("run", [made.failing, made.two_jobs, made.with_target])
def test_what_stays_in_terminal_mode(tmp_path: Path, run: Callable[[], list[Event]], colour: bool) -> None:
    made.workflow(tmp_path)
    _, stream = terminal(run(), tmp_path, colour=colour)
    name = f"terminal-{run.__name__}{'-colour' if colour else ''}.txt"
    compare(name, after_live(stream.getvalue()))


def test_the_tree_while_a_run_goes_on() -> None:
    reporter, _ = terminal(made.failing()[:17])
    compare("tree-failing.txt", frame(reporter))
    reporter.close()


def test_the_tree_while_an_image_is_pulled() -> None:
    reporter, _ = terminal(made.failing()[:4])
    assert re.search(
        r"build · pulling actlite-standin/cent… +━{20} 10.0 MB of 40.0 MB$", frame(reporter), re.MULTILINE
    )
    reporter.close()


def test_the_tree_fits_into_a_small_terminal() -> None:
    events: list[Event] = [made.start("a"), JobStarted(1000.0, "a", "a", "a", {}, "image")]
    events += [StepStarted(1000.0, "a", str(n), "", f"step {n}") for n in range(100)]
    events += [StepOutput(1000.0, "a", "99", "".join(f"log {n}\n" for n in range(100)))]
    reporter, _ = terminal(events, height=12)
    lines = frame(reporter).splitlines()
    assert len(lines) == 11
    assert "lines above" in lines[0]
    assert "step 99" in "".join(lines)
    assert lines[-1].endswith("log 99")
    reporter.close()


def test_a_warning_to_stderr_goes_above_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Tty()
    monkeypatch.setattr("sys.stderr", stderr)
    reporter, stream = terminal(made.failing()[:5])
    say("warning: [bold]full[/bold]")
    assert "warning: [bold]full[/bold]\n" in stream.getvalue()
    assert stderr.getvalue() == ""
    reporter.close()
    say("after")
    assert stderr.getvalue() == "after\n"


def test_verbose_terminal_mode_passes_whole_logs() -> None:
    _, stream = terminal(made.two_jobs(), verbosity=1)
    text = stream.getvalue()
    assert "b (2) | one\n" in text
    assert "b (1) |   still inside\n" in text


def test_a_failed_step_without_a_diagnosis_shows_the_end_of_its_log() -> None:
    log = "".join(f"line {n}\n" for n in range(100))
    events: list[Event] = [
        made.start("a"),
        JobStarted(1000.0, "a", "a", "a", {}, "image"),
        StepStarted(1000.0, "a", "1", "", "Build"),
        StepOutput(1000.0, "a", "1", log),
        made.ended("1", "Build", "failure", job="a", exit_code=2),
        JobFinished(1001.0, "a", "a", "a", "failure", {}, 1.0),
        RunFinished(1001.0, "12", "failure", 1.0, (), ""),
    ]
    _, stream = terminal(events)
    kept = after_live(stream.getvalue())
    assert "✗ a / Build: exit code 2" in kept
    assert "line 99" in kept
    assert "line 70" in kept
    assert "line 69\n" not in kept


def test_quiet_shows_only_how_it_ended() -> None:
    text = show(made.failing(), verbosity=-1)
    assert "ldd (GNU libc)" not in text
    assert text.lstrip().startswith("✗ .github/workflows/release.yml failed")


@pytest.mark.parametrize("mode", ["plain", "terminal"])
def test_a_run_that_is_cut_short_is_reported(mode: str) -> None:
    events = made.failing()[:10]
    if mode == "plain":
        text = show(events)
    else:
        reporter, stream = terminal(events)
        reporter.close()
        text = after_live(stream.getvalue())
    assert "was cut short" in text
    assert "● Show GLIBC" in text


def test_nothing_foreign_reaches_the_terminal() -> None:
    for text in (show(made.failing(), colour=True), terminal(made.failing(), colour=True)[1].getvalue()):
        assert "\x1b]0;" not in text
        assert "\x07" not in text
        assert "[2J" not in re.sub(r"\\x1b\[2J", "", text)
        assert "[bold]red[/bold]" in text or "[bold]not markup[/bold]" in text


def test_no_escape_at_all_without_colour() -> None:
    assert "\x1b" not in show(made.failing())


def test_no_line_of_the_closing_report_is_wider_than_the_screen(tmp_path: Path) -> None:
    made.workflow(tmp_path)
    events: list[Event] = [
        *made.failing()[:-3],
        made.ended("6", "x" * 300, "success"),
        *made.failing()[-3:],
    ]
    text = show(events, tmp_path)
    closing = text[text.index("release.yml failed") :]
    assert max(len(line) for line in closing.splitlines()) <= 80


def test_an_inner_step_is_told_instead_of_its_composite() -> None:
    events: list[Event] = [
        made.start("a"),
        JobStarted(1000.0, "a", "a", "a", {}, "image"),
        made.ended("2.1", "Inner", "failure", job="a", exit_code=3),
        made.ended("2", "Outer", "failure", job="a"),
        JobFinished(1001.0, "a", "a", "a", "failure", {}, 1.0),
        RunFinished(1001.0, "12", "failure", 1.0, (), ""),
    ]
    text = show(events)
    assert "✗ a / Inner: exit code 3" in text
    assert "✗ a / Outer:" not in text


def test_a_failure_that_the_step_around_it_may_have_is_not_told() -> None:
    events: list[Event] = [
        made.start("a"),
        JobStarted(1000.0, "a", "a", "a", {}, "image"),
        made.ended("2.1", "Inner", "failure", job="a", exit_code=3),
        made.ended("2", "Outer", "failure", job="a", conclusion="success"),
        JobFinished(1001.0, "a", "a", "a", "success", {}, 1.0),
        RunFinished(1001.0, "12", "success", 1.0, (), ""),
    ]
    assert "✗ a / " not in show(events)


def test_a_job_that_failed_without_a_step_says_why() -> None:
    events: list[Event] = [
        made.start("a"),
        JobFinished(1001.0, "a", "a", "a", "failure", {}, 0.0, "the matrix can't be built"),
        RunFinished(1001.0, "12", "failure", 1.0, (), ""),
    ]
    assert "✗ a: the matrix can't be built" in show(events)


def test_legs_that_fail_alike_share_a_panel() -> None:
    events: list[Event] = [made.start("a (1)", "a (2)", "m (1)", "m (2)")]
    for leg in ("a (1)", "a (2)"):
        events += [
            JobStarted(1000.0, leg, "a", leg, {}, "image"),
            made.ended("1", "One", "failure", job=leg, diagnosis=made.DIAGNOSIS),
            JobFinished(1001.0, leg, "a", leg, "failure", {}, 1.0),
        ]
    events += [
        JobFinished(1001.0, leg, "m", leg, "not-run", {}, 0.0, "no macOS runner (macos-15)")
        for leg in ("m (1)", "m (2)")
    ]
    text = show([*events, RunFinished(1001.0, "12", "failure", 1.0, (), "")])
    closing = text[text.index("job / step") :]
    assert closing.count(made.DIAGNOSIS.fixes[0][:20]) == 1
    assert f"✗ a (1) / One: {made.DIAGNOSIS.summary[:20]}" in closing
    assert "✗ a (2) / One: the same as in a (1)\n" in closing
    assert "✗ m (1): no macOS runner (macos-15)\n" in closing
    assert "✗ m (2)" not in closing
    assert "– m (2) · no macOS runner" in closing


def test_a_reason_is_said_once() -> None:
    closing = show(made.failing()).split("job / step")[1]
    assert closing.count("success() is false") == 1


def test_a_source_outside_the_repository_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("top secret\n")
    root = tmp_path / "repo"
    root.mkdir()
    events = made.failing()
    events[17] = made.ended("2", "x", "failure", exit_code=1, file="../secret", line=1, column=1)
    assert "top secret" not in show(events, root)


def test_a_source_that_is_shorter_now_does_no_harm(tmp_path: Path) -> None:
    made.workflow(tmp_path)
    (tmp_path / made.PATH).write_text("on: push\n")
    assert "Checkout sources: the runner's node24" in show(made.failing(), tmp_path)


def test_missing_rows_group_and_order_versions() -> None:
    assert list(missing_rows(made.DIAGNOSIS.missing)) == [
        "libm.so.6       GLIBC_2.23 2.27",
        "libc.so.6       GLIBC_2.28",
        "libstdc++.so.6  GLIBCXX_3.4.20 3.4.21 · CXXABI_1.3.9",
    ]


@pytest.mark.parametrize(
    ("env", "tty", "colour", "live"),
    [
        ({"TERM": "xterm"}, True, True, True),
        ({"TERM": "xterm"}, False, False, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True, True),
        ({"TERM": "dumb"}, True, False, False),
        ({}, True, True, False),
        ({"FORCE_COLOR": "1"}, False, True, False),
        ({"FORCE_COLOR": "0"}, False, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True, False),
    ],
)
def test_colours_and_modes(env: dict[str, str], tty: bool, colour: bool, live: bool) -> None:
    stream = Tty() if tty else io.StringIO()
    assert wants_colour(stream, env) is colour
    assert wants_live(stream, env) is live


def test_signs_have_look_alikes_where_the_stream_has_no_utf_8() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    reporter = console_reporter(stream, env={})
    for event in made.failing():
        reporter(event)
    reporter(StepOutput(1.0, "x", "1", "☃\n"))
    text = raw.getvalue().decode("ascii")
    assert "x .github/workflows/release.yml failed" in text
    assert "\\u2603" in text


def test_200_mb_of_log_pass_a_pipe_fast(tmp_path: Path) -> None:
    chunk = ("x" * 99 + "\n") * 2600
    count = 200_000_000 // len(chunk)
    with open(os.devnull, "w", encoding="utf-8") as stream:
        reporter = console_reporter(stream, env={})
        for event in made.two_jobs()[:3]:
            reporter(event)
        began = time.process_time()
        for _ in range(count):
            reporter(StepOutput(1.0, "b (1)", "1", chunk))
        took = time.process_time() - began
    assert took < 200 / 150  # seconds of work: 150 MB/s


@pytest.mark.parametrize(
    ("value", "text"), [(0.04, "0.0s"), (59.94, "59.9s"), (75, "1m15s"), (3600, "1h00m"), (7300, "2h01m")]
)
def test_durations(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_200_000, "4.2 MB"), (5e13, "50000.0 GB")],
)
def test_sizes(value: int, text: str) -> None:
    assert size(value) == text


def test_events_out_of_order_do_no_harm() -> None:
    events: list[Event] = [
        StepOutput(1.0, "ghost", "1", "x\n"),
        ImageProgress(1.0, "ghost", "i", "pulling"),
        StepFinished(1.0, "ghost", "1", "", "n", "success", "success", 0.0),
        JobFinished(1.0, "ghost", "g", "g", "success", {}, 0.0),
        RunFinished(1.0, "1", "success", 0.0),
    ]
    assert "succeeded" in show(events)
    reporter, stream = terminal(events)
    reporter.close()
    assert "succeeded" in stream.getvalue()
