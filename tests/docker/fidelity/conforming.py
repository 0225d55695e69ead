"""How the tests of the runner's rules run their workflows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from main_tools import Outcome

RUNNER = "actlite-standin/runner:1"


class Conform(Protocol):
    """Runs a workflow in a repository of its own, by the real program."""

    def __call__(
        self,
        workflow: str,
        *arguments: str,
        image: str = RUNNER,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        expect: int | None = 0,
        seconds: float = 120.0,
    ) -> Outcome:
        """``files`` are committed beside the workflow; ``expect`` is the exit code, None for any."""
