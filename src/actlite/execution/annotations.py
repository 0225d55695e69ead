"""The annotations of one step, and how many of them are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from actlite.events import Annotation
from actlite.execution.masking import Masker

MAX_PER_LEVEL = 10
"""How many notices, warnings and errors a step may have, each (R: ``ExecutionContext.AddIssue``)."""
MAX_MESSAGE = 4096
"""The longest message of an annotation, in characters."""


def presentable(annotation: Annotation, masker: Masker) -> Annotation:
    """The annotation with secrets hidden, and its message cut to the length that is kept."""
    return replace(
        annotation,
        message=masker.mask(annotation.message)[:MAX_MESSAGE],
        title=masker.mask(annotation.title),
        file=masker.mask(annotation.file),
    )


def log_line(annotation: Annotation) -> str:
    """How an annotation stands in the log, without a line end; empty when it has no message."""
    return f"##[{annotation.level}]{annotation.message}" if annotation.message else ""


class AnnotationCollector:
    """Keeps a step's annotations up to the limit, and hands each kept one to ``emit``. Unlike the runner, which
    counts those of a composite action together, each step inside one has a collector of its own."""

    def __init__(self, emit: Callable[[Annotation], None]) -> None:
        self._emit = emit
        self._counts: Counter[str] = Counter()
        self.kept: list[Annotation] = []

    def add(self, annotation: Annotation) -> None:
        """Keep one more annotation, unless there are ten of its level already."""
        if self._counts[annotation.level] < MAX_PER_LEVEL:
            self._counts[annotation.level] += 1
            self.kept.append(annotation)
            self._emit(annotation)
