"""From what a log says of a program that could not start to the whole story, with the offline tables alone."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from actlite.events import Missing
from actlite.glibc.elf import newest_of, version_key
from actlite.glibc.reading_logs.causes import Cause, cause
from actlite.glibc.reading_logs.reader import LoggedFailure
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.glibc.catalogue import ImageRow
    from actlite.glibc.ways import Way
    from actlite.runtimes.choice import Choice
    from actlite.runtimes.eras import Runner

_RUNTIME = re.compile(r".*?/(?:__e|externals)/(?P<name>node\d+)(?P<alpine>_alpine)?/bin/node")
MOST_LIKE = 6
"""Images that are named as having these very lines."""
MOST_CAUSES = 5
_LIBRARY_FAILED = "library"


@frozen
class Story:
    """What is told of one failure."""

    found: LoggedFailure
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    """What the log tells: label and words."""
    has: str = ""
    """What the image or the system has, and who says so."""
    why: tuple[str, ...] = ()
    """Why that runtime."""
    causes: tuple[tuple[str, Cause], ...] = ()
    """What usually brings the versions that are missing, newest first."""
    starts_on: str = ""
    """The oldest systems that have what is missing."""
    then: tuple[str, ...] = ()
    """What worked at the time of the log."""
    today: str = ""
    """What comes of it with today's runner."""
    now: tuple[str, ...] = ()
    """What works today."""
    notes: tuple[str, ...] = ()


def tell(found: LoggedFailure, today: datetime.date) -> Story:
    """The story of a failure."""
    runtime = _RUNTIME.fullmatch(found.failure.program)
    if runtime is not None:
        return _Runtime(found, today, runtime["name"], bool(runtime["alpine"])).story()
    return _program(found)


@frozen
class _Era:
    """When it was, and what the runner of then made of the action."""

    runner: Runner | None
    choice: Choice | None
    told: str
    """How the date is known; empty where it is the log's own."""


class _Runtime:
    """A node of the runner's that could not start."""

    def __init__(self, found: LoggedFailure, today: datetime.date, runtime: str, alpine: bool) -> None:
        self._found = found
        self._around = found.around
        self._today = today
        self._runtime = runtime
        self._alpine = alpine
        self._arch = "arm64" if any("aarch64" in line for line in found.failure.lines) else "x64"
        self._action, self._declared = self._who()
        self._era = self._when()
        self._row = known_row(found, self._arch)
        self._like = self._rows_like() if self._row is None and found.failure.kind == "versions" else ()
        if len({str(row) for row in self._like}) == 1:
            self._row = self._like[0]
        self._now_ways = self._ways(self._runtime_today(), today)

    def story(self) -> Story:
        return Story(
            self._found,
            self._headline(),
            facts=self._facts(),
            has=_has(self._found, None if self._like else self._row) or self._deduced(),
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
        return f"The runner's {self._runtime} cannot start {where}: {_because(self._found, self._row)}."

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
        return load(build, self._found.failure.program, system_of(self._row, self._arch)).starts

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
            has_libraries=kind != _LIBRARY_FAILED,
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


def known_row(found: LoggedFailure, arch: str) -> ImageRow | None:
    """The catalogue's row for the image of a log; None where neither knows."""
    from actlite.glibc.catalogue import image_row

    image = found.around.image
    return image_row(image, arch) if image else None


def _program(found: LoggedFailure) -> Story:
    """A program that is none of the runner's."""
    from actlite.glibc import advice

    failure = found.failure
    row = known_row(found, "x64")
    has = found.around.glibc or (row.glibc if row else "")
    versions = [item.version for item in failure.missing if item.version]
    needs = newest_of(versions).get("GLIBC", "")
    fixes: tuple[str, ...]
    match failure.kind:
        case "versions" | "relr" | "symbol":
            fixes = advice.for_program(has, needs)
        case "link":
            fixes = (
                "Link on a system with that glibc or later, or take a build of that library made for this system's glibc",
            )
        case "library":
            fixes = tuple(line for item in failure.missing for line in advice.for_library(item.library))
        case "format":
            fixes = (
                "Take a build of the program for the machine's own processor, or an image of the program's architecture "
                "(docker run --platform)",
            )
        case "kernel":
            fixes = (
                "Run it on a newer kernel, or in an image whose glibc is older: the C library there asks for a newer Linux",
            )
        case "not-found":
            fixes = (
                "Look whether the file is there; if it is, its loader is not: see what `file` says of it, and `actlite audit FILE`",
            )
        case _:
            fixes = (
                "Build it for musl (target x86_64-unknown-linux-musl), or run it in an image with glibc, such as debian:12-slim",
            )
    facts = [
        ("step", ", ".join(found.actions) or found.step),
        ("job", ", ".join(found.jobs)),
        ("when", str(found.around.day or "")),
        ("where", found.around.image if found.around.image_from != "system" else found.around.distribution),
    ]
    return Story(
        found,
        f"{failure.program or 'A program'} cannot start: {_because(found, row)}."
        if failure.kind != "link"
        else f"{failure.program} can't be linked with: {_because(found, row)}.",
        facts=tuple((label, words) for label, words in facts if words),
        has=_has(found, row),
        causes=_causes(versions),
        starts_on=_systems(failure.missing) if failure.kind == "versions" else "",
        now=tuple(_alone(fix) for fix in fixes),
        notes=_program_notes(failure.kind, versions),
    )


def _program_notes(kind: str, versions: Sequence[str]) -> tuple[str, ...]:
    if kind in ("versions", "relr") and versions:
        return (
            "`actlite audit FILE` names the symbols that ask for these versions, and the systems that have them.",
        )
    return ()


def _alone(line: str) -> str:
    """A line of advice without the "or" that joins it to the one before."""
    return line[3:4].upper() + line[4:] if line.startswith("Or ") else line


def _systems(missing: Sequence[Missing]) -> str:
    """The oldest system of each distribution that has the versions that are missing, by the catalogue."""
    from actlite.glibc.audit.model import NeededVersion
    from actlite.glibc.audit.systems import judge

    needs = [NeededVersion(item.library.rpartition("/")[2], item.version) for item in missing]
    return ", ".join(judge(needs, "x64")[0])


def _causes(versions: Sequence[str]) -> tuple[tuple[str, Cause], ...]:
    names = sorted(
        {version.rpartition("@")[2] for version in versions},
        key=lambda name: (not name.startswith("GLIBC_"), [-part for part in version_key(name)]),
    )
    known = [(name, why) for name in names if (why := cause(name)) is not None]
    return tuple(known[:MOST_CAUSES])


def _because(found: LoggedFailure, row: ImageRow | None) -> str:
    failure = found.failure
    names = ", ".join(dict.fromkeys(item.library for item in failure.missing if item.library))
    match failure.kind:
        case "versions":
            return _lacking(found, row)
        case "library":
            return f"there is no {names}" if names else "a library that it needs can't be loaded"
        case "musl":
            return "it was built for another C library than the musl that is there"
        case "format":
            return "it is made for another kind of processor"
        case "relr":
            return "it is linked with packed relocations (DT_RELR), which need glibc 2.36"
        case "symbol" | "link":
            return "it asks for " + ", ".join(
                f"{name} of {version}"
                for name, _, version in (item.version.partition("@") for item in failure.missing[:3])
            )
        case "kernel":
            return "the C library asks for a newer Linux kernel"
        case "not-found" if failure.certain:
            return "there is no such file"
        case "not-found":
            return "there is no such file, or the loader that it names is not there"
        case _ if row is not None and row.kind == "musl":
            return "it is made for glibc, and the image has musl"
        case _:
            return (
                f"the loader that it names is not there ({names})"
                if names
                else 'the loader that it names is not there (a file that is there, yet "no such file")'
            )


def _lacking(found: LoggedFailure, row: ImageRow | None) -> str:
    lacks = newest_of([item.version for item in found.failure.missing])
    kinds = [kind for kind in ("GLIBC", "GLIBCXX", "CXXABI") if kind in lacks] or list(lacks)
    if not kinds:
        return f"the libraries lack {', '.join(item.version for item in found.failure.missing[:5])}"
    kind = kinds[0]
    has = {
        "GLIBC": found.around.glibc or (row.glibc if row else ""),
        "GLIBCXX": row.glibcxx if row else "",
        "CXXABI": row.cxxabi if row else "",
    }.get(kind, "")
    word = "glibc" if kind == "GLIBC" else kind
    return (
        f"it needs {word} {lacks[kind]}, there is {has}"
        if has
        else f"it needs {word} {lacks[kind]}, which is not there"
    )


def _has(found: LoggedFailure, row: ImageRow | None) -> str:
    told = found.around.glibc
    if row is not None:
        says = f"{row} (by the catalogue: {row.confidence})"
        return f"glibc {told}, as the log says; {says}" if told and told != row.glibc else says
    return f"glibc {told}, as the log says" if told else ""


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


def as_data(story: Story) -> Mapping[str, object]:
    """A story as JSON data."""
    found, around = story.found, story.found.around
    return {
        "kind": found.failure.kind,
        "certain": found.failure.certain,
        "program": found.failure.program,
        "summary": story.headline,
        "lines": list(found.failure.lines),
        "missing": [{"library": item.library, "version": item.version} for item in found.failure.missing],
        "actions": list(found.actions),
        "jobs": list(found.jobs),
        "runner": around.runner,
        "date": str(around.day) if around.day else "",
        "image": around.image,
        "has": story.has,
        "why": list(story.why),
        "causes": [
            {"version": version, "symbols": list(why.symbols), "what": why.what}
            for version, why in story.causes
        ],
        "starts_on": story.starts_on,
        "then": list(story.then),
        "today": story.today,
        "fixes": list(story.now),
        "notes": list(story.notes),
    }
