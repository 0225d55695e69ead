"""GitHub's own reader cases (actions/languageservices, workflow-parser/testdata): errors with their number, places
and words, and all of the good templates that our model holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_cases import load, same_errors, same_workflow
from tests.shared_data import VECTORS, needs

from actlite.source import SourceFile
from actlite.workflow.reader import read

FOLDER = VECTORS / "reader"
PATH = ".github/workflows/"
LEFT_OUT = frozenset({"is-partial-rerun.yml"})
"""Cases about called workflows that don't say so in their names."""

OTHERWISE = {
    "errors-anchor-tag.yml": (0, "older than anchors in workflows, which GitHub takes since 2025"),
    "errors-expressions.yml": (
        8,
        "the last fault is told twice there: the expression, and the value that it is",
    ),
    "errors-job-needs-cycle.yml": (1, "one finding for a cycle, not one for each job in it"),
}
"""Cases that we answer otherwise: the number of our errors, and why."""

pytestmark = needs(FOLDER)


def cases() -> list[Path]:
    """The cases but for those that GitHub's service is said not to pass (``skip: C#``), and those about the files of
    called workflows, which have tests of their own."""
    every = sorted(FOLDER.glob("*.yml")) if FOLDER.is_dir() else []
    return [
        path
        for path in every
        if "reusable" not in path.name and path.name not in LEFT_OUT and "C#" not in load(path).skipped_by
    ]


@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_reader_case(path: Path) -> None:
    case = load(path)
    workflow, bag = read(
        SourceFile(path.name, case.text), PATH + path.name, limits=case.limits, service=False
    )
    if path.name in OTHERWISE:
        assert len(bag.errors) == OTHERWISE[path.name][0]
        assert len(bag.errors) != len(case.result["errors"])
        return
    assert same_errors(case, bag.errors) == []
    if "errors" not in case.result:
        assert workflow is not None
        assert same_workflow(case, workflow) == []


def test_every_exception_is_a_case() -> None:
    missing = [name for name in {*OTHERWISE, *LEFT_OUT} if not (FOLDER / name).is_file()]
    assert missing == []


def test_a_difference_is_found() -> None:
    case = load(FOLDER / "misc-steps.yml")
    changed = case.text.replace("secret_token", "other_token")
    assert changed != case.text
    workflow, _ = read(SourceFile("x.yml", changed), PATH + "x.yml", service=False)
    assert workflow is not None
    assert len(same_workflow(case, workflow)) == 1
