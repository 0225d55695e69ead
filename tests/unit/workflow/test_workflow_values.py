"""What the converter says of single values, control steps, limits, and texts in ``${{ }}``."""

from __future__ import annotations

import pytest

from actlite.diagnostics import Severity
from actlite.document.limits import Limits
from actlite.source import SourceFile
from actlite.workflow.reader import read


def job(text: str) -> str:
    indented = "\n".join("    " + line for line in text.splitlines())
    return f"on: push\njobs:\n  a:\n{indented}\n"


def told(text: str, severity: Severity = Severity.ERROR, service: bool = True) -> list[tuple[str, int]]:
    _, bag = read(SourceFile("w.yml", text), ".github/workflows/w.yml", service=service)
    return [
        (finding.code, finding.span.line if finding.span else 0)
        for finding in bag
        if finding.severity is severity
    ]


RUN = "runs-on: x\nsteps: [{run: x}]\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (RUN + f"concurrency: {'g' * 401}", "concurrency-group", 6),
        (RUN + f"concurrency:\n  group: {'g' * 401}", "concurrency-group", 7),
        ("runs-on: {group: mine/large}\nsteps: [{run: x}]", "runner-group", 4),
        ("runs-on: {group: org/}\nsteps: [{run: x}]", "runner-group", 4),
        ("runs-on: {group: org/a/b}\nsteps: [{run: x}]", "runner-group", 4),
        (RUN + "snapshot: {image-name: i, version: 1.0}", "image-version", 6),
        (RUN + "snapshot: {image-name: i, version: v1.*}", "image-version", 6),
        (RUN + "container: docker://", "missing-image", 6),
        (RUN + "services: {db: ''}", "wrong-type", 6),
        (RUN + "services: {db: {ports: [80]}}", "missing-image", 6),
        ("runs-on: x\nsteps:\n  - wait: a\n  - {id: a, run: x}", "step-target", 6),
        ("runs-on: x\nsteps:\n  - {id: a, run: x}\n  - wait: [a, b]", "step-target", 7),
        ("runs-on: x\nsteps:\n  - {id: a, cancel: a}", "step-target", 6),
        ("runs-on: x\nsteps:\n  - cancel: __a", "step-target", 6),
        ("runs-on: x\nsteps:\n  - wait-all: false", "step-target", 6),
        ("runs-on: x\nsteps:\n  - parallel:\n      - wait-all:", "step-target", 7),
        ("runs-on: x\nsteps:\n  - parallel:\n      - {run: x, background: true}", "step-target", 7),
        ("runs-on: x\nsteps:\n  - parallel:\n      - parallel: [{run: x}]", "step-target", 7),
        ("runs-on: x\nsteps: []", "no-steps", 5),
        (RUN + "needs: ${{ 'b' }}", "no-first-job", 3),
        ("with: {a: b}\nruns-on: x\nsteps: [{run: x}]", "missing-key", 4),
    ],
)
def test_one_error(text: str, code: str, line: int) -> None:
    found = told(job(text))
    if code == "no-first-job":
        assert [rule for rule, _ in found] == ["unknown-need"]
    else:
        assert found == [(code, line)]


@pytest.mark.parametrize(
    "text",
    [
        RUN + f"concurrency: {'g' * 400}",
        RUN + "concurrency: ${{ github.ref }}",
        "runs-on: {group: large}\nsteps: [{run: x}]",
        "runs-on: {group: enterprise/large, labels: [a]}\nsteps: [{run: x}]",
        "runs-on: {group: '${{ github.ref }}/x'}\nsteps: [{run: x}]",
        RUN + "snapshot: {image-name: i, version: 12.*, if: hashFiles('a') != ''}",
        RUN + "container: ''",
        RUN + "container: docker://alpine",
        RUN + "services: {db: {ports: ['${{ github.sha }}']}}",
        "runs-on: x\nsteps:\n  - {id: a, run: x, background: true}\n  - wait: a\n  - cancel: a\n  - wait-all:",
        "runs-on: x\nsteps:\n  - {id: a, run: x}\n  - parallel: [{id: a, run: x}]",
        RUN + "env:\n  ${{ insert }}: ${{ fromJSON(vars.A) }}",
        RUN + "strategy: {matrix: {<<: [1, 2]}}",
    ],
)
def test_what_github_takes(text: str) -> None:
    assert told(job(text)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("runs-on: []\nsteps: [{run: x}]", "no-labels"),
        ("runs-on: {group: g, labels: []}\nsteps: [{run: x}]", "no-labels"),
        (RUN + "timeout-minutes: 0", "odd-number"),
        (RUN + "timeout-minutes: -1", "odd-number"),
        (RUN + "cancel-timeout-minutes: 0.5", "odd-number"),
        ("runs-on: x\nsteps: [{run: x, timeout-minutes: 0}]", "odd-number"),
        (RUN + "strategy: {max-parallel: 1.5, matrix: {a: [1]}}", "odd-number"),
        (RUN + "strategy: {max-parallel: 0, matrix: {a: [1]}}", "odd-number"),
        (RUN + "strategy: {max-parallel: -1, matrix: {a: [1]}}", "odd-number"),
        ("runs-on: {}\nsteps: [{run: x}]", "no-labels"),
        (RUN + "container: {image: i, credentials: {username: u}}", "half-credentials"),
        (RUN + "services: {db: {image: i, credentials: {password: p}}}", "half-credentials"),
        (RUN + "container: {options: '${{ github.ref }}'}", "missing-image"),
        (RUN + "container: {image: i, ports: '${{ github.ref }}'}", "type-mismatch"),
        (RUN + "container: ${{ fromJSON('[1]') }}", "type-mismatch"),
        (RUN + "container: {image: i, env: {A: '${{ steps.s.outputs.x }}'}}", "unknown-step"),
        (RUN + "env: x ${{ github.ref }}", "type-mismatch"),
        (RUN + "timeout-minutes: ${{ 1 }}${{ 2 }}", "type-mismatch"),
        (RUN + "defaults: {run: '${{ github.ref }}'}", "type-mismatch"),
        (RUN + "strategy: {matrix: {include: ['${{ github.ref }}']}}", "type-mismatch"),
        (RUN + "if: github.event", "if-always-true"),
        (RUN + "if: github.event.x < github.event", "type-mismatch"),
    ],
)
def test_one_warning(text: str, code: str) -> None:
    assert [rule for rule, _ in told(job(text), Severity.WARNING)] == [code]


def test_keys_of_two_kinds_are_one_fault() -> None:
    _, bag = read(SourceFile("w.yml", job("secrets: inherit\nruns-on: x\nsteps: [{run: x}]")), "w.yml")
    [found] = bag.errors
    assert found.message == "Required property is missing: uses"
    assert "'runs-on', 'steps'" in found.help


def test_the_settings_of_workflow_dispatch_must_be_mappings() -> None:
    rest = "\n" + job(RUN).removeprefix("on: push\n")
    assert told("on: {workflow_dispatch: x}" + rest) == [("wrong-type", 1)]
    assert told("on: {workflow_dispatch: {inputs: [a]}}" + rest) == [("wrong-type", 1)]
    assert told("on: {workflow_dispatch: {inputs: {a: b}}}" + rest) == [("wrong-type", 1)]
    assert told("on: {workflow_dispatch: {inputs: {a: {required: x}}}}" + rest) == []


def test_a_job_without_steps_is_refused_by_the_service_only() -> None:
    assert told(job("runs-on: x")) == [("no-steps", 3)]
    assert told(job("runs-on: x"), service=False) == []


def test_limits() -> None:
    source = SourceFile("w.yml", job(RUN))

    def codes(limits: Limits) -> list[str]:
        return [finding.code for finding in read(source, ".github/workflows/w.yml", limits=limits)[1].errors]

    assert codes(Limits()) == []
    assert codes(Limits(characters=20)) == ["yaml-size"]
    assert codes(Limits(depth=4)) == ["yaml-depth"]
    assert codes(Limits(depth=5)) == []
    assert codes(Limits(size=100)) == ["yaml-size"]


def test_a_file_that_grows_by_aliases_is_too_large() -> None:
    rows = "\n".join(f"  K{number}: &k{number} {'x' * 4000}" for number in range(50))
    uses = "\n".join(f"      - run: *k{number % 50}" for number in range(2000))
    text = f"on: push\nenv:\n{rows}\njobs:\n  a:\n    runs-on: x\n    steps:\n{uses}\n"
    assert [rule for rule, _ in told(text)] == ["yaml-size"]


@pytest.mark.parametrize("on", ["{}", "[]"])
def test_a_workflow_without_events_is_refused(on: str) -> None:
    assert told(job(RUN).replace("on: push", f"on: {on}", 1)) == [("no-events", 1)]


def test_a_job_that_calls_nothing_that_can_be_read_has_one_finding() -> None:
    assert told(job("uses: [a]")) == [("wrong-type", 4)]


def test_a_need_of_a_job_that_cannot_be_read_is_no_second_fault() -> None:
    text = job(RUN + "needs: b") + "  b:\n"
    assert [rule for rule, _ in told(text)] == ["wrong-type"]
