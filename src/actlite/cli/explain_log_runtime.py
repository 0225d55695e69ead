"""The story of a node of the runner's that could not start: which, why on that day, what worked then and works today."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actlite.cli.explain_log_story import Story, because, has, known_row
from actlite.glibc.reading_logs.reader import LoggedFailure
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.glibc.catalogue import ImageRow
    from actlite.glibc.ways import Way
    from actlite.runtimes.choice import Choice
    from actlite.runtimes.eras import Runner

_RUNTIME = re.compile(r".*?/(?:__e|externals)/(?P<name>node\d+)(?:_alpine)?/bin/node")
MOST_LIKE = 6
"""Images that are named as having these very lines."""


def runtime_story(found: LoggedFailure, today: datetime.date) -> Story | None:
    """The story of a failure; None where the program is no node of the runner's."""
    runtime = _RUNTIME.fullmatch(found.failure.program)
    return _Runtime(found, today, runtime["name"]).story() if runtime is not None else None


@frozen
class _Era:
    """When it was, and what the runner of then made of the action."""

    runner: Runner | None
    choice: Choice | None
    told: str
    """How the date is known; empty where it is the log's own."""


class _Runtime:
    """A node of the runner's that could not start."""

    def __init__(self, found: LoggedFailure, today: datetime.date, runtime: str) -> None:
        self._found = found
        self._around = found.around
        self._today = today
        self._runtime = runtime
        self._arch = "arm64" if any("aarch64" in line for line in found.failure.lines) else "x64"
        self._action, self._declared = self._who()
        self._era = self._when()
        self._row = known_row(found, self._arch)
        self._like = self._rows_like() if self._row is None and found.failure.kind == "versions" else ()
        if len({str(row) for row in self._like}) == 1:
            self._row = self._like[0]
        self._now_ways = self._ways(self._runtime_today(), today)

    def story(self) -> Story:
        """All that is told of it."""
        return Story(
            self._found,
            self._headline(),
            facts=self._facts(),
            has=has(self._found, None if self._like else self._row) or self._deduced(),
            why=self._why(),
            then=self._then(),
            today=self._now(),
            now=tuple(way.line for way in self._now_ways),
            notes=self._notes(),
        )

    def _who(self) -> tuple[str, str]:
        """The action that it was, and what it declares; '' for what the log doesn't tell."""
        named = self._found.actions or tuple(self._around.actions)
        declared = {name: self._declares(name) for name in named}
        for name, using in declared.items():
            if self._found.actions and using.startswith("node"):
                return name, using
        # Steps of the piece of a workflow, or of the set-up: one whose runtime this was at some time.
        for name, using in declared.items():
            if using.startswith("node") and _days(using, self._runtime):
                return name, using
        return next(iter(self._found.actions), ""), ""

    def _declares(self, name: str) -> str:
        told = self._around.declared.get(name) or self._around.declared.get(name.partition("@")[0])
        if told:
            return told
        from actlite.actions.known import known_using
        from actlite.actions.reference import RemoteAction, parse
        from actlite.errors import UsageError

        try:
            action = parse(name)
        except UsageError:
            return ""
        if not isinstance(action, RemoteAction):
            return ""
        refs = (self._around.actions.get(name, ""), action.ref)
        return next(
            (
                using
                for ref in refs
                if ref and (using := known_using(action.owner, action.repo, action.path, ref))
            ),
            "",
        )

    def _when(self) -> _Era:
        from actlite.errors import UsageError
        from actlite.runtimes.eras import runner_at

        day, told = self._around.day, ""
        if day is None:
            day, told = self._guessed_day()
        if day is None:
            return _Era(None, None, "")
        try:
            runner = runner_at(day)
            choice = self._choose(runner, self._declared) if self._declared else None
        except UsageError:
            return _Era(None, None, "")
        return _Era(runner, choice, told)

    def _guessed_day(self) -> tuple[datetime.date | None, str]:
        """The first day that fits what the log tells of the runner and the runtime."""
        from actlite.runtimes.eras import changes, runner_at

        if not self._around.runner:
            return None, ""
        days = [
            day
            for day in sorted({*changes(), *_days_of(self._around.runner)})
            if runner_at(day).release == self._around.runner
        ]
        for day in days:
            choice = self._choose(runner_at(day), self._declared) if self._declared else None
            if choice is None or choice.runtime == self._runtime:
                return day, f"runner {self._around.runner} was there from {day} on"
        return None, ""

    def _choose(self, runner: Runner, declared: str) -> Choice | None:
        from actlite.runtimes.choice import UnsupportedUsing

        try:
            return runner.choose(declared, self._around.variables)
        except UnsupportedUsing:
            return None

    def _headline(self) -> str:
        image = self._around.image
        where = (
            f"in {image}"
            if image
            else "in that container"
            if "/__e/" in self._found.failure.program
            else "on that machine"
        )
        return f"The runner's {self._runtime} cannot start {where}: {because(self._found, self._row)}."

    def _facts(self) -> tuple[tuple[str, str], ...]:
        around, era = self._around, self._era
        runner = around.runner or (era.runner.release if era.runner and around.day else "")
        parts = [
            f"runner {runner}" if runner else "",
            str(around.day)
            if around.day
            else era.told.replace(f"runner {runner} was", "it was")
            if era.told
            else "",
        ]
        facts = [
            ("step", ", ".join(self._found.actions) or self._found.step),
            ("job", ", ".join(self._found.jobs)),
            ("when", " · ".join(part for part in parts if part)),
        ]
        return tuple((label, words) for label, words in facts if words)

    def _why(self) -> tuple[str, ...]:
        era, action = self._era, self._action
        if self._declared and era.choice is not None and era.choice.runtime == self._runtime:
            reasons = list(era.choice.reasons)
            reasons[0] = f"{action} {reasons[0]}"
            return tuple(reasons)
        if self._declared:
            days = _days(self._declared, self._runtime)
            period = f"the runner took {self._runtime} for it {_periods(days, self._today)}" if days else ""
            return tuple(filter(None, (f"{action} declares {self._declared}", period)))
        by_period: dict[str, list[str]] = {}
        for declared in ("node12", "node16", "node20", "node24"):
            if days := _days(declared, self._runtime):
                by_period.setdefault(_periods(days, self._today), []).append(declared)
        return tuple(
            f"the runner took {self._runtime} for actions that declare {' or '.join(names)} {period}"
            for period, names in by_period.items()
        )

    def _runtime_today(self) -> str:
        from actlite.runtimes.eras import runner_at

        choice = self._choose(runner_at(self._today), self._declared or self._runtime)
        return choice.runtime if choice is not None else ""

    def _now(self) -> str:
        runtime = self._runtime_today()
        if not runtime:
            return ""
        loading = self._loading(runtime, self._today)
        if self._declared:
            start = f"the runner takes {runtime} for what declares {self._declared}"
        else:
            start = (
                f"the runner takes {runtime} in the place of {self._runtime}"
                if runtime != self._runtime
                else f"the runner has {runtime}"
            )
        if loading is None:
            return start
        either = " either" if runtime != self._runtime else ""
        return f"{start}, which starts there" if loading else f"{start}, which does not start there{either}"

    def _loading(self, runtime: str, day: datetime.date) -> bool | None:
        """Whether the node of a day starts in the image, by the catalogue; None where it isn't known."""
        from actlite.glibc.catalogue import node_build, system_of
        from actlite.glibc.loading import load
        from actlite.runtimes.eras import runner_at

        version = runner_at(day).nodes.get(runtime, "")
        build = node_build(version, self._arch) if version else None
        if build is None or self._row is None or self._row.has_libstdcxx is None:
            return None
        loading = load(build, self._found.failure.program, system_of(self._row, self._arch))
        return loading.starts if loading.is_known else None

    def _then(self) -> tuple[str, ...]:
        """What worked at the time of the log and does not work any more, without the command that does it today."""
        if self._era.runner is None:
            return ()
        today = {(way.name, way.title) for way in self._now_ways}
        return tuple(
            f"{way.title} ({way.cost})" if way.cost else way.title
            for way in self._ways(self._runtime, self._era.runner.date)
            if (way.name, way.title) not in today
        )

    def _ways(self, runtime: str, day: datetime.date) -> tuple[Way, ...]:
        from actlite.glibc.ways import Situation, ways

        kind = self._found.failure.kind
        if kind == "format" or not runtime:
            return ()
        if self._loading(runtime, day):
            return ()
        row = self._row
        newest = {"GLIBC": self._around.glibc or (row.glibc if row else "")}
        if row is not None:
            newest |= {"GLIBCXX": row.glibcxx, "CXXABI": row.cxxabi}
        libc = row.kind if row is not None else "musl" if kind in ("interpreter", "musl") else "glibc"
        at = Situation(
            runtime,
            day,
            self._declared,
            self._action,
            libc,
            {key: value for key, value in newest.items() if value},
            self._arch,
            has_libraries=kind != "library",
        )
        return ways(at)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if "/__e/" not in self._found.failure.program:
            notes.append("This is a runner of your own: its machine needs what its node needs.")
        era = self._era
        if era.choice is not None and era.runner is not None and era.choice.runtime != self._runtime:
            notes.append(
                f"By the tables the runner of {era.runner.date} takes {era.choice.runtime} for {self._declared}; "
                f"the log shows {self._runtime}, so something else decided."
            )
        return tuple(notes)

    def _deduced(self) -> str:
        """What these lines alone say of the image."""
        if not self._like:
            return ""
        names = [row.name for row in self._like]
        more = f" and {len(names) - MOST_LIKE} more" if len(names) > MOST_LIKE else ""
        what = f"{self._row}; " if self._row is not None else ""
        return f"{what}these very lines come from {', '.join(names[:MOST_LIKE])}{more}, by the catalogue"

    def _rows_like(self) -> Sequence[ImageRow]:
        """Images on which the loader says just this, by the catalogue."""
        from actlite.glibc.catalogue import node_build, rows, system_of
        from actlite.glibc.loading import load
        from actlite.runtimes.eras import runner_at

        day = self._era.runner.date if self._era.runner else self._last_day()
        version = runner_at(day).nodes.get(self._runtime, "")
        build = node_build(version, self._arch) if version else None
        if build is None:
            return ()
        said = {(item.library.rpartition("/")[2], item.version) for item in self._found.failure.missing}
        places = {
            f" {item.library}: " for item in self._found.failure.missing if item.library.startswith("/")
        }
        like = []
        for row in rows():
            if row.kind != "glibc" or self._arch not in row.arches:
                continue
            loading = load(build, self._found.failure.program, system_of(row, self._arch))
            missing = {(item.library, item.version) for item in loading.missing}
            if missing == said and all(any(place in line for line in loading.lines) for place in places):
                like.append(row)
        return like

    def _last_day(self) -> datetime.date:
        """The last day on which the runner carried the runtime."""
        from actlite.runtimes.eras import changes, runner_at

        days = [day for day in changes() if day <= self._today and self._runtime in runner_at(day).nodes]
        return days[-1] if days else self._today


def _days(declared: str, runtime: str) -> tuple[tuple[datetime.date, datetime.date | None], ...]:
    """The periods in which hosted runners took a runtime for what an action declares, without any variable: first day,
    and the first day on which it was over (None: it is still so)."""
    from actlite.runtimes.choice import UnsupportedUsing
    from actlite.runtimes.eras import changes, runner_at

    periods: list[tuple[datetime.date, datetime.date | None]] = []
    start: datetime.date | None = None
    for day in changes():
        try:
            holds = runner_at(day).choose(declared, {}).runtime == runtime
        except UnsupportedUsing:
            holds = False
        if holds and start is None:
            start = day
        elif not holds and start is not None:
            periods.append((start, day))
            start = None
    if start is not None:
        periods.append((start, None))
    return tuple(periods)


def _periods(days: Sequence[tuple[datetime.date, datetime.date | None]], today: datetime.date) -> str:
    return ", ".join(
        f"since {first}"
        if last is None or last > today
        else f"from {first} until {last - datetime.timedelta(days=1)}"
        for first, last in days
    )


def _days_of(release: str) -> tuple[datetime.date, ...]:
    """The first day of a runner's release; () for one that isn't known."""
    from actlite.runtimes.eras import released

    day = released(release)
    return (day,) if day is not None else ()
