"""Matrices, executed: every leg runs, on this machine, and says what it has."""

from __future__ import annotations

from typing import Any

import pytest
from conforming import Conform
from main_tools import Outcome

RULE = pytest.mark.rule

JOB = """
  %s:
    runs-on: ubuntu-latest
    strategy: {matrix: %s}
    steps: [{name: say, env: {M: '${{ toJSON(matrix) }}'}, run: date}]
"""
MATRICES = {
    "product": "{os: [a, b], v: [1, 2]}",
    "adds": "{os: [a, b], v: [1, 2], include: [{os: a, x: 9}, {y: 8}, {os: c}]}",
    "twice": "{os: [a], include: [{x: 1}, {x: 2}]}",
    "appends": "{v: [1], include: [{v: 3}, {v: 3, x: 1}]}",
    "vectors": "{os: [a], include: [{x: 1}, {x: 2, y: 3}]}",
    "only": "{include: [{x: 1}, {x: 1}, {y: 2}]}",
    "compares": "{os: [a], v: [1], include: [{os: A, x: 1}, {v: '1', y: 2}]}",
    "excluded": "{os: [a, b], exclude: [{os: a}], include: [{os: a, x: 1}]}",
    "partly": "{os: [a, b], v: [1, 2], exclude: [{os: a}]}",
    "nested": "{node: [{v: 1, e: x}, {v: 2, e: x}], exclude: [{node: {v: 1}}]}",
    "numbers": "{v: [1.10, '1.10']}",
}
WORKFLOW = (
    "on: push\njobs:"
    + "".join(JOB % job for job in MATRICES.items())
    + """
  called:
    name: "leg ${{ matrix.v }}"
    runs-on: ubuntu-latest
    strategy: {matrix: {v: [1], w: [2]}}
    steps:
      - name: say
        run: |
          echo "index=${{ strategy.job-index }}"
          echo "total=${{ strategy.job-total }}"
          echo "parallel=${{ strategy.max-parallel }}"
          echo "fast=${{ strategy.fail-fast }}"
  plain:
    name: Plain
    runs-on: ubuntu-latest
    strategy: {matrix: {v: [1], w: [2, 3]}}
    steps:
      - name: say
        run: |
          echo "index=${{ strategy.job-index }}"
          echo "total=${{ strategy.job-total }}"
          echo "parallel=${{ strategy.max-parallel }}"
          echo "fast=${{ strategy.fail-fast }}"
  long:
    runs-on: ubuntu-latest
    strategy: {matrix: {v: [%s]}}
    steps: [{run: date}]
  makes:
    runs-on: ubuntu-latest
    outputs: {v: '["x", "y"]'}
    steps: [{run: date}]
  made:
    needs: makes
    runs-on: ubuntu-latest
    strategy: {matrix: {v: '${{ fromJSON(needs.makes.outputs.v) }}'}}
    steps: [{run: date}]
  narrow:
    runs-on: ubuntu-latest
    strategy: {max-parallel: 1, matrix: {v: [1, 2, 3]}}
    steps: [{run: sleep 0.1}]
"""
    % ("x" * 120)
)


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW, image="host")


def rows(ran: Outcome, job: str) -> list[dict[str, Any]]:
    """The matrices of a job's legs that ran, in their order."""
    found = [leg for leg in ran.report["runs"][0]["jobs"] if leg["id"] == job]
    assert all(leg["result"] == "success" for leg in found)
    return [leg["matrix"] for leg in found]


def names(ran: Outcome, job: str) -> list[str]:
    return [leg["name"] for leg in ran.report["runs"][0]["jobs"] if leg["id"] == job]


@RULE("matrix/order-and-names")
def test_the_product(ran: Outcome) -> None:
    assert names(ran, "product") == ["product (a, 1)", "product (a, 2)", "product (b, 1)", "product (b, 2)"]


@RULE("matrix/include-adds", "matrix/names-without-extras")
def test_include_adds(ran: Outcome) -> None:
    assert rows(ran, "adds") == [
        {"os": "a", "v": 1, "x": 9, "y": 8},
        {"os": "a", "v": 2, "x": 9, "y": 8},
        {"os": "b", "v": 1, "y": 8},
        {"os": "b", "v": 2, "y": 8},
        {"os": "c"},
    ]
    assert names(ran, "adds") == ["adds (a, 1)", "adds (a, 2)", "adds (b, 1)", "adds (b, 2)", "adds (c)"]
    assert names(ran, "appends")[-1] == "appends (3, 1)"


@RULE("matrix/include-overwrites")
def test_a_later_item_overwrites(ran: Outcome) -> None:
    assert rows(ran, "twice") == [{"os": "a", "x": 2}]


@RULE("matrix/include-appends-each")
def test_items_are_appended_one_by_one(ran: Outcome) -> None:
    assert rows(ran, "appends") == [{"v": 1}, {"v": 3}, {"v": 3, "x": 1}]


@RULE("matrix/include-matches-vectors")
def test_items_are_matched_against_vectors(ran: Outcome) -> None:
    assert rows(ran, "vectors") == [{"os": "a", "x": 2, "y": 3}]
    assert rows(ran, "only") == [{"x": 1}, {"x": 1}, {"y": 2}]


@RULE("matrix/include-compares")
def test_items_are_compared_as_in_expressions(ran: Outcome) -> None:
    assert rows(ran, "compares") == [{"os": "a", "v": 1, "x": 1, "y": 2}]


@RULE("matrix/include-of-excluded")
def test_an_excluded_combination_comes_back(ran: Outcome) -> None:
    assert rows(ran, "excluded") == [{"os": "b"}, {"os": "a", "x": 1}]


@RULE("matrix/exclude")
def test_exclude_by_one_vector(ran: Outcome) -> None:
    assert rows(ran, "partly") == [{"os": "b", "v": 1}, {"os": "b", "v": 2}]


@RULE("matrix/exclude-nested")
def test_exclude_by_a_leaf(ran: Outcome) -> None:
    assert rows(ran, "nested") == [{"node": {"v": 2, "e": "x"}}]
    assert names(ran, "nested") == ["nested (2, x)"]


@RULE("matrix/numbers")
def test_numbers(ran: Outcome) -> None:
    assert names(ran, "numbers") == ["numbers (1.1)", "numbers (1.10)"]
    assert rows(ran, "numbers") == [{"v": 1.1}, {"v": "1.10"}]


@RULE("matrix/strategy-context")
def test_the_strategy_context(ran: Outcome) -> None:
    assert ran.values("say", "plain (1, 3)") == {
        "index": "1",
        "total": "2",
        "parallel": "2",
        "fast": "true",
    }


@RULE("matrix/name-expression")
def test_names_of_legs(ran: Outcome) -> None:
    assert names(ran, "called") == ["leg 1"]
    assert names(ran, "plain") == ["Plain (1, 2)", "Plain (1, 3)"]


@RULE("matrix/name-length")
def test_a_long_name(ran: Outcome) -> None:
    assert names(ran, "long") == ["long (" + "x" * 91 + "..."]


@RULE("matrix/of-needs")
def test_a_matrix_of_outputs(ran: Outcome) -> None:
    assert rows(ran, "made") == [{"v": "x"}, {"v": "y"}]


@RULE("matrix/max-parallel")
def test_one_leg_at_a_time(ran: Outcome) -> None:
    kinds = [
        event["kind"]
        for event in ran.events
        if event["kind"] in ("job-started", "job-finished") and event["job"].startswith("narrow ")
    ]
    assert kinds == ["job-started", "job-finished"] * 3


FAILING = """
on: push
jobs:
  makes:
    runs-on: ubuntu-latest
    outputs: {v: '[]'}
    steps: [{run: date}]
  made:
    needs: makes
    runs-on: ubuntu-latest
    strategy: {matrix: {v: '${{ fromJSON(needs.makes.outputs.v) }}'}}
    steps: [{run: date}]
  fast:
    runs-on: ubuntu-latest
    strategy: {max-parallel: 2, matrix: {v: [bad, slow, waits]}}
    steps:
      - {run: sleep 1; exit 1, if: matrix.v == 'bad'}
      - {run: sleep 60}
  excused:
    runs-on: ubuntu-latest
    continue-on-error: ${{ matrix.v == 'bad' }}
    strategy: {matrix: {v: [bad, good]}}
    steps:
      - {run: exit 1, if: matrix.v == 'bad'}
      - {run: sleep 0.5}
  patient:
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {v: [bad, good]}}
    steps:
      - {run: exit 1, if: matrix.v == 'bad'}
      - {run: sleep 0.5}
"""


@pytest.fixture(scope="module")
def failed(conform: Conform) -> Outcome:
    return conform(FAILING, image="host", expect=1)


@RULE("matrix/empty-at-run-time")
def test_an_empty_matrix_of_outputs(failed: Outcome) -> None:
    job = failed.jobs["made"]
    assert job["result"] == "failure"
    assert "Matrix vector 'v' does not contain any values" in job["reason"]


@RULE("matrix/fail-fast")
def test_fail_fast(failed: Outcome) -> None:
    results = {key: job["result"] for key, job in failed.jobs.items()}
    assert results["fast (bad)"] == "failure"
    assert (results["fast (slow)"], results["fast (waits)"]) == ("cancelled", "cancelled")
    words = 'The strategy configuration was canceled because "fast.bad" failed'
    assert failed.jobs["fast (waits)"]["reason"] == words
    assert (results["excused (bad)"], results["excused (good)"]) == ("failure", "success")
    assert (results["patient (bad)"], results["patient (good)"]) == ("failure", "success")


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        pytest.param(
            "{os: [a], exclude: [{z: 1}]}",
            "Matrix exclude key 'z' does not match any key within the matrix",
            marks=RULE("matrix/exclude-unknown"),
        ),
        pytest.param(
            "{os: []}",
            "Matrix vector 'os' does not contain any values",
            marks=RULE("matrix/empty-vector"),
        ),
        pytest.param("{}", "Matrix must define at least one vector", marks=RULE("matrix/empty-vector")),
    ],
)
def test_matrices_that_fail(conform: Conform, matrix: str, words: str) -> None:
    text = "on: push\njobs:" + JOB % ("a", matrix)
    found = conform(text, image="host", expect=2)
    assert words in " ".join(found.ended.text.split())
    assert not found.events
