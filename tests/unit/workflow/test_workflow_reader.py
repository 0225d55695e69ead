"""Workflow files: what is read, and what is said against them."""

from __future__ import annotations

import textwrap

import pytest

from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile
from actlite.workflow.model import RunStep, UsesStep, Workflow
from actlite.workflow.reader import read

PATH = ".github/workflows/test.yml"


def findings(text: str) -> list[Diagnostic]:
    _, bag = read(SourceFile("test.yml", textwrap.dedent(text)), PATH)
    return list(bag)


def workflow(text: str) -> Workflow:
    found, bag = read(SourceFile("test.yml", textwrap.dedent(text)), PATH)
    assert found is not None, "\n".join(finding.render() for finding in bag)
    return found


def one(text: str) -> Diagnostic:
    found = findings(text)
    assert len(found) == 1, "\n".join(finding.render() for finding in found)
    return found[0]


def step(text: str) -> str:
    """A workflow of one job with this step."""
    body = textwrap.indent(textwrap.dedent(text).strip(), " " * 8)
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      -{body[7:]}\n"


def job(text: str) -> str:
    """A workflow of one job with these keys besides its steps."""
    body = textwrap.indent(textwrap.dedent(text).strip(), " " * 4)
    return f"on: push\njobs:\n  a:\n{body}\n    steps:\n      - run: x\n"


GOOD = """\
    name: Release
    on:
      push:
        tags: ['v*']
        branches: main
      workflow_dispatch:
        inputs:
          level: {type: choice, options: [a, b], default: a, description: how}
    env: {A: 1}
    defaults: {run: {shell: bash, working-directory: sub}}
    permissions: {contents: read}
    jobs:
      build:
        runs-on: ubuntu-latest
        container: {image: centos:7, env: {A: b}}
        outputs: {v: "${{ steps.s.outputs.v }}"}
        strategy:
          matrix: {os: [a, b]}
        steps:
          - uses: actions/checkout@v4
            with: {fetch-depth: 0}
          - id: s
            run: make
            if: success()
            env: {B: "${{ secrets.T }}"}
      publish:
        needs: [build]
        if: github.ref_type == 'tag'
        runs-on: [self-hosted, linux]
        steps:
          - run: echo ${{ needs.build.outputs.v }}
"""


def test_a_whole_workflow_becomes_a_model() -> None:
    found = workflow(GOOD)
    assert (found.name, found.path) == ("Release", PATH)
    push, dispatch = found.on
    assert (push.name, push.tags, push.branches, push.paths) == ("push", ("v*",), ("main",), None)
    assert [(i.name, i.type, i.options) for i in dispatch.inputs] == [("level", "choice", ("a", "b"))]
    build, publish = found.jobs
    assert publish.needs == ("build",)
    assert publish.needs_spans[0].text == "build"
    assert build.matrix is not None
    first, second = build.steps
    assert isinstance(first, UsesStep)
    assert first.uses.text == "actions/checkout@v4"
    assert first.context_id == "__actions_checkout"
    assert isinstance(second, RunStep)
    assert (second.id, second.context_id, second.number) == ("s", "s", 2)
    assert found.defaults.shell is not None
    assert found.defaults.shell.text == "bash"
    assert found.job("BUILD") is build
    with pytest.raises(KeyError):
        found.job("none")


def test_a_workflow_without_a_name_is_called_by_its_path() -> None:
    assert workflow("on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}").name == PATH


@pytest.mark.parametrize(
    ("text", "code", "message", "place", "label"),
    [
        (job("run-on: x"), "unknown-key", "Unexpected value 'run-on'", "4:5", "did you mean 'runs-on'?"),
        (job("runs-on: x\nbogus: 1"), "unknown-key", "Unexpected value 'bogus'", "5:5", ""),
        (
            "on: push\njobs: {a: {steps: [{run: x}]}}",
            "missing-key",
            "Required property is missing: runs-on",
            "2:11",
            "",
        ),
        ("on: push\n", "missing-key", "Required property is missing: jobs", "1:1", ""),
        (
            "on: pussh\njobs: {a: {runs-on: x, steps: [{run: y}]}}",
            "unknown-value",
            "Unexpected value 'pussh'",
            "1:5",
            "did you mean 'push'?",
        ),
        (step("run: x\nuses: a/b@c"), "unknown-key", "Unexpected value 'uses'", "7:9", ""),
        (step("shell: bash"), "missing-key", "Required property is missing: run", "6:9", ""),
        (step("with: {a: b}"), "missing-key", "Required property is missing: uses", "6:9", ""),
        (step("run: x\ntimeout-minutes: '5'"), "wrong-type", "Unexpected value '5'", "7:26", ""),
        (step("run: x\ncontinue-on-error: 'true'"), "wrong-type", "Unexpected value 'true'", "7:28", ""),
        (step("run: x\nenv: [a]"), "wrong-type", "A sequence was not expected", "7:14", ""),
        (step("run: {a: b}"), "wrong-type", "A mapping was not expected", "6:14", ""),
        (step("uses: actions/checkout"), "uses-format", "Expected format {org}/{repo}[/path]@ref. "
         "Actual 'actions/checkout'", "6:15", ""),
        (step("uses: a/b@${{ github.ref }}"), "expression-not-allowed",
         "A template expression is not allowed in this context", "6:15", ""),
        (job("runs-on: x\n<<: {a: b}"), "unknown-key", "Unexpected value '<<'", "5:5", ""),
        (job("runs-on: x\ncontainer: {options: y}"), "missing-image", "Container image cannot be empty", "5:16", ""),
        (
            job("runs-on: x\nstrategy: {matrix: {os: []}}"),
            "invalid-matrix",
            "Matrix vector 'os' does not contain any values",
            "5:29",
            "",
        ),
        (
            job("runs-on: x\npermissions: {contents: reed}"),
            "unknown-value",
            "Unexpected value 'reed'",
            "5:29",
            "did you mean 'read'?",
        ),
    ],
)  # fmt: skip
def test_one_fault_gives_one_finding_at_its_place(
    text: str, code: str, message: str, place: str, label: str
) -> None:
    found = one(text)
    assert (found.code, found.message, found.label) == (code, message, label)
    assert str(found.span) == f"test.yml:{place}"
    assert found.severity is Severity.ERROR


def test_a_step_that_could_be_anything_names_what_is_missing() -> None:
    found = one(step("name: x"))
    assert found.code == "missing-key"
    assert found.message.startswith("There's not enough info to determine what you meant.")
    assert found.message.endswith("cancel, run, shell, uses, wait, wait-all, with, working-directory")
    assert "'run', 'uses'" in found.help


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (step("run: x\nif: secrets.X != ''"), "Unrecognized named-value: 'secrets'"),
        (job("runs-on: x\nif: env.A"), "Unrecognized named-value: 'env'"),
        (step("run: echo ${{ }}"), "An expression was expected"),
        (step("run: echo ${{ github.ref"), "The expression is not closed"),
        (step("run: echo ${{ nosuch() }}"), "Unrecognized function: 'nosuch'"),
        (job("runs-on: ${{ hashFiles('x') }}"), "Unrecognized function: 'hashFiles'"),
    ],
)
def test_bad_expressions_are_errors(text: str, message: str) -> None:
    found = one(text)
    assert message in found.message
    assert found.span is not None
    assert found.severity is Severity.ERROR


def test_a_bare_condition_is_marked_at_the_name_that_is_wrong() -> None:
    span = one(step("run: x\nif: success() && secrets.X")).span
    assert span is not None
    assert span.text == "secrets"


def jobs(**needs: str) -> str:
    return "on: push\njobs:\n" + "".join(
        f"  {name}: {{needs: {list_}, runs-on: x, steps: [{{run: y}}]}}\n" for name, list_ in needs.items()
    )


def test_an_unknown_need() -> None:
    found = one(jobs(build="[]", b="[biuld]"))
    assert found.message == "Job 'b' depends on unknown job 'biuld'."
    assert found.label == "did you mean 'build'?"


def test_a_cycle_is_told_once_with_its_path() -> None:
    found = one(jobs(one="[]", two="[one, three]", three="[four]", four="[two]", five="[four]"))
    assert found.message == "Job 'two' depends on job 'three' which creates a cycle in the dependency graph."
    assert found.notes == ("the cycle: two → three → four → two",)
    assert found.span is not None
    assert found.span.text == "three"
    assert len(found.labels) == 2


def test_a_job_that_needs_itself() -> None:
    assert one(jobs(a="[]", b="[b]")).notes == ("the cycle: b → b",)


def test_no_job_to_begin_with() -> None:
    found = one(jobs(one="[two]", two="[one]"))
    assert found.message == "The workflow must contain at least one job with no dependencies."
    assert found.notes == ("the cycle: one → two → one",)


def test_step_ids_differ_in_more_than_case() -> None:
    text = "on: push\njobs: {a: {runs-on: x, steps: [{id: a, run: y}, {id: A, run: y}]}}"
    assert one(text).message == "The identifier 'A' may not be used more than once within the same scope."


@pytest.mark.parametrize("id", ["__x", "1a", "a b", "x" * 100, "é"])
def test_bad_identifiers(id: str) -> None:
    assert one(step(f"id: '{id}'\nrun: x")).code == "step-id"
    assert one(f"on: push\njobs: {{'{id}': {{runs-on: x, steps: [{{run: y}}]}}}}").code == "job-id"


@pytest.mark.parametrize(
    ("uses", "ids"),
    [
        ("actions/checkout@v4", ["__actions_checkout", "__actions_checkout_2"]),
        ("a/b/c/d@v1", ["__a_b", "__a_b_2"]),
        ("docker://alpine:3.8", ["__alpine_3_8", "__alpine_3_8_2"]),
        ("./.github/actions/x", ["__self", "__self_2"]),
        ("$/x", ["__selfRepository", "__selfRepository_2"]),
    ],
)
def test_default_ids_of_uses(uses: str, ids: list[str]) -> None:
    found = workflow(
        f"on: push\njobs: {{a: {{runs-on: x, steps: [{{uses: '{uses}'}}, {{uses: '{uses}'}}]}}}}"
    )
    assert [s.context_id for s in found.jobs[0].steps] == ids


def test_default_ids_of_scripts_pass_over_none() -> None:
    found = workflow("on: push\njobs: {a: {runs-on: x, steps: [{run: a}, {run: b, id: run}, {run: c}]}}")
    assert [s.context_id for s in found.jobs[0].steps] == ["__run", "run", "__run_2"]


def test_settings_of_events_that_github_passes_over_are_warnings() -> None:
    found = one("on: {push: {branch: main}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}")
    assert (found.severity, found.label) == (Severity.WARNING, "did you mean 'branches'?")


def test_filters_that_exclude_each_other() -> None:
    text = "on: {push: {tags: [a], tags-ignore: [b]}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}"
    assert one(text).code == "filter-conflict"


def test_a_choice_needs_options() -> None:
    text = (
        "on: {workflow_dispatch: {inputs: {a: {type: choice}}}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}"
    )
    assert one(text).code == "input-options"


@pytest.mark.parametrize(
    "job", ["{runs-on: x, steps: [{run: x}]}", "{runs-on: x, strategy: {matrix: []}, steps: [{run: x}]}"]
)
def test_a_merge_key_among_the_jobs_is_one_finding(job: str) -> None:
    _, bag = read(SourceFile("t.yml", f"on: push\njobs:\n  <<: {job}\n"), "t.yml")
    assert [str(finding.span) for finding in bag] == ["t.yml:3:3"]
    assert "no merge keys" in next(iter(bag)).help


def test_insert_within_a_matrix_vector() -> None:
    vector = "[{env: {k: v, '${{ insert }}': {a: b}}}]"
    found = findings(job(f"runs-on: x\nstrategy: {{matrix: {{a: {vector}, b: ['${{{{ insert }}}}']}}}}"))
    assert [each.message for each in found] == [
        "The expression directive 'insert' is not supported in this context"
    ]


def test_insert_merges_a_mapping() -> None:
    assert findings(step("run: x\nenv:\n  ${{ insert }}: ${{ fromJSON('{}') }}\n  B: c")) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "just text", "on: [", "\tx: y", "a: b: c"])
def test_files_that_are_no_workflows(text: str) -> None:
    found, bag = read(SourceFile("test.yml", text), PATH)
    assert found is None
    assert bag.errors


def test_findings_come_in_order_of_their_places() -> None:
    found = findings("on: push\njobs:\n  b: {needs: x, runs-on: y, steps: [{run: z}]}\n  a: {bad: 1}\n")
    lines = [finding.span.line for finding in found if finding.span]
    assert lines == sorted(lines)
    assert len(lines) >= 2


def test_a_queue_that_cancels() -> None:
    text = job("runs-on: x\nconcurrency: {group: a, queue: max, cancel-in-progress: true}")
    assert one(text).message == "'queue: max' cannot be combined with 'cancel-in-progress: true'."
    assert findings(text.replace("true}", "false}")) == []


def test_literal_text_in_an_expression_is_read_as_text() -> None:
    assert findings(step("run: x\nshell: ${{ 'bash {0}' }}")) == []


def test_an_expression_that_is_too_long() -> None:
    text = "'" + "x" * 21_000 + " ${{ github.sha }}'"
    assert one(step(f"run: {text}")).message == "Exceeded max expression length 21000"
