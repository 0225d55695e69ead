"""Filling a workspace from a repository on this machine, as actions/checkout would from GitHub.

The commit's files come from git objects; on top come the files that are changed and not ignored in the
working tree, unless only what is committed is wanted. Ignored files (``.secrets``!) never.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import quote

from actlite.contexts.repository import NO_COMMIT, Repository
from actlite.errors import CannotRun
from actlite.execution.ownership import give_like
from actlite.records import frozen

SERVE = "--upload-pack=git -c 'safe.directory=*' -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""How git is to serve the repository on this machine: any commit, and whoever it belongs to, as it was found with
the user's own settings."""


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
    _empty(target)
    git = _Git(target)
    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", f"{request.server}/{request.repository}")
    git("config", "--local", "gc.auto", "0")
    sha = _fetch(git, request, source, ref, sha)
    changes: tuple[str, ...] = ()
    if request.local is not None and not request.committed and sha == request.local.head:
        changes = copy_changes(request.local, target)
    if changes:
        lines.append(
            f"{len(changes)} changed file(s) of the working tree on top; --committed leaves them out"
        )
    if request.submodules and (target / ".gitmodules").exists():
        _submodules(git, request, target, lines)
    if not request.with_git:
        shutil.rmtree(target / ".git")
    inside = target.relative_to(os.path.realpath(workspace)).parts
    give_like(workspace / inside[0] if inside else workspace, workspace)
    lines.append(f"HEAD is now at {sha}")
    return CheckoutResult(ref, sha, tuple(lines))


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
        return "file://" + quote(os.fsencode(request.local.root)), "this machine"
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
            if sha:
                return full, sha
            if full in (request.event_ref, wanted) and full == request.event_ref:
                return full, request.event_sha
    sha = local.resolve(wanted)
    if sha is None:
        raise CannotRun(
            f"A branch or tag with the name '{wanted}' could not be found",
            why=f"The repository at {local.root} has no such ref or commit.",
        )
    return "", sha


def _fetch(git: _Git, request: CheckoutRequest, source: str, ref: str, sha: str) -> str:
    """Fetch and check out; the commit that is there now."""
    depth = [f"--depth={request.depth}"] if request.depth else []
    upload = [SERVE] if request.local else []
    tags = [] if request.tags else ["--no-tags"]
    fetch = ["fetch", "-q", "--force", *tags, *depth, *upload, source]
    if request.tags and request.depth:
        git(*fetch, "+refs/tags/*:refs/tags/*")
    if not request.depth:
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        git("fetch", "-q", "--force", *upload, source, *everything)
    what = sha or ref or "HEAD"
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        git(*fetch, f"+{what}:refs/remotes/origin/{branch}")
        how = ["--detach"] if request.detached else ["-B", branch]
        git("checkout", "-q", "--force", *how, f"refs/remotes/origin/{branch}")
    elif ref.startswith("refs/tags/"):
        git(*fetch, f"+{what}:{ref}")
        git("checkout", "-q", "--force", ref)
    elif ref.startswith("refs/pull/"):
        remote = ref.replace("refs/pull/", "refs/remotes/pull/", 1)
        git(*fetch, f"+{what}:{remote}")
        git("checkout", "-q", "--force", remote)
    else:
        git(*fetch, what)
        git("checkout", "-q", "--force", "--detach", "FETCH_HEAD")
    return git("rev-parse", "HEAD").strip()


def _submodules(git: _Git, request: CheckoutRequest, target: Path, lines: list[str]) -> None:
    if request.local is None:
        git("submodule", "update", "-q", "--init", "--recursive", "--depth=1")
        return
    source = request.local.root
    for path in _submodule_paths(git):
        if not _is_below(path):
            lines.append(f"Submodule {path} is left out: its path leads out of the repository")
            continue
        inner = source / path
        if not (inner / ".git").exists():
            lines.append(f"Submodule {path} is not checked out on this machine: left empty")
            continue
        listed = _Git(inner)("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            _bring(source, f"{path}/{name}", target)
        lines.append(f"Submodule {path}: the files of the working tree")


def _submodule_paths(git: _Git) -> list[str]:
    try:
        listed = git("config", "-z", "--file", ".gitmodules", "--get-regexp", r"\.path$")
    except CannotRun:  # git's answer where there is none
        return []
    return [entry.partition("\n")[2] for entry in listed.split("\0") if entry]


def _is_below(path: str) -> bool:
    parts = os.path.normpath(path).split("/")
    return bool(path) and not path.startswith("/") and not {"..", ".git"} & {p.lower() for p in parts}


def copy_changes(repository: Repository, target: Path) -> tuple[str, ...]:
    """Bring what is changed and not ignored in the working tree; the names of those files."""
    changed = [change.path for change in repository.status()]
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


def _empty(target: Path) -> None:
    """``clean: true``: the folder is made anew, but itself stays (it may be mounted)."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        _remove(entry)


_OPTIONS = tuple(
    word
    for setting in (
        "safe.directory=*",
        "advice.detachedHead=false",
        # What runs in the container can write into the workspace; nothing of it may run on this machine.
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
    )
    for word in ("-c", setting)
)


class _Git:
    """git in one folder, without the user's settings and without questions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "LC_ALL": "C",
        }
        done = subprocess.run(
            ["git", *_OPTIONS, *args],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise CannotRun(f"git {args[0]} failed", why=done.stderr.strip() or done.stdout.strip())
        return done.stdout
