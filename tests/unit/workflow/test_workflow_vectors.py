"""GitHub's own reader cases (actions/languageservices, workflow-parser/testdata): errors and their lines."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from actlite.source import SourceFile, Span
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

FOLDER = Path(os.environ.get("ACTLITE_VECTORS", Path(__file__).parents[4] / "shared" / "vectors")) / "reader"
PATH = ".github/workflows/"
_NO_STEPS = "jobs without steps: GitHub's parser takes them, its service refuses the run, and so do we"
_OPTION = "about a limit that the case sets lower than GitHub's own"
EXCEPTIONS = {
    "concurrency.yml": _NO_STEPS,
    "misc-jobs.yml": _NO_STEPS,
    "is-partial-rerun.yml": "about the files of called workflows",
    "errors-anchor-tag.yml": "older than anchors in workflows",
    "errors-expressions.yml": "the last fault is told twice there",
    "errors-job-needs-cycle.yml": "one finding for a cycle, not one for each job in it",
    "errors-max-depth.yml": _OPTION,
    "errors-max-file-size.yml": _OPTION,
    "errors-max-result-size.yml": _OPTION,
}
"""Cases that we answer otherwise, and why. Besides these: those that GitHub's own service is said not to
pass (skip: C#), and those about the files of called workflows (reusable in the name)."""


def cases() -> list[Path]:
    return sorted(FOLDER.glob("*.yml")) if FOLDER.is_dir() else []


def expected_lines(result: dict[str, Any]) -> list[int]:
    found = []
    for error in result.get("errors", []):
        match = re.search(r"\(Line: (\d+), Col: \d+\)", error["Message"])
        found.append(int(match[1]) if match else 0)
    return sorted(found)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no vectors: set ACTLITE_VECTORS (see docs)")
@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_reader_case(path: Path) -> None:
    options, text, *_, result = re.split(r"\r?\n---\r?\n", path.read_bytes().decode())
    if re.search(r"(?m)^\s*- C#\s*$", options):
        pytest.skip("not what GitHub's service does")
    if "reusable" in path.name:
        pytest.skip("about the files of called workflows")
    if path.name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[path.name])
    workflow, bag = read(SourceFile(path.name, text), PATH + path.name)
    expected = json.loads(result)
    lines = sorted(finding.span.line if finding.span else 0 for finding in bag.errors)
    wanted = expected_lines(expected)
    if 0 in wanted:
        assert len(lines) == len(wanted)
        return
    assert lines == wanted, "\n".join(finding.render() for finding in bag.errors)
    if workflow is not None:
        same_jobs(expected, workflow)


def literal(token: Any, span: Span | None = None) -> str:
    """The text of a value; where the case says its place, ours must be the same."""
    if not isinstance(token, dict):
        return str(token)
    if span is not None and "line" in token:
        assert (span.line, span.column) == (token["line"], token["col"])
    return str(token["lit"])


def same_jobs(expected: dict[str, Any], workflow: Workflow) -> None:
    """Job ids, needs and step ids are as the case has them."""
    for wanted, job in zip(expected["jobs"], workflow.jobs, strict=True):
        assert literal(wanted["id"], job.span) == job.id
        assert [literal(need) for need in wanted.get("needs", [])] == list(job.needs)
        steps = [step for step in wanted.get("steps", []) if "run" in step or "uses" in step]
        assert [literal(step["id"]) for step in steps] == [step.context_id for step in job.steps]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no vectors: set ACTLITE_VECTORS (see docs)")
def test_every_exception_is_a_case() -> None:
    missing = [name for name in EXCEPTIONS if not (FOLDER / name).is_file()]
    assert missing == []
