"""Found in review: what a run knows of itself, limits for those who wait for a group, groups that can't be had."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from core_harness import Bench

from actlite.engines.fake import Call, Reply
from actlite.execution.concurrency import Queues
from actlite.execution.scheduler import Scheduler
from actlite.journal.groups import Groups

HEAD = "on: push\njobs:\n"


def test_names_that_only_the_run_knows(bench: Bench) -> None:
    bench.writes("make", "GITHUB_OUTPUT", "v=made\n")
    result = bench.run(
        HEAD
        + "  a: {runs-on: x, outputs: {v: '${{ steps.s.outputs.v }}'}, steps: [{id: s, run: make}]}\n"
        + "  b: {needs: a, name: 'b ${{ needs.a.outputs.v }}', runs-on: x, steps: [{run: date}]}\n"
        + "  c: {name: 'c ${{ matrix.v }} ${{ github.run_number }}', strategy: {matrix: {v: [7]}}, runs-on: x,"
        + " steps: [{run: date}]}\n"
        + "  d: {strategy: {matrix: {v: ['${{ github.run_id }}']}}, runs-on: x, steps: [{run: date}]}\n"
    )
    names = {key: job.name for key, job in result.jobs().items()}
    assert names == {"a": "a", "b": "b made", "c (7)": "c 7 1", "d (1)": "d (1)"}


def test_fail_fast_in_githubs_words(bench: Bench) -> None:
    bench.engine.on("leg 1", Reply(1))
    bench.engine.on("leg b", Reply(hang=True))
    strategy = "strategy: {matrix: {v: [1.x, b], w: [ä]}}"
    result = bench.run(
        HEAD + f"  a: {{runs-on: x, {strategy}, steps: [{{run: 'leg ${{{{ matrix.v }}}}'}}]}}\n"
    )
    words = 'The strategy configuration was canceled because "a._1_x__" failed'
    assert result.jobs()["a (b, ä)"].reason == words
    assert ("error", words) in result.annotations()


def test_legs_that_get_their_groups_at_once_keep_to_the_limit(bench: Bench, tmp_path: Path) -> None:
    groups = Groups(tmp_path / "groups")
    others = [groups.enter(f"g{n}", "another") for n in (1, 2, 3, 4)]
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def leg(call: Call) -> Reply:
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.05)
        with lock:
            running.pop()
        return Reply()

    def leave(scheduler: Scheduler) -> None:
        job = scheduler.top.jobs["a"]
        while len(job.pending) < len(others):
            time.sleep(0.002)
        for turn in others:
            assert turn is not None
            turn.release()

    bench.engine.on("leg", leg)
    bench.settings["max_jobs"] = 2
    bench.queues = Queues(lambda: groups, "run 1")
    result = bench.run(
        HEAD
        + "  a: {runs-on: x, concurrency: 'g${{ matrix.v }}', strategy: {matrix: {v: [1, 2, 3, 4]}},"
        + " steps: [{run: leg}]}\n",
        during=leave,
    )
    assert result.outcome.conclusion == "success"
    assert (len(most), max(most)) == (4, 2)
