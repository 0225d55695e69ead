"""The actions that are on this machine, for the verbs that never ask the network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.stored_actions import StoredActions
from actlite.cli.listing import cache_folder

if TYPE_CHECKING:
    from actlite.actions.reference import RemoteAction
    from actlite.actions.store import ActionStore, FetchedAction


def cached_actions(folders: Mapping[str, str]) -> ActionStore:
    """The actions that were fetched before, and those of the setting ``actions``: folders by reference."""
    from actlite.actions.store import ActionStore

    overrides = {name: Path(os.path.expanduser(folder)) for name, folder in folders.items()}
    return ActionStore(Path(cache_folder()) / "actions", overrides=overrides, offline=True)


class Fetched(StoredActions):
    """The actions in the user's cache and in folders of the user's, opened when the first one is asked for."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        super().__init__(self._found)
        self._folders = folders
        self._opened: ActionStore | None = None

    def _found(self, action: RemoteAction) -> FetchedAction | None:
        if self._opened is None:
            if not self._folders and not os.path.isdir(f"{cache_folder()}/actions/{action.owner.lower()}"):
                return None  # the store has a folder for each owner; loading it takes a tenth of a warm check
            self._opened = cached_actions(self._folders)
        return self._opened.cached(action)
