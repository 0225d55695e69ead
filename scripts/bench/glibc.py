"""The times of predictions and audits: warm checks of workflows with containers, and a large program.

    .venv/bin/python scripts/bench/glibc.py [--corpus FOLDER] [--runs N] [--program FILE]

Whole processes, but for the audit after its imports; medians. ``--program`` is the file that is audited, made 100 MB
where it is smaller; without it this Python. How long an image takes that was never read is measured by a test of the
long mode: sh tests/long.sh -k cold_image
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = 100 * 1000 * 1000
"""Bytes of the program that is audited, at least."""


def row(case: str, seconds: list[float], asked: str) -> None:
    """One line of the table."""
    low, high = min(seconds) * 1000, max(seconds) * 1000
    print(
        f"| {case} | {statistics.median(seconds) * 1000:,.0f} ms | {low:,.0f}–{high:,.0f} | {asked} |",
        flush=True,
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def check(files: list[Path], case: str, asked: str, runs: int) -> None:
    """Warm checks of a repository with these workflows; the first run is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        workflows = root / ".github" / "workflows"
        workflows.mkdir(parents=True)
        (root / ".git").mkdir()
        for number, file in enumerate(files):
            shutil.copyfile(file, workflows / f"{number}-{file.name}")
        env = {**os.environ, "ACTLITE_CACHE": str(Path(folder) / "cache")}
        command = [str(Path(sys.executable).parent / "actlite"), "check", "--quiet"]

        def one() -> None:
            done = subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
            if done.returncode not in (0, 1):
                sys.exit(done.stderr.decode())

        one()
        row(case, [timed(one) for _ in range(runs)], asked)


def audit(program: Path | None, runs: int) -> None:
    """The audit of a large program, all versions and their symbols; and the whole command."""
    from actlite.glibc.audit.report import audit as audited

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program"
        shutil.copyfile(program or Path(sys.executable).resolve(), path)
        with path.open("ab") as file:
            file.write(os.urandom(max(0, SIZE - path.stat().st_size)))
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        audited(path)
        row(f"audit of {size}, after import", [timed(lambda: audited(path)) for _ in range(runs)], "≤ 300 ms")
        command = [str(Path(sys.executable).parent / "actlite"), "audit", "--quiet", str(path)]
        whole = [timed(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(runs)]
        row(f"`actlite audit`, {size}", whole, "–")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--program", type=Path)
    options = parser.parse_args()
    files = [
        path
        for path in sorted(options.corpus.rglob("*.yml"))
        if "container:" in path.read_text("utf-8", "replace")
        and "uses:" in path.read_text("utf-8", "replace")
    ]
    if not files:
        sys.exit(f"no workflows with containers below {options.corpus}")
    print("| case | median | range | asked |\n|---|---|---|---|")
    for count in (1, 10, min(80, len(files))):
        step = max(1, len(files) // count)
        asked = f"≤ {60 + 15 * count} ms"
        check(
            files[::step][:count], f"check of {count} workflows with containers, again", asked, options.runs
        )
    audit(options.program, options.runs)


if __name__ == "__main__":
    main()
