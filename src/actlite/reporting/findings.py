"""Findings as JSON data, and as the annotations that GitHub shows beside a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from actlite.diagnostics import Diagnostic, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def data(finding: Diagnostic) -> dict[str, Any]:
    """A finding as JSON data; places count from 1, the end is not included."""
    result: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "label": finding.label,
        "notes": list(finding.notes),
        "help": finding.help,
    }
    span = finding.span
    if span is not None:
        line, column = span.source.line_column(span.start)
        end_line, end_column = span.source.line_column(span.end)
        result |= {
            "file": span.source.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        }
    return result


def workflow_commands(findings: Iterable[Diagnostic], path: Callable[[str], str]) -> list[str]:
    """One workflow command for each finding (R: src/Runner.Worker/ActionCommandManager.cs). ``path`` gives the
    path that GitHub knows a file by."""
    return [_annotation(finding, path) for finding in findings]


def words(finding: Diagnostic) -> str:
    """All that a finding says, but for its place: the message, then the label, notes and help, a line each."""
    lines = [finding.message]
    if finding.label:
        lines.append(finding.label)
    lines += [f"note: {note}" for note in finding.notes]
    if finding.help:
        lines.append(f"help: {finding.help}")
    return "\n".join(lines)


def _annotation(finding: Diagnostic, path: Callable[[str], str]) -> str:
    properties: dict[str, str] = {}
    span = finding.span
    if span is not None:
        line, column = span.source.line_column(span.start)
        end_line, end_column = span.source.line_column(span.end)
        properties |= {"file": path(span.source.name), "line": str(line), "endLine": str(end_line)}
        if line == end_line:  # GitHub refuses columns of annotations over several lines
            properties["col"] = str(column)
            properties["endColumn"] = str(max(column, end_column - 1))
    properties["title"] = finding.code
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_message(words(finding))}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
