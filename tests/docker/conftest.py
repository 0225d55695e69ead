"""What the tests with containers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fault_tools import Place


@pytest.fixture
def place(tmp_path: Path, standin: Callable[[str], str]) -> Place:
    """A repository with a commit, for the real program to run in; the image of the runner is there."""
    standin("runner")
    return Place(tmp_path / "project")
