"""Workflows made at random, read by us and by GitHub's own parser in TypeScript: the same verdict and lines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import islice

import pytest
from generated import workflows
from tests.oracles.workflows import ask, difference
from tests.reference_engines import oracle

from actlite.source import SourceFile
from actlite.workflow.reader import read

BATCH = 2000


@pytest.fixture(autouse=True)
def engine() -> None:
    oracle("workflow-parser")


def verdict(text: str, theirs: list[tuple[int, str]]) -> tuple[bool, str | None]:
    """Whether we take a workflow, and how we differ."""
    _, bag = read(SourceFile("w.yml", text), ".github/workflows/w.yml", service=False)
    return not bag.errors, difference(theirs, bag.errors)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_workflows_are_read_as_by_githubs_parser(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    count = effort(2_000, 50_000)
    source = workflows(random.Random(seed))
    good: Counter[bool] = Counter()
    differing = []
    for done in range(0, count, BATCH):
        texts = list(islice(source, min(BATCH, count - done)))
        for text, theirs in zip(texts, ask(texts), strict=True):
            fine, differs = verdict(text, theirs)
            good[fine] += 1
            if differs:
                differing.append(f"{differs}\ntheirs: {theirs}\n{text}")
    assert differing == [], f"{len(differing)} of {count} differ; the first:\n{differing[0]}"
    assert good[True] > count // 8
    assert good[False] > count // 4
    figure(
        "Workflows beside GitHub's parser",
        f"{count:,} workflows compared ({good[False]:,} with errors), none different",
    )


def test_a_difference_in_verdict_or_line_is_found() -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n        name: [a]\n"
    [theirs] = ask([text])
    assert verdict(text, theirs) == (False, None)
    assert verdict(text.replace("[a]", "a"), theirs)[1] is not None
    assert verdict(text, [])[1] is not None
    assert verdict(text, [(3, "A mapping was not expected")])[1] is not None
