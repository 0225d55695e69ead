"""Names of secrets that a called workflow can't declare, as GitHub's own stand there (DOC: reuse workflows)."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping
from actlite.workflow.called import interface
from actlite.workflow.model import Workflow

RESERVED = frozenset({"github_token"})


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """A finding for each declared secret with the name of the token that every job has anyway."""
    del root
    declared = interface(workflow)
    for secret in declared.secrets if declared is not None else ():
        if secret.name.casefold() in RESERVED:
            bag.add(
                "reserved-secret",
                f"secret name `{secret.name}` within `workflow_call` can not be used "
                "since it would collide with system reserved name",
                secret.span,
                help="remove it here and where it is handed over: github.token is there without it",
            )
