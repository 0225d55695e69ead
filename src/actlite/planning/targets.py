"""Which ref and commit a run is of: from ``--tag``, ``--branch`` and ``--ref``, else the current branch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from actlite.contexts.github import RefInfo, any_ref, branch_ref, tag_ref
from actlite.contexts.repository import NO_COMMIT, Repository
from actlite.errors import UsageError
from actlite.records import frozen
from actlite.workflow.nearest import nearest

_BAD_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|^[/.-]|[/.]\Z|^@\Z|^\Z")


@frozen
class Target:
    """The ref that an event is about, the commit that its sources are taken from, and what was assumed."""

    ref: RefInfo
    sha: str
    notes: tuple[str, ...] = ()


def find_target(
    repository: Repository | None, *, tag: str | None, branch: str | None, ref: str | None
) -> Target:
    """The target of a run. A tag or branch that isn't there yet stands for HEAD, and a note says so: a release
    is rehearsed before its tag is made. Raises UsageError for names that git would refuse, for more than one
    flag, and for a ``ref`` that is neither a full ref nor known here."""
    given = {"--tag": tag, "--branch": branch, "--ref": ref}
    flags = [flag for flag, value in given.items() if value is not None]
    if len(flags) > 1:
        raise UsageError(f"{' and '.join(flags)} exclude each other", do="Give one of them.")
    if tag is not None:
        return _named(repository, tag_ref(_valid(tag.removeprefix("refs/tags/"), "tag")))
    if branch is not None:
        return _named(repository, branch_ref(_valid(branch.removeprefix("refs/heads/"), "branch")))
    if ref is not None:
        return _ref(repository, ref)
    return _current(repository)


def _valid(name: str, what: str) -> str:
    if _BAD_NAME.search(name):
        raise UsageError(f"'{name}' can't be the name of a {what}", why="git allows no such name.")
    return name


def _known(repository: Repository | None, info: RefInfo) -> str | None:
    if repository is None:
        return None
    if info.type == "tag":
        return repository.refs.tags.get(info.name)
    if info.ref.startswith("refs/heads/"):
        local = repository.refs.branches.get(info.name)
        return local or repository.resolve(f"refs/remotes/origin/{info.name}")
    return repository.resolve(info.ref)


def _named(repository: Repository | None, info: RefInfo) -> Target:
    sha = _known(repository, info)
    if sha is not None:
        return Target(info, sha)
    if repository is None or repository.head is None:
        return Target(info, NO_COMMIT, _no_commit(repository))
    names = repository.refs.tags if info.type == "tag" else repository.refs.branches
    guess = nearest(info.name, names)
    note = (
        f"there is no {info.type} {info.name} here yet: the sources are those of HEAD ({repository.head[:7]})"
    )
    if guess is not None:
        note += f"; the nearest {info.type} is {guess}"
    return Target(info, repository.head, (note,))


def _no_commit(repository: Repository | None) -> tuple[str, ...]:
    if repository is None:
        return ("this is no git repository: the run has no commit, and the sources are the folder's files",)
    return ("the repository has no commits yet: the sources are the files of the working tree",)


def _ref(repository: Repository | None, ref: str) -> Target:
    if ref.startswith("refs/"):
        return _named(repository, any_ref(_valid(ref, "ref")))
    if repository is None or repository.head is None:
        raise UsageError(
            f"'{ref}' can't be looked up: there are no commits here",
            do="Give --tag or --branch, or a full refs/…",
        )
    if ref in repository.refs.tags:
        return Target(tag_ref(ref), repository.refs.tags[ref])
    if ref in repository.refs.branches:
        return Target(branch_ref(ref), repository.refs.branches[ref])
    sha = repository.resolve(ref) if not ref.startswith("-") else None
    if sha is None:
        raise UsageError(
            f"there is no ref or commit '{ref}'",
            do=_advice(ref, [*repository.refs.tags, *repository.refs.branches]),
        )
    current = _current(repository)
    return Target(
        current.ref, sha, (f"{ref} is a commit, not a branch or tag: the ref is {current.ref.ref}",)
    )


def _advice(ref: str, known: Iterable[str]) -> str:
    guess = nearest(ref, known)
    if guess is not None:
        return f"Did you mean '{guess}'?"
    return "For a tag or branch that isn't made yet, give --tag or --branch."


def _current(repository: Repository | None) -> Target:
    if repository is None or repository.head is None:
        name = (repository.branch if repository is not None else None) or "main"
        return Target(branch_ref(name), NO_COMMIT, _no_commit(repository))
    if repository.branch is not None:
        return Target(branch_ref(repository.branch), repository.head)
    tags = sorted(name for name, sha in repository.refs.tags.items() if sha == repository.head)
    if tags:
        return Target(
            tag_ref(tags[-1]), repository.head, (f"HEAD is detached at tag {tags[-1]}: the ref is that tag",)
        )
    name = repository.default_branch
    return Target(
        branch_ref(name), repository.head, (f"HEAD is detached: the ref is taken to be branch {name}",)
    )
