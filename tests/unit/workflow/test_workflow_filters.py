"""Filters, schedules and inputs of events: what is said, where, and what is passed over in silence."""

from __future__ import annotations

import pytest

from actlite.diagnostics import Diagnostic
from actlite.source import SourceFile
from actlite.workflow.cron import BadCron, read_cron
from actlite.workflow.reader import read

JOBS = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n"


def findings(on: str) -> list[Diagnostic]:
    _, bag = read(SourceFile("t.yml", f"on: {on}\n{JOBS}"), ".github/workflows/t.yml")
    return list(bag)


def marked(finding: Diagnostic) -> str:
    assert finding.span is not None
    return finding.span.text


@pytest.mark.parametrize(
    ("filter", "pattern", "code", "where"),
    [
        ("branches", "v[0-", "filter-pattern", "[0-"),
        ("branches", "v[]", "filter-pattern", "[]"),
        ("tags", "v[9-1]", "filter-pattern", "9-1"),
        ("tags", "v*+", "filter-pattern", "+"),
        ("tags", "+v", "filter-pattern", "+"),
        ("paths", "a**?", "filter-pattern", "?"),
        ("branches", "a?+", "filter-pattern", "+"),
        ("branches", "^foo", "filter-never-matches", "^"),
        ("branches", "main dev", "filter-never-matches", "main dev"),
        ("branches", "a:b", "filter-never-matches", ":"),
        ("branches", "a~b", "filter-never-matches", "~"),
        ("branches", r"a\[b", "filter-never-matches", r"\["),
        ("branches", "/main", "filter-never-matches", "/"),
        ("branches", "main/", "filter-never-matches", "/"),
        ("branches", "**/", "filter-never-matches", "/"),
        ("paths", "a/**/", "filter-never-matches", "/"),
        ("branches", "v1.", "filter-never-matches", "."),
        ("branches", "a..b", "filter-never-matches", ".."),
        ("branches", "a//b", "filter-never-matches", "//"),
        ("branches", "a@{b", "filter-never-matches", "@{"),
        ("branches", "main|dev", "filter-never-matches", "|"),
        ("branches", "rel-(a)", "filter-never-matches", "("),
        ("tags", "v[0-9]{4}", "filter-never-matches", "{"),
        ("tags", "v*$", "filter-never-matches", "$"),
        ("tags", r"v\d", "filter-never-matches", r"\d"),
        ("tags", "v[0-]", "filter-never-matches", "[0-]"),
        ("branches", "refs/heads/main", "filter-never-matches", "refs/heads/"),
        ("tags", "refs/tags/v*", "filter-never-matches", "refs/tags/"),
        ("branches", "!", "filter-never-matches", "!"),
        ("paths", "./src/**", "filter-never-matches", "."),
        ("paths", "../src/**", "filter-never-matches", ".."),
        ("paths", ".", "filter-never-matches", "."),
        ("paths", "/src/**", "filter-never-matches", "/"),
        ("paths", "src/", "filter-never-matches", "/"),
        ("paths", r"src\main", "filter-never-matches", r"\m"),
        ("paths-ignore", "!./src/**", "filter-never-matches", "."),
    ],
)
def test_a_pattern_that_is_no_good(filter: str, pattern: str, code: str, where: str) -> None:
    found = findings(f"{{push: {{{filter}: [x, '{pattern}']}}}}")
    assert [finding.code for finding in found] == [code]
    assert marked(found[0]).strip("'") == where


@pytest.mark.parametrize("pattern", ["x ", " x", " ", "x\\n"])
def test_a_path_with_blanks_at_its_ends(pattern: str) -> None:
    found = findings(f'{{push: {{paths: [x, "{pattern}"]}}}}')
    assert [finding.code for finding in found] == ["filter-never-matches"]


@pytest.mark.parametrize("filter", ["branches", "tags"])
@pytest.mark.parametrize(
    "pattern",
    [
        *("**", "*", "main", "release/**", "v[0-9]+.[0-9]+.[0-9]+*", "v?", "[a-z-]+", "[._-]x", "*-alpha"),
        *("a+", r"a\+b", r"\!a", "feature/#12", "a@b", "v1.x", "**/x", "users/*/**", "ärger", "a(b", "a$b"),
    ],
)
def test_patterns_that_are_good(filter: str, pattern: str) -> None:
    assert findings(f"{{push: {{{filter}: ['{pattern}', '!{pattern}']}}}}") == []


@pytest.mark.parametrize(
    "pattern",
    [
        "**",
        "*.md",
        ".github/**",
        "..a/b",
        ".",
        "src/**.js",
        "a b/c",
        "**/docs/**",
        "{a,b}",
        r"a\[b\]",
        "a^b:c",
    ],
)
def test_paths_that_are_good(pattern: str) -> None:
    found = findings(f"{{push: {{paths: ['{pattern}']}}}}")
    assert (found == []) == (pattern != ".")


@pytest.mark.parametrize(
    ("on", "codes", "where"),
    [
        ("{push: {branches: ['!a', '!b']}}", ["filter-never-matches"], "'!a'"),
        ("{push: {branches-ignore: ['!a']}}", [], ""),
        ("{push: {branches: ['!a', '**']}}", ["filter-no-effect"], "'!a'"),
        ("{push: {branches: ['!a', '**', '!b']}}", ["filter-no-effect"], "'!a'"),
        ("{push: {branches-ignore: ['!a', '**']}}", [], ""),
        ("{push: {tags: ['v*'], paths: [a]}}", ["filter-no-effect"], "paths"),
        ("{push: {tags: ['v*'], branches: [b], paths: [a]}}", [], ""),
        ("{push: {branches: []}}", ["filter-empty"], "branches"),
        ("{issues: {types: []}}", ["filter-empty"], "types"),
        ("{push: {branches-ignore: [a], branches: [b]}}", ["filter-conflict"], "branches"),
        ("{push: {branches: [b], tags-ignore: [a]}}", [], ""),
        ("{create: {branches: [b], tags: []}}", ["unknown-key", "unknown-key"], "branches"),
        ("{fork: {}}", [], ""),
        ("{fork: [x]}", ["wrong-type"], "["),
        ("{issues: {branches: ['^']}}", ["unknown-key"], "branches"),
        ("{pull_request: {types: [synchronise]}}", ["unknown-activity-type"], "synchronise"),
        ("{repository_dispatch: {types: [whatever]}}", [], ""),
        ("[push, project_card]", ["retired-event"], "project_card"),
        ("workflow_run", ["missing-workflows"], "workflow_run"),
        ("{workflow_run: {types: [completed]}}", ["missing-workflows"], "workflow_run"),
        ("{workflow_run: {workflows: []}}", ["missing-workflows"], "[]"),
        ("{workflow_run: {workflows: CI}}", [], ""),
        ("schedule", ["missing-cron"], "schedule"),
        ("[push, schedule]", ["missing-cron"], "schedule"),
        ("{schedule: []}", ["missing-cron"], "schedule"),
        ("{schedule: }", ["wrong-type"], ""),
        ("{workflow_run: {workflows: }}", ["wrong-type"], ""),
        ("{workflow_dispatch: {inputs: {a: {type: choice, options: }}}}", ["input-options"], "a"),
    ],
)
def test_filters_as_a_whole(on: str, codes: list[str], where: str) -> None:
    found = findings(on)
    assert [finding.code for finding in found] == codes
    assert not codes or marked(found[0]) == where


@pytest.mark.parametrize(
    ("cron", "code", "where"),
    [
        ("@daily", "cron-syntax", "@daily"),
        ("0 0 * *", "cron-syntax", "0 0 * *"),
        ("0 0 0 * * *", "cron-syntax", "0 0 0 * * *"),
        ("60 * * * *", "cron-syntax", "60"),
        ("0 24 * * *", "cron-syntax", "24"),
        ("0 0 0 * *", "cron-syntax", "0"),
        ("0 0 * 13 *", "cron-syntax", "13"),
        ("0 0 * * monday", "cron-syntax", "monday"),
        ("0 0 * * 5-1", "cron-syntax", "5-1"),
        ("*/0 * * * *", "cron-syntax", "*/0"),
        ("0,,5 * * * *", "cron-syntax", ","),
        ("a 0 * * *", "cron-syntax", "a"),
        ("0 0 * * 7", "cron-syntax", "7"),
        ("0 0 ? * 1", "cron-syntax", "?"),
        ("*/90 * * * *", "cron-syntax", "*/90"),
        ("* 4 * * *", "cron-too-often", "'* 4 * * *'"),
        ("*/4 * * * *", "cron-too-often", "'*/4 * * * *'"),
        ("0,30,33 * * * *", "cron-too-often", "'0,30,33 * * * *'"),
        ("57,0 * * * *", "cron-too-often", "'57,0 * * * *'"),
        ("10-20 1 * * *", "cron-too-often", "'10-20 1 * * *'"),
        ("0 0 30 2 *", "cron-never", "'0 0 30 2 *'"),
        ("0 0 31 4,6,9,11 *", "cron-never", "'0 0 31 4,6,9,11 *'"),
    ],
)
def test_a_schedule_that_is_no_good(cron: str, code: str, where: str) -> None:
    found = findings(f"{{schedule: [{{cron: '{cron}'}}]}}")
    assert [finding.code for finding in found] == [code]
    assert marked(found[0]) == where


@pytest.mark.parametrize(
    "cron",
    [
        *("*/5 * * * *", "*/7 * * * *", "0 0 29 2 *", "0 0 31 * *", "0 0 30 2 1", "0 4 * * MON-FRI"),
        *("0 4 * jan,Jul *", "15,45 8-18/2 * * 1-5", "5/15 * * * *", " 0  0 * * * ", "0 0 1 */3 *"),
        *("0 0 * * 0,6", "57,0 1,3 * * *"),
    ],
)
def test_schedules_that_are_good(cron: str) -> None:
    assert findings(f"{{schedule: [{{cron: '{cron}'}}]}}") == []


def test_what_a_schedule_holds() -> None:
    cron = read_cron("5/20 1,3-4 1-31/10 jan-mar sun")
    assert (cron.minutes, cron.hours, cron.days) == ((5, 25, 45), (1, 3, 4), (1, 11, 21, 31))
    assert (cron.months, cron.weekdays) == ((1, 2, 3), (0,))
    with pytest.raises(BadCron, match="is no hour"):
        read_cron("0 x * * *")


@pytest.mark.parametrize(("zone", "good"), [("Europe/Berlin", True), ("UTC", True), ("Not/A/Zone", False)])
def test_time_zones(zone: str, good: bool) -> None:
    found = findings(f"{{schedule: [{{cron: '0 0 * * *', timezone: {zone}}}]}}")
    assert [finding.code for finding in found] == ([] if good else ["unknown-timezone"])


@pytest.mark.parametrize(
    ("event", "input", "codes"),
    [
        ("workflow_dispatch", "{type: choice}", ["error input-options"]),
        ("workflow_dispatch", "{type: choice, options: []}", ["error input-options"]),
        ("workflow_dispatch", "{type: choice, options: [a, a]}", ["warning input-options"]),
        ("workflow_dispatch", "{type: choice, options: [a, b], default: c}", ["error input-default"]),
        ("workflow_dispatch", "{type: choice, options: [1, 2], default: 2}", []),
        ("workflow_dispatch", "{type: string, options: [a]}", ["warning input-options"]),
        ("workflow_dispatch", "{options: [a]}", ["warning input-options"]),
        ("workflow_dispatch", "{type: boolean, default: yes}", ["warning input-default"]),
        ("workflow_dispatch", "{type: boolean, default: 'true'}", []),
        ("workflow_dispatch", "{type: number, default: ten}", ["warning input-default"]),
        ("workflow_dispatch", "{type: number, default: '10'}", []),
        ("workflow_dispatch", "{required: true, default: x}", []),
        ("workflow_dispatch", "", []),
        ("workflow_call", "{type: boolean, default: yes}", ["error input-default"]),
        ("workflow_call", "{type: boolean, default: 'true'}", ["error input-default"]),
        ("workflow_call", "{type: boolean, default: true}", []),
        ("workflow_call", "{type: number, default: '1'}", ["error input-default"]),
        ("workflow_call", "{type: number, default: 1.5}", []),
        ("workflow_call", "{type: number, default: '${{ fromJSON(vars.x) }}'}", []),
        ("workflow_call", "{type: string, default: 1}", []),
        ("workflow_call", "{type: string, required: true, default: x}", ["warning input-default"]),
        ("workflow_call", "{type: string, required: true}", []),
    ],
)
def test_inputs(event: str, input: str, codes: list[str]) -> None:
    found = findings(f"{{{event}: {{inputs: {{x: {input}}}}}}}")
    assert [f"{finding.severity.value} {finding.code}" for finding in found] == codes


@pytest.mark.parametrize(("number", "codes"), [(25, []), (26, ["too-many-inputs"])])
def test_the_number_of_inputs(number: int, codes: list[str]) -> None:
    inputs = ", ".join(f"i{index}: {{type: string}}" for index in range(number))
    assert [f.code for f in findings(f"{{workflow_dispatch: {{inputs: {{{inputs}}}}}}}")] == codes
