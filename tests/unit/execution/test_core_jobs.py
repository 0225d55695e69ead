"""Jobs: needs, outputs, matrix, cancellation."""

from __future__ import annotations

import time

from core_harness import Bench

from actlite.engines.fake import Call, Reply
from actlite.execution.scheduler import Scheduler


def job(id: str, extra: str = "", run: str = "") -> str:
    """A job with one step."""
    return f"  {id}:\n    runs-on: ubuntu-latest\n{extra}    steps:\n      - run: {run or id}\n"


HEAD = "on: push\njobs:\n"


def test_outputs_reach_the_jobs_that_need_them(bench: Bench) -> None:
    bench.writes("make", "GITHUB_OUTPUT", "v=1.2\nempty=\n")
    text = (
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    outputs:\n      v: ${{ steps.s.outputs.v }}\n"
        + "      e: ${{ steps.s.outputs.empty }}\n    steps:\n      - {id: s, run: make}\n"
        + job(
            "b",
            "    needs: a\n",
            "echo ${{ needs.a.outputs.v }} ${{ needs.a.result }} [${{ needs.a.outputs.e }}]",
        )
    )
    result = bench.run(text)
    assert result.scripts()[-1] == "echo 1.2 success []"
    assert result.jobs()["a"].outputs == {"v": "1.2"}


def test_an_output_with_a_secret_in_it_is_dropped(bench: Bench) -> None:
    bench.settings["secrets"] = {"KEY": "hunter2-hunter2"}

    bench.writes("make", "GITHUB_OUTPUT", "v=x-hunter2-hunter2\n")
    text = (
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    outputs: {v: '${{ steps.s.outputs.v }}'}\n"
        + "    steps:\n      - {id: s, run: make}\n"
        + job("b", "    needs: a\n", "echo [${{ needs.a.outputs.v }}]")
    )
    result = bench.run(text)
    assert result.scripts()[-1] == "echo []"
    assert ("warning", "Skip output 'v' since it may contain secret.") in result.annotations()


def test_a_failed_need_skips_unless_always(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    text = (
        HEAD
        + job("a", run="bad")
        + job("b", "    needs: a\n")
        + job("c", "    needs: b\n    if: always()\n", "echo ${{ needs.b.result }}")
        + job("d", "    needs: b\n    if: failure()\n", "dd")
    )
    result = bench.run(text)
    jobs = result.jobs()
    assert {k: v.result for k, v in jobs.items()} == {
        "a": "failure",
        "b": "skipped",
        "c": "success",
        "d": "success",
    }
    assert "needs a" in jobs["b"].reason
    assert "echo skipped" in result.scripts()


def test_a_jobs_continue_on_error_lets_others_see_a_success(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(
        HEAD
        + job("a", "    continue-on-error: true\n", "bad")
        + job("b", "    needs: a\n", "echo ${{ needs.a.result }}")
    )
    assert result.scripts()[-1] == "echo success"
    assert result.outcome.conclusion == "success"


def test_matrix_legs_run_each_with_their_values(bench: Bench) -> None:
    result = bench.run(
        HEAD
        + job(
            "a",
            "    strategy: {matrix: {os: [x, y], v: [1, 2]}}\n",
            "leg ${{ matrix.os }} ${{ matrix.v }} ${{ strategy.job-index }}/${{ strategy.job-total }}",
        )
    )
    assert sorted(result.scripts()) == ["leg x 1 0/4", "leg x 2 1/4", "leg y 1 2/4", "leg y 2 3/4"]
    assert set(result.jobs()) == {"a (x, 1)", "a (x, 2)", "a (y, 1)", "a (y, 2)"}


def test_fail_fast_cancels_the_other_legs(bench: Bench) -> None:
    bench.engine.on("leg 1", Reply(1))
    bench.engine.on("leg 2", Reply(hang=True))
    result = bench.run(HEAD + job("a", "    strategy: {matrix: {v: [1, 2]}}\n", "leg ${{ matrix.v }}"))
    results = {k: v.result for k, v in result.jobs().items()}
    assert results == {"a (1)": "failure", "a (2)": "cancelled"}
    assert result.outcome.conclusion == "failure"


def test_without_fail_fast_the_other_legs_go_on(bench: Bench) -> None:
    bench.engine.on("leg 1", Reply(1))
    result = bench.run(
        HEAD + job("a", "    strategy: {fail-fast: false, matrix: {v: [1, 2]}}\n", "leg ${{ matrix.v }}")
    )
    assert {k: v.result for k, v in result.jobs().items()} == {"a (1)": "failure", "a (2)": "success"}


def test_max_parallel_holds(bench: Bench) -> None:
    running, most = [], []

    def leg(call: Call) -> Reply:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return Reply()

    bench.engine.on("leg", leg)
    bench.run(
        HEAD
        + job("a", "    strategy: {max-parallel: 2, matrix: {v: [1, 2, 3, 4, 5]}}\n", "leg ${{ matrix.v }}")
    )
    assert len(most) == 5
    assert max(most) <= 2


def test_a_matrix_from_another_jobs_output(bench: Bench) -> None:
    bench.writes("make", "GITHUB_OUTPUT", 'm=["p","q"]\n')
    result = bench.run(
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    outputs: {m: '${{ steps.s.outputs.m }}'}\n"
        + "    steps:\n      - {id: s, run: make}\n"
        + job(
            "b",
            "    needs: a\n    strategy: {matrix: {v: '${{ fromJSON(needs.a.outputs.m) }}'}}\n",
            "leg ${{ matrix.v }}",
        )
    )
    assert sorted(result.scripts()[1:]) == ["leg p", "leg q"]


def test_cancelling_stops_the_step_and_runs_what_says_always(bench: Bench) -> None:
    bench.engine.on("long", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs("long")
        bench.cancel.cancel("by a test")

    result = bench.run(
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: long\n      - run: never\n"
        + "      - {if: always(), run: clean up}\n      - {if: cancelled(), run: cancelled}\n"
        + job("b", "    needs: a\n"),
        during=stop,
    )
    assert result.scripts() == ["long", "clean up", "cancelled"]
    assert result.steps()["1"].conclusion == "cancelled"
    assert result.jobs()["a"].result == "cancelled"
    assert result.jobs()["b"].result == "cancelled"
    assert result.outcome.conclusion == "cancelled"


def test_stopping_now_runs_nothing_more(bench: Bench) -> None:
    bench.engine.on("long", Reply(hang=True))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.force("by a test")

    result = bench.run(
        HEAD
        + "  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: long\n      - {if: always(), run: clean up}\n",
        during=stop,
    )
    assert result.scripts() == ["long"]
    assert all(s.closed for s in bench.engine.sandboxes)


def test_a_container_that_cannot_start_fails_the_job_and_runs_no_step(bench: Bench) -> None:
    bench.engine.images.absent.add("some/image")
    result = bench.run(
        HEAD + job("a", "    container: some/image\n") + job("b", "    needs: a\n    if: always()\n")
    )
    assert result.jobs()["a"].result == "failure"
    assert result.step("Initialize containers").outcome == "failure"
    assert "some/image" in result.log("init", "a")
    assert result.steps("a")["1"].outcome == "skipped"
    assert result.jobs()["b"].result == "success"


def test_networks_and_containers_go_when_the_job_has_succeeded(bench: Bench) -> None:
    bench.run(HEAD + job("a", "    container: some/image\n    services: {db: {image: postgres}}\n"))
    assert bench.engine.networks == []
    assert all(s.closed for s in bench.engine.sandboxes)


def test_a_failed_jobs_container_is_kept(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(HEAD + job("a", "    container: some/image\n", "bad"))
    assert len(result.outcome.kept) == 1
    assert not bench.engine.sandboxes[0].closed


def test_services_are_in_the_job_context(bench: Bench) -> None:
    result = bench.run(
        HEAD
        + job(
            "a",
            '    container: some/image\n    services: {db: {image: postgres, ports: ["5432"]}, none: {image: "${{ github.none }}"}}\n',
            "echo ${{ job.services.db.ports['5432'] }} ${{ job.container.network }}",
        )
    )
    port, network = result.scripts()[0].removeprefix("echo ").split()
    assert port.isdigit()
    assert network
    assert "The service 'none' will not be started" in result.log("0")


def test_a_lack_of_this_machine_is_told_from_a_failure(bench: Bench) -> None:
    bench.engine.images.absent.add("some/image")
    lacking = HEAD + job("a", "    container: some/image\n")
    assert bench.run(lacking).outcome.unable
    bench.engine.on("bad", Reply(1))
    mixed = bench.run(lacking + job("b", run="bad"))
    assert not mixed.outcome.unable
    assert len(mixed.outcome.kept) == 1
