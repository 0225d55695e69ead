"""Called workflows for a check: the repository's own files, and what was fetched and can't have moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.actions.called import KnownWorkflows
from actlite.checking.files import Files
from actlite.checking.known_actions import Cache
from actlite.workflow.calls import Library

if TYPE_CHECKING:
    from actlite.actions.reference import RemoteAction
    from actlite.actions.store import FetchedAction


def called_workflows(files: Files, cache: Cache | None = None) -> Library:
    """The called workflows of a repository, each read when it is first called."""

    def fetched(action: RemoteAction) -> FetchedAction | None:
        folder = cache.folder(action) if cache is not None else None
        if folder is None:
            return None
        from actlite.actions.store import FetchedAction

        return FetchedAction(folder, action.ref if action.is_pinned else "", False, "")

    return Library(KnownWorkflows(files, fetched))
