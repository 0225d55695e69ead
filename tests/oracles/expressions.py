"""GitHub's expressions in TypeScript (npm ``@actions/expressions``), asked in one process that stays.

``expressions.mjs`` corrects what that package does otherwise than the C# of actions/runner. What can't be
corrected there is judged here, by these rules:

* TypeScript reads all tokens before it parses; the C# parses as it reads. So of two faults TypeScript tells one
  of a token first, the C# the one that comes first (``_first_fault``).
* A dot after a literal is a token of its own in the C#, which then can't stand there; TypeScript takes it for the
  beginning of a number and can't read that (the same place, another stage).
* ``[* == 1]``: in the C# the asterisk may be an operand within an index; TypeScript wants a bracket after it.
* TypeScript measures the depth of nesting otherwise; expressions of the comparison don't come near the limit.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from actlite.expressions import ExpressionError, evaluate

BRIDGE = Path(__file__).with_name("expressions.mjs")
Case = tuple[str, Mapping[str, Any]]
"""An expression and its contexts."""
_STAR_OPERAND = re.compile(r"\[\s*\*\s*[^\]\s]")


class Oracle:
    """The process. Use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(BRIDGE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def ask(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        """The answers to some cases, in order."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        lines = [
            json.dumps({"expr": expr, "contexts": {name: encode(value) for name, value in contexts.items()}})
            + "\n"
            for expr, contexts in cases
        ]

        def write() -> None:
            stdin.write("".join(lines))
            stdin.flush()

        writer = threading.Thread(target=write)
        writer.start()
        answers = [json.loads(stdout.readline()) for _ in cases]
        writer.join()
        return answers


def encode(value: Any) -> list[Any]:
    """A value as the bridge has it."""
    if value is None:
        return ["Null"]
    if isinstance(value, bool):
        return ["Boolean", value]
    if isinstance(value, float):
        return ["Number", repr(value).replace("inf", "Infinity").replace("nan", "NaN")]
    if isinstance(value, str):
        return ["String", value]
    if isinstance(value, list):
        return ["Array", [encode(item) for item in value]]
    return ["Object", [[key, encode(item)] for key, item in value.items()]]


def ours(case: Case) -> dict[str, Any]:
    """Our answer, in the bridge's form."""
    expr, contexts = case
    try:
        return {"value": encode(evaluate(expr, contexts))}
    except ExpressionError as error:
        return {"stage": error.kind, "message": error.message, "position": error.position or 0}


def difference(case: Case, theirs: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """'' where both say the same, or differ by one of the rules above; else what each says."""
    if "nothing" in theirs or (theirs.get("stage") == "parsing" and _STAR_OPERAND.search(case[0])):
        return ""
    if "internal" in theirs:
        return f"the oracle has a defect: {theirs['internal']}"
    if ("value" in theirs) != ("value" in own):
        return f"{dict(theirs)} against our {dict(own)}"
    if "value" in own:
        return "" if _same(theirs["value"], own["value"]) else f"{theirs['value']} against our {own['value']}"
    if theirs["stage"] == own["stage"] or _first_fault(theirs, own):
        return ""
    return f"{dict(theirs)} against our {dict(own)}"


def _first_fault(theirs: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether TypeScript tells of a token that can't be read, and we of a fault before it (or of a dot there)."""
    if (theirs["stage"], own["stage"]) != ("lexing", "parsing"):
        return False
    return own["position"] < theirs["position"] or "Unexpected symbol: '.'" in own["message"]


def _same(theirs: Sequence[Any], own: Sequence[Any]) -> bool:
    if theirs[0] != own[0]:
        return False
    if theirs[0] == "Number":
        left, right = float(theirs[1]), float(own[1])
        return left == right or (isnan(left) and isnan(right))
    if theirs[0] == "Array":
        return len(theirs[1]) == len(own[1]) and all(map(_same, theirs[1], own[1]))
    if theirs[0] == "Object":
        keys = [key for key, _ in theirs[1]] == [key for key, _ in own[1]]
        return keys and all(_same(a[1], b[1]) for a, b in zip(theirs[1], own[1], strict=True))
    return list(theirs) == list(own)
