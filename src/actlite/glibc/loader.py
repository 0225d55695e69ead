"""Recognises in a step's output that the dynamic loader, or the kernel, refused to start a program.

The forms are those of glibc's ld.so (elf/dl-version.c, elf/dl-load.c), musl's (ldso/dynlink.c), Docker and
runc, and of the shells. What a line proves is in :attr:`LoaderFailure.certain`: a shell's "not found" for a path
may as well be about a file that is really absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from actlite.events import Missing
from actlite.records import changeable, field, frozen

NEEDLES = (b"not found", b"o such file or directory", b"xec format error")
"""Every line that matters has one of these; a chunk without them costs three substring searches."""
MAX_CANDIDATES = 50_000
"""Lines with a needle that are looked at in one log; what comes after is not, so that no log can make this slow."""
MAX_PROGRAMS = 50
MAX_LINE = 4096
"""Characters of a line that are looked at."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# No line may take long: a name in front begins where the line or what follows a colon begins, and no two repetitions
# can share the same text.
_VERSION = re.compile(
    r"(?:^|:)\s*(?P<program>[^\s:][^:]*): (?P<library>[^\s:][^:]*): (?P<weak>weak )?"
    r"version [`'](?P<version>[^`']+)' not found \(required by (?P<by>[^)]+)\)"
)
_LIBRARY = re.compile(
    r"(?:^|:)\s*(?P<program>[^\s:][^:]*): error while loading shared libraries: (?P<library>[^:]+): (?P<why>.+)"
)
_MUSL_SYMBOL = re.compile(r"Error relocating (?P<program>[^:]+): (?P<symbol>[^:]+): symbol not found")
_MUSL_LIBRARY = re.compile(
    r"Error loading shared library (?P<library>[^:]+): [^:(]+ \(needed by (?P<program>[^)]+)\)"
)
_OCI = re.compile(r'exec: "(?P<program>[^"]+)": (?P<why>.+)')
_EXEC = re.compile(r"(?:^|\s)exec (?P<program>/[^:]+): (?P<why>no such file or directory|exec format error)")
_INIT = re.compile(r"exec user process caused:? \"?(?P<why>no such file or directory|exec format error)")
_PYTHON_LIBRARY = re.compile(
    r"(?:ImportError|OSError): (?P<library>[^\s:]+): (?P<why>cannot open shared object file): No such file or directory"
)
_BAD_INTERPRETER = re.compile(
    r"(?:^|:)\s*(?:[^\s:/]+\s+)*+(?P<program>[^\s:/]*/[^:]+): (?P<library>/[^:]+): "
    r"bad ELF interpreter: No such file or directory"
)
_QEMU = re.compile(r"Could not open '(?P<library>/(?=[^']*ld-)[^']++)': No such file or directory")
_SHELL = re.compile(
    r"(?:^|\s)\S*sh: (?:(?:line )?\d+: )?(?:exec: (?:line \d+: )?)?(?P<program>[^\s:/]*/[^:]+): "
    r"(?P<why>not found|No such file or directory|cannot execute: required file not found"
    r"|(?:cannot execute binary file: )?Exec format error)\s*$"
)


@frozen
class Refusal:
    """What a single line says of a program that could not start."""

    kind: str
    """As :attr:`LoaderFailure.kind`."""
    program: str
    """As the line names it; empty where it names none."""
    missing: Missing | None = None
    certain: bool = True


@frozen
class LoaderFailure:
    """A program that could not start, as its own output says."""

    program: str
    """As the message names it; empty where it names none."""
    kind: str
    """``versions``, ``library``, ``interpreter``, ``not-found``, ``musl`` or ``format`` (another machine's code)."""
    missing: tuple[Missing, ...] = ()
    lines: tuple[str, ...] = ()
    """The lines, exactly, in their order."""
    certain: bool = True
    """False where the file itself may be what is absent."""


@changeable
class _Found:
    """A failure while its lines come in."""

    program: str
    kind: str
    certain: bool
    missing: dict[tuple[str, str], Missing] = field(default_factory=dict)
    lines: dict[str, None] = field(default_factory=dict)


class LoaderScanner:
    """Looks through a step's output as it comes. Chunks may end anywhere; whole lines are cheapest."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Found] = {}
        self._rest = b""
        self._candidates = 0

    def feed(self, data: bytes | str) -> None:
        """Take the next piece of the output."""
        chunk = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._rest = (self._rest + chunk[:MAX_LINE])[:MAX_LINE]
            return
        lines = self._rest + chunk[:end] if self._rest or end < len(chunk) else chunk
        self._rest = chunk[end : end + MAX_LINE]
        if self._candidates < MAX_CANDIDATES and any(needle in lines for needle in NEEDLES):
            self._scan(lines)

    def failures(self) -> tuple[LoaderFailure, ...]:
        """What has been found, in the order of the first lines."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._scan(rest)
        return tuple(
            LoaderFailure(f.program, f.kind, tuple(f.missing.values()), tuple(f.lines), f.certain)
            for f in self._found.values()
        )

    def _scan(self, text: bytes) -> None:
        starts = set()
        for needle in NEEDLES:
            at = text.find(needle)
            while at >= 0 and self._candidates < MAX_CANDIDATES:
                start = text.rfind(b"\n", 0, at) + 1
                end = text.find(b"\n", at)
                if start not in starts:
                    starts.add(start)
                    self._candidates += 1
                at = text.find(needle, end) if end >= 0 else -1
        for start in sorted(starts):
            end = text.find(b"\n", start)
            line = text[start : min(end if end >= 0 else len(text), start + MAX_LINE)]
            self._line(line.decode("utf-8", "replace").rstrip("\r"))

    def _line(self, raw: str) -> None:
        line = without_colours(raw)
        found = refusal_in(line)
        if found is not None:
            self._add(found, line)

    def _add(self, refusal: Refusal, line: str) -> None:
        found = self._found.get((refusal.kind, refusal.program))
        if found is None:
            if len(self._found) >= MAX_PROGRAMS:
                return
            found = _Found(refusal.program, refusal.kind, refusal.certain)
            self._found[refusal.kind, refusal.program] = found
        found.lines.setdefault(line)
        missing = refusal.missing
        if missing is not None:
            found.missing.setdefault((missing.library, missing.version), missing)


def without_colours(line: str) -> str:
    """A line without the control sequences of a terminal."""
    return _ANSI.sub("", line) if "\x1b" in line else line


def refusal_in(line: str) -> Refusal | None:
    """What a line, without colours, says of a program that could not start; None where it says nothing of the kind."""
    if m := _VERSION.search(line):
        program = m["by"] if m["program"].endswith(("Error", "Exception")) else m["program"]
        if m["weak"]:
            return None
        return Refusal("versions", last_word(program), Missing(last_word(m["library"]), m["version"]))
    if m := _LIBRARY.search(line):
        return Refusal("library", last_word(m["program"]), Missing(m["library"], ""))
    if m := _PYTHON_LIBRARY.search(line):
        return Refusal("library", "", Missing(m["library"], ""))
    if m := _MUSL_SYMBOL.search(line):
        return Refusal("musl", last_word(m["program"]), Missing("musl libc", m["symbol"]))
    if m := _MUSL_LIBRARY.search(line):
        return Refusal("musl", last_word(m["program"]), Missing(m["library"], ""))
    if m := _BAD_INTERPRETER.search(line):
        return Refusal("interpreter", last_word(m["program"]), Missing(m["library"], ""))
    if m := _OCI.search(line):
        kind, certain = _why_oci(m["why"])
        return Refusal(kind, last_word(m["program"]), None, certain) if kind else None
    if m := _EXEC.search(line) or _INIT.search(line):
        program = m.groupdict().get("program") or ""
        return Refusal("format" if "format" in m["why"] else "interpreter", last_word(program))
    if m := _QEMU.search(line):
        return Refusal("interpreter", "", Missing(m["library"], ""))
    if m := _SHELL.search(line):
        kind = "format" if "format" in m["why"] else "interpreter" if "required" in m["why"] else "not-found"
        return Refusal(kind, last_word(m["program"]), None, kind != "not-found")
    return None


def scan(text: bytes | str) -> tuple[LoaderFailure, ...]:
    """All failures in a whole log."""
    scanner = LoaderScanner()
    scanner.feed(text)
    return scanner.failures()


def principal(failures: Iterable[LoaderFailure], program: str = "") -> LoaderFailure | None:
    """The failure that explains a failed step: the one of ``program`` where it is among them, else the last certain
    one, else the last."""
    known = list(failures)
    named = [f for f in known if program and f.program == program]
    return next(iter(named[-1:] or [f for f in known if f.certain][-1:] or known[-1:]), None)


def last_word(text: str) -> str:
    """A path at the end of a text: log prefixes such as times are cut off, spaces within a path are kept."""
    text = text.strip()
    return text if text.startswith(("/", ".")) else text.split()[-1] if text else ""


def _why_oci(why: str) -> tuple[str, bool]:
    if "exec format error" in why:
        return "format", True
    if "executable file not found" in why or why.startswith("stat "):
        return "not-found", True
    return ("interpreter", False) if "no such file or directory" in why else ("", False)
