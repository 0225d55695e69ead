"""Real repositories, checked across their files: what runs on GitHub every day must not get an error from us."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actlite.checking.files import FOLDER, read_source
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile

CORPUS = Path(os.environ.get("ACTLITE_CORPUS") or Path(__file__).parents[4] / "shared" / "corpus")
PART = 1 if os.environ.get("ACTLITE_LONG") else 8
"""One repository of so many is checked."""

JUDGED = {
    (
        "astral-sh__uv",
        "call-permissions",
    ): "the caller gives {}, the called workflow asks for contents: read; PermissionsHelper.cs refuses that",
    ("prebuild__prebuild", "invalid-matrix"): "an empty list, to be filled in by hand before a run",
    ("rnpgp__rnp", "yaml-duplicate-key"): "the corpus says itself that the file is bad",
}
"""Errors that are true, by repository and rule, and why."""


class CorpusFiles:
    """A repository of the corpus, which has its workflows and some of its actions, but nothing else."""

    whole = False

    def __init__(self, repository: str) -> None:
        self.repository = repository

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        return read_source(self._path(name), name)

    def is_file(self, name: str) -> bool:
        return self._path(name).is_file()

    def is_folder(self, name: str) -> bool:
        return self._path(name).is_dir()

    def listed(self, folder: str) -> tuple[str, ...]:
        return ()

    def _path(self, name: str) -> Path:
        folder, _, base = name.rpartition("/")
        if folder == FOLDER:
            return CORPUS / "workflows" / self.repository / base
        return CORPUS / "local-actions" / self.repository / name


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: set ACTLITE_CORPUS")
def test_real_repositories_have_no_errors() -> None:
    repositories = sorted(path.name for path in (CORPUS / "workflows").iterdir())
    count = 0
    wrong = []
    for repository in repositories[::PART]:
        folder = CORPUS / "workflows" / repository
        names = [f"{FOLDER}/{path.name}" for path in folder.iterdir() if path.suffix in (".yml", ".yaml")]
        checked = check(CorpusFiles(repository), names)
        count += len(checked.files)
        wrong += [
            f"{repository} {finding.render()}"
            for finding in checked.findings
            if finding.severity is Severity.ERROR and (repository, finding.code) not in JUDGED
        ]
    assert wrong == []
    assert count * PART > 1000
