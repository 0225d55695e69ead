"""The submodules of a checkout, from what this machine has of them, as ``git submodule update --init --force`` leaves
them (actions/checkout, git-source-provider.ts)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from actlite.errors import CannotRun
from actlite.execution.workspace_git import SERVE, Git, file_url
from actlite.records import frozen

Bring = Callable[[Path, str, Path], None]
"""Makes a name below the third what it is below the first (``workspace.bring``)."""


@frozen
class Origin:
    """What this machine has of a repository."""

    git_dir: Path
    """Its git files, with those of its submodules in ``modules``."""
    tree: Path | None
    """Its working tree; None where only the git files are there."""

    def inner(self, name: str, path: str) -> Origin | None:
        """The same of one of its submodules; None where it was never fetched here."""
        tree = self.tree / path if self.tree is not None else None
        if tree is not None and self.tree is not None and _in_folders(self.tree, path):
            found = Git(tree).ask("rev-parse", "--absolute-git-dir") if (tree / ".git").exists() else ""
            if found:
                return Origin(Path(found), tree)
        kept = self.git_dir / "modules" / name
        return Origin(kept, None) if (kept / "HEAD").exists() else None

    def has(self, sha: str) -> bool:
        """Whether a commit is there."""
        return bool(Git(self.git_dir).ask("rev-parse", "--verify", "--quiet", f"{sha}^{{commit}}"))


@frozen
class Update:
    """How submodules are to be put there."""

    depth: int
    """Commits; 0 is the whole history."""
    nested: bool
    """Also those of submodules."""
    changes: bool
    """What the working trees on this machine have changed comes on top."""
    offline: bool
    bring: Bring
    server: str
    by_ssh: tuple[str, ...] = ()
    """How addresses begin that mean the server by ssh; they are taken for the server's own."""
    persist: bool = False
    """This is kept in the submodules' settings."""

    @property
    def rewrites(self) -> str:
        """The setting that says so."""
        return f"url.{self.server}/.insteadOf"


def put_submodules(git: Git, origin: Origin | None, update: Update) -> list[str]:
    """Initialise and check out the submodules of a repository; lines for the log, git's own. What this machine does
    not have is fetched from where it comes from. Raises CannotRun."""
    links = _links(git)
    if not links:
        return []
    names = _names(git)
    git("submodule", "init", "-q")
    lines = []
    for path, linked in links.items():
        name = names.get(path, "")
        if not name:
            raise CannotRun(f"fatal: No url found for submodule path '{path}' in .gitmodules")
        if not (_is_below(path) and _is_below(name)):
            lines.append(f"Submodule {path} is left out: its path leads out of the repository")
            continue
        url = git.ask("config", "--get", f"submodule.{name}.url")
        lines.append(f"Submodule '{name}' ({url}) registered for path '{path}'")
        inner = origin.inner(name, path) if origin is not None else None
        sha = linked
        if inner is not None and update.changes and inner.tree is not None:
            sha = Git(inner.tree).ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") or linked
        if inner is not None and inner.has(sha):
            _put(git, path, sha, url, inner, update)
        else:
            inner = None
            _fetch(git, path, sha, url, update)
        lines.append(f"Submodule path '{path}': checked out '{sha}'")
        below = Git(git.folder / path)
        below("config", "--local", "gc.auto", "0")
        for start in update.by_ssh if update.persist else ():
            below("config", "--local", "--add", update.rewrites, start)
        if inner is not None and inner.tree is not None and update.changes:
            changed = _changed(inner.tree)
            for one in changed:
                update.bring(inner.tree, one, below.folder)
            if changed:
                lines.append(f"{len(changed)} changed file(s) of the submodule's working tree on top")
        if update.nested:
            lines += put_submodules(below, inner, update)
    return lines


def _put(git: Git, path: str, sha: str, url: str, origin: Origin, update: Update) -> None:
    """What a clone and a checkout of the commit leave, from a repository on this machine."""
    source = Git(origin.tree or origin.git_dir)
    folder = git.folder / path
    folder.mkdir(parents=True, exist_ok=True)
    below = Git(folder)
    tracked = source.ask("symbolic-ref", "-q", "refs/remotes/origin/HEAD").removeprefix(
        "refs/remotes/origin/"
    )
    branch = tracked or source.ask("symbolic-ref", "-q", "--short", "HEAD")
    place = "refs/remotes/origin" if tracked else "refs/heads"
    below("init", "-q", "-b", branch or "main")
    below("remote", "add", *(["-t", branch] if branch and update.depth else []), "origin", url)
    refs = [f"+{place}/{branch}:refs/remotes/origin/{branch}"] if branch else []
    how = [f"--depth={update.depth}"]
    if not update.depth:
        refs = [f"+{place}/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        how = ["--update-shallow"]
    below("fetch", "-q", *how, SERVE, file_url(source.folder), *refs, sha)
    if branch:
        below("symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{branch}")
    below("checkout", "-q", "--force", "--detach", sha)
    if branch:
        below("branch", "-q", "--track", branch, f"origin/{branch}")
    git("submodule", "absorbgitdirs", "--", path)


def _fetch(git: Git, path: str, sha: str, url: str, update: Update) -> None:
    if update.offline:
        raise CannotRun(
            f"Submodule {path} is not on this machine (commit {sha}), and --offline forbids fetching it",
            do="Run git submodule update --init --recursive here, or without --offline.",
        )
    depth = [f"--depth={update.depth}"] if update.depth else []
    settings = [word for start in update.by_ssh for word in ("-c", f"{update.rewrites}={start}")]
    try:
        git(
            "-c",
            "protocol.version=2",
            *settings,
            "submodule",
            "update",
            "--init",
            "--force",
            *depth,
            "--",
            path,
        )
    except CannotRun as error:
        raise CannotRun(
            f"Submodule {path} is not on this machine (commit {sha}), and could not be fetched from {url}",
            why=error.why,
            do="Run git submodule update --init --recursive here.",
        ) from error


def _links(git: Git) -> dict[str, str]:
    """Path and commit of each submodule of HEAD."""
    entries = (entry.partition("\t") for entry in git("ls-files", "-z", "--stage").split("\0"))
    return {path: head.split()[1] for head, _, path in entries if head.startswith("160000 ")}


def _names(git: Git) -> dict[str, str]:
    """The names of submodules by their paths."""
    try:
        listed = git("config", "-z", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    except CannotRun:  # git's answer where there is none
        return {}
    entries = (entry.partition("\n") for entry in listed.split("\0") if entry)
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in entries}


def _changed(tree: Path) -> list[str]:
    """What a working tree has that its HEAD has not, and the reverse; nothing ignored, and no submodules."""
    git = Git(tree)
    changed = git(
        "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules", "HEAD", "--"
    )
    others = git("ls-files", "-z", "--others", "--exclude-standard")
    return [name for name in (changed + others).split("\0") if name]


def _is_below(path: str) -> bool:
    parts = os.path.normpath(path).split("/")
    return bool(path) and not path.startswith("/") and not {"..", ".git"} & {p.lower() for p in parts}


def _in_folders(root: Path, path: str) -> bool:
    """Whether a path is one of folders, without links."""
    folder = root
    for part in Path(path).parts:
        folder /= part
        if folder.is_symlink() or not folder.is_dir():
            return False
    return True
