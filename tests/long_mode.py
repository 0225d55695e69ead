"""The long mode: tests marked ``long`` do their full work, and note their figures with date and commit.

``sh tests/long.sh`` runs them. In every other run they do a tenth or so, with a fresh seed that is printed.
This is a pytest plug-in, loaded by ``tests/conftest.py``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONG = os.environ.get("ACTLITE_LONG") == "1"
"""Whether this is the long mode."""
FIGURES = Path(os.environ.get("ACTLITE_FIGURES") or ROOT / "docs" / "reference" / "evidence.jsonl")
"""Where figures of the long mode are noted, one JSON object a line."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for the long mode alone: ``@pytest.mark.long(only=True)``."""
    if LONG:
        return
    left_out = [
        item for item in items if (mark := item.get_closest_marker("long")) and mark.kwargs.get("only")
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def effort() -> Callable[[int, int], int]:
    """``effort(2_000, 20_000)``: how much to try, here 2,000, in the long mode 20,000.

    ``ACTLITE_EFFORT``, a factor, changes both.
    """
    factor = float(os.environ.get("ACTLITE_EFFORT") or 1)
    return lambda usual, long: max(1, round((long if LONG else usual) * factor))


@pytest.fixture
def seed() -> int:
    """A fresh seed, printed where the test fails; ``ACTLITE_SEED`` sets it."""
    chosen = int(os.environ.get("ACTLITE_SEED") or random.randrange(2**32))
    print(f"seed {chosen} (ACTLITE_SEED={chosen} repeats it)")
    return chosen


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``figure("expressions", "20,000 compared, none different")``: note a figure for a claim.

    The claim is the heading of a section in docs/reference/evidence.md. Nothing is written but in the long mode.
    """

    def note(claim: str, text: str) -> None:
        print(f"{claim}: {text}")
        if not LONG:
            return
        line = {
            "claim": claim,
            "figure": text,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "commit": _commit(),
            "test": request.node.nodeid,
        }
        with FIGURES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    return note


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
