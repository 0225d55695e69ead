"""Inputs of actions/checkout that actlite's own checkout does not apply."""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping, Scalar
from actlite.workflow.model import UsesStep

_LEFT_OUT = {
    "ssh-key": "the files come from this machine, and nothing is kept with which a later 'git push' reaches GitHub",
    "lfs": "the files come as they are on this machine",
    "github-server-url": "the files come from this machine",
}


def left_out(step: UsesStep) -> Iterator[Diagnostic]:
    """Notes on such inputs of a step that uses actions/checkout."""
    if not isinstance(step.with_, Mapping):
        return
    for key, value in step.with_:
        why = _LEFT_OUT.get(key.text.lower())
        if why and isinstance(value, Scalar) and value.text.lower() not in ("", "false"):
            message = f"'{key.text}' of {step.uses.text} is left out: {why}"
            yield Diagnostic("not-supported-yet", Severity.NOTE, message, key.span)
