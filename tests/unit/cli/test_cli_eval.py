"""``actlite eval``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import Call

from actlite.events import Event, JobStarted, RunStarted, StepFinished
from actlite.expressions import explain
from actlite.journal.log import EventLog
from actlite.journal.runs import RunStore

TAGGED = "github.ref_type == 'tag' && !contains(github.ref, '-rc')"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["1 + 1".replace(" + ", " < ")], "false"),
        (["github.ref"], "refs/heads/main"),
        (["github.ref", "--tag", "v2"], "refs/tags/v2"),
        (["github.event_name", "pull_request", "--branch", "b"], "pull_request"),
        (["null"], "null"),
        (["1.10"], "1.1"),
        (["fromJSON('[1, \"a\"]')"], '[\n  1,\n  "a"\n]'),
        (["v${{ inputs.version }}-${{ 1 }}", "--input", "version=1.2.3"], "v1.2.3-1"),
        (["${{ 1 == 1 }}"], "true"),
        (["vars.A", "--var", "A=b"], "b"),
        (["matrix.os", "--matrix", "os=linux"], "linux"),
        (["needs.a.outputs.B", "--context", 'needs={"a": {"outputs": {"b": 1}}}'], "1"),
        (["github.event.number == 7 && github.ref", "--context", 'github={"event": {"number": 7}}'], "refs/heads/main"),
        (["env.a", "--context", 'env={"A": "x"}'], "null"),
        (["runner.os"], "Linux"),
        (["--if", "github.ref == 'x'"], "false"),
        (["--if", ""], "true"),
        (["--if", "", "--status", "failure"], "false"),
        (["--if", "failure()", "--status", "failure"], "true"),
        (["--if", "${{ false }} && true"], "true"),
        (["job.status == 'failure' && failure()", "--status", "failure"], "true"),
        (["''"], ""),
    ],
)  # fmt: skip
def test_the_value(repo: Path, call: Call, words: list[str], shown: str) -> None:
    answer = call("eval", *words)
    assert (answer.code, answer.out, answer.err) == (0, f"{shown}\n", "")


def test_the_tree(repo: Path, call: Call) -> None:
    answer = call("eval", "--explain", TAGGED, "--tag", "v1.2.3")
    assert answer.code == 0
    assert answer.out == (
        "true\n"
        "└ &&                               true\n"
        "  ├ github.ref_type == 'tag'       true   'tag' == 'tag'\n"
        "  └ !contains(github.ref, '-rc')   true   contains('refs/tags/v1.2.3', '-rc') is false\n"
    )


def test_the_tree_of_a_condition_shows_what_was_not_needed(repo: Path, call: Call) -> None:
    text = "contains(fromJSON('[1]'), 2) || !(github.ref == 'a' && github.sha)"
    assert call("eval", "--explain", "--if", text, "--status", "failure").out == (
        "false\n└ &&            false\n  ├ success()   false\n  └ ||          not evaluated\n"
    )
    assert call("eval", "--explain", text).out == (
        "true\n"
        "└ ||                                     true\n"
        "  ├ contains(fromJSON('[1]'), 2)         false           contains(Array(1), 2)\n"
        "  │ └ fromJSON('[1]')                    Array(1)\n"
        "  └ !(github.ref == 'a' && github.sha)   true\n"
        "    └ &&                                 false\n"
        "      ├ github.ref == 'a'                false           'refs/heads/main' == 'a'\n"
        "      └ github.sha                       not evaluated\n"
    )


def test_hash_files_reads_the_working_tree(repo: Path, call: Call) -> None:
    (repo / "new.lock").write_text("1")
    answer = call("eval", "hashFiles('*.lock')")
    assert len(answer.out) == 65
    assert call("eval", "hashFiles(format('{0}/*.lock', github.workspace))").out == answer.out
    assert call("eval", "hashFiles('none') == ''").out == "true\n"
    refused = call("eval", "hashFiles('--x', 'a')")
    assert refused.code == 1
    assert "Invalid glob option --x" in refused.err


def test_what_is_not_known_is_said(repo: Path, call: Call) -> None:
    answer = call("eval", "needs.a.result == steps.b.outcome")
    assert answer.out == "true\n"
    assert answer.err == (
        "note: nothing is known of needs and steps here; give it with --context 'needs={…}'\n"
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            ["githb.ref == 'x'"],
            "expression:1:1: error[unknown-context] Unrecognized named-value: 'githb'. Located at position 1 within "
            "expression: githb.ref == 'x'\n"
            "    1 │ githb.ref == 'x'\n"
            "      │ ^^^^^ did you mean 'github'?\n"
            "  help: known here: env, github, inputs, job, jobs, matrix, needs, runner, secrets, steps, strategy, "
            "vars\n",
        ),
        (
            ["a ${{ contain('a') }}"],
            "expression:1:7: error[unknown-function] Unrecognized function: 'contain'. Located at position 1 within "
            "expression: contain('a')\n"
            "    1 │ a ${{ contain('a') }}\n"
            "      │       ^^^^^^^ did you mean 'contains'?\n"
            "  help: known here: always, cancelled, case, contains, endsWith, failure, format, fromJSON, "
            "hashFiles, join, startsWith, success, toJSON\n",
        ),
        (
            ["--if", "github.ref && fromJSON('{')"],
            "expression:1:15: error[expression-failed] Error parsing fromJson: Unexpected end of content while loading "
            "JObject. Path '', line 1, position 1.\n"
            "    1 │ github.ref && fromJSON('{')\n"
            "      │               ^^^^^^^^^^^^^\n",
        ),
        (
            ["1 +"],
            "expression:1:3: error[expression-syntax] Unexpected symbol: '+'. Located at position 3 within "
            "expression: 1 +\n"
            "    1 │ 1 +\n"
            "      │   ^\n",
        ),
    ],
)
def test_errors_have_their_place(repo: Path, call: Call, words: list[str], shown: str) -> None:
    answer = call("eval", *words)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["1", "--context", "neds={}"], "there is no context 'neds'"),
        (["1", "--context", "needs={"], "--context needs: the value is not JSON"),
        (["1", "--context", "needs=@absent.json"], "--context needs: absent.json can't be read"),
        (["1", "--context", "needs"], "is not of the form NAME=JSON"),
        (["1", "--tag", "a", "--branch", "b"], "--tag and --branch are given"),
        (["1", "no_event"], "there is no event 'no_event'"),
    ],
)
def test_a_wrong_command_line(repo: Path, call: Call, words: list[str], shown: str) -> None:
    answer = call("eval", *words)
    assert answer.code == 2
    assert shown in answer.err


def test_json(repo: Path, call: Call) -> None:
    answer = call(
        "eval", "--format", "json", "github.ref_type == 'tag' && 1 || fromJSON('{\"a\": [1.5, 2]}')"
    )
    assert json.loads(answer.out) == {
        "schema": 1,
        "expression": "github.ref_type == 'tag' && 1 || fromJSON('{\"a\": [1.5, 2]}')",
        "value": {"a": [1.5, 2]},
        "kind": "object",
        "text": "Object",
        "tree": {
            "expression": "github.ref_type == 'tag' && 1 || fromJSON('{\"a\": [1.5, 2]}')",
            "operator": "||",
            "value": {"a": [1.5, 2]},
            "parts": [
                {
                    "expression": "github.ref_type == 'tag' && 1",
                    "operator": "&&",
                    "value": False,
                    "parts": [
                        {
                            "expression": "github.ref_type == 'tag'",
                            "value": False,
                            "expanded": "'branch' == 'tag'",
                            "parts": [{"expression": "github.ref_type", "value": "branch", "parts": []}],
                        },
                        {"expression": "1", "evaluated": False, "parts": []},
                    ],
                },
                {"expression": "fromJSON('{\"a\": [1.5, 2]}')", "value": {"a": [1.5, 2]}, "parts": []},
            ],
        },
    }
    failed = call("eval", "--format", "json", "1 == nope")
    assert failed.code == 1
    assert json.loads(failed.out)["error"] == {
        "code": "unknown-context",
        "message": "Unrecognized named-value: 'nope'. Located at position 6 within expression: 1 == nope",
        "position": 6,
        "length": 4,
        "help": json.loads(failed.out)["error"]["help"],
    }


def test_from_standard_input(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"github.event_name\n")))
    assert call("eval", "-").out == "push\n"


def test_show_tells_why_a_step_was_skipped(repo: Path, call: Call) -> None:
    run = RunStore.beside(repo).create()
    tree = explain("failure() || github.ref == 'x'", {"github": {"ref": "y"}}, {"failure": lambda _: False})
    events: list[Event] = [
        RunStarted(1e9, run.id, "R", "r.yml", "push", "refs/heads/y", "a" * 40, "2026-11-23", "2.336.0", "", ("a",)),
        JobStarted(1e9, "a", "a", "a", {}, "image:1"),
        StepFinished(
            1e9, "a", "1", "", "Build", "skipped", "skipped", 0.0, reason="it is false", condition=tree.data()
        ),
    ]  # fmt: skip
    with EventLog(run.path, pytest.fail) as log:
        for event in events:
            log(event)
    answer = call("show", run.id, "a")
    assert "it is false" in answer.out
    assert answer.out.endswith(
        "    └ ||                    false\n"
        "      ├ failure()           false\n"
        "      └ github.ref == 'x'   false   'y' == 'x'\n"
    )
