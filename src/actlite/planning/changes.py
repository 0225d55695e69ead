"""The changed files that filters on paths go by, where the command line names them.

GitHub compares a push with what was there before (two dots), and a pull request with the point where its branch
parted from the base (three dots); filters on paths are not asked for pushes of tags (DOC: workflow syntax,
``on.<push|pull_request|pull_request_target>.<paths|paths-ignore>``, Git diff comparisons).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actlite.contexts.repository import Repository
from actlite.errors import UsageError
from actlite.planning.plan import Trigger
from actlite.records import replace
from actlite.workflow.nearest import nearest

OF_PARTED_BRANCH = ("pull_request", "pull_request_target")
"""The events with filters on paths that are about a branch that parted from another."""


def with_changes(trigger: Trigger, files: Iterable[str]) -> Trigger:
    """The trigger with these changed files: paths from the top of the repository. Raises UsageError for a path
    that can't be in it."""
    found: dict[str, None] = {}
    for file in files:
        path = file.replace("//", "/")
        while path.startswith("./"):
            path = path[2:]
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise UsageError(
                f"'{file}' is no path of a changed file",
                why="Filters on paths see paths from the top of the repository.",
                do="Write it as src/main.c.",
            )
        found[path] = None
    return replace(trigger, changed=tuple(sorted(found)))


def with_changes_since(
    trigger: Trigger, repository: Repository | None, since: str, *, committed: bool = False
) -> Trigger:
    """The trigger with the files that differ from a commit, as GitHub would compare for this event; and with the
    changes of the working tree, where they are part of the sources. Raises UsageError."""
    if repository is None or repository.head is None:
        raise UsageError(
            f"--changed-since {since}: there are no commits here", do="Name the files: --changed FILE."
        )
    base = repository.resolve(since)
    if base is None:
        guess = nearest(since, [*repository.refs.branches, *repository.refs.tags])
        raise UsageError(
            f"--changed-since {since}: there is no such commit, branch or tag here",
            why="The clone is shallow, and may lack it." if repository.shallow else "",
            do=f"Did you mean '{guess}'?" if guess else "",
        )
    head = _head(trigger)
    files = repository.changed_files(base, head, since_parted=trigger.event in OF_PARTED_BRANCH)
    if files is None:
        raise UsageError(
            f"--changed-since {since}: git can't compare it with {head[:7]}",
            why="They have no commit in common here.",
            do="Name the files: --changed FILE.",
        )
    if not committed and head == repository.head:
        files = tuple(sorted({*files, *(change.path for change in repository.status())}))
    return replace(trigger, changed=files)


def _head(trigger: Trigger) -> str:
    """The newest commit of what is pushed or asked to be pulled."""
    event = trigger.github.get("event")
    if trigger.event in OF_PARTED_BRANCH and isinstance(event, Mapping):
        pull = event.get("pull_request")
        head = pull.get("head") if isinstance(pull, Mapping) else None
        if isinstance(head, Mapping) and head.get("sha"):
            return str(head["sha"])
    return str(trigger.github.get("sha", ""))
