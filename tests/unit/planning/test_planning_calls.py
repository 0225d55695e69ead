"""Plans of called workflows inside the plan of their caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from actlite.actions.called import KnownWorkflows
from actlite.checking.files import TextFiles
from actlite.diagnostics import Severity
from actlite.errors import UsageError
from actlite.planning.conditions import job_conditions
from actlite.planning.outline import outline
from actlite.planning.plan import CallPlan, Plan, Trigger
from actlite.planning.planner import called_plan, plan
from actlite.source import SourceFile
from actlite.workflow.calls import Library
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

FOLDER = ".github/workflows/"
PUSH = Trigger(
    "push",
    {"event_name": "push", "ref": "refs/tags/v1", "ref_name": "v1", "ref_type": "tag", "sha": "abc",
     "repository": "o/r", "event": {}},
)  # fmt: skip


def workflow(name: str, text: str) -> Workflow:
    found, bag = read(SourceFile(FOLDER + name, text), FOLDER + name)
    assert found is not None, [finding.message for finding in bag]
    return found


def made(files: Mapping[str, str], trigger: Trigger = PUSH, **options: Any) -> Plan:
    """The plan of the first file; the others are there to be called."""
    first = next(iter(files))
    texts = {FOLDER + name: text for name, text in files.items()}
    library = Library(KnownWorkflows(TextFiles(texts)))
    found = plan(workflow(first, files[first]), trigger, library=library, **options)
    assert isinstance(found, Plan)
    return found


def calling(more: str = "", uses: str = "./.github/workflows/b.yml") -> str:
    setup = "  setup: {runs-on: x, outputs: {v: a}, steps: [{run: y}]}\n"
    return f"on: push\njobs:\n{setup}  call:\n    needs: setup\n    uses: {uses}\n{more}"


CALLED = """\
on:
  workflow_call:
    inputs:
      os: {type: string, default: "${{ github.ref_name }}-os"}
      fast: {type: boolean}
      count: {type: number}
      later: {type: string}
jobs:
  last: {needs: build, runs-on: x, steps: [{run: y}]}
  build:
    name: Build ${{ inputs.os }}
    strategy: {matrix: {n: [1, 2]}}
    runs-on: "${{ inputs.os }}"
    steps: [{run: y}]
"""


def the_call(found: Plan) -> CallPlan:
    (call,) = found.jobs[-1].calls
    return call


def keys(found: Plan | None) -> list[list[str] | None]:
    assert found is not None
    return [None if job.legs is None else [leg.key for leg in job.legs] for job in found.jobs]


def test_the_called_plan_has_ids_keys_and_names_below_the_callers() -> None:
    call = the_call(made({"a.yml": calling(), "b.yml": CALLED}))
    assert call.plan is not None
    assert [job.id for job in call.plan.jobs] == ["call / build", "call / last"]
    assert keys(call.plan) == [["call / build (1)", "call / build (2)"], ["call / last"]]
    legs = call.plan.jobs[0].legs
    assert legs is not None
    assert [leg.name for leg in legs] == ["call / Build v1-os", "call / Build v1-os"]


def test_inputs_are_typed_and_defaults_evaluated_in_the_callers_contexts() -> None:
    call = the_call(made({"a.yml": calling(), "b.yml": CALLED}))
    assert call.inputs == {"os": "v1-os", "fast": False, "count": 0.0, "later": ""}
    assert type(call.inputs["count"]) is float
    assert call.later == {}
    assert call.plan is not None
    assert call.plan.trigger.inputs == call.inputs
    assert call.plan.trigger.github == made({"a.yml": calling(), "b.yml": CALLED}).trigger.github


def test_values_are_converted_as_github_does() -> None:
    given = """\
    with: {OS: 12, fast: "${{ github.ref_type == 'tag' }}", count: "${{ fromJSON('16') }}"}
"""
    call = the_call(made({"a.yml": calling(given), "b.yml": CALLED}))
    assert call.inputs == {"os": "12", "fast": True, "count": 16.0, "later": ""}


def test_what_the_run_decides_is_later_with_its_type() -> None:
    given = "    with: {later: '${{ needs.setup.outputs.v }}', fast: '${{ github.run_id > 1 }}'}\n"
    call = the_call(made({"a.yml": calling(given), "b.yml": CALLED}))
    assert call.later == {"later": "string", "fast": "boolean"}
    assert call.plan is not None
    assert call.plan.later == call.later
    assert call.inputs.keys() == {"os", "count"}


def test_a_matrix_and_a_name_of_a_later_input_wait() -> None:
    called = CALLED.replace("[1, 2]", "['${{ inputs.later }}']").replace(
        "inputs.os }}\n    str", "inputs.later }}\n    str"
    )
    given = "    with: {later: '${{ needs.setup.outputs.v }}'}\n"
    call = the_call(made({"a.yml": calling(given), "b.yml": called}))
    assert keys(call.plan) == [None, ["call / last"]]
    called = CALLED.replace("Build ${{ inputs.os", "Build ${{ inputs.later")
    call = the_call(made({"a.yml": calling(given), "b.yml": called}))
    assert call.plan is not None
    legs = call.plan.jobs[0].legs
    assert legs is not None
    assert [leg.name for leg in legs] == ["call / build (1)", "call / build (2)"]


def test_each_leg_of_the_caller_has_a_plan_of_its_own() -> None:
    given = "    strategy: {matrix: {os: [linux, mac]}}\n    with: {os: '${{ matrix.os }}'}\n"
    calls = made({"a.yml": calling(given), "b.yml": CALLED}).jobs[-1].calls
    assert [call.leg.key for call in calls if call.leg is not None] == ["call (linux)", "call (mac)"]
    assert [call.inputs["os"] for call in calls] == ["linux", "mac"]
    assert keys(calls[1].plan)[0] == ["call (mac) / build (1)", "call (mac) / build (2)"]


def test_a_matrix_that_is_known_later_has_one_plan_for_all_legs() -> None:
    given = (
        "    strategy: {matrix: {os: '${{ fromJSON(needs.setup.outputs.v) }}'}}\n"
        "    with: {os: '${{ matrix.os }}'}\n"
    )
    found = made({"a.yml": calling(given), "b.yml": CALLED})
    assert found.jobs[-1].legs is None
    call = the_call(found)
    assert call.leg is None
    assert call.later == {"os": "string"}
    assert keys(call.plan)[1] == ["call / last"]


def test_nested_calls() -> None:
    middle = "on: workflow_call\njobs:\n  inner:\n    uses: ./.github/workflows/c.yml\n    with: {os: deep}\n"
    call = the_call(made({"a.yml": calling(), "b.yml": middle, "c.yml": CALLED}))
    assert call.plan is not None
    (job,) = call.plan.jobs
    assert (job.id, job.callers) == ("call / inner", ("call",))
    assert keys(job.calls[0].plan)[0] == ["call / inner / build (1)", "call / inner / build (2)"]
    assert job.calls[0].plan is not None
    assert job.calls[0].plan.jobs[0].callers == ("call", "inner")


def test_a_workflow_that_is_not_here_is_unknown() -> None:
    found = made({"a.yml": calling("    secrets: inherit\n", "o/r/.github/workflows/x.yml@v1")})
    call = the_call(found)
    assert call.plan is None
    assert call.unknown == "not known here: o/r/.github/workflows/x.yml@v1 is not cached (actlite fetch)"
    assert call.inherits_secrets
    assert found.jobs[-1].problems == ()


def test_without_a_library_nothing_is_known() -> None:
    found = plan(workflow("a.yml", calling()), PUSH)
    assert isinstance(found, Plan)
    assert the_call(found).unknown


def test_faults_of_a_call_are_problems_of_its_job() -> None:
    found = made({"a.yml": calling("    with: {nope: 1}\n    if: github.x\n"), "b.yml": CALLED})
    codes = [problem.code for problem in found.jobs[-1].problems if problem.severity is Severity.ERROR]
    assert "call-unknown-input" in codes
    found = made({"a.yml": calling()})
    assert "called-workflow-missing" in [problem.code for problem in found.jobs[-1].problems]
    assert the_call(found).plan is None


@pytest.mark.parametrize(("condition", "severity"), [("", Severity.ERROR), ("    if: x\n", Severity.WARNING)])
def test_a_value_that_turns_out_wrong(condition: str, severity: Severity) -> None:
    condition = condition.replace("x", "github.event_name")
    given = "    with: {fast: '${{ github.ref_name }}'}\n"
    found = made({"a.yml": calling(given + condition), "b.yml": CALLED})
    (problem,) = [p for p in found.jobs[-1].problems if p.code == "call-input-type"]
    assert (problem.message, problem.severity) == ("Unexpected value 'v1'", severity)


def test_a_value_that_is_empty_for_this_event() -> None:
    found = made({"a.yml": calling("    with: {count: '${{ inputs.n }}'}\n"), "b.yml": CALLED})
    (problem,) = [p for p in found.jobs[-1].problems if p.code == "call-input-type"]
    assert problem.message == "Unexpected value ''"
    assert "empty for this event" in problem.help
    assert not found.refused


def test_permissions_are_the_callers_where_the_called_workflow_says_nothing() -> None:
    called = CALLED.replace("last: {", "last: {permissions: {contents: read}, ")
    call = the_call(made({"a.yml": "permissions: {contents: write}\n" + calling(), "b.yml": called}))
    assert call.plan is not None
    assert [job.permissions for job in call.plan.jobs] == [{"contents": "write"}, {"contents": "read"}]
    call = the_call(made({"a.yml": calling(), "b.yml": CALLED}))
    assert call.plan is not None
    assert [job.permissions for job in call.plan.jobs] == [None, None]


def test_secrets_that_are_handed_on() -> None:
    files = {"a.yml": calling("    secrets: {key: '${{ secrets.K }}'}\n"), "b.yml": CALLED}
    files["b.yml"] = CALLED.replace("    inputs:", "    secrets: {key: }\n    inputs:")
    call = the_call(made(files))
    assert {name: value.text for name, value in call.secrets.items()} == {"key": "${{ secrets.K }}"}
    assert not call.inherits_secrets


def test_the_matrix_filter_reaches_called_jobs() -> None:
    given = "    strategy: {matrix: {os: [linux, mac]}}\n"
    found = made({"a.yml": calling(given), "b.yml": CALLED}, matrix_filter=[("os", "mac"), ("n", "2")])
    job = found.jobs[-1]
    assert job.legs is not None
    assert [leg.key for leg in job.legs] == ["call (mac)"]
    assert keys(the_call(found).plan)[0] == ["call (mac) / build (2)"]


def test_matrices_below_matrices_end() -> None:
    matrix = "strategy: {matrix: {a: [1, 2, 3, 4, 5, 6], b: [1, 2, 3, 4, 5, 6]}}"
    one = "on: [push, workflow_call]\njobs:\n  j: {%s, uses: ./.github/workflows/%s.yml}\n"
    names = ["a", "b", "c", "d"]
    files = {
        f"{name}.yml": one % (matrix, after) for name, after in zip(names, [*names[1:], "e"], strict=True)
    }
    found = made({**files, "e.yml": "on: workflow_call\njobs: {j: {runs-on: x, steps: [{run: y}]}}\n"})
    assert len(found.jobs[0].calls) == 36
    assert found.jobs[0].calls[-1].unknown == "too many calls to show them all"


def test_a_called_workflow_keeps_the_trigger() -> None:
    event = replace(PUSH, changed=("a",), notes=("n",))
    call = the_call(made({"a.yml": calling(), "b.yml": CALLED}, event, vars={"V": "1"}))
    assert call.plan is not None
    assert (call.plan.trigger.changed, call.plan.trigger.notes) == (("a",), ("n",))
    assert call.plan.vars == {"V": "1"}


@pytest.mark.parametrize(("inner", "expected"), [("if: false, ", "depends"), ("", "yes")])
def test_what_needs_a_call_of_nothing_but_skipped_jobs(inner: str, expected: str) -> None:
    files = {
        "a.yml": "on: push\njobs:\n  call: {uses: ./.github/workflows/b.yml}\n"
        "  next: {needs: call, runs-on: x, steps: [{run: y}]}\n",
        "b.yml": f"on: workflow_call\njobs: {{in: {{{inner}runs-on: x, steps: [{{run: y}}]}}}}\n",
    }
    found = job_conditions(made(files))
    assert (found["call"].runs, found["next"].runs) == ("yes", expected)
    assert found["next"].reason == ("needs call, which may be skipped" if inner else "")


def test_jobs_of_a_call_that_depends() -> None:
    files = {
        "a.yml": "on: push\njobs:\n  setup: {runs-on: x, steps: [{run: y}]}\n"
        "  call: {needs: setup, if: needs.setup.outputs.v, uses: ./.github/workflows/b.yml}\n",
        "b.yml": "on: workflow_call\njobs:\n  one: {runs-on: x, steps: [{run: y}]}\n"
        "  two: {needs: one, runs-on: x, steps: [{run: y}]}\n"
        "  no: {if: false, runs-on: x, steps: [{run: y}]}\n",
    }
    found = made(files)
    inner = the_call(found).plan
    assert inner is not None
    conditions = job_conditions(inner, job_conditions(found)["call"])
    assert [(c.runs, c.reason) for c in conditions.values()] == [
        ("depends", ""),
        ("depends", ""),
        ("no", "'if' is false"),
    ]


def test_a_workflow_with_a_fault_in_a_call_is_refused_whole() -> None:
    assert made({"a.yml": calling("    with: {nope: 1}\n"), "b.yml": CALLED}).refused
    assert made({"a.yml": calling()}, jobs=["setup"]).refused
    assert not made({"a.yml": calling("", "o/r/.github/workflows/x.yml@v1")}).refused
    assert not made({"a.yml": calling(), "b.yml": CALLED}).refused


THREE = """\
on: workflow_call
jobs:
  a: {runs-on: x, steps: [{run: y}]}
  b: {needs: a, runs-on: x, steps: [{run: y}]}
  c: {runs-on: x, steps: [{run: y}]}
"""


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["call / b"], ["setup", "call / a", "call / b"]),
        (["call/c"], ["setup", "call / c"]),
        (["call / c", "call"], ["setup", "call / a", "call / b", "call / c"]),
        (["call / c", "after"], ["setup", "call / a", "call / b", "call / c", "after"]),
    ],
)
def test_one_job_of_a_called_workflow_is_chosen(names: list[str], wanted: list[str]) -> None:
    after = "  after: {needs: call, runs-on: x, steps: [{run: y}]}\n"
    found = made({"a.yml": calling() + after, "b.yml": THREE}, jobs=names)
    ids = [job.id for _, job in found.every_job() if job.job.uses is None]
    assert sorted(ids) == sorted(wanted)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("call / d", "there is no job 'd'"),
        ("setup / a", "there is no job 'setup / a'"),
        ("cal / a", "there is no job 'cal'"),
    ],
)
def test_a_chosen_job_that_is_not_there(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        made({"a.yml": calling(), "b.yml": THREE}, jobs=[name])


def test_a_call_is_planned_again_with_what_the_run_knows() -> None:
    found = made(
        {
            "a.yml": calling("    with: {os: '${{ needs.setup.outputs.v }}'}\n"),
            "b.yml": "on: {workflow_call: {inputs: {os: {type: string}}}}\n"
            "jobs: {a: {name: 'on ${{ inputs.os }}', runs-on: x, strategy: {matrix: {v: ['${{ inputs.os }}']}}, steps: [{run: y}]}}\n",
        }
    )
    job = found.jobs[-1]
    (leg,) = job.legs or ()
    call = job.call_of(leg)
    assert call is not None
    assert call.plan is not None
    assert call.call is not None
    assert call.plan.jobs[0].legs is None
    again = called_plan(found, job, leg, call.call, {"os": "linux"})
    assert again is not None
    (inner,) = again.jobs[0].legs or ()
    assert (inner.key, inner.name) == ("call / a (linux)", "call / on linux")
    assert again.trigger.inputs == {"os": "linux"}


@pytest.mark.parametrize(
    ("handed", "wanted"),
    [("    secrets: {TOKEN: '${{ secrets.MINE }}'}\n", {"MINE"}), ("    secrets: inherit\n", {"TOKEN"})],
)
def test_the_secrets_that_the_user_has_to_give(handed: str, wanted: set[str]) -> None:
    called = (
        "on: {workflow_call: {secrets: {TOKEN: {required: true}}}}\n"
        "jobs: {a: {runs-on: x, env: {T: '${{ secrets.TOKEN }}'}, steps: [{run: y}]}}\n"
    )
    found = outline(made({"a.yml": calling(handed), "b.yml": called}))
    assert set().union(*(job.user_secrets for job in found.all_jobs())) == wanted
