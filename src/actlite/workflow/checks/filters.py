"""The filters of events: patterns that GitHub can't read or that match nothing, and filters without effect."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.places import place
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.checks.pattern_faults import PATHS, faults
from actlite.workflow.model import Workflow
from actlite.workflow.patterns import BadPattern, Pattern, read_pattern
from actlite.workflow.schema_events import FILTERS, PLAIN_EVENTS

_REFS = frozenset({"branches", "branches-ignore", "tags", "tags-ignore", "versions"})
_LISTS = _REFS | PATHS | {"types", "names", "workflows"}
_RETIRED = frozenset({"project", "project_card", "project_column"})
"""Events of classic projects, which ended in August 2024 (GitHub's changelog)."""
_NEVER = "filter-never-matches"


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Look at the filters of every event, those that the event does not know left out."""
    on = access.get(root, "on")
    for event in workflow.on:
        if event.name == "workflow_run" and not event.workflows:
            named = access.get(access.get(on, event.name), "workflows")
            if named is None or isinstance(named, Sequence):
                _no_workflows(event.span if named is None else named.span, bag)
        elif event.name in _RETIRED:
            bag.add(
                "retired-event",
                f"'{event.name}' never comes: GitHub has removed classic projects",
                event.span,
                severity=Severity.WARNING,
                help="remove it",
            )
    if not isinstance(on, Mapping):
        return
    for key, settings in on.entries:
        known = FILTERS.get(key.text, {})
        if not isinstance(settings, Mapping):
            continue
        if key.text in PLAIN_EVENTS:
            _no_settings(key.text, settings, bag)
            continue
        if key.text == "push":
            _only_tags(settings, bag)
        for name, value in settings.entries:
            filter = name.text
            if filter not in _LISTS:
                continue
            if isinstance(value, Sequence) and not value.items:
                if key.text == "workflow_run" and filter == "workflows":
                    continue
                _empty(key.text, name, bag)
            elif filter in known and filter in _REFS | PATHS:
                _patterns(filter, value, bag)


def _no_settings(event: str, settings: Mapping, bag: DiagnosticBag) -> None:
    """One finding for each filter of an event that has none, instead of one for them all."""
    start, end = settings.span.start, settings.span.end
    bag.items = [
        found
        for found in bag.items
        if found.code != "wrong-type" or found.span is None or not start <= found.span.start < end
    ]
    for name, _ in settings.entries:
        bag.add(
            "unknown-key",
            f"'{event}' has no filter '{name.text}'",
            name.span,
            severity=Severity.WARNING,
            notes=("GitHub passes over it: it has no effect",),
            help="the event can't be filtered: ask in an if: of the job, for example for github.ref_name",
        )


def _no_workflows(at: Span, bag: DiagnosticBag) -> None:
    bag.add(
        "missing-workflows",
        "`on.workflow_run` does not reference any workflows",
        at,
        severity=Severity.WARNING,
        notes=("without 'workflows' the event never comes",),
        help="write 'workflows:' with the names of the workflows to follow",
    )


def _empty(event: str, name: Scalar, bag: DiagnosticBag) -> None:
    bag.add(
        "filter-empty",
        f"'{name.text}' of '{event}' is an empty list",
        name.span,
        severity=Severity.WARNING,
        notes=("GitHub does not document whether it lets everything through or nothing",),
        help="remove it, or write what it should let through",
    )


def _patterns(filter: str, value: Node, bag: DiagnosticBag) -> None:
    nodes = value.items if isinstance(value, Sequence) else (value,)
    positive = False
    early: list[Scalar] = []
    for node in nodes:
        if not isinstance(node, Scalar) or node.value is None or not node.text or "${{" in node.text:
            positive = True
            continue
        pattern = _read(node, bag)
        if pattern is None:
            positive = True
            continue
        fault = next(faults(filter, pattern), None)
        if fault is not None:
            whole = fault.end - fault.start == len(node.text)
            span = node.span if whole else place(node, fault.start, fault.end)
            bag.add(_NEVER, fault.message, span, severity=Severity.WARNING, help=fault.help)
        if pattern.excludes and not positive and fault is None:
            early.append(node)
        positive = positive or not pattern.excludes
    if positive and not filter.endswith("-ignore"):
        for node in early:
            _too_early(filter, node, bag)
    if not positive and not filter.endswith("-ignore") and nodes:
        first = nodes[0]
        bag.add(
            _NEVER,
            f"'{filter}' has only patterns that exclude: it never matches",
            first.span,
            severity=Severity.WARNING,
            help=f"write '{filter}-ignore', or put a pattern without ! first",
        )


def _too_early(filter: str, node: Scalar, bag: DiagnosticBag) -> None:
    bag.add(
        "filter-no-effect",
        f"'{node.text}' excludes nothing: nothing is let in before it, and what comes after it counts",
        node.span,
        severity=Severity.WARNING,
        help=f"put it below the patterns of '{filter}' that it makes an exception of",
    )


def _only_tags(settings: Mapping, bag: DiagnosticBag) -> None:
    """A push of a tag is not asked for its paths (DOC: workflow syntax, on.push.paths)."""
    names = {name.text for name, _ in settings.entries}
    if names & {"tags", "tags-ignore"} and not names & {"branches", "branches-ignore"}:
        for name, _ in settings.entries:
            if name.text in PATHS:
                bag.add(
                    "filter-no-effect",
                    f"'{name.text}' has no effect: only tags are let in, and GitHub looks at no paths for tags",
                    name.span,
                    severity=Severity.WARNING,
                    help="remove it, or let branches in too",
                )


def _read(node: Scalar, bag: DiagnosticBag) -> Pattern | None:
    try:
        return read_pattern(node.text)
    except BadPattern as error:
        bag.add(
            "filter-pattern",
            str(error),
            place(node, error.start, error.end),
            notes=("? and + repeat the character or set before them; * is any text without a slash",),
            help="put a backslash before a sign that stands for itself",
        )
        return None
