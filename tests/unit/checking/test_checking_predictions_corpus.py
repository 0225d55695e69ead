"""All workflows of the corpus are predicted: nothing breaks, and each step that is said to die does."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from predicting_support import settings
from tests.corpus_files import CorpusFiles
from tests.shared_data import CORPUS, needs

from actlite.checking.checker import Checker
from actlite.checking.files import FOLDER, Files, TextFiles, read_source
from actlite.checking.predictions.model import Prediction
from actlite.checking.predictions.settings import Predicting
from actlite.checking.predictions.verdict import NO_ALPINE
from actlite.source import SourceFile

BEFORE_228 = re.compile(
    r"(?:amd64/)?centos:[67](?:\.|$)|(?:amd64/)?ubuntu:(?:1[468]\.|xenial|bionic|trusty)|(?:amd64/)?debian:(?:[789]\b|stretch|jessie)"
    r"|.*(?:manylinux1|manylinux2010|manylinux2014|manylinux_2_24)|.*-(?:stretch|jessie)|amazonlinux:[12](?:$|\.)"
    r"|oraclelinux:[67]|fedora:2[0-7]|opensuse/leap:15|rust:.*stretch|python:.*stretch"
    r"|aswf/ci-osl:20(?:19|2[0-2])|.*/centos-7|.*/mint19"
)
"""Images with a glibc before 2.28, by their names: a judgement that shares nothing with the catalogue."""
TODAY, STORY = date(2026, 11, 23), (date(2021, 5, 7), date(2023, 9, 20), date(2024, 8, 1), date(2025, 6, 1))


def every_workflow() -> Iterator[tuple[Files, SourceFile]]:
    """The workflows that may have containers, older ones too."""
    for files, source in _all():
        if "container" in source.text or ".github/workflows" in source.text:
            yield files, source


def _all() -> Iterator[tuple[Files, SourceFile]]:
    for folder in sorted((CORPUS / "workflows").iterdir()):
        files = CorpusFiles(folder.name)
        for path in sorted(folder.iterdir()):
            source = read_source(path, f"{FOLDER}/{path.name}")
            if isinstance(source, SourceFile):
                yield files, source
    for path in sorted((CORPUS / "workflows-history").rglob("*.yml")):
        source = read_source(path, f"{FOLDER}/{path.name}")
        if isinstance(source, SourceFile):
            yield TextFiles({source.name: source.text}), source


def is_true(item: Prediction) -> bool:
    """Whether a step that needs glibc 2.28 comes out as the name of its image says."""
    image = item.image
    assert image is not None
    if item.step.lines == (NO_ALPINE,):
        return "alpine" in image.name and image.arch == "arm64"
    return item.fails == (BEFORE_228.match(image.name) is not None)


@needs(CORPUS)
@pytest.mark.long
def test_every_workflow_is_predicted(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    """An eighth of the workflows on each day, which is another one each time; in the long mode all of them."""
    verdicts: Counter[str] = Counter()
    dying: dict[str, int] = {}
    wrong = []
    by = {day: settings(day) for day in (TODAY, *STORY)}
    every = list(every_workflow())
    for files, source in random.Random(seed).sample(every, effort(len(every) // 8, len(every))):
        verdicts["workflows"] += 1
        for day, setting in by.items():
            found = predictions(files, source, setting)
            dying[str(day)] = dying.get(str(day), 0) + any(item.fails for item in found)
            if day != TODAY:
                continue
            verdicts.update(item.step.verdict for item in found)
            wrong += [
                f"{source.name} {item.action} {item.image}: {item.step.verdict}"
                for item in found
                if item.runtime == "node24" and item.step.loading is not None and not is_true(item)
                if not item.step.node.startswith("/__e/node24_alpine")
            ]
    assert wrong == []
    assert verdicts["fails"] + verdicts["starts"] > verdicts["workflows"] // 20
    figure(
        "Predictions on real workflows",
        f"{verdicts['workflows']:,} workflows with containers or calls: {sum(verdicts.values()) - verdicts['workflows']:,} "
        f"steps with actions today, of which {verdicts['starts']} start, {verdicts['fails']} can't and "
        f"{verdicts['unknown']} are not known offline; workflows in which one can't, by day: "
        + ", ".join(f"{day}: {count}" for day, count in sorted(dying.items())),
    )


def predictions(files: Files, source: SourceFile, by: Predicting) -> tuple[Prediction, ...]:
    return Checker(files, predicting=lambda: by).predictions_in(source)


@needs(CORPUS)
@pytest.mark.long
@pytest.mark.parametrize("target", ["", "manylinux2014"])
def test_every_workflow_has_findings_without_a_defect(
    target: str, effort: Callable[[int, int], int], seed: int
) -> None:
    """The whole way, with windows and fixes."""
    by = settings(TODAY, target=target)
    codes: Counter[str] = Counter()
    every = list(every_workflow())
    for files, source in random.Random(seed).sample(every, effort(len(every) // 8, len(every))):
        checked = Checker(files, predicting=lambda: by).file(source.name)
        codes.update(finding.code for finding in checked.findings)
        for finding in checked.findings:
            assert finding.render()
    assert (codes["target-too-new"] > 0) == bool(target)
