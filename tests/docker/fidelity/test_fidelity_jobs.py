"""What jobs make of each other: needs, conditions, results and outputs. Run on this machine."""

from __future__ import annotations

import pytest
from conforming import Conform
from main_tools import Outcome

RULE = pytest.mark.rule

WORKFLOW = """
on: push
jobs:
  makes:
    runs-on: ubuntu-latest
    outputs:
      open: ${{ steps.s.outputs.open }}
      secret: ${{ steps.s.outputs.secret }}
      empty: ${{ steps.s.outputs.nothing }}
    steps:
      - id: s
        run: |
          echo "open=said" >> $GITHUB_OUTPUT
          echo "secret=the word is swordfish" >> $GITHUB_OUTPUT
  takes:
    needs: makes
    runs-on: ubuntu-latest
    steps:
      - name: say
        run: |
          echo "open=${{ needs.makes.outputs.open }}"
          echo "secret=${{ needs.makes.outputs.secret }}"
          echo "has-empty=${{ contains(toJSON(needs.makes.outputs), 'empty') }}"
          echo "result=${{ needs.makes.result }}"
  fails:
    runs-on: ubuntu-latest
    continue-on-error: true
    outputs: {a: "${{ steps.s.outputs.a }}"}
    steps:
      - {id: s, run: 'echo a=1 >> $GITHUB_OUTPUT; exit 1'}
  after-fails:
    needs: fails
    runs-on: ubuntu-latest
    steps:
      - name: say
        run: |
          echo "result=${{ needs.fails.result }}"
          echo "a=${{ needs.fails.outputs.a }}"
  legs:
    runs-on: ubuntu-latest
    strategy: {max-parallel: 1, matrix: {v: [one, two, '']}}
    outputs: {v: "${{ matrix.v }}"}
    steps: [{run: date}]
  after-legs:
    needs: legs
    runs-on: ubuntu-latest
    steps: [{name: say, run: 'echo "v=${{ needs.legs.outputs.v }}"'}]
  off: {if: false, runs-on: ubuntu-latest, outputs: {a: b}, steps: [{run: date}]}
  after-off: {needs: off, runs-on: ubuntu-latest, steps: [{run: date}]}
  text: {needs: off, if: "contains('always()', 'a')", runs-on: ubuntu-latest, steps: [{run: date}]}
  always:
    needs: off
    if: always()
    runs-on: ubuntu-latest
    steps:
      - name: say
        run: |
          echo "result=${{ needs.off.result }}"
          echo "outputs=${{ toJSON(needs.off.outputs) }}"
  not-cancelled: {needs: off, if: '!cancelled()', runs-on: ubuntu-latest, steps: [{run: date}]}
  failure: {needs: off, if: failure(), runs-on: ubuntu-latest, steps: [{run: date}]}
  beyond: {needs: always, runs-on: ubuntu-latest, steps: [{run: date}]}
  beyond-named: {needs: always, if: success('always'), runs-on: ubuntu-latest, steps: [{run: date}]}
  direct:
    needs: takes
    runs-on: ubuntu-latest
    steps:
      - name: say
        run: |
          echo "takes=${{ needs.takes.result }}"
          echo "makes=[${{ needs.makes.result }}]"
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW, "--secret", "WORD=swordfish", image="host")


def result(ran: Outcome, job: str) -> str:
    return str(ran.jobs[job]["result"])


@RULE("jobs/outputs-secret")
def test_an_output_with_a_secret(ran: Outcome) -> None:
    assert ran.jobs["makes"]["outputs"] == {"open": "said"}
    assert "##[warning]Skip output 'secret' since it may contain secret." in ran.log("Complete job", "makes")
    said = ran.values("say", "takes")
    assert (said["open"], said["secret"]) == ("said", "")


@RULE("jobs/outputs-empty")
def test_an_empty_output_is_not_set(ran: Outcome) -> None:
    assert ran.values("say", "takes")["has-empty"] == "false"


@RULE("jobs/outputs-of-failed")
def test_outputs_of_a_failed_job(ran: Outcome) -> None:
    assert ran.values("say", "after-fails")["a"] == "1"


@RULE("jobs/continue-on-error")
def test_an_excused_failure(ran: Outcome) -> None:
    assert result(ran, "fails") == "failure"
    assert ran.values("say", "after-fails")["result"] == "success"
    assert ran.report["conclusion"] == "success"


@RULE("jobs/outputs-of-legs")
def test_outputs_of_legs(ran: Outcome) -> None:
    assert ran.values("say", "after-legs")["v"] == "two"


@RULE("jobs/needs-skipped")
def test_jobs_after_a_skipped_one(ran: Outcome) -> None:
    assert result(ran, "after-off") == "skipped"
    assert result(ran, "always") == "success"
    assert result(ran, "not-cancelled") == "success"


@RULE("jobs/skipped")
def test_a_skipped_job(ran: Outcome) -> None:
    assert result(ran, "off") == "skipped"
    assert ran.values("say", "always") == {"result": "skipped", "outputs": "{}"}


@RULE("jobs/if-implicit")
def test_a_text_is_no_call(ran: Outcome) -> None:
    assert result(ran, "text") == "skipped"


@RULE("jobs/success-asks-all")
def test_success_asks_all_jobs_before(ran: Outcome) -> None:
    assert result(ran, "beyond") == "skipped"
    assert "'off' ended with skipped" in ran.jobs["beyond"]["reason"]


@RULE("jobs/status-of-named")
def test_success_of_a_named_job(ran: Outcome) -> None:
    assert result(ran, "beyond-named") == "success"


@RULE("jobs/failure-of-ancestors")
def test_a_skipped_job_is_no_failure(ran: Outcome) -> None:
    assert result(ran, "failure") == "skipped"


@RULE("jobs/needs-context")
def test_needs_has_direct_needs_alone(ran: Outcome) -> None:
    assert ran.values("say", "direct") == {"takes": "success", "makes": "[]"}


FAILING = """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}
  b: {needs: a, runs-on: ubuntu-latest, steps: [{run: date}]}
  c: {needs: b, if: failure(), runs-on: ubuntu-latest, steps: [{run: date}]}
  d: {if: "${{ fromJSON(github.ref) }}", runs-on: ubuntu-latest, steps: [{run: date}]}
"""


@pytest.fixture(scope="module")
def failed(conform: Conform) -> Outcome:
    return conform(FAILING, image="host", expect=1)


@RULE("jobs/failure-of-ancestors")
def test_failure_of_a_job_before_the_needed_one(failed: Outcome) -> None:
    assert (result(failed, "b"), result(failed, "c")) == ("skipped", "success")


@RULE("jobs/if-error")
def test_a_condition_that_cannot_be_evaluated(failed: Outcome) -> None:
    assert result(failed, "d") == "failure"
    assert not failed.jobs["d"]["steps"]


STEPS = "runs-on: ubuntu-latest, steps: [{run: date}]"


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        pytest.param(
            f"{{a: {{{STEPS}}}, b: {{needs: x, {STEPS}}}}}",
            "Job 'b' depends on unknown job 'x'.",
            marks=RULE("jobs/needs-unknown"),
        ),
        pytest.param(
            f"{{a: {{{STEPS}}}, b: {{needs: c, {STEPS}}}, c: {{needs: b, {STEPS}}}}}",
            "which creates a cycle in the dependency graph.",
            marks=RULE("jobs/needs-cycle"),
        ),
        pytest.param(
            f"{{b: {{needs: c, {STEPS}}}, c: {{needs: b, {STEPS}}}}}",
            "The workflow must contain at least one job with no dependencies.",
            marks=RULE("jobs/needs-none-free"),
        ),
    ],
)
def test_needs_that_are_refused(conform: Conform, jobs: str, words: str) -> None:
    found = conform(f"on: push\njobs: {jobs}\n", image="host", expect=2)
    assert words in " ".join(found.ended.text.split())
    assert not found.events
