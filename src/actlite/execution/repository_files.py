"""Which file of the repository a problem matcher means (R: ``Handlers/OutputManager.cs``)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

TranslatePath = Callable[[str], Path | None]
MAX_CONFIG = 1024 * 1024
"""How much of a .git/config is looked at, in bytes."""
MAX_DEPTH = 51
"""In how many folders above a file the runner looks for one."""


class RepositoryFiles:
    """Resolves the names that tools give to files, for ``Matchers``.

    ``translate_path`` gives the place on this machine of a path in the container. A file counts when it
    exists and the nearest folder above it with a ``.git/config`` is a clone of ``repository`` (by its url,
    as the runner asks) or is the workspace itself, where a stand-in for the checkout puts the repository
    without GitHub's url.
    """

    def __init__(
        self,
        workspace: Path,
        translate_path: TranslatePath,
        *,
        repository: str,
        server_url: str = "https://github.com",
    ) -> None:
        self._workspace = os.path.normpath(workspace)
        self._translate = translate_path
        host = urlsplit(server_url).hostname or ""
        self._urls = {
            f"url = {server_url}/{repository}".lower(),
            f"url = git@{host}:{repository}.git".lower(),
        }

    def __call__(self, file: str, from_path: str, translate_path: TranslatePath | None = None) -> str:
        """The file relative to its repository, with forward slashes; '' when it has no place there.
        ``translate_path`` is that of a step with a container of its own."""
        if "\0" in file or "\0" in from_path:
            return ""
        if from_path.strip() and not file.startswith("/"):
            file = os.path.join(os.path.dirname(from_path), file)
        if file.startswith("/"):
            place = (translate_path or self._translate)(os.path.normpath(file))
            if place is None:
                return ""
            path = os.path.normpath(place)
        else:
            path = os.path.normpath(os.path.join(self._workspace, file))
        if not os.path.isfile(path):
            return ""
        root = self._repository_above(path)
        return os.path.relpath(path, root) if root else ""

    def _repository_above(self, path: str) -> str | None:
        folder = os.path.dirname(path)
        for _ in range(MAX_DEPTH):
            config = os.path.join(folder, ".git", "config")
            if os.path.isfile(config):
                return folder if folder == self._workspace or self._is_ours(config) else None
            if folder == os.path.dirname(folder):
                break
            folder = os.path.dirname(folder)
        return None

    def _is_ours(self, config: str) -> bool:
        try:
            with open(config, "rb") as stream:
                lines = stream.read(MAX_CONFIG).decode("utf-8", "replace").split("\n")
        except OSError:
            return False
        return any(line.strip().lower() in self._urls for line in lines)
