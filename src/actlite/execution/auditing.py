"""What a run's products ask of the systems that they are for (``glibc.audit``), as the run's events have it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.errors import ActliteError
from actlite.events import ArtifactFound, Cause, FileAudit
from actlite.records import replace

if TYPE_CHECKING:
    from actlite.glibc.audit.model import AuditedFile, AuditReport, NeededVersion
    from actlite.glibc.target import Target

MAX_SECONDS = 20.0
"""For the products of one job, all together: a run does not wait for what ``actlite audit`` can tell later."""
MAX_FILES = 50
"""Programs and libraries of one product that its event has; refused ones come first."""
MAX_UNPACKED = 1 << 30
"""Bytes that come out of one product's archives."""
SHOWN = ("program", "library")


class Auditor:
    """Audits the products of one job."""

    def __init__(self, target: str, mask: Callable[[str], str]) -> None:
        self._text = target
        self._mask = mask
        self._began = time.monotonic()
        self._target: Target | None = None

    def audited(self, product: ArtifactFound, path: Path) -> ArtifactFound:
        """The event of a product with what its audit says. ``path`` is the file. Where it can't be audited, the event
        says why."""
        product = replace(product, target=self._text)
        if time.monotonic() - self._began > MAX_SECONDS:
            return replace(product, unseen=("It was not audited: the products before it took too long.",))
        try:
            return self._audited(product, path)
        except (ActliteError, OSError) as error:
            return replace(product, unseen=(self._mask(f"It can't be audited: {error}"),))
        except Exception as error:  # the job's result does not depend on it
            name = type(error).__name__
            told = self._mask(f"It can't be audited, by a defect of actlite's ({name}: {error}).")
            return replace(product, unseen=(told,))

    def _audited(self, product: ArtifactFound, path: Path) -> ArtifactFound:
        from actlite.glibc.audit.limits import Limits
        from actlite.glibc.audit.report import audit
        from actlite.glibc.target import read_target

        if self._text and self._target is None:
            self._target = read_target(self._text)
        left = max(1.0, MAX_SECONDS - (time.monotonic() - self._began))
        limits = Limits(unpacked=MAX_UNPACKED, seconds=left)
        report = audit(path, name=product.name, target=self._target, limits=limits)
        files = sorted(
            (file for file in report.files if file.kind in SHOWN), key=lambda file: file.verdict != "refused"
        )
        return replace(
            product,
            needs=_needs(report.summary),
            audited=tuple(self._file(file) for file in files[:MAX_FILES]),
            verdict=report.verdict,
            unseen=tuple(map(self._mask, (*report.unseen, *_damaged(report)))),
        )

    def _file(self, file: AuditedFile) -> FileAudit:
        mask = self._mask
        refused = file.verdict == "refused"
        return FileAudit(
            name=mask(file.member),
            kind=file.kind,
            arch=file.arch,
            linkage=file.linkage,
            libc=file.libc,
            newest=dict(file.newest),
            policy=file.policy,
            runs_on=file.runs_on,
            not_on=tuple(refusal.system for refusal in file.not_on),
            verdict=file.verdict,
            over=tuple(_cause(need, mask) for need in _newest_first(file.needs)) if refused else (),
            advice=tuple(map(mask, file.advice)) if refused else (),
        )


def _damaged(report: AuditReport) -> Iterator[str]:
    for file in report.files:
        if file.kind == "damaged":
            yield f"{file.member or file.name} is damaged: {file.why}."


def _newest_first(needs: Iterable[NeededVersion]) -> list[NeededVersion]:
    """The versions that the target lacks."""
    from actlite.glibc.elf import version_key

    return sorted(
        (need for need in needs if need.fits is False),
        key=lambda need: version_key(need.version),
        reverse=True,
    )


def _cause(need: NeededVersion, mask: Callable[[str], str]) -> Cause:
    symbols = tuple(mask(symbol.name) for symbol in need.symbols)
    return Cause(mask(need.library), mask(need.version), symbols, need.is_weak_only)


def _needs(summary: str) -> str:
    """As earlier journals have it: ``GLIBC 2.17``."""
    return summary.replace("glibc ", "GLIBC ")
