"""actions/checkout, with the files taken from the repository on this machine."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.errors import ActliteError, CannotRun
from actlite.execution.handlers.inputs import action_inputs
from actlite.execution.handlers.node import run_node
from actlite.execution.host_files import HostPath
from actlite.execution.ownership import hand_over
from actlite.execution.plain_files import open_plain
from actlite.execution.prepared import PreparedAction
from actlite.execution.products import tree
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.steps import StepResult, StepRun
from actlite.execution.workspace import CheckoutRequest, fill
from actlite.records import replace
from actlite.workflow.model import NodeRuns

MIN_GIT = (2, 18)
"""Older ones make the real action download an archive, without a ``.git`` folder (checkout: git-command-manager)."""


def run_checkout(run: StepRun, action: PreparedAction) -> StepResult:
    """Start the real node in the container; where it starts, fill the workspace."""
    inputs = {name.lower(): value for name, value in action_inputs(run, action).items()}
    runs = action.manifest.runs
    assert isinstance(runs, NodeRuns)
    answer = run.state.layout.temp / f"_actlite_checkout_{uuid.uuid4().hex}"
    extra = {"ACTLITE_CHECKOUT_ANSWER": run.state.layout.sandbox_path(answer)}
    try:
        result = run_node(run, action, runs.main, inputs, extra)
        if result.outcome != SUCCESS:
            return result
        git = _answered(answer)
        user = _user(answer)
    finally:
        answer.unlink(missing_ok=True)
    result = _fill(run, inputs, git)
    if result.outcome == SUCCESS and user is not None:
        workspace = run.state.layout.workspace
        hand_over(workspace / inputs.get("path", ""), workspace, user)
    return result


def _user(answer: Path) -> tuple[int, int] | None:
    """User and group that the container's processes run as, and so the real checkout: those of what it has written."""
    try:
        status = answer.lstat()
    except OSError:
        return None
    return status.st_uid, status.st_gid


def _answered(answer: Path) -> str:
    """What the probe has found: git's own line; '' without one. The file was written in the container, so it may
    be anything."""
    try:
        stream, _ = open_plain(answer, follow=False)
        with stream:
            found = json.loads(stream.read(10_000))
    except (OSError, ValueError):
        return ""
    return str(found.get("git", "")) if isinstance(found, dict) else ""


def run_checkout_post(run: StepRun, action: PreparedAction) -> StepResult:
    """The real action's post stage removes credentials, of which there are none here; its node must start all the same."""
    runs = action.manifest.runs
    assert isinstance(runs, NodeRuns)
    return run_node(run, action, runs.post, action_inputs(run, action))


def _fill(run: StepRun, inputs: dict[str, str], git: str) -> StepResult:
    state = run.state
    github = state.github
    own = str(github.get("repository", ""))
    wanted = inputs.get("repository") or own
    with_git = _git_version(git) >= MIN_GIT
    run.log.write(f"Syncing repository: {wanted}\n")
    if git:
        run.log.write(f"{git}\n")
    if not with_git:
        run.log.write(
            "The repository's files are put here without a .git folder: the container has no git "
            f"{MIN_GIT[0]}.{MIN_GIT[1]} or newer on its PATH, and the real action downloads an archive then.\n"
        )
        refused = _needs_git(inputs)
        if refused:
            run.log.write(f"##[error]{refused}\n")
            run.effects.annotate_error(refused)
            return StepResult(FAILURE, 1)
    request = _request(
        run,
        wanted,
        ref=inputs.get("ref", ""),
        path=inputs.get("path", ""),
        depth=_number(inputs.get("fetch-depth", "1")),
        tags=_true(inputs.get("fetch-tags", "")),
        submodules=inputs.get("submodules", "").lower() in ("true", "recursive"),
        with_git=with_git,
    )
    workspace = state.layout.workspace
    if inputs.get("clean", "").lower() == "false" and workspace.is_dir() and any(workspace.iterdir()):
        run.log.write(
            "##[warning]actlite's checkout always begins with an empty folder: 'clean: false' is left out.\n"
        )
    for name in ("ssh-key", "lfs", "sparse-checkout", "filter"):
        if inputs.get(name) not in (None, "", "false"):
            run.log.write(
                f"##[warning]actlite's checkout leaves out '{name}': all files are taken from this machine.\n"
            )
    try:
        result = fill(state.layout.workspace, request)
    except CannotRun as error:
        run.log.write("".join(f"##[error]{line}\n" for line in str(error).splitlines()))
        run.effects.annotate_error(error.what)
        return StepResult(FAILURE, 1)
    state.known_files = (state.known_files or frozenset()) | tree(state.layout.workspace)
    for line in result.lines:
        run.log.write(f"{line}\n")
    run.outputs["ref"] = result.ref
    run.outputs["commit"] = result.sha
    return StepResult(SUCCESS, 0)


def _needs_git(inputs: Mapping[str, str]) -> str:
    """Why the real action refuses its inputs where it has no git (actions/checkout, git-source-provider.ts); '' where it
    does not."""
    submodules = inputs.get("submodules", "").lower() in ("true", "recursive")
    name = "submodules" if submodules else "ssh-key" if inputs.get("ssh-key") else ""
    if not name:
        return ""
    return (
        f"Input '{name}' not supported when falling back to download using the GitHub REST API. To create a local Git "
        f"repository instead, add Git {MIN_GIT[0]}.{MIN_GIT[1]} or higher to the PATH."
    )


def _request(run: StepRun, wanted: str, **details: Any) -> CheckoutRequest:
    """What is asked of a repository: this machine's where it is the workflow's own. Raises CannotRun."""
    state, github = run.state, run.state.github
    same = wanted.lower() == str(github.get("repository", "")).lower()
    if same and state.services.repository is None:
        raise CannotRun(
            "There is nothing to check out: the workflow is in no git repository",
            do="Make one (git init, git add, git commit), then run again.",
        )
    return CheckoutRequest(
        repository=wanted,
        local=state.services.repository if same else None,
        committed=state.services.settings.committed,
        offline=state.services.settings.offline,
        event_ref=str(github.get("ref", "")) if same else "",
        event_sha=str(github.get("sha", "")) if same else "",
        server=str(github.get("server_url", "https://github.com")),
        **details,
    )


def run_checkout_plugin(run: StepRun, inputs: Mapping[str, str]) -> None:
    """actions/checkout@v1, which the runner did itself, with its own git: all of the history, HEAD at a commit, paths
    below ``runner.workspace``; a path for the workflow's own repository moves the workspace there (R:
    Repository/v1.0/RepositoryPlugin.cs). Raises CannotRun."""
    state, layout = run.state, run.state.layout
    own = str(state.github.get("repository", ""))
    wanted = inputs.get("repository") or own
    names = [part for part in wanted.split("/") if part]
    if len(names) != 2:
        raise CannotRun(f"Specified argument was out of the range of valid values. (Parameter '{wanted}')")
    root = f"{layout.runner_work}/{layout.repository}"
    path = inputs.get("path", "")
    place = posixpath.normpath(posixpath.join(root, path or names[1]))
    if not place.startswith(root + "/"):
        raise CannotRun(
            f"Input path '{path}' should resolve to a directory under '{root}', current resolved path '{place}'."
        )
    if wanted.lower() == own.lower() and place != layout.runner_workspace:
        _move_workspace(run, place)
    run.log.write(f"Syncing repository: {wanted}\n")
    if _true(inputs.get("lfs", "")):
        run.log.write(
            "##[warning]actlite's checkout leaves out 'lfs': all files are taken from this machine.\n"
        )
    ref, depth = inputs.get("ref", ""), inputs.get("fetch-depth", "")
    request = _request(
        run,
        wanted,
        ref=ref,
        path=posixpath.relpath(place, root),
        depth=int(depth) if depth.strip().isdecimal() else 0,
        tags=True,
        submodules=inputs.get("submodules", "").lower() in ("true", "recursive", "1"),
        with_git=True,
        detached=not ref or ref.startswith("refs/"),
    )
    result = fill(layout.work / layout.repository, request)
    state.known_files = (state.known_files or frozenset()) | tree(state.layout.workspace)
    run.log.write("".join(f"{line}\n" for line in result.lines))


def _move_workspace(run: StepRun, place: str) -> None:
    state, layout = run.state, run.state.layout
    run.log.write(f"Repository is current at '{layout.runner_workspace}', move to '{place}'.\n")
    staging = layout.temp / f"_{uuid.uuid4().hex}"
    layout.workspace.rename(staging)
    target = HostPath(state, place).make_folder()
    target.rmdir() if not any(target.iterdir()) else shutil.rmtree(target)
    staging.rename(target)
    run.log.write(f"Repository will locate at '{place}'.\n")
    state.layout = replace(layout, place=posixpath.relpath(place, layout.runner_work))
    state.github["workspace"] = place


def _git_version(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def _number(text: str) -> int:
    try:
        return max(0, int(float(text or "1")))
    except ValueError as error:
        raise ActliteError(f"fetch-depth must be a number, not '{text}'") from error


def _true(text: str) -> bool:
    return text.strip().lower() == "true"
