"""Findings as data, as GitHub's annotations and as SARIF."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest

from actlite.diagnostics import Diagnostic, Fix, Label, Severity
from actlite.reporting.findings import data, workflow_commands
from actlite.reporting.sarif import SCHEMA, sarif
from actlite.rules import RULES
from actlite.source import SourceFile

SOURCE = SourceFile("a b/ü,1:2.yml", "on: push\njobs: {é: 1}\n# end\n")
SPAN = SOURCE.span(9, 13)
WHOLE = Diagnostic(
    "unknown-key",
    Severity.ERROR,
    "100% wrong\r\nhere: a, b",
    SPAN,
    label="did you mean 'x'?",
    labels=(Label(SOURCE.span(0, 2), "the other one"),),
    notes=("one", "two"),
    help="remove it",
    fix=Fix("write 'x'", SPAN, "x"),
)
BARE = Diagnostic("not-in-the-table", Severity.NOTE, "m")


def test_as_data() -> None:
    assert data(WHOLE) == {
        "code": "unknown-key",
        "severity": "error",
        "message": "100% wrong\r\nhere: a, b",
        "label": "did you mean 'x'?",
        "notes": ["one", "two"],
        "help": "remove it",
        "file": "a b/ü,1:2.yml",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 5,
    }
    assert "file" not in data(BARE)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (
            WHOLE,
            "::error file=sub/a b/ü%2C1%3A2.yml,line=2,endLine=2,col=1,endColumn=4,title=unknown-key::"
            "100%25 wrong%0D%0Ahere: a, b%0Adid you mean 'x'?%0Anote: one%0Anote: two%0Ahelp: remove it",
        ),
        (BARE, "::notice title=not-in-the-table::m"),
        (
            Diagnostic("job-id", Severity.WARNING, "m", SOURCE.span(0, 12)),
            "::warning file=sub/a b/ü%2C1%3A2.yml,line=1,endLine=2,title=job-id::m",
        ),
        (
            Diagnostic("job-id", Severity.WARNING, "m", SOURCE.span(3, 3)),
            "::warning file=sub/a b/ü%2C1%3A2.yml,line=1,endLine=1,col=4,endColumn=4,title=job-id::m",
        ),
    ],
)
def test_as_annotations(finding: Diagnostic, expected: str) -> None:
    assert workflow_commands([finding], lambda name: f"sub/{name}") == [expected]


def required(value: Any, *keys: str) -> dict[str, Any]:
    assert isinstance(value, dict)
    assert set(keys) <= value.keys()
    return value


def check_location(location: Any) -> None:
    """physicalLocation: a URI reference without spaces, and a region of whole numbers from 1."""
    place = required(required(location, "physicalLocation")["physicalLocation"], "artifactLocation", "region")
    uri = required(place["artifactLocation"], "uri")["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", uri)
    check_region(place["region"])


def check_region(region: Any) -> None:
    region = required(region, "startLine")
    assert all(isinstance(value, int) and value >= 1 for value in region.values())
    start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
    assert start <= end


def check_sarif(log: Any) -> None:
    """What SARIF 2.1.0 asks of the properties that are used: those required, their types and their values."""
    assert required(log, "version", "runs", "$schema")["version"] == "2.1.0"
    for run in log["runs"]:
        driver = required(required(run, "tool", "results")["tool"], "driver")["driver"]
        assert required(driver, "name")["name"]
        ids = [required(rule, "id")["id"] for rule in driver["rules"]]
        assert len(set(ids)) == len(ids)
        for rule in driver["rules"]:
            for key in ("shortDescription", "help"):
                assert key not in rule or required(rule[key], "text")["text"].strip()
            assert rule.get("defaultConfiguration", {}).get("level", "none") in {
                "none",
                "note",
                "warning",
                "error",
            }
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
        for base in run["originalUriBaseIds"].values():
            assert "uri" not in base or base["uri"].endswith("/")
        for result in run["results"]:
            assert required(result, "message", "ruleId", "ruleIndex")["level"] in {"note", "warning", "error"}
            assert ids[result["ruleIndex"]] == result["ruleId"]
            assert result["message"]["text"]
            for location in [*result.get("locations", []), *result.get("relatedLocations", [])]:
                check_location(location)
            assert all(isinstance(text, str) for text in result.get("partialFingerprints", {}).values())
            for fix in result.get("fixes", []):
                for change in required(fix, "artifactChanges")["artifactChanges"]:
                    required(change, "artifactLocation", "replacements")
                    for replacement in change["replacements"]:
                        check_region(required(replacement, "deletedRegion")["deletedRegion"])


def test_as_sarif() -> None:
    log = sarif([WHOLE, BARE, WHOLE])
    check_sarif(log)
    assert log["$schema"] == SCHEMA
    run = log["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["not-in-the-table", "unknown-key"]
    first, bare, again = run["results"]
    assert first["level"] == "error"
    place = first["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == "a b/ü,1:2.yml"
    assert place["region"] == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 5}
    assert first["relatedLocations"][0]["message"]["text"] == "the other one"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "x"}
    assert "locations" not in bare
    one, two = (result["partialFingerprints"]["actlite/v1"] for result in (first, again))
    assert one != two
    assert one.removesuffix(":1") == two.removesuffix(":2")


def test_a_fingerprint_stays_when_lines_move() -> None:
    moved = SourceFile(SOURCE.name, f"# new\n{SOURCE.text}")
    before, after = (
        sarif([Diagnostic("job-id", Severity.ERROR, "m", span)])["runs"][0]["results"][0][
            "partialFingerprints"
        ]
        for span in (SPAN, moved.span(SPAN.start + 6, SPAN.end + 6))
    )
    assert before == after


def test_a_file_elsewhere_has_a_uri_of_its_own() -> None:
    finding = Diagnostic("job-id", Severity.ERROR, "m", SourceFile("/tmp/a b.yml", "x").span(0, 1))
    result = sarif([finding])["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/a%20b.yml"}


def test_every_rule_as_sarif() -> None:
    log = sarif([Diagnostic(code, Severity.ERROR, "m", SPAN) for code in RULES])
    check_sarif(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    help = next(rule["help"] for rule in rules if rule["id"] == "yaml-alias")
    assert help["markdown"].startswith("An alias (`*name`) has no anchor")
    assert "```yaml" in help["markdown"]
    assert "```" not in help["text"]
    assert {rule["shortDescription"]["text"] for rule in rules} == {
        f"{rule.title}." for rule in RULES.values()
    }


def test_nothing_as_sarif() -> None:
    log = sarif([])
    check_sarif(log)
    assert log["runs"][0]["results"] == []
