"""Files made to do harm: deep, wide, long, self-repeating, or hostile to what reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from bombs import BOMBS, HERE

MEGABYTES = 200
SECONDS = 5


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(bomb: str) -> None:
    """Each is read, checked and planned in a process of its own: in time, within the memory, with an answer."""
    done = subprocess.run(
        [sys.executable, str(HERE / "bombs.py"), bomb],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["seconds"] < SECONDS, found
    assert found["memory"] < MEGABYTES, found
    assert BOMBS[bomb][1] in found["codes"] or not BOMBS[bomb][1], found


@pytest.mark.long(only=True)
def test_figures_of_bombs(figure: Callable[[str, str], None]) -> None:
    """The slowest and the largest, for the record."""
    slowest, largest = (0.0, ""), (0, "")
    for bomb in BOMBS:
        done = subprocess.run([sys.executable, str(HERE / "bombs.py"), bomb], capture_output=True, check=True)
        found = json.loads(done.stdout)
        slowest = max(slowest, (found["seconds"], bomb))
        largest = max(largest, (found["memory"], bomb))
    figure(
        "Hostile files",
        f"{len(BOMBS)} files: slowest {slowest[0]:.2f} s ({slowest[1]}), most memory {largest[0]} MB ({largest[1]})",
    )
