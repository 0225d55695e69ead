"""The conformance vectors of actions/languageservices (expressions/testdata), read in place."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from actlite.expressions import ExpressionError, evaluate
from actlite.expressions.values import kind_of

VECTORS = (
    Path(os.environ.get("ACTLITE_VECTORS", Path(__file__).parents[4] / "shared" / "vectors")) / "expressions"
)
EXCEPTIONS: dict[str, str] = {}
"""Expressions of vectors that are not met, each with its reason."""


def cases() -> list[tuple[str, dict[str, Any]]]:
    if not VECTORS.is_dir():
        pytest.skip(f"there are no conformance vectors at {VECTORS} (set ACTLITE_VECTORS)")
    return [
        (f"{path.stem}/{group}", case)
        for path in sorted(VECTORS.glob("*.json"))
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


def test_vectors() -> None:
    failed, seen = [], 0
    for where, case in cases():
        if case["expr"] in EXCEPTIONS:
            continue
        seen += 1
        problem = judge(case)
        if problem:
            failed.append((where, case["expr"], problem))
    assert failed == []
    assert seen > 500
