"""The rules that ``check`` and ``plan`` know a file by: one line each.

The id is stable: it stands in findings, in settings and in ``# actlite: ignore[id]``. ``page`` is the page of
docs/reference/rules that tells about the rule, with a bad and a good example; tests compare this table with
the pages and with the ids in the code.
"""

from __future__ import annotations

from typing import Literal

from actlite.records import frozen

Level = Literal["error", "warning", "note"]


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
    ("empty-file", "error", "yaml", "The file holds nothing"),
    ("yaml-syntax", "error", "yaml", "The file is not YAML"),
    ("yaml-documents", "error", "yaml", "The file holds more than one document"),
    ("yaml-empty", "error", "yaml", "The file has no content"),
    ("yaml-size", "error", "yaml", "The file is larger than GitHub reads"),
    ("yaml-depth", "error", "yaml", "The file nests deeper than GitHub reads"),
    ("yaml-nodes", "error", "yaml", "The file has more nodes than GitHub reads"),
    ("yaml-anchor", "error", "yaml", "An anchor that can't stand here"),
    ("yaml-alias", "error", "yaml", "An alias without its anchor"),
    ("yaml-key", "error", "yaml", "A key that is no scalar"),
    ("yaml-duplicate-key", "error", "yaml", "A key is given twice"),
    ("yaml-value", "error", "yaml", "A value that does not fit its tag"),
    ("yaml-tag", "error", "yaml", "A tag that GitHub does not know"),
    # Keys and types
    ("unknown-key", "error", "keys", "A key that GitHub does not know here"),
    ("missing-key", "error", "keys", "A key that must be there is missing"),
    ("wrong-type", "error", "keys", "A value of the wrong type"),
    ("unknown-value", "error", "keys", "A value that is none of those allowed"),
    ("no-steps", "error", "keys", "A job without steps"),
    ("missing-image", "error", "keys", "A container without an image"),
    ("uses-format", "error", "keys", "A reference to an action or workflow that can't be read"),
    ("concurrency-conflict", "error", "keys", "Settings of concurrency that exclude each other"),
    # Expressions
    ("expression-syntax", "error", "expressions", "An expression that can't be read"),
    ("expression-failed", "error", "expressions", "An expression that fails whatever its contexts hold"),
    ("expression-length", "error", "expressions", "A text with expressions that is too long"),
    ("expression-not-allowed", "error", "expressions", "An expression where GitHub evaluates none"),
    ("unknown-context", "error", "expressions", "A context that does not exist, or not here"),
    ("unknown-function", "error", "expressions", "A function that does not exist, or not here"),
    ("if-always-true", "warning", "expressions", "A condition that is always true"),
    # Names
    ("job-id", "error", "names", "The id of a job that GitHub refuses"),
    ("step-id", "error", "names", "The id of a step that GitHub refuses"),
    ("unknown-step", "warning", "names", "No step before this has the id"),
    ("unknown-need-name", "warning", "names", "The job does not need a job of this name"),
    ("unknown-needs-output", "warning", "names", "A needed job has no such output"),
    ("unknown-matrix-key", "warning", "names", "The matrix has no such key"),
    # needs
    ("unknown-need", "error", "needs", "A job needs a job that does not exist"),
    ("needs-cycle", "error", "needs", "Jobs need each other"),
    ("no-first-job", "error", "needs", "No job can begin"),
    # Matrix
    ("invalid-matrix", "error", "matrix", "A matrix that can't be built"),
    # Events
    ("filter-conflict", "error", "events", "Filters that exclude each other"),
    ("filter-never-matches", "warning", "events", "A filter that nothing can pass"),
    ("unknown-activity-type", "warning", "events", "An activity type that the event does not have"),
    ("missing-cron", "warning", "events", "A schedule that never runs"),
    ("input-options", "error", "events", "Options of an input that don't fit its type"),
    ("input-default", "error", "events", "A default that the input can't have"),
    # Actions
    ("missing-using", "error", "actions", "A manifest that does not say what the action is"),
    ("unknown-using", "error", "actions", "A kind of action that the runner does not know"),
)
"""Every rule, by its id."""
