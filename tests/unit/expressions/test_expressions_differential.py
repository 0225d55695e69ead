"""Our expressions against GitHub's own in TypeScript, on expressions made at random: 20,000, a million in the long
mode."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from generated_expressions import Maker
from tests.oracles.expressions import Oracle, difference, ours
from tests.reference_engines import oracle

BATCH = 1000
ENOUGH = 20
"""After so many differences there is no need to look for more."""


@pytest.fixture(autouse=True)
def engine() -> None:
    oracle("expressions")


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_expressions_come_to_what_github_has(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    count = effort(20_000, 1_000_000)
    maker = Maker(random.Random(seed))
    found: list[str] = []
    compared = values = silent = 0
    with Oracle() as oracle:
        while compared < count and len(found) < ENOUGH:
            cases = [maker.case() for _ in range(min(BATCH, count - compared))]
            for case, theirs in zip(cases, oracle.ask(cases), strict=True):
                own = ours(case)
                wrong = difference(case, theirs, own)
                if wrong:
                    found.append(f"{case[0]!r} with {case[1]}: {wrong}")
                values += "value" in own
                silent += "nothing" in theirs
            compared += len(cases)
    assert found == []
    assert count // 3 < values < count * 19 // 20, "the maker makes too many or too few faulty expressions"
    assert silent <= count // 20 + 1
    figure(
        "Expressions",
        f"{count:,} expressions compared with npm @actions/expressions ({values:,} with a value, "
        f"{count - values:,} with an error; for {silent:,} the package has no word), none different",
    )
