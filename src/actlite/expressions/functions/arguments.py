"""The arguments of a call, evaluated when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actlite.expressions.ast import Node
from actlite.expressions.errors import OUT_OF_MEMORY, evaluation_error


class Arguments:
    """``arguments[i]`` evaluates an argument, each time anew. ``room`` is how many characters of text the
    call may make; ``check_room`` raises ExpressionError beyond it."""

    __slots__ = ("_evaluate", "_nodes", "room")

    def __init__(self, nodes: tuple[Node, ...], evaluate: Callable[[Node], Any], room: int) -> None:
        self._nodes = nodes
        self._evaluate = evaluate
        self.room = room

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, index: int) -> Any:
        return self._evaluate(self._nodes[index])

    def check_room(self, characters: int) -> None:
        """Raise ExpressionError when a text of that size is more than an expression may hold."""
        if characters > self.room:
            raise evaluation_error(OUT_OF_MEMORY)
