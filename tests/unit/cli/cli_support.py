"""How a call of the command line ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """How a call ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Answer]
