"""The actions of a store as checks want to know them. Light: a store that is not asked is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from actlite.actions.reference import RemoteAction
    from actlite.actions.store import FetchedAction


class StoredActions:
    """Fetched actions by reference (``known_actions.Cache``)."""

    def __init__(self, cached: Callable[[RemoteAction], FetchedAction | None]) -> None:
        """``cached`` is ``ActionStore.cached``, or what asks it."""
        self._cached = cached

    def folder(self, action: RemoteAction) -> Path | None:
        """See ``known_actions.Cache``."""
        found = self._cached(action)
        return found.folder if found is not None and not found.moving else None

    def last(self, action: RemoteAction) -> Path | None:
        """See ``known_actions.Cache``."""
        found = self._cached(action)
        return found.folder if found is not None else None
