"""The actions of a job, made ready: found, put into the job's tree, manifest read (R: ActionManager.cs)."""

from __future__ import annotations

import posixpath
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actlite.actions.known import known_plugin, known_using
from actlite.actions.reference import Action, DockerAction, LocalAction, RemoteAction, SelfAction, parse
from actlite.actions.store import FetchedAction, load_manifest
from actlite.checking.services import needs_service
from actlite.errors import ActionUnavailable, ActliteError, InvalidWorkflow, UsageError
from actlite.execution import standin_actions
from actlite.execution.cancellation import until_cancelled
from actlite.execution.state import JobState
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.manifest import is_dockerfile, read_action
from actlite.workflow.model import (
    COMPOSITE_DEPTH,
    ActionManifest,
    CompositeRuns,
    DockerRuns,
    NodeRuns,
    Step,
    UsesStep,
)


@frozen
class Home:
    """The repository that a file with steps is of, and its ref: what ``$/`` means there."""

    repository: str
    ref: str


@frozen
class PreparedAction:
    """An action in the job's tree."""

    reference: str
    """What names it: as the workflow writes it, or what ``$/`` stands for."""
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

    @property
    def is_local(self) -> bool:
        """Is in the workspace: what it is shows when its step comes."""
        return is_local(self.reference)

    @property
    def home(self) -> Home | None:
        """Where ``$/`` begins for its own steps; None for the workflow's own repository."""
        return Home(self.repository, self.ref) if self.repository else None

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
    """Makes the actions of one job ready; each reference once. Safe to use from several threads."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        self._lock = threading.RLock()
        self._done: dict[str, PreparedAction] = {}
        self._followed: set[tuple[str, int]] = set()
        """Composite actions whose steps were made ready, with their depth."""
        self.lines: list[str] = []
        """What the runner's log says about downloads."""

    def known(self, uses: str, home: Home | None = None) -> PreparedAction | None:
        """An action that was made ready already. ``home``: where ``$/`` begins, the workflow's repository if None."""
        return self._done.get(str(self._parsed(uses, home)) if uses.startswith("$/") else uses)

    def prepare(self, uses: str, home: Home | None = None, *, depth: int = 0) -> PreparedAction:
        """Make one action ready, and whatever a composite action uses in turn (local ones only when they are
        used). ``depth``: how many composite actions the step is in. Raises ActionUnavailable, InvalidWorkflow, and
        UsageError where composite actions are nested too deeply."""
        with self._lock:
            return self._made_ready(uses, home, depth)

    def _made_ready(self, uses: str, home: Home | None, depth: int) -> PreparedAction:
        found = self.known(uses, home)
        if found is None:
            reference = self._parsed(uses, home)
            own = uses.startswith("$/")
            key = str(reference) if own else uses
            found = self._prepare(key, reference, own=own)
            if not found.is_local:
                self._done[key] = found
        if isinstance(found.manifest.runs, CompositeRuns) and not found.is_local:
            self._follow(found, depth + 1)
        return found

    def prepare_steps(self, steps: Sequence[Step], home: Home | None, *, depth: int) -> None:
        """Make ready what the steps of a composite action use (R: ActionManager.PrepareActionsRecursiveAsync)."""
        if depth > COMPOSITE_DEPTH:
            raise UsageError(f"Composite action depth exceeded max depth {COMPOSITE_DEPTH}")
        for step in steps:
            if isinstance(step, UsesStep) and not is_local(step.uses.text):
                self.prepare(step.uses.text, home, depth=depth)

    def _follow(self, action: PreparedAction, depth: int) -> None:
        runs = action.manifest.runs
        assert isinstance(runs, CompositeRuns)
        if runs.steps and (action.reference, depth) not in self._followed:
            self._followed.add((action.reference, depth))
            self.prepare_steps(runs.steps, action.home, depth=depth)

    def _parsed(self, uses: str, home: Home | None) -> Action:
        """What ``uses:`` names; ``$/path`` is an action of the repository whose file says it, at that file's commit
        (R: ActionManager.ResolveSelfRepositoryReferences)."""
        reference = parse(uses)
        if not isinstance(reference, SelfAction):
            return reference
        base = home or self._workflow_home()
        owner, _, repo = base.repository.partition("/")
        return RemoteAction(owner, repo, reference.path, base.ref)

    def _workflow_home(self) -> Home:
        """The repository of the workflow's file: for a called workflow that of the called file."""
        origin, github = self.state.plan.origin, self.state.github
        if origin.is_here:
            return Home(str(github.get("repository", "")), str(github.get("sha", "")))
        return Home(origin.repository, origin.sha)

    def _prepare(self, uses: str, reference: Action, *, own: bool) -> PreparedAction:
        if isinstance(reference, DockerAction):
            source = SourceFile(uses, "")
            manifest = ActionManifest(source, uses, DockerRuns(image=uses))
            return PreparedAction(uses, manifest, self.state.layout.actions)
        if isinstance(reference, LocalAction):
            return self._local(uses, reference)
        assert isinstance(reference, RemoteAction)
        github = self.state.github
        if own and (reference.repository, reference.ref) == (github.get("repository"), github.get("sha")):
            return self._own(uses, reference)
        return self._remote(uses, reference)

    def _local(self, uses: str, reference: LocalAction) -> PreparedAction:
        """An action in the workspace, at this moment."""
        layout = self.state.layout
        folder = layout.workspace / reference.path
        named = posixpath.normpath(f"{layout.runner_workspace}/{reference.path}")
        if "\0" in named:
            raise UsageError(f"'{uses}' does not name an action: a null character has no place in it")
        if not self.state.keeps(folder):
            raise UsageError(f"'{uses}' is not read: a symbolic link leads out of the job's folders")
        return PreparedAction(uses, read_manifest(folder, uses, named), folder, root=layout.workspace)

    def _own(self, uses: str, reference: RemoteAction) -> PreparedAction:
        """An action of the workflow's own repository, from this machine: what is committed, and what is changed on
        top, as the checkout brings it."""
        from actlite.execution.workspace import CheckoutRequest, fill

        state, settings = self.state, self.state.services.settings
        folder = state.layout.actions / reference.owner / reference.repo / reference.ref
        if not folder.exists():
            if state.services.repository is None:
                raise ActionUnavailable(
                    f"'{uses}' is not there: the workflow is in no git repository",
                    do="Make one (git init, git add, git commit), then run again.",
                )
            github = state.github
            request = CheckoutRequest(
                repository=reference.repository,
                local=state.services.repository,
                ref="",
                path="",
                depth=1,
                tags=False,
                submodules=False,
                with_git=False,
                committed=settings.committed,
                offline=settings.offline,
                event_ref=str(github.get("ref", "")),
                event_sha=reference.ref,
                server=str(github.get("server_url", "")),
            )
            fill(folder, request)
            self._downloaded(reference, reference.ref)
        return self._in_folder(uses, reference, folder)

    def _downloaded(self, reference: RemoteAction, sha: str) -> None:
        self.lines.append(f"Download action repository '{reference.repository}@{reference.ref}' (SHA:{sha})")

    def _get(self, reference: RemoteAction) -> FetchedAction:
        """Fetch an action, or take it from the cache. Raises ActionUnavailable."""
        store = self.state.services.actions()
        return until_cancelled(
            self.state.cancel, f"{reference} was being fetched", lambda: store.get(reference)
        )

    def _remote(self, uses: str, reference: RemoteAction) -> PreparedAction:
        state = self.state
        name = reference.repository.lower()
        overridden = state.services.actions().is_overridden(reference)
        parts = "/".join((reference.owner, reference.repo, reference.ref, reference.path)).split("/")
        if {".", ".."} & set(parts):
            raise UsageError(f"'{uses}' does not name an action: '.' and '..' have no place in it")
        folder = state.layout.actions / reference.owner / reference.repo / reference.ref
        repository = reference.repository
        plugin = known_plugin(reference.owner, reference.repo, reference.ref)
        if plugin and not reference.path and not overridden:
            manifest = standin_actions.plugin_manifest(plugin, uses)
            return PreparedAction(uses, manifest, folder, repository, reference.ref, root=folder)
        if name == "actions/checkout" and not reference.path and not overridden:
            using = known_using(reference.owner, reference.repo, "", reference.ref)
            if not using:
                fetched = self._get(reference)
                runs = read_manifest(fetched.folder, uses).runs
                using = runs.using if isinstance(runs, NodeRuns) else "node24"
            manifest = standin_actions.install_checkout(folder, uses, using)
            return PreparedAction(uses, manifest, folder, repository, reference.ref, "checkout", folder)
        fetched = self._get(reference)
        if not folder.exists():
            copy_tree(fetched.folder, folder)
            self._downloaded(reference, fetched.sha)
        done = "service" if needs_service(uses) and not overridden else ""
        return self._in_folder(uses, reference, folder, done)

    def _in_folder(self, uses: str, reference: RemoteAction, folder: Path, done: str = "") -> PreparedAction:
        place = folder / reference.path if reference.path else folder
        manifest = read_manifest(place, uses)
        runs = manifest.runs
        if isinstance(runs, DockerRuns) and not is_image(runs.image) and not is_dockerfile(runs.image):
            raise UsageError(
                f"'{runs.image}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'."
            )
        return PreparedAction(
            str(reference), manifest, place, reference.repository, reference.ref, done, folder
        )


def is_local(uses: str) -> bool:
    """Whether ``uses:`` names an action in the workspace."""
    return uses.startswith(("./", ".\\"))


def is_image(name: str) -> bool:
    """Whether the ``image`` of a docker action is one to be pulled."""
    return name.lower().startswith("docker://")


def read_manifest(folder: Path, uses: str, named: str = "") -> ActionManifest:
    """The manifest of an action's folder, which the runner calls ``named``. Raises ActionUnavailable when there is
    none, InvalidWorkflow when it is wrong."""
    path = load_manifest(folder, uses, named)
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
