"""actions/checkout, with the files taken from the repository on this machine."""

from __future__ import annotations

import json
import math
import posixpath
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actlite.errors import ActliteError, CannotRun
from actlite.execution.checkout_versions import (
    ALL_TAGS,
    NEEDS_SPARSE_GIT,
    OUTPUTS,
    Version,
    inputs_of,
    version_of,
)
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
from actlite.execution.workspace_git import git_version
from actlite.records import frozen, replace
from actlite.workflow.model import NodeRuns

if TYPE_CHECKING:
    from actlite.execution.sparse import Sparse

MIN_GIT = (2, 18)
"""Older ones make the real action download an archive, without a ``.git`` folder (checkout: git-command-manager)."""
MIN_SPARSE_GIT = (2, 28)
"""The same where a sparse checkout is asked for."""


@frozen
class Found:
    """What the probe has found in the container."""

    git: str = ""
    """git's own line; '' without one."""
    lfs: bool = False
    """git-lfs is there; asked for with ``lfs: true`` only."""
    user: tuple[int, int] | None = None
    """User and group of the container's processes, and so of what the real action would have written."""


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
        found = _answered(answer)
    finally:
        answer.unlink(missing_ok=True)
    result = _fill(run, inputs, found, version_of(action.ref))
    if result.outcome == SUCCESS and found.user is not None:
        workspace = run.state.layout.workspace
        hand_over(workspace / inputs.get("path", ""), workspace, found.user)
    return result


def _answered(answer: Path) -> Found:
    """What the probe has written, in the container: it may be anything."""
    try:
        status = answer.lstat()
        stream, _ = open_plain(answer, follow=False)
        with stream:
            found = json.loads(stream.read(10_000))
    except (OSError, ValueError):
        return Found()
    user = (status.st_uid, status.st_gid)
    if not isinstance(found, dict):
        return Found(user=user)
    return Found(str(found.get("git", "")), found.get("lfs") is True, user)


def run_checkout_post(run: StepRun, action: PreparedAction) -> StepResult:
    """The real action's post stage removes credentials, of which there are none here; its node must start all the same."""
    runs = action.manifest.runs
    assert isinstance(runs, NodeRuns)
    return run_node(run, action, runs.post, action_inputs(run, action))


def _fill(run: StepRun, inputs: dict[str, str], found: Found, version: Version) -> StepResult:
    state = run.state
    declared = inputs_of(version)
    inputs = {name: inputs.get(name, "") for name in declared}
    wanted = inputs["repository"] or str(state.github.get("repository", ""))
    run.log.write(f"Syncing repository: {wanted}\n")
    if found.git:
        run.log.write(f"{found.git}\n")
    sparse = _sparse(inputs, found)
    least = MIN_SPARSE_GIT if sparse is not None and version >= NEEDS_SPARSE_GIT else MIN_GIT
    with_git = git_version(found.git) >= least
    if not with_git:
        _tell_archive(run, least)
    refused = _refused(run, inputs, found, wanted, with_git=with_git)
    if refused:
        run.log.write(f"##[error]{refused}\n")
        run.effects.annotate_error(refused)
        return StepResult(FAILURE, 1)
    tags = _true(inputs.get("fetch-tags", ""))
    submodules = inputs.get("submodules", "").lower()
    request = _request(
        run,
        wanted,
        ref=inputs["ref"],
        path=inputs["path"],
        depth=_number(inputs["fetch-depth"]),
        tags=tags and version >= ALL_TAGS,
        follow_tags=tags,
        submodules=submodules in ("true", "recursive"),
        nested=submodules == "recursive",
        with_git=with_git,
        sparse=sparse,
        filter=inputs.get("filter", "") or ("blob:none" if sparse is not None else ""),
        keep=bool(inputs["clean"]) and not _true(inputs["clean"]),
        by_ssh=() if inputs["ssh-key"] else _by_ssh(run),
        persist=_true(inputs["persist-credentials"]),
        as_root=found.user is not None and found.user[0] == 0,
    )
    for name in ("ssh-key", "lfs"):
        if inputs[name] not in ("", "false"):
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
    if version >= OUTPUTS:
        given = request.ref or result.ref
        run.outputs["ref"] = "" if given == result.sha else given
        if with_git:
            run.outputs["commit"] = result.sha
    return StepResult(SUCCESS, 0)


def _by_ssh(run: StepRun) -> tuple[str, ...]:
    """How ssh addresses of the server begin: also those for the owner's own certificates (workflow-context-helper.ts)."""
    github = run.state.github
    host = urlsplit(str(github.get("server_url", ""))).hostname or ""
    event = github.get("event")
    repository = event.get("repository") if isinstance(event, Mapping) else None
    owner = repository.get("owner") if isinstance(repository, Mapping) else None
    number = owner.get("id") if isinstance(owner, Mapping) else None
    own = (f"org-{number:.0f}@github.com:",) if isinstance(number, (int, float)) else ()
    return (f"git@{host}:", *own)


def _sparse(inputs: Mapping[str, str], found: Found) -> Sparse | None:
    lines = (line.strip() for line in inputs.get("sparse-checkout", "").split("\n"))
    patterns = tuple(line for line in lines if line)
    if not patterns:
        return None
    from actlite.execution.sparse import Sparse

    cone = _true(inputs.get("sparse-checkout-cone-mode", "") or "true")
    return Sparse(patterns, cone, git_version(found.git))


def _tell_archive(run: StepRun, least: tuple[int, int]) -> None:
    run.log.write(
        "The repository will be downloaded using the GitHub REST API\n"
        f"To create a local Git repository instead, add Git {MIN_GIT[0]}.{MIN_GIT[1]} or higher to the PATH\n"
        "The repository's files are put here without a .git folder: the container has no git "
        f"{least[0]}.{least[1]} or newer on its PATH, and the real action downloads an archive then.\n"
    )


def _refused(run: StepRun, inputs: Mapping[str, str], found: Found, wanted: str, *, with_git: bool) -> str:
    """Why the real action refuses its inputs, in its words (actions/checkout: input-helper.ts, git-source-provider.ts,
    git-command-manager.ts); '' where it does not."""
    owner, slash, name = wanted.partition("/")
    if not (owner and slash and name) or "/" in name:
        return f"Invalid repository '{wanted}'. Expected format {{owner}}/{{repo}}."
    root = run.state.layout.sandbox_path(run.state.layout.workspace)
    place = posixpath.normpath(posixpath.join(root, inputs["path"]))
    if not f"{place}/".startswith(f"{root}/"):
        return f"Repository path '{place}' is not under '{root}'"
    if _true(inputs["lfs"]) and not (with_git and found.lfs):
        missing = "git-lfs" if with_git else "git"
        return (
            f"Unable to locate executable file: {missing}. Please verify either the file path exists or the file can be "
            "found within a directory specified by the PATH environment variable. Also check the file mode to verify "
            "the file is executable."
        )
    if with_git:
        return ""
    submodules = inputs.get("submodules", "").lower() in ("true", "recursive")
    refused = "submodules" if submodules else "ssh-key" if inputs["ssh-key"] else ""
    if not refused:
        return ""
    return (
        f"Input '{refused}' not supported when falling back to download using the GitHub REST API. To create a local Git "
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
        nested=inputs.get("submodules", "").lower() == "recursive",
        with_git=True,
        detached=not ref or ref.startswith("refs/"),
    )
    result = fill(layout.work / layout.repository, request)
    state.known_files = (state.known_files or frozenset()) | tree(state.layout.workspace)
    run.log.write("".join(f"{line}\n" for line in result.lines))


def _move_workspace(run: StepRun, place: str) -> None:
    """Raises UsageError, CannotRun or OSError where that place can't be had: the workspace is where it was then."""
    state, layout = run.state, run.state.layout
    wanted = HostPath(state, place)
    run.log.write(f"Repository is current at '{layout.runner_workspace}', move to '{place}'.\n")
    staging = layout.temp / f"_{uuid.uuid4().hex}"
    layout.workspace.rename(staging)
    try:  # a place within the workspace is there to be made only now
        target = wanted.make_folder()
        target.rmdir() if not any(target.iterdir()) else shutil.rmtree(target)
        staging.rename(target)
    except (ActliteError, OSError):
        staging.rename(layout.workspace)
        raise
    run.log.write(f"Repository will locate at '{place}'.\n")
    state.layout = replace(layout, place=posixpath.relpath(place, layout.runner_work))
    state.github["workspace"] = place


def _number(text: str) -> int:
    """The depth that the action reads; 0, all of the history, for what is no number."""
    try:
        return max(0, math.floor(float(text or "1")))
    except (ValueError, OverflowError):
        return 0


def _true(text: str) -> bool:
    return text.strip().lower() == "true"
