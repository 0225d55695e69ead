"""What an action declares: from its manifest where that is on this machine, else from the offline tables."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from actlite.actions.known import PLUGIN as RUNNERS_OWN
from actlite.actions.known import known_actions, known_plugin, known_steps, known_using
from actlite.actions.reference import DockerAction, LocalAction, RemoteAction, SelfAction, parse
from actlite.checking.predictions.model import Declared
from actlite.errors import UsageError
from actlite.records import frozen
from actlite.workflow.model import ActionManifest, CompositeRuns, DockerRuns, NodeRuns, PluginRuns, Step

if TYPE_CHECKING:
    from actlite.checking.known_actions import KnownActions

PLUGIN = "plugin"
COMPOSITE = "composite"
DOCKER = "docker"
_RELEASE = re.compile(r"(?<=[\s@#=])v?\d+\.\d+(?:\.\d+)?\b|(?<=[\s@#=])v\d+\b")
Action = DockerAction | LocalAction | RemoteAction | SelfAction


@frozen
class DeclaredAction:
    """An action with what it declares and, for a composite one, the steps in it."""

    declared: Declared
    steps: tuple[Step, ...] | None = None
    """From its manifest."""
    uses: tuple[str, ...] | None = None
    """What a well-known composite action uses, where its manifest is not here."""


class Declaring:
    """Finds out what actions declare, each once."""

    def __init__(self, actions: KnownActions, on: datetime.date | None = None) -> None:
        """``on`` is the day whose floating tags count, None for today."""
        self._actions = actions
        self._on = on
        self._known: dict[tuple[Action, str], DeclaredAction] = {}

    def of(self, uses: str, comment: str = "") -> DeclaredAction | None:
        """What stands behind a ``uses:``; None where that is no reference to an action. ``comment`` is what stands
        behind it in the line: for a commit, people write the release there."""
        if "${{" in uses:
            return None
        try:
            action = parse(uses)
        except UsageError:
            return None
        release = _RELEASE.search(comment)
        key = (action, release[0] if release is not None else "")
        if key not in self._known:
            self._known[key] = self._look(*key)
        return self._known[key]

    def _look(self, action: Action, release: str) -> DeclaredAction:
        if isinstance(action, DockerAction):
            return DeclaredAction(Declared(DOCKER, "the image is named"))
        if isinstance(action, RemoteAction):
            return self._remote(action, release)
        found = self._actions.local(action)
        if found is None or found.kind != "action":
            return DeclaredAction(Declared("", f"its manifest is not in the repository ({action})"))
        if found.manifest is None:
            dockerfile = self._actions.files.is_file(f"{found.path}/Dockerfile".lstrip("/"))
            if dockerfile:
                return DeclaredAction(Declared(DOCKER, "its Dockerfile in the repository"))
            return DeclaredAction(Declared("", "its manifest has errors"))
        # The runner doesn't run the ``pre`` of a local action: it isn't there before the checkout.
        return _of_manifest(found.manifest, "its manifest in the repository", pre=False)

    def _remote(self, action: RemoteAction, release: str) -> DeclaredAction:
        manifest = self._actions.remote(action)
        if manifest is not None:
            where = (
                f"its manifest at {action.ref[:7]}" if action.is_pinned else f"its manifest at {action.ref}"
            )
            return _of_manifest(manifest, f"{where}, in the cache of actions")
        if known_plugin(action.owner, action.repo, action.ref) is not None:
            return DeclaredAction(Declared(PLUGIN, "a part of the runner itself"))
        using = known_using(action.owner, action.repo, action.path, action.ref, on=self._on)
        if using is not None:
            day = f", as of {self._on}" if self._on is not None else ""
            declared = Declared(using, f"the table of well-known actions{day}")
            return DeclaredAction(declared, uses=_inner(action) if using == COMPOSITE else None)
        manifest = self._actions.last(action)
        if manifest is not None:
            return _of_manifest(manifest, f"its manifest as {action.ref} was when it was last fetched")
        if action.is_pinned:
            using = (
                known_using(action.owner, action.repo, action.path, release, on=self._on) if release else None
            )
            if using is not None and using.startswith("node"):
                return DeclaredAction(Declared(using, f"the table of well-known actions, for {release}"))
            nodes = _nodes_of(action)
            if nodes:
                source = "a commit that is in no table, of an action whose known releases all declare a node"
                return DeclaredAction(Declared("node", source, any_of=nodes))
        return DeclaredAction(
            Declared("", "its manifest is not on this machine, and it is in no table (actlite fetch)")
        )


def _nodes_of(action: RemoteAction) -> tuple[str, ...]:
    """What the known releases of an action declare, where all of those that are more than a part of the runner
    declare a node."""
    name = "/".join(filter(None, (action.owner, action.repo, action.path))).lower()
    known = known_actions().get(name)
    found = {using for using in known.refs.values() if not using.startswith(RUNNERS_OWN)} if known else set()
    return tuple(sorted(found)) if all(using.startswith("node") for using in found) else ()


def _inner(action: RemoteAction) -> tuple[str, ...] | None:
    found = known_steps(action.owner, action.repo, action.path, action.ref)
    return tuple(found) if found is not None else None


def _of_manifest(manifest: ActionManifest, source: str, *, pre: bool = True) -> DeclaredAction:
    runs = manifest.runs
    if isinstance(runs, NodeRuns):
        parts = [name for name, script in (("pre", runs.pre if pre else ""), ("main", runs.main)) if script]
        return DeclaredAction(Declared(runs.using, source, (*parts, *(["post"] if runs.post else []))))
    if isinstance(runs, CompositeRuns):
        return DeclaredAction(Declared(COMPOSITE, source), runs.steps)
    if isinstance(runs, PluginRuns):
        return DeclaredAction(Declared(PLUGIN, source))
    assert isinstance(runs, DockerRuns)
    return DeclaredAction(Declared(DOCKER, source))
