"""The actions of a job, made ready: found, put into the job's tree, manifest read (R: ActionManager.cs)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from actlite.actions.known import known_plugin, known_using
from actlite.actions.reference import DockerAction, LocalAction, RemoteAction, SelfAction, parse
from actlite.actions.store import FetchedAction, load_manifest
from actlite.checking.services import needs_service
from actlite.errors import ActionUnavailable, ActliteError, InvalidWorkflow, UsageError
from actlite.execution import standin_actions
from actlite.execution.cancellation import until_cancelled
from actlite.execution.state import JobState
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.model import (
    ActionManifest,
    CompositeRuns,
    DockerRuns,
    NodeRuns,
    PluginRuns,
    UsesStep,
)


@frozen
class PreparedAction:
    """An action in the job's tree."""

    reference: str
    """As the workflow writes it."""
    manifest: ActionManifest
    folder: Path
    """The real folder of its manifest."""
    repository: str = ""
    ref: str = ""
    done_here: str = ""
    """``checkout`` where actlite does the action's work itself; ``service`` where it would need a service
    of GitHub's that actlite does not have."""
    root: Path | None = None
    """The real folder of the action's repository."""

    @property
    def is_docker(self) -> bool:
        """Runs in a container of its own."""
        return isinstance(self.manifest.runs, DockerRuns)

    @property
    def is_repository(self) -> bool:
        """Comes from a repository, local or remote (not ``docker://``)."""
        return not self.reference.startswith("docker://")

    def github(self) -> dict[str, Any]:
        """What it adds to the github context."""
        return {"action_repository": self.repository, "action_ref": self.ref}

    def detail(self, state: JobState) -> str:
        """A few words beside the step's name: the reference and the node that will run."""
        runs = self.manifest.runs
        if not isinstance(runs, NodeRuns):
            return self.reference
        try:
            choice = state.services.runner.choose(runs.using, state.env)
        except ActliteError:  # the step itself will say so, in the runner's words
            return f"{self.reference} · {runs.using}"
        return f"{self.reference} · {choice.detail}"


class Preparer:
    """Makes the actions of one job ready; each reference once."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        self._done: dict[str, PreparedAction] = {}
        self.lines: list[str] = []
        """What the runner's log says about downloads."""

    def known(self, uses: str) -> PreparedAction | None:
        """An action that was made ready already."""
        return self._done.get(uses)

    def prepare(self, uses: str) -> PreparedAction:
        """Make one action ready, and whatever a composite action uses in turn (local ones only when they are
        used). Raises ActionUnavailable, InvalidWorkflow."""
        found = self._done.get(uses)
        if found is None:
            found = self._prepare(uses)
            if not uses.startswith("./"):
                self._done[uses] = found
            if isinstance(found.manifest.runs, CompositeRuns):
                for step in found.manifest.runs.steps:
                    if isinstance(step, UsesStep) and not step.uses.text.startswith(("./", "../")):
                        self.prepare(step.uses.text)
        return found

    def _prepare(self, uses: str) -> PreparedAction:
        reference = parse(uses)
        if isinstance(reference, DockerAction):
            source = SourceFile(uses, "")
            manifest = ActionManifest(source, uses, DockerRuns(image=uses))
            return PreparedAction(uses, manifest, self.state.layout.actions)
        if isinstance(reference, LocalAction):
            folder = self.state.layout.workspace / reference.path
            return PreparedAction(uses, read_manifest(folder, uses), folder, root=self.state.layout.workspace)
        if isinstance(reference, SelfAction):
            raise ActionUnavailable(
                f"'{uses}': actions of the workflow's own repository by '$/' are not supported yet",
                do="Use './path' after a checkout.",
            )
        return self._remote(uses, reference)

    def _get(self, reference: RemoteAction) -> FetchedAction:
        """Fetch an action, or take it from the cache. Raises ActionUnavailable."""
        store = self.state.services.actions()
        return until_cancelled(
            self.state.cancel, f"{reference} was being fetched", lambda: store.get(reference)
        )

    def _remote(self, uses: str, reference: RemoteAction) -> PreparedAction:
        state = self.state
        name = f"{reference.owner}/{reference.repo}".lower()
        overridden = state.services.actions().is_overridden(reference)
        parts = "/".join((reference.owner, reference.repo, reference.ref, reference.path)).split("/")
        if {".", ".."} & set(parts):
            raise UsageError(f"'{uses}' does not name an action: '.' and '..' have no place in it")
        folder = state.layout.actions / reference.owner / reference.repo / reference.ref
        repository = f"{reference.owner}/{reference.repo}"
        if name == "actions/checkout" and not reference.path and not overridden:
            using = known_using(reference.owner, reference.repo, "", reference.ref)
            plugin = known_plugin(reference.owner, reference.repo, reference.ref)
            if not using and not plugin:
                fetched = self._get(reference)
                runs = read_manifest(fetched.folder, uses).runs
                using = runs.using if isinstance(runs, NodeRuns) else "node24"
            manifest = standin_actions.install_checkout(folder, uses, using or "", plugin or "")
            return PreparedAction(uses, manifest, folder, repository, reference.ref, "checkout", folder)
        plugin = known_plugin(reference.owner, reference.repo, reference.ref)
        if plugin and not overridden:
            manifest = ActionManifest(SourceFile(uses, ""), uses, PluginRuns(plugin))
            return PreparedAction(uses, manifest, folder, repository, reference.ref, "service", folder)
        fetched = self._get(reference)
        if not folder.exists():
            copy_tree(fetched.folder, folder)
        self.lines.append(f"Download action repository '{repository}@{reference.ref}' (SHA:{fetched.sha})")
        place = folder / reference.path if reference.path else folder
        done = "service" if needs_service(uses) and not overridden else ""
        return PreparedAction(
            uses, read_manifest(place, uses), place, repository, reference.ref, done, folder
        )


def read_manifest(folder: Path, uses: str) -> ActionManifest:
    """The manifest of an action's folder. Raises ActionUnavailable when there is none, InvalidWorkflow when it is wrong."""
    path = load_manifest(folder, uses)
    if path.name.lower() == "dockerfile":
        return ActionManifest(SourceFile(uses, ""), uses, DockerRuns(image=path.name))
    try:
        source = SourceFile.read(path, f"{uses}/{path.name}")
    except (OSError, UnicodeDecodeError) as error:
        raise ActionUnavailable(f"The manifest of '{uses}' can't be read", why=str(error)) from error
    manifest, found = read_action(source)
    if manifest is None or found.errors:
        raise InvalidWorkflow(
            f"The manifest of action '{uses}' is not valid",
            found.errors,
            why="\n".join(d.render() for d in found.errors),
        )
    return manifest


def copy_tree(source: Path, target: Path) -> None:
    """Copy an action, sharing its blocks where the file system can. Without the ``.git`` folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = source.resolve()  # a folder given by the user may be a link
    copied = subprocess.run(
        ["cp", "-a", "--reflink=auto", "--", str(source), str(target)], capture_output=True, check=False
    )
    if copied.returncode:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
    shutil.rmtree(target / ".git", ignore_errors=True)
