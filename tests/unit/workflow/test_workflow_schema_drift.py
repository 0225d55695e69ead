"""Our tables of keys, types, contexts and functions beside GitHub's own, in both directions."""

from __future__ import annotations

import re

from schema_drift import Tables
from tests.reference_engines import oracle

from actlite.workflow.schema_action import ACTION
from actlite.workflow.schema_events import ACTIVITY_TYPES
from actlite.workflow.schema_workflow import WORKFLOW

_CACHE_MODE = "in use since 2026 (actions/setup-java's own workflows), not in their tables yet"
_SNAPSHOT = "as in actions/runner, workflow-v1.0.json, which is newer here (snapshot, snapshot-if)"
_TYPES = "compared below; unknown ones are told by the reader of events, which knows the event's name"
_LENIENT = "actions/runner reads 'on' with the table workflow-root, which leaves this open"
WORKFLOW_EXCEPTIONS = {
    r"(\(root\)|jobs\.\*\(runs-on\)): key cache-mode is only ours": _CACHE_MODE,
    r"jobs\.\*\(runs-on\)\.snapshot(\.[\w-]+)?: (context|function) \w+ is only ours": _SNAPSHOT,
    r"jobs\.\*\(runs-on\)\.steps\[\]\(parallel\)\.parallel\[\]\(parallel\)\.parallel: anything here": (
        "'parallel' inside of 'parallel' is refused as a whole"
    ),
    r"on\.\w+\.types(\[\])?: (type text that is not empty is only ours|word \w+ is only theirs)": _TYPES,
    r"on\.workflow_dispatch\.inputs(\.\*)?: (type nothing|key deprecationMessage) is only ours": _LENIENT,
    r"on(\[\])?: word repository_dispatch is only ours": (
        "a slip in their table: repository-dispatch-string is the constant of another event; right in "
        "actions/runner"
    ),
}
"""Where we differ from their tables of workflows on purpose: a pattern of differences, and why."""


def unexplained(found: list[str], exceptions: dict[str, str]) -> list[str]:
    return [line for line in found if not any(re.fullmatch(pattern, line) for pattern in exceptions)]


def test_the_tables_of_workflows_are_githubs() -> None:
    found = Tables(oracle("workflow-parser") / "dist" / "workflow-v1.0.min.json").differences(
        WORKFLOW, "workflow-root-strict"
    )
    assert unexplained(found, WORKFLOW_EXCEPTIONS) == []
    for pattern in WORKFLOW_EXCEPTIONS:
        assert any(re.fullmatch(pattern, line) for line in found), f"no difference any more: {pattern}"


def test_the_tables_of_actions_are_githubs() -> None:
    assert (
        Tables(oracle("workflow-parser") / "dist" / "action-v1.0.min.json").differences(ACTION, "action-root")
        == []
    )


def test_the_activity_types_are_githubs() -> None:
    tables = Tables(oracle("workflow-parser") / "dist" / "workflow-v1.0.min.json")
    events = tables.definitions["on-mapping-strict"]["mapping"]["properties"]
    theirs = {
        event: set(words)
        for event, name in events.items()
        if (words := tables.words_below(name, "types")) and event not in {"repository_dispatch"}
    }
    assert theirs == {event: set(types) for event, types in ACTIVITY_TYPES.items()}


def test_a_difference_is_found() -> None:
    tables = Tables(oracle("workflow-parser") / "dist" / "workflow-v1.0.min.json")
    jobs = WORKFLOW.records[0].keys["jobs"]
    found = tables.differences(jobs, "workflow-root-strict")
    assert "(root): key jobs is only theirs" in found
    assert "(root): required key on is only theirs" in found
    assert "(root): other keys here" in found
