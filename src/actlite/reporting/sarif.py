"""Findings as SARIF 2.1.0, the format of GitHub's code scanning and of many editors.

Written after the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from actlite import __version__
from actlite.diagnostics import Diagnostic, Fix
from actlite.pages import all_sections
from actlite.reporting.findings import words
from actlite.rules import RULES
from actlite.source import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "SRCROOT"
"""The name of the repository's folder, which the places of findings are relative to."""


def sarif(findings: Sequence[Diagnostic]) -> dict[str, Any]:
    """One run with its rules and results. Rules that have no finding are left out."""
    codes = sorted({finding.code for finding in findings})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "actlite",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    ROOT: {"description": {"text": "The top folder of the repository that was checked."}}
                },
                "results": list(_results(findings, codes)),
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    result: dict[str, Any] = {"id": code}
    known = RULES.get(code)
    if known is not None:
        result["name"] = "".join(part.capitalize() for part in code.split("-"))
        result["shortDescription"] = {"text": f"{known.title}."}
        result["defaultConfiguration"] = {"level": known.level}
        result["properties"] = {"tags": [known.page]}
    section = all_sections().get(code)
    if section is not None:
        result["help"] = {"text": section.plain, "markdown": section.text}
    return result


def _results(findings: Iterable[Diagnostic], codes: Sequence[str]) -> Iterable[dict[str, Any]]:
    seen: dict[str, int] = {}
    for finding in findings:
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": finding.severity.value,
            "message": {"text": words(finding)},
        }
        if finding.span is not None:
            key = _fingerprint(finding, finding.span)
            seen[key] = seen.get(key, 0) + 1
            result["locations"] = [{"physicalLocation": _place(finding.span)}]
            result["partialFingerprints"] = {"actlite/v1": f"{key}:{seen[key]}"}
        if finding.labels:
            result["relatedLocations"] = [
                {"id": number, "physicalLocation": _place(label.span), "message": {"text": label.text}}
                for number, label in enumerate(finding.labels, 1)
            ]
        if finding.fix is not None:
            result["fixes"] = [_fix(finding.fix)]
        yield result


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _file(span), "region": _region(span)}


def _file(span: Span) -> dict[str, Any]:
    name = span.source.name
    path = quote(name.encode("utf-8", "surrogateescape"))  # a name need not be UTF-8
    return {"uri": f"file://{path}"} if name.startswith("/") else {"uri": path, "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, Any]:
    line, column = span.source.line_column(span.start)
    end_line, end_column = span.source.line_column(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fingerprint(finding: Diagnostic, span: Span) -> str:
    """Stays the same when lines move: of the rule, the file and the text of the line."""
    parts = (finding.code, span.source.name, span.source.line(span.line).strip())
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fix(fix: Fix) -> dict[str, Any]:
    change = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.replacement}}
    return {
        "description": {"text": fix.title},
        "artifactChanges": [{"artifactLocation": _file(fix.span), "replacements": [change]}],
    }
