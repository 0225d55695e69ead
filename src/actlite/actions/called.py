"""Files of called workflows that are on this machine: the repository's own, and those fetched before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actlite.actions.reference import RemoteAction
from actlite.errors import ActliteError
from actlite.source import SourceFile
from actlite.workflow.called import CallReference, Found, Missing, Origin, Unknown

if TYPE_CHECKING:
    from actlite.actions.store import FetchedAction


class OwnFiles(Protocol):
    """The files of the repository that is worked on; names are relative to it, with forward slashes."""

    @property
    def whole(self) -> bool:
        """Whether what is not here is not in the repository either."""
        ...

    def read(self, name: str) -> object:
        """The SourceFile; something else where it can't be read; None where there is none."""
        ...

    def listed(self, folder: str) -> tuple[str, ...]:
        """The workflows in a folder, sorted."""
        ...


class KnownWorkflows:
    """Finds called workflows (``workflow.called.CalledFiles``). ``fetched`` gives the files of a repository at a ref:
    those on this machine, or for a run by way of the network. What it raises is why nothing is known."""

    def __init__(
        self, files: OwnFiles, fetched: Callable[[RemoteAction], FetchedAction | None] | None = None
    ) -> None:
        self._files = files
        self._fetched = fetched

    def find(self, reference: CallReference, caller: Origin) -> Found | Missing | Unknown:
        """See ``CalledFiles``."""
        if reference.is_local and caller.is_here:
            return self._own(reference, caller)
        repository, ref = reference.repository or caller.repository, reference.ref or caller.sha
        name = f"{repository}/{reference.path}@{ref}"
        owner, _, repo = repository.partition("/")
        try:
            fetched = self._fetched(RemoteAction(owner, repo, "", ref)) if self._fetched is not None else None
        except ActliteError as error:
            return Unknown(" ".join(f"{error.what} {error.why}".split()).rstrip("."))
        if fetched is None:
            return Unknown(f"not known here: {name} is not cached (actlite fetch)")
        return read_fetched(fetched, name, reference.path, Origin(repository, fetched.sha or ref))

    def _own(self, reference: CallReference, caller: Origin) -> Found | Missing | Unknown:
        source = self._files.read(reference.path)
        if isinstance(source, SourceFile):
            return Found(source, caller)
        if source is not None:
            return Unknown(f"not known here: {reference.path} can't be read")
        if not self._files.whole:
            return Unknown(f"not known here: {reference.path} is not in this folder")
        return Missing(known=self._files.listed(".github/workflows"))


def read_fetched(fetched: FetchedAction, name: str, path: str, origin: Origin) -> Found | Missing | Unknown:
    """Read a workflow of a fetched repository. ``name`` is what messages call it."""
    for folder in (fetched.folder, workflows_folder(fetched.folder)):
        try:
            return Found(SourceFile.read(folder / path, name), origin, ref=fetched.ref)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError):
            return Unknown(f"not known here: {name} can't be read")
    if _leaves_out(fetched.folder):
        return Unknown(f"not known here: {name} is left out of what was fetched")
    return Missing(f"{origin.repository} has no such file{f' at {origin.sha[:7]}' if origin.sha else ''}")


def workflows_folder(folder: Path) -> Path:
    """Where the workflows of a fetched commit are that GitHub's download of it leaves out."""
    return folder.with_name(f"{folder.name}.workflows")


def _leaves_out(folder: Path) -> bool:
    """Whether the repository's download may lack files that the repository has."""
    try:
        return "export-ignore" in (folder / ".gitattributes").read_text("utf-8", "replace")
    except OSError:
        return False
