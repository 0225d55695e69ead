"""Workflows of other repositories that the verb ``fetch`` gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli_support import Call

PATH = ".github/workflows/b.yml"
CALLS = "on: workflow_call\njobs: {j: {uses: ./.github/workflows/b.yml}}\n"


def test_fetch_gets_called_workflows_and_what_they_use(
    git_repository: Callable[..., Any], call: Call, repo: Path
) -> None:
    uses = "on: workflow_call\njobs: {j: {runs-on: x, steps: [{uses: o/a@v1}]}}\n"
    files = {PATH: uses, ".github/workflows/c.yml": CALLS, ".gitattributes": ".github export-ignore\n"}
    origin = git_repository(files, tag="v2", name="server/o/r")
    git_repository(
        {"action.yml": "name: a\nruns: {using: composite, steps: []}\n"}, tag="v1", name="server/o/a"
    )
    (repo / "actlite.toml").write_text(f'github_url = "{origin.path.parent.parent.as_uri()}"\n')
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: push\njobs:\n  a: {uses: o/r/.github/workflows/c.yml@v2}\n"
        "  b: {uses: o/r/.github/workflows/no.yml@v2}\n  c: {uses: ./.github/workflows/no.yml}\n"
    )
    answer = call("fetch", "-W", "ci.yaml")
    sha = origin.git("rev-parse", "v2")
    assert answer.code == 4
    assert f"✓ o/r/.github/workflows/c.yml@v2  {sha[:7]} · workflow" in answer.out
    assert f"✓ o/r/.github/workflows/b.yml@{sha}" in answer.out
    assert "✓ o/a@v1" in answer.out
    assert "✗ o/r/.github/workflows/no.yml@v2" in answer.out
    assert "✗ .github/workflows/no.yml" in answer.out
    planned = call("plan", "-W", "ci.yaml").out
    assert "o/r/.github/workflows/c.yml@v2 is not cached" not in planned
