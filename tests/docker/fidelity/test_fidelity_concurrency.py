"""Concurrency groups, between runs that are alive at the same time and within one run."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conforming import Conform
from fault_tools import Place, Started
from main_tools import Outcome

pytestmark = pytest.mark.docker

HOST = ("--engine", "host")
REPLACED = "Canceling since a higher priority waiting request for '{}' exists"
DEADLOCK = "Canceling since a deadlock was detected for concurrency group: '{}' between {} and '{}'"
WAITS = """
on: push
{concurrency}
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - run: 'echo began-${{{{ github.run_id }}}}; until [ -e {go} ]; do sleep 0.05; done'
      - if: always()
        run: 'echo cleaned-up-${{{{ github.run_id }}}}'
"""
JOBS = """
on: push
jobs:
  legs:
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [1, 2, 3]}}
    concurrency: {group: legs}
    steps: [{run: echo ran}]
  apart:
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [1, 2]}}
    concurrency: apart-${{ matrix.n }}
    steps: [{run: echo ran}]
  one-by-one:
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [1, 2, 3]}}
    concurrency: {group: Queue, queue: max}
    steps: [{run: echo ran}]
  empty:
    runs-on: ubuntu-latest
    concurrency: ${{ vars.NOTHING }}
    steps: [{run: echo never}]
  broken:
    runs-on: ubuntu-latest
    concurrency: {group: g, cancel-in-progress: '${{ github.ref }}'}
    steps: [{run: echo never}]
  long:
    runs-on: ubuntu-latest
    concurrency: ${{ format('{0}{0}{0}', vars.LONG) }}
    steps: [{run: echo never}]
"""
CALLS = """
name: Top
on: push
concurrency: ${{ github.workflow }}
jobs:
  same:
    runs-on: ubuntu-latest
    concurrency: {group: TOP, cancel-in-progress: true}
    steps: [{run: echo never}]
  call:
    uses: ./.github/workflows/own.yml
  held:
    concurrency: shared
    uses: ./.github/workflows/shared.yml
  free:
    concurrency: outer
    uses: ./.github/workflows/free.yml
"""
CALLED = """
on: workflow_call
concurrency: {group}
jobs:
  inner:
    runs-on: ubuntu-latest
    steps: [{{name: inner, run: echo ran}}]
"""

CANCELS = """
on: push
jobs:
  quick: {runs-on: ubuntu-latest, steps: [{run: 'until [ -e $GO/job ] && [ -e $GO/call ] && [ -e $GO/own ]; do sleep 0.05; done'}]}
  job:
    concurrency: {group: J, cancel-in-progress: true}
    runs-on: ubuntu-latest
    steps: [{run: touch $GO/job; sleep 60}, {name: cleans up, if: always(), run: date}]
  call:
    concurrency: {group: C, cancel-in-progress: true}
    uses: ./.github/workflows/free.yml
    with: {touch: call}
  own:
    uses: ./.github/workflows/own.yml
    with: {touch: own}
  later-job: {needs: quick, concurrency: {group: j, cancel-in-progress: true}, runs-on: ubuntu-latest, steps: [{run: date}]}
  later-call: {needs: quick, concurrency: {group: c, cancel-in-progress: true}, uses: ./.github/workflows/free.yml}
  later-own: {needs: quick, uses: ./.github/workflows/own.yml}
  sees:
    needs: [job, call, own]
    if: always()
    runs-on: ubuntu-latest
    steps: [{name: sees, run: 'echo "results=${{ join(needs.*.result) }}"'}]
"""
SLOW = """
on: {workflow_call: {inputs: {touch: {type: string}}}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{if: inputs.touch, run: 'touch $GO/${{ inputs.touch }}; sleep 60'}]
  two: {needs: one, if: always(), runs-on: ubuntu-latest, steps: [{run: date}]}
"""


class Runs:
    """Runs of one repository that are alive at the same time; what is still alive in the end is killed."""

    def __init__(self, folder: Path, concurrency: str) -> None:
        self.go = folder / "go"
        self.place = Place(folder / "project")
        self.place.workflow(WAITS.format(concurrency=concurrency, go=self.go))
        self.alive: list[Started] = []

    def start(self, word: str) -> Started:
        """Start a run, and wait until it has said a word."""
        run = self.place.start(*HOST, "-v", image="host")
        self.alive.append(run)
        run.until_said(word)
        return run

    def let_go(self) -> None:
        """Let the running steps end."""
        self.go.touch()

    def stop(self) -> None:
        """Kill what is alive."""
        for run in self.alive:
            if run.process.poll() is None:
                run.kill()

    def events(self, run: int, kind: str) -> list[dict[str, Any]]:
        """The events of a kind in a run's journal."""
        path = self.place.path / ".actlite" / "runs" / str(run) / "events.jsonl"
        found = (json.loads(line) for line in path.read_text().splitlines())
        return [event for event in found if event["kind"] == kind]


@pytest.fixture
def runs(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Runs]:
    found = Runs(tmp_path, request.param)
    yield found
    found.stop()


@pytest.mark.rule("workflow/group-between-runs", "workflow/group-replaced")
@pytest.mark.parametrize("runs", ["concurrency: Deploy"], indirect=True)
def test_one_runs_and_one_waits(runs: Runs) -> None:
    first = runs.start("began-1")
    second = runs.start("Waiting for the concurrency group 'Deploy', which run 1 of")
    third = runs.start("Waiting for the concurrency group 'Deploy', which run 1 of")
    replaced = second.end().expect(1, REPLACED.format("Deploy"))
    assert "began-2" not in replaced.out
    assert "cleaned-up-2" not in replaced.out
    assert runs.events(2, "run-finished")[0]["conclusion"] == "cancelled"
    assert "began-3" not in third.said()
    runs.let_go()
    first.end().expect(0)
    third.end().expect(0, "began-3")
    began = runs.events(3, "job-started")[0]["time"]
    assert began >= runs.events(1, "run-finished")[0]["time"]


@pytest.mark.rule("workflow/group-cancel-in-progress", "workflow/group-without-case")
@pytest.mark.parametrize(
    "runs",
    ["concurrency: {group: \"${{ github.run_id == '1' && 'Pages' || 'PAGES' }}\", cancel-in-progress: true}"],
    indirect=True,
)
def test_a_later_run_cancels_the_one_that_has_the_group(runs: Runs) -> None:
    first = runs.start("began-1")
    second = runs.start("began-2")
    ended = first.end().expect(1, "The operation was canceled", "cleaned-up-1")
    assert "Waiting" not in ended.text
    (job,) = runs.events(1, "job-finished")
    assert (job["result"], job["reason"]) == ("cancelled", REPLACED.format("Pages"))
    runs.let_go()
    second.end().expect(0, "Waiting for the concurrency group 'PAGES', which run 1 of")


@pytest.mark.rule("workflow/group-queue")
@pytest.mark.parametrize("runs", ["concurrency: {group: q, queue: max}"], indirect=True)
def test_all_wait_in_their_order(runs: Runs) -> None:
    first = runs.start("began-1")
    second = runs.start("Waiting for the concurrency group 'q'")
    third = runs.start("Waiting for the concurrency group 'q'")
    runs.let_go()
    for number, run in enumerate((first, second, third), 1):
        run.end().expect(0, f"began-{number}")
    assert runs.events(3, "job-started")[0]["time"] >= runs.events(2, "run-finished")[0]["time"]


@pytest.mark.rule("workflow/group-of-the-killed")
@pytest.mark.parametrize("runs", ["concurrency: k"], indirect=True)
def test_a_killed_run_leaves_its_group(runs: Runs) -> None:
    first = runs.start("began-1")
    stopped = runs.start("Waiting for the concurrency group 'k'")
    stopped.signal(signal.SIGINT)
    assert "began-2" not in stopped.end().expect(130).out
    second = runs.start("Waiting for the concurrency group 'k'")
    first.kill()
    second.until_said("began-3")
    runs.let_go()
    second.end().expect(0)


@pytest.fixture(scope="module")
def jobs(conform: Conform) -> Outcome:
    return conform(JOBS, *HOST, "--var", f"LONG={'x' * 200}", image="host", expect=1)


@pytest.fixture(scope="module")
def calls(conform: Conform) -> Outcome:
    groups = {"own": "${{ github.workflow }}", "shared": "SHARED", "free": "inner"}
    files = {f".github/workflows/{name}.yml": CALLED.format(group=group) for name, group in groups.items()}
    return conform(CALLS, *HOST, image="host", files=files, expect=1)


@pytest.mark.rule("workflow/group-of-jobs")
def test_legs_of_one_group(jobs: Outcome) -> None:
    results = {key: job["result"] for key, job in jobs.jobs.items()}
    assert [results[f"legs ({n})"] for n in (1, 2, 3)] == ["success", "cancelled", "success"]
    assert jobs.jobs["legs (2)"]["reason"] == REPLACED.format("legs")
    assert [results[f"apart ({n})"] for n in (1, 2)] == ["success", "success"]
    started = {event["job"]: event["time"] for event in jobs.of("job-started")}
    ended = {event["job"]: event["time"] for event in jobs.of("job-finished")}
    assert started["legs (3)"] >= ended["legs (1)"]


@pytest.mark.rule("workflow/group-queue")
def test_legs_in_a_queue(jobs: Outcome) -> None:
    started = {event["job"]: event["time"] for event in jobs.of("job-started")}
    ended = {event["job"]: event["time"] for event in jobs.of("job-finished")}
    for n in (1, 2):
        assert started[f"one-by-one ({n + 1})"] >= ended[f"one-by-one ({n})"]


@pytest.mark.rule("workflow/group-errors")
def test_groups_that_cannot_be_evaluated(jobs: Outcome) -> None:
    for job, words in (
        ("empty", "Concurrency group name cannot be empty"),
        ("broken", "Unexpected value 'refs/heads/main'"),
        ("long", "Concurrency group name must be less than 400 characters"),
    ):
        assert jobs.jobs[job]["result"] == "failure"
        reason = jobs.jobs[job]["reason"]
        assert reason.startswith(f"Error when evaluating 'concurrency' for job '{job}'. "), reason
        assert reason.endswith(words), reason


@pytest.mark.rule("workflow/group-errors", "workflow/group-queue")
def test_workflows_whose_group_cannot_be_evaluated(conform: Conform) -> None:
    text = "on: push\nconcurrency: {concurrency}\njobs: {{job: {{runs-on: ubuntu-latest, steps: [{{run: echo x}}]}}}}\n"
    empty = conform(text.format(concurrency="'${{ vars.NOTHING }}'"), *HOST, expect=2)
    empty.expect(2, "Error when evaluating 'concurrency'.", "Concurrency group name cannot be empty")
    both = "{group: g, queue: max, cancel-in-progress: true}"
    conform(text.format(concurrency=both), *HOST, expect=2).expect(
        2, "'queue: max' cannot be combined with 'cancel-in-progress: true'."
    )
    later = "{group: g, queue: max, cancel-in-progress: '${{ github.ref != 1 }}'}"
    conform(text.format(concurrency=later), *HOST, expect=2).expect(
        2, "'queue: max' cannot be combined with 'cancel-in-progress: true'."
    )


@pytest.mark.rule("workflow/group-errors")
def test_a_group_that_only_this_run_can_not_have_leaves_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.workflow(
        WAITS.format(
            concurrency="concurrency: \"${{ github.run_id == '1' && fromJSON('{') || 'g' }}\"", go=""
        )
    )
    place.run(*HOST, image="host").expect(2, "Error when evaluating 'concurrency'.", "Error parsing fromJson")
    assert not list((place.path / ".actlite" / "runs").iterdir())


@pytest.mark.rule("workflow/group-deadlock")
def test_a_group_that_is_already_held(calls: Outcome) -> None:
    same = calls.jobs["same"]
    assert (same["result"], same["reason"]) == (
        "cancelled",
        DEADLOCK.format("TOP", "a top level workflow", "same"),
    )
    called = calls.jobs["call / inner"]
    assert (called["result"], called["reason"]) == (
        "cancelled",
        DEADLOCK.format("Top", "a top level workflow", "call"),
    )
    held = calls.jobs["held / inner"]
    assert (held["result"], held["reason"]) == ("cancelled", DEADLOCK.format("SHARED", "'held'", "held"))


@pytest.mark.rule("workflow/group-of-calls")
def test_groups_of_calls(calls: Outcome) -> None:
    assert calls.jobs["free / inner"]["result"] == "success"
    assert calls.log("inner", "free / inner")


@pytest.mark.rule("workflow/group-of-jobs", "workflow/group-of-calls", "workflow/group-cancel-in-progress")
def test_jobs_and_calls_that_cancel_others(conform: Conform, tmp_path: Path) -> None:
    own = SLOW + "concurrency: {group: D, cancel-in-progress: true}\n"
    files = {".github/workflows/free.yml": SLOW.lstrip(), ".github/workflows/own.yml": own.lstrip()}
    workflow = CANCELS.replace("on: push", f"on: push\nenv: {{GO: {tmp_path}}}", 1)
    files = {name: text.replace("$GO", str(tmp_path)) for name, text in files.items()}
    ran = conform(workflow, *HOST, image="host", files=files, expect=1, seconds=40)
    found = {key: (job["result"], job["reason"]) for key, job in ran.jobs.items()}
    for key, group in (
        ("job", "J"),
        ("call / one", "C"),
        ("call / two", "C"),
        ("own / one", "D"),
        ("own / two", "D"),
    ):
        assert found[key] == ("cancelled", REPLACED.format(group)), key
    for key in ("later-job", "later-call / one", "later-call / two", "later-own / one", "later-own / two"):
        assert found[key] == ("success", ""), key
    assert ran.step("cleans up", "job")["outcome"] == "success"
    assert ran.values("sees", "sees")["results"] == "cancelled,cancelled,cancelled"
