"""Called workflows: how a job names one, where its file comes from, and what it declares for its callers."""

from __future__ import annotations

import re
from typing import Protocol

from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.model import CalledOutput, CalledSecret, Input, Workflow

_REMOTE = re.compile(r"([^/@\s]+/[^/@\s]+)/(\.github/workflows/[^/@]+\.ya?ml)@(\S+)\Z")
_LOCAL = re.compile(r"[.$]/(\.github/workflows/[^/@]+\.ya?ml)\Z")


@frozen
class CallReference:
    """The ``uses:`` of a job: ``owner/repo/.github/workflows/x.yml@ref``, or ``./.github/workflows/x.yml``."""

    text: str
    """As it is written."""
    path: str
    """The file in its repository, with forward slashes."""
    repository: str = ""
    """``owner/repo``; '' for the repository of the calling file."""
    ref: str = ""
    """The branch, tag or commit; '' for the commit of the calling file."""

    @property
    def is_local(self) -> bool:
        """Whether the file is in the repository of the calling file, at the same commit."""
        return self.repository == ""


@frozen
class Origin:
    """The repository and the commit that a workflow file comes from; both are '' for the files of the
    repository that actlite works on."""

    repository: str = ""
    sha: str = ""

    @property
    def is_here(self) -> bool:
        """Whether this is the repository that actlite works on."""
        return self.repository == ""


HERE = Origin()


@frozen
class Found:
    """The file of a called workflow. The source's name is the path for a file of this repository, else
    ``owner/repo/path@ref``, as GitHub's messages have it."""

    source: SourceFile
    origin: Origin
    trusted: bool = True
    """Whether the file may ask for ID tokens without the caller's word: it is of the same organization
    (R: ReferencedWorkflow.IsTrusted)."""
    ref: str = ""
    """The full name of the ref that it was found by; '' for a commit, and for the files of this repository."""


@frozen
class Missing:
    """There is certainly no such file: GitHub refuses the caller."""

    why: str = ""
    known: tuple[str, ...] = ()
    """The paths of the workflow files that are there."""


@frozen
class Unknown:
    """Nothing is known of the file on this machine; GitHub may well have it."""

    why: str


class CalledFiles(Protocol):
    """Finds the files of called workflows, without the network."""

    def find(self, reference: CallReference, caller: Origin) -> Found | Missing | Unknown:
        """The file that a workflow from ``caller`` means. A local reference is a file of the caller's own
        repository at the caller's commit (R: ReusableWorkflowsLoader.FullyQualifyWorkflowRef)."""
        ...


@frozen
class Interface:
    """What a workflow declares under ``on.workflow_call``. Names are compared without regard to case."""

    inputs: tuple[Input, ...] = ()
    secrets: tuple[CalledSecret, ...] = ()
    outputs: tuple[CalledOutput, ...] = ()

    @property
    def output_names(self) -> frozenset[str]:
        """The names of the outputs, as they are written."""
        return frozenset(output.name for output in self.outputs)


def parse_call(text: str) -> CallReference | None:
    """Read the ``uses:`` of a job; None where it is of neither form, or holds an expression."""
    local = _LOCAL.match(text)
    if local is not None:
        return CallReference(text, local[1])
    remote = _REMOTE.match(text)
    if remote is not None:
        return CallReference(text, remote[2], remote[1], remote[3])
    return None


def interface(workflow: Workflow) -> Interface | None:
    """What a workflow declares for its callers; None where it can't be called (no ``workflow_call``)."""
    for event in workflow.on:
        if event.name == "workflow_call":
            return Interface(event.inputs, event.secrets, event.outputs)
    return None
