"""docs/reference/plan.md says what plan shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "plan.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "unit" / "cli" / "golden" / "plan"


def test_its_screens_are_real() -> None:
    screens = [path.read_text("utf-8") for path in GOLDEN.glob("*/screens.txt")]
    blocks = re.findall(r"^```text\n(\$ actlite plan.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    assert [block for block in blocks if not any(block in screen for screen in screens)] == []


def test_every_key_of_the_json_is_told() -> None:
    from actlite.cli import plan_json

    text = Path(plan_json.__file__).read_text("utf-8")
    keys = set(re.findall(r'"([a-z_]+)": ', text)) | set(re.findall(r'data\["([a-z_]+)"\]', text))
    assert len(keys) > 50
    assert sorted(key for key in keys if f"`{key}`" not in PAGE and f'"{key}"' not in PAGE) == []


def test_every_finding_of_planning_is_told() -> None:
    source = ROOT / "src" / "actlite"
    codes = {"no-runner", "no-service", "not-supported-yet"}
    for path in (source / "planning").glob("*.py"):
        codes |= set(re.findall(r'Diagnostic\(\s*"([a-z-]+)"', path.read_text("utf-8")))
    assert sorted(code for code in codes if f"`{code}`" not in PAGE and not is_rule(code)) == []


def is_rule(code: str) -> bool:
    from actlite.rules import RULES

    return code in RULES
