"""Real repositories, checked across their files: what runs on GitHub every day must not get an error from us."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from tests.corpus_files import CorpusFiles
from tests.shared_data import CORPUS, needs

from actlite.checking.files import FOLDER
from actlite.checking.repository import check
from actlite.diagnostics import Severity

JUDGED = {
    (
        "astral-sh__uv",
        "call-permissions",
    ): "the caller gives {}, the called workflow asks for contents: read; PermissionsHelper.cs refuses that",
    ("prebuild__prebuild", "invalid-matrix"): "an empty list, to be filled in by hand before a run",
    ("rnpgp__rnp", "yaml-duplicate-key"): "the corpus says itself that the file is bad",
}
"""Errors that are true, by repository and rule, and why."""


@needs(CORPUS)
@pytest.mark.long
def test_real_repositories_have_no_errors(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    """An eighth of the repositories, which is another one each time; in the long mode all of them."""
    every = sorted(path.name for path in (CORPUS / "workflows").iterdir())
    some = random.Random(seed).sample(every, min(len(every), effort(len(every) // 8, len(every))))
    count = warnings = 0
    wrong = []
    for repository in sorted(some):
        folder = CORPUS / "workflows" / repository
        names = [f"{FOLDER}/{path.name}" for path in folder.iterdir() if path.suffix in (".yml", ".yaml")]
        checked = check(CorpusFiles(repository), names)
        count += len(checked.files)
        warnings += checked.count(Severity.WARNING)
        wrong += [
            f"{repository} {finding.render()}"
            for finding in checked.findings
            if finding.severity is Severity.ERROR and (repository, finding.code) not in JUDGED
        ]
    assert wrong == []
    assert count >= len(some)
    figure(
        "Real workflows",
        f"{count:,} workflows and actions of {len(some)} repositories, checked across their files: no error but "
        f"the {len(JUDGED)} kinds that are true, {warnings:,} warnings",
    )
