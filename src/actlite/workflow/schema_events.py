"""The shape of ``on:``: events, their activity types and filters (DOC: events that trigger workflows)."""

from __future__ import annotations

from actlite.workflow.schema import (
    BOOLEAN,
    FILLED,
    FILLED_LIST,
    NULL,
    NUMBER,
    TEXT,
    Shape,
    items,
    names,
    record,
    words,
)

ACTIVITY_TYPES: dict[str, tuple[str, ...]] = {
    "branch_protection_rule": ("created", "edited", "deleted"),
    "check_run": ("created", "rerequested", "completed", "requested_action"),
    "check_suite": ("completed",),
    "discussion": (
        *("created", "edited", "deleted", "transferred", "pinned", "unpinned", "labeled", "unlabeled"),
        *("locked", "unlocked", "category_changed", "answered", "unanswered"),
    ),
    "discussion_comment": ("created", "edited", "deleted"),
    "image_version": ("created", "ready", "deleted"),
    "issue_comment": ("created", "edited", "deleted"),
    "issues": (
        *("opened", "edited", "deleted", "transferred", "pinned", "unpinned", "closed", "reopened"),
        *("assigned", "unassigned", "labeled", "unlabeled", "locked", "unlocked", "milestoned"),
        *("demilestoned", "typed", "untyped", "field_added", "field_removed"),
    ),
    "label": ("created", "edited", "deleted"),
    "merge_group": ("checks_requested",),
    "milestone": ("created", "closed", "opened", "edited", "deleted"),
    "project": ("created", "closed", "reopened", "edited", "deleted"),
    "project_card": ("created", "moved", "converted", "edited", "deleted"),
    "project_column": ("created", "updated", "moved", "deleted"),
    "pull_request_review": ("submitted", "edited", "dismissed"),
    "pull_request_review_comment": ("created", "edited", "deleted"),
    "registry_package": ("published", "updated"),
    "release": ("published", "unpublished", "created", "edited", "deleted", "prereleased", "released"),
    "watch": ("started",),
    "workflow_run": ("completed", "requested", "in_progress"),
}
"""The activity types of the events that have some."""

ACTIVITY_TYPES["pull_request"] = ACTIVITY_TYPES["pull_request_target"] = (
    *("assigned", "unassigned", "labeled", "unlabeled", "opened", "edited", "closed", "reopened"),
    *("synchronize", "converted_to_draft", "ready_for_review", "locked", "unlocked", "milestoned"),
    *("demilestoned", "review_requested", "review_request_removed", "auto_merge_enabled"),
    *("auto_merge_disabled", "enqueued", "dequeued", "stacked"),
)
ACTIVITY_TYPES["pull_request_comment"] = ACTIVITY_TYPES["issue_comment"]

DEFAULT_TYPES: dict[str, tuple[str, ...]] = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}
"""The activity types that run a workflow which names none; all of them for the other events."""

_BRANCHES = {"branches": FILLED_LIST, "branches-ignore": FILLED_LIST}
_PATHS = {"paths": FILLED_LIST, "paths-ignore": FILLED_LIST}
_TAGS = {"tags": FILLED_LIST, "tags-ignore": FILLED_LIST}

FILTERS: dict[str, dict[str, Shape]] = {
    "push": _BRANCHES | _TAGS | _PATHS,
    "pull_request": _BRANCHES | _PATHS,
    "pull_request_target": _BRANCHES | _PATHS,
    "merge_group": _BRANCHES,
    "workflow_run": _BRANCHES | {"workflows": FILLED_LIST},
    "image_version": {"names": FILLED_LIST, "versions": FILLED_LIST},
}
"""The filters that each event knows, besides ``types``."""

PLAIN_EVENTS = (
    *("create", "delete", "deployment", "deployment_status", "fork", "gollum", "page_build", "public"),
    "status",
)
"""Events without any configuration."""

_CALL_INPUT = record(
    {
        "type": words("string", "boolean", "number"),
        "required": BOOLEAN,
        "default": (TEXT | BOOLEAN | NUMBER).seeing(names("github inputs vars")),
        "description": TEXT,
    },
    required=["type"],
)
_CALL = record(
    {
        "inputs": record(others=_CALL_INPUT),
        "secrets": record(others=record({"required": BOOLEAN, "description": TEXT}) | NULL),
        "outputs": record(
            others=record(
                {"value": TEXT.seeing(names("github inputs vars jobs")), "description": TEXT},
                required=["value"],
            )
        ),
    }
)
_DISPATCH_INPUT = record(
    {
        "type": words("string", "boolean", "number", "choice", "environment"),
        "required": BOOLEAN,
        "default": TEXT | BOOLEAN | NUMBER,
        "options": items(TEXT),
        "description": TEXT,
        "deprecationMessage": TEXT,
    }
)
_DISPATCH = record({"inputs": record(others=_DISPATCH_INPUT | NULL) | NULL})
_SCHEDULE = items(record({"cron": FILLED, "timezone": FILLED}, required=["cron"]))


def _event(name: str) -> Shape:
    keys = dict(FILTERS.get(name, {}))
    if name in ACTIVITY_TYPES:
        keys["types"] = FILLED_LIST
    return record(keys) | NULL


EVENTS: dict[str, Shape] = {
    **dict.fromkeys(PLAIN_EVENTS, NULL),
    **{name: _event(name) for name in (*ACTIVITY_TYPES, "push")},
    "repository_dispatch": record({"types": FILLED_LIST}) | NULL,
    "schedule": _SCHEDULE,
    "workflow_call": _CALL | NULL,
    "workflow_dispatch": _DISPATCH | NULL,
}
"""Every event, with the shape of its configuration."""

ON = words(*EVENTS) | items(words(*EVENTS)) | record(EVENTS)
"""The shape of ``on:``."""
