"""Which node the runner takes for an action, and whether it starts in the job's container."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conforming import RUNNER, Conform
from fault_tools import Place, Started
from main_tools import Outcome, Server, node_action, own_cache

pytestmark = pytest.mark.docker

OUT = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"
MAGLEV = "ACTIONS_RUNNER_DISABLE_NODE_MAGLEV"
INTO = "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24"
WORKFLOW = f"""
on: push
jobs:
  centos:
    runs-on: ubuntu-latest
    container: actlite-standin/centos7:1
    steps:
      - {{name: default, uses: some/twenty@v1, continue-on-error: true}}
      - {{name: opted out, uses: some/twenty@v1, continue-on-error: true, env: {{{OUT}: true}}}}
      - {{name: script, run: echo still-fine}}
  bionic:
    runs-on: ubuntu-latest
    container: actlite-standin/ubuntu1804:1
    steps: [{{name: default, uses: some/twenty@v1, continue-on-error: true}}]
  alma:
    runs-on: ubuntu-latest
    container: actlite-standin/manylinux_2_28:1
    steps: [{{name: default, uses: some/twenty@v1}}]
  runner:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - {{name: twelve, uses: some/twelve@v1}}
      - {{name: sixteen, uses: some/sixteen@v1}}
      - {{name: twenty, uses: some/twenty@v1}}
      - {{name: opted out, uses: some/twenty@v1, env: {{{OUT}: 'TRUE', {MAGLEV}: true}}}}
      - {{name: not opted out, uses: some/twenty@v1, env: {{{OUT}: 'yes'}}}}
      - {{name: by a file, run: 'echo {OUT}=1 >> $GITHUB_ENV'}}
      - {{name: of the env, uses: some/twenty@v1}}
      - {{name: both, uses: some/twenty@v1, env: {{{INTO}: true}}}}
      - {{name: twenty-four, uses: some/four@v1}}
      - name: change
        run: |
          test "$(id -u)" = 0
          rm /etc/os-release; printf 'ID=other\\nID_LIKE="x Alpine"\\n' >/etc/os-release
      - {{name: now alpine, uses: some/four@v1, continue-on-error: true}}
"""


@pytest.fixture(scope="module")
def ran(conform: Conform, standin: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    for image in ("centos7", "ubuntu1804", "manylinux_2_28"):
        standin(image)
    server = Server(tmp_path_factory.mktemp("of-nodes") / "server")
    for name, using in (
        ("twelve", "node12"),
        ("sixteen", "Node16"),
        ("twenty", "node20"),
        ("four", "node24"),
    ):
        script = "console.log('argv=' + process.execArgv); console.log(process.execPath)"
        server.publish(f"some/{name}", node_action(script, using=using))
    env = server.env | own_cache(tmp_path_factory.mktemp("cache"))
    return conform(WORKFLOW, "--as-of", "2026-08-20", env=env)


REQUIRED = f"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps: [{{name: opted out, uses: some/one@v1, env: {{{OUT}: true}}}}]
"""


@pytest.mark.rule("nodes/required")
def test_the_way_back_is_closed(conform: Conform, tmp_path: Path) -> None:
    folder = tmp_path / "action"
    folder.mkdir()
    for name, text in node_action("console.log(process.execPath)", using="node20").items():
        (folder / name).write_text(text)
    found = conform(REQUIRED, "--as-of", "2026-10-01", "--action", f"some/one@v1={folder}")
    assert found.lines("opted out")[-1] == "/__e/node24/bin/node"


@pytest.mark.rule("nodes/old-libc")
def test_glibc_217(ran: Outcome) -> None:
    step = ran.step("default", "centos")
    assert (step["outcome"], step["exit_code"]) == ("failure", 1)
    said = ran.lines("default", "centos")
    refusals = [line for line in said if line.startswith("/__e/node24/bin/node: ")]
    assert len(refusals) >= 5
    assert any("GLIBC_2.28' not found (required by /__e/node24/bin/node)" in line for line in refusals)
    assert any("CXXABI_1.3.11' not found" in line for line in refusals)
    assert not [line for line in said if "Process completed" in line]
    assert ran.lines("script", "centos") == ["still-fine"]


@pytest.mark.rule("nodes/opt-out")
def test_the_way_back_to_node20(ran: Outcome) -> None:
    assert ran.step("opted out", "centos")["outcome"] == "failure"
    assert any(line.startswith("/__e/node20/bin/node: ") for line in ran.lines("opted out", "centos"))
    assert node(ran, "opted out") == "/__e/node20/bin/node"
    assert node(ran, "of the env") == "/__e/node20/bin/node"
    assert node(ran, "not opted out") == "/__e/node24/bin/node"


@pytest.mark.rule("actions/no-maglev")
def test_node20_is_not_asked_for_maglev(ran: Outcome) -> None:
    assert ran.lines("opted out", "runner")[-2:] == ["argv=", "/__e/node20/bin/node"]


@pytest.mark.rule("nodes/from-2-28")
def test_glibc_227_and_228(ran: Outcome) -> None:
    said = [line for line in ran.lines("default", "bionic") if "not found" in line]
    assert said
    assert all("GLIBC_2.28' not found" in line for line in said)
    assert node(ran, "default", "alma") == "/__e/node24/bin/node"


@pytest.mark.rule("nodes/mapped")
def test_older_nodes_are_mapped(ran: Outcome) -> None:
    for step in ("twelve", "sixteen", "twenty", "twenty-four"):
        assert node(ran, step) == "/__e/node24/bin/node"
        assert ran.step(step, "runner")["annotations"] == []


@pytest.mark.rule("nodes/both")
def test_both_variables(ran: Outcome) -> None:
    assert node(ran, "both") == "/__e/node24/bin/node"
    (warning,) = ran.step("both", "runner")["annotations"]
    assert warning["level"] == "warning"
    assert warning["message"] == (
        f"Both {INTO} and {OUT} environment variables are set to true in the workflow environment. "
        "This is likely a configuration error. Using the default Node version: node24."
    )


@pytest.mark.rule("nodes/alpine-by-any-line")
def test_the_question_for_alpine(ran: Outcome) -> None:
    asked = 'sh -c "cat /etc/*release | grep ^ID"'
    for step in ("twelve", "twenty-four", "now alpine"):
        (line,) = [line for line in ran.log(step, "runner").splitlines() if asked in line]
        assert line.startswith("##[command]/usr/bin/docker exec  ")
    assert "/__e/node24_alpine/bin/node" in ran.log("now alpine", "runner")
    assert ran.step("now alpine", "runner")["outcome"] == "failure", "that node is made for musl"


@pytest.mark.rule("nodes/alpine-arm64")
def test_alpine_on_arm64_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.workflow(
        """
        on: push
        jobs:
          job:
            runs-on: ubuntu-24.04-arm
            container: alpine:3.20
            steps: [{uses: actions/checkout@v4}]
        """
    )
    words = "JavaScript Actions in Alpine containers are only supported on x64 Linux runners. Detected Linux Arm64"
    for verb, said in (("plan", "1 of 1 actions can't start in alpine:3.20"), ("check", words)):
        ended = Started([sys.executable, "-m", "actlite", verb], place.path, place.env).end()
        assert said in " ".join(ended.text.split())


def node(found: Outcome, step: str, job: str = "runner") -> str:
    """The path of the node that an action ran on."""
    return found.lines(step, job)[-1]
