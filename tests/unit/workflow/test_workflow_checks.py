"""Checks of what GitHub accepts and does not mean well; and what actlite can't run."""

from __future__ import annotations

import textwrap

import pytest

from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile
from actlite.workflow.reader import read
from actlite.workflow.unsupported import CODE, of_job


def findings(text: str) -> list[Diagnostic]:
    _, bag = read(SourceFile("test.yml", textwrap.dedent(text)), "test.yml")
    assert not bag.errors, "\n".join(finding.render() for finding in bag)
    return list(bag)


def conditions(condition: str) -> list[Diagnostic]:
    return findings(
        f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: y\n        if: {condition}\n"
    )


@pytest.mark.parametrize(
    ("condition", "mended"),
    [
        ("${{ github.event.a }} && success()", "github.event.a && success()"),
        ("'!${{ github.event.a }}'", None),
        ("${{ github.event.a }} != fuzz", None),
        ("|\n          ${{ github.event.a }}", None),
    ],
)
def test_text_around_an_expression_is_always_true(condition: str, mended: str | None) -> None:
    (found,) = conditions(condition)
    assert (found.code, found.severity) == ("if-always-true", Severity.WARNING)
    assert (found.fix.replacement if found.fix else None) == mended


@pytest.mark.parametrize("condition", ["${{ github.event.a && success() }}", "github.event.a", "'always()'"])
def test_conditions_that_mean_what_they_say(condition: str) -> None:
    assert conditions(condition) == []


REFERENCES = """\
    on: push
    jobs:
      build:
        runs-on: x
        outputs: {{version: "${{{{ steps.one.outputs.v }}}}"}}
        strategy: {{matrix: {{os: [a], include: [{{os: b, extra: c}}]}}}}
        steps:
          - {{id: one, run: x}}
          - {{run: "{build}"}}
          - {{id: two, run: x}}
      other: {{runs-on: x, steps: [{{run: x}}]}}
      publish:
        needs: build
        runs-on: x
        steps:
          - {{run: "{publish}"}}
"""


@pytest.mark.parametrize(
    ("build", "publish", "code", "label"),
    [
        ("${{ steps.on.outputs.x }}", "", "unknown-step", "did you mean 'one'?"),
        ("${{ steps.two.outputs.x }}", "", "unknown-step", ""),
        ("${{ steps['on'].outputs.x }}", "", "unknown-step", "did you mean 'one'?"),
        ("", "${{ needs.biuld.result }}", "unknown-need-name", "did you mean 'build'?"),
        ("", "${{ needs.other.result }}", "unknown-need-name", ""),
        ("", "${{ needs.build.outputs.vesion }}", "unknown-needs-output", "did you mean 'version'?"),
        ("", "${{ needs.build.output }}", "unknown-need-name", "did you mean 'outputs'?"),
        ("${{ matrix.extar }}", "", "unknown-matrix-key", "did you mean 'extra'?"),
    ],
)
def test_names_without_a_value(build: str, publish: str, code: str, label: str) -> None:
    (found,) = findings(REFERENCES.format(build=build or "x", publish=publish or "x"))
    assert (found.code, found.label, found.severity) == (code, label, Severity.WARNING)


@pytest.mark.parametrize(
    ("build", "publish"),
    [
        ("${{ steps.ONE.outputs.x }}", "${{ needs.build.outputs.Version }}"),
        ("${{ join(steps.*.outputs.x) }}", "${{ toJSON(needs.*.result) }}"),
        ("${{ steps[github.event.x].outputs.x }}", "${{ toJSON(needs) }}"),
        ("${{ matrix.os }} ${{ matrix.extra }}", "${{ 'steps.none' }}"),
    ],
)
def test_names_with_a_value(build: str, publish: str) -> None:
    assert findings(REFERENCES.format(build=build, publish=publish)) == []


def test_a_matrix_key_that_may_be_missing_on_purpose_is_a_note() -> None:
    (found,) = findings(REFERENCES.format(build="${{ matrix.runner || 'x' }}", publish="x"))
    assert found.severity is Severity.NOTE


def test_the_mark_is_under_the_wrong_name() -> None:
    (found,) = findings(REFERENCES.format(build="x", publish="a ${{ needs.build.outputs.vesion }}"))
    assert found.span is not None
    assert found.span.text == "vesion"


def problems(text: str) -> list[tuple[str, str]]:
    workflow, bag = read(SourceFile("test.yml", textwrap.dedent(text)), "test.yml")
    assert workflow is not None, "\n".join(finding.render() for finding in bag)
    found = [finding for job in workflow.jobs for finding in of_job(job)]
    assert all(finding.code == CODE and finding.span is not None for finding in found)
    return [(finding.severity.value, finding.message) for finding in found]


def test_what_cannot_run_yet_is_said() -> None:
    found = problems(
        """\
        on: push
        jobs:
          call: {uses: ./.github/workflows/other.yml}
          a:
            runs-on: x
            snapshot: image
            environment: production
            steps:
              - {id: bg, run: x, background: true}
              - {wait: bg}
              - parallel: [{run: y}]
        """
    )
    (error,) = (message for severity, message in found if severity == "error")
    assert "snapshot" in error
    notes = [message for severity, message in found if severity == "note"]
    assert len(notes) == 1


def test_an_ordinary_workflow_is_supported() -> None:
    assert problems("on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}") == []


def test_a_misspelt_steps_is_told_once() -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    setps: []\n"
    _, bag = read(SourceFile("w.yml", text), "w.yml")
    assert [finding.code for finding in bag] == ["unknown-key"]
    assert "did you mean 'steps'?" in next(iter(bag)).render()
