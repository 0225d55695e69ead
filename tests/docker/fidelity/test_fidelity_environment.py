"""The variables of a step's process, and what expressions see of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conforming import Conform
from main_tools import Outcome, Server, node_action, own_cache

from actlite.execution.layout import RUNNER_WORK

COMPOSITE = """
name: Composite
inputs: {who: {default: me}}
runs:
  using: composite
  steps:
    - name: inner
      shell: sh
      run: env | grep INPUT_ || echo "none=yes"
"""
WORKFLOW = r"""
on: push
env: {WORKFLOW: w}
jobs:
  job:
    runs-on: ubuntu-latest
    container:
      image: actlite-standin/runner:1
      env: {OF_CONTAINER: c}
    env:
      FOO: 1
      One: upper
      INSIDE: @WORK/project/project/a
      WHOLE: @WORK
      WITHIN: "p=@WORK"
      PATH_LIST: /usr:@WORK
      NUL: ${{ fromJSON('"a\u0000b"') }}
    steps:
      - uses: actions/checkout@v4
      - name: contexts
        env: {GITHUB_SHA: x, RUNNER_OS: y, GITHUB_NONE: kept}
        run: |
          echo "process=$GITHUB_SHA"; echo "context=${{ env.GITHUB_SHA }}"; echo "real=${{ github.sha }}"
          echo "os=$RUNNER_OS"; echo "none=$GITHUB_NONE"
      - name: write
        run: |
          echo FOO=2 >>$GITHUB_ENV; echo one=lower >>$GITHUB_ENV
          echo "process=$FOO"; echo "context=${{ env.FOO }}"
      - name: read
        run: echo "process=$FOO"; echo "context=${{ env.FOO }}"; echo "One=$One"; echo "one=$one"
      - name: own
        env: {FOO: 3}
        run: echo "process=$FOO"; echo "context=${{ env.FOO }}"
      - name: one pass
        env: {A: 1, B: "${{ env.A }}", C: "${{ env.WORKFLOW }}"}
        run: echo "B=$B"; echo "C=$C"
      - name: home
        run: cd ~; echo "HOME=$HOME"; echo "there=$PWD"
      - name: paths
        run: |
          echo "expression=${{ github.workspace }}"; echo "process=$GITHUB_WORKSPACE"
          echo "INSIDE=$INSIDE"; echo "WHOLE=$WHOLE"; echo "WITHIN=$WITHIN"; echo "PATH_LIST=$PATH_LIST"
          echo "temp=${{ runner.temp }}"; echo "TEMP=$RUNNER_TEMP"
      - name: container
        run: |
          echo "c=$OF_CONTAINER"
          tr '\0' '\n' </proc/1/environ | sed -n 's/^\(OF_CONTAINER\|FOO\|WORKFLOW\)=/on-container-\1=/p'
      - name: always
        run: |
          echo "actions=$GITHUB_ACTIONS"; echo "ci=$CI"; echo "token=${GITHUB_TOKEN-unset}"
          echo "debug=${RUNNER_DEBUG-unset}"; echo "nul=$NUL"
      - name: add a
        run: echo /a >>$GITHUB_PATH; echo /b >>$GITHUB_PATH
      - name: path
        run: echo "PATH=$PATH"
      - name: add again
        run: echo /a >>$GITHUB_PATH
      - name: path again
        run: echo "PATH=$PATH"
      - uses: ./composite
      - name: states
        uses: o/stateful@v1
  of-job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    env: {PATH: "/mine:/usr/bin:/bin"}
    steps:
      - name: before
        run: echo "PATH=$PATH"; echo /first >>$GITHUB_PATH
      - name: after
        run: echo "PATH=$PATH"
"""
IMAGE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PRE = "require('fs').appendFileSync(process.env.GITHUB_STATE, 'kept=v\\n')"
MAIN = "console.log('kept=' + process.env.STATE_kept)"


@pytest.fixture(scope="module")
def ran(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder: Path = tmp_path_factory.mktemp("environment")
    server = Server(folder / "github")
    server.publish("o/stateful", node_action(MAIN, pre=PRE))
    return conform(
        WORKFLOW.replace("@WORK", RUNNER_WORK),
        files={"composite/action.yml": COMPOSITE},
        env=server.env | own_cache(folder / "cache"),
    )


@pytest.mark.rule("environment/contexts-win")
def test_contexts_win(ran: Outcome) -> None:
    said = ran.values("contexts", "job")
    assert said["process"] == said["real"]
    assert len(said["real"]) == 40
    assert said["context"] == "x"
    assert (said["os"], said["none"]) == ("Linux", "kept")


@pytest.mark.rule("environment/github-env")
def test_github_env(ran: Outcome) -> None:
    assert ran.values("read", "job")["process"] == "2"
    assert ran.values("read", "job")["context"] == "2"
    assert ran.values("own", "job") == {"process": "3", "context": "3"}


@pytest.mark.rule("environment/not-in-the-same-step")
def test_not_in_the_same_step(ran: Outcome) -> None:
    assert ran.values("write", "job") == {"process": "1", "context": "1"}


@pytest.mark.rule("environment/case-sensitive")
def test_case(ran: Outcome) -> None:
    said = ran.values("read", "job")
    assert (said["One"], said["one"]) == ("upper", "lower")


@pytest.mark.rule("environment/one-pass")
def test_one_pass(ran: Outcome) -> None:
    assert ran.values("one pass", "job") == {"B": "", "C": "w"}


@pytest.mark.rule("environment/home-in-container")
def test_home(ran: Outcome) -> None:
    assert ran.values("home", "job") == {"HOME": "/github/home", "there": "/github/home"}


@pytest.mark.rule("environment/paths-in-expressions")
def test_paths_in_expressions(ran: Outcome) -> None:
    said = ran.values("paths", "job")
    assert said["expression"] == f"{RUNNER_WORK}/project/project"
    assert said["process"] == "/__w/project/project"
    assert (said["temp"], said["TEMP"]) == (f"{RUNNER_WORK}/_temp", "/__w/_temp")


@pytest.mark.rule("environment/paths-in-values")
def test_paths_in_values(ran: Outcome) -> None:
    said = ran.values("paths", "job")
    assert said["INSIDE"] == "/__w/project/project/a"
    assert said["WHOLE"] == "/__w"
    assert said["WITHIN"] == f"p={RUNNER_WORK}"
    assert said["PATH_LIST"] == f"/usr:{RUNNER_WORK}"


@pytest.mark.rule("environment/container-env")
def test_what_is_on_the_container(ran: Outcome) -> None:
    assert ran.values("container", "job") == {"c": "c", "on-container-OF_CONTAINER": "c"}


@pytest.mark.rule("environment/always")
def test_always(ran: Outcome) -> None:
    said = ran.values("always", "job")
    assert (said["actions"], said["ci"], said["token"], said["debug"]) == ("true", "true", "unset", "unset")


@pytest.mark.rule("environment/nul")
def test_nul(ran: Outcome) -> None:
    assert ran.values("always", "job")["nul"] == "a"


@pytest.mark.rule("environment/path")
def test_path(ran: Outcome) -> None:
    assert ran.values("path", "job")["PATH"] == f"/b:/a:{IMAGE_PATH}"
    assert ran.values("path again", "job")["PATH"] == f"/a:/b:{IMAGE_PATH}"


@pytest.mark.rule("environment/path-of-job")
def test_path_of_the_job(ran: Outcome) -> None:
    assert ran.values("before", "of-job")["PATH"] == "/mine:/usr/bin:/bin"
    assert ran.values("after", "of-job")["PATH"] == f"/first:{IMAGE_PATH}"


@pytest.mark.rule("environment/no-inputs-in-scripts")
def test_no_inputs(ran: Outcome) -> None:
    assert ran.values("inner", "job") == {"none": "yes"}


@pytest.mark.rule("environment/state")
def test_state(ran: Outcome) -> None:
    assert ran.values("states", "job")["kept"] == "v"
    assert "\n  STATE_kept: v\n##[endgroup]\n" in ran.log("states", "job")
