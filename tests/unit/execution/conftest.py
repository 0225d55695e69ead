"""Fixtures of the execution tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from core_harness import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench with a fake engine."""
    return Bench(tmp_path)
