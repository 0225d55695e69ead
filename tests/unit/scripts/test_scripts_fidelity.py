"""docs/fidelity.md, made of rules and of the tests' results."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripts import fidelity
from tests.fidelity_rules import Area, areas
from tests.shared_data import CASES, needs

ROOT = Path(__file__).resolve().parents[3]
RULES = """
title = "Shells"
[same]
rule = "A | B."
source = ["Runner.Worker/Handlers/ScriptHandler.cs"]
cases = [1]
[other]
rule = "Another."
source = ["docs: reference/shells", "docs: workflow syntax, jobs.<job_id>.if", "languageservices: workflow-parser/src/x.ts"]
differs = "Not so here."
told = true
"""
TESTS = """
import pytest


@pytest.mark.rule("expressions/equality", "expressions/order")
def test_good():
    pass


@pytest.mark.rule("expressions/equality")
@pytest.mark.parametrize("n", [1, 2])
def test_one_of_two(n):
    assert n == 1


def test_of_nothing():
    pass
"""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Area, ...]:
    (tmp_path / "shells.toml").write_text(RULES)
    return areas(tmp_path)


def result(*rules: str, outcome: str = "passed") -> dict[str, Any]:
    return {"rules": list(rules), "outcome": outcome}


def test_the_page(two: tuple[Area, ...]) -> None:
    results = {
        "tests/docker/fidelity/test_fidelity_shells.py::test_a[x]": result("shells/same", "shells/other"),
        "tests/docker/fidelity/test_fidelity_shells.py::test_a[y]": result("shells/same"),
    }
    assert list(fidelity.faults(two, results)) == []
    page = fidelity.page(two, fidelity.tests_of(results))
    assert "| [Shells](#shells) | 2 | 1 | 1 |\n| all | 2 | 1 | 1 |" in page
    assert "| shells/other | Another. | Not so here. | told |" in page
    link = "[a](../tests/docker/fidelity/test_fidelity_shells.py)"
    handler = "[ScriptHandler](https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ScriptHandler.cs)"
    assert f"| A \\| B. | {handler} | same | {link} |" in page
    docs = "[docs](https://docs.github.com/en/actions/reference/shells), GitHub's docs: workflow syntax, jobs.&lt;job_id>.if"
    assert f"| {docs}, [x.ts](" in page


def test_rules_without_a_good_test(two: tuple[Area, ...]) -> None:
    results = {"a.py::test_b[1]": result("shells/same", outcome="failed")}
    assert list(fidelity.faults(two, results)) == [
        "shells/other: no test",
        "shells/same: a.py::test_b[1] has failed",
    ]


def test_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fidelity.main(["--check", str(tmp_path / "absent")]) == 2
    results = tmp_path / "results.json"
    results.write_text("{}")
    before = fidelity.PAGE.read_bytes()
    assert fidelity.main(["--check", str(results)]) == 1
    assert "expressions/equality: no test" in capsys.readouterr().out
    assert fidelity.PAGE.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[a]\nrule = 'x'\nsource = 'y'\n", "there is no title"),
        ("title = 'x'\n[a]\nrule = 'x'\n", "shells/a: a rule has at least 'rule' and 'source'"),
        ("title = 'x'\n[a]\nrule = 'x'\nsource = 'y'\nother = 1\n", "shells/a: unknown keys: other"),
    ],
)
def test_what_is_no_rule(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "shells.toml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(what)):
        areas(tmp_path)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_results_of_tests(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_x.py").write_text(TESTS)
    done = run_tests(tmp_path, "-n", workers, "--rule-results", "r.json")
    assert "1 failed, 3 passed" in done.stdout
    found = json.loads((tmp_path / "r.json").read_text())
    assert {name.partition("::")[2]: (each["rules"], each["outcome"]) for name, each in found.items()} == {
        "test_good": (["expressions/equality", "expressions/order"], "passed"),
        "test_one_of_two[1]": (["expressions/equality"], "passed"),
        "test_one_of_two[2]": (["expressions/equality"], "failed"),
    }
    run_tests(tmp_path, "-k", "two and 2", "--rule-results", "r.json")
    assert len(json.loads((tmp_path / "r.json").read_text())) == 3


def test_a_rule_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(TESTS.replace("expressions/order", "expressions/none"))
    done = run_tests(tmp_path)
    assert "no such rule: expressions/none" in done.stdout + done.stderr


def run_tests(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    marker = "rule(*ids): x"
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers\nmarkers =\n  {marker}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.rule_results"]
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs(CASES)
def test_every_case_has_a_rule() -> None:
    wanted = {
        int(number) for number in re.findall(r"^(\d+)\. ", CASES.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(wanted) == 158
    assert wanted - {case for area in areas() for rule in area.rules for case in rule.cases} == set()


def test_rules_are_written_alike() -> None:
    for rule in (rule for area in areas() for rule in area.rules):
        assert re.fullmatch(r"[a-z_]+/[a-z0-9-]+", rule.id), rule.id
        assert rule.text.endswith((".", ".`")), rule.id
        assert not rule.differs or rule.differs.endswith((".", ".`")), rule.id
        assert not any(source.startswith(("src/", "http")) for source in rule.source), rule.id
