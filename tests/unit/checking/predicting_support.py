"""Workflows as texts, and what is predicted of them on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from actlite.checking.checker import Checker
from actlite.checking.files import TextFiles
from actlite.checking.predictions.model import Prediction
from actlite.checking.predictions.settings import ImageSource, Predicting
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic
from actlite.source import SourceFile

NAME = ".github/workflows/release.yml"
TODAY = date(2026, 11, 23)
OLD = "quay.io/pypa/manylinux2014_x86_64"


def settings(
    on: date = TODAY,
    *,
    target: str = "",
    flags: Mapping[str, str] | None = None,
    stand_ins: Mapping[str, str] | None = None,
    images: ImageSource | None = None,
) -> Predicting:
    return Predicting(as_of=on, target=target, flags=flags, stand_ins=stand_ins, images=images)


def predictions(
    text: str, by: Predicting | None = None, files: Mapping[str, str] | None = None
) -> tuple[Prediction, ...]:
    """The predictions of a workflow beside other files."""
    every = {NAME: text, **(files or {})}
    by = by or settings()
    return Checker(TextFiles(every), predicting=lambda: by).predictions_in(SourceFile(NAME, text))


def findings(
    text: str,
    by: Predicting | None = None,
    files: Mapping[str, str] | None = None,
    names: Sequence[str] = (NAME,),
) -> list[Diagnostic]:
    """The findings of a check, of predictions alone."""
    every = {NAME: text, **(files or {})}
    found = check(TextFiles(every), names, predicting=by or settings()).findings
    codes = {"node-cannot-start", "empty-runtime-mount", "target-too-new"}
    return [finding for finding in found if finding.code in codes]


def job(*steps: str, container: str = OLD, more: str = "", runs_on: str = "ubuntu-latest") -> str:
    """A workflow with one job; ``container`` is what stands behind that key, ``more`` are lines of the job."""
    lines = "".join(f"      - {step}\n" for step in steps)
    return f"on: push\njobs:\n  build:\n    runs-on: {runs_on}\n{more}    container: {container}\n    steps:\n{lines}"
