"""The plan as JSON data; docs/reference/plan.md tells what the keys mean."""

from __future__ import annotations

from math import isfinite
from typing import Any

from actlite.checking.predictions.data import data as prediction_data
from actlite.cli.plan_view import PlanView
from actlite.cli.summary import place
from actlite.expressions.values import to_string
from actlite.planning.conditions import Condition
from actlite.planning.outline import CallOutline, JobOutline, Later, LegOutline, WorkflowOutline
from actlite.reporting.findings import data as finding_data


def plan_data(view: PlanView) -> dict[str, Any]:
    """The whole answer."""
    selected = view.selected
    trigger = selected.trigger
    github = trigger.github
    return {
        "schema": 1,
        "event": trigger.event,
        "ref": github.get("ref", ""),
        "sha": github.get("sha", ""),
        "source": selected.source,
        "changed": None if trigger.changed is None else list(trigger.changed),
        "notes": list(trigger.notes),
        "workflows": [_workflow(workflow, view) for workflow in view.workflows],
        "not_selected": [{"path": n.workflow.path, "reason": n.reason} for n in selected.skipped],
        "cannot_run_here": [finding.message for finding in view.absent],
        "actions": [
            {"uses": a.uses, "kind": a.kind, "here": a.here, "commit": a.commit or None} for a in view.actions
        ],
        "invalid": [{"path": file.name, "errors": len(file.errors)} for file in selected.invalid],
    }


def _workflow(workflow: WorkflowOutline, view: PlanView) -> dict[str, Any]:
    plan = workflow.plan
    return {
        "path": plan.workflow.path,
        "name": plan.workflow.name,
        "refused": plan.refused,
        "run_name": _value(workflow.run_name),
        "concurrency": _value(workflow.concurrency),
        "cancel_in_progress": _value(workflow.cancel_in_progress),
        "jobs": [_job(job, view, plan.workflow.path) for job in workflow.jobs],
        "secrets": sorted(workflow.secrets),
        "warnings": [
            finding_data(found) for found in (*plan.warnings, *view.services_of(plan.workflow.path))
        ],
    }


def _job(job: JobOutline, view: PlanView, path: str) -> dict[str, Any]:
    plan = job.plan
    known = plan.legs is not None
    return {
        "id": plan.job.id,
        "full_id": plan.id,
        "needs": list(plan.needs),
        "where": place(plan.job),
        "steps": len(plan.job.steps),
        **_condition(job.condition),
        "fail_fast": plan.fail_fast,
        "max_parallel": plan.max_parallel,
        "permissions": None if job.permissions is None else dict(job.permissions),
        "shell": _value(job.shell),
        "working_directory": _value(job.working_directory),
        "broken": plan.broken,
        "legs": [_leg(leg) for leg in job.legs] if known else None,
        "each_leg": None if known else _leg(job.legs[0]),
        "calls": [_call(call, view) for call in job.calls],
        "secrets": sorted(job.secrets),
        "secrets_not_given": view.missing(job.user_secrets),
        "actions": [prediction_data(item) for item in view.of_job(plan, path)],
        "problems": [finding_data(problem) for problem in plan.problems],
    }


def _leg(outline: LegOutline) -> dict[str, Any]:
    leg = outline.leg
    labels = outline.runs_on
    return {
        "key": leg.key if leg is not None else None,
        "name": leg.name if leg is not None else None,
        "matrix": _finite(dict(leg.matrix)) if leg is not None else None,
        "runs_on": _value(labels) if isinstance(labels, Later) else list(labels),
        "container": _value(outline.container),
        "services": {name: _value(image) for name, image in outline.services.items()},
        "environment": _value(outline.environment),
        "concurrency": _value(outline.concurrency),
        "timeout_minutes": _value(outline.timeout_minutes),
        "continue_on_error": _value(outline.continue_on_error),
        "steps": [
            {
                "number": step.step.number,
                "id": step.step.id or None,
                "name": step.label,
                **_condition(step.condition),
            }
            for step in outline.steps
        ],
    }


def _call(outline: CallOutline, view: PlanView) -> dict[str, Any]:
    call = outline.call
    return {
        "uses": call.reference.text,
        "leg": call.leg.key if call.leg is not None else None,
        "unknown": call.unknown or None,
        "inputs": {
            **_finite(dict(call.inputs)),
            **{name: {"later": kind} for name, kind in call.later.items()},
        },
        "secrets": "inherit" if call.inherits_secrets else sorted(call.secrets),
        "workflow": None if outline.workflow is None else _workflow(outline.workflow, view),
    }


def _condition(condition: Condition) -> dict[str, Any]:
    data: dict[str, Any] = {"runs": condition.runs}
    if condition.runs != "yes":
        data["reason"] = condition.reason
    if condition.trace is not None and condition.runs != "yes":
        data["why"] = condition.trace.data()
    return data


def _finite(value: Any) -> Any:
    """The value with numbers that JSON does not have as texts."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return to_string(value) if isinstance(value, float) and not isfinite(value) else value


def _value(value: object) -> Any:
    return {"later": value.text} if isinstance(value, Later) else _finite(value)
