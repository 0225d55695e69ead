"""docs/reference/evidence.md: every figure belongs to a claim of the page, and comes from a test that is there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "reference"
PAGE = (FOLDER / "evidence.md").read_text("utf-8")
CLAIMS = set(re.findall(r"(?m)^## (.+)$", PAGE))


def noted() -> Iterator[tuple[str, str]]:
    """The claims that tests note figures for."""
    for path in sorted((ROOT / "tests" / "unit").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "figure":
                assert isinstance(node.args[0], ast.Constant), path
                yield path.name, str(node.args[0].value)


def test_tests_note_figures_for_claims_of_the_page() -> None:
    found = list(noted())
    assert len(found) > 8
    assert [each for each in found if each[1] not in CLAIMS] == []


def test_every_figure_is_of_a_claim_and_of_a_test() -> None:
    lines = (FOLDER / "evidence.jsonl").read_text("utf-8").splitlines()
    assert lines
    for line in lines:
        figure = json.loads(line)
        assert figure.keys() == {"claim", "figure", "date", "commit", "test"}
        assert figure["claim"] in CLAIMS
        file, _, test = figure["test"].partition("::")
        assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), line


def test_the_versions_of_the_engines_are_told() -> None:
    script = (ROOT / "scripts" / "oracles.sh").read_text("utf-8")
    versions = re.findall(r"(@actions/[a-z-]+)@([\d.]+)", script)
    assert len(versions) == 2
    text = " ".join(PAGE.split())
    assert [name for name, _ in versions if f"`{name}`" not in text] == []
    assert {version for _, version in versions} == {"0.3.61"}
    assert "both 0.3.61" in text
