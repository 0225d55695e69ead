"""Which runner GitHub used on a date: its release, its node builds, what it accepts and maps.

The facts are in ``eras.json``. Everything about one date is gathered in a :class:`Runner`; the node that
it takes for an action is worked out in :mod:`actlite.runtimes.choice`.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actlite.errors import UsageError
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.runtimes.choice import Choice

TRUE_WORDS = frozenset({"1", "true", "$true"})
"""What the runner reads as true, whatever the case (R: StringUtil.ConvertToBoolean)."""


def is_true(value: bool | str | None) -> bool:
    """A flag's or variable's value as the runner reads it."""
    return value if isinstance(value, bool) else (value or "").lower() in TRUE_WORDS


@frozen
class Flag:
    """A switch that GitHub's server sends with every job (a job variable)."""

    name: str
    value: bool
    since: datetime.date
    """The first day on which GitHub sent it as true."""
    confidence: str
    """``announced`` or ``observed``; ``given`` where the user has set it."""
    source: str


@frozen
class NodeRule:
    """One rule by which the runner takes another node than the one that an action declares."""

    sources: tuple[str, ...]
    target: str
    since: datetime.date
    """The day of the release that brought the rule."""
    flag: str = ""
    """The rule holds by default only while this flag is on."""
    required: str = ""
    """While this flag is on, no variable changes the rule."""
    opt_in: str = ""
    """A variable that turns the rule on where the flag is off."""
    opt_out: str = ""
    """A variable that turns the rule off."""


@frozen
class ShutOff:
    """A service of GitHub's that no longer answers, or a command that no longer works."""

    id: str
    date: datetime.date
    what: str
    confidence: str
    source: str


@frozen
class Runner:
    """GitHub's runner on one date."""

    date: datetime.date
    release: str
    """Such as ``2.278.0``."""
    since: datetime.date
    """The day of that release."""
    nodes: Mapping[str, str]
    """Folder under the runner's externals to node version, for x64; ``node24_alpine`` and the like are musl builds."""
    accepted: tuple[str, ...]
    """Names that ``using:`` may have."""
    internal_node: str
    """The node that the runner uses for itself (hashFiles), on the host."""
    flags: Mapping[str, Flag]
    """All flags known to the table or given by the user."""
    rules: tuple[NodeRule, ...]
    forced_values: tuple[str, ...]
    """Values of ACTIONS_RUNNER_FORCE_ACTIONS_NODE_VERSION, in the runner's own environment, that have an effect."""
    shut_off: tuple[ShutOff, ...]
    """What no longer works on that date."""
    notes: tuple[str, ...] = ()
    """What the reader of a report should know about this choice of runner."""

    def flag(self, name: str) -> bool:
        """Whether a flag is on."""
        found = self.flags.get(name.lower())
        return found is not None and found.value

    def folders(self, arch: str = "x64") -> Mapping[str, str]:
        """The runner's node folders for an architecture; only x64 has musl builds
        (R: src/Misc/externals.sh)."""
        return {k: v for k, v in self.nodes.items() if arch == "x64" or not k.endswith("_alpine")}

    def is_shut_off(self, id: str) -> bool:
        """Whether a service or command is gone on that date."""
        return any(gone.id == id for gone in self.shut_off)

    def choose(
        self,
        using: str,
        env: Mapping[str, str],
        process_env: Mapping[str, str] | None = None,
        *,
        job_env: Mapping[str, str] | None = None,
    ) -> Choice:
        """The node that this runner takes for an action that declares ``using``.

        ``env`` is the step's whole environment; ``process_env`` the runner process's own. ``job_env`` is
        the environment without the step's own ``env:``, which is all that runners before 2.328 looked at;
        without it ``env`` is taken. Raises :class:`actlite.runtimes.choice.UnsupportedUsing`.
        """
        from actlite.runtimes.choice import choose

        return choose(self, using, env, process_env or {}, env if job_env is None else job_env)


def first_date() -> datetime.date:
    """The first day for which a runner is known."""
    return _date(_table()["releases"][0][0])


def changes() -> tuple[datetime.date, ...]:
    """The days on which hosted runners began to take or to carry other nodes, oldest first."""
    table = _table()
    days = {release: _date(day) for day, release in table["releases"]}
    named = [row[key] for row in table["mappings"] for key in ("since", "before") if key in row]
    named += [row["since"] for part in ("nodes", "accepted") for row in table[part]]
    found = {days[release] for release in named if release in days}
    return tuple(sorted(found | {_date(row["on"]) for row in table["flags"]}))


def released(release: str) -> datetime.date | None:
    """The day of a release of the runner; None for one that isn't known."""
    return next((_date(day) for day, name in _table()["releases"] if name == release), None)


def stretch(date: datetime.date) -> tuple[datetime.date, datetime.date]:
    """The days around a date on which the runner is the same: the first, and the first on which it is not."""
    table = _table()
    days = {_date(day) for day, _ in table["releases"]} | {_date(row["on"]) for row in table["flags"]}
    first = max((day for day in days if day <= date), default=datetime.date.min)
    return first, min((day for day in days if day > date), default=datetime.date.max)


def variables() -> tuple[str, ...]:
    """The variables of a workflow by which any of the runners chooses a node."""
    rows = _table()["mappings"]
    return tuple(sorted({row[key] for row in rows for key in ("opt_in", "opt_out") if key in row}))


def runner_at(
    date: datetime.date,
    flags: Mapping[str, bool | str] | None = None,
    *,
    today: datetime.date | None = None,
) -> Runner:
    """The runner that GitHub used on a date. ``flags`` are put over the flags of that date.

    Raises UsageError for a date before the first known release.
    """
    table = _table()
    releases = table["releases"]
    known = [(day, release) for day, release in releases if _date(day) <= date]
    if not known:
        raise UsageError(
            f"No runner is known for {date}.",
            why=f"GitHub published its runner first on {releases[0][0]} (release {releases[0][1]}).",
            do=f"Give --as-of a date from {releases[0][0]} on.",
        )
    day, release = known[-1]
    nodes: dict[str, str] = dict(_current(table["nodes"], release)["nodes"])
    nodes |= {f"{name}_alpine": version for name, version in nodes.items()}
    days = {name: _date(when) for when, name in releases}
    return Runner(
        date=date,
        release=release,
        since=_date(day),
        nodes=nodes,
        accepted=tuple(_current(table["accepted"], release)["using"]),
        internal_node=_current(table["internal"], release)["node"],
        flags=_flags(table, date, flags or {}),
        rules=tuple(_rule(row, days) for row in table["mappings"] if _holds(row, release)),
        forced_values=tuple(row["value"] for row in table["forced_by_process"] if _holds(row, release)),
        shut_off=tuple(
            ShutOff(row["id"], _date(row["date"]), row["what"], row["confidence"], row["source"])
            for row in table["shut_off"]
            if _date(row["date"]) <= date
        ),
        notes=_notes(table, date, release, today or datetime.date.today()),
    )


def _notes(
    table: Mapping[str, Any], date: datetime.date, release: str, today: datetime.date
) -> tuple[str, ...]:
    notes = []
    if date > today:
        notes.append(
            f"{date} has not come yet: the newest runner known ({release}) and all announced changes up to then."
        )
    elif date > _date(table["releases_known_until"]):
        notes.append(
            f"Runner releases are known up to {table['releases_known_until']}; {release} is the newest of them."
        )
    return tuple(notes)


@cache
def _table() -> dict[str, Any]:
    text = Path(__file__).with_name("eras.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _number(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def _current(rows: Sequence[Mapping[str, Any]], release: str) -> Mapping[str, Any]:
    return [row for row in rows if _number(row["since"]) <= _number(release)][-1]


def _holds(row: Mapping[str, Any], release: str) -> bool:
    start, end = _number(row["since"]), row.get("before")
    return start <= _number(release) and (end is None or _number(release) < _number(end))


def _rule(row: Mapping[str, Any], days: Mapping[str, datetime.date]) -> NodeRule:
    return NodeRule(
        sources=tuple(row["from"]),
        target=row["to"],
        since=days[row["since"]],
        flag=row.get("flag", ""),
        required=row.get("required", ""),
        opt_in=row.get("opt_in", ""),
        opt_out=row.get("opt_out", ""),
    )


def _flags(table: Mapping[str, Any], date: datetime.date, given: Mapping[str, bool | str]) -> dict[str, Flag]:
    flags = {
        row["name"].lower(): Flag(
            row["name"], _date(row["on"]) <= date, _date(row["on"]), row["confidence"], row["source"]
        )
        for row in table["flags"]
    }
    for name, value in given.items():
        # The last part of a flag's name is enough where it is one of the table's.
        key = next(
            (known for known in flags if known == name.lower() or known.endswith(f".{name.lower()}")),
            name.lower(),
        )
        old = flags.get(key)
        flags[key] = Flag(
            old.name if old else name,
            is_true(value),
            min(old.since, date) if old else date,
            "given",
            "--runner-flag",
        )
    return flags
