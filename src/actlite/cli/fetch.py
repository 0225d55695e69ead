"""``actlite fetch``: gets the actions, called workflows and node builds that workflows need, to run offline."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from actlite.actions.called import KnownWorkflows, read_fetched
from actlite.actions.reference import DockerAction, RemoteAction, parse
from actlite.actions.store import ActionStore, load_manifest
from actlite.checking.files import FolderFiles
from actlite.cli.common import DIRECTORY, WORKFLOWS, date, pairs
from actlite.cli.settings import Settings, load
from actlite.cli.text import paint, write
from actlite.cli.workflow_files import read_all, root_of
from actlite.diagnostics import printable
from actlite.errors import ActliteError
from actlite.runtimes.eras import Runner, runner_at
from actlite.runtimes.store import NodeStore
from actlite.source import SourceFile
from actlite.workflow.called import HERE, CallReference, Found, Origin, parse_call
from actlite.workflow.manifest import read_action
from actlite.workflow.model import ActionManifest, CompositeRuns, NodeRuns, Step, UsesStep, Workflow
from actlite.workflow.reader import read as read_workflow

MAX_CALLS = 9
"""How deep workflows may call others (DOC: reuse workflows, limitations)."""
DEPTH = 10
"""How deep actions may use actions (R: ActionManager, maximum depth of composite actions)."""


@click.command("fetch")
@DIRECTORY
@WORKFLOWS
@click.option("--as-of", metavar="DATE", default="", help="The runner of that date; default today's.")
@click.option(
    "--runner-flag", "runner_flags", metavar="NAME=VALUE", multiple=True, help="A flag of that runner."
)
@click.option("--alpine", is_flag=True, help="The node builds for Alpine images too.")
def command(directory: Path, workflows: tuple[str, ...], as_of: str, runner_flags: Any, alpine: bool) -> int:
    """Get the actions and workflows that the workflows use, those that these use, and the node builds that run
    them.

    Exit code 4 where something can't be had; all the rest is fetched all the same.
    """
    from actlite.cli.session import cache_folder

    settings = load(root_of(directory))
    day = date(as_of, "--as-of")
    runner = runner_at(
        datetime.date.fromisoformat(day) if day else datetime.date.today(),
        pairs(runner_flags, "--runner-flag", "NAME=VALUE"),
    )
    job = _Fetching(cache_folder(), settings, runner, alpine=alpine)
    for file in read_all(directory, workflows):
        if file.workflow is None:
            job.fail(file.name, "it has errors: actlite check")
            continue
        job.workflow(file.workflow, root_of(directory), HERE, 0)
    job.nodes()
    if not job.seen:
        write(["These workflows use no actions of others."])
    return 4 if job.failed else 0


class _Fetching:
    """One call of the verb: what was fetched, what failed."""

    def __init__(self, cache: Path, settings: Settings, runner: Runner, *, alpine: bool) -> None:
        overrides = {name: Path(folder) for name, folder in settings.actions.items()}
        self._actions = ActionStore(cache / "actions", overrides=overrides, server=settings.github_url)
        self._nodes = NodeStore(
            cache / "runtimes", user_folder=settings.node_folder, mirror=settings.node_mirror or None
        )
        self._runner = runner
        self._alpine = alpine
        self._runtimes: dict[str, None] = {}
        self._called: set[str] = set()
        self.seen: set[str] = set()
        self.failed = False

    def fail(self, name: str, why: str) -> None:
        """Say that something can't be had."""
        self.failed = True
        write([f"{paint('✗', 'red')} {printable(name)}  {printable(why)}"])

    def workflow(self, workflow: Workflow, folder: Path, origin: Origin, depth: int) -> None:
        """Fetch what the jobs of a workflow use, and the workflows that they call. ``folder`` is where the files of
        its repository are."""
        for work in workflow.jobs:
            self.steps(work.steps, folder, 0)
            reference = parse_call(work.uses.text) if work.uses is not None else None
            if reference is not None and depth < MAX_CALLS:
                self._call(reference, folder, origin, depth)

    def _call(self, reference: CallReference, folder: Path, origin: Origin, depth: int) -> None:
        repository, ref = reference.repository or origin.repository, reference.ref or origin.sha
        name = f"{repository}/{reference.path}@{ref}" if repository else reference.path
        if name in self._called:
            return
        self._called.add(name)
        detail = ""
        try:
            if not repository:
                found = KnownWorkflows(FolderFiles(folder)).find(reference, origin)
            else:
                owner, _, repo = repository.partition("/")
                fetched = self._actions.get(RemoteAction(owner, repo, "", ref))
                folder = fetched.folder
                found = read_fetched(fetched, name, reference.path, Origin(repository, fetched.sha or ref))
                detail = " · ".join(part for part in (fetched.sha[:7], "workflow", fetched.source) if part)
        except ActliteError as error:
            self.fail(name, _in_one_line(error))
            return
        if not isinstance(found, Found):
            self.fail(name, found.why or "there is no such file")
            return
        workflow, _ = read_workflow(found.source, reference.path)
        if workflow is None:
            self.fail(name, "it has errors")
            return
        if repository:
            self.seen.add(name)
            self._done(name, detail)
        self.workflow(workflow, folder, found.origin, depth + 1)

    def steps(self, steps: Iterable[Step], folder: Path, depth: int) -> None:
        """Fetch what some steps use. ``folder`` is where their local actions are."""
        for step in steps:
            if isinstance(step, UsesStep) and depth <= DEPTH:
                self._uses(step.uses.text, folder, depth)

    def nodes(self) -> None:
        """Fetch the node builds that the actions need with this runner."""
        folders = self._runner.folders()
        names = [*self._runtimes, *(f"{name}_alpine" for name in self._runtimes if self._alpine)]
        for name in names:
            version = folders.get(name)
            if version is None:
                self.fail(name, f"runner {self._runner.release} has none")
                continue
            try:
                build = self._nodes.ensure(version, musl=name.endswith("_alpine"))
            except ActliteError as error:
                self.fail(name, _in_one_line(error))
            else:
                self._done(name, f"node {build.version}, from {build.source}")

    def _uses(self, text: str, folder: Path, depth: int) -> None:
        if text in self.seen:
            return
        try:
            action = parse(text)
            if isinstance(action, RemoteAction):
                self.seen.add(text)
                fetched = self._actions.get(action)
                place, root = fetched.folder / action.path, fetched.folder
            elif isinstance(action, DockerAction):
                return
            else:
                place, root = folder / action.path, folder
            manifest = _manifest(place, text)
            detail = self._runtime(manifest)
        except ActliteError as error:
            self.fail(text, _in_one_line(error))
            return
        if isinstance(action, RemoteAction):
            self._done(text, " · ".join(part for part in (fetched.sha[:7], detail, fetched.source) if part))
        if manifest is not None and isinstance(manifest.runs, CompositeRuns):
            self.steps(manifest.runs.steps, root, depth + 1)

    def _runtime(self, manifest: ActionManifest | None) -> str:
        if manifest is None or not isinstance(manifest.runs, NodeRuns):
            return ""
        choice = self._runner.choose(manifest.runs.using, {})
        if choice.runtime:
            self._runtimes[choice.runtime] = None
        return choice.detail

    def _done(self, name: str, detail: str) -> None:
        write([f"{paint('✓', 'green')} {printable(name)}  {printable(detail)}"])


def _manifest(folder: Path, uses: str) -> ActionManifest | None:
    path = load_manifest(folder, uses)
    if path.name.lower() == "dockerfile":
        return None
    try:
        manifest, _ = read_action(SourceFile.read(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ActliteError(f"its manifest can't be read: {error}") from error
    return manifest


def _in_one_line(error: ActliteError) -> str:
    return " ".join(_sentences(error))


def _sentences(error: ActliteError) -> Iterator[str]:
    for part in (error.what, error.why, error.do):
        if part:
            yield " ".join(part.split())
