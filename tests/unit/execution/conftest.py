"""Fixtures of the execution tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from core_harness import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench with a fake engine."""
    return Bench(tmp_path)
