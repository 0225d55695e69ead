"""What is shown of predictions and audits: in two lines, once, and whole in the report."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import reporting_events as made

from actlite.events import Event, Missing, Prediction, StepsPredicted
from actlite.journal.record import fold
from actlite.records import replace
from actlite.reporting.console import Screen, console_reporter
from actlite.reporting.console.artifacts import symbols
from actlite.reporting.console.predictions import prediction_lines
from actlite.reporting.console.terminal import TerminalReporter
from actlite.reporting.jsonreport import report as json_report
from actlite.reporting.recordfile import RecordFile

HAS = "glibc 2.28 · GLIBCXX 3.4.25 · CXXABI 1.3.11"
STARTS = Prediction("1", ("main",), "a/b@v1", "node20", "node20", "/__e/node20/bin/node", "starts")
FAILS = replace(STARTS, verdict="fails", missing=(Missing("libc.so.6", "GLIBC_2.34"),))


def said(*predictions: Prediction, has: str = HAS) -> list[str]:
    event = StepsPredicted(1.0, "build", "image", has, predictions)
    return [line.plain for line in prediction_lines(event)]


def test_nothing_is_said_where_all_start() -> None:
    assert said(STARTS, replace(STARTS, verdict="mounted")) == []


@pytest.mark.parametrize(
    ("predictions", "first"),
    [
        ((FAILS,), "node20 cannot start in this container: the action needs it"),
        ((FAILS, STARTS), "node20 cannot start in this container: 1 of 2 actions needs it"),
        ((FAILS, STARTS, FAILS), "node20 cannot start in this container: 2 of 3 actions need it"),
        (
            (FAILS, replace(FAILS, runtime="node24")),
            "node20 and node24 cannot start in this container: 2 of 2 actions need them",
        ),
        (
            (replace(FAILS, runtime="", declared="node99"),),
            "node99 cannot start in this container: the action needs it",
        ),
    ],
)
def test_the_verdict_comes_first(predictions: tuple[Prediction, ...], first: str) -> None:
    assert said(*predictions)[0] == f"prediction: {first}"


@pytest.mark.parametrize(
    ("missing", "lines", "second"),
    [
        (("GLIBC_2.34", "GLIBC_2.9", "GLIBC_2.35"), (), "it lacks GLIBC_2.35; it has glibc 2.28"),
        (("CXXABI_1.3.13", "GLIBC_2.34"), (), "it lacks GLIBC_2.34, CXXABI_1.3.13; it has glibc 2.28"),
        (("CXXABI_1.3.13",), (), "it lacks CXXABI_1.3.13; it has CXXABI 1.3.11"),
        (("",), (), f"it lacks libx.so.1; it has {HAS}"),
        (
            (),
            ("exec x: no such file or directory",),
            f"it has {HAS}; the log will say: exec x: no such file or directory",
        ),
    ],
)
def test_what_is_lacking_comes_second(missing: tuple[str, ...], lines: tuple[str, ...], second: str) -> None:
    lacking = tuple(Missing("/lib/libx.so.1", version) for version in missing)
    assert said(replace(FAILS, missing=lacking, loader_lines=lines))[1:] == [f"  {second}"]


def legs() -> list[Event]:
    """Two legs of which the same is to be said."""
    events: list[Event] = [made.start("b (1)", "b (2)")]
    for job in ("b (1)", "b (2)"):
        events.append(StepsPredicted(1.0, job, "image", HAS, (FAILS,)))
    return events


def test_it_is_said_once_for_all_legs() -> None:
    stream = io.StringIO()
    reporter = console_reporter(stream, env={}, width=80)
    for event in [*legs(), *legs()]:
        reporter(event)
    assert stream.getvalue().count("prediction: node20") == 2


def test_it_stays_above_the_tree_of_a_terminal() -> None:
    stream = io.StringIO()
    reporter = TerminalReporter(Screen(stream, colour=False, width=80))
    for event in legs():
        reporter(event)
    reporter.close()
    text = stream.getvalue()
    assert text.count("prediction: node20 cannot start in this container: the action needs it\n") == 1
    assert text.count("  it lacks GLIBC_2.34; it has glibc 2.28\n") == 1


def test_quiet_says_nothing_of_it() -> None:
    stream = io.StringIO()
    reporter = console_reporter(stream, env={}, width=80, verbosity=-1)
    for event in legs():
        reporter(event)
    assert "prediction" not in stream.getvalue()


def test_the_report_has_them_whole(tmp_path: Path) -> None:
    report = RecordFile(tmp_path / "r", json_report)
    for event in [*made.failing(), *made.with_target()]:
        report(event)
    report.close()
    red, green = json.loads((tmp_path / "r").read_text("utf-8"))["runs"]
    predicted = red["jobs"][0]["predictions"]
    assert [p["verdict"] for p in predicted] == ["fails", "mounted"]
    assert predicted[0]["loader_lines"] == list(made.DIAGNOSIS.loader_lines)
    assert red["jobs"][1]["predictions"] == []
    packed, static = green["artifacts"]
    assert (packed["target"], packed["verdict"], static["verdict"]) == ("manylinux2014", "refused", "fits")
    assert packed["unseen"] == ["1 member was not looked at: it is encrypted."]
    fine, bad = packed["audited"]
    assert (fine["verdict"], fine["over"]) == ("fits", [])
    assert bad["over"][0]["symbols"][0] == "__libc_start_main"
    diagnosis = green["jobs"][0]["steps"][0]["diagnosis"]
    assert diagnosis["causes"][1] == {
        "library": "libc.so.6",
        "version": "GLIBC_2.18",
        "symbols": ["__cxa_thread_atexit_impl"],
        "weak": True,
    }


def test_the_fold_has_them() -> None:
    assert fold(made.failing()).jobs[0].predictions == made.PREDICTED


def test_the_symbols_of_a_cause() -> None:
    cause = made.OWN.causes[0]
    assert symbols(cause) == "__libc_start_main, pthread_create, pthread_join, a and 1 more"
    assert symbols(replace(cause, symbols=())) == ""
    assert symbols(replace(cause, symbols=(), version="")) == "the library is not there"
    assert "refuses it all the same" in symbols(made.OWN.causes[1])


def test_what_a_program_lacks_is_said_once() -> None:
    stream = io.StringIO()
    reporter = console_reporter(stream, env={}, width=80)
    packed = made.audited("manylinux2014")[0]
    events = made.with_target()
    for event in [*events[:-1], replace(packed, name="dist/again.zip"), events[-1]]:
        reporter(event)
    text = stream.getvalue()
    artifacts = text.partition("\nartifacts\n")[2]
    assert artifacts.count("hq-new: glibc 2.34 ✗") == 2
    assert artifacts.count("__cxa_thread_atexit_impl") == 1
    assert artifacts.count("build in a 2.17 image") == 1
