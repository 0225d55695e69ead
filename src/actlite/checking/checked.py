"""What came of the check of one file. Light, for answers that are remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actlite.diagnostics import Diagnostic, Severity
from actlite.records import field, frozen

if TYPE_CHECKING:
    from actlite.workflow.model import Workflow


@frozen
class CheckedFile:
    """One file and what is to be said of it."""

    name: str
    kind: str
    """workflow or action."""
    workflow: Workflow | None
    """None for an action, and for a workflow with errors in itself."""
    findings: tuple[Diagnostic, ...]
    """In the order of their places."""
    silenced: tuple[Diagnostic, ...] = ()
    """Findings that a comment in the file silences."""
    workflow_as_read: Workflow | None = None
    """The workflow as far as it could be understood, errors or not."""
    predicted: Mapping[str, Any] = field(default_factory=dict)
    """What becomes of the steps with actions in its containers (``predictions.data``); empty where it has none."""

    @property
    def refused(self) -> tuple[Diagnostic, ...]:
        """The errors that GitHub would refuse the file for, whether or not a comment silences them."""
        every = (*self.findings, *self.silenced)
        return tuple(finding for finding in every if finding.severity is Severity.ERROR)
