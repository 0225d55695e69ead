"""Which rules of the runner the tests have proved: a pytest plug-in, loaded by ``tests/conftest.py``.

``--rule-results FILE`` notes the outcome of every test that names rules (``@pytest.mark.rule``), as JSON; what the file
says of other tests stays. ``scripts/fidelity.py`` makes docs/fidelity.md of it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fidelity_rules import rules

PASSED, FAILED = "passed", "failed"
_PROPERTY = "rules"
_results: dict[str, dict[str, object]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption("--rule-results", metavar="FILE", help="note there which rules the tests have proved")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests name rules that there are."""
    known = rules()
    for item in items:
        named = [id for mark in item.iter_markers("rule") for id in mark.args]
        if unknown := [id for id in named if id not in known]:
            raise pytest.UsageError(f"{item.nodeid}: no such rule: {', '.join(unknown)}")
        if named:
            item.user_properties.append((_PROPERTY, named))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that has all reports: a test has passed where all its parts have."""
    named = dict(report.user_properties).get(_PROPERTY)
    if not named:
        return
    found = _results.setdefault(report.nodeid, {"rules": named, "outcome": PASSED})
    if report.outcome != PASSED:
        found["outcome"] = FAILED


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file, in the process that has all reports."""
    target = session.config.getoption("--rule-results")
    if not target or hasattr(session.config, "workerinput"):
        return
    path = Path(target)
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps(before | _results, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")
