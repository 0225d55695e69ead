"""What steps are given of GitHub's services."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conforming import Conform
from fault_tools import Place
from main_tools import Outcome, Server, node_action

WORKFLOW = """
on: push
permissions: {id-token: write}
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: script
        run: env
      - name: node
        uses: o/prints@v1
      - name: docker
        uses: docker://actlite-standin/runner:1
        with: {entrypoint: /usr/bin/env}
"""
SERVICES = ("ACTIONS_RUNTIME_TOKEN", "ACTIONS_RUNTIME_URL", "ACTIONS_RESULTS_URL", "ACTIONS_CACHE_URL")
TOKENS = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
PRINTS = "for (const name in process.env) console.log(`${name}=${process.env[name]}`);"


@pytest.fixture(scope="module")
def ran(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    server = Server(tmp_path_factory.mktemp("github") / "server")
    server.publish("o/prints", node_action(PRINTS))
    return conform(WORKFLOW, env=server.env)


@pytest.mark.rule("github/runtime-token")
def test_scripts(ran: Outcome) -> None:
    found = ran.values("script")
    assert found["GITHUB_ACTIONS"] == "true"
    assert not set(SERVICES) & set(found)
    assert "ACTIONS_CACHE_SERVICE_V2" not in found


@pytest.mark.rule("github/runtime-of-actions", "github/id-token")
@pytest.mark.parametrize("step", ["script", "node", "docker"])
def test_nothing_is_there(ran: Outcome, step: str) -> None:
    found = ran.values(step)
    assert found["GITHUB_ACTIONS"] == "true"
    assert not {*SERVICES, *TOKENS, "ACTIONS_CACHE_SERVICE_V2"} & set(found)


@pytest.mark.rule("github/runtime-of-actions", "github/id-token")
def test_a_plan_tells(place: Place) -> None:
    text = WORKFLOW + "".join(f"      - uses: actions/{name}@v4\n" for name in ("cache", "upload-artifact"))
    place.workflow(text)
    command = [sys.executable, "-m", "actlite", "plan"]
    said = subprocess.run(
        command, cwd=place.path, env=place.env, check=True, capture_output=True, text=True
    ).stdout
    flat = " ".join(said.split())
    assert "job 'job' gets no OpenID Connect token here" in flat
    assert "actions/upload-artifact@v4 will fail here: it needs a service" in flat
    assert "actions/cache@v4 finds no cache here and goes on without one" in flat
