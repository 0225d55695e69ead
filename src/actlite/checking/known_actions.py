"""Manifests of the actions that steps use, as far as they can be had without the network."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Protocol

from actlite.actions.reference import LocalAction, RemoteAction, SelfAction
from actlite.checking.files import Files, manifest_of
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.manifest import read_action, read_declared
from actlite.workflow.model import ActionManifest


class Cache(Protocol):
    """Fetched actions by reference (``actions.store.ActionStore.cached`` behind a folder)."""

    def folder(self, action: RemoteAction) -> Path | None:
        """The files of exactly this version; None where they aren't here, or where the version may move."""
        ...

    def last(self, action: RemoteAction) -> Path | None:
        """The files of the version that a branch or moving tag was when it was last fetched; None where it never
        was."""
        ...


@frozen
class LocalFound:
    """What stands at the place that a local action names."""

    path: str
    """Relative to the repository."""
    kind: str
    """action, folder (without a manifest), file, nothing, or unknown where files may lack here."""
    manifest: ActionManifest | None = None
    """None also where errors leave in doubt what it declares, and for a Dockerfile alone."""


class KnownActions:
    """Finds and reads manifests, each once."""

    def __init__(self, files: Files, cache: Cache | None = None) -> None:
        self.files = files
        self._cache = cache
        self._read: dict[str, LocalFound] = {}
        self._remote: dict[RemoteAction, ActionManifest | None] = {}
        self._last: dict[RemoteAction, ActionManifest | None] = {}

    def local(self, action: LocalAction | SelfAction) -> LocalFound | None:
        """A local action; None where its path leads out of the repository."""
        path = posixpath.normpath(action.path) if action.path else ""
        path = "" if path == "." else path
        if path.startswith(".."):
            return None
        found = self._read.get(path)
        if found is None:
            found = self._read[path] = self._look(path)
        return found

    def remote(self, action: RemoteAction) -> ActionManifest | None:
        """The manifest of a fetched action whose version can't move."""
        if self._cache is None:
            return None
        if action not in self._remote:
            folder = self._cache.folder(action)
            self._remote[action] = _read_in(folder / action.path) if folder is not None else None
        return self._remote[action]

    def last(self, action: RemoteAction) -> ActionManifest | None:
        """The manifest of an action as its branch or moving tag was when it was last fetched."""
        if self._cache is None:
            return None
        if action not in self._last:
            folder = self._cache.last(action)
            self._last[action] = _read_in(folder / action.path) if folder is not None else None
        return self._last[action]

    def _look(self, path: str) -> LocalFound:
        name = manifest_of(self.files, path)
        if name is not None:
            source = self.files.read(name)
            manifest = read_declared(source) if isinstance(source, SourceFile) else None
            return LocalFound(path, "action", manifest)
        if any(self.files.is_file(posixpath.join(path, base)) for base in ("Dockerfile", "dockerfile")):
            return LocalFound(path, "action")
        if not self.files.whole:
            return LocalFound(path, "unknown")
        if self.files.is_folder(path):
            return LocalFound(path, "folder")
        return LocalFound(path, "file" if self.files.is_file(path) else "nothing")


def _read_in(folder: Path) -> ActionManifest | None:
    for name in ("action.yml", "action.yaml"):
        try:
            source = SourceFile.read(folder / name, name)
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            return None
        return read_action(source)[0]
    return None
