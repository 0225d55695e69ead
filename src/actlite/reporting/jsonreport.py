"""``--report json=FILE``: what became of the runs, as one JSON document (docs/reports.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from actlite.events import ArtifactFound
from actlite.journal.record import CallRecord, JobRecord, RunRecord, StepRecord, overall

SCHEMA = 1
"""The version of the report's shape."""


def report(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """The report of some runs as JSON data."""
    return {
        "schema": SCHEMA,
        "conclusion": overall(run.conclusion for run in runs),
        "runs": [_run(run) for run in runs],
    }


def _run(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.id,
        "workflow": run.workflow,
        "path": run.path,
        "event": run.event,
        "ref": run.ref,
        "sha": run.sha,
        "as_of": run.as_of,
        "runner": run.runner,
        "source": run.source,
        "conclusion": run.conclusion or "cancelled",
        "duration": run.duration,
        "jobs": [_job(job) for job in run.jobs],
        "calls": [_call(call) for call in run.calls],
        "notices": [{"level": n.level, "message": n.message, "job": n.job} for n in run.notices],
        "releases": [],
        "artifacts": [_artifact(artifact) for artifact in run.artifacts],
    }


def _job(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.id,
        "key": job.key,
        "name": job.name,
        "matrix": dict(job.matrix),
        "where": job.where,
        "instead_of": job.instead_of,
        "result": job.result or "cancelled",
        "reason": job.reason,
        "condition": job.condition,
        "outputs": dict(job.outputs),
        "environment": {"name": job.environment, "url": job.environment_url} if job.environment else None,
        "duration": job.duration,
        "predictions": [dataclasses.asdict(prediction) for prediction in job.predictions],
        "steps": [_step(step) for step in job.steps],
    }


def _call(call: CallRecord) -> dict[str, Any]:
    return {
        "id": call.id,
        "key": call.key,
        "name": call.name,
        "workflow": call.workflow,
        "inputs": dict(call.inputs),
        "result": call.result or "cancelled",
        "reason": call.reason,
        "outputs": dict(call.outputs),
        "duration": call.duration,
    }


def _step(step: StepRecord) -> dict[str, Any]:
    return {
        "id": step.id,
        "key": step.key,
        "name": step.name,
        "background": step.background,
        "outcome": step.outcome or "cancelled",
        "conclusion": step.conclusion or "cancelled",
        "reason": step.reason,
        "condition": step.condition,
        "outputs": dict(step.outputs),
        "exit_code": step.exit_code,
        "duration": step.duration,
        "annotations": [dataclasses.asdict(annotation) for annotation in step.annotations],
        "diagnosis": dataclasses.asdict(step.diagnosis) if step.diagnosis is not None else None,
        "summary": step.summary,
        "file": step.file,
        "line": step.line,
        "column": step.column,
    }


def _artifact(artifact: ArtifactFound) -> dict[str, Any]:
    return {
        "job": artifact.job,
        "name": artifact.name,
        "path": artifact.path,
        "size": artifact.size,
        "needs": artifact.needs,
        "target": artifact.target,
        "verdict": artifact.verdict,
        "audited": [dataclasses.asdict(file) for file in artifact.audited],
        "unseen": list(artifact.unseen),
        "uploaded": artifact.uploaded,
        "files": artifact.files,
    }
