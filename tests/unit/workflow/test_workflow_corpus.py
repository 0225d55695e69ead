"""Real workflows and actions: what runs on GitHub every day must not get an error from us."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.shared_data import CORPUS, VECTORS, needs

from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.reader import read

ACTIONLINT = VECTORS / "actionlint" / "ok"
KNOWN_BAD = {
    "prebuild@v2.8.0.yml": "the matrix has an empty list, to be filled in by hand before a run",
}
"""Files with errors that are true, and why."""
OPINIONS = {"workflow_call_job.yaml": "reusable workflows that are not in .github/workflows"}
"""Files of actionlint's ok/ that GitHub's reader refuses, and why."""


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in CORPUS.glob(pattern))


@needs(CORPUS)
@pytest.mark.long
def test_real_workflows_have_no_errors(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    every = files("workflows/*/*.y*ml", "workflows-history/*/*.y*ml")
    assert len(every) > 1000
    some = random.Random(seed).sample(every, min(len(every), effort(len(every) // 4, len(every))))
    wrong = []
    for path in some:
        workflow, bag = read(SourceFile.read(path), ".github/workflows/" + path.name)
        if workflow is None and path.name not in KNOWN_BAD:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
    figure(
        "Real workflows", f"{len(some):,} workflows read, old ones too: no error but in {len(KNOWN_BAD)} file"
    )


@needs(CORPUS)
@pytest.mark.long
def test_real_actions_have_no_errors(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    every = files("actions/**/action.y*ml")
    assert len(every) > 100
    some = random.Random(seed).sample(every, min(len(every), effort(len(every) // 3, len(every))))
    wrong = []
    for path in some:
        manifest, bag = read_action(SourceFile.read(path))
        if manifest is None:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
    figure("Real workflows", f"{len(some):,} manifests of actions read: no error")


@needs(ACTIONLINT)
def test_actionlints_good_workflows_have_no_errors() -> None:
    wrong = []
    for path in sorted(ACTIONLINT.glob("*.y*ml")):
        workflow, bag = read(SourceFile.read(path, path.name), path.name)
        if workflow is None and path.name not in OPINIONS:
            wrong += [finding.render() for finding in bag.errors]
    assert wrong == []
