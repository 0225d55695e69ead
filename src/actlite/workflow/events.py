"""Reads ``on:``: the events of a workflow with their filters and inputs."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Fix, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.workflow import access
from actlite.workflow.model import CalledOutput, CalledSecret, EventFilter, Input
from actlite.workflow.nearest import nearest
from actlite.workflow.schema_events import ACTIVITY_TYPES

_PAIRS = (("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore"))


def read_events(node: Node | None, bag: DiagnosticBag) -> tuple[EventFilter, ...]:
    """The events in file order, with findings on filters that contradict each other."""
    if isinstance(node, Scalar):
        return (EventFilter(node.text, node.span),) if node.text else ()
    if isinstance(node, Sequence):
        if not node.items:
            _no_events(node, bag)
        return tuple(EventFilter(item.text, item.span) for item in node.items if isinstance(item, Scalar))
    if isinstance(node, Mapping):
        if not node.entries:
            _no_events(node, bag)
        return tuple(_event(key, value, bag) for key, value in node.entries)
    return ()


def _no_events(node: Node, bag: DiagnosticBag) -> None:
    bag.add(
        "no-events",
        "No event triggers defined in `on`",
        node.span,
        help="name an event, such as push or workflow_dispatch",
    )


def _event(key: Scalar, value: Node, bag: DiagnosticBag) -> EventFilter:
    name = key.text
    if isinstance(value, Mapping):
        _check_filters(name, value, bag)

    def texts(filter: str) -> tuple[str, ...] | None:
        return access.texts(access.get(value, filter))

    cron: tuple[str, ...] = ()
    if name == "schedule" and isinstance(value, Sequence):
        cron = tuple(access.text(item, "cron") for item in value.items)
    inputs: tuple[Input, ...] = ()
    if name in {"workflow_dispatch", "workflow_call"}:
        inputs = _inputs(access.get(value, "inputs"))
    return EventFilter(
        name,
        key.span,
        types=texts("types"),
        branches=texts("branches"),
        branches_ignore=texts("branches-ignore"),
        tags=texts("tags"),
        tags_ignore=texts("tags-ignore"),
        paths=texts("paths"),
        paths_ignore=texts("paths-ignore"),
        workflows=texts("workflows"),
        inputs=inputs,
        cron=cron,
        secrets=_secrets(access.get(value, "secrets")) if name == "workflow_call" else (),
        outputs=_outputs(access.get(value, "outputs")) if name == "workflow_call" else (),
    )


def _secrets(node: Node | None) -> tuple[CalledSecret, ...]:
    entries = node.entries if isinstance(node, Mapping) else ()
    return tuple(
        CalledSecret(key.text, key.span, access.flag(value, "required"), access.text(value, "description"))
        for key, value in entries
    )


def _outputs(node: Node | None) -> tuple[CalledOutput, ...]:
    entries = node.entries if isinstance(node, Mapping) else ()
    return tuple(
        CalledOutput(key.text, key.span, access.scalar(value, "value"), access.text(value, "description"))
        for key, value in entries
    )


def _check_filters(name: str, value: Mapping, bag: DiagnosticBag) -> None:
    for pair in _PAIRS:
        keys = [key for key, _ in value.entries if key.text in pair]
        if len(keys) == len(pair):
            bag.add(
                "filter-conflict",
                f"'{name}' has both '{pair[0]}' and '{pair[1]}': only one of them may be given",
                keys[1].span,
                help=f"write the exceptions into '{pair[0]}', with ! before them",
            )
    known = ACTIVITY_TYPES.get(name, ())
    for text, span in access.spanned_texts(access.get(value, "types")):
        if known and text and text not in known:
            guess = nearest(text, known)
            bag.add(
                "unknown-activity-type",
                f"'{name}' has no activity type '{text}'",
                span,
                severity=Severity.WARNING,
                label=f"did you mean '{guess}'?" if guess else "",
                help=f"its types: {', '.join(known)}",
                fix=Fix(f"write '{guess}'", span, guess) if guess and span.text == text else None,
            )


def _inputs(node: Node | None) -> tuple[Input, ...]:
    if not isinstance(node, Mapping):
        return ()
    found = []
    for key, value in node.entries:
        kind = access.text(value, "type") or "string"
        options = access.texts(access.get(value, "options"))
        default = access.get(value, "default")
        found.append(
            Input(
                key.text,
                key.span,
                type=kind,
                required=access.flag(value, "required"),
                default=default,
                description=access.text(value, "description"),
                options=options or (),
            )
        )
    return tuple(found)
