"""The conformance vectors of actions/languageservices (expressions/testdata), read in place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from tests.shared_data import VECTORS, needs

from actlite.expressions import ExpressionError, evaluate
from actlite.expressions.values import kind_of

FOLDER = VECTORS / "expressions"


def cases() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.stem}/{group}", case)
        for path in sorted(FOLDER.glob("*.json"))
        for group, members in json.loads(path.read_text(encoding="utf-8")).items()
        for case in members
    ]


def same(expected: Any, value: Any) -> bool:
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return type(expected) is type(value) and expected == value
    if isinstance(expected, list):
        return isinstance(value, list) and len(expected) == len(value) and all(map(same, expected, value))
    if isinstance(expected, dict):
        return list(expected) == list(value) and all(same(expected[k], value[k]) for k in expected)
    return type(value) is float and (float(expected) == value or (math.isnan(expected) and math.isnan(value)))


def judge(case: dict[str, Any]) -> str:
    """'' if the case is met, else what came instead."""
    try:
        value = evaluate(case["expr"], case.get("contexts", {}))
    except ExpressionError as error:
        expected = case.get("err")
        if expected and expected["kind"] == error.kind and expected["value"] in error.message:
            return ""
        return f"{error.kind}: {error.message}"
    result = case.get("result")
    if result and kind_of(value) == result["kind"] and same(result["value"], value):
        return ""
    return repr(value)


@needs(FOLDER)
@pytest.mark.long
def test_vectors(figure: Callable[[str, str], None]) -> None:
    failed, seen = [], 0
    for where, case in cases():
        seen += 1
        problem = judge(case)
        if problem:
            failed.append((where, case["expr"], problem))
    assert failed == []
    assert seen > 500
    figure("Expressions", f"{seen:,} cases of actions/languageservices: all are met")
