"""What jobs ask for: needs, matrices, machines, shells and commands."""

from __future__ import annotations

import pytest

from actlite.source import SourceFile
from actlite.workflow.reader import read


def findings(text: str) -> list[tuple[str, str]]:
    """Severity with rule, and the marked text, of each finding that is no note."""
    _, bag = read(SourceFile("t.yml", "on: push\n" + text), ".github/workflows/t.yml")
    return [
        (f"{found.severity.value} {found.code}", found.span.text if found.span else "")
        for found in bag
        if found.severity.value != "note"
    ]


def job(**keys: str) -> str:
    lines = {"runs-on": "ubuntu-latest", "steps": "[{run: x}]"} | {
        k.replace("_", "-"): v for k, v in keys.items()
    }
    return "jobs:\n  a:\n" + "".join(f"    {key}: {value}\n" for key, value in lines.items())


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("{n: [1, 2, 2]}", [("warning matrix-duplicate", "2")]),
        ("{n: [3.1, 3.10]}", [("warning matrix-duplicate", "3.10")]),
        ("{n: [1, '1']}", [("warning matrix-duplicate", "'1'")]),
        ("{n: [true, 'true']}", []),
        ("{n: [{a: 1, b: 2}, {b: 2, a: 1}]}", [("warning matrix-duplicate", "{")]),
        ("{n: [[1, 2], [2, 1]]}", []),
        ("{n: ['${{ github.sha }}', x, x]}", [("warning matrix-duplicate", "x")]),
        ("{n: []}", [("error invalid-matrix", "[")]),
        ("{n: [], m: []}", [("error invalid-matrix", "["), ("error invalid-matrix", "[")]),
        ("{n: [1], include: [{}]}", [("error invalid-matrix", "{")]),
        ("{n: [1], exclude: [{}]}", [("error invalid-matrix", "{")]),
        ("{n: [1], exclude: [{m: 1}]}", [("error invalid-matrix", "m")]),
        ("{n: [1], exclude: [{m: 1, k: 2}]}", [("error invalid-matrix", "m"), ("error invalid-matrix", "k")]),
        ("{n: [1], include: [{m: 1}], exclude: [{m: 1}]}", [("error invalid-matrix", "m")]),
        ("{n: ['${{ github.sha }}'], exclude: [{m: 1}]}", [("error invalid-matrix", "m")]),
        ("{n: [1, 2], exclude: [{n: 3}]}", [("warning matrix-exclude", "3")]),
        ("{n: [1, 2], exclude: [{N: 2}]}", []),
        ("{n: [1, 2], exclude: [{n: '2'}]}", []),
        ("{n: [Abc], exclude: [{n: aBC}]}", []),
        ("{n: [a], exclude: [{n: '${{ github.sha }}'}]}", []),
        ("{n: ['${{ github.sha }}'], exclude: [{n: b}]}", []),
        ("{n: '${{ fromJSON(vars.n) }}', exclude: [{n: b}]}", []),
        ("{n: [{a: 1, b: 2}], exclude: [{n: {a: 1}}]}", []),
        ("{n: [{a: 1, b: 2}], exclude: [{n: {a: 2}}]}", [("warning matrix-exclude", "{")]),
        ("{n: [{a: 1}], exclude: [{n: x}]}", [("warning matrix-exclude", "x")]),
        ("{n: [[a, b]], exclude: [{n: [a, c]}]}", [("warning matrix-exclude", "[")]),
        ("{n: [[a, b]], exclude: [{n: [a]}]}", []),
        ("{n: [1], include: [], exclude: []}", []),
        ("{include: [{n: 1}]}", []),
        ("{exclude: [{n: 1}]}", [("error invalid-matrix", "{")]),
        ("{n: [1, 2], m: [3], include: [{n: 2, m: 3}]}", [("warning matrix-include", "{")]),
        ("{n: [1, 2], include: [{n: '1'}]}", [("warning matrix-include", "{")]),
        ("{n: [1, 2], include: [{n: 3}]}", []),
        ("{n: [1, 2], include: [{n: 2, x: 3}]}", []),
        ("{n: [1, 2], exclude: [{n: 2}], include: [{n: 2}]}", []),
        ("{n: '${{ fromJSON(vars.n) }}', include: [{n: 2}]}", []),
        ("{n: [1], '${{ insert }}': '${{ github.event }}', exclude: [{m: 1}]}", []),
    ],
)  # fmt: skip
def test_matrices(matrix: str, expected: list[tuple[str, str]]) -> None:
    assert findings(job(strategy=f"{{matrix: {matrix}}}")) == expected


@pytest.mark.parametrize(("number", "fine"), [(16, True), (17, False)])
def test_a_matrix_of_too_many_jobs(number: int, fine: bool) -> None:
    values = ", ".join(str(value) for value in range(number))
    found = findings(job(strategy=f"{{matrix: {{a: [{values}], b: [{values}]}}}}"))
    assert [code for code, _ in found] == ([] if fine else ["error invalid-matrix"])


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ("[b, b]", [("warning duplicate-need", "b")]),
        ("[b, B]", [("warning duplicate-need", "B")]),
        ("[b, c]", []),
        ("[]", []),
        ("[b, x]", [("error unknown-need", "x")]),
        ("[b, a]", [("error needs-cycle", "a")]),
    ],
)
def test_needs(needs: str, expected: list[tuple[str, str]]) -> None:
    more = "".join(f"  {id}: {{runs-on: ubuntu-latest, steps: [{{run: x}}]}}\n" for id in "bc")
    assert findings(job(needs=needs) + more) == expected


@pytest.mark.parametrize(
    ("runs_on", "expected"),
    [
        ("ubuntu-latest", []),
        ("Ubuntu-Latest", []),
        ("ubuntu-20.04", [("warning retired-runner", "ubuntu-20.04")]),
        ("[macos-12]", [("warning retired-runner", "macos-12")]),
        ("{labels: windows-2019}", [("warning retired-runner", "windows-2019")]),
        ("[self-hosted, ubuntu-20.04]", []),
        ("{group: big, labels: [ubuntu-latest]}", []),
        ("ubuntu-lastest", [("warning unknown-runner", "ubuntu-lastest")]),
        ("ubunut-latest", [("warning unknown-runner", "ubunut-latest")]),
        ("windows-lates", [("warning unknown-runner", "windows-lates")]),
        ("macos-latst", [("warning unknown-runner", "macos-latst")]),
        ("ubuntu-23.04", [("warning unknown-runner", "ubuntu-23.04")]),
        ("windows-2020", [("warning unknown-runner", "windows-2020")]),
        ("ubuntu-28.04", []),
        ("ubuntu-latest-16-cores", []),
        ("ubuntu-latest-m", []),
        ("ubuntu-large", []),
        ("linux-latest", []),
        ("my-runner", []),
        ("self-hosted", []),
        ("[self-hosted, linux, x64, gpu]", []),
        ("[ubuntu-latest, windows-latest]", [("warning unknown-runner", "windows-latest")]),
        ("[ubuntu-latest, ubuntu-24.04]", []),
        ("[ubuntu-22.04, ubuntu-24.04]", [("warning unknown-runner", "ubuntu-24.04")]),
        ("[macos-15, self-hosted]", []),
        ("${{ vars.RUNNER || 'ubuntu-20.04' }}", []),
    ],
)
def test_machines(runs_on: str, expected: list[tuple[str, str]]) -> None:
    assert findings(job(runs_on=runs_on)) == expected


def test_machines_of_a_matrix() -> None:
    matrix = "{matrix: {os: [ubuntu-latest, ubuntu-18.04], include: [{os: macos-11}]}}"
    found = findings(job(strategy=matrix, runs_on="'${{ matrix.os }}'"))
    assert found == [("warning retired-runner", "ubuntu-18.04"), ("warning retired-runner", "macos-11")]


@pytest.mark.parametrize(
    ("runs_on", "shell", "bad"),
    [
        ("ubuntu-latest", "bash", False),
        ("ubuntu-latest", "Bash", False),
        ("ubuntu-latest", "perl {0}", False),
        ("ubuntu-latest", "${{ matrix.shell }}", False),
        ("ubuntu-latest", "perl", True),
        ("ubuntu-latest", "bash -l", True),
        ("ubuntu-latest", "powershell", True),
        ("macos-latest", "cmd", True),
        ("windows-latest", "powershell", False),
        ("windows-latest", "sh", False),
        ("self-hosted", "powershell", False),
        ("[self-hosted, linux]", "cmd", False),
    ],
)
def test_shells(runs_on: str, shell: str, bad: bool) -> None:
    text = job(runs_on=runs_on, steps=f"[{{run: x, shell: '{shell}'}}]")
    wanted = [("warning unknown-shell", f"'{shell}'")] if bad else []
    assert [found for found in findings(text) if "shell" in found[0]] == wanted


@pytest.mark.parametrize(
    ("run", "where"),
    [
        ('echo "::set-output name=a::b"', "::set-output name=a::"),
        ("echo ::add-path::/opt/x", "::add-path::"),
        ("echo '::set-env name=A::b'", "::set-env name=A::"),
        ("# echo ::set-output name=a::b", ""),
        ("grep ::set-output file", ""),
        ("echo ::notice::x", ""),
        ("echo ::group::set-output", ""),
    ],
)
def test_commands(run: str, where: str) -> None:
    found = findings(job(steps=f"\n      - run: |\n          {run}"))
    assert found == ([("warning deprecated-command", where)] if where else [])


def test_disabled_commands_that_a_workflow_allows() -> None:
    text = job(env="{ACTIONS_ALLOW_UNSECURE_COMMANDS: true}", steps="[{run: 'echo ::add-path::x'}]")
    assert findings(text) == []
