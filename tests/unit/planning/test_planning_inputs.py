"""Inputs of workflow_dispatch."""

from __future__ import annotations

from typing import Any

import pytest

from actlite.errors import UsageError
from actlite.planning.inputs import resolve_inputs
from actlite.source import SourceFile
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

ON = """\
on:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [info, debug]}
      dry: {type: boolean}
      really: {type: boolean, default: true}
      count: {type: number, default: 1.50}
      target: {type: environment}
      who: {required: true, description: for whom}
      plain:
jobs: {a: {runs-on: x, steps: [{run: y}]}}
"""


def workflow(text: str = ON) -> Workflow:
    found, bag = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None, [finding.message for finding in bag]
    return found


def test_defaults_and_types() -> None:
    typed, texts = resolve_inputs(workflow(), {"who": "me"})
    assert typed == {
        "level": "info",
        "dry": False,
        "really": True,
        "count": 1.5,
        "target": "",
        "who": "me",
        "plain": "",
    }
    assert texts["really"] == "true"
    assert texts["dry"] == "false"
    assert texts["count"] == "1.5"


def test_given_values_are_typed_and_names_have_no_case() -> None:
    typed, texts = resolve_inputs(workflow(), {"WHO": "x", "dry": "true", "count": "3", "level": "debug"})
    assert (typed["who"], typed["dry"], typed["count"], typed["level"]) == ("x", True, 3.0, "debug")
    assert (texts["dry"], texts["count"]) == ("true", "3")


def test_resolving_twice_changes_nothing() -> None:
    typed, _ = resolve_inputs(workflow(), {"who": "x"})
    assert resolve_inputs(workflow(), typed)[0] == typed


@pytest.mark.parametrize(
    ("given", "what", "do"),
    [
        ({}, "input 'who' is required and not given", "Add --input who=VALUE."),
        ({"who": ""}, "input 'who' is required and not given", "Add --input who=VALUE."),
        ({"who": "x", "lvl": "y"}, "t.yml has no input 'lvl'", "Did you mean 'level'?"),
        ({"who": "x", "dry": "yes"}, "input 'dry' is true or false, not 'yes'", "Give --input dry=VALUE"),
        ({"who": "x", "count": "many"}, "input 'count' is a number, not 'many'", "Give --input count=VALUE"),
        (
            {"who": "x", "level": "debgu"},
            "input 'level' is one of info, debug, not 'debgu'",
            "Did you mean 'debug'?",
        ),
    ],
)
def test_wrong_inputs(given: dict[str, Any], what: str, do: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_inputs(workflow(), given)
    assert caught.value.what == what
    assert do in caught.value.do
    assert "t.yml" in caught.value.what + caught.value.why or "required" not in what


def test_a_workflow_without_inputs() -> None:
    bare = workflow("on: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{run: y}]}}")
    assert resolve_inputs(bare, {}) == ({}, {})
    with pytest.raises(UsageError, match="no input"):
        resolve_inputs(bare, {"a": "b"})
