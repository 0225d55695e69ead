"""Why jobs and steps are skipped: the whole tree of their conditions, in events and reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from core_harness import Bench

from actlite.engines.fake import Reply
from actlite.events import from_json, to_json
from actlite.expressions.explain import from_data
from actlite.journal.record import fold
from actlite.reporting.jsonreport import report

WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    env: {TOKEN: s3cret-value}
    steps:
      - run: exit 1
        id: first
      - run: never
        name: plain
      - run: never
        name: asked
        if: always() && (env.TOKEN == 'x' || steps.first.outcome == 'success') && github.sha
  publish:
    needs: build
    runs-on: ubuntu-latest
    if: github.ref_type == 'tag'
    steps: [run: x]
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_skipped_jobs_and_steps_tell_the_whole_tree(bench: Bench) -> None:
    bench.engine.on("exit 1", Reply(1))
    bench.settings = {"secrets": {"TOKEN": "s3cret-value"}}
    result = bench.run(WORKFLOW)
    assert result.step("plain").condition == {"expression": "success()", "value": False, "parts": []}
    asked = result.step("asked").condition
    assert asked == {
        "expression": "always() && (env.TOKEN == 'x' || steps.first.outcome == 'success') && github.sha",
        "operator": "&&",
        "value": False,
        "parts": [
            {"expression": "always()", "value": True, "parts": []},
            {
                "expression": "env.TOKEN == 'x' || steps.first.outcome == 'success'",
                "operator": "||",
                "value": False,
                "parts": [
                    {
                        "expression": "env.TOKEN == 'x'",
                        "value": False,
                        "expanded": "'***' == 'x'",
                        "parts": [{"expression": "env.TOKEN", "value": "***", "parts": []}],
                    },
                    {
                        "expression": "steps.first.outcome == 'success'",
                        "value": False,
                        "expanded": "'failure' == 'success'",
                        "parts": [{"expression": "steps.first.outcome", "value": "failure", "parts": []}],
                    },
                ],
            },
            {"expression": "github.sha", "evaluated": False, "parts": []},
        ],
    }
    assert [row[0] for row in from_data(asked).rows()] == [
        "└ &&",
        "  ├ always()",
        "  ├ ||",
        "  │ ├ env.TOKEN == 'x'",
        "  │ └ steps.first.outcome == 'success'",
        "  └ github.sha",
    ]
    publish = result.jobs()["publish"].condition
    assert publish is not None
    assert publish["expression"] == "success() && (github.ref_type == 'tag')"
    assert [part["value"] for part in publish["parts"] if "value" in part] == [False]

    events = [from_json(to_json(event)) for event in result.events]
    data = report([fold(events)])["runs"][0]["jobs"]
    assert [job["condition"] for job in data] == [None, publish]
    by_name = {step["name"]: step["condition"] for step in data[0]["steps"]}
    assert by_name["asked"] == asked
    assert by_name["Run exit 1"] is None


def test_what_was_not_decided_by_its_condition_has_no_tree(bench: Bench) -> None:
    result = bench.run("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [run: x]}}\n")
    assert {step.condition is None for step in result.steps().values()} == {True}
    assert {job.condition is None for job in result.jobs().values()} == {True}


LONG = "xy'" * 30 + "end"
"""A secret that is longer than what a tree shows of a text, with a sign that is doubled there."""
LONG_SECRETS = """\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    env: {TOKEN: "${{ secrets.TOKEN }}", CODE: "${{ secrets.CODE }}"}
    steps:
      - run: never
        name: long
        if: "!startsWith(env.TOKEN, 'x') || format('{0}{1}', vars.FILL, env.TOKEN) == 'x'"
      - run: never
        name: number
        if: fromJSON(env.CODE) == 1
"""


def test_no_part_of_a_secret_is_in_a_tree(bench: Bench) -> None:
    """A shortened secret would not be known as one."""
    fill = "z" * 1990
    bench.settings = {"secrets": {"TOKEN": LONG, "CODE": "8371"}, "vars": {"FILL": fill}}
    result = bench.run(LONG_SECRETS)
    told = [from_json(to_json(event)) for event in result.events]
    trees = [getattr(event, "condition", None) for event in told]
    assert len([tree for tree in trees if tree]) == 2
    assert "xy" not in str(trees)
    assert "8371" not in str(trees)
    assert "!startsWith(env.TOKEN, 'x')" in str(trees)
