"""Step summaries as text, and what steps report as SARIF."""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from actlite.events import Annotation
from actlite.journal.record import JobRecord, RunRecord, StepRecord
from actlite.reporting.console.screen import Screen
from actlite.reporting.console.summaries import CHARACTERS, LINES, summary_lines
from actlite.reporting.recordfile import RecordFile
from actlite.reporting.runsarif import run_sarif
from actlite.reporting.summary_markdown import as_markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("a < b and c <3\n", "a < b and c <3\n"),
        ("<h2>T\n i</h2>", "## T i\n"),
        ("<b>x</b> <i>y</i> <code>z</code> <s>g</s><unknown>u</unknown>", "**x** *y* `z` ~~g~~u\n"),
        ("<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>", "1. a\n1. b\n   - c\n"),
        (
            "<table><tr><td>a|b<td>c</tr><tr><td>d</td></tr></table>",
            "| a\\|b | c |\n| --- | --- |\n| d |  |\n",
        ),
        ("<table></table>x", "x\n"),
        ("<ul><li>a<li>b<p>c<p>d</ul>", "- a\n- b\n\n  c\n\n  d\n"),
        ("<td>lost</td>", "\n"),
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("<img src='u.png' alt='A'><img src=u.png>", "[image: A][image: u.png]\n"),
        ("<script>alert(1)</script>x<style>y</style>", "x\n"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```\n"),
        ("`<b>` and\n```\n<b>code</b>\n```\n<b>x</b>", "`<b>` and\n```\n<b>code</b>\n```\n**x**\n"),
        ("<div><b>never closed", "**never closed**\n"),
        ("</p>x</ul><!-- said --><br/><hr/>y", "x  \n\n---\n\ny\n"),
        ("<a href=''>x</a><a href='h'>y</a>", "x[y](h)\n"),
        ("&lt;b&gt; stays <b>b</b>", "<b> stays **b**\n"),
    ],
)
def test_html_in_markdown(html: str, markdown: str) -> None:
    assert as_markdown(html) == markdown


@pytest.mark.parametrize(
    "text", ["<div>" * 20_000, "<ul><li>" * 9_000, "<a" * 30_000, "<!--" * 15_000, "```\n<b>" * 9_000]
)
def test_hostile_summaries(text: str) -> None:
    started = time.monotonic()
    shown = list(summary_lines(run(StepRecord("1", "", "s", summary=text)), screen()))
    assert time.monotonic() - started < 10
    assert len(shown) <= LINES + 3


def test_long_and_harmful_summaries() -> None:
    steps = [
        StepRecord("1", "", "s", summary="x\n\n" * CHARACTERS),
        StepRecord("2", "", "t", summary="\x1b[2Jy\x07"),
    ]
    lines = [line.plain for line in summary_lines(run(*steps), screen())]
    assert "  … the rest is in the report (--report json=FILE)" in lines
    assert lines[-1] == "  y\\x07"


def screen() -> Screen:
    return Screen(io.StringIO(), colour=False, width=80)


def run(*steps: StepRecord) -> RunRecord:
    return RunRecord(id="1", path=".github/workflows/x.yml", jobs=(JobRecord("j", "j", "j", steps=steps),))


def place_of(annotation: Annotation) -> Any:
    step = StepRecord("1", "", "s", annotations=(annotation,), file="w.yml", line=7, column=9)
    (result,) = run_sarif([run(step)])["runs"][0]["results"]
    return result["locations"][0].get("physicalLocation")


@pytest.mark.parametrize(
    ("annotation", "uri", "region"),
    [
        (Annotation("error", "m", file="a b.c", line=3), "a%20b.c", {"startLine": 3}),
        (
            Annotation("error", "m", "", "a.c", 3, 3, 2, 5),
            "a.c",
            {"startLine": 3, "startColumn": 2, "endLine": 3, "endColumn": 6},
        ),
        (Annotation("error", "m", file="a.c", line=0, column=4), "a.c", None),
        (Annotation("error", "m", file="a.c", column=4), "a.c", None),
        (Annotation("error", "m", file="/usr/x.h", line=1), "file:///usr/x.h", {"startLine": 1}),
        (Annotation("error", "m"), "w.yml", {"startLine": 7, "startColumn": 9}),
    ],
)
def test_places_in_sarif(annotation: Annotation, uri: str, region: dict[str, int] | None) -> None:
    place = place_of(annotation)
    assert place["artifactLocation"]["uri"] == uri
    assert place.get("region") == region


def test_alike_results_are_told_apart() -> None:
    twice = (Annotation("warning", "m", "T"), Annotation("warning", "m", "T"), Annotation("other", "m"))
    step = StepRecord("1", "", "s", annotations=twice)
    first, second = run_sarif([run(step)])["runs"][0]["results"]
    assert first["message"] == {"text": "T: m"}
    assert first["partialFingerprints"] != second["partialFingerprints"]
    assert "physicalLocation" not in first["locations"][0]


def test_the_report_is_written_once_all_is_known(tmp_path: Path) -> None:
    report = RecordFile(tmp_path / "x.sarif", run_sarif)
    report.close()
    assert json.loads((tmp_path / "x.sarif").read_text())["runs"] == []
