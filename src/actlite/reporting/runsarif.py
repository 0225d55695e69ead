"""``--report sarif=FILE``: what the steps of the runs have reported, as SARIF 2.1.0.

Errors, warnings and notices of steps, by commands and by problem matchers, each at the file and line that it names;
one that names none is at its step in the workflow's file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from actlite import __version__
from actlite.events import Annotation
from actlite.journal.record import JobRecord, RunRecord, StepRecord
from actlite.reporting.sarif import ROOT, SCHEMA

_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}


def run_sarif(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """One SARIF run for each run, with a rule for each level."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(run) for run in runs]}


def _run(run: RunRecord) -> dict[str, Any]:
    rules = [
        {
            "id": f"step-{level}",
            "name": f"Step{level.capitalize()}",
            "shortDescription": {"text": f"A step of a job reported this {level}."},
            "defaultConfiguration": {"level": _LEVELS[level]},
        }
        for level in _LEVELS
    ]
    driver = {"name": "actlite run", "version": __version__, "semanticVersion": __version__, "rules": rules}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{run.path}/"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {
            ROOT: {"description": {"text": "The top folder of the repository that was run."}}
        },
        "results": list(_results(run)),
    }


def _results(run: RunRecord) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for job in run.jobs:
        for step in job.steps:
            for annotation in step.annotations:
                if annotation.level in _LEVELS:
                    yield _result(run, job, step, annotation, seen)


def _result(
    run: RunRecord, job: JobRecord, step: StepRecord, annotation: Annotation, seen: dict[str, int]
) -> dict[str, Any]:
    text = f"{annotation.title}: {annotation.message}" if annotation.title else annotation.message
    place = _place(step, annotation)
    name = f"{job.key}/{step.name}"
    parts = (run.path, name, annotation.level, annotation.file, text)
    key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen[key] = seen.get(key, 0) + 1
    result: dict[str, Any] = {
        "ruleId": f"step-{annotation.level}",
        "ruleIndex": list(_LEVELS).index(annotation.level),
        "level": _LEVELS[annotation.level],
        "message": {"text": text},
        "partialFingerprints": {"actlite/v1": f"{key}:{seen[key]}"},
    }
    logical = {"fullyQualifiedName": name, "name": step.name}
    result["locations"] = [
        {**({"physicalLocation": place} if place else {}), "logicalLocations": [logical]},
    ]
    return result


def _place(step: StepRecord, annotation: Annotation) -> dict[str, Any]:
    """Where the annotation is; lines and columns of SARIF begin at 1."""
    if annotation.file:
        region = {
            "startLine": annotation.line,
            "startColumn": annotation.column if annotation.line else None,
            "endLine": annotation.end_line,
            # What GitHub's annotation names is the last column, SARIF's the one after it.
            "endColumn": annotation.end_column + 1 if annotation.end_column and annotation.column else None,
        }
        file = annotation.file
    else:
        region = {"startLine": step.line, "startColumn": step.column}
        file = step.file
    if not file:
        return {}
    region = {name: number for name, number in region.items() if number is not None and number > 0}
    if "startLine" not in region:
        region = {}
    path = quote(file.encode("utf-8", "surrogateescape"))
    where = {"uri": f"file://{path}"} if file.startswith("/") else {"uri": path, "uriBaseId": ROOT}
    return {"artifactLocation": where, **({"region": region} if region else {})}
