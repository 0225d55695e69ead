"""Writes the table of rules into docs/reference/README.md: ``python scripts/rules_table.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

PAGE = ROOT / "docs" / "reference" / "README.md"
BEGIN, END = "<!-- rules -->", "<!-- end of rules -->"


def table() -> str:
    """The table of rules, as Markdown."""
    from actlite.rules import RULES

    lines = ["| rule | level | what it finds | page |", "|---|---|---|---|"]
    for rule in RULES.values():
        link = f"[`{rule.id}`](rules/{rule.page}.md#{rule.id})"
        lines.append(f"| {link} | {rule.level} | {rule.title} | [{rule.page}](rules/{rule.page}.md) |")
    return "\n".join(lines)


def main() -> None:
    """Put the table between its marks."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
