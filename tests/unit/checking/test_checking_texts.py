"""What findings say to someone who has never seen actlite, and what is not said at all."""

from __future__ import annotations

import textwrap

import pytest

from actlite.checking.files import TextFiles
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic
from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.nearest import nearest

PATH = ".github/workflows/t.yml"


def findings(text: str) -> list[Diagnostic]:
    """What check says of one workflow."""
    files = TextFiles({PATH: textwrap.dedent(text)})
    return [finding for file in check(files, [PATH]).files for finding in file.findings]


def job(text: str, events: str = "push") -> list[Diagnostic]:
    """What check says of a job with these lines."""
    body = textwrap.indent(textwrap.dedent(text), "    ")
    return findings(f"on: {events}\njobs:\n  a:\n{body}")


def test_what_an_alias_repeats_is_told_once() -> None:
    found = findings(
        """\
        on: pull_request
        jobs:
          a:
            runs-on: ubuntu-latest
            steps: &steps
              - run: echo ${{ github.head_ref }}
              - run: echo ${{ steps.lost.outputs.x }}
          b:
            runs-on: ubuntu-latest
            steps: *steps
        """
    )
    assert [finding.code for finding in found] == ["untrusted-input", "unknown-step"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("runner.os == 'Windows'", []), ("env.X", ["unknown-shell"]), ("my_runner.osx", None)],
)
def test_a_step_that_asks_for_its_system_may_have_the_shell_of_another_one(
    condition: str, expected: list[str] | None
) -> None:
    found = job(f"runs-on: ubuntu-latest\nsteps:\n  - run: x\n    shell: powershell\n    if: {condition}\n")
    if expected is None:
        assert "unknown-context" in [finding.code for finding in found]
    else:
        assert [finding.code for finding in found] == expected


@pytest.mark.parametrize(
    ("runs", "expected"),
    [("{using: node20, main: m.js}", []), ("{using: composite, steps: []}", ["unknown-step"])],
)
def test_only_a_composite_action_has_outputs_with_values(runs: str, expected: list[str]) -> None:
    text = f"outputs: {{o: {{value: '${{{{ steps.lost.outputs.x }}}}'}}}}\nruns: {runs}\n"
    _, bag = read_action(SourceFile("action.yml", text))
    assert [finding.code for finding in bag] == expected


def test_a_called_workflow_is_told_whose_event_it_has() -> None:
    [found] = job(
        "if: github.event_name == 'workflow_call'\nruns-on: x\nsteps: [{run: x}]\n", "workflow_call"
    )
    assert (found.code, found.label) == ("constant-comparison", "")
    assert "the event of its caller" in found.help


@pytest.mark.parametrize("name", ["workflow_sha", "workflow_ref"])
def test_names_of_identity_tokens_are_told_from_those_of_contexts(name: str) -> None:
    [found] = job(f"runs-on: x\nsteps:\n  - run: echo ${{{{ github.job_{name} }}}}\n")
    assert (found.code, found.label) == ("unknown-property", "")
    assert found.help.startswith(f"job.{name} is that of the called workflow")


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("github.event_name", "pushh", "did you mean 'push'?"),
        ("github.event_name", "pull_request", ""),
        ("matrix.arch", "aarch64", ""),
        ("matrix.arch", "arm64", ""),
        ("matrix.arch", "loongarc64", "did you mean 'loongarch64'?"),
    ],
)
def test_only_a_slip_of_the_pen_gets_a_guess(left: str, right: str, label: str) -> None:
    found = job(
        "runs-on: x\nstrategy:\n  matrix:\n    arch: [loongarch64, amd64]\nsteps:\n"
        f"  - run: x\n    if: {left} == '{right}'\n",
        "[push, pull_request_target]",
    )
    assert [(finding.code, finding.label) for finding in found] == [("constant-comparison", label)]


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("timeout", ["timeout-minutes", "steps"], "timeout-minutes"),
        ("runs_on", ["runs-on", "run"], "runs-on"),
        ("enviroment", ["environment"], "environment"),
        ("nonexistent", ["contents"], None),
        ("created", ["edited", "deleted"], None),
    ],
)
def test_the_word_that_was_meant(word: str, known: list[str], expected: str | None) -> None:
    assert nearest(word, known) == expected


def test_keys_that_exclude_each_other_are_named() -> None:
    [found] = job("runs-on: x\nsteps:\n  - name: x\n    run: x\n    uses: ./a\n")
    assert found.notes == ("'uses' does not go together with 'run'",)
    assert found.help == "remove one of them"


def test_a_job_of_no_kind_is_told_once() -> None:
    [found] = job("name: x\n")
    assert found.code == "missing-key"
    assert found.help == "one of these must be there: 'runs-on', 'uses'"


def test_a_workflow_alone_is_not_offered_itself() -> None:
    [found] = job("uses: ./.github/workflows/other.yml\n")
    assert (found.code, found.help) == ("called-workflow-missing", "")


@pytest.mark.parametrize(
    ("uses", "retired"),
    [
        ("actions/upload-artifact@v3", True),
        ("actions/Upload-Artifact@v3.1.2", True),
        ("actions/download-artifact@1.0.0", True),
        ("actions/cache@v2", True),
        ("actions/cache@v3", False),
        ("actions/upload-artifact@v4", False),
        ("actions/upload-artifact@v3-node20", False),
        ("actions/upload-artifact@main", False),
        ("actions/checkout@v1", False),
        ("someone/upload-artifact@v1", False),
    ],
)
def test_actions_that_github_no_longer_fetches(uses: str, retired: bool) -> None:
    found = job(f"runs-on: x\nsteps:\n  - run: x\n  - uses: {uses}\n    with: {{path: x, key: k}}\n")
    codes = [finding.code for finding in found if finding.code != "unknown-action-input"]
    assert codes == (["retired-action"] if retired else [])
