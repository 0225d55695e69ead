"""actionlint's own cases (its testdata): the same verdict on the same lines, or a reason why not.

``actionlint_judged.txt`` beside this file holds every disagreement: findings of actionlint's that we do not
have (``missed``), findings of ours on lines that it holds clean (``extra``), and the same fault told at
another line (``moved``). Nothing else may differ, and no entry may be stale.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.shared_data import VECTORS, needs

from actlite.diagnostics import Severity
from actlite.source import SourceFile
from actlite.workflow.reader import read

FOLDER = VECTORS / "actionlint"
JUDGED = Path(__file__).with_name("actionlint_judged.txt")
RULES = frozenset(
    {"syntax-check", "expression", "id", "job-needs", "workflow-call", "matrix", "events", "glob"}
    | {"permissions", "if-cond"}
)
"""The rules of actionlint's that we have too. The others are opinions (credentials, env-var), other tools
(shellcheck, pyflakes), or lists of actions and runners that change by the week."""

_LINE = re.compile(r"test\\?\.ya?ml:(\d+):(\d+): (.*)\[([a-z-]+)\\?\]/?$")
_ENTRY = re.compile(r"(missed|extra) (\S+):([\d,]+) ([a-z-]+): (\S.*)")
_MOVED = re.compile(r"moved (\S+):(\d+)>(\d+) ([a-z-]+)/([a-z-]+): (\S.*)")

TOTALS = {
    "events": (30, 31),
    "expression": (118, 125),
    "glob": (18, 19),
    "id": (7, 7),
    "if-cond": (5, 15),
    "job-needs": (3, 4),
    "matrix": (19, 19),
    "permissions": (17, 17),
    "syntax-check": (146, 171),
    "workflow-call": (5, 5),
}
"""Of each rule: lines where we have a finding too, and all lines."""

Place = tuple[str, int, str]
"""A case, a line, and the rule: actionlint's or ours."""

needs_vectors = needs(FOLDER)


def cases(folder: str) -> list[Path]:
    return sorted((FOLDER / folder).glob("*.y*ml"))


@cache
def findings(path: Path) -> tuple[tuple[int, str, str], ...]:
    """Line, rule and rendering of each error and warning of ours."""
    _, bag = read(SourceFile.read(path, path.name), f".github/workflows/{path.name}")
    return tuple(
        (found.span.line if found.span else 0, found.code, found.render())
        for found in bag
        if found.severity is not Severity.NOTE
    )


@cache
def expected() -> dict[Place, str]:
    """What actionlint says of err/ and examples/. A line that is a regular expression without a place or a
    rule tells too little and is left out."""
    found = {}
    for folder in ("err", "examples"):
        for out in sorted((FOLDER / folder).glob("*.out")):
            for line in out.read_text(encoding="utf-8").splitlines():
                match = _LINE.search(line)
                if match:
                    found[f"{folder}/{out.stem}", int(match[1]), match[4]] = match[3]
    return found


@cache
def judged() -> dict[str, dict[Place, str]]:
    """The table: kind, place, reason."""
    table: dict[str, dict[Place, str]] = {"missed": {}, "extra": {}}
    for line in JUDGED.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            moved = _MOVED.fullmatch(line)
            if moved:
                table["missed"][moved[1], int(moved[2]), moved[4]] = moved[6]
                table["extra"][moved[1], int(moved[3]), moved[5]] = moved[6]
                continue
            entry = _ENTRY.fullmatch(line)
            assert entry, f"not an entry: {line}"
            for number in entry[3].split(","):
                place = entry[2], int(number), entry[4]
                assert place not in table[entry[1]], f"twice: {line}"
                table[entry[1]][place] = entry[5]
    return table


@cache
def lines_of_ours() -> frozenset[tuple[str, int]]:
    return frozenset(
        (f"{folder}/{path.stem}", line)
        for folder in ("err", "examples")
        for path in cases(folder)
        for line, _, _ in findings(path)
    )


def missed() -> set[Place]:
    ours = lines_of_ours()
    return {place for place in expected() if place[2] in RULES and place[:2] not in ours}


@needs_vectors
@pytest.mark.parametrize("path", cases("ok"), ids=lambda path: path.stem)
def test_a_good_workflow_is_clean(path: Path) -> None:
    allowed = judged()["extra"]
    found = [text for line, code, text in findings(path) if (f"ok/{path.stem}", line, code) not in allowed]
    assert not found, "\n".join(found)


@needs_vectors
def test_what_actionlint_finds_is_found_or_judged() -> None:
    table = judged()
    lost = missed() - set(table["missed"])
    assert not lost, "\n".join(
        f"{case}:{line} [{rule}] {expected()[case, line, rule]}" for case, line, rule in sorted(lost)
    )
    assert not set(table["missed"]) - missed(), "these are found now: remove them from the table"


@needs_vectors
def test_what_only_we_find_is_judged() -> None:
    told = {place[:2] for place in expected()}
    allowed = judged()["extra"]
    only = {
        (f"{folder}/{path.stem}", line, code): text
        for folder in ("err", "examples")
        for path in cases(folder)
        for line, code, text in findings(path)
        if (f"{folder}/{path.stem}", line) not in told
    }
    assert not set(only) - set(allowed), "\n".join(only[place] for place in sorted(set(only) - set(allowed)))
    stale = {place for place in allowed if not place[0].startswith("ok/")} - set(only)
    stale |= {place for place in allowed if place[0].startswith("ok/")} - {
        (f"ok/{path.stem}", line, code) for path in cases("ok") for line, code, _ in findings(path)
    }
    assert not stale, "these are not found any more: remove them from the table"


@needs_vectors
def test_the_totals_of_each_rule() -> None:
    """Lines with a finding, and how many of them have one of ours: a loss shows here."""
    lost = Counter(rule for _, _, rule in missed())
    every = Counter(rule for _, _, rule in expected() if rule in RULES)
    assert {rule: (every[rule] - lost[rule], every[rule]) for rule in sorted(every)} == TOTALS
