"""Fixes on real workflows: each edit keeps the file valid and its comments, stays in its job, and helps."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from tests.shared_data import CORPUS, needs

from actlite.checking.checker import Checker
from actlite.checking.files import FolderFiles
from actlite.checking.fixes import FixProposal, apply, propose
from actlite.checking.fixes.applying import fix_file
from actlite.checking.fixes.edits import Page
from actlite.checking.predictions.model import Prediction
from actlite.checking.predictions.settings import Predicting
from actlite.glibc.ways import NODE16_MAPPED
from actlite.source import SourceFile
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read, read_with_errors

TODAY = datetime.date(2026, 11, 23)
OLD = re.compile(r"manylinux20(?:10|14)|centos:?[67]|ubuntu:1[468]|amazonlinux:2\b")
DATES = (TODAY, datetime.date(2026, 7, 1), datetime.date(2024, 8, 1), datetime.date(2024, 1, 15))

Predict = Callable[[SourceFile], Sequence[Prediction]]


def checker(on: datetime.date) -> Predict:
    predicting = Predicting(as_of=on)
    files = FolderFiles(CORPUS)
    return Checker(files, None, (), lambda: predicting).predictions_in


def sources(count: int, seed: int) -> list[SourceFile]:
    """Workflows with containers: those that name an old system come first, in an order of the seed's."""
    paths = sorted(path for path in CORPUS.glob("workflows*/*/*") if path.suffix in (".yml", ".yaml"))
    read = (
        SourceFile(str(path.relative_to(CORPUS)), path.read_text("utf-8-sig", errors="replace"))
        for path in paths
    )
    found = [source for source in read if "container:" in source.text]
    random.Random(seed).shuffle(found)
    return sorted(found, key=lambda source: OLD.search(source.text) is None)[:count]


def proposals(
    source: SourceFile, on: datetime.date, predict: Predict
) -> Iterator[tuple[Workflow, str, FixProposal]]:
    workflow, bag = read(source, source.name)
    if workflow is None or bag.errors:
        return
    predictions = [step for step in predict(source) if not step.callers]
    for job in dict.fromkeys(step.job for step in predictions if step.fails):
        own = [step for step in predictions if step.job == job]
        for proposal in propose(source, job, own, on):
            yield workflow, job, proposal


def comments(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


def lines_outside(source: SourceFile, workflow: Workflow, job: str) -> tuple[str, str]:
    """The text before a job's key, and from the next job's key on."""
    spans = sorted(each.span.start for each in workflow.jobs)
    start = workflow.job(job).span.start
    after = [at for at in spans if at > start]
    return source.text[:start], source.text[Page(source).line_start(after[0]) :] if after else ""


def assert_good(source: SourceFile, workflow: Workflow, proposal: FixProposal) -> str:
    text = apply(source.text, proposal.edits)
    edited, bag = read_with_errors(SourceFile(source.name, text), source.name)
    where = f"{source.name} {proposal.job} {proposal.name}"
    assert edited is not None, where
    assert not bag.errors, (where, bag.errors)
    assert [job.id for job in edited.jobs] == [job.id for job in workflow.jobs], where
    left = comments(text)
    for comment in comments(source.text):
        assert comment in left, (where, comment)
        left.remove(comment)
    before, after = lines_outside(source, workflow, proposal.job)
    assert text.startswith(before), where
    assert text.endswith(after), where
    return text


@needs(CORPUS)
@pytest.mark.long
@pytest.mark.parametrize("on", DATES, ids=str)
def test_edits_of_real_workflows(
    on: datetime.date, effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    predict = checker(on)
    made: dict[str, int] = {}
    for source in sources(effort(60, 100_000), seed):
        for workflow, job, proposal in proposals(source, on, predict):
            text = assert_good(source, workflow, proposal)
            made[proposal.name] = made.get(proposal.name, 0) + 1
            # The step starts now, as far as is predicted.
            after = predict(SourceFile(source.name, text))
            if proposal.name != "image":
                assert not any(step.fails and step.job == job for step in after), (
                    source.name,
                    job,
                    proposal.name,
                )
            # With Windows' line ends the same edit comes out.
            windows = SourceFile(source.name, source.text.replace("\r\n", "\n").replace("\n", "\r\n"))
            own = [step for step in predict(windows) if step.job == job and not step.callers]
            same = {each.name: each for each in propose(windows, job, own, on)}[proposal.name]
            assert apply(windows.text, same.edits) == text.replace("\r\n", "\n").replace("\n", "\r\n")
    assert made or on < NODE16_MAPPED  # before, nearly everything started
    figure("Fixes", f"{on}: {sum(made.values())} edits of real workflows hold ({made})")


@needs(CORPUS)
def test_what_is_fixed_needs_no_fix(seed: int) -> None:
    predict = checker(TODAY)
    for source in sources(60, seed):
        fixed = fix_file(source, [], predict, "best", TODAY)
        if not fixed.left:
            again = fix_file(SourceFile(source.name, fixed.text), [], predict, "best", TODAY)
            assert again.text == fixed.text
            assert not again.made
