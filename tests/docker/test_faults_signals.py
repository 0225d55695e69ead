"""Stopping the program: ^C once and twice, TERM, kill -9 at any moment, a reader that goes away; and two
programs at the same time. Whatever happens, the next start leaves nothing of dead runs and everything of living ones."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place, Started, owned, says_without_listing, steps_of, until_clean

from actlite.journal.runs import RunFolder

pytestmark = pytest.mark.docker

WAITING = (
    'echo step-"one"; sleep 200',
    '- run: echo not-"this"',
    '- run: echo always-"done"\n  if: always()',
    '- run: echo cancelled-"seen"\n  if: cancelled()',
)
CONTAINER = "container: actlite-standin/runner:1"


@pytest.fixture
def started(place: Place) -> Iterator[Callable[..., Started]]:
    """Starts runs in the place; those that still run at the end of the test are killed."""
    all_of_them: list[Started] = []

    def start(*arguments: str, at: Place = place, **options: Any) -> Started:
        one = at.start(*arguments, **options)
        all_of_them.append(one)
        return one

    yield start
    for one in all_of_them:
        if one.process.poll() is None:
            one.kill()


@pytest.mark.rule("results/cancel-run")
@pytest.mark.parametrize("container", ["", CONTAINER], ids=["machine", "container"])
def test_interrupted_once(
    place: Place, started: Callable[..., Started], docker_daemon: Any, container: str
) -> None:
    """As GitHub cancels: the step is stopped, steps with always() and cancelled() run."""
    before = place.steps(*WAITING, job=container).files()
    run = started("-v")
    run.until_said("step-one")
    run.signal(signal.SIGINT)
    ended = run.end(25).expect(130, "Cancelling", "The operation was canceled", "cancelled")
    assert says_without_listing(ended.out, "always-done")
    assert says_without_listing(ended.out, "cancelled-seen")
    assert not says_without_listing(ended.out, "not-this")
    assert owned(docker_daemon, place.path) == {}
    assert place.files() == before
    assert place.state(1) == "finished"


def test_interrupted_while_an_always_step_runs(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    place.steps('- run: echo step-"one"; sleep 3; echo it-"ended"\n  if: always()', '- run: echo not-"this"')
    run = started("-v")
    run.until_said("step-one")
    run.signal(signal.SIGINT)
    ended = run.end(25).expect(130)
    assert says_without_listing(ended.out, "it-ended")
    assert not says_without_listing(ended.out, "not-this")
    assert owned(docker_daemon, place.path) == {}


def test_post_stages_run_after_an_interruption(
    place: Place, started: Callable[..., Started], docker_daemon: Any, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    place.steps("- uses: actions/checkout@v4", *WAITING)
    run = started("-v", "--report", f"json={report}")
    run.until_said("step-one")
    run.signal(signal.SIGINT)
    run.end(25).expect(130)
    assert steps_of(report)["Post Run actions/checkout@v4"]["outcome"] == "success"
    assert owned(docker_daemon, place.path) == {}


def test_interrupted_twice(place: Place, started: Callable[..., Started], docker_daemon: Any) -> None:
    """The second one stops at once, even what ignores INT and TERM."""
    place.steps("trap '' INT TERM; echo step-\"one\"; sleep 200 & wait; sleep 200", *WAITING[1:])
    run = started("-v")
    run.until_said("step-one")
    run.signal(signal.SIGINT)
    time.sleep(0.5)
    began = time.monotonic()
    run.signal(signal.SIGINT)
    ended = run.end(25).expect(130)
    assert time.monotonic() - began < 6
    assert not says_without_listing(ended.out, "always-done")
    assert owned(docker_daemon, place.path) == {}
    assert place.state(1) == "finished"


@pytest.mark.rule("results/cancel-signals")
def test_a_stubborn_step_is_killed_after_ten_seconds(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    """The runner's times: INT, 7.5 s later TERM, 2.5 s later KILL."""
    place.steps(
        "trap '' INT TERM; echo step-\"one\"; for i in $(seq 200); do sleep 1 || true; done", *WAITING[1:]
    )
    run = started("-v")
    run.until_said("step-one")
    began = time.monotonic()
    run.signal(signal.SIGINT)
    ended = run.end(40).expect(130)
    assert 8 < time.monotonic() - began < 20
    assert says_without_listing(ended.out, "always-done")
    assert owned(docker_daemon, place.path) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_terminate(
    place: Place, started: Callable[..., Started], docker_daemon: Any, number: signal.Signals
) -> None:
    """Whoever sends TERM will not wait for ever: stop now, and leave nothing."""
    place.steps(*WAITING)
    run = started("-v")
    run.until_said("step-one")
    began = time.monotonic()
    run.signal(number)
    ended = run.end(25).expect(130)
    assert time.monotonic() - began < 6
    assert not says_without_listing(ended.out, "always-done")
    assert owned(docker_daemon, place.path) == {}


def test_interrupted_while_the_image_is_being_looked_for(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    """At any moment of the start: never a traceback, never something left."""
    place.steps('echo step-"one"; sleep 200', job=CONTAINER)
    for delay in (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.7):
        run = started("-v")
        time.sleep(delay)
        run.signal(signal.SIGINT)
        ended = run.end(25)
        early = (
            ended.code == -signal.SIGINT or "runpy module" in ended.err or "Fatal Python error" in ended.err
        )
        if not early:  # (Python itself had not begun)
            ended.expect(130)
        assert owned(docker_daemon, place.path) == {}


@pytest.fixture
def silent_registry() -> Iterator[str]:
    """A registry that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM]], ids=str
)
@pytest.mark.parametrize("container", [True, False], ids=["container", "machine"])
def test_interrupted_while_an_image_is_pulled(
    place: Place,
    started: Callable[..., Started],
    docker_daemon: Any,
    silent_registry: str,
    signals: list[signal.Signals],
    container: bool,
) -> None:
    image = f"{silent_registry}/slow:1"
    place.steps("true", job=f"container: {image}" if container else "")
    run = started("-v", image=image)
    run.until_said("Prepare all required actions")
    time.sleep(1)
    began = time.monotonic()
    for number in signals:
        run.signal(number)
        time.sleep(0.3)
    run.end(25).expect(130)
    assert time.monotonic() - began < 6
    assert owned(docker_daemon, place.path) == {}


def test_the_rest_of_a_matrix_and_of_the_jobs_is_not_started(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    place.workflow(
        """
        on: push
        jobs:
          many:
            runs-on: ubuntu-latest
            strategy: {max-parallel: 2, matrix: {n: [1, 2, 3, 4]}}
            steps:
              - run: echo leg-"runs"; sleep 200
          later:
            needs: many
            runs-on: ubuntu-latest
            steps: [run: echo later-"ran"]
          at-last:
            needs: many
            if: always()
            runs-on: ubuntu-latest
            steps: [run: echo last-"ran"]
        """
    )
    run = started("-v")
    run.until(lambda: run.said().count("leg-runs") == 2, "two legs")
    run.signal(signal.SIGINT)
    ended = run.end(40).expect(130)
    assert ended.out.count("leg-runs") == 2
    assert "later-ran" not in ended.out
    assert owned(docker_daemon, place.path) == {}


# --- kill -9 ---
# Whatever starts next on this machine cleans up, so that may be a test beside this one.


def only_container(client: Any, place: Place) -> str:
    found = owned(client, place.path).get("container", [])
    return found[0] if found else ""


def ended_as(run: Path) -> str:
    """The conclusion in a run's journal; empty where it has none."""
    events = run / "events.jsonl"
    lines = events.read_text().splitlines() if events.exists() else []
    last = json.loads(lines[-1]) if lines else {}
    return str(last["conclusion"]) if last.get("kind") == "run-finished" else ""


def only_the_repository_knows(client: Any, place: Place) -> bool:
    """Whether run 1 was killed and nobody but the repository's own next start can find it: it has no containers,
    and no test beside this one is cleaning it up, or has."""
    if not place.runs() or owned(client, place.path):
        return False
    return not RunFolder("1", place.runs()[0]).alive() and place.state(1) == "live"


MOMENTS: dict[str, Callable[[Place, Any, Started], Any]] = {
    "before the folder": lambda place, client, run: True,
    "the folder is made": lambda place, client, run: bool(place.runs()),
    "the container is there": lambda place, client, run: only_container(client, place),
    "in a step": lambda place, client, run: "step-one" in run.said(),
    "in the output": lambda place, client, run: "flood" in run.said(),
    "at the end of the job": lambda place, client, run: (
        "Complete job" in run.said().split("step-two")[-1] and "step-two" in run.said()
    ),
    "while removing": lambda place, client, run: "its log again" in run.said(),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("container", ["", CONTAINER + "\nservices: {}"], ids=["machine", "container"])
@pytest.mark.rule("containers/stale")
def test_killed(
    place: Place, started: Callable[..., Started], docker_daemon: Any, moment: str, container: str
) -> None:
    """kill -9 at a moment; the next start removes what was left, the journal reads as cancelled."""
    before = place.steps(
        'echo step-"one"; yes flo"od" | head -n 200000; sleep 0.3', 'echo step-"two"', job=container
    ).files()
    run = started("-v")
    run.until(lambda: MOMENTS[moment](place, docker_daemon, run), moment)
    run.kill()
    time.sleep(0.3)  # a container that was just being made is there now
    mine = only_the_repository_knows(docker_daemon, place)
    ended = place.steps("true").run().expect(0)
    if mine:
        assert "Cleaned up after run 1, which was killed" in ended.err
    runs = place.runs()
    assert until_clean(docker_daemon, place.path) == {}
    deadline = time.monotonic() + 15
    while place.state(1) != "finished" and time.monotonic() < deadline:
        time.sleep(0.05)  # a test beside this one cleans up run 1
    for number in range(1, len(runs) + 1):
        assert place.state(number) == "finished", moment
        assert not (runs[number - 1] / "work").exists()
        assert not (runs[number - 1] / "control").exists()
    if len(runs) == 2:
        conclusion = ended_as(runs[0])
        over = moment in ("at the end of the job", "while removing")
        assert conclusion in ({"cancelled", "success"} if over else {"cancelled", ""})
    for path, content in place.files().items():
        if path in before and not path.startswith((".git/", ".github/")) and path != ".git":
            assert content == before[path]
    shown = subprocess.run(
        [*place.argv()[:3], "show", "1"],
        cwd=place.path,
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in shown.stdout + shown.stderr


@pytest.mark.rule("containers/stale")
def test_the_start_after_a_kill_leaves_living_and_kept_runs_alone(
    tmp_path: Path, place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    other = Place(tmp_path / "other").steps('echo step-"one"; sleep 200')
    place.steps("false")
    place.run("--keep", "failed").expect(1, "kept")
    assert place.state(1) == "kept"
    kept = set(owned(docker_daemon, place.path)["container"])
    place.steps('echo step-"one"; sleep 200')
    living = started("-v")
    living.until_said("step-one")
    mine = set(owned(docker_daemon, place.path)["container"])
    assert len(mine) == 2
    elsewhere = started("-v", at=other)
    elsewhere.until_said("step-one")
    theirs = set(owned(docker_daemon, other.path)["container"])
    for starter in (place, Place(tmp_path / "third")):  # in the same repository, and in another
        dead = started("-v", at=place.steps('echo step-"one"; sleep 200'))
        dead.until_said("step-one")
        assert len(owned(docker_daemon, place.path)["container"]) == 3
        dead.kill()
        starter.steps("true").run().expect(0)
        assert set(owned(docker_daemon, place.path)["container"]) == mine
        assert set(owned(docker_daemon, other.path)["container"]) == theirs
    assert place.state(1) == "kept"
    for run in (living, elsewhere):
        assert run.process.poll() is None
        run.signal(signal.SIGTERM)
        run.end(25).expect(130)
    assert set(owned(docker_daemon, place.path)["container"]) == kept
    subprocess.run([*place.argv()[:3], "clean", "1"], cwd=place.path, env=place.env, check=True)
    assert owned(docker_daemon, tmp_path) == {}


def test_processes_on_this_machine_after_a_kill(place: Place, started: Callable[..., Started]) -> None:
    """They go on. The next start ends them, or ``clean``; those of a run that lives stay."""
    place.steps("sleep 97 & echo pid-$!; sleep 98")

    def left_by(run: Started) -> int:
        return int(run.until(lambda: re.search(r"pid-(\d+)", run.said()), "the step")[1])

    runs, pids = [], []
    for _ in range(3):
        runs.append(started("-v", "--engine", "host"))
        pids.append(left_by(runs[-1]))
    for run in runs[1:]:
        run.kill()
    assert [sleeps(pid) for pid in pids] == [True, True, True]
    cleaned = subprocess.run(
        [*place.argv()[:3], "clean", "last"],
        cwd=place.path,
        env=place.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"Ended \d processes that run 3 had left on this machine", cleaned.stdout)
    assert [sleeps(pid) for pid in pids] == [True, True, False]
    said = place.steps("true").run("--engine", "host").expect(0).err
    assert re.search(r"run 2, which was killed: ended \d processes on this machine", said)
    assert [sleeps(pid) for pid in pids] == [True, False, False]
    runs[0].signal(signal.SIGTERM)
    runs[0].end(25).expect(130)
    assert not sleeps(pids[0])
    assert not list(place.runs()[0].glob("processes"))


def sleeps(pid: int) -> bool:
    """Whether a process of a step goes on."""
    try:
        return b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def test_killed_in_a_matrix_with_services_and_networks(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    place.workflow(
        """
        on: push
        jobs:
          job:
            runs-on: ubuntu-latest
            container: actlite-standin/runner:1
            strategy: {matrix: {n: [1, 2]}}
            services:
              helper:
                image: actlite-standin/runner:1
                options: --entrypoint sleep
                volumes: ["/data"]
            steps:
              - run: echo leg-"runs"; echo '${{ job.container.network }}'; sleep 200
        """
    )
    run = started("-v")
    run.until(lambda: "leg-runs" in run.said(), "a leg")
    assert {"container", "network"} <= set(owned(docker_daemon, place.path))
    run.kill()
    place.steps("true").run().expect(0)
    assert until_clean(docker_daemon, place.path) == {}


# --- several at once, and readers that go ---


def test_two_runs_at_once_in_one_repository(
    place: Place, started: Callable[..., Started], docker_daemon: Any
) -> None:
    place.steps(
        "- uses: actions/checkout@v4",
        'echo run-is-"$GITHUB_RUN_ID"; echo "$GITHUB_RUN_ID" > mine; sleep 2; test "$(cat mine)" = "$GITHUB_RUN_ID"',
    )
    both = [started("-v") for _ in range(4)]
    ended = [run.end().expect(0) for run in both]
    numbers = {line for e in ended for line in e.out.splitlines() if line.startswith("run-is-")}
    assert len(numbers) == 4
    assert [place.state(n) for n in (1, 2, 3, 4)] == ["finished"] * 4
    assert not [
        e.err for e in ended if re.search(r"Cleaned up after run \d+,", e.err)
    ]  # not of another place
    assert owned(docker_daemon, place.path) == {}


@pytest.mark.parametrize("verbose", [True, False])
def test_the_reader_of_stdout_goes_away(place: Place, docker_daemon: Any, verbose: bool) -> None:
    """``| head -1``: the run goes on to its end, quietly; its journal is whole."""
    place.steps("seq 20000; sleep 0.5; seq 20000", 'echo last-"step"')
    read, write = os.pipe()
    run = place.start(*(["-v"] if verbose else []), stdout=write)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    ended = run.end()
    ended.expect(ended.code)
    assert ended.code in (0, 141)
    assert place.state(1) == "finished"
    events = [json.loads(line) for line in (place.runs()[0] / "events.jsonl").read_text().splitlines()]
    assert events[-1]["kind"] == "run-finished"
    assert events[-1]["conclusion"] == "success"
    assert owned(docker_daemon, place.path) == {}


def test_the_reader_of_stdout_is_slow(place: Place, docker_daemon: Any) -> None:
    """A full pipe blocks the run, which can still be stopped."""
    place.steps("yes 0123456789 | head -c 5000000")
    read, write = os.pipe()
    run = place.start("-v", stdout=write)
    os.close(write)
    time.sleep(2)
    assert run.process.poll() is None
    run.signal(signal.SIGTERM)
    time.sleep(0.5)
    with os.fdopen(read, "rb") as stream:
        stream.read()
    run.end(25).expect(130)
    assert owned(docker_daemon, place.path) == {}


def test_without_stdout_and_stderr(place: Place, docker_daemon: Any) -> None:
    place.steps("echo hello")
    command = " ".join(f"'{word}'" for word in place.argv("-v"))
    ended = subprocess.run(
        ["sh", "-c", f"exec {command} >&- 2>&- <&-"], cwd=place.path, env=place.env, timeout=60, check=False
    )
    assert ended.returncode in (0, 141)
    assert place.state(1) == "finished"
    assert owned(docker_daemon, place.path) == {}
