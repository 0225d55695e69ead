"""The types of the contexts in each place of a workflow or action, and what is found with them."""

from __future__ import annotations

import textwrap

import pytest

from actlite.checking.files import TextFiles
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.reader import read


def findings(text: str) -> list[Diagnostic]:
    _, bag = read(SourceFile("test.yml", textwrap.dedent(text)), ".github/workflows/test.yml")
    assert not bag.errors, "\n".join(finding.render() for finding in bag)
    return list(bag)


def said(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(finding.code, finding.span.text if finding.span else "") for finding in found]


WORKFLOW = """\
on:
  push:
  workflow_dispatch:
    inputs:
      flag: {{type: boolean}}
      count: {{type: number}}
      level: {{type: choice, options: [low, high]}}
      name:
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      version: ${{{{ steps.one.outputs.v }}}}
    strategy:
      matrix:
        os: [ubuntu-24.04, windows-2025]
        node: [20, 22]
        pair: [{{a: x}}, {{a: y, b: z}}]
        include:
          - {{os: ubuntu-24.04, extra: e}}
    services:
      db: {{image: postgres, ports: ["5432:5432"]}}
    steps:
      - id: one
        run: make
      - name: one
        {step}
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - {publish}
"""


def in_step(step: str = "run: x", publish: str = "run: x") -> list[Diagnostic]:
    return findings(WORKFLOW.format(step=step, publish=publish))


@pytest.mark.parametrize(
    ("expression", "code", "at"),
    [
        ("github.reff", "unknown-property", "reff"),
        ("github.event.inputs.nmae", "unknown-input", "nmae"),
        ("github.repository.owner", "type-mismatch", "owner"),
        ("runner.operating", "unknown-property", "operating"),
        ("job.services.cache.id", "unknown-property", "cache"),
        ("job.services.db.port", "unknown-property", "port"),
        ("job.container.os", "unknown-property", "os"),
        ("strategy.index", "unknown-property", "index"),
        ("steps.two.outputs.x", "unknown-step", "two"),
        ("steps.one.output.x", "unknown-property", "output"),
        ("steps.one.outputs.x.y", "type-mismatch", "y"),
        ("inputs.nmae", "unknown-input", "nmae"),
        ("matrix.platform", "unknown-matrix-key", "platform"),
        ("matrix.pair.c", "unknown-property", "c"),
        ("matrix.os.name", "type-mismatch", "name"),
        ("vars.github_x", "unknown-property", "github_x"),
        ("vars['a-b']", "unknown-property", "'a-b'"),
        ("secrets.GITHUB_X", "unknown-secret", "GITHUB_X"),
        ("env[0]", "type-mismatch", "0"),
        ("env[inputs.flag]", "type-mismatch", "inputs.flag"),
        ("needs.build.result", "unknown-need-name", "build"),
        ("matrix.pair", "object-as-text", "matrix.pair"),
        ("github.event", "object-as-text", "github.event"),
        ("null", "object-as-text", "null"),
        ("inputs.flag == 'true' && 1 || 2", "type-mismatch", "inputs.flag == 'true'"),
        ("github.event.inputs.flag == true", "type-mismatch", "github.event.inputs.flag == true"),
        ("steps.one.outputs.x == true", "type-mismatch", "steps.one.outputs.x == true"),
        ("inputs.level == 'hihg'", "constant-comparison", "inputs.level == 'hihg'"),
        ("github.ref_type == 'tags'", "constant-comparison", "github.ref_type == 'tags'"),
        ("steps.one.outcome == 'skip'", "constant-comparison", "steps.one.outcome == 'skip'"),
        ("github.event_name == 'pullrequest'", "constant-comparison", "github.event_name == 'pullrequest'"),
        (
            "github.event_name == 'workflow_call'",
            "constant-comparison",
            "github.event_name == 'workflow_call'",
        ),
        ("runner.os == 'Ubuntu'", "constant-comparison", "runner.os == 'Ubuntu'"),
        ("github.head_ref", "untrusted-input", "github.head_ref"),
    ],
)
def test_what_a_script_says(expression: str, code: str, at: str) -> None:
    found = in_step(f'run: "echo ${{{{ {expression} }}}}"')
    assert said(found) == [(code, at)]
    assert found[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    "expression",
    [
        "github.event.pull_request.number",
        "github.EVENT_NAME == 'PUSH'",
        "github.event.inputs.flag == 'true'",
        "runner.os == 'linux'",
        "runner.debug == '1'",
        "job.services.db.ports[5432]",
        "job.services.db.ports['5432']",
        "steps.one.outputs.anything",
        "matrix.extra",
        "matrix.pair.b",
        "matrix.OS",
        "matrix.node == '20'",
        "inputs.flag && 'a' || 'b'",
        "inputs.count > 3",
        "inputs.level != ''",
        "secrets.MY_KEY",
        "secrets.GITHUB_TOKEN",
        "vars.MY_VAR",
    ],
)
def test_what_is_meant(expression: str) -> None:
    assert in_step(f'run: "echo ${{{{ {expression} }}}}"') == []


@pytest.mark.parametrize(
    ("step", "severity"),
    [
        ("{run: x, if: matrix.os == 'macos-15'}", Severity.WARNING),
        ("{run: x, if: matrix.os == 'macos-15' || matrix.node == 20}", Severity.NOTE),
        ("{run: x, if: matrix.os == ' windows-2025' || matrix.node == 20}", Severity.WARNING),
        ("{run: x, if: github.event_name == 'schedule' && inputs.flag}", Severity.WARNING),
        ("{run: x, if: github.event_name != 'schedule'}", Severity.NOTE),
        ("{run: x, if: \"startsWith(matrix.os, 'macos')\"}", Severity.WARNING),
    ],
)
def test_a_value_that_no_row_has_is_worse_where_nothing_runs_then(step: str, severity: Severity) -> None:
    inner = "\n        ".join(part.strip() for part in step.strip("{}").split(", if: "))
    found = in_step(inner.replace("\n        ", "\n        if: "))
    assert [(finding.code, finding.severity) for finding in found] == [("constant-comparison", severity)]


def test_an_optional_key_of_a_matrix_that_is_handed_on_is_a_note() -> None:
    (found,) = in_step("uses: a/b@v1\n        with: {x: '${{ matrix.optional }}'}")
    assert (found.code, found.severity) == ("unknown-matrix-key", Severity.NOTE)
    (found,) = in_step("uses: a/b@v1\n        with: {x: '${{ matrix.extar }}'}")
    assert (found.code, found.severity, found.label) == (
        *("unknown-matrix-key", Severity.WARNING),
        "did you mean 'extra'?",
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("continue-on-error: ${{ matrix.os }}", "type-mismatch"),
        ("timeout-minutes: ${{ inputs.name }}", "type-mismatch"),
        ("timeout-minutes: ${{ inputs.flag }}", "type-mismatch"),
        ("env: ${{ matrix.os }}", "type-mismatch"),
        ("env: {A: '${{ matrix.pair }}'}", "object-as-text"),
        ("working-directory: ${{ github.event }}", "object-as-text"),
    ],
)
def test_a_value_that_its_place_does_not_take(line: str, code: str) -> None:
    found = in_step(f"run: x\n        {line}")
    assert [finding.code for finding in found] == [code]


@pytest.mark.parametrize(
    "line",
    [
        "continue-on-error: ${{ inputs.flag }}",
        "timeout-minutes: ${{ inputs.count }}",
        "timeout-minutes: ${{ fromJSON(inputs.name) }}",
        "env: ${{ matrix.pair }}",
        "env: {A: '${{ matrix.node }}'}",
    ],
)
def test_a_value_that_its_place_takes(line: str) -> None:
    assert in_step(f"run: x\n        {line}") == []


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("needs.biuld.result", "unknown-need-name"),
        ("needs.build.results", "unknown-need-name"),
        ("needs.build.outputs.vesion", "unknown-needs-output"),
        ("needs.build.result == 'failed'", "constant-comparison"),
        ("needs.build.outputs.version == true", "type-mismatch"),
        ("join(needs.*.results)", "unknown-need-name"),
        ("matrix.os", "unknown-matrix-key"),
        ("job.services.db.id", "unknown-property"),
    ],
)
def test_needs(expression: str, code: str) -> None:
    found = in_step(publish=f'run: "${{{{ {expression} }}}}"')
    assert [finding.code for finding in found] == [code]


def test_a_called_workflow() -> None:
    found = findings(
        """\
        on:
          workflow_call:
            inputs:
              a: {type: string, default: "${{ inputs.b }}"}
              b: {type: boolean, default: "${{ inputs.a }}"}
              c: {type: string, default: "${{ inputs.of_the_caller }}"}
              d: {type: boolean, default: "${{ github.ref }}"}
            secrets:
              token:
            outputs:
              x: {value: "${{ jobs.build.outputs.y }}"}
              z: {value: "${{ jobs.build.outputs.z }}"}
        jobs:
          build:
            runs-on: ubuntu-latest
            outputs: {z: 1}
            steps:
              - run: "${{ secrets.tokn }} ${{ secrets.TOKEN }} ${{ secrets.github_token }}"
              - run: "${{ inputs.e }} ${{ github.event.inputs.e }} ${{ github.event_name == 'schedule' }}"
        """
    )
    assert said(found) == [
        ("type-mismatch", "github.ref"),
        ("unknown-needs-output", "y"),
        ("unknown-secret", "tokn"),
        ("unknown-input", "e"),
    ]


def test_a_fault_is_told_once() -> None:
    source = SourceFile(
        "test.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    env: {A: '${{ runner.foo }}'}\n    steps: [{run: x}]\n",
    )
    _, bag = read(source, ".github/workflows/test.yml")
    assert [finding.code for finding in bag] == ["unknown-context"]


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        ("true", Severity.NOTE),
        ("${{ false }}", Severity.NOTE),
        ("1 == 1", Severity.WARNING),
        ("\"contains('ab', 'a')\"", Severity.WARNING),
    ],
)
def test_conditions_that_depend_on_nothing(condition: str, severity: Severity) -> None:
    (found,) = in_step(f"run: x\n        if: {condition}")
    assert (found.code, found.severity) == ("constant-condition", severity)


def test_a_composite_action() -> None:
    _, bag = read_action(
        SourceFile(
            "action.yml",
            textwrap.dedent(
                """\
                name: a
                inputs: {flag: {default: 'true'}}
                outputs: {x: {value: "${{ steps.one.outputs.x }}"}, y: {value: "${{ steps.two.outputs.x }}"}}
                runs:
                  using: composite
                  steps:
                    - {id: one, run: "${{ inputs.falg }}", shell: bash}
                    - {run: "${{ github.head_ref }}", shell: bash, if: inputs.flag == true}
                    - {run: "${{ matrix.any }}", shell: bash, if: inputs.flag == 'true'}
                """
            ),
        )
    )
    assert said(list(bag)) == [
        ("unknown-step", "two"),
        ("unknown-input", "falg"),
        ("untrusted-input", "github.head_ref"),
        ("type-mismatch", "inputs.flag == true"),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "github.event.issue.title",
        "github.event['pull_request']['body']",
        "github.event.commits[0].message",
        "github.event.commits.*.author.name",
        "toJSON(github.event.commits.*.message)",
        "github.event.pages[steps.one.outputs.n].page_name",
        "github.EVENT.Pull_Request.Head.Ref",
        "toJSON(github.event.*.body)",
        "github.head_ref || github.ref_name",
        "format('{0}', github.head_ref)",
        "github.event.workflow_run.head_branch",
    ],
)
def test_untrusted_input(expression: str) -> None:
    found = in_step(f'run: "echo ${{{{ {expression} }}}}"')
    assert "untrusted-input" in [finding.code for finding in found]
    script = f"uses: actions/github-script@v8\n        with: {{script: \"x('${{{{ {expression} }}}}')\"}}"
    assert "untrusted-input" in [finding.code for finding in in_step(script)]
    with_ = f'uses: a/b@v1\n        with: {{script: "${{{{ {expression} }}}}"}}'
    assert "untrusted-input" not in [finding.code for finding in in_step(with_)]


@pytest.mark.parametrize(
    "expression",
    [
        "github.event.issue.number",
        "contains(github.event.issue.title, 'x')",
        "github.event.issue.title == 'x'",
        "github.head_ref && 'a' || 'b'",
        "github.event.commits[0].id",
        "toJSON(github.event.*.id)",
        "github.ref_name",
    ],
)
def test_input_that_can_do_no_harm(expression: str) -> None:
    found = in_step(f'run: "echo ${{{{ {expression} }}}}"')
    assert "untrusted-input" not in [finding.code for finding in found]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("flag: '${{ github.ref_name }}'", "github.ref_name"),
        ("flag: '${{ github.event.inputs.on }}'", "github.event.inputs.on"),
        ("count: '${{ inputs.on }}'", "inputs.on"),
        ("name: '${{ github.event }}'", "github.event"),
        ("flag: '${{ inputs.on }}'", None),
        ("flag: \"${{ github.ref_name == 'main' }}\"", None),
        ("count: '${{ fromJSON(github.ref_name) }}'", None),
        ("name: '${{ inputs.on }}'", None),
    ],
)
def test_what_a_called_workflow_is_given(value: str, told: str | None) -> None:
    folder = ".github/workflows/"
    files = {
        f"{folder}a.yml": "on:\n  workflow_dispatch:\n    inputs:\n      on: {type: boolean}\n"
        f"jobs:\n  call:\n    uses: ./{folder}b.yml\n    with: {{{value}}}\n",
        f"{folder}b.yml": "on:\n  workflow_call:\n    inputs:\n      flag: {type: boolean}\n"
        "      count: {type: number}\n      name: {type: string}\n"
        "jobs:\n  j:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n",
    }
    found = list(check(TextFiles(files), [f"{folder}a.yml"]).findings)
    assert said(found) == ([("call-input-type", told)] if told else [])


@pytest.mark.parametrize(
    ("run", "env", "told"),
    [
        ("echo ${{ env.TITLE }}", "TITLE: '${{ github.event.issue.title }}'", True),
        ("echo ${{ env.title || 'x' }}", "TITLE: 'a ${{ github.head_ref }}'", True),
        ("echo $TITLE", "TITLE: '${{ github.event.issue.title }}'", False),
        ("echo ${{ env.OTHER }}", "TITLE: '${{ github.event.issue.title }}'", False),
        ("echo ${{ env.TITLE }}", "TITLE: \"${{ contains(github.event.issue.title, 'x') }}\"", False),
    ],
)
def test_untrusted_input_in_a_variable(run: str, env: str, told: bool) -> None:
    found = in_step(f'run: "{run}"\n        env: {{{env}}}')
    assert said(found) == ([("untrusted-input", found[0].span.text if found[0].span else "")] if told else [])
