"""The arguments of a call, evaluated when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actlite.expressions.ast import Node
from actlite.expressions.errors import OUT_OF_MEMORY, evaluation_error


class Arguments:
    """``arguments[i]`` evaluates an argument, each time anew."""

    __slots__ = ("_evaluate", "_limit", "_nodes")

    def __init__(self, nodes: tuple[Node, ...], evaluate: Callable[[Node], Any], limit: int) -> None:
        self._nodes = nodes
        self._evaluate = evaluate
        self._limit = limit

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, index: int) -> Any:
        return self._evaluate(self._nodes[index])

    def check_room(self, pieces: int, characters: int) -> None:
        """Raise ExpressionError when a text made of so many pieces takes more memory than an expression
        may hold (R: ``MemoryCounter.cs``)."""
        if 26 * pieces + 2 * characters > self._limit:
            raise evaluation_error(OUT_OF_MEMORY)
