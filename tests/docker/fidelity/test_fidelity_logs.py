"""The text of a job's log, held against the form of logs that were downloaded from GitHub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conforming import Conform
from main_tools import Outcome, Server, node_action, own_cache

from actlite.execution.layout import RUNNER_HOME, RUNNER_WORK

COMPOSITE = """
name: Composite
inputs: {who: {default: me}, none: {default: ''}}
runs:
  using: composite
  steps:
    - name: inner
      shell: bash
      run: echo ${{ inputs.who }}
    - uses: o/node@v1
      id: node
    - name: left out
      if: false
      shell: bash
      run: echo
"""
NODE = node_action(
    "console.log('main of ' + process.env.INPUT_WHO)",
    using="node20",
    extra="inputs: {who: {default: nobody}, last: {default: z}, empty: {}}",
    pre="require('fs').appendFileSync(process.env.GITHUB_STATE, 'kept=v\\n')",
    post="console.log('post')",
)
WORKFLOW = r"""
on: push
env: {TOP: t}
permissions: {contents: read}
jobs:
  build:
    runs-on: ubuntu-24.04
    container:
      image: actlite-standin/runner:1
      options: --hostname h
    outputs: {v: "${{ steps.a.outputs.v }}", none: ''}
    services:
      db:
        image: actlite-standin/runner:1
        entrypoint: sleep
        command: "100"
        ports: ["5432"]
        options: --health-cmd "true" --health-interval 1s
        env: {DB_NAME: d}
      none: {image: "${{ github.none }}"}
    steps:
      - id: a
        run: |

          echo hi
            echo v=1 >>$GITHUB_OUTPUT
      - uses: o/node@v1
        with: {who: you}
        env: {OWN: o}
      - uses: o/composite@v1
      - run: exit 4
        continue-on-error: true
"""
LATER = r"""
on: push
jobs:
  local:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - uses: actions/checkout@v4
      - uses: ./composite
      - run: echo ::debug::said
      - uses: docker://actlite-standin/runner:1
        with: {args: echo from docker}
        env: {OWN: o}
"""
GOLDEN = """\
Current runner version: '2.335.1'
##[group]Operating System
##[endgroup]
##[group]Runner Image
##[endgroup]
##[group]GITHUB_TOKEN Permissions
Contents: read
Metadata: read
##[endgroup]
Secret source: Actions
Prepare workflow directory
The service 'none' will not be started because the container definition has an empty image.
Prepare all required actions
Getting action download info
Download action repository 'o/node@v1' (SHA:SHA)
Download action repository 'o/composite@v1' (SHA:SHA)
Complete job name: build
##[group]Checking docker version
##[command]/usr/bin/docker version --format '{{.Server.APIVersion}}'
'API'
Docker daemon API version: 'API'
##[command]/usr/bin/docker version --format '{{.Client.APIVersion}}'
'API'
Docker client API version: 'API'
##[endgroup]
##[group]Clean up resources from previous jobs
##[command]/usr/bin/docker ps --all --quiet --no-trunc --filter "label=LABEL"
##[command]/usr/bin/docker network prune --force --filter "label=LABEL"
##[endgroup]
##[group]Create local container network
##[command]/usr/bin/docker network create --label LABEL github_network_HEX
##[endgroup]
##[group]Starting job container
actlite-standin/runner:1 is on this machine: it is not pulled.
##[command]/usr/bin/docker create --name HEX_actlitestandinrunner1_END --label LABEL --workdir /__w/project/project \
--network github_network_HEX --hostname h -e "HOME=/github/home" -e GITHUB_ACTIONS=true -e CI=true \
-v "@WORK":"/__w" -v "@HOME/actions-runner/cached/2.335.1/externals":"/__e":ro \
-v "@WORK/_temp":"/__w/_temp" -v "@WORK/_actions":"/__w/_actions" \
-v "/opt/hostedtoolcache":"/__t" -v "@WORK/_temp/_github_home":"/github/home" \
-v "@WORK/_temp/_github_workflow":"/github/workflow" --entrypoint "tail" actlite-standin/runner:1 \
"-f" "/dev/null"
ID
##[command]/usr/bin/docker start ID
ID
##[command]/usr/bin/docker ps --all --filter id=ID --filter status=running --no-trunc --format "{{.ID}} {{.Status}}"
ID Up Less than a second
##[command]/usr/bin/docker inspect --format "{{range .Config.Env}}{{println .}}{{end}}" ID
HOME=/github/home
GITHUB_ACTIONS=true
CI=true
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
##[endgroup]
##[group]Starting db service container
actlite-standin/runner:1 is on this machine: it is not pulled.
##[command]/usr/bin/docker create --name HEX_actlitestandinrunner1_END --label LABEL --network github_network_HEX \
--network-alias db -p 5432 --health-cmd "true" --health-interval 1s -e "DB_NAME=d" -e GITHUB_ACTIONS=true \
-e CI=true --entrypoint "sleep" actlite-standin/runner:1 100
ID
##[command]/usr/bin/docker start ID
ID
##[command]/usr/bin/docker ps --all --filter id=ID --filter status=running --no-trunc --format "{{.ID}} {{.Status}}"
ID Up Less than a second
##[command]/usr/bin/docker port ID
5432/tcp -> 0.0.0.0:PORT
##[endgroup]
##[group]Waiting for all services to be ready
##[command]/usr/bin/docker inspect --format="{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}" ID
starting
db service is starting, waiting 2 seconds before checking again.
##[command]/usr/bin/docker inspect --format="{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}" ID
healthy
db service is healthy.
##[endgroup]
NOTE
##[group]Run o/node@v1
with:
  who: you
  last: z
env:
  TOP: t
  OWN: o
##[endgroup]
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
##[group]Run o/composite@v1
with:
  who: me
env:
  TOP: t
##[endgroup]
NOTE
##[group]Run o/node@v1
with:
  who: nobody
  last: z
env:
  TOP: t
##[endgroup]
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
##[group]Run echo hi
\x1b[36;1m\x1b[0m
\x1b[36;1mecho hi\x1b[0m
\x1b[36;1m  echo v=1 >>$GITHUB_OUTPUT\x1b[0m
shell: sh -e {0}
env:
  TOP: t
##[endgroup]
hi
NOTE
##[group]Run o/node@v1
with:
  who: you
  last: z
env:
  TOP: t
  OWN: o
  STATE_kept: v
##[endgroup]
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
main of you
##[group]Run o/composite@v1
with:
  who: me
env:
  TOP: t
##[endgroup]
##[group]Run echo me
\x1b[36;1mecho me\x1b[0m
shell: bash --noprofile --norc -e -o pipefail {0}
env:
  TOP: t
##[endgroup]
me
NOTE
##[group]Run o/node@v1
with:
  who: nobody
  last: z
env:
  TOP: t
  STATE_kept: v
##[endgroup]
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
main of nobody
##[group]Run exit 4
\x1b[36;1mexit 4\x1b[0m
shell: sh -e {0}
env:
  TOP: t
##[endgroup]
##[error]Process completed with exit code 4.
Post job cleanup.
NOTE
Post job cleanup.
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
post
NOTE
Post job cleanup.
##[command]/usr/bin/docker exec  ID sh -c "cat /etc/*release | grep ^ID"
post
Stop and remove container: HEX_actlitestandinrunner1_END
##[command]/usr/bin/docker rm --force ID
ID
Print service container logs: HEX_actlitestandinrunner1_END
##[command]/usr/bin/docker logs --details ID
Stop and remove container: HEX_actlitestandinrunner1_END
##[command]/usr/bin/docker rm --force ID
ID
Remove container network: github_network_HEX
##[command]/usr/bin/docker network rm github_network_HEX
github_network_HEX
Evaluate and set job outputs
Set output 'v'
Cleaning up orphan processes
##[warning]Node.js 20 is deprecated. The following actions target Node.js 20 but are being forced to run on \
Node.js 24: o/node@v1. For more information see: PAGE
""".replace("@WORK", RUNNER_WORK).replace("@HOME", RUNNER_HOME)
NOTE = (
    "Node 20 is being deprecated. This workflow is running with Node 24 by default. If you need to temporarily use "
    "Node 20, you can set the ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION=true environment variable. For more information "
    "see: PAGE"
)
CHANGING = (
    (r"https://github\.blog/\S+", "PAGE"),
    (r"\bSHA:[0-9a-f]{40}\b", "SHA:SHA"),
    (r"\b[0-9a-f]{64}\b", "ID"),
    (r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "HEX"),
    (r"(--label |label=)[0-9a-f]{6}\b", r"\1LABEL"),
    (r"(runner1_)[0-9a-f]{6}\b", r"\1END"),
    (r"'1\.[0-9]+'", "'API'"),
    (r"0\.0\.0\.0:[0-9]+", "0.0.0.0:PORT"),
)


def downloaded(ran: Outcome, job: str, *arguments: str) -> str:
    """What ``actlite show --log`` gives of a run's job."""
    (finished,) = ran.of("run-finished")
    done = subprocess.run(
        [sys.executable, "-m", "actlite", "show", "last", job, "--log", *arguments],
        cwd=Path(finished["folder"]).parents[2],
        env={**os.environ, "NO_COLOR": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def steady(log: str) -> str:
    """A log without what differs from run to run and from machine to machine."""
    for pattern, word in CHANGING:
        log = re.sub(pattern, word, log)
    log = re.sub(r"(##\[group\](?:Operating System|Runner Image)\n)(?:(?!##).*\n)*", r"\1", log)
    return log.replace(NOTE, "NOTE")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("logs")
    server = Server(folder / "github")
    server.publish("o/node", NODE)
    server.publish("o/composite", {"action.yml": COMPOSITE})
    return server.env | own_cache(folder / "cache")


@pytest.fixture(scope="module")
def ran(conform: Conform, env: dict[str, str]) -> Outcome:
    return conform(WORKFLOW, "--as-of", "2026-07-11", env=env)


@pytest.fixture(scope="module")
def later(conform: Conform, env: dict[str, str]) -> Outcome:
    return conform(
        LATER, "--var", "ACTIONS_STEP_DEBUG=true", env=env, files={"composite/action.yml": COMPOSITE}
    )


@pytest.mark.rule(
    "logs/set-up-job",
    "logs/machine",
    "logs/downloads",
    "logs/script-header",
    "logs/action-header",
    "logs/post",
    "logs/initialize-containers",
    "logs/docker-commands",
    "logs/services",
    "logs/stop-containers",
    "logs/complete-job",
    "logs/node-migration",
    "logs/alpine-check",
)
def test_a_whole_log(ran: Outcome) -> None:
    assert steady(downloaded(ran, "build")).splitlines() == GOLDEN.splitlines()


@pytest.mark.rule("logs/downloaded")
def test_times(ran: Outcome) -> None:
    plain, timed = downloaded(ran, "build"), downloaded(ran, "build", "--timestamps")
    stamps = [line.partition(" ")[0] for line in timed.splitlines()]
    assert [line.partition(" ")[2] for line in timed.splitlines()] == plain.splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", stamp) for stamp in stamps)


@pytest.mark.rule("logs/composite-markers", "logs/local-composite")
def test_composites(later: Outcome) -> None:
    log = steady(downloaded(later, "local"))
    assert (
        "Prepare all required actions\n"
        in log[: log.index("##[group]Run ./composite\n")].rpartition("HEAD")[2]
    )
    markers = [
        re.sub(r"duration_ms=\d+", "duration_ms=N", m) for m in re.findall(r"##\[(?:start|end)-.*", log)
    ]
    assert markers[:6] == [
        "##[start-action display=inner;id=__self.__run]",
        "##[end-action id=__self.__run;outcome=success;conclusion=success;duration_ms=N]",
        "##[start-action display=Run o/node@v1;id=__self.node]",
        "##[end-action id=__self.node;outcome=success;conclusion=success;duration_ms=N]",
        "##[start-action display=left out;id=__self.__run_2]",
        "##[end-action id=__self.__run_2;outcome=skipped;conclusion=skipped;duration_ms=N]",
    ]


@pytest.mark.rule("logs/debug")
def test_debug_lines(later: Outcome) -> None:
    shown = [line for line in downloaded(later, "local").splitlines() if line.startswith("##[debug]")]
    assert shown == ["##[debug]said"]


@pytest.mark.rule("logs/docker-actions")
def test_docker_actions(later: Outcome) -> None:
    log = steady(downloaded(later, "local"))
    assert (
        "##[group]Pull down action image 'actlite-standin/runner:1'\n"
        "actlite-standin/runner:1 is on this machine: it is not pulled.\n##[endgroup]\n"
    ) in log
    at = log.index("##[group]Run docker://actlite-standin/runner:1\n")
    header, _, rest = log[at:].partition("##[endgroup]\n")
    assert header.splitlines()[1:] == ["with:", "  args: echo from docker", "env:", "  OWN: o"]
    command, said = rest.splitlines()[:2]
    assert command.startswith(
        "##[command]/usr/bin/docker run --name actlitestandinrunner1_END --label LABEL --workdir /github/workspace --rm "
        '-e "OWN" -e "INPUT_ARGS" -e "HOME" -e "GITHUB_'
    )
    assert command.endswith(
        f' -v "{RUNNER_WORK}/project/project":"/github/workspace" actlite-standin/runner:1 echo from docker'
    )
    assert said == "from docker"


@pytest.mark.rule("logs/by-release")
def test_a_log_of_2021(conform: Conform) -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
    log = steady(downloaded(conform(workflow, "--as-of", "2021-05-07"), "a"))
    assert log.splitlines()[5:] == [
        "##[group]GITHUB_TOKEN Permissions",
        "Contents: read",
        "Metadata: read",
        "Packages: read",
        "##[endgroup]",
        "Prepare workflow directory",
        "Prepare all required actions",
        "##[group]Run echo",
        "\x1b[36;1mecho\x1b[0m",
        "shell: /usr/bin/bash -e {0}",
        "##[endgroup]",
        "",
        "Cleaning up orphan processes",
    ]


@pytest.mark.rule("logs/called-workflow")
def test_a_called_workflow(conform: Conform) -> None:
    called = (
        "on: {workflow_call: {inputs: {who: {type: string, required: true}, n: {type: number, default: 3}}}}\n"
        "jobs:\n  deep:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
    )
    workflow = "on: push\njobs:\n  top:\n    uses: ./.github/workflows/called.yml\n    with: {who: me}\n"
    ran = conform(workflow, files={".github/workflows/called.yml": called})
    lines = downloaded(ran, "top / deep").splitlines()
    at = lines.index("##[group] Inputs")
    assert re.fullmatch(
        r"Uses: \S+/\.github/workflows/called\.yml@refs/heads/main \([0-9a-f]{40}\)", lines[at - 1]
    )
    assert lines[at + 1 : at + 5] == ["  who: me", "  n: 3", "##[endgroup]", "Complete job name: top / deep"]
