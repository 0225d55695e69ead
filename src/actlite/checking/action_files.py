"""The files that a local action runs: the script of a JavaScript action, the Dockerfile of a docker action.

They must be in the workspace when the step runs (R: Runner.Worker/Handlers/NodeScriptActionHandler.cs and
ContainerActionHandler.cs, ArgUtil.File); often a step before builds them.
"""

from __future__ import annotations

import posixpath
import re

from actlite.actions.reference import LocalAction, RemoteAction, SelfAction
from actlite.checking.files import Files
from actlite.checking.known_actions import LocalFound
from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.records import frozen
from actlite.workflow import access
from actlite.workflow.manifest import is_dockerfile
from actlite.workflow.model import ActionManifest, DockerRuns, NodeRuns

_ADDS_NOTHING = re.compile(r"actions/(?:checkout|setup-[a-z]+)@")
"""Actions that put no file into the workspace that is not in the repository."""


@frozen
class UsedAction:
    """A step that uses an action, what is known of the action, and the steps before it."""

    step: Mapping
    uses: Scalar
    action: LocalAction | SelfAction | RemoteAction
    before: tuple[Mapping, ...]


def check_action_files(used: UsedAction, found: LocalFound, files: Files, bag: DiagnosticBag) -> None:
    """Warn of a file that the action needs and that is neither there nor made by a step before."""
    if found.manifest is None or not files.whole:
        return
    if not isinstance(used.action, SelfAction) and not _as_in_repository(used.before):
        return
    for key, name in _needed(found.manifest):
        path = posixpath.normpath(posixpath.join(found.path, name))
        if path.startswith(("..", "/")) or "${{" in name or files.is_file(path):
            continue
        bag.add(
            "missing-action-file",
            f"File not found: '{path}', which is the {key} of {used.uses.text}",
            used.uses.span,
            severity=Severity.WARNING,
            help="commit the file, or build it in a step before this",
        )
        return


def _needed(manifest: ActionManifest) -> list[tuple[str, str]]:
    """The files by their keys. The runner does not run the ``pre`` of a local action."""
    runs = manifest.runs
    if isinstance(runs, NodeRuns):
        return [(key, name) for key, name in (("main", runs.main), ("post", runs.post)) if name]
    if isinstance(runs, DockerRuns) and is_dockerfile(runs.image):
        return [("image", runs.image)]
    return []


def _as_in_repository(steps: tuple[Mapping, ...]) -> bool:
    """Whether the workspace has the files of the repository and no more: it was checked out, and no step else
    could write there."""
    uses = [access.text(step, "uses") for step in steps]
    return any(text.startswith("actions/checkout@") for text in uses) and all(
        _ADDS_NOTHING.match(text) and not _goes_elsewhere(access.mapping_or_scalar(step, "with"))
        for text, step in zip(uses, steps, strict=True)
    )


def _goes_elsewhere(with_: Node | None) -> bool:
    if isinstance(with_, Mapping):
        return bool({key.text.lower() for key, _ in with_} & {"path", "repository", "ref", "submodules"})
    return with_ is not None
