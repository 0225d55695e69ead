"""Called workflows as far as they are on this machine, for the verbs that plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.actions.called import KnownWorkflows
from actlite.checking.files import FolderFiles
from actlite.workflow.calls import Library
from actlite.workflow.model import Workflow

if TYPE_CHECKING:
    from actlite.actions.reference import RemoteAction
    from actlite.actions.store import ActionStore, FetchedAction


def called_workflows(
    root: Path, known: Sequence[Workflow], fetch: Callable[[RemoteAction], FetchedAction | None] | None = None
) -> Library:
    """The called workflows of the repository in a folder; ``known`` are those that have been read. Those of other
    repositories come from ``fetch``; without it, only what is on this machine is known, and of a branch or a moving
    tag the last known commit counts."""
    return Library(KnownWorkflows(FolderFiles(root), fetch or _Fetched(root)), known)


class _Fetched:
    """The user's folders of actions, and the cache; opened when a workflow of another repository is called."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store: ActionStore | None = None

    def __call__(self, action: RemoteAction) -> FetchedAction | None:
        if self._store is None:
            from actlite.cli.cached_actions import cached_actions
            from actlite.cli.settings import load

            self._store = cached_actions(load(self._root).actions)
        return self._store.cached(action)
