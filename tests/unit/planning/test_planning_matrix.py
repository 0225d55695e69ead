"""Matrices: rows, names and limits, as GitHub makes them."""

from __future__ import annotations

from typing import Any

import pytest

from actlite.errors import InvalidWorkflow
from actlite.expressions.template import Scope
from actlite.planning.matrix import MatrixError, build_rows, expand, named_later
from actlite.planning.plan import Leg
from actlite.source import SourceFile
from actlite.workflow.model import Job
from actlite.workflow.reader import read


def rows(matrix: Any) -> list[dict[str, Any]]:
    return [row.values for row in build_rows(matrix)]


def job(strategy: str, name: str = "", extra: str = "") -> Job:
    named = f"name: {name}\n    " if name else ""
    text = (
        f"on: push\njobs:\n  first: {{runs-on: x, steps: [{{run: y}}]}}\n  job:\n    {named}runs-on: x\n    "
        f"strategy: {strategy}\n    {extra}\n    steps: [{{run: y}}]\n"
    )
    found, bag = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None, [finding.message for finding in bag]
    return found.jobs[1]


def legs(strategy: str, name: str = "", **contexts: Any) -> tuple[Leg, ...]:
    scope = Scope({"github": {}, "inputs": {}, "vars": {}, "needs": {}, **contexts})
    return expand(job(strategy, name), scope)[0]


def test_the_first_vector_varies_slowest() -> None:
    assert rows({"os": ["a", "b"], "v": [1.0, 2.0]}) == [
        {"os": "a", "v": 1.0},
        {"os": "a", "v": 2.0},
        {"os": "b", "v": 1.0},
        {"os": "b", "v": 2.0},
    ]


def test_include_adds_to_rows_or_makes_new_ones() -> None:
    base = {"os": ["a", "b"], "v": [1.0, 2.0]}
    assert [row.get("x") for row in rows({**base, "include": [{"os": "a", "x": 9.0}]})] == [
        9.0,
        9.0,
        None,
        None,
    ]
    assert [row["x"] for row in rows({**base, "include": [{"x": 9.0}]})] == [9.0] * 4
    assert rows({**base, "include": [{"os": "c"}]})[4:] == [{"os": "c"}]


def test_later_includes_overwrite_extras() -> None:
    assert rows({"os": ["a"], "include": [{"x": 1.0}, {"x": 2.0}]}) == [{"os": "a", "x": 2.0}]


def test_new_rows_never_merge_with_each_other() -> None:
    found = rows({"v": [1.0], "include": [{"v": 3.0}, {"v": 3.0, "x": 1.0}]})
    assert found == [{"v": 1.0}, {"v": 3.0}, {"v": 3.0, "x": 1.0}]


def test_the_values_of_a_new_row_begin_with_the_matrix_keys() -> None:
    made = legs("{matrix: {os: [a], include: [{x: 9, os: c, y: 8}]}}")
    assert [leg.name for leg in made] == ["job (a)", "job (c, 9, 8)"]
    assert list(made[1].matrix) == ["os", "x", "y"]


def test_include_matches_the_original_vectors_only() -> None:
    assert rows({"os": ["a"], "include": [{"x": 1.0}, {"x": 2.0, "y": 3.0}]}) == [
        {"os": "a", "x": 2.0, "y": 3.0}
    ]
    assert rows({"include": [{"x": 1.0}, {"x": 2.0, "y": 3.0}]}) == [{"x": 1.0}, {"x": 2.0, "y": 3.0}]


def test_include_compares_as_expressions_do_and_keeps_the_vectors_value() -> None:
    assert rows({"os": ["a"], "include": [{"os": "A", "x": 1.0}]}) == [{"os": "a", "x": 1.0}]
    assert rows({"v": [1.0], "include": [{"v": "1", "x": 1.0}]}) == [{"v": 1.0, "x": 1.0}]


def test_include_brings_an_excluded_row_back() -> None:
    found = rows({"os": ["a", "b"], "exclude": [{"os": "a"}], "include": [{"os": "a", "x": 1.0}]})
    assert found == [{"os": "b"}, {"os": "a", "x": 1.0}]


def test_exclude_matches_parts_and_leaves() -> None:
    assert rows({"os": ["a", "b"], "v": [1.0, 2.0], "exclude": [{"os": "a"}, {"os": "b", "v": 1.0}]}) == [
        {"os": "b", "v": 2.0}
    ]
    assert rows({"node": [{"v": 1.0, "e": "x"}, {"v": 2.0}], "exclude": [{"node": {"v": 1.0}}]}) == [
        {"node": {"v": 2.0}}
    ]
    assert rows({"a": [[1.0, 2.0], [1.0, 3.0]], "exclude": [{"a": [1.0, 2.0]}]}) == [{"a": [1.0, 3.0]}]


def test_all_rows_may_be_excluded() -> None:
    assert rows({"os": ["a"], "exclude": [{"os": "a"}]}) == []


@pytest.mark.parametrize(
    ("matrix", "message", "key"),
    [
        ({"os": []}, "Matrix vector 'os' does not contain any values", "os"),
        ({}, "Matrix must define at least one vector", None),
        ({"include": []}, "Matrix must define at least one vector", None),
        ({"os": "a"}, "A sequence was expected", "os"),
        ("a", "A mapping was expected", None),
        ({"os": ["a"], "include": ["x"]}, "A mapping was expected", "include"),
        ({"os": ["a"], "include": {}}, "A sequence was expected", "include"),
        ({"os": ["a"], "exclude": [{"z": 1.0}]}, "Matrix exclude key 'z' does not match any key within the matrix", "exclude"),
        ({"os": ["a"], "exclude": [{}]}, "Matrix exclude filter must not be empty", "exclude"),
        ({"a": [float(n) for n in range(257)]}, "The matrix makes 257 jobs, and GitHub runs no more than 256 of one", None),
    ],
)  # fmt: skip
def test_matrices_that_github_refuses(matrix: Any, message: str, key: str | None) -> None:
    with pytest.raises(MatrixError) as caught:
        build_rows(matrix)
    assert (caught.value.message, caught.value.key) == (message, key)


def test_a_huge_product_is_refused_at_once() -> None:
    with pytest.raises(MatrixError, match="combinations"):
        build_rows({name: [float(n) for n in range(100)] for name in "abcdef"})


def test_names_and_keys() -> None:
    found = legs("{matrix: {os: [a, b], v: [1, 1.10]}}")
    assert [leg.name for leg in found] == ["job (a, 1)", "job (a, 1.1)", "job (b, 1)", "job (b, 1.1)"]
    assert [leg.key for leg in found] == [leg.name for leg in found]
    assert [(leg.index, leg.total) for leg in found] == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_names_leave_out_extras_and_empty_values() -> None:
    found = legs("{matrix: {os: [a], e: [''], include: [{os: a, x: 9}, {os: c, x: 8}]}}")
    assert [leg.name for leg in found] == ["job (a)", "job (c, 8)"]
    assert found[0].matrix == {"os": "a", "e": "", "x": 9.0}


def test_names_show_the_leaves_of_nested_values() -> None:
    assert legs("{matrix: {n: [{v: 1, e: [x, true, null]}]}}")[0].name == "job (1, x, true)"


def test_a_long_name_is_cut() -> None:
    name = legs(f"{{matrix: {{os: [{'a' * 200}]}}}}")[0].name
    assert len(name) == 100
    assert name.endswith("...")


def test_a_given_name_gets_the_values_unless_it_is_an_expression() -> None:
    assert legs("{matrix: {os: [a]}}", "Build it")[0].name == "Build it (a)"
    assert legs("{matrix: {os: [a]}}", "On ${{ matrix.os }} ${{ strategy.job-index }}")[0].name == "On a 0"
    assert legs("{fail-fast: true}", "On ${{ matrix.os }}x")[0].name == "On x"


def test_equal_names_get_different_keys() -> None:
    found = legs("{matrix: {os: [a, A, a]}}")
    assert [leg.key for leg in found] == ["job (a)", "job (A)", "job (a) #2"]


def test_strategy_settings() -> None:
    scope = Scope({"github": {}, "inputs": {"n": 3.0}, "vars": {}, "needs": {}})
    found, fail_fast, limit = expand(job("{fail-fast: false, max-parallel: 2, matrix: {a: [1]}}"), scope)
    assert (len(found), fail_fast, limit) == (1, False, 2)
    assert expand(job("{max-parallel: 0, matrix: {a: [1]}}"), scope)[1:] == (True, None)
    assert expand(job("{max-parallel: '${{ inputs.n }}', matrix: {a: [1]}}"), scope)[2] == 3


def test_a_matrix_by_expression() -> None:
    strategy = '{matrix: {os: "${{ fromJSON(inputs.list) }}", v: [1]}}'
    assert [leg.matrix["os"] for leg in legs(strategy, inputs={"list": '["x", "y"]'})] == ["x", "y"]
    whole = legs('{matrix: "${{ fromJSON(inputs.m) }}"}', inputs={"m": '{"include": [{"a": 1}]}'})
    assert [leg.matrix for leg in whole] == [{"a": 1.0}]


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("{matrix: {os: \"${{ fromJSON('[]') }}\"}}", "Matrix vector 'os' does not contain any values"),
        ("{matrix: \"${{ fromJSON('1') }}\"}", "A mapping was expected"),
        ('{matrix: "${{ github.none }}"}', "A mapping was expected"),
        ("{matrix: \"${{ fromJSON('x') }}\"}", "Error parsing fromJson"),
        ("{fail-fast: \"${{ 'x' || 'y' }}\", matrix: {a: [1]}}", "Unexpected value 'x'"),
    ],
)
def test_what_only_evaluation_shows(strategy: str, message: str) -> None:
    with pytest.raises(InvalidWorkflow) as caught:
        legs(strategy)
    (finding,) = caught.value.diagnostics
    assert message.casefold() in finding.message.casefold()
    assert finding.span is not None
    assert finding.span.line == 6


def test_ids_of_legs() -> None:
    """R: Conversion/IdBuilder.cs: 25 characters, letters, digits, - and _, unlike in any case."""
    values = ["ubuntu-latest", "18.x", "-", "", "__a", "UBUNTU-latest", "é", "ö", "x" * 30, "x" * 29]
    found = [leg.id for leg in legs(f"{{matrix: {{v: {values}}}}}")]
    assert found == [
        "ubuntu-latest",
        "_18_x",
        "_-",
        "job",
        "_a",
        "UBUNTU-latest_2",
        "_",
        "_2",
        "x" * 25,
        "x" * 23 + "_2",
    ]


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("'${{ github.run_id }}'", True),
        ("'${{ needs.first.result }}'", True),
        ("'${{ github.ref }}'", False),
        ("github.run_id", False),
    ],
)
def test_names_that_only_the_run_knows(name: str, later: bool) -> None:
    assert named_later(job("{matrix: {v: [1]}}", name, "needs: first")) is later
