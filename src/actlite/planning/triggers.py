"""Whether an event runs a workflow: events, activity types and filters (DOC: events, workflow syntax)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actlite.errors import UsageError
from actlite.planning.filters import BadPattern, any_included, included, matching_pattern
from actlite.planning.plan import Trigger
from actlite.workflow.model import EventFilter, Workflow
from actlite.workflow.schema_events import ACTIVITY_TYPES, DEFAULT_TYPES


def selects(workflow: Workflow, trigger: Trigger) -> str | None:
    """None when the trigger runs the workflow, else the reason why not, in a few words.

    Raises UsageError where a filter holds a pattern that means nothing.
    """
    reasons = []
    for event in workflow.on:
        if event.name == trigger.event:
            try:
                reason = _filtered(event, trigger)
            except BadPattern as error:
                raise UsageError(
                    f"{workflow.path} has a filter that can't be read", why=str(error), do="Mend the pattern."
                ) from error
            if reason is None:
                return None
            reasons.append(reason)
    if reasons:
        return reasons[0]
    names = list(dict.fromkeys(event.name for event in workflow.on))
    if names == ["workflow_call"]:
        return "runs only where another workflow calls it"
    return f"runs on {_listed(names)}, not on {trigger.event}" if names else "has no events"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _brackets(patterns: Sequence[str]) -> str:
    return f"[{', '.join(patterns)}]"


def _filtered(event: EventFilter, trigger: Trigger) -> str | None:
    github = trigger.github
    payload = github.get("event")
    payload = payload if isinstance(payload, Mapping) else {}
    reason = _type(event, payload)
    if reason is not None and not any(
        _type(event, {"action": other}) is None for other in trigger.open_types
    ):
        return reason
    if event.name == "push":
        if github.get("ref_type") == "tag":
            return _tag(event, str(github.get("ref_name", "")))
        return _branch_push(event, str(github.get("ref_name", ""))) or _paths(event, trigger)
    if event.name in {"pull_request", "pull_request_target"}:
        base = str(github.get("base_ref", ""))
        return _names("base branch", base, "branches", event) or _paths(event, trigger)
    if event.name == "merge_group":
        base = str(_inner(payload, "merge_group", "base_ref")).removeprefix("refs/heads/")
        return _names("base branch", base, "branches", event)
    if event.name == "workflow_run":
        name = str(_inner(payload, "workflow_run", "name") or _inner(payload, "workflow", "name"))
        if event.workflows is not None and name and not _among(name, event.workflows):
            return f"workflow '{name}' is not among workflows {_brackets(event.workflows)}"
        return _names("branch", str(_inner(payload, "workflow_run", "head_branch")), "branches", event)
    return None


def _inner(payload: Mapping[str, Any], outer: str, inner: str) -> Any:
    value = payload.get(outer)
    return (value.get(inner) or "") if isinstance(value, Mapping) else ""


def _among(name: str, workflows: Sequence[str]) -> bool:
    """Whether a workflow's name is among those given; a name may hold characters that would mean something in a
    pattern, and be written as it is."""
    if name in workflows:
        return True
    try:
        return included(name, workflows)
    except BadPattern:
        return False


def _type(event: EventFilter, payload: Mapping[str, Any]) -> str | None:
    action = payload.get("action")
    if not isinstance(action, str) or (
        event.name not in ACTIVITY_TYPES and event.name != "repository_dispatch"
    ):
        return None
    if event.types is not None:
        allowed = event.types
        said = f"types {_brackets(allowed)} given"
    elif event.name in DEFAULT_TYPES:
        allowed = DEFAULT_TYPES[event.name]
        said = f"without types it runs on {_listed(allowed)}"
    else:
        return None
    return None if action in allowed else f"{said}, {action} is not"


def action_of(workflow: Workflow, trigger: Trigger) -> str | None:
    """The activity type that a selected workflow is planned for; None where the event has none."""
    payload = trigger.github.get("event")
    action = payload.get("action") if isinstance(payload, Mapping) else None
    if not isinstance(action, str):
        return None
    for other in (action, *trigger.open_types):
        if any(
            event.name == trigger.event and _type(event, {"action": other}) is None for event in workflow.on
        ):
            return other
    return action


def _tag(event: EventFilter, tag: str) -> str | None:
    if event.tags is None and event.tags_ignore is None:
        branches, given = event.branches, "branches"
        if branches is None:
            branches, given = event.branches_ignore, "branches-ignore"
        if branches is None:
            return None
        if event.paths is not None or event.paths_ignore is not None:
            return f"paths are ignored for tags, but {given} {_brackets(branches)} is given"
        return f"{given} {_brackets(branches)} given, tags are not"
    return _names("tag", tag, "tags", event)


def _branch_push(event: EventFilter, branch: str) -> str | None:
    if event.branches is None and event.branches_ignore is None:
        tags, given = (event.tags, "tags") if event.tags is not None else (event.tags_ignore, "tags-ignore")
        return None if tags is None else f"{given} {_brackets(tags)} given, branches are not"
    return _names("branch", branch, "branches", event)


def _names(what: str, name: str, filter: str, event: EventFilter) -> str | None:
    tags = filter == "tags"
    positive = event.tags if tags else event.branches
    negative = event.tags_ignore if tags else event.branches_ignore
    if positive is not None and not included(name, positive):
        decided = matching_pattern(name, positive)
        if decided is not None:
            return f"{what} {name} is excluded by {decided} in {filter} {_brackets(positive)}"
        return f"{what} {name} does not match {filter} {_brackets(positive)}"
    if negative is not None and included(name, negative):
        return f"{what} {name} matches {filter}-ignore {_brackets(negative)}"
    return None


def _paths(event: EventFilter, trigger: Trigger) -> str | None:
    changed = trigger.changed
    if changed is None:
        return None
    none = (
        "the changed file does not match"
        if len(changed) == 1
        else f"none of the {len(changed)} changed files matches"
    )
    if event.paths is not None and not any_included(changed, event.paths):
        if not changed:
            return f"no file is changed, and paths {_brackets(event.paths)} is given"
        return f"{none} paths {_brackets(event.paths)}"
    if event.paths_ignore is not None and changed and all(included(f, event.paths_ignore) for f in changed):
        files = "the changed file" if len(changed) == 1 else f"the {len(changed)} changed files"
        return f"paths-ignore {_brackets(event.paths_ignore)} matches {files}"
    return None
