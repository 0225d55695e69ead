"""Actions among steps that put links, endless trees and impossible names in their way: no other file of this machine
is read or written, and every step comes to an end."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place, steps_of
from main_tools import Outcome, Server, minutes_of, own_cache, run

from actlite.engines.base import LABEL_OWNER
from actlite.execution.layout import RUNNER_WORK

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
WIDTH = 12
WORKFLOW = """
    on: push
    jobs:
      job:
        runs-on: ubuntu-latest
        container: actlite-standin/runner:1
        defaults: {run: {working-directory: /}}
        steps:
          - {name: wide, uses: some/wide1@v1}
          - uses: actions/checkout@v4
          - run: |
              cd "$GITHUB_WORKSPACE"
              mkfifo fifo && mkdir two && ln -s . two/a && ln -s . two/b && echo x >two/file
              mkdir -p deep taken/file && cd deep && below=$(printf 'a/%.0s' $(seq 400))
              for i in 1 2 3; do mkdir -p $below && cd $below; done && echo x >file
          - {name: fifo, uses: actions/upload-artifact@v1, with: {name: fifo, path: fifo}, continue-on-error: true}
          - {name: endless, uses: actions/upload-artifact@v1, with: {name: x, path: two}, continue-on-error: true}
          - {name: deep, uses: actions/upload-artifact@v1, with: {name: x, path: deep}, continue-on-error: true}
          - {name: nul, uses: actions/upload-artifact@v1, with: {name: x, path: "a\\0b"}, continue-on-error: true}
          - {name: nul checkout, uses: actions/checkout@v4, with: {path: "a\\0b"}, continue-on-error: true}
          - {name: nul action, uses: "./a\\0b", continue-on-error: true}
          - {uses: actions/upload-artifact@v1, with: {name: file, path: two/file}}
          - {name: taken, uses: actions/download-artifact@v1, with: {name: file, path: taken}, continue-on-error: true}
          - run: ln -s OUT "$GITHUB_WORKSPACE/out"
          - {name: action, uses: ./out, continue-on-error: true}
          - run: rm -r /__w/_temp/_github_home && ln -s OUT /__w/_temp/_github_home
          - name: home
            uses: docker://actlite-standin/alpine:1
            with: {entrypoint: touch, args: /github/home/touched}
            continue-on-error: true
          - run: rm /__w/_temp/_github_home && rm -r "$GITHUB_WORKSPACE" && ln -s OUT "$GITHUB_WORKSPACE"
          - name: workspace
            uses: docker://actlite-standin/alpine:1
            with: {entrypoint: touch, args: /github/workspace/touched}
            continue-on-error: true
          - run: rm "$GITHUB_WORKSPACE" && mkdir "$GITHUB_WORKSPACE"
"""


def test_attacks(place: Place, tmp_path: Path, standin: object) -> None:
    assert callable(standin)
    standin("alpine")
    server = Server(tmp_path / "server")
    for number in range(1, 9):
        uses = f"    - {{uses: some/wide{number + 1}@v1, if: false}}\n" * WIDTH
        steps = uses if number < 8 else "    - {shell: sh, run: ':'}\n"
        server.publish(
            f"some/wide{number}", {"action.yml": f"name: w\nruns:\n  using: composite\n  steps:\n{steps}"}
        )
    out = tmp_path / "out"
    out.mkdir()
    (out / "action.yml").write_text(
        "name: of this machine\nruns: {using: composite, steps: [{shell: sh, run: echo read}]}\n"
    )
    place.workflow(WORKFLOW.replace("OUT", str(out)))
    ran = run(place, env=server.env | own_cache(tmp_path / "cache")).expect(0)
    links = "a symbolic link"
    for name, words in (
        ("fifo", "Not a directory"),
        ("endless", "Too many levels of symbolic links"),
        ("deep", "Folders are nested too deeply"),
        ("nul", "Null character in path. (Parameter 'path')"),
        ("nul checkout", "Null character in path."),
        ("nul action", "a null character has no place in it"),
        ("taken", f"Is a directory: '{RUNNER_WORK}/project/project/taken/file'"),
        ("action", links),
        ("home", links),
        ("workspace", links),
    ):
        assert ran.step(name)["outcome"] == "failure", name
        assert words in ran.step(name)["annotations"][0]["message"], name
    assert [path.name for path in out.iterdir()] == ["action.yml"]
    assert_short(ran)


def assert_short(ran: Outcome) -> None:
    """A tree of 12^8 steps, all skipped, is neither written down nor walked through."""
    assert ran.log("Set up job").count("Download action repository 'some/wide") == 8
    assert len(ran.log("wide")) < 100_000


def test_a_build_is_left_at_once_when_the_run_is_cancelled(place: Place, standin: object) -> None:
    assert callable(standin)
    standin("alpine")
    place.write("slow/action.yml", "name: slow\nruns: {using: docker, image: Dockerfile}\n")
    place.write("slow/Dockerfile", f"FROM {ALPINE}\nRUN echo be''gun && sleep 20\n")
    started = place.steps("- uses: actions/checkout@v4", "- uses: ./slow").start("-v")
    started.until_said("begun")
    started.signal(signal.SIGINT)
    ended = started.end(seconds=10).expect(130, "Cancelled while the image of ./slow was being built")
    assert ended.seconds < 15


def test_a_build_is_given_up_when_the_time_of_its_step_is_over(
    place: Place, standin: object, tmp_path: Path, docker_daemon: Any
) -> None:
    assert callable(standin)
    standin("alpine")
    place.write("slow/action.yml", "name: slow\nruns: {using: docker, image: Dockerfile}\n")
    word = f"says-{tmp_path.parent.name}-{tmp_path.name}"
    place.write(
        "slow/Dockerfile", f"FROM {ALPINE}\nRUN for i in $(seq 200); do echo {word}; sleep 0.1; done\n"
    )
    slow = "- {name: slow, uses: ./slow, timeout-minutes: 1, continue-on-error: true}"
    place.steps("- uses: actions/checkout@v4", slow, "- {name: later, run: sleep 2}")
    report = tmp_path / "report.json"
    started = place.start("-v", "--report", f"json={report}", env=minutes_of(3.0, tmp_path / "short"))
    started.until_said("has timed out after")
    building = docker_daemon.api.containers
    started.until(lambda: not [c for c in building() if word in c["Command"]], "the end of the build")
    started.end().expect(0, "The action 'slow' has timed out after 1 minutes.")
    found = steps_of(report)["slow"]
    assert (found["outcome"], found["conclusion"]) == ("failure", "success")
    assert found["duration"] < 15


def test_services_that_never_get_healthy_go_when_the_run_is_cancelled(
    place: Place, standin: object, docker_daemon: Any
) -> None:
    assert callable(standin)
    standin("alpine")
    health = "--health-cmd false --health-interval 1s --health-retries 1000"
    never = f"{{image: '{ALPINE}', entrypoint: sleep, command: '1000', options: '{health}'}}"
    started = place.steps("echo hi", job=f"services: {{never: {never}}}").start("-v")
    own = {"label": f"{LABEL_OWNER}={place.path / '.actlite' / 'runs' / '1'}"}
    started.until_said("never service is starting")
    assert docker_daemon.api.containers(all=True, filters=own)
    started.signal(signal.SIGINT)
    started.end(seconds=10).expect(130, "Cancelled while services were starting")
    assert docker_daemon.api.containers(all=True, filters=own) == []
