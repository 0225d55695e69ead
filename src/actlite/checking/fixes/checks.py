"""No edit is offered that breaks a file: the edited text is read again, and compared with what it was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from actlite.checking.fixes.edits import apply
from actlite.records import replace
from actlite.source import SourceFile
from actlite.workflow.reader import read_with_errors

if TYPE_CHECKING:
    from actlite.checking.fixes import FixProposal


def verified(source: SourceFile, proposal: FixProposal) -> FixProposal:
    """The proposal, refused where its edits change nothing or bring an error that the file did not have."""
    if proposal.refused:
        return proposal
    text = apply(source.text, proposal.edits)
    wrong = "nothing would change" if text == source.text else new_error(source, text)
    return replace(proposal, edits=(), notes=(), refused=wrong) if wrong else proposal


def new_error(source: SourceFile, text: str) -> str:
    """The first error of an edited text that the file did not have, as a clause; empty where there is none."""
    after = _errors(SourceFile(source.name, text))
    before = Counter(_errors(source)) if after else Counter()
    for error in after:
        if not before[error]:
            return f"the edited file would have an error: {error[1]}"
        before[error] -= 1
    return ""


def _errors(source: SourceFile) -> list[tuple[str, str]]:
    _, bag = read_with_errors(source, source.name, warnings=False)
    return [(finding.code, finding.message) for finding in bag.errors]
