"""Comments that silence findings: ``# actlite: ignore[rule]``.

A comment counts for its own line and, where it stands on a line of its own, for the next line that holds more
than a comment. In the text of a block scalar (a script) a comment counts in the same way, though YAML sees none
there; behind the ``|`` or ``>`` it counts for the whole text. In a quoted scalar there are no comments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from actlite.diagnostics import Diagnostic, DiagnosticBag, Severity
from actlite.document.yaml_events import SCALAR, YamlEvent, YamlSyntaxError, events
from actlite.records import frozen
from actlite.rules import RULES
from actlite.source import SourceFile, Span
from actlite.workflow.nearest import did_you_mean

_MARK = "actlite:"
_COMMENT = re.compile(r"(?:(?<=\s)|^)#+[ \t]*actlite:[ \t]*([^\r\n]*)", re.MULTILINE)
_IGNORE = re.compile(r"ignore(?:[ \t]*\[([^\]\r\n]*)\]|(?=\s|$))")
_NAME = re.compile(r"[^\s,]+")
_OWN_LINE = re.compile(r"[ \t]*#")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")


@frozen
class Ignore:
    """One comment that silences findings on some lines."""

    span: Span
    rules: tuple[tuple[str, Span], ...]
    """Rule ids with their places; empty for all rules."""
    lines: range
    in_text: bool
    """It stands in the text of a block scalar, which may well be meant for another program."""

    def covers(self, finding: Diagnostic) -> bool:
        """Whether the finding begins on one of the lines."""
        return finding.span is not None and finding.span.line in self.lines


def silence(
    source: SourceFile, findings: Sequence[Diagnostic]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The findings of a file that stay, and those that its comments silence.

    A comment that silences nothing, or that names a rule which does not exist, is a finding itself.
    """
    if _MARK not in source.text:
        return tuple(findings), ()
    bag = DiagnosticBag()
    ignores = read_ignores(source, bag)
    used: set[Span] = set()
    kept: list[Diagnostic] = []
    silenced: list[Diagnostic] = []
    for finding in findings:
        by = _silenced_by(finding, ignores)
        used.update(by)
        (silenced if by else kept).append(finding)
    for ignore in ignores:
        if not ignore.in_text:
            _report_unused(ignore, used, bag)
    kept += bag.items
    kept.sort(key=lambda finding: finding.span.start if finding.span else -1)
    return tuple(kept), tuple(silenced)


def read_ignores(source: SourceFile, bag: DiagnosticBag) -> list[Ignore]:
    """The comments of a file; those that can't be understood go to ``bag``."""
    found: list[Ignore] = []
    scalars = _Scalars(source)
    for match in _COMMENT.finditer(source.text):
        scalar = scalars.at(match.start())
        if scalar is not None and not scalar.block:
            continue
        text = match[1]
        ignore = _IGNORE.match(text)
        inside = scalar is not None and not scalar.has_on_first_line(match.start())
        span = source.span(match.start(), match.start() + len(match[0].rstrip()))
        if ignore is None:
            if not inside:
                _report_unreadable(span, text, bag)
            continue
        if ignore[1] is None:
            names: list[tuple[str, Span]] = []
        else:
            base = match.start(1) + ignore.start(1)
            names = [
                (name[0], source.span(base + name.start(), base + name.end()))
                for name in _NAME.finditer(ignore[1])
            ]
            if not names and not inside:
                _report_unreadable(span, text, bag)
            if not names:
                continue
            if not inside:
                names = _known(names, bag)
                if not names:
                    continue
        first = source.line_column(match.start())[0]
        last = first
        if scalar is not None and not inside:
            last = source.line_column(scalar.end)[0]
        elif _OWN_LINE.match(source.line(first)):
            last = _line_below(source, first)
        found.append(Ignore(span, tuple(names), range(first, last + 1), inside))
    return found


def _silenced_by(finding: Diagnostic, ignores: Sequence[Ignore]) -> list[Span]:
    """The comments, or names in them, that silence a finding."""
    by: list[Span] = []
    for ignore in ignores:
        if not ignore.covers(finding):
            continue
        if not ignore.rules:
            by.append(ignore.span)
        by += [span for name, span in ignore.rules if name.lower() == finding.code]
    return by


def _report_unused(ignore: Ignore, used: set[Span], bag: DiagnosticBag) -> None:
    if not ignore.rules and ignore.span not in used:
        bag.add(
            "unused-ignore",
            "This comment silences nothing",
            ignore.span,
            severity=Severity.WARNING,
            help="remove it, or put it on the line of the finding or directly above",
        )
    for name, span in ignore.rules:
        if span not in used:
            bag.add(
                "unused-ignore",
                f"There is no finding of '{name}' here to be silenced",
                span,
                severity=Severity.WARNING,
                help="remove it, or put the comment on the line of the finding or directly above",
            )


def _report_unreadable(span: Span, text: str, bag: DiagnosticBag) -> None:
    word = text.split("[", 1)[0].strip()
    bag.add(
        "unknown-rule",
        "This comment is meant for actlite, but can't be understood",
        span,
        severity=Severity.WARNING,
        label=did_you_mean(word, ["ignore"]) if word != "ignore" else "",
        help="write '# actlite: ignore[rule-id]', or several ids with commas between them",
    )


def _known(names: list[tuple[str, Span]], bag: DiagnosticBag) -> list[tuple[str, Span]]:
    """The names of rules that exist."""
    known = []
    for name, span in names:
        if name.lower() in RULES:
            known.append((name, span))
            continue
        label = did_you_mean(name, RULES)
        bag.add(
            "unknown-rule",
            f"There is no rule '{name}'",
            span,
            severity=Severity.WARNING,
            label=label,
            help="" if label else "`actlite explain` lists the rules",
        )
    return known


def _line_below(source: SourceFile, line: int) -> int:
    """The first line after ``line`` that is no comment."""
    count = len(source.line_starts)
    below = line + 1
    while below < count and _OWN_LINE.match(source.line(below)):
        below += 1
    return min(below, count)


@frozen
class _Scalar:
    start: int
    end: int
    first_end: int
    """Where its first line ends."""
    block: bool

    def has_on_first_line(self, offset: int) -> bool:
        return offset < self.first_end


class _Scalars:
    """Which scalar a place in the text belongs to. Without YAML there are none."""

    def __init__(self, source: SourceFile) -> None:
        self._text = source.text
        try:
            found = [event for event in events(source.text) if event.kind == SCALAR]
        except YamlSyntaxError:
            found = []
        self._events: list[YamlEvent] = [event for event in found if not event.plain]
        self._starts = [event.start for event in self._events]

    def at(self, offset: int) -> _Scalar | None:
        """The quoted or block scalar that a place is in."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or offset >= self._events[index].end:
            return None
        event = self._events[index]
        properties = _PROPERTIES.match(self._text, event.start, event.end)
        start = properties.end() if properties else event.start
        line_end = self._text.find("\n", start, event.end)
        return _Scalar(
            event.start, event.end - 1, line_end if line_end >= 0 else event.end, self._text[start] in "|>"
        )
