"""The contexts as far as they are known before the run (DOC: contexts reference, context availability)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actlite.planning.partial import UNKNOWN, Open
from actlite.planning.plan import JobPlan, Leg, Plan, Trigger

_WITH_PAYLOAD = frozenset(
    {
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_target",
        "push",
        "release",
        "schedule",
        "workflow_dispatch",
    }
)
"""Events whose payload is made here: what it does not hold isn't there."""
_ALWAYS = frozenset({"repository", "sender"})
_SYSTEMS = {"ubuntu": "Linux", "linux": "Linux", "macos": "macOS", "windows": "Windows"}


def run_contexts(plan: Plan) -> dict[str, Any]:
    """What all jobs of a workflow see."""
    return {
        "github": _github(plan.trigger),
        "inputs": {**plan.trigger.inputs, **dict.fromkeys(plan.later, UNKNOWN)},
        "vars": dict(plan.vars),
    }


def leg_contexts(
    contexts: Mapping[str, Any], job: JobPlan, leg: Leg | None, needs: Mapping[str, Any]
) -> dict[str, Any]:
    """What the settings of one leg see; ``leg`` is None where the matrix is known later."""
    strategy: dict[str, Any] = Open({"fail-fast": job.fail_fast})
    matrix: Any = UNKNOWN
    if leg is not None:
        matrix = dict(leg.matrix) or None
        strategy = {
            "fail-fast": job.fail_fast,
            "job-index": float(leg.index),
            "job-total": float(leg.total),
            "max-parallel": float(job.max_parallel or leg.total),
        }
    return {**contexts, "needs": needs, "matrix": matrix, "strategy": strategy}


def step_contexts(leg: Mapping[str, Any], labels: Any, in_container: bool) -> dict[str, Any]:
    """What the steps of a leg see. Earlier steps can change the environment, so it is not known."""
    first = str(labels[0] if isinstance(labels, list) and labels else labels)
    system = _SYSTEMS.get(first.lower().partition("-")[0], "Linux" if in_container else "")
    return {**leg, "runner": Open({"os": system} if system else {})}


def need_contexts(skipped: bool, result: str | None) -> dict[str, Any]:
    """What a job sees of one that it needs: ``result`` where it is known."""
    outputs: dict[str, Any] = {} if skipped else Open()
    return {"result": UNKNOWN if result is None else result, "outputs": outputs}


def _github(trigger: Trigger) -> dict[str, Any]:
    event = trigger.github.get("event")
    event = dict(event) if isinstance(event, Mapping) else {}
    if trigger.event not in _WITH_PAYLOAD and event.keys() <= _ALWAYS:
        event = Open(event)
    run = event.get("workflow_run")
    if trigger.event == "workflow_run" and isinstance(run, Mapping):
        event = {**event, "workflow_run": Open(run)}
    return Open({**trigger.github, "event": event})
