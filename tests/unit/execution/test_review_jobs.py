"""Found in review: jobs, their results and conditions, what a cancelled run still does."""

from __future__ import annotations

import datetime
import time

import pytest
from core_harness import Bench

from actlite.checking.runners import Place, leg_place, place, unrunnable
from actlite.checking.services import service_findings
from actlite.engines.fake import Call, Reply
from actlite.execution.cancellation import exceeded, grace
from actlite.execution.scheduler import Scheduler

HEAD = "on: push\njobs:\n"


def job(id: str, extra: str = "", run: str = "") -> str:
    """A job with one step."""
    return f"  {id}:\n    runs-on: ubuntu-latest\n{extra}    steps:\n      - run: {run or id}\n"


MATRIX = """    continue-on-error: ${{ matrix.v == 1 }}
    strategy: {fail-fast: false, matrix: {v: [1, 2]}}
"""


def test_a_tolerated_leg_does_not_excuse_another_one(bench: Bench) -> None:
    bench.engine.on("leg", Reply(1))
    result = bench.run(HEAD + job("a", MATRIX, "leg ${{ matrix.v }}") + job("b", "    needs: a\n"))
    assert result.outcome.conclusion == "failure"
    assert result.jobs()["b"].result == "skipped"


def test_a_leg_that_alone_fails_and_is_tolerated_is_no_failure(bench: Bench) -> None:
    bench.engine.on("leg 1", Reply(1))
    result = bench.run(HEAD + job("a", MATRIX, "leg ${{ matrix.v }}") + job("b", "    needs: a\n"))
    assert result.outcome.conclusion == "success"
    assert result.jobs()["b"].result == "success"


def test_a_jobs_continue_on_error_must_be_a_boolean(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(HEAD + job("a", "    continue-on-error: ${{ format('true') }}\n", "bad"))
    assert result.outcome.conclusion == "failure"


def test_a_jobs_continue_on_error_sees_the_strategy(bench: Bench) -> None:
    bench.engine.on("leg 1", Reply(1))
    extra = MATRIX.replace("matrix.v == 1", "strategy.job-index == 0")
    assert bench.run(HEAD + job("a", extra, "leg ${{ matrix.v }}")).outcome.conclusion == "success"


def test_a_skip_reaches_all_jobs_down_the_chain(bench: Bench) -> None:
    """actions/runner#2205: success() asks all ancestors."""
    result = bench.run(
        HEAD
        + job("a", "    if: 'false'\n")
        + job("b", "    needs: a\n    if: always()\n")
        + job("c", "    needs: b\n")
        + job("d", "    needs: b\n    if: needs.b.result == 'success'\n")
        + job("e", "    needs: b\n    if: ${{ !failure() && !cancelled() }}\n")
    )
    assert {k: v.result for k, v in result.jobs().items()} == {
        "a": "skipped",
        "b": "success",
        "c": "skipped",
        "d": "skipped",
        "e": "success",
    }
    assert "'a'" in result.jobs()["c"].reason
    assert "skipped" in result.jobs()["c"].reason


def test_success_and_failure_take_job_ids(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(
        HEAD
        + job("a", run="bad")
        + job("b")
        + job("c", "    needs: [a, b]\n    if: success('b')\n")
        + job("d", "    needs: [a, b]\n    if: failure('B')\n")
        + job("e", "    needs: [a, b]\n    if: failure('A')\n")
    )
    results = {k: v.result for k, v in result.jobs().items()}
    assert results == {"a": "failure", "b": "success", "c": "success", "d": "skipped", "e": "success"}


def test_cancelled_is_the_runs_state_not_that_of_a_need(bench: Bench) -> None:
    bench.engine.on("hang", Reply(hang=True))

    def timeout(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        scheduler.top.jobs["a"].cancel.cancel("its time is up")

    result = bench.run(
        HEAD + job("a", run="hang") + job("b", "    needs: a\n    if: ${{ !cancelled() }}\n"), during=timeout
    )
    assert {k: v.result for k, v in result.jobs().items()} == {"a": "cancelled", "b": "success"}


def test_a_cancelled_run_still_runs_the_jobs_that_ask_for_it(bench: Bench) -> None:
    bench.engine.on("hang", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.cancel("stopped")

    result = bench.run(
        HEAD
        + job("a", run="hang")
        + job("b", "    needs: a\n    if: always()\n", "clean up")
        + job("c", "    needs: a\n"),
        during=stop,
    )
    results = {k: v.result for k, v in result.jobs().items()}
    assert results == {"a": "cancelled", "b": "success", "c": "cancelled"}
    assert "clean up" in result.scripts()
    assert result.outcome.conclusion == "cancelled"


def test_a_forced_stop_runs_nothing_more(bench: Bench) -> None:
    bench.engine.on("hang", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.force("stopped")

    result = bench.run(
        HEAD + job("a", run="hang") + job("b", "    needs: a\n    if: always()\n", "clean up"), during=stop
    )
    assert {k: v.result for k, v in result.jobs().items()} == {"a": "cancelled", "b": "cancelled"}
    assert "clean up" not in result.scripts()


def test_a_running_always_job_is_not_cancelled_but_can_be_forced(bench: Bench) -> None:
    bench.engine.on("hang", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.cancel("stopped")
        time.sleep(0.1)
        assert not scheduler.top.jobs["a"].cancel.cancelled
        bench.cancel.force("stopped now")

    result = bench.run(HEAD + job("a", "    if: always()\n", "hang"), during=stop)
    assert result.jobs()["a"].result == "cancelled"


def test_a_strategy_known_at_run_time_is_in_its_context(bench: Bench) -> None:
    bench.writes("make", "GITHUB_OUTPUT", 'm={"v": [1, 2]}\n')
    result = bench.run(
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    outputs: {m: '${{ steps.s.outputs.m }}'}\n"
        + "    steps:\n      - {id: s, run: make}\n"
        + job(
            "b",
            "    needs: a\n    strategy:\n      fail-fast: false\n      max-parallel: 1\n"
            "      matrix: ${{ fromJSON(needs.a.outputs.m) }}\n",
            "leg ${{ strategy.fail-fast }} ${{ strategy.max-parallel }}",
        )
    )
    assert result.scripts()[1:] == ["leg false 1"] * 2


def test_a_reason_is_not_blamed_on_a_need_that_the_condition_allows(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(
        HEAD + job("a", run="bad") + job("b", "    needs: a\n    if: always() && github.ref == 'x'\n")
    )
    assert result.jobs()["b"].reason == "always() && github.ref == 'x' is false"


def test_names_of_jobs_are_masked(bench: Bench) -> None:
    bench.settings["secrets"] = {"KEY": "hunter2-hunter2"}
    result = bench.run(HEAD + job("a", "    name: to hunter2-hunter2\n"))
    assert result.jobs()["a"].name == "to ***"
    assert "hunter2" not in repr(result.events)


def test_the_token_is_masked_as_git_sends_it(bench: Bench) -> None:
    bench.settings["secrets"] = {"GITHUB_TOKEN": " ghp_abcdefghijk \n"}
    bench.engine.on("say", Reply(0, b"eC1hY2Nlc3MtdG9rZW46Z2hwX2FiY2RlZmdoaWpr ghp_abcdefghijk\n"))
    result = bench.run(HEAD + job("a", run="say"))
    assert result.log("1").endswith("*** ***\n")


def test_a_timeout_beyond_all_numbers_is_no_defect(bench: Bench) -> None:
    text = HEAD + job("a", "    timeout-minutes: ${{ fromJSON('1e300') }}\n", "x")
    assert bench.run(text).outcome.conclusion == "success"


def test_the_jobs_sandbox_failing_in_an_unknown_way_is_never_a_success(bench: Bench) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    bench.engine.open = broken  # type: ignore[assignment,method-assign]
    try:
        conclusion = bench.run(HEAD + job("a")).outcome.conclusion
    except RuntimeError:
        conclusion = "raised"
    assert conclusion == "raised"


def test_a_cancelled_job_has_only_so_much_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actlite.execution.job.grace", lambda minutes: 0.2)
    bench.engine.on("first", Reply(hang=True))
    bench.engine.on("last", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs("first")
        bench.cancel.cancel("stopped")

    text = HEAD + job("a", run="first") + "      - {run: last, if: always()}\n"
    result = bench.run(text, during=stop)
    assert result.scripts() == ["first", "last"]
    assert result.jobs()["a"].result == "cancelled"
    assert result.jobs()["a"].reason == "stopped"


def test_the_time_of_a_cancelled_job_in_the_runners_count() -> None:
    assert (grace(), grace(10), grace(0)) == (285.0, 585.0, 45.0)
    assert exceeded(65) == "The job has exceeded the maximum execution time of 1h5m0s"
    assert exceeded(5) == "The job has exceeded the maximum execution time of 5m0s"


def test_a_jobs_own_time_for_cancelling(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def note(minutes: float) -> float:
        asked.append(minutes)
        return 1.0

    monkeypatch.setattr("actlite.execution.job.grace", note)
    bench.run(HEAD + job("a", "    cancel-timeout-minutes: ${{ fromJSON('7.9') }}\n"))
    assert asked == [7.0]


MADE = """  a:
    runs-on: ubuntu-latest
    outputs: {m: '${{ steps.s.outputs.m }}'}
    steps: [{id: s, run: make}]
"""


def make(call: Call) -> Reply:
    """Write the output ``m``."""
    call.append("GITHUB_OUTPUT", 'm={"v": [1, 2]}\n')
    return Reply()


@pytest.mark.parametrize(("value", "results"), [("2", {"b (2)": "success"}), ("3", {"b": "skipped"})])
def test_chosen_legs_of_a_matrix_known_at_run_time(bench: Bench, value: str, results: dict[str, str]) -> None:
    bench.engine.on("make", make)
    bench.matrix = [("v", value)]
    text = (
        HEAD + MADE + job("b", "    needs: a\n    strategy: {matrix: '${{ fromJSON(needs.a.outputs.m) }}'}\n")
    )
    result = bench.run(text + job("c", "    needs: b\n"))
    jobs = {k: v.result for k, v in result.jobs().items()}
    assert jobs == {"a": "success", **results, "c": next(iter(results.values()))}


def test_a_leg_that_has_no_place_says_why(bench: Bench) -> None:
    bench.place = Place("", "no image for runner label x")
    result = bench.run(HEAD + job("a"))
    assert (result.jobs()["a"].result, result.jobs()["a"].reason) == (
        "not-run",
        "no image for runner label x",
    )
    assert result.outcome.conclusion == "incomplete"


def test_labels_from_another_jobs_output_are_known_when_that_has_run(bench: Bench) -> None:
    text = (
        HEAD + job("a") + job("b", "    needs: a\n").replace("ubuntu-latest", "${{ needs.a.outputs.where }}")
    )
    plan = bench.plan(text)
    assert unrunnable(plan, {}, {}) == []
    leg = (plan.jobs[1].legs or ())[0]
    needs = {"a": {"result": "success", "outputs": {"where": "ubuntu-22.04"}}}
    found = leg_place(plan, plan.jobs[1], leg, {}, {}, engine_is_host=False, needs=needs)
    assert found.where.endswith("22.04")


def test_a_replacement_for_all_refs_silences_the_warning(bench: Bench) -> None:
    plan = bench.plan(HEAD + "  a:\n    runs-on: x\n    steps: [{uses: Softprops/action-gh-release@v2}]\n")
    assert len(service_findings(plan)) == 1
    assert service_findings(plan, {"softprops/action-gh-release"}) == ()
    assert service_findings(plan, {"softprops/action-gh-release@v2"}) == ()


@pytest.mark.parametrize(("date", "warnings"), [("2021-05-07", 0), ("2026-11-23", 1)])
def test_old_commands_are_deprecated_since_2022(bench: Bench, date: str, warnings: int) -> None:
    bench.as_of = datetime.date.fromisoformat(date)
    bench.engine.on("say", Reply(0, b"::set-output name=a::1\n"))
    assert len(bench.run(HEAD + job("a", run="say")).annotations()) == warnings


def test_what_is_wrong_with_a_job_is_told_with_its_place(bench: Bench) -> None:
    bench.writes("make", "GITHUB_OUTPUT", "m=[]\n")
    result = bench.run(
        HEAD
        + MADE
        + job("b", "    needs: a\n    strategy: {matrix: {v: '${{ fromJSON(needs.a.outputs.m) }}'}}\n")
        + job("c", "    if: fromJSON('x')\n")
    )
    jobs = result.jobs()
    assert "Matrix vector 'v' does not contain any values" in jobs["b"].reason
    assert "w.yml:" in jobs["b"].reason
    assert jobs["c"].reason.startswith("w.yml:")


def test_a_container_whose_image_is_empty_is_no_container(bench: Bench) -> None:
    extra = "    container: {image: '${{ github.event.nothing }}'}\n"
    result = bench.run(HEAD + job("a", extra))
    assert bench.engine.opened[0].image.name == "an/image"
    assert result.outcome.conclusion == "success"


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([], "runs-on names no label, and only labels can be given an image (-P LABEL=IMAGE)"),
        (["self-hosted", "gpu"], "no image for runner label self-hosted, gpu; give one with -P gpu=IMAGE"),
    ],
)
def test_a_place_that_is_not_there_says_what_would_help(labels: list[str], problem: str) -> None:
    assert place(labels, {}).problem == problem


def test_a_job_that_outlives_a_cancel_is_stopped_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actlite.execution.scheduler.GRACE", 0.2)
    bench.engine.on("hang", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs("hang")
        bench.cancel.cancel("stopped")

    result = bench.run(HEAD + job("a", "    if: always()\n", "hang"), during=stop)
    assert result.jobs()["a"].result == "cancelled"
