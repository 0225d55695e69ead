"""How much memory an expression takes, by the measure that GitHub has for it.

Rules: actions/runner ``src/Sdk/Expressions/Sdk/EvaluationMemory.cs``, ``ExpressionNode.cs`` (Evaluate) and
``MemoryCounter.cs``. An ordinary evaluation keeps only an upper bound, which costs nothing; this exact count
is made when that is beyond the limit.
"""

from __future__ import annotations

from typing import Any

from actlite.document.scalars import utf16_length
from actlite.expressions.ast import Call, Index, Name, Node
from actlite.expressions.canonical import canonical
from actlite.expressions.errors import OUT_OF_MEMORY, ExpressionError
from actlite.expressions.evaluator import OBJECT_BYTES, TEXT_BYTES, Run
from actlite.expressions.values import FilteredArray, is_primitive


class MeasuredRun(Run):
    """An evaluation that counts every value. Raises ExpressionError where they are too much."""

    __slots__ = ("level", "levels", "total")

    def measure(self) -> Any:
        """The value of the whole expression."""
        assert self.expr.root is not None
        self.bound = 0
        self.level = self.total = 0
        self.levels: list[int] = []
        return self.value(self.expr.root)

    def value(self, node: Node) -> Any:
        """The value of a node, counted at its level."""
        level = self.level
        self.level = level + 1
        result = super().value(node)
        self.bound = 0
        self.level = level
        self._count(level, node, result)
        return result

    def _count(self, level: int, node: Node, result: Any) -> None:
        from_data = isinstance(node, Name | Index) or (isinstance(node, Call) and node.key == "fromjson")
        if not is_primitive(result):
            filtered = isinstance(node, Index) and isinstance(result, FilteredArray)
            self._add(level, OBJECT_BYTES + (8 * len(result) if filtered else 0))
            return
        size = TEXT_BYTES + 2 * utf16_length(result) if isinstance(result, str) else OBJECT_BYTES
        if from_data and result is not None:
            self._add(
                level, OBJECT_BYTES + size
            )  # the value in the context's own shape, and what was made of it
        else:
            del self.levels[level + 1 :]
            self._add(level, size)

    def _add(self, level: int, size: int) -> None:
        self.levels += [0] * (level + 1 - len(self.levels))
        self.levels[level] += size
        if sum(self.levels) > self.max_memory:
            root = self.expr.root
            assert root is not None
            message = f"{OUT_OF_MEMORY} while evaluating the following expression: {canonical(root)}"
            source = self.expr.source
            raise ExpressionError(
                "evaluation", message, source, root.start + 1, root.end - root.start, "expression-failed"
            )
