"""Background steps where seconds count, or where a job is cancelled: on the fake engine."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from core_harness import Bench, Result

from actlite.engines.fake import Call, Reply
from actlite.events import StepStarted
from actlite.execution import background
from actlite.execution.scheduler import Scheduler

HEAD = "on: push\njobs:\n  job:\n    runs-on: x\n    steps:\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.engine.on("hang", Reply(hang=True))
    return made


def results(result: Result) -> dict[str, str]:
    return {event.name: event.conclusion for event in result.steps().values()}


def stubborn(bench: Bench, seconds: float) -> None:
    """A process that goes on for a while, whoever stops it."""

    def answer(call: Call) -> Reply:
        time.sleep(seconds)
        return Reply()

    bench.engine.on("stubborn", answer)


def test_what_does_not_end_in_time_counts_as_cancelled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "GRACE", 0.1)
    stubborn(bench, 0.6)
    bench.engine.on("meet", lambda call: bench.until_a_step_runs("stubborn"))
    result = bench.run(
        HEAD
        + """
      - {id: a, name: a, run: stubborn, background: true}
      - {run: meet}
      - {name: stop, cancel: a}
      - {name: seen, run: 'echo ${{ steps.a.outcome }} ${{ steps.a.conclusion }}'}
"""
    )
    assert "echo cancelled cancelled" in result.scripts()
    assert "  a: Canceled" in result.log()
    assert results(result)["a"] == "cancelled"
    assert result.jobs()["job"].result == "success"
    order = list(results(result))
    assert order.index("a") > order.index("seen")


def test_a_step_that_is_cancelled_while_it_waits_for_a_place(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "AT_ONCE", 1)
    result = bench.run(
        HEAD
        + """
      - {id: a, name: a, run: hang, background: true}
      - {id: b, name: b, run: echo never, background: true}
      - {name: stop b, cancel: b}
      - {name: stop a, cancel: a}
      - {name: seen, run: 'echo <${{ steps.b.outcome }}>'}
      - {name: rest, wait-all: }
"""
    )
    assert results(result) == {
        "Set up job": "success",
        "b": "cancelled",
        "stop b": "cancelled",
        "a": "cancelled",
        "stop a": "success",
        "seen": "success",
        "rest": "success",
        "Complete job": "success",
    }
    assert "##[error]A task was canceled." in result.log()
    assert next(event.line for event in result.steps().values() if event.name == "b") == 8
    assert "echo <>" in result.scripts()
    assert "echo never" not in result.scripts()
    assert "  b: Unknown" in result.log()
    assert result.jobs()["job"].result == "success"


def test_a_cancelled_job_stops_its_background_steps_whatever_their_condition(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "AT_ONCE", 2)

    def during(scheduler: Scheduler) -> None:
        bench.until_a_step_runs("hang in front")
        scheduler.cancel.cancel("asked")

    result = bench.run(
        HEAD
        + """
      - {id: a, name: a, run: hang one, background: true, if: always()}
      - {id: b, name: b, run: hang two, background: true}
      - {id: c, name: c, run: hang three, background: true}
      - {name: front, run: hang in front}
      - {id: d, name: d, run: hang four, background: true, if: always()}
      - {name: wait, wait: [a, b]}
      - {name: after, run: echo never}
      - {name: always, if: always(), run: echo always}
""",
        during=during,
    )
    found = results(result)
    assert [found[name] for name in ("a", "b", "c", "front", "d", "wait")] == ["cancelled"] * 6
    assert found["after"] == "skipped"
    assert "echo always" in result.scripts()
    assert not {"hang three", "hang four"} & set(result.scripts())
    assert result.jobs()["job"].result == "cancelled"


def test_a_forced_end_waits_for_nothing(bench: Bench) -> None:
    def during(scheduler: Scheduler) -> None:
        bench.until_a_step_runs("hang")
        scheduler.cancel.force("asked twice")

    result = bench.run(
        HEAD + "      - {id: a, run: hang, background: true}\n      - {name: wait, wait: a}\n", during=during
    )
    assert result.jobs()["job"].result == "cancelled"


def test_cancel_does_not_reach_into_a_composite_action(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "GRACE", 0.1)
    go = threading.Event()

    def answer(call: Call) -> Reply:
        go.wait(5)
        return Reply()

    def release(call: Call) -> None:
        go.set()
        bench.until_a_step_runs("more")

    bench.engine.on("inner", answer)
    bench.engine.on("release", release)
    bench.action(
        "own/mixed@v1",
        "name: m\nruns:\n  using: composite\n  steps:\n    - {name: in, shell: sh, run: inner}\n    - {name: next, shell: sh, run: more}\n",
    )
    result = bench.run(
        HEAD
        + """
      - {id: a, name: a, uses: own/mixed@v1, background: true}
      - {name: stop, cancel: a}
      - {name: release, run: release}
"""
    )
    found = results(result)
    assert (found["a"], found["stop"]) == ("cancelled", "success")
    assert (found["in"], result.jobs()["job"].result) == ("success", "success")


def test_a_job_ends_what_its_cancelled_steps_go_on_with(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "GRACE", 0.1)
    bench.action(
        "own/mixed@v1",
        "name: m\nruns:\n  using: composite\n  steps:\n    - {name: in, shell: sh, run: hang}\n",
    )
    result = bench.run(
        HEAD
        + "      - {id: a, name: a, uses: own/mixed@v1, background: true}\n      - {name: stop, cancel: a}\n"
    )
    assert results(result)["in"] == "cancelled"
    assert result.jobs()["job"].result == "success"


def test_waiting_twice_hands_over_twice(bench: Bench) -> None:
    bench.writes("first", "GITHUB_ENV", "A=1\n")
    bench.writes("second", "GITHUB_ENV", "A=2\n")
    result = bench.run(
        HEAD
        + """
      - {id: a, run: first, background: true}
      - wait: a
      - run: second
      - run: echo ${{ env.A }}
      - wait: a
      - run: echo ${{ env.A }}
"""
    )
    assert [s for s in result.scripts() if s.startswith("echo")] == ["echo 2", "echo 1"]


def test_steps_of_groups_have_keys_and_ids_of_their_own(bench: Bench) -> None:
    result = bench.run(
        HEAD
        + """
      - run: one
      - parallel:
          - {run: two}
          - {id: x, run: three}
      - parallel:
          - {id: x, run: four}
      - run: five
"""
    )
    assert set(result.steps()) == {"0", "1", "2-1", "2-2", "2", "3-1", "3", "4", "complete"}
    started = [event for event in result.events if isinstance(event, StepStarted)]
    assert [event.step for event in started if event.background] == ["2-1", "2-2", "3-1"]
    assert result.jobs()["job"].result == "success"


def test_a_step_that_waited_for_its_place_knows_the_job_as_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "AT_ONCE", 1)
    bench.engine.on("red", Reply(code=1))
    result = bench.run(
        HEAD
        + """
      - {id: a, run: hang, background: true}
      - {id: b, run: 'echo the job: ${{ job.status }}', background: true}
      - run: red
      - cancel: a
      - wait-all:
"""
    )
    assert "echo the job: failure" in result.scripts()
