"""The rules that ``check`` and ``plan`` know a file by: one line each.

The id is stable: it stands in findings, in settings and in ``# actlite: ignore[id]``. ``page`` is the page of
docs/reference/rules that tells about the rule, with a bad and a good example; tests compare this table with
the pages and with the ids in the code.
"""

from __future__ import annotations

from typing import Literal

from actlite.records import frozen

Level = Literal["error", "warning", "note"]
LEVELS = ("off", "note", "warning", "error")
"""What a rule can be set to."""


@frozen
class Rule:
    """One rule. ``level`` is the severity that its findings usually have; ``title`` one line without a full stop."""

    id: str
    level: Level
    page: str
    title: str


def _rules(*lines: tuple[str, Level, str, str]) -> dict[str, Rule]:
    return {line[0]: Rule(*line) for line in lines}


RULES: dict[str, Rule] = _rules(
    # YAML
    ("encoding", "error", "yaml", "The file is not UTF-8"),
    ("unreadable-file", "error", "yaml", "The file can't be read"),
    ("yaml-syntax", "error", "yaml", "The file is not YAML"),
    ("yaml-documents", "error", "yaml", "The file holds more than one document"),
    ("yaml-empty", "error", "yaml", "The file holds nothing"),
    ("yaml-size", "error", "yaml", "The file is larger than GitHub reads"),
    ("yaml-depth", "error", "yaml", "The file nests deeper than GitHub reads"),
    ("yaml-nodes", "error", "yaml", "The file has more nodes than GitHub reads"),
    ("yaml-anchor", "error", "yaml", "An anchor that can't stand here"),
    ("yaml-alias", "error", "yaml", "An alias without its anchor"),
    ("yaml-key", "error", "yaml", "A key that is no scalar"),
    ("yaml-duplicate-key", "error", "yaml", "A key is given twice"),
    ("yaml-value", "error", "yaml", "A value that does not fit its tag"),
    ("yaml-tag", "error", "yaml", "A tag that GitHub does not know"),
    # Comments for actlite
    ("unknown-rule", "warning", "comments", "A comment for actlite that can't be understood"),
    ("unused-ignore", "warning", "comments", "A comment that silences nothing"),
    # Keys and types
    ("unknown-key", "error", "keys", "A key that GitHub does not know here"),
    ("missing-key", "error", "keys", "A key that must be there is missing"),
    ("wrong-type", "error", "keys", "A value of the wrong type"),
    ("unknown-value", "error", "keys", "A value that is none of those allowed"),
    ("no-steps", "error", "keys", "A job without steps"),
    ("no-events", "error", "keys", "A workflow without events"),
    ("missing-image", "error", "keys", "A container without an image"),
    ("uses-format", "error", "keys", "A reference to an action or workflow that can't be read"),
    ("concurrency-conflict", "error", "keys", "Settings of concurrency that exclude each other"),
    ("concurrency-group", "error", "keys", "The name of a concurrency group is too long"),
    ("runner-group", "error", "keys", "The name of a group of runners that can't be read"),
    ("no-labels", "warning", "keys", "A job that asks for no runner"),
    ("image-version", "error", "keys", "A version of a custom image that can't be read"),
    ("half-credentials", "warning", "keys", "Credentials that log nobody in"),
    ("odd-number", "warning", "keys", "A number that GitHub cuts or passes over"),
    ("step-target", "error", "keys", "A step that waits for, cancels or holds what it can't"),
    # Expressions
    ("expression-syntax", "error", "expressions", "An expression that can't be read"),
    ("expression-failed", "error", "expressions", "An expression that fails whatever its contexts hold"),
    ("expression-length", "error", "expressions", "A text with expressions that is too long"),
    ("expression-not-allowed", "error", "expressions", "An expression where GitHub evaluates none"),
    ("unknown-context", "error", "expressions", "A context that does not exist, or not here"),
    ("unknown-function", "error", "expressions", "A function that does not exist, or not here"),
    ("if-always-true", "warning", "expressions", "A condition that is always true"),
    ("constant-condition", "note", "expressions", "A condition that depends on nothing"),
    ("constant-comparison", "warning", "expressions", "A comparison with a value that never comes"),
    ("type-mismatch", "warning", "expressions", "A value of a type that makes no sense here"),
    ("object-as-text", "warning", "expressions", "An object, array or null where text is made of it"),
    ("format-arguments", "warning", "expressions", "A format string that does not fit its arguments"),
    ("invalid-json", "warning", "expressions", "A text given to fromJSON that is no JSON"),
    # Security
    ("untrusted-input", "warning", "security", "Text that strangers write, put into a script"),
    # Names
    ("job-id", "error", "names", "The id of a job that GitHub refuses"),
    ("step-id", "error", "names", "The id of a step that GitHub refuses"),
    ("unknown-step", "warning", "names", "No step before this has the id"),
    ("unknown-need-name", "warning", "names", "The job does not need a job of this name"),
    ("unknown-needs-output", "warning", "names", "A needed job has no such output"),
    ("unknown-matrix-key", "warning", "names", "The matrix has no such key"),
    ("unknown-property", "warning", "names", "A context or object has no such property"),
    ("unknown-input", "warning", "names", "The workflow declares no such input"),
    ("unknown-secret", "warning", "names", "A secret that is not declared, or that there can't be"),
    # needs
    ("unknown-need", "error", "needs", "A job needs a job that does not exist"),
    ("needs-cycle", "error", "needs", "Jobs need each other"),
    ("duplicate-need", "warning", "needs", "A job needs another one twice"),
    ("no-first-job", "error", "needs", "No job can begin"),
    # Matrix
    ("invalid-matrix", "error", "matrix", "A matrix that can't be built"),
    ("matrix-duplicate", "warning", "matrix", "A value of a matrix is given twice"),
    ("matrix-include", "warning", "matrix", "An include that changes nothing"),
    ("matrix-exclude", "warning", "matrix", "An exclude that matches nothing"),
    # Runners
    ("retired-runner", "warning", "runners", "A machine that GitHub has taken away"),
    ("unknown-runner", "warning", "runners", "A machine that GitHub does not have"),
    ("unknown-shell", "warning", "runners", "A shell that the runner or the machine does not have"),
    ("deprecated-command", "warning", "runners", "A workflow command that is disabled or will be"),
    # Events
    ("filter-conflict", "error", "events", "Filters that exclude each other"),
    ("filter-never-matches", "warning", "events", "A filter that nothing can pass"),
    ("unknown-activity-type", "warning", "events", "An activity type that the event does not have"),
    ("filter-pattern", "error", "events", "A pattern that can't be read"),
    ("filter-no-effect", "warning", "events", "A filter or pattern without effect"),
    ("filter-empty", "warning", "events", "A filter that is an empty list"),
    ("retired-event", "warning", "events", "An event that GitHub has removed"),
    ("missing-workflows", "warning", "events", "A workflow_run without the names of workflows"),
    ("missing-cron", "warning", "events", "A schedule that never runs"),
    ("cron-syntax", "error", "events", "A schedule that can't be read"),
    ("cron-too-often", "warning", "events", "A schedule that is more frequent than GitHub allows"),
    ("cron-never", "warning", "events", "A schedule for a day that never comes"),
    ("unknown-timezone", "warning", "events", "A time zone that does not exist"),
    ("too-many-inputs", "error", "events", "More inputs than GitHub allows"),
    ("input-options", "error", "events", "Options of an input that don't fit its type"),
    ("input-default", "error", "events", "A default that the input can't have"),
    # Calls of reusable workflows
    ("called-workflow-missing", "error", "calls", "A called workflow that is not there"),
    ("not-callable", "error", "calls", "A called workflow without workflow_call"),
    ("call-unknown-input", "error", "calls", "An input that the called workflow does not declare"),
    ("call-missing-input", "error", "calls", "A required input that the call does not give"),
    ("call-input-type", "error", "calls", "A value that is not of its input's type"),
    ("call-unknown-secret", "error", "calls", "A secret that the called workflow does not declare"),
    ("call-missing-secret", "error", "calls", "A required secret that the call does not give"),
    ("reserved-secret", "error", "calls", "A declared secret with a name that GitHub keeps for itself"),
    ("call-permissions", "error", "calls", "A called workflow asks for more than its caller gives"),
    ("call-limit", "error", "calls", "Calls that go deeper than GitHub follows, or in a circle"),
    # Actions
    ("missing-using", "error", "actions", "A manifest that does not say what the action is"),
    ("unknown-using", "error", "actions", "A kind of action that the runner does not know"),
    ("action-image", "warning", "actions", "An image of a docker action that the runner can't read"),
    ("missing-action", "warning", "actions", "A local action that is not there"),
    ("missing-action-file", "warning", "actions", "A file that a local action runs is not there"),
    ("missing-checkout", "warning", "actions", "A local action before anything was checked out"),
    ("retired-action", "warning", "actions", "A version of an action that GitHub no longer fetches"),
    ("unknown-action-input", "warning", "actions", "An input that the action does not declare"),
    ("missing-action-input", "warning", "actions", "A required input is not given"),
    ("deprecated-action-input", "warning", "actions", "An input that the action's authors advise against"),
    ("unknown-action-output", "warning", "actions", "An output that the action does not declare"),
    # The runner's node in a container
    (
        "node-cannot-start",
        "error",
        "glibc",
        "A JavaScript action in a container in which the runner's node can't start",
    ),
    (
        "empty-runtime-mount",
        "warning",
        "glibc",
        "A volume over the runner's node that nothing puts a node into",
    ),
    (
        "target-too-new",
        "warning",
        "glibc",
        "A container with a newer glibc than the users of what is built have",
    ),
)
"""Every rule, by its id."""
