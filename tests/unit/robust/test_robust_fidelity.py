"""YAML and templates as GitHub reads them, case by case: the list of fidelity cases, 98 to 109."""

from __future__ import annotations

import pytest

from actlite.document.limits import WORKFLOW_LIMITS
from actlite.document.nodes import Mapping, Scalar
from actlite.document.scalars import primitive_text
from actlite.expressions import template
from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.reader import read

PATH = ".github/workflows/w.yml"


def messages(text: str) -> list[str]:
    return [finding.message for finding in read(SourceFile(PATH, text), PATH)[1].errors]


def job(body: str) -> str:
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{body}"


def step(body: str) -> str:
    return job(f"    steps:\n      - {body}\n")


def env(text: str) -> dict[str, str]:
    workflow, bag = read(SourceFile(PATH, f"{step('run: x')}env: {text}\n"), PATH)
    assert [finding.message for finding in bag.errors] == []
    assert workflow is not None
    assert isinstance(workflow.env, Mapping)
    return {key.text: primitive_text(value.value) for key, value in workflow.env if isinstance(value, Scalar)}


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("yes", "yes"), ("on", "on"), ("True", "true"), ("TRUE", "true"), ("010", "10"), ("0o10", "8"), ("0x1f", "31"),
        ("1e3", "1000"), ("~", ""), ("Null", ""), ("1.10", "1.1"), ("'1.10'", "1.10"), (".inf", "Infinity"),
        ("1234567890123456789", "1.23456789012346E+18"), ("-0", "0"), ("!!str 010", "010"), ("2021-05-07", "2021-05-07"),
        ("1:30", "1:30"), ("1_000", "1_000"), ("0XFF", "0XFF"), ("0xffffffff", "-1"), ("+1", "1"), (".5", "0.5"),
    ],
)  # fmt: skip
def test_98_99_scalars(written: str, read_as: str) -> None:
    assert env(f"{{A: {written}}}") == {"A": read_as}


def test_98_on_is_a_key() -> None:
    workflow, _ = read(SourceFile(PATH, step("run: x")), PATH)
    assert workflow is not None
    assert [event.name for event in workflow.on] == ["push"]


def test_100_keys_differ_in_more_than_case() -> None:
    assert messages(step("run: x") + "env: {A: b, a: c}\n") == ["'a' is already defined"]
    assert messages(step("run: x") + "env: {}\nEnv: {}\n") == ["'Env' is already defined"]


def test_101_anchors_in_workflows() -> None:
    assert env("{A: &x y, B: *x}") == {"A": "y", "B": "y"}
    assert messages(step("&s\n        run: x\n      - *s")) == []
    merged = step("&s\n        run: x\n      - <<: *s")
    assert "Unexpected value '<<'" in messages(merged)
    assert messages(step("run: x\n        env: &e {A: b}\n      - run: x\n        env: {<<: *e}")) == [
        "A mapping was not expected"
    ]


def test_101_anchors_in_manifests() -> None:
    text = "name: &a x\ndescription: x\nruns: {using: node20, main: x.js}\n"
    bag = read_action(SourceFile("action.yml", text))[1]
    assert [finding.message for finding in bag.errors] == [
        "Anchors are not currently supported. Remove the anchor 'a'"
    ]


def test_101_nodes() -> None:
    assert any("Maximum YAML nodes exceeded" in message for message in messages("- 1\n" * 50_001))


def test_102_types_of_values() -> None:
    assert messages(job("    timeout-minutes: '5'\n    steps: [{run: x}]\n")) == ["Unexpected value '5'"]
    assert messages(job("    continue-on-error: 'true'\n    steps: [{run: x}]\n")) == [
        "Unexpected value 'true'"
    ]
    assert messages(job("    timeout-minutes: ${{ '5' }}\n    steps: [{run: x}]\n")) == [
        "Unexpected value '5'"
    ]
    assert messages(job("    timeout-minutes: ${{ github.x }}\n    steps: [{run: x}]\n")) == []


def test_103_expressions_that_are_none() -> None:
    assert any("An expression was expected" in message for message in messages(step("run: echo ${{ }}")))
    assert any("The expression is not closed." in message for message in messages(step("run: echo ${{ x")))


def test_104_names_by_place() -> None:
    found = messages(step("run: x\n        if: ${{ secrets.X != '' }}"))
    assert len(found) == 1
    assert "Unrecognized named-value: 'secrets'. Located at position 1 within expression" in found[0]


def test_105_insert() -> None:
    text = '{"a":1}'
    source = SourceFile("w.yml", f"${{{{ insert }}}}: ${{{{ fromJSON('{text}') }}}}\nb: c\n")
    from actlite.document import compose

    node, found = compose(source)
    assert found == []
    assert node is not None
    assert template.evaluate_node(node, template.Scope({})) == {"a": 1.0, "b": "c"}


def test_107_references() -> None:
    found = messages(step("uses: actions/checkout"))
    assert found == ["Expected format {org}/{repo}[/path]@ref. Actual 'actions/checkout'"]


def test_108_steps_that_are_both_or_neither() -> None:
    assert messages(step("run: x\n        uses: a/b@v1")) == ["Unexpected value 'uses'"]
    assert messages(step("uses: a/b@v1\n        run: x")) == ["Unexpected value 'run'"]
    (found,) = messages(step("name: x"))
    assert found.startswith(
        "There's not enough info to determine what you meant. Add one of these properties: "
    )
    assert all(word in found for word in ("run", "shell", "uses", "with", "working-directory"))
    assert messages(step("name: x\n        shell: bash")) == ["Required property is missing: run"]


def test_109_limits() -> None:
    assert len(messages("#" * (WORKFLOW_LIMITS.characters + 1))) == 1
    assert len(messages("[" * 51 + "]" * 51)) == 1
    assert messages("a: 1\n" * 30 + step("run: x")).count("'a' is already defined") == 10
