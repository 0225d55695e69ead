"""The rules' table, their pages, the examples on them and the code say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rule_examples import cases
from scripts.rules_table import table

from actlite.diagnostics import Severity
from actlite.pages import Section, all_sections, folder, sections
from actlite.rules import RULES

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "actlite"
PAGES = ROOT / "docs" / "reference" / "rules"

ELSEWHERE = {"not-supported-yet", "no-runner", "no-service"}
"""Codes of findings that no check of a file makes: what can't run here."""

PACKAGES = ("checking", "document", "expressions", "workflow")
"""The packages whose findings ``check`` shows."""

CODE = re.compile(r"[a-z]+(?:-[a-z]+)+|encoding")


def every_section() -> Iterator[tuple[str, Section]]:
    for page in sorted(PAGES.glob("*.md")):
        for section in sections(page):
            yield page.stem, section


def test_the_pages_are_found() -> None:
    assert folder() == PAGES


def test_every_rule_has_one_section_on_its_page_and_every_section_a_rule() -> None:
    found = [(page, section.rule) for page, section in every_section()]
    wanted = {(rule.page, rule.id) for rule in RULES.values()}
    assert sorted(wanted - set(found)) == [], "rules without a section"
    assert sorted(set(found) - wanted) == [], "sections without a rule"
    assert len(found) == len(wanted), "a section is there twice"


def test_titles_are_one_line_and_tell_rules_apart() -> None:
    titles = [rule.title for rule in RULES.values()]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if title.endswith(".") or "\n" in title or title[0].islower()] == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule in all_sections()])
def test_examples(rule: str, tmp_path: Path) -> None:
    examples = cases(all_sections()[rule])
    assert {"bad", "good"} <= {example.word for example in examples}
    for number, example in enumerate(examples):
        place = tmp_path / str(number)
        place.mkdir()
        findings = example.run(place)
        shown = "\n".join(finding.render() for finding in findings)
        if example.word == "good":
            assert not findings, shown
        else:
            codes = {finding.code for finding in findings}
            assert codes == {rule}, shown or "nothing is found"
            assert Severity(RULES[rule].level) in {f.severity for f in findings}, shown


@pytest.mark.parametrize("rule", all_sections())
def test_sections_are_prose_for_a_terminal(rule: str) -> None:
    section = all_sections()[rule]
    first = section.text.split("\n\n")[0]
    assert 60 <= len(first) <= 900
    assert first.rstrip().endswith((".", ".)"))
    assert "```" not in section.plain


def test_the_table_of_rules_is_the_one_that_the_script_makes() -> None:
    text = (ROOT / "docs" / "reference" / "README.md").read_text("utf-8")
    assert table() in text, "run: python scripts/rules_table.py"


def test_every_code_in_the_source_is_a_rule_and_every_rule_is_in_the_source() -> None:
    found = {
        code for package in PACKAGES for path in (SOURCE / package).rglob("*.py") for code in codes(path)
    }
    assert sorted(found - set(RULES) - ELSEWHERE) == []
    # A code may also come from a table or a variable; then it stands there as a text, or is made of one.
    texts = {
        text for package in PACKAGES for path in (SOURCE / package).rglob("*.py") for text in strings(path)
    }
    made = [re.compile(text) for text in texts if text.startswith("(?:)")]
    lacking = {rule for rule in RULES if not any(pattern.fullmatch(rule) for pattern in made)} - texts
    assert sorted(lacking) == []


def codes(path: Path) -> Iterator[str]:
    """The codes that a file hands to ``bag.add`` and ``Diagnostic``, and its constants named CODE."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and _makes_a_finding(node.func):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            yield from (text for part in (*node.args[:1], *given) for text in _texts(part))
        elif isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id.endswith("CODE") for name in node.targets
        ):
            yield from _texts(node.value)


def strings(path: Path) -> Iterator[str]:
    """The texts in a file; of an f-string like a rule's id a pattern, which begins with ``(?:)``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            known = [str(part) for part in parts if part is not None]
            if known and all(re.fullmatch(r"[a-z-]+", part) for part in known) and "-" in known[0]:
                yield "(?:)" + "".join("[a-z-]+" if part is None else str(part) for part in parts)


def _makes_a_finding(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        if function.attr in {"fail", "warn", "error", "report"}:
            return True
        holder = function.value
        name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
        return function.attr == "add" and "bag" in name
    return isinstance(function, ast.Name) and function.id == "Diagnostic"


def _texts(node: ast.expr) -> Iterator[str]:
    """The codes that an expression may have as its value: of ``a if b else c`` both."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
