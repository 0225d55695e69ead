"""Goes through a log of any size, and gives what could not start in it, with the circumstances of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actlite.events import Missing
from actlite.glibc import loader
from actlite.glibc.reading_logs import circumstances, forms
from actlite.glibc.reading_logs.circumstances import Circumstances, JobNotes
from actlite.glibc.reading_logs.cleaning import Line, clean
from actlite.records import changeable, field, frozen

NEEDLES = (*loader.NEEDLES, b"GLIBC", b"CXXABI", b"relocation error", b"lookup error", b"undefined reference", b"rosetta error", b"kernel too old", b"required file")  # fmt: skip
MAX_PER_NEEDLE = 20_000
"""Lines of a log that are looked at for one needle, so that no kind of noise hides another's lines."""
MAX_FAILURES = 50
MAX_JOBS = 500
MAX_LINE = loader.MAX_LINE
_ORDER = (
    "versions",
    "library",
    "relr",
    "symbol",
    "musl",
    "interpreter",
    "format",
    "kernel",
    "link",
    "not-found",
)
"""Which failures tell most, where several are in one log."""


@frozen
class LoggedFailure:
    """A program that could not start, and where in the log that is."""

    failure: loader.LoaderFailure
    around: Circumstances
    actions: tuple[str, ...] = ()
    """The actions whose steps it was, where the log tells."""
    step: str = ""
    """The first step, as the log names it."""
    jobs: tuple[str, ...] = ()
    """The jobs that had it, where the log names them: legs of a matrix fail alike."""


@changeable
class _Found:
    kind: str
    program: str
    certain: bool
    notes: JobNotes
    action: str
    step: str
    missing: dict[tuple[str, str], Missing] = field(default_factory=dict)
    lines: dict[str, None] = field(default_factory=dict)


class LogReader:
    """Takes a log in pieces of any size, and keeps next to nothing of it."""

    def __init__(self) -> None:
        self._rest = b""
        self._jobs: dict[str, JobNotes] = {}
        self._found: dict[tuple[str, str, int, str], _Found] = {}
        self._kept: list[JobNotes] = []
        """All of them, so that no two have the same id."""
        self._looked: dict[bytes, int] = {}
        self._file = ""

    def start(self, name: str) -> None:
        """What follows is another file of the same log; ``name`` is that of its job."""
        self.end()
        self._file = name

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest = (self._rest + data[:MAX_LINE])[:MAX_LINE]
            return
        text = self._rest + data[:end] if self._rest or end < len(data) else data
        self._rest = data[end : end + MAX_LINE]
        self._scan(text)

    def end(self) -> None:
        """The log, or one file of it, has ended."""
        rest, self._rest = self._rest, b""
        if rest:
            self._scan(rest)

    def failures(self) -> tuple[LoggedFailure, ...]:
        """What was found, most important first; each once, however many jobs had it."""
        self.end()
        groups: dict[tuple[object, ...], list[_Found]] = {}
        for found in self._found.values():
            told = found.notes.told()
            same = (found.kind, found.program, tuple(found.missing), told.image)
            groups.setdefault(same, []).append(found)
        result = [_logged(group) for group in groups.values()]
        return tuple(sorted(result, key=_importance))

    def _scan(self, text: bytes) -> None:
        refusals = self._starts(text, NEEDLES)
        others = self._starts(text, circumstances.NEEDLES)
        for start in sorted(refusals | others):
            line = clean(_decoded(text, start))
            notes = self._notes(line)
            if start not in refusals or not self._refused(text, start, line, notes):
                notes.note(line)

    def _starts(self, text: bytes, needles: Iterable[bytes]) -> set[int]:
        """Where the lines begin that have one of the needles; no more than the limit in the whole log."""
        starts: set[int] = set()
        for needle in needles:
            looked = self._looked.get(needle, 0)
            at = text.find(needle)
            while at >= 0 and looked < MAX_PER_NEEDLE:
                starts.add(text.rfind(b"\n", 0, at) + 1)
                looked += 1
                end = text.find(b"\n", at)
                at = text.find(needle, end) if end >= 0 else -1
            self._looked[needle] = looked
        return starts

    def _notes(self, line: Line) -> JobNotes:
        name = line.job or self._file
        known = self._jobs.get(name)
        if known is None or ("Current runner version" in line.text and known.runner):
            if len(self._kept) >= MAX_JOBS:
                return self._kept[-1]
            self._jobs[name] = known = JobNotes(job=name)
            self._kept.append(known)
        return known

    def _refused(self, text: bytes, start: int, line: Line, notes: JobNotes) -> bool:
        """Whether a line, maybe with those beside it, is a refusal; it is kept then."""
        found = forms.refusal(line.text)
        shown = line.text
        if ("GLIBC" in shown or "CXXABI" in shown) and (found is None or not shown.endswith(")")):
            following = list(_beside(text, start))
            before = _before(text, start)
            whole = forms.unwrapped([shown, *following]) or (
                before and forms.unwrapped([before, shown, *following[:1]])
            )
            if whole:
                found, shown = whole
        if found is None:
            return False
        notes.day = notes.day or line.day
        self._keep(found, shown, notes, line)
        return True

    def _keep(self, refusal: loader.Refusal, line: str, notes: JobNotes, place: Line) -> None:
        key = (refusal.kind, refusal.program, id(notes), notes.action)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MAX_FAILURES:
                return
            step = place.step or notes.step
            found = _Found(refusal.kind, refusal.program, refusal.certain, notes, notes.action, step)
            self._found[key] = found
        if len(found.lines) < MAX_FAILURES * 2:
            found.lines.setdefault(line)
        missing = refusal.missing
        if missing is not None and len(found.missing) < MAX_FAILURES * 2:
            found.missing.setdefault((missing.library, missing.version), missing)


def read(pieces: Iterable[tuple[str, Iterable[bytes]]]) -> tuple[LoggedFailure, ...]:
    """What could not start in a log that consists of named files."""
    reader = LogReader()
    for name, data in pieces:
        reader.start(name)
        for piece in data:
            reader.feed(piece)
    return reader.failures()


def _logged(group: list[_Found]) -> LoggedFailure:
    first = group[0]
    failure = loader.LoaderFailure(
        first.program, first.kind, tuple(first.missing.values()), tuple(first.lines), first.certain
    )
    actions = dict.fromkeys(found.action for found in group if found.action)
    jobs = dict.fromkeys(found.notes.job for found in group if found.notes.job)
    return LoggedFailure(failure, first.notes.told(), tuple(actions), first.step, tuple(jobs))


def _importance(found: LoggedFailure) -> tuple[bool, bool, int]:
    failure = found.failure
    runtime = "/__e/" in failure.program or "/externals/" in failure.program
    return (not failure.certain, not runtime, _ORDER.index(failure.kind))


def _decoded(text: bytes, start: int) -> str:
    end = text.find(b"\n", start)
    line = text[start : min(end if end >= 0 else len(text), start + MAX_LINE)]
    return line.decode("utf-8", "replace").rstrip("\r")


def _beside(text: bytes, start: int) -> Iterator[str]:
    """The two lines that follow, cleaned."""
    at = start
    for _ in range(2):
        at = text.find(b"\n", at) + 1
        if not at or at >= len(text):
            return
        yield clean(_decoded(text, at)).text


def _before(text: bytes, start: int) -> str:
    """The line before, cleaned; empty where there is none."""
    return clean(_decoded(text, text.rfind(b"\n", 0, start - 1) + 1)).text if start else ""
