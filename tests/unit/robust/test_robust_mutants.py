"""Mutants of real workflows: no internal error, no hang, no more memory than 200 MB."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import CORPUS

HERE = Path(__file__).parent
LARGEST = 8_000
CHUNK = 1_000
MEGABYTES = 200


def seeds() -> list[str]:
    """Workflows to begin with: those of the corpus that are not large, or else the examples of the tests."""
    found = [
        str(path) for path in sorted(CORPUS.glob("workflows*/*/*.y*ml")) if path.stat().st_size < LARGEST
    ]
    return (found[::5] if found else []) + [str(path) for path in sorted((HERE / "seeds").glob("*.yml"))]


def run(seed: int, first: int, count: int, files: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE / "worker.py"), str(seed), str(first), str(count), *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=CHUNK * 6,
    )
    assert done.returncode == 0, f"mutants {seed}-{first} and on: {done.returncode}\n{done.stderr[-2000:]}"
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.long
def test_mutants(effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]) -> None:
    files = seeds()
    count = effort(10_000, 100_000)
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        firsts = range(0, count, CHUNK)
        found = list(pool.map(lambda first: run(seed, first, min(CHUNK, count - first), files), firsts))
    took = time.perf_counter() - began
    failed = [each for part in found for each in part["failed"]]
    memory = max(part["memory"] for part in found)
    slowest = max(part["slowest"] for part in found)
    sound = sum(part["sound"] for part in found)
    figure(
        "Mutated workflows",
        f"{count:,} mutants of {len(files)} workflows read, checked and planned for a push of a tag and a pull request: "
        f"{len(failed)} failures, {sound:,} still sound, slowest {slowest:.2f} s, most memory {memory} MB, "
        f"{took:.0f} s with 2 processes",
    )
    assert not failed, "\n\n".join(
        f"{each['mutant']}\n{each['text'][-1500:]}\n{each['error']}" for each in failed[:3]
    )
    assert memory <= MEGABYTES
