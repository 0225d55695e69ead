"""Jobs without a container: on this machine, with the host engine, and in the image that stands in for GitHub's."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conforming import RUNNER, Conform
from fault_tools import WORKFLOW, Ended, Place, Started
from main_tools import Outcome

from actlite.checking.runners import runs_here

pytestmark = pytest.mark.docker

ON_HOST = """
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - name: look
        run: |
          for name in HOME TMPDIR RUNNER_TEMP RUNNER_TRACKING_ID RUNNER_ARCH; do eval "echo $name=\\$$name"; done
          echo "workspace=$PWD"; echo "files=$(ls -A . "$HOME" "$TMPDIR" | tr '\\n' ' ')"
          echo "mktemp=$(mktemp)"; echo "secret=${SECRET_OF_THE_USER-unset}"; echo "path=$PATH"
          echo > ~/made; echo > "$RUNNER_TEMP/made"
      - uses: actions/checkout@v4
      - name: files
        run: ls -A; cat ~/made
      - name: streams
        run: printf half >&2; echo '::warning::of a line'; echo '::warning::whole'
      - name: leave
        run: |
          sleep 97 & echo "own=$!"
          RUNNER_TRACKING_ID=0 sleep 98 & echo "renamed=$!"
          env -i sleep 99 & echo "bare=$!"
"""
IN_IMAGES = f"""
on: push
jobs:
  machine:
    runs-on: ubuntu-latest
    steps:
      - name: leave
        run: |
          echo "id=$RUNNER_TRACKING_ID"
          sleep 97 & echo "own=$!"
          ln -s "$(command -v sleep)" a-name-longer-than-fifteen; ./a-name-longer-than-fifteen 96 & echo "long=$!"
          env -u RUNNER_TRACKING_ID sleep 98 &
      - name: again
        run: echo "id=$RUNNER_TRACKING_ID"; echo "lang=$LANG"
  container:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - name: look
        run: echo "id=${{RUNNER_TRACKING_ID-unset}}"; sleep 97 &
  here:
    runs-on: my-machine
    steps: [{{name: look, run: 'echo "work=$RUNNER_WORKSPACE"'}}]
"""


@pytest.fixture(scope="module")
def on_host(conform: Conform) -> Iterator[Outcome]:
    found = conform(ON_HOST, "--engine", "host", env={"SECRET_OF_THE_USER": "s3cret"})
    yield found
    for name in ("renamed", "bare"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(found.values("leave")[name]), signal.SIGKILL)


@pytest.fixture(scope="module")
def in_images(conform: Conform) -> Outcome:
    return conform(IN_IMAGES, "-P", "my-machine=host")


@pytest.mark.rule("host/machine")
def test_where(on_host: Outcome, in_images: Outcome) -> None:
    assert on_host.job["where"] == "host"
    assert [job["where"] for job in in_images.jobs.values()] == [RUNNER, RUNNER, "host"]
    assert in_images.values("look", "here")["work"].endswith("/.actlite/runs/1/work/here/project")


@pytest.mark.rule("host/workspace", "host/temp", "host/home")
def test_private_folders(on_host: Outcome) -> None:
    values = on_host.values("look")
    work = Path(values["RUNNER_TEMP"]).parent
    assert work.parts[-5:-2] == (".actlite", "runs", "1")
    assert values["workspace"] == str(work / "project" / "project")
    assert (values["HOME"], values["TMPDIR"]) == (str(work / "_home"), str(work / "_tmp"))
    assert Path(values["mktemp"]).parent == work / "_tmp"
    names = {".:", f"{work}/_home:", f"{work}/_tmp:"}
    assert set(values["files"].split()) == names, "workspace, HOME and TMPDIR are not empty"
    assert {"README.md", ".github", ".git"} <= set(on_host.lines("files"))
    assert not work.exists()


@pytest.mark.rule("host/environment")
def test_the_users_environment_stays_outside(on_host: Outcome) -> None:
    assert on_host.values("look")["secret"] == "unset"
    assert on_host.values("look")["path"] == os.environ["PATH"]


@pytest.mark.rule("host/tracking")
def test_tracking_id(on_host: Outcome, in_images: Outcome) -> None:
    form = re.compile(r"github_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert form.fullmatch(on_host.values("look")["RUNNER_TRACKING_ID"])
    ids = {in_images.values(step, "machine")["id"] for step in ("leave", "again")}
    assert len(ids) == 1
    assert form.fullmatch(ids.pop())
    assert in_images.values("look", "container")["id"] == "unset"


@pytest.mark.rule("host/orphans")
def test_orphans_are_ended(on_host: Outcome, in_images: Outcome) -> None:
    own = int(on_host.values("leave")["own"])
    assert ended(on_host) == [f"Terminate orphan process: pid ({own}) (sleep)"]
    assert not alive(own)
    values = in_images.values("leave", "machine")
    assert ended(in_images, "machine") == [
        f"Terminate orphan process: pid ({values['own']}) (sleep)",
        f"Terminate orphan process: pid ({values['long']}) (a-name-longer-than-fifteen)",
    ]
    assert ended(in_images, "container") == []


@pytest.mark.rule("host/orphans-without-the-id")
def test_processes_without_the_id_go_on(on_host: Outcome) -> None:
    values = on_host.values("leave")
    assert alive(int(values["renamed"]))
    assert alive(int(values["bare"]))


def ended(found: Outcome, job: str = "") -> list[str]:
    """What the end of a job says of processes."""
    lines = found.log("Complete job", job).splitlines()
    after = lines[lines.index("Cleaning up orphan processes") + 1 :]
    return [line for line in after if line.startswith("Terminate")]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has just been killed is given a moment."""
    status = Path(f"/proc/{pid}/stat")
    for _ in range(50):
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.01)
    return True


ARM = f"""
on: push
jobs:
  arm:
    runs-on: ubuntu-24.04-arm
    steps: [{{name: look, run: 'echo "arch=$RUNNER_ARCH ${{{{ runner.arch }}}}"; uname -m'}}]
  inside:
    runs-on: ubuntu-24.04-arm
    container: {RUNNER}
    steps: [{{run: echo}}]
"""


@pytest.mark.rule("host/arm64")
def test_arm64_is_told_before(conform: Conform, tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.workflow(ARM)
    words = "ubuntu-24.04-arm is an arm64 machine, this one is x64 and has no emulator for arm64"
    plan = Started([sys.executable, "-m", "actlite", "plan"], place.path, place.env).end()
    told = not runs_here("arm64")
    assert said(plan, f"arm and inside can't run here: {words}") is told
    refused = conform(ARM, "--pull", "never", expect=4)
    assert said(refused.ended, "nothing was started") is told
    given = conform(ARM, "-P", f"ubuntu-24.04-arm={RUNNER}", "-j", "arm")
    assert given.lines("look") == ["arch=X64 X64", "x86_64"]
    assert WORKFLOW in given.ended.text


def said(ended: Ended, words: str) -> bool:
    """Whether the program has said something, however it was broken into lines."""
    return words in " ".join(ended.text.split())


@pytest.mark.rule("host/one-stream")
def test_both_streams_are_one(on_host: Outcome) -> None:
    assert "half::warning::of a line" in on_host.lines("streams")
    assert [each["message"] for each in on_host.step("streams")["annotations"]] == ["whole"]


@pytest.mark.rule("host/language")
def test_the_language(in_images: Outcome) -> None:
    assert in_images.values("again", "machine")["lang"] == "C.UTF-8"
