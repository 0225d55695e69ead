"""``on.schedule``: times that GitHub can't read, that are too close, or that never come."""

from __future__ import annotations

from functools import cache

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.places import place
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.cron import FORMAT, BadCron, read_cron
from actlite.workflow.model import Workflow
from actlite.workflow.nearest import did_you_mean

SHORTEST = 5
"""GitHub starts scheduled workflows at most once in so many minutes (DOC: events, schedule)."""

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Brazil", "Canada"}
    | {"Chile", "Etc", "Europe", "Indian", "Mexico", "Pacific", "US"}
)


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Look at every entry of ``schedule``, and whether there is one."""
    del workflow
    on = access.get(root, "on")
    for event, span, settings in _events(on):
        if event != "schedule":
            continue
        entries = settings.items if isinstance(settings, Sequence) else ()
        if not entries and (settings is None or isinstance(settings, Sequence)):
            bag.add(
                "missing-cron",
                "a schedule without 'cron' never runs",
                span,
                severity=Severity.WARNING,
                help="write the times below 'schedule:', such as - cron: '0 4 * * *'",
            )
        for entry in entries:
            cron = access.scalar(entry, "cron")
            if cron is not None:
                _cron(cron, bag)
            zone = access.scalar(entry, "timezone")
            if zone is not None:
                _timezone(zone, bag)


def _events(on: Node | None) -> list[tuple[str, Span, Node | None]]:
    if isinstance(on, Scalar):
        return [(on.text, on.span, None)]
    if isinstance(on, Sequence):
        return [(item.text, item.span, None) for item in on.items if isinstance(item, Scalar)]
    if isinstance(on, Mapping):
        return [(key.text, key.span, value) for key, value in on.entries]
    return []


def _cron(node: Scalar, bag: DiagnosticBag) -> None:
    if node.value is None or node.value == "" or "${{" in node.text:
        return
    try:
        cron = read_cron(node.text)
    except BadCron as error:
        instead = _NICKNAMES.get(node.text.strip().lower())
        bag.add(
            "cron-syntax",
            FORMAT,
            place(node, error.start, error.end),
            notes=(str(error),),
            help=f"write '{instead}'" if instead else "",
        )
        return
    for odd in cron.odd:
        bag.add("cron-syntax", odd.message, place(node, odd.start, odd.end), severity=Severity.WARNING)
    if not cron.comes:
        bag.add(
            "cron-never",
            "this schedule never comes: no such month has such a day",
            node.span,
            severity=Severity.WARNING,
        )
    elif cron.shortest < SHORTEST:
        bag.add(
            "cron-too-often",
            f"this asks for a run every {cron.shortest} minutes, and GitHub starts one at most every {SHORTEST}"
            if cron.shortest > 1
            else f"this asks for a run every minute, and GitHub starts one at most every {SHORTEST}",
            node.span,
            severity=Severity.WARNING,
            help=f"write */{SHORTEST} for the minutes",
        )


def _timezone(node: Scalar, bag: DiagnosticBag) -> None:
    name = node.text
    if node.value is None or not name or "${{" in name:
        return
    known = _timezones()
    if not known or name in known or name.upper() == "UTC":
        return
    if "US/Pacific" not in known and name.partition("/")[0] in _AREAS:
        return
    bag.add(
        "unknown-timezone",
        f"there is no time zone '{name}'",
        node.span,
        severity=Severity.WARNING,
        label=did_you_mean(name, known),
        help="write a name of the IANA database, such as Europe/Berlin",
    )


@cache
def _timezones() -> frozenset[str]:
    """The names that this machine knows; empty where it has no such database. A database without
    ``US/Pacific`` lacks old names, which GitHub may know."""
    import zoneinfo

    return frozenset(zoneinfo.available_timezones())
