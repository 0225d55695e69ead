"""What a check of one file looked at beside the file: noted, and compared when its answer is met again."""

from __future__ import annotations

from collections.abc import Container
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.actions.reference import RemoteAction, parse
from actlite.checking.files import Files
from actlite.diagnostics import Diagnostic
from actlite.errors import UsageError
from actlite.source import SourceFile

if TYPE_CHECKING:
    from actlite.checking.known_actions import Cache
    from actlite.checking.predictions.settings import Predicting

Look = tuple[str, str, str]
"""A question, what it was about, and the answer."""
NOTHING = "nothing is predicted"


class World:
    """All that a check can ask, and the answers as short texts. Each is asked once."""

    def __init__(
        self,
        files: Files,
        cache: Cache | None,
        names: Container[str],
        predicting: Predicting | None = None,
    ) -> None:
        self.files = files
        self.cache = cache
        self.names = names
        self.predicting = predicting
        self._known: dict[tuple[str, str], str] = {}

    def ask(self, question: str, about: str) -> str:
        """The answer to one of the questions that ``Watch`` notes."""
        known = self._known.get((question, about))
        if known is None:
            known = self._known[question, about] = self._ask(question, about)
        return known

    def _ask(self, question: str, about: str) -> str:
        if question == "read":
            return digest(self.files.read(about))
        if question == "file":
            return str(self.files.is_file(about))
        if question == "folder":
            return str(self.files.is_folder(about))
        if question == "listed":
            return "\n".join(self.files.listed(about))
        if question == "whole":
            return str(self.files.whole)
        if question == "named":
            return str(about in self.names)
        if question == "fetched":
            action = _parsed(about)
            folder = self.cache.folder(action) if self.cache is not None and action is not None else None
            return str(folder or "")
        if question == "last":
            action = _parsed(about)
            folder = self.cache.last(action) if self.cache is not None and action is not None else None
            return str(folder or "")
        if question == "predicting":
            return self.predicting.holds(about) if self.predicting is not None else NOTHING
        return "?"


class Watch:
    """Files, fetched actions and names, as ``World`` has them, that note every look at them."""

    def __init__(self, world: World) -> None:
        self.looks: dict[tuple[str, str], str] = {}
        self.certain = True
        """Nothing was seen that can change without a look noticing it."""
        self._world = world
        self.files: Files = _Files(self)
        self.cache: Cache | None = _Cache(self) if world.cache is not None else None
        self.names: Container[str] = _Names(self)

    def predicting(self) -> Predicting | None:
        """What predictions go by; asked for where a workflow may have a container."""
        predicting = self._world.predicting
        if predicting is None:
            self.note("predicting", "", NOTHING)
        else:
            self.note("predicting", predicting.stretch(), predicting.key)
            if predicting.reads_images:
                self.certain = False  # what images hold is not looked at again
        return predicting

    @property
    def world(self) -> World:
        """What is watched."""
        return self._world

    def note(self, question: str, about: str, answer: str) -> None:
        """Note a look."""
        self.looks[question, about] = answer


class _Files:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._files = watch.world.files

    @property
    def whole(self) -> bool:
        found = self._files.whole
        self._watch.note("whole", "", str(found))
        return found

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        found = self._files.read(name)
        self._watch.note("read", name, digest(found))
        return found

    def is_file(self, name: str) -> bool:
        found = self._files.is_file(name)
        self._watch.note("file", name, str(found))
        return found

    def is_folder(self, name: str) -> bool:
        found = self._files.is_folder(name)
        self._watch.note("folder", name, str(found))
        return found

    def listed(self, folder: str) -> tuple[str, ...]:
        found = self._files.listed(folder)
        self._watch.note("listed", folder, "\n".join(found))
        return found


class _Cache:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def folder(self, action: RemoteAction) -> Path | None:
        cache = self._watch.world.cache
        found = cache.folder(action) if cache is not None else None
        self._watch.note("fetched", str(action), str(found or ""))
        if found is not None:
            self._watch.certain = False  # its files are read past us, and the folder may be the user's own
        return found

    def last(self, action: RemoteAction) -> Path | None:
        cache = self._watch.world.cache
        found = cache.last(action) if cache is not None else None
        self._watch.note("last", str(action), str(found or ""))  # its folder is that of a commit
        return found


class _Names:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __contains__(self, name: object) -> bool:
        found = name in self._watch.world.names
        self._watch.note("named", str(name), str(found))
        return found


def digest(found: SourceFile | Diagnostic | None) -> str:
    """A short text that differs where a file's text does."""
    if isinstance(found, SourceFile):
        return sha256(found.text.encode("utf-8", "surrogatepass")).hexdigest()
    return found.message if found is not None else ""


def _parsed(text: str) -> RemoteAction | None:
    try:
        action = parse(text)
    except UsageError:
        return None
    return action if isinstance(action, RemoteAction) else None
