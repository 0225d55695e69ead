"""Conditions, outcomes, conclusions, times and cancellation of steps and jobs."""

from __future__ import annotations

import pytest
from conforming import Conform
from main_tools import Outcome, minutes_of

pytestmark = pytest.mark.docker

MINUTE = 2.0
"""Seconds of a minute in the runs that wait for one to pass."""

CONDITIONS = """
on: push
jobs:
  failed:
    runs-on: ubuntu-latest
    steps:
      - {name: red, id: a, run: exit 3}
      - {name: implied, if: steps.a.outcome == 'failure', run: echo never}
      - {name: with-always, if: always() && steps.a.outcome == 'failure', run: 'echo "status=${{ job.status }}"'}
      - {name: call-in-text, if: "contains('always()', 'x') || true", run: echo never}
      - {name: failure, if: failure(), run: echo ran}
      - {name: success, if: success(), run: echo never}
      - {name: cancelled, if: cancelled(), run: echo never}
      - {name: plain, id: plain, run: 'echo "x=1" >>"$GITHUB_OUTPUT"'}
      - name: seen
        if: always()
        env: {STEPS: '${{ toJSON(steps.plain) }}', OUTPUTS: '${{ toJSON(steps.plain.outputs) }}'}
        run: |
          echo "outcome=${{ steps.plain.outcome }}"
          echo "conclusion=${{ steps.plain.conclusion }}"
          echo "outputs=$(echo $OUTPUTS)"
          echo "status=${{ job.status }}"
  green:
    runs-on: ubuntu-latest
    steps:
      - {name: half, if: '${{ false }} || true', run: echo ran}
      - {name: text-of-false, if: 'false', run: echo never}
      - {name: quoted-false, if: "'false'", run: echo ran}
      - {name: empty, if: '', run: echo ran}
      - {name: blank, if: '  ', run: echo ran}
      - {name: excused, id: excused, continue-on-error: true, run: exit 1}
      - {name: failure, if: failure(), run: echo never}
      - name: told
        run: |
          echo "outcome=${{ steps.excused.outcome }}"
          echo "conclusion=${{ steps.excused.conclusion }}"
          echo "status=${{ job.status }}"
      - {name: excused-later, id: later, continue-on-error: "${{ steps.excused.outcome == 'failure' }}", run: exit 1}
      - {name: no-id, run: echo ran}
      - {name: ids, env: {STEPS: '${{ join(steps.*.outcome) }}'}, run: 'echo "steps=$STEPS"'}
  broken-env:
    runs-on: ubuntu-latest
    steps:
      - {name: broken, if: false, continue-on-error: true, env: {A: '${{ fromJSON(github.ref) }}'}, run: echo never}
      - {name: after, run: echo never}
  broken-condition:
    runs-on: ubuntu-latest
    steps:
      - {name: broken, if: fromJSON(github.ref) == 1, continue-on-error: true, run: echo never}
  broken-excuse:
    runs-on: ubuntu-latest
    steps:
      - {name: broken, continue-on-error: '${{ fromJSON(github.ref) }}', run: exit 1}
"""
TIMES = """
on: push
jobs:
  step:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - {name: slow, id: slow, timeout-minutes: 1, continue-on-error: true, run: sleep 60}
      - {name: fraction, timeout-minutes: 0.5, run: sleep 1.2; echo ended}
      - name: told
        run: |
          echo "outcome=${{ steps.slow.outcome }}"
          echo "conclusion=${{ steps.slow.conclusion }}"
  job:
    runs-on: ubuntu-latest
    timeout-minutes: 2
    steps:
      - {name: cut, id: cut, continue-on-error: true, run: sleep 60}
      - {name: plain, run: echo never}
      - name: always
        if: always()
        run: |
          echo "outcome=${{ steps.cut.outcome }}"
          echo "conclusion=${{ steps.cut.conclusion }}"
          echo "status=${{ job.status }}"
      - {name: cancelled, if: cancelled(), run: echo ran}
      - {name: failure, if: failure(), run: echo never}
  grace:
    runs-on: ubuntu-latest
    timeout-minutes: 2
    cancel-timeout-minutes: 2
    steps:
      - {name: goes-on, if: always(), run: sleep 5; echo ended}
      - {name: too-long, if: always(), run: sleep 60}
      - {name: never, if: always(), run: echo never}
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(CONDITIONS, expect=1)


@pytest.fixture(scope="module")
def timed(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    env = minutes_of(MINUTE, tmp_path_factory.mktemp("minutes"))
    # Those whose times are measured from the job's start run on this machine: a container's start takes time.
    return conform(TIMES, env=env, image="host", expect=1)


def results(step: dict[str, object]) -> tuple[object, object]:
    return step["outcome"], step["conclusion"]


SKIPPED = ("skipped", "skipped")
GREEN = ("success", "success")


@pytest.mark.rule("results/implicit-success")
def test_implicit_success(ran: Outcome) -> None:
    assert results(ran.step("implied", "failed")) == SKIPPED
    assert results(ran.step("with-always", "failed")) == GREEN


@pytest.mark.rule("results/status-call-in-text")
def test_status_call_in_text(ran: Outcome) -> None:
    assert results(ran.step("call-in-text", "failed")) == SKIPPED


@pytest.mark.rule("results/half-expression")
def test_half_expression(ran: Outcome) -> None:
    assert ran.lines("half", "green") == ["ran"]


@pytest.mark.rule("results/text-of-false")
def test_text_of_false(ran: Outcome) -> None:
    assert results(ran.step("text-of-false", "green")) == SKIPPED
    assert ran.lines("quoted-false", "green") == ["ran"]


@pytest.mark.rule("results/empty-condition")
def test_empty_condition(ran: Outcome) -> None:
    assert ran.lines("empty", "green") == ["ran"]
    assert ran.lines("blank", "green") == ["ran"]


@pytest.mark.rule("results/status-functions")
def test_status_functions(ran: Outcome) -> None:
    assert ran.lines("failure", "failed") == ["ran"]
    assert results(ran.step("success", "failed")) == SKIPPED
    assert results(ran.step("cancelled", "failed")) == SKIPPED


@pytest.mark.rule("results/after-failure")
def test_a_later_success_mends_nothing(ran: Outcome) -> None:
    assert ran.values("with-always", "failed")["status"] == "failure"
    assert ran.values("seen", "failed")["status"] == "failure"
    assert ran.jobs["failed"]["result"] == "failure"


@pytest.mark.rule("results/skipped-step")
def test_skipped_step(ran: Outcome) -> None:
    seen = ran.values("seen", "failed")
    assert (seen["outcome"], seen["conclusion"], seen["outputs"]) == ("skipped", "skipped", "{}")


@pytest.mark.rule("results/continue-on-error")
def test_continue_on_error(ran: Outcome) -> None:
    assert results(ran.step("excused", "green")) == ("failure", "success")
    told = ran.values("told", "green")
    assert (told["outcome"], told["conclusion"], told["status"]) == ("failure", "success", "success")
    assert results(ran.step("failure", "green")) == SKIPPED
    assert ran.jobs["green"]["result"] == "success"


@pytest.mark.rule("results/continue-on-error-later")
def test_continue_on_error_is_evaluated_later(ran: Outcome) -> None:
    assert results(ran.step("excused-later", "green")) == ("failure", "success")
    assert results(ran.step("broken", "broken-excuse")) == ("failure", "failure")
    assert (
        "##[error]The step failed and an error occurred when attempting to determine whether to continue on error."
        in ran.lines("broken", "broken-excuse")
    )


@pytest.mark.rule("results/ids-with-underscores")
def test_steps_without_an_id(ran: Outcome) -> None:
    assert ran.values("ids", "green")["steps"] == "failure,failure"


@pytest.mark.rule("results/env-before-condition")
def test_env_before_condition(ran: Outcome) -> None:
    assert results(ran.step("broken", "broken-env")) == ("failure", "failure")
    assert "##[error]" in ran.log("broken", "broken-env")
    assert results(ran.step("after", "broken-env")) == SKIPPED


@pytest.mark.rule("results/condition-error")
def test_condition_error(ran: Outcome) -> None:
    assert results(ran.step("broken", "broken-condition")) == ("failure", "failure")
    assert "##[error]" in ran.log("broken", "broken-condition")


@pytest.mark.rule("results/step-timeout")
def test_step_timeout(timed: Outcome) -> None:
    slow = timed.step("slow", "step")
    assert results(slow) == ("failure", "success")
    assert timed.lines("slow", "step")[-1] == "##[error]The action 'slow' has timed out after 1 minutes."
    assert timed.values("told", "step") == {"outcome": "failure", "conclusion": "success"}
    assert timed.jobs["step"]["result"] == "success"
    assert slow["duration"] >= MINUTE


@pytest.mark.rule("results/fraction-of-a-minute")
def test_fraction_of_a_minute(timed: Outcome) -> None:
    assert timed.lines("fraction", "step") == ["ended"]


@pytest.mark.rule("results/job-timeout")
def test_job_timeout(timed: Outcome) -> None:
    job = timed.jobs["job"]
    assert (job["result"], job["reason"]) == (
        "cancelled",
        "The job has exceeded the maximum execution time of 2m0s",
    )
    assert timed.lines("cut", "job")[-1] == "##[error]The operation was canceled."
    assert results(timed.step("plain", "job")) == SKIPPED
    assert timed.values("always", "job")["status"] == "cancelled"
    assert timed.lines("cancelled", "job") == ["ran"]
    assert results(timed.step("failure", "job")) == SKIPPED


@pytest.mark.rule("results/cancelled-stays")
def test_cancelled_stays(timed: Outcome) -> None:
    assert results(timed.step("cut", "job")) == ("cancelled", "cancelled")
    told = timed.values("always", "job")
    assert (told["outcome"], told["conclusion"]) == ("cancelled", "cancelled")


@pytest.mark.rule("results/cancel-asks-again")
def test_a_step_whose_condition_still_holds_goes_on(timed: Outcome) -> None:
    assert timed.lines("goes-on", "grace") == ["ended"]
    assert results(timed.step("goes-on", "grace")) == GREEN
    assert timed.step("goes-on", "grace")["duration"] > 2 * MINUTE


@pytest.mark.rule("results/cancel-grace")
def test_cancel_grace(timed: Outcome) -> None:
    assert results(timed.step("too-long", "grace")) == ("cancelled", "cancelled")
    assert "never" not in timed.names("grace")
    assert timed.jobs["grace"]["result"] == "cancelled"
    assert timed.jobs["grace"]["duration"] < 20
