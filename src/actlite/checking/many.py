"""The check of many files: what is remembered from earlier checks, and the rest by all processors."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actlite.checking.checked import CheckedFile
from actlite.checking.files import Files
from actlite.checking.parallel import work_all
from actlite.checking.remembered import Remembered, finding_data, finding_of
from actlite.checking.watched import Watch, World
from actlite.source import SourceFile

if TYPE_CHECKING:
    from actlite.checking.checker import Checker
    from actlite.checking.known_actions import Cache
    from actlite.checking.predictions.settings import Predicting


class Many:
    """Checks files of one repository. ``names`` are those whose own findings are told anyway."""

    def __init__(
        self,
        files: Files,
        cache: Cache | None,
        names: Container[str],
        remembered: Path | None = None,
        predicting: Predicting | None = None,
    ) -> None:
        self._world = World(files, cache, names, predicting)
        self._memory = Remembered(remembered) if remembered is not None else None
        self._shared: Checker | None = None
        self._named: dict[str, tuple[str, ...]] = {}

    def check(self, names: Sequence[str], *, follow: bool = False) -> dict[str, CheckedFile]:
        """The files by name. ``follow``: find out which local actions they name, for ``named``."""
        kind = "follow" if follow else "alone"
        answers: dict[str, CheckedFile] = {}
        sources: dict[str, SourceFile] = {}
        data: dict[str, Any] = {}
        for name in names:
            source = self._world.files.read(name)
            if not isinstance(source, SourceFile):
                answers[name] = _checkers()(self._world.files, self._world.cache).file(name)
                continue
            sources[name] = source
            found = self._memory.find(source, self._world, kind) if self._memory is not None else None
            if found is not None:
                data[name] = found
        left = [name for name in sources if name not in data]
        if left and self._memory is None and self._shared is None:
            world = self._world
            self._shared = _checkers()(world.files, world.cache, world.names, lambda: world.predicting)
        elif left:
            _checkers()  # before processes are made, which would each load it
        weights = [len(sources[name].text) for name in left]
        data |= work_all(left, weights, lambda name: self._work(sources[name], kind))
        for name, found in data.items():
            answers[name] = self._answer(sources[name], found)
        return answers

    def named(self, name: str) -> tuple[str, ...]:
        """The manifests of the local actions that a workflow names, and of those that they name."""
        return self._named.get(name, ())

    def _work(self, source: SourceFile, kind: str) -> Any:
        """Check one file; the answer as JSON data."""
        if self._shared is not None:
            return _check(self._shared, source, kind)
        assert self._memory is not None
        watch = Watch(self._world)
        # A checker of its own: what another file's check has read already would go unnoticed.
        checker = _checkers()(watch.files, watch.cache, watch.names, watch.predicting)
        answer = _check(checker, source, kind)
        self._memory.keep(source, watch, kind, answer)
        return answer

    def _answer(self, source: SourceFile, data: Any) -> CheckedFile:
        self._named[source.name] = tuple(data["named"])
        findings, silenced = (
            tuple(finding_of(each, source) for each in data[part]) for part in ("findings", "silenced")
        )
        return CheckedFile(
            source.name, data["kind"], None, findings, silenced, predicted=data.get("predicted", {})
        )


def _checkers() -> type[Checker]:
    """The class, which is half of the program: not loaded where every answer is remembered."""
    from actlite.checking.checker import Checker

    return Checker


def _check(checker: Checker, source: SourceFile, kind: str) -> Any:
    file = checker.file(source.name)
    workflow = file.workflow_as_read if kind == "follow" else None
    return {
        "kind": file.kind,
        "findings": [finding_data(finding, source) for finding in file.findings],
        "silenced": [finding_data(finding, source) for finding in file.silenced],
        "predicted": file.predicted,
        "named": list(checker.named_actions(workflow)) if workflow is not None else [],
    }
