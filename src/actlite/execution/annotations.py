"""The annotations of one step, and how many of them are kept (R: ``ExecutionContext.AddIssue``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from actlite.events import Annotation
from actlite.execution.masking import Masker

MAX_PER_LEVEL = 10
"""How many notices, warnings and errors a step may have, each."""
MAX_MESSAGE = 4096
"""The longest message of an annotation, in UTF-16 units, as .NET counts."""

Show = Callable[[Annotation], None]


def presentable(annotation: Annotation, masker: Masker) -> Annotation:
    """The annotation with secrets hidden, and its message cut to the length that is kept."""
    return replace(
        annotation,
        message=_cut(masker.mask(annotation.message)),
        title=masker.mask(annotation.title),
        file=masker.mask(annotation.file),
    )


def _cut(message: str) -> str:
    if len(message) * 2 <= MAX_MESSAGE:
        return message
    units = message.encode("utf-16-le", "surrogatepass")
    return units[: MAX_MESSAGE * 2].decode("utf-16-le", "ignore")


def log_line(annotation: Annotation) -> str:
    """How an annotation stands in the log, without a line end; empty when it has no message."""
    return f"##[{annotation.level}]{annotation.message}" if annotation.message else ""


class AnnotationCollector:
    """Keeps a step's annotations up to the limit, and hands each kept one to ``show``.

    Those of the steps inside a composite action count for the step in the job (``outer``): they are held until it
    ends, and come after its own. One without a message counts, but nobody sees it (R: ``IssueExtensions``).
    """

    def __init__(self, show: Show, outer: AnnotationCollector | None = None) -> None:
        self._show = show
        self.outermost: AnnotationCollector = self if outer is None else outer.outermost
        """That of the step in the job."""
        self._counts: Counter[str] = Counter()
        self._held: list[tuple[Show, Annotation]] = []
        self._held_counts: Counter[str] = Counter()

    def add(self, annotation: Annotation) -> None:
        """Keep one more annotation, unless there are ten of its level already."""
        if self.outermost is self:
            self._count(self._show, annotation)
        else:
            self.outermost._hold(self._show, annotation)

    def finish(self) -> None:
        """The step has ended: those of inner steps that there is still room for are shown."""
        held, self._held = self._held, []
        for show, annotation in held:
            self._count(show, annotation)

    def _hold(self, show: Show, annotation: Annotation) -> None:
        if self._held_counts[annotation.level] < MAX_PER_LEVEL:
            self._held_counts[annotation.level] += 1
            self._held.append((show, annotation))

    def _count(self, show: Show, annotation: Annotation) -> None:
        if self._counts[annotation.level] < MAX_PER_LEVEL:
            self._counts[annotation.level] += 1
            if annotation.message.strip():
                show(annotation)
