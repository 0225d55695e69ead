"""The shape of a workflow file (DOC: workflow syntax, contexts reference; reference of GitHub's reader)."""

from __future__ import annotations

from actlite.workflow.schema import (
    ANYTHING,
    BOOLEAN,
    CONDITION,
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
from actlite.workflow.schema_events import ON

STATUS_FUNCTIONS = "always cancelled failure success"

BEFORE_NEEDS = names("github inputs vars")
WITH_NEEDS = names("github inputs vars needs")
WITH_MATRIX = names("github inputs vars needs strategy matrix")
IN_JOB = names("github inputs vars needs strategy matrix secrets steps job runner env")
IN_JOB_OPEN = names("github inputs vars needs strategy matrix steps job runner env")
"""As IN_JOB without secrets."""
IN_STEP = names("github inputs vars needs strategy matrix secrets steps job runner env", "hashFiles")
JOB_IF = names("github inputs vars needs", STATUS_FUNCTIONS)
STEP_IF = names(
    "github inputs vars needs strategy matrix steps job runner env", STATUS_FUNCTIONS + " hashFiles"
)

_ANY_LEVEL = words("read", "write", "none")
PERMISSIONS: dict[str, Shape] = {
    **dict.fromkeys(
        [
            "actions",
            "artifact-metadata",
            "attestations",
            "checks",
            "code-quality",
            "contents",
            "deployments",
            "discussions",
            "drives",
            "issues",
            "packages",
            "pages",
            "pull-requests",
            "repository-projects",
            "security-events",
            "statuses",
        ],
        _ANY_LEVEL,
    ),
    "copilot-requests": words("write", "none"),
    "id-token": words("write", "none"),
    "models": words("read", "none"),
    "vulnerability-alerts": words("read", "none"),
}
"""Scopes of the token, with the levels that each knows."""

_PERMISSIONS = words("read-all", "write-all") | record(PERMISSIONS)
_CONCURRENCY = record(
    {"group": FILLED, "cancel-in-progress": BOOLEAN, "queue": words("single", "max")}, required=["group"]
)
_CACHE_MODE = FILLED.seeing(BEFORE_NEEDS)
"""Who may read and write caches: in use since 2026 (actions/setup-java's own workflows), not documented yet."""
_RUN_DEFAULTS = {"shell": FILLED, "working-directory": FILLED}
_ENV = record(others=TEXT)

_CREDENTIALS = record({"username": FILLED, "password": FILLED}).seeing(
    names("github inputs vars secrets env")
)
_CONTAINER_KEYS = {
    "image": FILLED,
    "options": TEXT,
    "env": record(others=TEXT.seeing(IN_JOB)),
    "ports": items(FILLED),
    "volumes": items(FILLED),
    "credentials": _CREDENTIALS,
}
CONTAINER = (TEXT | record(_CONTAINER_KEYS)).seeing(WITH_MATRIX)
SERVICES = record(others=FILLED | record({**_CONTAINER_KEYS, "entrypoint": TEXT, "command": TEXT})).seeing(
    WITH_MATRIX
)

STEP_COMMON = {
    "name": TEXT.seeing(IN_STEP),
    "id": FILLED,
    "if": CONDITION.seeing(STEP_IF),
    "env": _ENV.seeing(IN_STEP),
    "continue-on-error": BOOLEAN.seeing(IN_STEP),
    "timeout-minutes": NUMBER.seeing(IN_STEP),
    "background": BOOLEAN,
}
RUN_STEP = record(
    {
        "run": TEXT.seeing(IN_STEP),
        **STEP_COMMON,
        "working-directory": TEXT.seeing(IN_STEP),
        "shell": FILLED,
    },
    required=["run"],
)
USES_STEP = record({"uses": FILLED, **STEP_COMMON, "with": _ENV.seeing(IN_STEP)}, required=["uses"])
_CONTROL = {"name": STEP_COMMON["name"], "id": FILLED, "continue-on-error": STEP_COMMON["continue-on-error"]}
_CONTROL_STEP = (
    record({"wait": FILLED_LIST, **_CONTROL}, required=["wait"])
    | record({"wait-all": NULL | BOOLEAN, **_CONTROL}, required=["wait-all"])
    | record({"cancel": FILLED, **_CONTROL}, required=["cancel"])
)
_NESTED = record({"parallel": ANYTHING.seeing(IN_STEP | STEP_IF)}, required=["parallel"])
INNER_STEP = RUN_STEP | USES_STEP | _CONTROL_STEP | _NESTED
"""A step inside ``parallel``; that some of them can't stand there is said by ``control``."""
STEP = RUN_STEP | USES_STEP | _CONTROL_STEP | record({"parallel": items(INNER_STEP)}, required=["parallel"])

_COMBINATIONS = items(record(others=ANYTHING))
STRATEGY = record(
    {
        "fail-fast": BOOLEAN,
        "max-parallel": NUMBER,
        "matrix": record({"include": _COMBINATIONS, "exclude": _COMBINATIONS}, others=items(ANYTHING)),
    }
).seeing(WITH_NEEDS)

_JOB_COMMON = {
    "name": TEXT.seeing(WITH_MATRIX),
    "needs": FILLED_LIST,
    "if": CONDITION.seeing(JOB_IF),
    "strategy": STRATEGY,
    "permissions": _PERMISSIONS,
    "concurrency": (FILLED | _CONCURRENCY).seeing(WITH_MATRIX),
}
STEPS_JOB = record(
    {
        **_JOB_COMMON,
        "runs-on": (FILLED_LIST | record({"group": FILLED, "labels": FILLED_LIST})).seeing(WITH_MATRIX),
        "cache-mode": _CACHE_MODE,
        "timeout-minutes": NUMBER.seeing(WITH_MATRIX),
        "cancel-timeout-minutes": NUMBER.seeing(WITH_MATRIX),
        "continue-on-error": BOOLEAN.seeing(WITH_MATRIX),
        "container": CONTAINER,
        "services": SERVICES,
        "env": _ENV.seeing(names("github inputs vars needs strategy matrix secrets")),
        "environment": (
            TEXT
            | record(
                {"name": TEXT, "url": TEXT.seeing(IN_JOB_OPEN), "deployment": BOOLEAN}, required=["name"]
            )
        ).seeing(WITH_MATRIX),
        "outputs": record(others=TEXT.seeing(IN_JOB)),
        "defaults": record(
            {"run": record(_RUN_DEFAULTS).seeing(names("github inputs vars needs strategy matrix env"))}
        ),
        "steps": items(STEP),
        "snapshot": (
            FILLED
            | record(
                {"image-name": FILLED, "if": CONDITION.seeing(STEP_IF), "version": FILLED},
                required=["image-name"],
            )
        ).seeing(WITH_MATRIX),
    },
    required=["runs-on"],
)
CALL_JOB = record(
    {
        **_JOB_COMMON,
        "uses": FILLED,
        "with": record(others=(TEXT | BOOLEAN | NUMBER).seeing(WITH_MATRIX)),
        "secrets": words("inherit")
        | record(
            others=(TEXT | BOOLEAN | NUMBER).seeing(names("github inputs vars needs strategy matrix secrets"))
        ),
    },
    required=["uses"],
)

WORKFLOW = record(
    {
        "name": TEXT,
        "description": TEXT,
        "run-name": TEXT.seeing(BEFORE_NEEDS),
        "on": ON,
        "env": _ENV.seeing(names("github inputs vars secrets")),
        "defaults": record({"run": record(_RUN_DEFAULTS)}),
        "permissions": _PERMISSIONS,
        "concurrency": (TEXT | _CONCURRENCY).seeing(BEFORE_NEEDS),
        "cache-mode": _CACHE_MODE,
        "jobs": record(others=STEPS_JOB | CALL_JOB),
    },
    required=["on", "jobs"],
)
"""The shape of a whole workflow file."""
