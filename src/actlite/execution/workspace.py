"""Filling a workspace from a repository on this machine, as actions/checkout would from GitHub.

The commit's files come from git objects; on top come the files that are changed and not ignored in the
working tree, unless only what is committed is wanted. Ignored files (``.secrets``!) never.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.contexts.repository import NO_COMMIT, Repository
from actlite.errors import CannotRun
from actlite.execution.ownership import give_like
from actlite.execution.workspace_git import SERVE, Git, file_url, printable
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.execution.sparse import Sparse

_SHA = re.compile("[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")


@frozen
class CheckoutRequest:
    """What a checkout step asks for."""

    repository: str
    local: Repository | None
    """The repository on this machine; None where another one is asked for."""
    ref: str
    path: str
    depth: int
    """Commits; 0 is the whole history."""
    tags: bool
    submodules: bool
    with_git: bool
    committed: bool
    offline: bool
    event_ref: str
    event_sha: str
    server: str
    detached: bool = False
    """HEAD is to be at the commit, also where the ref is a branch."""
    follow_tags: bool = False
    """The tags of the commits that are fetched come too."""
    nested: bool = False
    """The submodules of submodules too."""
    sparse: Sparse | None = None
    filter: str = ""
    """What a partial clone leaves out: only its settings are made, all objects are there."""
    keep: bool = False
    """``clean: false``: what is in the folder of an earlier checkout stays, where no file of the commit comes."""
    by_ssh: tuple[str, ...] = ()
    """How submodules' addresses begin that mean the server by ssh."""
    persist: bool = False
    """Settings for later fetches are kept; credentials never are."""
    as_root: bool = False
    """Who unpacks an archive is root."""


@frozen
class CheckoutResult:
    """What was put there."""

    ref: str
    sha: str
    lines: tuple[str, ...]
    """For the log."""


def fill(workspace: Path, request: CheckoutRequest) -> CheckoutResult:
    """Fill the workspace (or a folder below it). Raises CannotRun, with git's own words."""
    target = _target(workspace, request.path)
    if request.local is None and request.offline:
        raise CannotRun(
            f"Repository {request.repository} is not on this machine, and --offline forbids fetching it",
            do="Run without --offline.",
        )
    source, name = _source(request)
    ref, sha = _resolve(request)
    if request.local is not None and sha == NO_COMMIT:
        raise CannotRun(
            f"There is nothing to check out: the repository at {request.local.root} has no commit yet",
            do="Commit its files (git add, git commit), then run again.",
        )
    lines = [f"Getting {ref or sha} of {request.repository} from {name}"]
    url = f"{request.server}/{request.repository}"
    _empty(target, keep=request.keep and _is_checkout(target, url))
    git = Git(target)
    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", url)
    git("config", "--local", "gc.auto", "0")
    sha = _fetch(git, request, source, ref, sha)
    if not request.with_git:
        from actlite.execution.archive import archive_modes, as_archive

        as_archive(git)
    local = request.local
    mine = local is not None and not request.committed and sha == local.head
    if local is not None and mine:
        changes = copy_changes(local, target, git if request.sparse else None)
        if changes:
            lines.append(
                f"{len(changes)} changed file(s) of the working tree on top; --committed leaves them out"
            )
    if request.submodules:
        from actlite.execution.submodules import Origin, Update, put_submodules

        origin = Origin(local.common_dir, local.root) if local is not None else None
        update = Update(
            depth=request.depth,
            nested=request.nested,
            changes=mine,
            offline=request.offline,
            bring=_bring,
            server=request.server,
            by_ssh=request.by_ssh,
            persist=request.persist,
        )
        lines += put_submodules(git, origin, update)
    if not request.with_git:
        shutil.rmtree(target / ".git")
        if request.as_root:
            archive_modes(target)
    elif request.filter:
        git("config", "remote.origin.promisor", "true")
        git("config", "remote.origin.partialclonefilter", request.filter)
        git("config", "core.repositoryformatversion", "1")
    inside = target.relative_to(os.path.realpath(workspace)).parts
    give_like(workspace / inside[0] if inside else workspace, workspace)
    lines.append(f"HEAD is now at {sha}")
    return CheckoutResult(ref, sha, tuple(printable(line) for line in lines))


def _target(workspace: Path, path: str) -> Path:
    target = Path(os.path.normpath(workspace / path))
    if target != workspace and workspace not in target.parents:
        raise CannotRun(f"Repository path '{path}' is not under the workspace")
    real = Path(os.path.realpath(target))
    work = Path(os.path.realpath(workspace.parent.parent))
    if not real.is_relative_to(work / workspace.parent.name / workspace.name):
        raise CannotRun(
            f"Nothing is checked out into '{path or '.'}': a step has put a symbolic link there, or above it",
            why="In the container it may lead to another place than on this machine, where the files are written.",
            do="Remove the link before the checkout, or check out into a folder.",
        )
    return real


def _source(request: CheckoutRequest) -> tuple[str, str]:
    if request.local is not None:
        return file_url(request.local.root), "this machine"
    return f"{request.server}/{request.repository}", request.server


def _resolve(request: CheckoutRequest) -> tuple[str, str]:
    """The full ref and the commit, either of which may be empty."""
    wanted, local = request.ref, request.local
    if not wanted:
        return request.event_ref, request.event_sha
    if local is None:
        return wanted, ""
    if wanted in (request.event_ref, request.event_sha):
        return request.event_ref, request.event_sha
    for full in (wanted, f"refs/heads/{wanted}", f"refs/tags/{wanted}"):
        if full.startswith("refs/"):
            sha = local.resolve(full)
            if sha is None and full.startswith("refs/heads/"):
                sha = local.resolve(full.replace("refs/heads/", "refs/remotes/origin/", 1))
            if sha:
                return full, sha
            if full == request.event_ref:
                return full, request.event_sha
    sha = local.resolve(wanted) if _SHA.fullmatch(wanted) else None
    if sha is None:
        raise CannotRun(
            f"A branch or tag with the name '{wanted}' could not be found",
            why=f"The repository at {local.root} has no such ref or commit.",
        )
    return "", sha


_OTHERS = "+refs/remotes/origin/*:refs/remotes/origin/*"
"""The branches that only GitHub has, as this machine last saw them."""


def _fetch(git: Git, request: CheckoutRequest, source: str, ref: str, sha: str) -> str:
    """Fetch and check out; the commit that is there now."""
    depth = [f"--depth={request.depth}"] if request.depth else []
    upload = [SERVE] if request.local else []
    tags = [] if request.tags or request.follow_tags else ["--no-tags"]
    fetch = ["fetch", "-q", "--force", *tags, *depth, *upload, source]
    if request.tags and request.depth:
        git(*fetch, "+refs/tags/*:refs/tags/*")
    if not request.depth:
        if request.local and "refs/remotes/origin/" in git(
            "ls-remote", *upload, source, "refs/remotes/origin/*"
        ):
            git("fetch", "-q", "--force", "--no-tags", *upload, source, _OTHERS)
            git("update-ref", "-d", "refs/remotes/origin/HEAD")
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        git("fetch", "-q", "--force", *upload, source, *everything)
    what = sha or ref or "HEAD"
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        git(*fetch, f"+{what}:refs/remotes/origin/{branch}")
        how = ["--detach"] if request.detached else ["-B", branch]
        _check_out(git, request, *how, f"refs/remotes/origin/{branch}")
    elif ref.startswith("refs/tags/"):
        git(*fetch, f"+{what}:{ref}")
        _check_out(git, request, ref)
    elif ref.startswith("refs/pull/"):
        remote = ref.replace("refs/pull/", "refs/remotes/pull/", 1)
        git(*fetch, f"+{what}:{remote}")
        _check_out(git, request, remote)
    else:
        git(*fetch, what)
        _check_out(git, request, "--detach", "FETCH_HEAD")
    return git("rev-parse", "HEAD").strip()


def _check_out(git: Git, request: CheckoutRequest, *what: str) -> None:
    if request.sparse is not None and request.with_git:
        from actlite.execution.sparse import set_sparse

        set_sparse(git, request.sparse)
    git("checkout", "-q", "--force", *what)


def copy_changes(repository: Repository, target: Path, sparse: Git | None = None) -> tuple[str, ...]:
    """Bring what is changed and not ignored in the working tree, but for what the sparse checkout ``sparse`` leaves
    out; the names of those files."""
    changed = [change.path for change in repository.status()]
    if sparse is not None and changed:
        from actlite.execution.sparse import outside

        left_out = outside(sparse, changed)
        changed = [name for name in changed if name.rstrip("/") not in left_out]
    for name in changed:
        _bring(repository.root, name, target)
    return tuple(changed)


def _bring(base: Path, name: str, target: Path) -> None:
    """Make a name below ``target`` what it is below ``base``. Neither is a link followed: what lies behind one
    is no part of a repository, and may be any file of the user's."""
    source, copy = base / name, target / name
    there = _in_folders(base, name) and os.path.lexists(source)
    if not there:
        if _in_folders(target, name):
            _remove(copy)
        return
    folder = target
    for part in Path(name).parts[:-1]:
        folder /= part
        _make_folder(folder)
    if source.is_symlink():
        _remove(copy)
        copy.symlink_to(os.readlink(source))
    elif source.is_dir():
        _make_folder(copy)
    elif stat.S_ISREG(source.stat().st_mode):
        _remove(copy)
        shutil.copy2(source, copy)


def _in_folders(root: Path, name: str) -> bool:
    """Whether all that is between the root and a name are folders, not links."""
    folder = root
    for part in Path(name).parts[:-1]:
        folder /= part
        if folder.is_symlink() or not folder.is_dir():
            return False
    return True


def _make_folder(path: Path) -> None:
    """A folder in the place of whatever is there."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        path.mkdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_checkout(target: Path, url: str) -> bool:
    """Whether a folder has a checkout of a repository; the container may have put anything there."""
    config = target / ".git" / "config"
    if config.parent.is_symlink() or config.is_symlink() or not config.is_file():
        return False
    return Git(target.parent).ask("config", "--file", str(config), "--get", "remote.origin.url") == url


def _empty(target: Path, *, keep: bool) -> None:
    """Make a folder anew, but for itself (it may be mounted), and (``keep``) the files of a checkout."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        if not keep or entry.name == ".git":
            _remove(entry)
