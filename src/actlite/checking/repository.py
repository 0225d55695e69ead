"""The check of a whole repository: from files to findings. Nothing is fetched or started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.checked import CheckedFile
from actlite.checking.files import Files
from actlite.checking.levels import Levels
from actlite.checking.many import Many
from actlite.diagnostics import Diagnostic, Severity
from actlite.records import frozen
from actlite.source import SourceFile

if TYPE_CHECKING:
    from actlite.checking.known_actions import Cache
    from actlite.checking.predictions.settings import Predicting

__all__ = ["Checked", "CheckedFile", "check"]


@frozen
class Checked:
    """The check of several files, sorted by name."""

    files: tuple[CheckedFile, ...]
    findings: tuple[Diagnostic, ...]
    """All findings at the levels that the settings give them, by file and place."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def check(
    files: Files,
    names: Sequence[str],
    *,
    manifests: Sequence[str] = (),
    follow: bool = True,
    levels: Levels | None = None,
    cache: Cache | None = None,
    remembered: Path | None = None,
    predicting: Predicting | None = None,
) -> Checked:
    """Check files of a repository.

    ``names`` are files that are certainly meant. ``manifests`` are files that were found by their name: one that
    does not look like an action at all belongs to something else, and is passed over unless a workflow names it.
    ``follow`` adds the local actions that the workflows name. ``remembered`` is a folder for the answers of earlier
    checks; without it every file is read anew. ``predicting``: say which steps can't start in their containers, by
    these settings.
    """
    many = Many(files, cache, frozenset(names), remembered, predicting)
    done = many.check(names, follow=follow)
    if follow:
        named = {name for file in done.values() for name in many.named(file.name)}
        done |= many.check(sorted(named - done.keys()))
    done |= many.check(
        [name for name in manifests if name not in done and _looks_like_an_action(files, name)]
    )
    every = tuple(done[name] for name in sorted(done))
    findings = tuple(finding for file in every for finding in file.findings)
    return Checked(every, (levels or Levels()).apply(findings))


def _looks_like_an_action(files: Files, name: str) -> bool:
    source = files.read(name)
    if not isinstance(source, SourceFile):
        return True
    return any(f"\n{key}:" in f"\n{source.text}" for key in ("runs", "inputs", "outputs", "branding"))
