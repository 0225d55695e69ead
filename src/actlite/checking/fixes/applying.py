"""Fixes for all jobs of a file, one after another: each edit is read and predicted again before the next is made."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from actlite.checking.fixes import FixProposal, apply, propose
from actlite.checking.fixes.edits import Edit
from actlite.diagnostics import Diagnostic, Severity
from actlite.records import frozen, replace
from actlite.source import SourceFile

if TYPE_CHECKING:
    from actlite.checking.predictions.model import Prediction
    from actlite.glibc.target import Target

Predict = Callable[[SourceFile], Sequence["Prediction"]]
"""The predictions for a workflow's text, which need not be on any disk."""

BEST = "best"
"""Stands for the best fix that can be made."""


@frozen
class FixedFile:
    """A file after its fixes."""

    source: SourceFile
    """As it was read."""
    text: str
    """As it is to be."""
    made: tuple[FixProposal, ...] = ()
    refused: tuple[FixProposal, ...] = ()
    """What would have helped, but can't be written into this file."""
    mended: tuple[str, ...] = ()
    """Titles of the edits that mend other findings."""
    left: tuple[str, ...] = ()
    """Jobs with steps that still can't start."""

    @property
    def is_changed(self) -> bool:
        """Whether there is something to write."""
        return self.text != self.source.text


def fix_file(
    source: SourceFile,
    findings: Sequence[Diagnostic],
    predict: Predict,
    name: str,
    on: datetime.date,
    target: Target | None = None,
) -> FixedFile:
    """Fix the jobs of a workflow whose steps can't start: each by ``name``, or by the best way.

    With BEST also the errors among the findings that know their own edit are mended: GitHub refuses such a file as
    it is, so nothing that works can break.
    """
    edits, mended = _mending(source, findings) if name == BEST else ([], ())
    text = apply(source.text, edits)
    made: list[FixProposal] = []
    refused: list[FixProposal] = []
    left: list[str] = []
    tried: set[str] = set()
    while job := _next_job(now := SourceFile(source.name, text), predict, tried):
        tried.add(job)
        own = _of_job(predict(now), job)
        for proposal in propose(now, job, own, on, target, refused=True):
            if name not in (BEST, proposal.name):
                continue
            edited = apply(text, proposal.edits)
            wrong = proposal.refused
            if not wrong and _fails(predict(SourceFile(source.name, edited)), job):
                wrong = "a step would still not start, as far as can be predicted"
            if wrong:
                refused.append(replace(proposal, edits=(), refused=wrong))
                continue
            text = edited
            made.append(proposal)
            break
        else:
            left.append(job)
    return FixedFile(source, text, tuple(made), tuple(refused), mended, tuple(left))


def _next_job(source: SourceFile, predict: Predict, tried: set[str]) -> str:
    """The next job with a step that can't start; empty where there is none. Jobs of called workflows are not here."""
    return next(
        (step.job for step in predict(source) if step.fails and not step.callers and step.job not in tried),
        "",
    )


def _of_job(predictions: Sequence[Prediction], job: str) -> tuple[Prediction, ...]:
    return tuple(step for step in predictions if step.job == job and not step.callers)


def _fails(predictions: Sequence[Prediction], job: str) -> bool:
    return any(step.fails for step in _of_job(predictions, job))


def _mending(source: SourceFile, findings: Sequence[Diagnostic]) -> tuple[list[Edit], tuple[str, ...]]:
    """The edits that findings bring along; of two that overlap, the first."""
    edits: list[Edit] = []
    titles: list[str] = []
    for finding in findings:
        fix = finding.fix
        if fix is None or finding.severity is not Severity.ERROR or fix.span.source.name != source.name:
            continue
        edit = Edit(fix.span.start, fix.span.end, fix.replacement)
        if any(edit.start < other.end and other.start < edit.end for other in edits):
            continue
        edits.append(edit)
        titles.append(f"{fix.title} in line {fix.span.line}")
    return edits, tuple(titles)
