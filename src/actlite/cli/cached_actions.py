"""The actions that are on this machine, for the verbs that never ask the network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from actlite.actions.store import ActionStore
from actlite.cli.listing import cache_folder


def cached_actions(folders: Mapping[str, str]) -> ActionStore:
    """The actions that were fetched before, and those of the setting ``actions``: folders by reference."""
    overrides = {name: Path(os.path.expanduser(folder)) for name, folder in folders.items()}
    return ActionStore(Path(cache_folder()) / "actions", overrides=overrides, offline=True)
