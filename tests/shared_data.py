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
FACTS = Path(os.environ.get("ACTLITE_GLIBC_FACTS") or _SHARED / "glibc-facts.json")
"""What others measured: images, node builds and actions, each with its source."""

SEED = Path(os.environ.get("ACTLITE_SEED_WORKFLOW") or _SHARED / "seed" / "hyperqueue-release.yml")
"""The workflow of 2021 with which the story began."""

CASES = Path(os.environ.get("ACTLITE_FIDELITY_CASES") or _SHARED / "fidelity-cases.md")
"""The list of small cases that the suite of the runner's rules began with, by number."""


def needs(data: Path) -> pytest.MarkDecorator:
    """Leave a test out where FACTS, SEED, CASES, or a folder of VECTORS or CORPUS, is not there, and say what to set."""
    name = "ACTLITE_CORPUS" if data.is_relative_to(CORPUS) else "ACTLITE_VECTORS"
    files = {FACTS: "ACTLITE_GLIBC_FACTS", SEED: "ACTLITE_SEED_WORKFLOW", CASES: "ACTLITE_FIDELITY_CASES"}
    name = files.get(data, name)
    reason = f"no test data at {data}: set {name} (docs/reference/evidence.md)"
    return pytest.mark.skipif(not data.exists(), reason=reason)
