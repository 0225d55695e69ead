"""The test data that is not in this repository: where it is, and a mark for tests that need it.

What it is and where to get it is told in docs/reference/evidence.md, "Test data".
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"
VECTORS = Path(os.environ.get("ACTLITE_VECTORS") or _SHARED / "vectors")
"""Conformance cases of other projects."""
CORPUS = Path(os.environ.get("ACTLITE_CORPUS") or _SHARED / "corpus")
"""Real workflows and actions."""


def needs(folder: Path) -> pytest.MarkDecorator:
    """Leave a test out where a folder of VECTORS or CORPUS is not there, and say what to set."""
    name = "ACTLITE_CORPUS" if folder.is_relative_to(CORPUS) else "ACTLITE_VECTORS"
    reason = f"no test data at {folder}: set {name} (docs/reference/evidence.md)"
    return pytest.mark.skipif(not folder.is_dir(), reason=reason)
