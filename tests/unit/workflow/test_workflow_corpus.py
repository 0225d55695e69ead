"""Real workflows and actions: what runs on GitHub every day must not get an error from us."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.reader import read

FOLDER = Path(__file__).parents[4] / "shared" / "corpus"
ACTIONLINT = Path(__file__).parents[4] / "shared" / "vectors" / "actionlint" / "ok"

KNOWN_BAD = {
    "prebuild@v2.8.0.yml": "the matrix has an empty list, to be filled in by hand before a run",
}

OPINIONS = {"workflow_call_job.yaml": "reusable workflows that are not in .github/workflows"}
"""Files of actionlint's ok/ that GitHub's reader refuses, and why."""


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in FOLDER.glob(pattern))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the corpus is not here")
def test_real_workflows_have_no_errors() -> None:
    every = files("workflows/*/*.y*ml", "workflows-history/*/*.y*ml")
    wrong = []
    for path in every[::4]:
        workflow, bag = read(SourceFile.read(path), ".github/workflows/" + path.name)
        if workflow is None and path.name not in KNOWN_BAD:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
    assert len(every) > 1000


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the corpus is not here")
def test_real_actions_have_no_errors() -> None:
    every = files("actions/**/action.y*ml")
    wrong = []
    for path in every[::3]:
        manifest, bag = read_action(SourceFile.read(path))
        if manifest is None:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
    assert len(every) > 100


@pytest.mark.skipif(not ACTIONLINT.is_dir(), reason="no vectors: set ACTLITE_VECTORS (see docs)")
def test_actionlints_good_workflows_have_no_errors() -> None:
    wrong = []
    for path in sorted(ACTIONLINT.glob("*.y*ml")):
        workflow, bag = read(SourceFile.read(path, path.name), path.name)
        if workflow is None and path.name not in OPINIONS:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
