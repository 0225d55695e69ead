"""Calls in real workflows: what runs on GitHub must not be refused by us."""

from __future__ import annotations

from collections.abc import Iterator

from tests.shared_data import CORPUS, needs

from actlite.actions.called import KnownWorkflows
from actlite.checking.files import TextFiles
from actlite.source import SourceFile
from actlite.workflow.calls import Calls, Library
from actlite.workflow.reader import read

FOLDER = CORPUS / "workflows"
REFUSED = {
    (
        "astral-sh__uv",
        "release.yml",
    ): "GitHub refuses it too: its authors repaired it in astral-sh/uv pull request 21298",
}
"""Files with calls that GitHub refuses, and how we know."""


class Part(TextFiles):
    """The corpus has not all the files of its repositories."""

    whole = False


def repositories() -> Iterator[tuple[str, list[Calls]]]:
    """The calls of each repository's workflows."""
    for folder in sorted(FOLDER.iterdir()):
        texts = {
            f".github/workflows/{path.name}": path.read_text("utf-8-sig") for path in folder.glob("*.y*ml")
        }
        library = Library(KnownWorkflows(Part(texts)))
        calling = [name for name, text in texts.items() if "/.github/workflows/" in text]
        read_ones = [read(SourceFile(name, texts[name]), name)[0] for name in sorted(calling)]
        yield folder.name, [library.calls(workflow) for workflow in read_ones if workflow is not None]


@needs(FOLDER)
def test_calls_of_real_workflows_have_no_faults() -> None:
    wrong = []
    known = unknown = 0
    for repository, several in repositories():
        for calls in several:
            known += sum(call.interface is not None for call in calls.calls.values())
            unknown += sum(call.unknown != "" for call in calls.calls.values())
            name = calls.workflow.path.rpartition("/")[2]
            if calls.faults and (repository, name) not in REFUSED:
                wrong += [f"{repository}: {fault.finding.render()}" for fault in calls.faults]
    assert wrong == []
    assert known > 80
    assert unknown > 20
