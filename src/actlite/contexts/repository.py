"""The local git repository, as far as a run needs it. Each question costs at most one git process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from actlite.contexts.git import GitFailed, git
from actlite.contexts.remote import RepositoryName, local_name, parse_remote
from actlite.records import frozen

NO_COMMIT = "0" * 40
"""The sha that GitHub gives where there is no commit."""

_RECORD = "%x1e"
_RECORDS = re.compile("\x1e(?=[0-9a-f]{40,64}\0)")


@frozen
class Person:
    """The author or committer of a commit; ``date`` is ISO 8601."""

    name: str
    email: str
    date: str


@frozen
class Commit:
    """One commit; the files are those that differ from its first parent."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    modified: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """All changed files."""
        return tuple(sorted({*self.added, *self.removed, *self.modified}))


@frozen
class Change:
    """A file of the working tree that differs from HEAD, or isn't in it (and isn't ignored)."""

    path: str
    """Relative to the root, with forward slashes."""
    kind: str
    """modified, added, deleted or untracked."""


@frozen
class Refs:
    """Branches and tags, each with the commit that it stands for."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    remote_head: str
    """The branch that ``origin/HEAD`` names, or ''."""
    remote_branch: str
    """The commit that ``origin`` was last seen to have for the current branch, or ''."""


class Repository:
    """A working tree with its repository, found by ``discover``. Answers are read once and kept."""

    def __init__(
        self,
        root: Path,
        git_dir: Path,
        common_dir: Path,
        *,
        shallow: bool,
        head: str | None,
        branch: str | None,
    ) -> None:
        self.root = root
        """The top folder of the working tree."""
        self.git_dir = git_dir
        """The folder of this working tree's own git files."""
        self.common_dir = common_dir
        """The folder of the repository itself: the same, but for a linked worktree."""
        self.shallow = shallow
        self.head = head
        """The sha of HEAD; None without commits."""
        self.branch = branch
        """The current branch; None when HEAD is detached."""

    def __repr__(self) -> str:
        return f"Repository({str(self.root)!r}, head={self.head!r}, branch={self.branch!r})"

    @classmethod
    def discover(cls, folder: Path) -> Repository | None:
        """The repository that a folder is in, or None. A bare repository has no files and is none.
        Raises CannotRun without git, and UsageError when git distrusts the folder's owner."""
        questions = "--show-toplevel --absolute-git-dir --git-common-dir --is-shallow-repository"
        try:
            answer = git(
                folder,
                ["rev-parse", *questions.split(), "--revs-only", "HEAD", "--symbolic-full-name", "HEAD"],
            )
        except GitFailed:
            return None
        root, git_dir, common, shallow, *head = answer.splitlines()
        sha, symbolic = (head[0], head[1]) if len(head) == 2 else (None, _unborn(Path(git_dir)))
        return cls(
            Path(root),
            Path(git_dir),
            (folder / common).resolve(),
            shallow=shallow == "true",
            head=sha,
            branch=symbolic.removeprefix("refs/heads/") if symbolic.startswith("refs/heads/") else None,
        )

    @cached_property
    def refs(self) -> Refs:
        """Branches and tags; annotated tags are followed to their commits."""
        upstream = f"refs/remotes/origin/{self.branch}" if self.branch else "refs/remotes/origin/HEAD"
        try:
            answer = git(
                self.root,
                [
                    "for-each-ref",
                    "--format=%(refname)%00%(objectname)%00%(*objectname)%00%(symref)",
                    "refs/heads",
                    "refs/tags",
                    "refs/remotes/origin/HEAD",
                    upstream,
                ],
            )
        except GitFailed:
            answer = ""
        branches: dict[str, str] = {}
        tags: dict[str, str] = {}
        remote_head = remote_branch = ""
        for line in answer.splitlines():
            name, sha, peeled, symref = line.split("\0")
            if name.startswith("refs/heads/"):
                branches[name.removeprefix("refs/heads/")] = sha
            elif name.startswith("refs/tags/"):
                tags[name.removeprefix("refs/tags/")] = peeled or sha
            elif name == "refs/remotes/origin/HEAD":
                remote_head = symref.removeprefix("refs/remotes/origin/")
            else:
                remote_branch = sha
        return Refs(branches, tags, remote_head, remote_branch)

    @cached_property
    def config(self) -> Mapping[str, str]:
        """git's settings for this repository, names in lower case but for their middle part; the last of
        several values counts."""
        try:
            answer = git(self.root, ["config", "--list", "-z"])
        except GitFailed:
            return {}
        entries = (entry.partition("\n") for entry in answer.split("\0") if entry)
        return {name: value for name, _, value in entries}

    @cached_property
    def name(self) -> RepositoryName:
        """Owner and name, from the remote ``origin``, else from the only other remote, else made up."""
        remotes = {
            key.removeprefix("remote.").removesuffix(".url"): url
            for key, url in self.config.items()
            if key.startswith("remote.") and key.endswith(".url")
        }
        folder = self.common_dir.parent.name if self.common_dir.name == ".git" else self.root.name
        if "origin" in remotes:
            return parse_remote(remotes["origin"]) or local_name(
                folder, "the remote 'origin' is not of the form host/owner/name"
            )
        for remote, url in sorted(remotes.items()):
            found = parse_remote(url)
            if found is not None:
                note = f"there is no remote 'origin': the name is that of '{remote}'"
                return RepositoryName(found.owner, found.name, found.host, note)
        return local_name(folder, "the repository has no remote")

    @property
    def default_branch(self) -> str:
        """What ``origin/HEAD`` names, else main or master where there is one, else the current branch."""
        if self.refs.remote_head:
            return self.refs.remote_head
        for name in ("main", "master"):
            if name in self.refs.branches:
                return name
        return self.branch or self.config.get("init.defaultbranch", "") or "main"

    def resolve(self, revision: str) -> str | None:
        """The sha of the commit that a revision stands for, or None."""
        try:
            return git(
                self.root, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
            ).strip()
        except GitFailed:
            return None

    def commit(self, sha: str) -> Commit | None:
        """The facts of a commit and the files that it changed; None when it isn't there. In a shallow clone,
        the oldest commit appears to add every file."""
        found = self.commits(sha, limit=1)
        return found[0] if found else None

    def commits(self, sha: str, *, since: str = "", limit: int = 20) -> tuple[Commit, ...]:
        """A commit and those before it, newest first, up to and without ``since``; none when one of them isn't
        there."""
        fields = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
        options = "-z --no-color --no-show-signature --no-mailmap --no-renames --name-status"
        arguments = ["log", f"-{limit}", *options.split(), "--diff-merges=first-parent"]
        try:
            answer = git(
                self.root,
                [*arguments, f"--format={_RECORD}{fields}%x00", f"{since}..{sha}" if since else sha, "--"],
            )
        except GitFailed:
            return ()
        return tuple(_commit(record) for record in _RECORDS.split(answer)[1:])

    def changed_files(self, base: str, head: str, *, since_parted: bool = False) -> tuple[str, ...] | None:
        """The files that differ between two commits, or (``since_parted``) that ``head`` has changed since the
        two branches parted. None where one of them isn't there."""
        span = f"{base}{'...' if since_parted else '..'}{head}"
        try:
            answer = git(
                self.root, ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", span, "--"]
            )
        except GitFailed:
            return None
        return tuple(path for path in answer.split("\0") if path)

    def status(self) -> tuple[Change, ...]:
        """The files of the working tree that differ from HEAD, and the untracked ones that aren't ignored.
        Reads the working tree anew each time."""
        answer = git(self.root, ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"])
        changes = []
        for entry in answer.split("\0"):
            if entry:
                state, path = entry[:2], entry[3:]
                changes.append(Change(path, _kind(state)))
        return tuple(changes)


def _commit(record: str) -> Commit:
    """One commit of ``git log -z --name-status``: its fields, then a letter and a path for each file."""
    sha, tree, parents, an, ae, ad, cn, ce, cd, message, *rest = record.split("\0")
    files: dict[str, list[str]] = {"A": [], "D": [], "M": []}
    parts = [part.lstrip("\n") for part in rest]
    while parts and not parts[0]:
        parts.pop(0)
    for status, path in zip(parts[::2], parts[1::2], strict=False):
        files.get(status[:1], files["M"]).append(path)
    author, committer = Person(an, ae, ad), Person(cn, ce, cd)
    changed = (tuple(files[letter]) for letter in "ADM")
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"), *changed)


def _kind(state: str) -> str:
    if state == "??":
        return "untracked"
    if state[1] == "D" or (state[0] == "D" and state[1] == " "):
        return "deleted"
    return "added" if state[0] == "A" else "modified"


def _unborn(git_dir: Path) -> str:
    """The branch that the first commit will be on."""
    try:
        head = (git_dir / "HEAD").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    target = head.removeprefix("ref:").strip()
    return target if head.startswith("ref:") and not target.endswith("/.invalid") else ""
