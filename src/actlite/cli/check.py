"""``actlite check``: everything that is wrong with the workflows, compiler style."""

from __future__ import annotations

from typing import Any

import click

from actlite.cli.common import DIRECTORY, FORMAT, WORKFLOWS
from actlite.cli.text import coloured, paint, write, write_json
from actlite.cli.workflow_files import read_all
from actlite.diagnostics import Diagnostic, Severity

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command("check")
@DIRECTORY
@WORKFLOWS
@FORMAT
def command(directory: Any, workflows: tuple[str, ...], format_: str) -> int:
    """Show what GitHub would refuse (errors) and what is likely a mistake (warnings).

    The exit code is 1 where there is an error, else 0. Nothing is fetched or started.
    """
    files = read_all(directory, workflows)
    findings = [finding for file in files for finding in file.findings]
    errors = sum(f.severity is Severity.ERROR for f in findings)
    if format_ == "json":
        write_json({"schema": 1, "files": [f.name for f in files], "findings": [data(f) for f in findings]})
        return 1 if errors else 0
    lines = [line for finding in findings for line in (*_text(finding), "")]
    write([*lines, _summary(len(files), findings, errors)])
    return 1 if errors else 0


def _text(finding: Diagnostic) -> list[str]:
    lines = finding.render().split("\n")
    if coloured():
        word = finding.severity.value
        lines[0] = lines[0].replace(f"{word}[", paint(word, _STYLES[finding.severity]) + "[", 1)
    return lines


def _summary(files: int, findings: list[Diagnostic], errors: int) -> str:
    of = f"in {files} file{'s' * (files != 1)}"
    if not findings:
        return paint("✓", "green") + f" nothing wrong {of}"
    warnings = sum(f.severity is Severity.WARNING for f in findings)
    parts = [f"{errors} error{'s' * (errors != 1)}", f"{warnings} warning{'s' * (warnings != 1)}"]
    return paint("✗" if errors else "✓", "red" if errors else "green") + f" {', '.join(parts)} {of}"


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
        end_line, end_column = span.source.line_column(span.end)
        result |= {
            "file": span.source.name,
            "line": span.line,
            "column": span.column,
            "end_line": end_line,
            "end_column": end_column,
        }
    return result
