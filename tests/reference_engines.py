"""The engines of others that tests compare ours with. tests/run.sh installs them; where one is missing, the tests that
need it fail and say how to get it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

_PACKAGES = Path(__file__).resolve().parents[1] / ".oracles" / "node_modules" / "@actions"


def oracle(name: str) -> Path:
    """The folder of one of GitHub's engines in TypeScript; node, which runs it, is there too."""
    folder = _PACKAGES / name
    if not folder.is_dir() or shutil.which("node") is None:
        pytest.fail(f"@actions/{name} and node are needed: sh scripts/oracles.sh")
    return folder


def actionlint(files: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """The findings of the program actionlint, of all its own rules."""
    name = "actionlint"
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if program is None:
        pytest.fail("actionlint is needed: sh scripts/setup.sh test")
    command = [program, "-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *files]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
