"""Annotations: by commands and by problem matchers, their places, their limits, and where they are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conforming import Conform
from main_tools import Outcome

from actlite.execution.layout import RUNNER_WORK

COMPOSITE = r"""
runs:
  using: composite
  steps:
    - shell: bash
      run: for n in 1 2 3 4 5 6; do echo "::error::first $n"; echo "E2 none.c:1 found in the first"; done
    - shell: bash
      run: for n in 1 2 3 4 5 6; do echo "::error::second $n"; done; echo "::notice::n"
"""
MATCHERS = {
    "m/tsc.json": {
        "problemMatcher": [
            {
                "owner": "tsc",
                "pattern": [
                    {
                        "regexp": r"^([^\s].*)\((\d+|x),(\d+)\):\s+(error|warning|info|NOTICE)\s+TS(\d+)\s*:\s*(.*)$",
                        "file": 1,
                        "line": 2,
                        "column": 3,
                        "severity": 4,
                        "code": 5,
                        "message": 6,
                    }
                ],
            }
        ]
    },
    "m/stylish.json": {
        "problemMatcher": [
            {
                "owner": "stylish",
                "pattern": [
                    {"regexp": r"^([^\s].*\.js)$", "file": 1},
                    {
                        "regexp": r"^\s+(\d+):(\d+)\s+(error|warning)\s+(.*)\s\s+(.*)$",
                        "line": 1,
                        "column": 2,
                        "severity": 3,
                        "message": 4,
                        "code": 5,
                        "loop": True,
                    },
                ],
            }
        ]
    },
    "m/pair.json": {
        "problemMatcher": [
            {"owner": "one", "severity": "warning", "pattern": [{"regexp": "^BOTH (.*)$", "message": 1}]},
            {"owner": "two", "severity": "Notice", "pattern": [{"regexp": "^BOTH (.*)$", "message": 1}]},
        ]
    },
    "m/from.json": {
        "problemMatcher": [
            {
                "owner": "from",
                "pattern": [{"regexp": r"^(\S+) BAD (.+) \[(.*)\]$", "file": 1, "message": 2, "fromPath": 3}],
            }
        ]
    },
    "m/e.json": {
        "problemMatcher": [
            {
                "owner": "e",
                "pattern": [{"regexp": r"^E2 (\S+):(\d+) (.*)$", "file": 1, "line": 2, "message": 3}],
            }
        ]
    },
    "m/E.json": {
        "problemMatcher": [
            {"owner": "E", "severity": "notice", "pattern": [{"regexp": "^NEW (.*)$", "message": 1}]}
        ]
    },
    "m/slow.json": {"problemMatcher": [{"owner": "slow", "pattern": [{"regexp": "^(a+)+$", "message": 0}]}]},
    "m/bad.json": {"problemMatcher": [{"owner": "b", "pattern": [{"regexp": "x", "message": 1}]}]},
    "m/twice.json": {
        "problemMatcher": [
            {"owner": "t", "pattern": [{"regexp": "^TWICE", "message": 0}]},
            {"owner": "T", "pattern": [{"regexp": "x", "message": 0}]},
        ]
    },
    "m/behind.json": {
        "problemMatcher": [{"owner": "behind", "pattern": [{"regexp": "(?<=a+)b", "message": 0}]}]
    },
}
FILES = {
    ".github/loud/action.yml": COMPOSITE,
    "src/a.ts": "code\n",
    "sub/b.c": "code\n",
    "x.js": "code\n",
} | {name: json.dumps(data) for name, data in MATCHERS.items()}

WORKFLOW = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - uses: actions/checkout@v4
      - name: eleven
        run: |
          for n in 1 2 3 4 5 6 7 8 9 10 11; do echo "::error::e$n"; echo "::warning::w$n"; done; echo "::notice::n"
      - name: with the code
        continue-on-error: true
        run: for n in 1 2 3 4 5 6 7 8 9; do echo "::error::e$n"; done; exit 3
      - name: long
        run: echo "::warning::$(head -c 5000 /dev/zero | tr '\0' x)"; echo "::notice::one%0Atwo"
      - name: empty
        run: |
          echo "::error::"; echo "::error message=of the property::"; echo "::error::   "
      - name: places
        run: |
          echo "::error file=a,endLine=3::0"
          echo "::error file=a,line=1,endColumn=4::1"
          echo "::error file=a,col=4::2"
          echo "::error file=a,line=1,endLine=2,col=4::3"
          echo "::error file=a,line=3,endLine=2::4"
          echo "::error file=a,line=3,col=5,endColumn=2::5"
          echo "::error file=a,line=x,endLine=2::6"
          echo "::error file=a,line=1,endLine=1,col=2,endColumn=5::7"
      - name: files
        run: |
          echo "::warning file=$GITHUB_WORKSPACE/src/a.ts,line=1::0"
          echo "::warning file=not/there.c::1"
          echo "::warning file=/usr/include/x.h::2"
          echo "::warning file=$RUNNER_TEMP/t::3"
          echo "::warning file=$GITHUB_WORKSPACE::4"
          echo "::warning file=${{ github.workspace }}/sub/b.c::5"
      - name: add
        run: |
          echo 'src/a.ts(3,14): error TS1: before'
          echo "::add-matcher::m/tsc.json"
          echo "##[add-matcher]$GITHUB_WORKSPACE/m/stylish.json"
          echo 'src/a.ts(3,14): error TS2304: not found'
          echo 'src/a.ts(3,14): info TS1: no such level'
          echo 'src/a.ts(x,14): NOTICE TS1: no line'
          echo "::debug::src/a.ts(3,14): error TS1: a command"
          echo '::stop-commands::x1'; echo '::x ::y(1,1): error TS5: stopped'; echo '::x1::'
      - name: later
        run: |
          echo 'x.js'
          echo '  1:0   error  Missing "use strict"  strict'
          echo '  5:10  warning  unused  no-unused'
          echo 'plain'
          echo '  6:1   error  too late  x'
          echo "::add-matcher::m/tsc.json"  # the newest, so that the other one doesn't see the next line
          echo 'x.js'
          echo 'gone.ts(1,1): warning TS1: resets the other'
          echo '  7:1   error  begins anew  x'
          echo 'x.js'
      - name: next step
        run: |
          echo '  8:1   error  not over steps  x'
      - name: streams
        run: |
          echo 'x.js' >&2; echo '  9:1   error  over streams  x'
      - name: order
        run: echo "::add-matcher::m/pair.json"; echo "BOTH now"
      - name: order later
        run: echo "BOTH later"
      - name: from
        run: |
          echo "::add-matcher::m/from.json"
          echo 'b.c BAD relative [sub/p.proj]'
          echo 'b.c BAD in the workspace []'
          echo '/etc/passwd BAD outside []'
          echo "$GITHUB_WORKSPACE/sub/../src/a.ts BAD absolute [x/y]"
      - name: docker action
        uses: docker://actlite-standin/runner:1
        with:
          entrypoint: sh
          args: -c "echo ::warning file=/github/workspace/src/a.ts,line=1::w; echo $GITHUB_WORKSPACE/sub/b.c BAD m []; echo ::add-matcher::/github/workspace/m/E.json; echo NEW n; echo ::remove-matcher owner=e::"
      - name: add e
        run: echo "::add-matcher::m/e.json"
      - name: composite
        uses: ./.github/loud
      - name: same owner
        run: |
          echo "::add-matcher::m/E.json"; echo "E2 src/a.ts:1 old"; echo "NEW new"
          printf '\033[31mNEW coloured\033[m\n'
      - name: remove
        run: |
          echo "::remove-matcher owner=TSC::"; echo 'src/a.ts(3,14): error TS1: gone'
          echo "::remove-matcher::m/pair.json"; echo 'BOTH gone'
          echo "::remove-matcher owner=never::"
      - name: remove what
        run: |
          echo "::remove-matcher::"; echo "::remove-matcher owner=a::b"; echo "::add-matcher::"
      - name: none
        continue-on-error: true
        run: echo "::add-matcher::m/none.json"
      - name: bad
        continue-on-error: true
        run: echo "::add-matcher::m/bad.json"
      - name: twice
        continue-on-error: true
        run: echo "::add-matcher::m/twice.json"; echo TWICE
      - name: no json
        continue-on-error: true
        run: echo "::add-matcher::README.md"
      - name: behind
        run: echo "::add-matcher::m/behind.json"; echo aab
      - name: slow
        run: |
          echo "::add-matcher::m/slow.json"; echo NEW before
          echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!; echo aaa; echo NEW after
      - name: slow later
        run: echo aaaa
"""

QUICK = {"GITHUB_ACTIONS_RUNNER_ISSUE_MATCHER_TIMEOUT": "00:00:00.2"}
"""The runner's own variable for the time that a pattern has."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sarif") / "run.sarif"


@pytest.fixture(scope="module")
def ran(conform: Conform, written: Path) -> Outcome:
    return conform(WORKFLOW, "--report", f"sarif={written}", files=FILES, env=QUICK)


def found(ran: Outcome, name: str) -> list[dict[str, Any]]:
    """A step's annotations."""
    return list(ran.step(name)["annotations"])


def short(ran: Outcome, name: str) -> list[tuple[str, str]]:
    """Level and message of a step's annotations."""
    return [(a["level"], a["message"]) for a in found(ran, name)]


@pytest.mark.rule("annotations/ten-of-a-kind", "annotations/result-untouched")
def test_ten_of_a_kind(ran: Outcome) -> None:
    levels = [level for level, _ in short(ran, "eleven")]
    assert [levels.count(level) for level in ("error", "warning", "notice")] == [10, 10, 1]
    assert "##[error]e11\n" in ran.log("eleven")
    assert ran.step("eleven")["conclusion"] == "success"


@pytest.mark.rule("annotations/runner-errors-count")
def test_own_errors_count(ran: Outcome) -> None:
    assert short(ran, "with the code")[9:] == [("error", "Process completed with exit code 3.")]


@pytest.mark.rule("annotations/ten-of-a-composite", "matchers/for-the-job")
def test_ten_of_a_composite(ran: Outcome) -> None:
    inner = [s for s in ran.job["steps"] if s["key"].startswith(ran.step("composite")["key"] + ".")]
    messages = [a["message"] for step in inner for a in step["annotations"]]
    assert messages[:10] == [m for n in (1, 2, 3, 4, 5) for m in (f"first {n}", "found in the first")]
    assert messages[10:] == ["n"]
    assert "##[error]second 6" in "".join(e["text"] for e in ran.of("step-output"))


@pytest.mark.rule("annotations/message-length", "annotations/lines-in-messages")
def test_long_messages(ran: Outcome) -> None:
    assert short(ran, "long") == [("warning", "x" * 4096), ("notice", "one\ntwo")]
    assert ran.lines("long") == ["##[warning]" + "x" * 4096, "##[notice]one", "two"]


@pytest.mark.rule("annotations/empty-message")
def test_empty_messages(ran: Outcome) -> None:
    assert ran.lines("empty") == ["##[error]   "]
    assert short(ran, "empty") == [("error", "of the property")]


@pytest.mark.rule("annotations/places")
def test_places(ran: Outcome) -> None:
    fields = ("line", "end_line", "column", "end_column")
    assert [tuple(a[f] for f in fields) for a in found(ran, "places")] == [
        (3, 3, None, None),
        (1, None, 4, 4),
        (None, None, None, None),
        (1, 2, None, None),
        (None, None, None, None),
        (3, None, None, None),
        (2, 2, None, None),
        (1, 1, 2, 5),
    ]


@pytest.mark.rule("annotations/files")
def test_files(ran: Outcome) -> None:
    assert [a["file"] for a in found(ran, "files")] == [
        "src/a.ts",
        "not/there.c",
        "/usr/include/x.h",
        f"{RUNNER_WORK}/_temp/t",
        f"{RUNNER_WORK}/project/project",
        "sub/b.c",
    ]


@pytest.mark.rule("matchers/add", "matchers/severities", "matchers/commands-first")
def test_add(ran: Outcome) -> None:
    assert ran.lines("add") == [
        "src/a.ts(3,14): error TS1: before",
        "##[error]src/a.ts(3,14): error TS2304: not found",
        "src/a.ts(3,14): info TS1: no such level",
        "##[notice]src/a.ts(x,14): NOTICE TS1: no line",
        "::stop-commands::x1",
        "##[error]::x ::y(1,1): error TS5: stopped",
        "::x1::",
    ]
    first, second, third = found(ran, "add")
    assert (first["file"], first["line"], first["column"], first["message"]) == (
        "src/a.ts",
        3,
        14,
        "not found",
    )
    assert (second["level"], second["line"], second["column"]) == ("notice", None, 14)
    assert (third["file"], third["line"]) == ("", 1)


@pytest.mark.rule("matchers/several-lines", "matchers/reset-by-others", "matchers/streams")
def test_several_lines(ran: Outcome) -> None:
    assert [(a["file"], a["line"], a["level"], a["message"]) for a in found(ran, "later")] == [
        ("x.js", 1, "error", 'Missing "use strict"'),
        ("x.js", 5, "warning", "unused"),
        ("", 1, "warning", "resets the other"),
    ]
    assert found(ran, "next step") == []
    assert short(ran, "streams") == [("error", "over streams")]


@pytest.mark.rule("matchers/order")
def test_order(ran: Outcome) -> None:
    assert short(ran, "order") == [("notice", "now")]
    assert short(ran, "order later") == [("warning", "later")]


@pytest.mark.rule("matchers/places")
def test_places_of_matchers(ran: Outcome) -> None:
    assert [(a["file"], a["message"]) for a in found(ran, "from")] == [
        ("sub/b.c", "relative"),
        ("", "in the workspace"),
        ("", "outside"),
        ("src/a.ts", "absolute"),
    ]


@pytest.mark.rule("annotations/docker-actions")
def test_docker_action(ran: Outcome) -> None:
    assert [(a["file"], a["message"]) for a in found(ran, "docker action")] == [
        ("src/a.ts", "w"),
        ("sub/b.c", "m"),
        ("", "n"),
    ]


@pytest.mark.rule("matchers/same-owner", "matchers/colours")
def test_same_owner(ran: Outcome) -> None:
    assert short(ran, "same owner") == [("notice", "new")]
    assert ran.lines("same owner")[-1] == "NEW coloured"


@pytest.mark.rule("matchers/remove", "matchers/remove-what")
def test_remove(ran: Outcome) -> None:
    assert ran.lines("remove") == ["src/a.ts(3,14): error TS1: gone", "BOTH gone"]
    assert short(ran, "remove what") == [
        ("warning", "Either an owner name or a file path must be specified in ##[remove-matcher] command."),
        (
            "warning",
            "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.",
        ),
        ("warning", "File path must be specified."),
    ]


@pytest.mark.rule("matchers/bad-files")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none", f"Could not find file '{RUNNER_WORK}/project/project/m/none.json'."),
        ("bad", "The property 'message' is set to 1 which is out of range"),
        ("twice", "Duplicate owner name 'T'"),
        ("no json", f"'{RUNNER_WORK}/project/project/README.md' is not JSON: "),
    ],
)
def test_bad_files(ran: Outcome, name: str, text: str) -> None:
    assert ran.step(name)["outcome"] == "failure"
    (_, first), (_, second) = short(ran, name)
    assert first.startswith("Unable to process command '::add-matcher::")
    assert second.startswith(text)
    assert ran.lines(name)[2:] == (["TWICE"] if name == "twice" else [])


@pytest.mark.rule("matchers/slow")
def test_slow(ran: Outcome) -> None:
    lines = ran.lines("slow")
    assert lines[0] == "##[notice]NEW before"
    assert lines[1].startswith(
        "##[warning]Removing issue matcher 'slow'. Matcher failed 3 times. Error: The Regex"
    )
    assert lines[3:] == ["aaa", "##[notice]NEW after"]
    assert ran.lines("slow later") == ["##[error]aaaa"]


@pytest.mark.rule("matchers/regular-expressions")
def test_patterns_of_dotnet(ran: Outcome) -> None:
    ((level, text),) = short(ran, "behind")
    assert (level, text.startswith("The problem matcher 'behind' is left out: ")) == ("warning", True)


@pytest.mark.rule("annotations/reports")
def test_reports(ran: Outcome, written: Path) -> None:
    (run,) = json.loads(written.read_text())["runs"]
    results = {r["message"]["text"]: r for r in run["results"]}
    (place,) = results["not found"]["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "src/a.ts", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 3, "startColumn": 14},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "job/add", "name": "add"}]
    assert results["not found"]["level"] == "error"
    assert run["tool"]["driver"]["rules"][results["unused"]["ruleIndex"]]["id"] == "step-warning"
    (place,) = results["Process completed with exit code 3."]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == ".github/workflows/x.yml"
    assert place["physicalLocation"]["region"]["startLine"] == WORKFLOW[
        : WORKFLOW.index("with the code")
    ].count("\n")
    events = [e["annotation"] for e in ran.of("step-annotation")]
    assert len(events) == len(run["results"])
    assert "error src/a.ts:3:14: not found" in ran.ended.out
