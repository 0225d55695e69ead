"""Expressions with unknown values: what comes out as sure holds whatever the unknown values are."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.values import is_truthy
from actlite.planning.partial import UNKNOWN, Open, Unknown, evaluate_partly, truth

CONTEXTS: dict[str, Any] = {
    "github": Open({"ref": "refs/tags/v1", "n": 3.0, "event": {"x": None, "list": ["a", "b"]}}),
    "needs": {"a": {"result": UNKNOWN, "outputs": Open()}, "b": {"result": "skipped", "outputs": {}}},
    "vars": {"yes": "true", "empty": ""},
    "matrix": UNKNOWN,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("github.ref", True),
        ("github.run_id", None),
        ("false && github.run_id", False),
        ("github.run_id && false", False),
        ("github.run_id && true", None),
        ("github.run_id || true", True),
        ("github.run_id || false", None),
        ("!(github.run_id && false)", True),
        ("!github.run_id", None),
        ("(github.run_id && vars.empty) || vars.yes", True),
        ("needs.b.outputs.x == 'y'", False),
        ("needs.b.result == 'skipped'", True),
        ("needs.a.outputs.x == 'y'", None),
        ("needs.c.result == 'success'", False),
        ("needs.*.result", None),
        ("contains(needs.*.result, 'failure')", None),
        ("contains(github.event.list, 'b')", True),
        ("contains(github.event.*, matrix.x)", None),
        ("github[matrix.x]", None),
        ("matrix.x.y.z", None),
        ("unknown.thing", None),
        ("stranger(1)", None),
        ("format('{0} and more', matrix.x)", True),
        ("format('{0}', matrix.x)", None),
        ("toJSON(matrix)", True),
        ("case(github.n == 3, vars.yes, matrix.x)", True),
        ("case(matrix.x, true, true)", None),
        ("case(false, matrix.x, vars.empty)", False),
        ("", False),
        ("((matrix.a == 1) == (matrix.b == 2)) == true", None),
    ],
)
def test_truth(source: str, expected: bool | None) -> None:
    assert truth(evaluate_partly(source, CONTEXTS, {})[0]) is expected


def test_what_is_known_and_fails_is_an_error() -> None:
    with pytest.raises(ExpressionError):
        evaluate_partly("fromJSON('[')", CONTEXTS, {})


def test_deep_comparisons_take_no_time() -> None:
    source = "matrix.a"
    for _ in range(22):
        source = f"({source} == 1)"
    assert evaluate_partly(source, CONTEXTS, {})[0] is UNKNOWN
    assert evaluate_partly(source.replace("matrix.a", "github.n"), CONTEXTS, {})[0] is not UNKNOWN


NAMES = ("k.one", "k.zero", "k.text", "k.none", "k.object.a", "u.a", "u.b", "u.c")
KNOWN: dict[str, Any] = {"one": 1.0, "zero": 0.0, "text": "abc", "none": None, "object": {"a": "x"}}
VALUES: tuple[Any, ...] = (None, True, False, 0.0, 1.0, "", "abc", "x", "1", [1.0], {"a": "b"})


def generated(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.15:
        return chance.choice([*NAMES, "true", "false", "'abc'", "1", "''"])
    a, b = generated(chance, depth - 1), generated(chance, depth - 1)
    kind = chance.randrange(7)
    if kind < 3:
        return f"({a} {chance.choice(['&&', '||'])} {b})"
    if kind == 3:
        return f"!{a}"
    if kind == 4:
        return f"({a} {chance.choice(['==', '!=', '<', '>='])} {b})"
    if chance.random() < 0.1:
        return "fromJSON('[')"
    call = chance.choice(
        ["contains({a}, {b})", "startsWith({a}, {b})", "format('{{0}}', {a})", "case({a} == 1, {b}, {a})"]
    )
    return call.format(a=a, b=b)


@pytest.mark.long
def test_what_is_sure_holds_for_all_values(
    seed: int, effort: Callable[[int, int], int], figure: Callable[[str, str], None]
) -> None:
    """Against the evaluator, with random values in the place of the unknown."""
    chance = random.Random(seed)
    tries, sure = effort(4_000, 40_000), 0
    for _ in range(tries):
        source = generated(chance, chance.randint(1, 4))
        try:
            value, _ = evaluate_partly(source, {"k": KNOWN, "u": dict.fromkeys("abc", UNKNOWN)}, {})
        except ExpressionError:
            for _ in range(3):
                with pytest.raises(ExpressionError):
                    evaluate(source, {"k": KNOWN, "u": {name: chance.choice(VALUES) for name in "abc"}})
            continue
        if truth(value) is None:
            continue
        sure += 1
        for _ in range(3):
            contexts = {"k": KNOWN, "u": {name: chance.choice(VALUES) for name in "abc"}}
            try:
                full = evaluate(source, contexts)
            except ExpressionError:
                continue
            assert is_truthy(full) is truth(value), (source, contexts)
            if not isinstance(value, Unknown) and not isinstance(value, list | dict):
                assert full == value, (source, contexts)
    assert sure > tries / 10
    figure(
        "Planning", f"{tries:,} conditions with unknown values, {sure:,} sure of their truth: none is wrong"
    )
