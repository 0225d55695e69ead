"""Plans: order, chosen jobs, legs known and unknown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from actlite.diagnostics import Severity
from actlite.errors import UsageError
from actlite.planning.graph import in_order
from actlite.planning.plan import NotSelected, Plan, Trigger
from actlite.planning.planner import plan
from actlite.source import SourceFile
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

PUSH = Trigger(
    "push",
    {"event_name": "push", "ref": "refs/tags/v1", "ref_name": "v1", "ref_type": "tag", "sha": "abc",
     "repository": "o/r", "event": {}},
)  # fmt: skip


def workflow(text: str) -> Workflow:
    found, bag = read(SourceFile("t.yml", text), ".github/workflows/t.yml")
    assert found is not None, [finding.message for finding in bag]
    return found


def made(
    text: str,
    trigger: Trigger = PUSH,
    *,
    jobs: Sequence[str] = (),
    matrix_filter: Sequence[tuple[str, str]] = (),
    vars: Mapping[str, str] | None = None,
) -> Plan:
    found = plan(workflow(text), trigger, vars=vars, jobs=jobs, matrix_filter=matrix_filter)
    assert isinstance(found, Plan)
    return found


JOBS = """\
on: push
jobs:
  publish: {needs: [test, build], runs-on: x, steps: [{run: y}]}
  test: {needs: build, runs-on: x, strategy: {matrix: {os: [a, b], v: [1, 2]}}, steps: [{run: y}]}
  build: {runs-on: x, steps: [{run: y}]}
  lint: {runs-on: x, steps: [{run: y}]}
"""


def ids(found: Plan) -> list[str]:
    return [job.job.id for job in found.jobs]


def test_needs_come_first() -> None:
    assert ids(made(JOBS)) == ["build", "test", "publish", "lint"]


def test_chosen_jobs_bring_their_needs() -> None:
    assert ids(made(JOBS, jobs=["test"])) == ["build", "test"]
    assert ids(made(JOBS, jobs=["LINT"])) == ["lint"]


def test_an_unknown_job() -> None:
    with pytest.raises(UsageError) as caught:
        made(JOBS, jobs=["biuld"])
    assert caught.value.do == "Did you mean 'build'?"
    assert "publish, test, build, lint" in caught.value.why


def test_a_matrix_filter_keeps_legs_and_their_indices() -> None:
    test = made(JOBS, matrix_filter=[("os", "b"), ("V", "2")]).jobs[1]
    assert test.legs is not None
    assert [(leg.key, leg.index, leg.total) for leg in test.legs] == [("test (b, 2)", 3, 4)]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [(("oss", "a"), "no matrix has a key 'oss'"), (("os", "c"), "no matrix has the value 'c' for 'os'")],
)
def test_a_matrix_filter_that_fits_nothing(wanted: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(JOBS, matrix_filter=[wanted])
    assert caught.value.what == message


LATE = """\
on: push
jobs:
  list: {runs-on: x, outputs: {m: x}, steps: [{run: y}]}
  late: {needs: list, runs-on: x, strategy: {matrix: {v: "${{ fromJSON(needs.list.outputs.m) }}"}}, steps: [{run: y}]}
  named: {needs: list, name: "a ${{ needs.list.outputs.m }}", runs-on: x, steps: [{run: y}]}
"""


def test_a_matrix_that_needs_outputs_has_no_legs_yet() -> None:
    listed, late, named = made(LATE).jobs
    assert listed.legs is not None
    assert late.legs is None
    assert named.legs is not None
    assert named.legs[0].name == "named"


def test_not_selected_says_why() -> None:
    found = plan(workflow("on: release\njobs: {a: {runs-on: x, steps: [{run: y}]}}"), PUSH)
    assert isinstance(found, NotSelected)
    assert found.reason == "runs on release, not on push"


def test_the_workflow_is_in_the_github_context() -> None:
    github = made(JOBS.replace("on: push", "name: My\non: push")).trigger.github
    assert github["workflow"] == "My"
    assert github["workflow_ref"] == "o/r/.github/workflows/t.yml@refs/tags/v1"
    assert github["workflow_sha"] == "abc"


def test_dispatch_inputs_are_typed_for_inputs_and_texts_for_the_event() -> None:
    text = (
        "on: {workflow_dispatch: {inputs: {b: {type: boolean}}}}\n"
        "jobs: {a: {runs-on: x, strategy: {matrix: {v: ['${{ inputs.b }}']}}, steps: [{run: y}]}}"
    )
    trigger = replace(PUSH, event="workflow_dispatch", inputs={"b": "true"})
    found = made(text, trigger)
    assert found.trigger.inputs == {"b": True}
    assert found.trigger.github["event"]["inputs"] == {"b": "true"}
    assert found.jobs[0].legs is not None
    assert found.jobs[0].legs[0].matrix == {"v": True}
    with pytest.raises(UsageError):
        made(text, replace(trigger, inputs={"c": "x"}))


def test_a_schedule_has_the_workflows_cron() -> None:
    text = "on: {schedule: [{cron: '0 5 * * *'}]}\njobs: {a: {runs-on: x, steps: [{run: y}]}}"
    trigger = replace(PUSH, event="schedule", github={**PUSH.github, "event": {"schedule": ""}})
    assert made(text, trigger).trigger.github["event"]["schedule"] == "0 5 * * *"


BAD = "on: push\njobs: {a: {%sruns-on: x, strategy: {matrix: {v: \"${{ fromJSON('[]') }}\"}}, steps: [{run: y}]}}"


def test_a_job_whose_matrix_cannot_be_built_is_broken() -> None:
    (job,) = made(BAD % "").jobs
    assert (job.legs, job.broken) == (None, True)
    assert [(finding.code, finding.severity) for finding in job.problems] == [
        ("invalid-matrix", Severity.ERROR)
    ]


@pytest.mark.parametrize("why", ["if: false", "needs: b"])
def test_that_is_no_error_where_the_job_may_be_skipped(why: str) -> None:
    (job,) = (job for job in made(BAD.replace("{a:", "{b: {runs-on: x, steps: [{run: y}]}, a:") % f"{why}, ").jobs
              if job.id == "a")  # fmt: skip
    assert (job.legs, job.broken) == (None, True)
    assert [(finding.code, finding.severity) for finding in job.problems] == [
        ("invalid-matrix", Severity.WARNING)
    ]


def test_vars_are_seen() -> None:
    text = "on: push\njobs: {a: {runs-on: x, name: '${{ vars.A }}', steps: [{run: y}]}}"
    job = made(text, vars={"A": "b"}).jobs[0]
    assert job.legs is not None
    assert job.legs[0].name == "b"


def test_unknown_changes_are_said() -> None:
    text = "on: {push: {paths: [a]}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}"
    branch = replace(PUSH, github={**PUSH.github, "ref_type": "branch"})
    assert [finding.code for finding in made(text, branch).warnings] == ["paths-unknown"]
    assert made(text, replace(branch, changed=("a",))).warnings == ()


def test_a_long_chain_of_needs_is_no_trouble() -> None:
    lines = [
        f"  j{n}: {{needs: [{f'j{n + 1}' if n < 2000 else ''}], runs-on: x, steps: [{{run: y}}]}}"
        for n in range(2001)
    ]
    order = in_order(workflow("on: push\njobs:\n" + "\n".join(lines)).jobs)
    assert (order[0].id, order[-1].id) == ("j2000", "j0")


def test_fifty_jobs_are_planned_quickly() -> None:
    steps = "".join(
        f"\n      - run: echo ${{{{ github.sha }}}} {n}\n        if: success()" for n in range(10)
    )
    text = "on: push\njobs:\n" + "".join(
        f"  j{n}:\n    runs-on: x\n    strategy: {{matrix: {{a: [1, 2]}}}}\n    steps:{steps}\n"
        for n in range(50)
    )
    found = workflow(text)
    assert len(made(text).jobs) == 50
    taken = []
    for _ in range(3):
        start = time.process_time()
        plan(found, PUSH)
        taken.append(time.process_time() - start)
    print(f"planned in {min(taken):.3f} s")
    assert min(taken) < 0.1


@pytest.mark.parametrize(
    ("types", "action"),
    [
        ("", "published"),
        ("created", "created"),
        ("released", "released"),
        ("created, published", "published"),
    ],
)
def test_a_release_is_of_a_type_that_the_workflow_runs_on(types: str, action: str) -> None:
    on = f"{{release: {{types: [{types}]}}}}" if types else "release"
    text = f"on: {on}\njobs: {{a: {{runs-on: x, steps: [{{run: y}}]}}}}"
    event = {"action": "published", "release": {"tag_name": "v1"}}
    trigger = Trigger("release", {"event": event}, open_types=("created", "released"))
    assert made(text, trigger).trigger.github["event"]["action"] == action


def test_but_not_where_the_type_is_given() -> None:
    text = "on: {release: {types: [created]}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}"
    found, _ = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None
    assert isinstance(plan(found, Trigger("release", {"event": {"action": "published"}})), NotSelected)
