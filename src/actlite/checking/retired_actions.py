"""Actions that GitHub refuses to fetch: the services that they need are gone (its blog, 2024-02-13, 2024-04-16
and 2024-12-05)."""

from __future__ import annotations

import re

from actlite.actions.reference import RemoteAction
from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Scalar

_LAST_RETIRED = {"actions/upload-artifact": 3, "actions/download-artifact": 3, "actions/cache": 2}
"""The last major version of each that is gone."""
_VERSION = re.compile(r"v?(\d{1,3})(?:\.\d+){0,2}\Z")


def check_retired(action: RemoteAction, uses: Scalar, bag: DiagnosticBag) -> None:
    """Warn of an action in a version with which GitHub fails the job at its start."""
    name = action.repository.lower()
    version = _VERSION.match(action.ref)
    last = _LAST_RETIRED.get(name)
    if action.path or last is None or version is None or not 0 < int(version[1]) <= last:
        return
    bag.add(
        "retired-action",
        f"This request has been automatically failed because it uses a deprecated version of "
        f"`{name}: v{version[1]}`",
        uses.span,
        severity=Severity.WARNING,
        notes=("GitHub fails the job before its first step; its Enterprise Server still takes this version",),
        help=f"write {name}@v{last + 1} or newer",
    )
