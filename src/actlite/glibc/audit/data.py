"""An audit's report as JSON data; the form is told in docs/reference/audit.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actlite.glibc.audit.model import AuditedFile, AuditReport, Refusal, Remark


def as_data(report: AuditReport) -> dict[str, Any]:
    """A report as JSON data."""
    return {
        "path": report.path,
        "kind": report.kind,
        "size": report.size,
        "target": report.target,
        "verdict": report.verdict,
        "newest": dict(report.newest),
        "policy": report.policy,
        "claims": list(report.claims),
        "runs_on": list(report.runs_on),
        "not_on": _refusals(report.not_on),
        "remarks": _remarks(report.remarks),
        "files": [_file(file) for file in report.files],
        "others": [{"name": other.name, "what": other.what} for other in report.others],
        "unseen": list(report.unseen),
    }


def _file(file: AuditedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "kind": file.kind,
        "size": file.size,
        "arch": file.arch,
        "linkage": file.linkage,
        "libc": file.libc,
        "interpreter": file.interpreter,
        "libraries": list(file.libraries),
        "newest": dict(file.newest),
        "needs": [
            {
                "library": need.library,
                "version": need.version,
                "weak": need.weak,
                "fits": need.fits,
                "symbols": [{"name": symbol.name, "weak": symbol.weak} for symbol in need.symbols],
            }
            for need in file.needs
        ],
        "policy": file.policy,
        "runs_on": list(file.runs_on),
        "not_on": _refusals(file.not_on),
        "remarks": _remarks(file.remarks),
        "advice": list(file.advice),
        "verdict": file.verdict,
        "images": [
            {
                "image": one.image,
                "source": one.source,
                "detail": one.detail,
                "starts": one.starts,
                "exit_code": one.exit_code,
                "lines": list(one.lines),
                "why": one.why,
            }
            for one in file.images
        ],
        "why": file.why,
    }


def _refusals(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    return [{"system": one.system, "missing": list(one.missing)} for one in refusals]


def _remarks(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
    return [{"kind": remark.kind, "text": remark.text} for remark in remarks]
