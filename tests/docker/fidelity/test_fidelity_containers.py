"""Containers of jobs: how they are created, what docker refuses, who logs in where."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conforming import RUNNER, Conform
from docker_proxy import DockerProxy
from main_tools import Outcome

pytestmark = pytest.mark.docker

WORKFLOW = """
on: push
env: {{OF_THE_JOB: '1'}}
jobs:
  whole:
    runs-on: ubuntu-latest
    container:
      image: {image}
      env: {{GIVEN: 'yes', EMPTY: '', HOME: /elsewhere}}
      ports: ['127.0.0.1:{port}:80']
      volumes: ['{folder}:/one:ro,rshared', '{folder}:/two:RO', '/anonymous', '{folder}:/two:ro']
      options: --hostname my-host --entrypoint /bin/false --env CI=maybe --workdir /tmp
    steps:
      - name: look
        run: |
          echo "pwd=$PWD"; echo "host=$(cat /etc/hostname)"
          for name in GIVEN EMPTY HOME CI GITHUB_ACTIONS OF_THE_JOB; do eval "echo $name=\\${{$name-unset}}"; done
          echo x >/one/x && echo "one=writable"
          echo x 2>/dev/null >/two/x || echo "two=read-only"
          echo "id=${{{{ job.container.id }}}}"; echo "network=${{{{ job.container.network }}}}"
      - name: a space
        working-directory: a b
        continue-on-error: true
        run: echo never
  root:
    runs-on: ubuntu-latest
    container: {{image: {image}, env: {{CI: own}}, volumes: ['/:/of/machine:ro']}}
    steps: [{{name: look, run: 'test -d /of/machine/proc'}}]
  host:
    runs-on: ubuntu-latest
    container: {{image: {image}, options: --network host}}
    steps: [{{name: never, run: echo}}]
  two:
    runs-on: ubuntu-latest
    container: {{image: {image}, volumes: ['{folder}:/there', '/var:/there']}}
    steps: [{{name: never, run: echo}}]
  read:
    runs-on: ubuntu-latest
    container: {{image: {image}, volumes: ['/there:ro']}}
    steps: [{{name: never, run: echo}}]
  over:
    runs-on: ubuntu-latest
    container: {{image: {image}, volumes: ['{folder}:/__w']}}
    steps: [{{name: never, run: echo}}]
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[DockerProxy]:
    found = DockerProxy()
    yield found
    found.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="module")
def port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ran(conform: Conform, daemon: DockerProxy, folder: Path, port: int) -> Outcome:
    return conform(WORKFLOW.format(image=RUNNER, folder=folder, port=port), env=daemon.env, expect=1)


@pytest.fixture(scope="module")
def whole(ran: Outcome, daemon: DockerProxy) -> dict[str, Any]:
    """What docker was asked for the first job."""
    (found,) = [body for body in daemon.created() if body.get("Hostname") == "my-host"]
    return found


@pytest.mark.rule("containers/create", "containers/folders")
def test_what_docker_is_asked_for(whole: dict[str, Any], ran: Outcome, folder: Path, port: int) -> None:
    assert whole["WorkingDir"] == "/tmp", "the options' workdir comes after the runner's"
    host = whole["HostConfig"]
    assert host["NetworkMode"].startswith("github_network_")
    assert host["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    binds = [bind.partition("/whole")[2] or bind for bind in host["Binds"]]
    assert binds[:2] == [f"{folder}:/one", f"{folder}:/two:ro"]
    assert binds[2] == ":/__w"
    assert binds[3].endswith(":/__e:ro")
    assert binds[4:9] == [
        "/_temp:/__w/_temp",
        "/_actions:/__w/_actions",
        "/_tool:/__t",
        "/_temp/_github_home:/github/home",
        "/_temp/_github_workflow:/github/workflow",
    ]
    assert ran.values("look", "whole")["pwd"] == "/__w/project/project"


@pytest.mark.rule("containers/env", "containers/empty-env")
def test_env(whole: dict[str, Any], ran: Outcome, daemon: DockerProxy) -> None:
    assert whole["Env"] == [
        "CI=maybe",
        "GIVEN=yes",
        "EMPTY",
        "HOME=/github/home",
        "GITHUB_ACTIONS=true",
        "CI=true",
    ]
    (other,) = [body for body in daemon.created() if "/:/of/machine:ro" in body["HostConfig"]["Binds"]]
    assert sorted(other["Env"]) == ["CI=own", "GITHUB_ACTIONS=true", "HOME=/github/home"]
    values = ran.values("look", "whole")
    assert (values["GIVEN"], values["EMPTY"], values["HOME"]) == ("yes", "unset", "/github/home")
    assert (values["CI"], values["GITHUB_ACTIONS"], values["OF_THE_JOB"]) == ("true", "true", "1")


@pytest.mark.rule("containers/volumes", "containers/volumes-of-this-machine")
def test_volumes(whole: dict[str, Any], ran: Outcome, folder: Path) -> None:
    values = ran.values("look", "whole")
    assert (values["one"], values["two"]) == ("writable", "read-only")
    assert "/anonymous" in whole["Volumes"]
    assert "invalid volume specification: '/there:ro'" in ran.log("Initialize containers", "read")
    assert ran.step("never", "read")["outcome"] == "skipped"
    assert [path.name for path in folder.iterdir()] == ["x"]


@pytest.mark.rule("containers/volume-twice")
def test_one_target_for_two_volumes(ran: Outcome) -> None:
    assert ran.jobs["whole"]["result"] == "success", "the same volume twice"
    for job, target in (("two", "/there"), ("over", "/__w")):
        assert f"Duplicate mount point: {target}" in ran.log("Initialize containers", job)
        assert ran.step("never", job)["outcome"] == "skipped"


@pytest.mark.rule("containers/volume-of-root")
def test_the_root_as_a_volume(ran: Outcome) -> None:
    assert ran.jobs["root"]["result"] == "success"
    messages = [a["message"] for a in ran.step("Initialize containers", "root")["annotations"]]
    assert [m for m in messages if m.startswith("Volume mount /:/of/machine:ro is going to mount '/'")]


@pytest.mark.rule("containers/options-entrypoint")
def test_the_options_entrypoint_does_not_count(ran: Outcome) -> None:
    assert ran.values("look", "whole")["host"] == "my-host"


@pytest.mark.rule("containers/options-network")
def test_the_options_network(ran: Outcome) -> None:
    log = ran.log("Initialize containers", "host")
    assert "cannot attach both user-defined and non-user-defined network-modes" in log
    assert ran.step("never", "host")["outcome"] == "skipped"


BARE = f"""
on: push
jobs: {{bare: {{runs-on: ubuntu-latest, container: '{RUNNER}', steps: [{{run: echo}}]}}}}
"""


@pytest.mark.rule("containers/context", "containers/network")
def test_context_and_network(
    conform: Conform, ran: Outcome, whole: dict[str, Any], daemon: DockerProxy
) -> None:
    values = ran.values("look", "whole")
    assert len(values["id"]) == 64
    assert values["network"] == whole["HostConfig"]["NetworkMode"]
    conform(BARE, env=daemon.env)
    assert "NetworkMode" not in daemon.created()[-1]["HostConfig"], "nothing in that workflow can see it"


@pytest.mark.rule("containers/docker-socket")
def test_no_docker_socket(whole: dict[str, Any]) -> None:
    assert not [bind for bind in whole["HostConfig"]["Binds"] if "docker.sock" in bind]


@pytest.mark.rule("containers/working-directory")
def test_a_space_in_the_working_directory(ran: Outcome) -> None:
    assert ran.lines("a space", "whole") == [
        "Error response from daemon: No such container: b",
        "##[error]Process completed with exit code 1.",
    ]


PRIVATE = """
on: push
jobs:
  token:
    runs-on: ubuntu-latest
    container: ghcr.io/someone/by-token:1
    steps: [{run: echo}]
  half:
    runs-on: ubuntu-latest
    container: {image: 'ghcr.io/someone/half:1', credentials: {username: me, password: '${{ secrets.NONE }}'}}
    steps: [{run: echo}]
  given:
    runs-on: ubuntu-latest
    container: {image: 'registry.example/given:1', credentials: {username: me, password: '${{ secrets.MINE }}'}}
    steps: [{run: echo}]
  packages:
    runs-on: ubuntu-latest
    container: Containers.pkg.github.com/someone/packages:1
    steps: [{run: echo}]
  elsewhere:
    runs-on: ubuntu-latest
    container: registry.example/someone/none:1
    steps: [{run: echo}]
"""


@pytest.mark.rule("containers/credentials-of-github")
def test_who_logs_in(conform: Conform) -> None:
    daemon = DockerProxy()
    arguments = ("-s", "GITHUB_TOKEN=the-token-of-the-job", "-s", "MINE=of-my-own")
    try:
        conform(PRIVATE, *arguments, env=daemon.env | {"DOCKER_CONFIG": "/nowhere"}, expect=4)
        sent = {name.rpartition("/")[2]: _pair(found) for name, found in daemon.pulled().items()}
        assert sent["by-token"][1] == sent["packages"][1] == "the-token-of-the-job"
        assert sent["by-token"][0], "the actor"
        assert sent["given"] == ("me", "of-my-own")
        assert sent["half"] == sent["none"] == ("", "")
        conform(PRIVATE, "-j", "token", env=daemon.env | {"DOCKER_CONFIG": "/nowhere"}, expect=4)
        assert _pair(daemon.pulled()["ghcr.io/someone/by-token"]) == ("", "")
    finally:
        daemon.close()


def _pair(found: dict[str, str]) -> tuple[str, str]:
    return found.get("username", ""), found.get("password", "")


CHECKOUT = f"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - {{uses: actions/checkout@v4}}
      - {{uses: actions/checkout@v4, with: {{path: one/two}}}}
      - name: owners
        run: |
          for name in . README.md one one/two one/two/README.md one/two/.git; do stat -c "%n=%u" $name; done
          cd one/two; git status --short >/dev/null && echo "inner=$?"
"""


@pytest.mark.rule("containers/owner-of-checkout")
def test_whose_files_a_checkout_brings(conform: Conform) -> None:
    values = conform(CHECKOUT).values("owners")
    runner = "1001" if os.geteuid() == 0 else str(os.geteuid())
    made = {values[name] for name in ("README.md", "one", "one/two", "one/two/README.md", "one/two/.git")}
    assert values["."] == runner
    assert made == {"0" if os.geteuid() == 0 else runner}
    assert values["inner"] == "0"
