"""The repositories of the corpus as a check sees them."""

from __future__ import annotations

from pathlib import Path

from tests.shared_data import CORPUS

from actlite.checking.files import FOLDER, read_source
from actlite.diagnostics import Diagnostic
from actlite.source import SourceFile


class CorpusFiles:
    """A repository of the corpus, which has its workflows and some of its actions, but nothing else."""

    whole = False

    def __init__(self, repository: str, part: str = "workflows", corpus: Path = CORPUS) -> None:
        """``part`` is the set of workflows, such as ``workflows-history``. The actions are those of today: older
        workflows have none."""
        self.repository = repository
        self._workflows = corpus / part / repository
        self._actions = (
            corpus / "local-actions" / repository if part == "workflows" else self._workflows / "none"
        )

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        return read_source(self._path(name), name)

    def is_file(self, name: str) -> bool:
        return self._path(name).is_file()

    def is_folder(self, name: str) -> bool:
        return self._path(name).is_dir()

    def listed(self, folder: str) -> tuple[str, ...]:
        return ()

    def _path(self, name: str) -> Path:
        folder, _, base = name.rpartition("/")
        return self._workflows / base if folder == FOLDER else self._actions / name
