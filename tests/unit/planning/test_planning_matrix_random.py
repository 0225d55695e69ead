"""Random matrices, against a second reading of GitHub's rules that shares nothing with the first.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/MatrixBuilder.cs`` and ``WorkflowTemplateConverter.cs``
(ConvertToStrategy). Written to be read beside them, not to be fast.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from actlite.planning.matrix import MatrixError, build_rows
from actlite.workflow.combinations import name_parts

KEYS = ["os", "v", "Arch", "x"]
LEAVES: list[Any] = ["a", "A", "b", "", "1", "true", 1.0, 2.0, 0.0, 1.5, True, False, None]


class Refused(Exception):
    """GitHub says one of these."""


def number(value: Any) -> float:
    """A leaf as a number, as a comparison of different kinds has it."""
    if value is None or value is False:
        return 0.0
    if value is True:
        return 1.0
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        try:
            return float(value) if value else 0.0
        except ValueError:
            return math.nan
    return math.nan


def equal(left: Any, right: Any) -> bool:
    """``==`` between a value of a row and a literal."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if type(left) is type(right):
        return bool(left == right)
    return number(left) == number(right)


def step(value: Any, key: str | int) -> Any:
    """``value[key]``, null where there is no such thing."""
    if isinstance(value, dict):
        return next((inner for name, inner in value.items() if name.lower() == str(key).lower()), None)
    if isinstance(value, list):
        index = number(float(key) if isinstance(key, int) else key)
        return value[int(index)] if 0 <= index < len(value) else None
    return None


def agrees(row: Any, filter: Any) -> bool:
    """Whether all leaves of the filter are in the row at their place."""
    if isinstance(filter, dict):
        return all(agrees(step(row, key), inner) for key, inner in filter.items())
    if isinstance(filter, list):
        return all(agrees(step(row, index), inner) for index, inner in enumerate(filter))
    return equal(row, filter)


def shown(value: Any) -> list[str]:
    """The segments of a name."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in shown(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in shown(inner)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    text = f"{value:g}" if isinstance(value, float) else value
    return [text] if text else []


Answer = list[tuple[list[tuple[str, Any]], list[str]]]


def slowly(matrix: dict[str, Any]) -> Answer:
    """The matrix of each leg, its entries in order, with the segments of its name."""
    vectors = {key: values for key, values in matrix.items() if key not in {"include", "exclude"}}
    include, exclude = matrix.get("include", []), matrix.get("exclude", [])
    known = [key.lower() for key in vectors]
    if any(not values for values in vectors.values()) or (not vectors and not include):
        raise Refused
    if any(not item or any(key.lower() not in known for key in item) for item in exclude):
        raise Refused
    if any(not item for item in include):
        raise Refused
    size = math.prod(map(len, vectors.values())) if vectors else 0
    used: set[int] = set()
    answer: Answer = []
    for number_of_row in range(size):
        row: dict[str, Any] = {}
        block = size
        for key, values in vectors.items():
            block //= len(values)
            row[key] = values[number_of_row // block % len(values)]
        if any(agrees(row, item) for item in exclude):
            continue
        extra: dict[str, Any] = {}
        for index, item in enumerate(include):
            filter = {key: value for key, value in item.items() if key.lower() in known}
            if agrees(row, filter):
                used.add(index)
                for key, value in item.items():
                    if key.lower() not in known:
                        extra[next((old for old in extra if old.lower() == key.lower()), key)] = value
        answer.append(([*row.items(), *extra.items()], shown(row)))
    for index, item in enumerate(include):
        if index not in used:
            ordered = [pair for pair in item.items() if pair[0].lower() in known]
            ordered += [pair for pair in item.items() if pair[0].lower() not in known]
            answer.append((ordered, shown(dict(ordered))))
    return answer


def a_value(chance: random.Random, depth: int = 2) -> Any:
    kind = chance.random()
    if depth and kind < 0.12:
        return {
            key: a_value(chance, depth - 1) for key in chance.sample(["n", "m", "0"], chance.randint(0, 2))
        }
    if depth and kind < 0.2:
        return [a_value(chance, depth - 1) for _ in range(chance.randint(0, 2))]
    return chance.choice(LEAVES)


def an_item(chance: random.Random, keys: list[str], vectors: dict[str, Any]) -> dict[str, Any]:
    """An entry of include or exclude; often with values that the vectors have."""
    item: dict[str, Any] = {}
    for key in chance.sample(keys, min(len(keys), chance.choice([0, 1, 1, 1, 2, 2, 3]))):
        values = vectors.get(key)
        written = key.upper() if chance.random() < 0.1 else key
        item[written] = chance.choice(values) if values and chance.random() < 0.7 else a_value(chance)
    return item


def a_matrix(chance: random.Random) -> dict[str, Any]:
    keys = chance.sample(KEYS, chance.choice([0, 1, 1, 2, 2, 3]))
    parts: list[tuple[str, Any]] = [
        (
            key,
            [a_value(chance) for _ in range(chance.choice([0, 1, 2, 2, 3]) if chance.random() < 0.2 else 2)],
        )
        for key in keys
    ]
    vectors = dict(parts)
    if chance.random() < 0.8:
        parts.append(
            ("include", [an_item(chance, [*KEYS, "y"], vectors) for _ in range(chance.randint(0, 4))])
        )
    if chance.random() < 0.5:
        names = keys if chance.random() < 0.95 else KEYS
        parts.append(("exclude", [an_item(chance, names, vectors) for _ in range(chance.randint(0, 2))]))
    chance.shuffle(parts)
    return dict(parts)


@pytest.mark.long
def test_a_second_reading_of_the_rules_agrees(
    seed: int, effort: Callable[[int, int], int], figure: Callable[[str, str], None]
) -> None:
    chance = random.Random(seed)
    tries, refused, made = effort(4_000, 100_000), 0, 0
    for _ in range(tries):
        matrix = a_matrix(chance)
        try:
            expected = slowly(matrix)
        except Refused:
            refused += 1
            with pytest.raises(MatrixError):
                build_rows(matrix)
            continue
        found = [(list(row.values.items()), name_parts(row)) for row in build_rows(matrix)]
        assert found == expected, matrix
        made += len(expected)
    assert refused < tries * 0.7
    figure("Planning", f"{tries:,} random matrices with {made:,} legs, like a second reading of the rules")
