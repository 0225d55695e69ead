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
_PERHAPS = ("enterprise", "installation", "organization")
"""What any payload may have, as the repository's owner is."""
_WHOLE = frozenset({"client_payload", "inputs"})
"""The parts of a payload that the sender makes: they have no other fields than those given."""
_SETTINGS = {"ref_protected": UNKNOWN, "repository_visibility": UNKNOWN}
"""What only the repository's settings on GitHub say: a run has a stand-in, and nothing follows from it here."""
_STAND_INS = {"private": True, "visibility": "private"}
"""The same in the payload's repository, with the stand-ins; an event file may say something else."""
_SYSTEMS = {"ubuntu": "Linux", "linux": "Linux", "macos": "macOS", "windows": "Windows"}


def run_contexts(plan: Plan) -> dict[str, Any]:
    """What all jobs of a workflow see."""
    return {
        "github": _github(plan.trigger, _crons(plan)),
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


def _crons(plan: Plan) -> tuple[str, ...]:
    return tuple(cron for event in plan.workflow.on for cron in event.cron)


def _github(trigger: Trigger, crons: tuple[str, ...]) -> dict[str, Any]:
    event = trigger.github.get("event")
    event = dict(event) if isinstance(event, Mapping) else {}
    if trigger.event == "schedule" and len(crons) > 1 and event.get("schedule") == crons[0]:
        event["schedule"] = UNKNOWN
    closed = trigger.event in _WITH_PAYLOAD or not event.keys() <= _ALWAYS
    event = {key: value if key in _WHOLE else _open(value) for key, value in event.items()}
    repository = event.get("repository")
    if isinstance(repository, Mapping):
        unknown = {key: UNKNOWN for key, value in _STAND_INS.items() if repository.get(key) == value}
        event["repository"] = Open({**repository, **unknown})
    known = {**dict.fromkeys(_PERHAPS, UNKNOWN), **event} if closed else Open(event)
    return Open({**trigger.github, **_SETTINGS, "event": known})


def _open(value: Any) -> Any:
    """An object of a payload: GitHub's has more fields than are made here."""
    if isinstance(value, Mapping):
        return Open({key: _open(inner) for key, inner in value.items()})
    return value
