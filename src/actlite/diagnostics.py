"""Findings about a workflow, as data; and their plain text form (compiler style)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum

from actlite.records import changeable, field, frozen
from actlite.source import Span


class Severity(Enum):
    """How much a finding matters: only errors stop a run."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Label:
    """A second place that explains a finding, with a short text."""

    span: Span
    text: str


@frozen
class Fix:
    """A text edit that would mend a finding."""

    title: str
    span: Span
    replacement: str


@frozen
class Diagnostic:
    """One finding. ``code`` is a stable rule id in kebab-case; ``message`` says what is wrong in one line."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    label: str = ""
    """A short text shown beside the caret, such as ``did you mean 'version'?``"""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    """What to do about it; a line for each way."""
    fix: Fix | None = None

    def render(self) -> str:
        """The finding as plain text: ``file:line:col: severity[code] message``, source line, caret, help."""
        where = f"{self.span}: " if self.span else ""
        lines = [f"{where}{self.severity.value}[{self.code}] {self.message}"]
        if self.span and self.span.source.text:
            lines += excerpt(self.span, self.label)
        for label in self.labels:
            if self.span is None or label.span.source.name != self.span.source.name:
                lines.append(f"  in {label.span}:")
            lines += excerpt(label.span, label.text)
        lines += [f"  note: {note}" for note in self.notes]
        if self.help:
            lines.append("  help: " + self.help.replace("\n", "\n        "))
        return "\n".join(lines)


def width(text: str) -> int:
    """How many terminal columns a text takes: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def printable(text: str) -> str:
    """The text with every control character made visible, so that it can't drive a terminal."""
    return "".join(
        c if c.isprintable() else " " if c == "\t" else c.encode("unicode_escape").decode() for c in text
    )


def excerpt(span: Span, label: str = "", *, limit: int = 100) -> list[str]:
    """The first source line of a span and a caret line below it; long lines are cut around the span."""
    line, column = span.source.line_column(span.start)
    text = span.source.line(line)
    length = max(1, min(span.end - span.start, len(text) - column + 1))
    cut = 0
    if len(text) > limit and column > limit - 20:
        cut = column - 20
    shown = text[cut : cut + limit]
    before = printable(shown[: column - 1 - cut])
    under = printable(shown[column - 1 - cut : column - 1 - cut + length])
    head = "…" if cut else ""
    tail = "…" if len(text) > cut + limit else ""
    gutter = f"{line:5} │ "
    caret = " " * (width(head) + width(before)) + "^" * max(1, width(under))
    return [
        f"{gutter}{head}{printable(shown)}{tail}",
        f"      │ {caret}{' ' + label if label else ''}",
    ]


@changeable
class DiagnosticBag:
    """Collects findings, in the order in which they are met."""

    items: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        severity: Severity = Severity.ERROR,
        label: str = "",
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        """Add one finding."""
        self.items.append(Diagnostic(code, severity, message, span, label, labels, notes, help, fix))

    def extend(self, items: Iterable[Diagnostic]) -> None:
        """Add several findings."""
        self.items.extend(items)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop a run."""
        return tuple(d for d in self.items if d.severity is Severity.ERROR)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
