"""Hostile files by name, each with the rule that must speak of it. ``bombs.py NAME`` works on one."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
STEPS = HEAD + "    steps:\n"
RUN = STEPS + "      - run: "
MIB = 1024 * 1024


def _job(text: str) -> str:
    return f"{HEAD}{text}    steps: [{{run: x}}]\n"


def _aliases() -> str:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


def _vectors(count: int, values: int) -> str:
    vectors = "".join(f"        v{n}: [{', '.join(map(str, range(values)))}]\n" for n in range(count))
    return _job(f"    strategy:\n      matrix:\n{vectors}")


def _jobs(count: int, needs: Callable[[int], str]) -> str:
    head = "on: push\njobs:\n"
    return head + "".join(
        f"  j{n}: {{runs-on: x, needs: [{needs(n)}], steps: [{{run: x}}]}}\n" for n in range(count)
    )


def _expression(text: str) -> str:
    return f"{RUN}${{{{ {text} }}}}\n"


def _pattern(text: str) -> str:
    return f"on:\n  push:\n    tags: ['{text}']\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n"


BOMBS: dict[str, tuple[Callable[[], str], str]] = {
    "brackets": (lambda: "[" * 100_000, "yaml-depth"),
    "closed brackets": (lambda: "[" * 100_000 + "]" * 100_000, "yaml-depth"),
    "braces": (lambda: "{a: " * 100_000, "yaml-depth"),
    "dashes": (lambda: "- " * 100_000 + "a", "yaml-depth"),
    "question marks": (lambda: "? " * 100_000 + "a", "yaml-depth"),
    "stairs": (lambda: "".join(f"{' ' * n}a:\n" for n in range(1_000)), "yaml-depth"),
    "aliases": (_aliases, "yaml-nodes"),
    "alias in itself": (lambda: "a: &a [*a, *a]", "yaml-alias"),
    "many anchors": (lambda: "".join(f"k{n}: &a{n} x\n" for n in range(20_000)), ""),
    "nodes": (lambda: "- 1\n" * 50_001, "yaml-nodes"),
    "keys": (lambda: "".join(f"k{n}: x\n" for n in range(24_000)), "unknown-key"),
    "steps": (lambda: STEPS + "      - run: x\n" * 12_000, ""),
    "one key for ever": (lambda: "a: 1\n" * 24_000, "yaml-duplicate-key"),
    "a scalar of 1 MiB": (lambda: RUN + "x" * (MIB - 200) + "\n", ""),
    "a block of 1 MiB": (lambda: RUN + "|\n" + "          echo some words\n" * 40_000, ""),
    "a quoted scalar of 1 MiB": (lambda: RUN + '"' + "\\n" * (MIB // 2 - 200) + '"\n', ""),
    "a quote that is not closed": (lambda: RUN + '"' + "x y\n " * 200_000, "yaml-syntax"),
    "keys of 1 MiB": (
        lambda: "on: push\n" + "".join(f"{n}{'k' * 500}: x\n" for n in range(2_000)),
        "unknown-key",
    ),
    "a key of 1 MiB": (lambda: "? " + "k" * (MIB - 200) + "\n: x\n", ""),
    "too large": (lambda: "#" * (MIB + 1), "yaml-size"),
    "comments": (lambda: HEAD + "#\n" * (MIB // 2 - 200), ""),
    "spaces": (lambda: " " * (MIB - 10), ""),
    "line ends": (lambda: "\n" * (MIB - 10), "yaml-empty"),
    "tabs": (lambda: "a:\n" + "\t" * (MIB - 10) + "b", "yaml-syntax"),
    "colons": (lambda: ":" * (MIB - 10), ""),
    "exclamation marks": (lambda: "!" * (MIB - 10), "yaml-tag"),
    "escaped apostrophes": (lambda: RUN + '"' + "\\'" * 400_000 + '"\n', ""),
    "control characters": (lambda: RUN + "\x07" * 900_000 + "\n", ""),
    "digits": (lambda: "a: " + "9" * 1_000_000, ""),
    "floats": (lambda: "a: 1." + "9" * 1_000_000 + "e" + "9" * 1_000, ""),
    "expression of parentheses": (lambda: _expression("(" * 10_000 + "1" + ")" * 10_000), ""),
    "expression of negations": (lambda: _expression("!" * 20_000 + "true"), ""),
    "expression of indexes": (lambda: _expression("github" + "['a']" * 4_000), ""),
    "expression of stars": (lambda: _expression("github" + ".*" * 9_000), ""),
    "expression of ands": (lambda: _expression(" && ".join(["github.ref"] * 1_500)), ""),
    "expression of comparisons": (lambda: _expression(" == ".join(["1"] * 4_000)), ""),
    "expression of functions": (lambda: _expression("format(" * 2_000 + "'x'" + ")" * 2_000), ""),
    "expression of 1 MiB": (lambda: _expression("'" + "x" * (MIB - 200) + "'"), ""),
    "expressions by the thousand": (lambda: RUN + "${{ github.ref }} " * 30_000 + "\n", ""),
    "unclosed expressions": (lambda: RUN + "${{ " * 100_000 + "\n", ""),
    "unknown names by the thousand": (
        lambda: (
            STEPS + "".join(f"      - run: ${{{{ x{n}.y }}}} ${{{{ github.z{n}( }}}}\n" for n in range(3_000))
        ),
        "",
    ),
    "format with many braces": (
        lambda: _expression("format('" + "{0}" * 6_000 + "', '" + "x" * 100 + "')"),
        "",
    ),
    "fromJSON of a deep text": (lambda: _expression("fromJSON('" + "[" * 10_000 + "]" * 10_000 + "')"), ""),
    "pattern of stars": (lambda: _pattern("*a" * 5_000), ""),
    "pattern of double stars": (lambda: _pattern("**/" * 5_000 + "b"), ""),
    "pattern of question marks": (lambda: _pattern("a?" * 30 + "a" * 30), ""),
    "pattern of pluses": (lambda: _pattern("v+" * 1_000 + "x"), ""),
    "pattern of sets": (lambda: _pattern("[a-z]+" * 1_000 + "!"), ""),
    "patterns by the thousand": (
        lambda: (
            "on:\n  push:\n    tags:\n"
            + "      - 'v*.*.*'\n" * 10_000
            + "jobs: {a: {runs-on: x, steps: [{run: x}]}}\n"
        ),
        "",
    ),
    "matrix of 50 by 50": (lambda: _vectors(50, 50), ""),
    "matrix of 16 by 16": (lambda: _vectors(2, 16), ""),
    "matrix of 5 by 1000": (lambda: _vectors(5, 1_000), ""),
    "matrix with includes": (
        lambda: _job(
            "    strategy:\n      matrix:\n        a: [1]\n        include:\n"
            + "          - {b: 1}\n" * 8_000
        ),
        "",
    ),
    "matrix with excludes": (
        lambda: _job(
            "    strategy:\n      matrix:\n        a: ["
            + ", ".join(map(str, range(250)))
            + "]\n        exclude:\n"
            + "".join(f"          - {{a: {n}}}\n" for n in range(5_000))
        ),
        "",
    ),
    "a chain of needs": (lambda: _jobs(5_000, lambda n: f"j{n - 1}" if n else ""), ""),
    "needs of all before": (lambda: _jobs(300, lambda n: ", ".join(f"j{m}" for m in range(n))), ""),
    "a circle of needs": (lambda: _jobs(5_000, lambda n: f"j{(n + 1) % 5_000}"), ""),
    "unknown needs": (lambda: _jobs(5_000, lambda n: f"x{n}"), ""),
    "jobs": (lambda: _jobs(5_000, lambda _: ""), ""),
    "misspelt keys by the thousand": (
        lambda: STEPS + "      - {run: x, nmae: y}\n" * 7_000,
        "unknown-key",
    ),
    "one line": (lambda: "{on: push, jobs: {a: {runs-on: x, steps: [" + "{run: x}, " * 10_000 + "]}}}", ""),
    "one line with faults": (
        lambda: "{on: push, jobs: {a: {runs-on: x, steps: [" + "{rum: x}, " * 10_000 + "]}}}",
        "",
    ),
    "inputs": (
        lambda: (
            "on:\n  workflow_dispatch:\n    inputs:\n"
            + "".join(f"      i{n}: {{type: strin}}\n" for n in range(8_000))
        ),
        "",
    ),
    "a cron of commas": (lambda: "on:\n  schedule:\n    - cron: '" + "1," * 100_000 + " * * * *'\n", ""),
    "permissions": (
        lambda: _job("    permissions:\n" + "".join(f"      p{n}: write\n" for n in range(10_000))),
        "",
    ),
    "a name of marks": (
        lambda: "name: a" + "\u0301" * 300_000 + "\n" + STEPS + "      - rum: x\n",
        "unknown-key",
    ),
    "surrogates in escapes": (lambda: 'a: "' + "\\ud83d" * 1_000 + '"', "yaml-syntax"),
}


def main(name: str) -> dict[str, object]:
    """Read, check and plan one of them."""
    from memory import most
    from worker import MANIFEST, NAME, triggers

    from actlite.checking import parallel
    from actlite.checking.files import TextFiles
    from actlite.checking.repository import check
    from actlite.errors import ActliteError
    from actlite.planning.planner import plan
    from actlite.source import SourceFile
    from actlite.workflow.reader import read

    parallel.MOST = 1  # in one process, whose time and memory is all there is
    text = BOMBS[name][0]()
    asked = triggers()
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    began = time.process_time()
    checked = check(TextFiles({NAME: text, MANIFEST: text}), [NAME, MANIFEST])
    shown = sum(len(finding.render()) for finding in checked.findings)
    workflow, _ = read(SourceFile(NAME, text), NAME)
    if workflow is not None:
        for trigger in asked:
            with suppress(ActliteError):
                plan(workflow, trigger)
    return {
        "seconds": round(time.process_time() - began, 3),
        "memory": most(),
        "codes": sorted({finding.code for finding in checked.findings}),
        "findings": len(checked.findings),
        "shown": shown,
        "sound": workflow is not None,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
