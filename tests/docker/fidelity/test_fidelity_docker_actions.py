"""Docker actions by the runner's rules."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conforming import RUNNER, Conform
from main_tools import Outcome, Server, own_cache

from actlite.execution.layout import RUNNER_WORK

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
ENTRY = """#!/bin/sh
i=0; for a in "$@"; do echo "arg$i=<$a>"; i=$((i+1)); done
echo "stage=$0 count=$# tmp=$(ls /tmp | grep -c here)"
echo "pwd=$PWD"
env | grep -E '^(HOME|GITHUB_WORKSPACE|GITHUB_OUTPUT|GITHUB_SHA|GITHUB_EVENT_PATH|OF_|TRANSLATED|CI)' | sort
touch /tmp/here
"""
MANIFEST = """
name: d
inputs: {who: {default: world}}
runs:
  using: docker
  image: Dockerfile
  env: {OF_MANIFEST: 'for ${{ inputs.who }}', OF_STEP: manifest, GITHUB_SHA: none}
  args: ['a b', '', '${{ inputs.who }} "q"']
  entrypoint: /entry.sh
  pre-entrypoint: /pre.sh
  post-entrypoint: /post.sh
"""
FILE = f"FROM {ALPINE}\nCOPY entry.sh /\nCOPY entry.sh /pre.sh\nCOPY entry.sh /post.sh\nRUN chmod 755 /*.sh\n"
FILES = {"action.yml": MANIFEST, "Dockerfile": FILE, "entry.sh": ENTRY}
WORKFLOW = f"""
on: push
jobs:
  plain:
    runs-on: ubuntu-latest
    steps:
      - {{name: remote, uses: some/docker@v1, with: {{who: you, entrypoint: /none, args: none}},
          env: {{OF_STEP: step, TRANSLATED: '${{{{ github.workspace }}}}/sub', TRANSLATED_TEMP: '${{{{ runner.temp }}}}/x'}}}}
      - {{name: mixed, uses: some/mixed@v1}}
      - {{name: image, uses: 'docker://{ALPINE}', with: {{entrypoint: /bin/echo, args: 'hi "there you"'}}}}
      - {{name: exits, uses: 'docker://{ALPINE}', with: {{args: 'sh -c "exit 9"'}}, continue-on-error: true}}
      - uses: actions/checkout@v4
      - {{name: alone, uses: ./alone}}
      - run: echo 'echo second' > alone/say
      - {{name: again, uses: ./alone}}
      - {{name: named, uses: ./named}}
      - {{name: missing, uses: ./missing, continue-on-error: true}}
      - {{name: outside, uses: ./outside, continue-on-error: true}}
      - name: matcher
        uses: docker://{ALPINE}
        with: {{args: 'sh -c "echo ::add-matcher::/github/workspace/m.json; echo is wrong"'}}
      - {{name: parent, uses: ./deep/down}}
      - {{name: local, uses: ./local}}
  network:
    runs-on: ubuntu-latest
    services: {{web: {{image: '{ALPINE}', entrypoint: httpd, command: -f -p 80}}}}
    steps:
      - {{name: ask, uses: 'docker://{RUNNER}', with: {{entrypoint: bash, args: '-c "getent hosts web"'}}}}
  wrong:
    runs-on: ubuntu-latest
    steps:
      - {{uses: some/wrong@v1}}
  scope:
    runs-on: ubuntu-latest
    steps:
      - {{uses: some/scope@v1}}
"""


@pytest.fixture(scope="module")
def ran(conform: Conform, standin: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    standin("alpine")
    folder = tmp_path_factory.mktemp("docker")
    server = Server(folder / "server")
    server.publish("some/docker", FILES)
    inner = f"    - uses: docker://{ALPINE}\n      with: {{args: 'true'}}\n    - uses: some/docker@v1\n    - uses: some/inner@v1\n"
    server.publish("some/mixed", {"action.yml": f"name: m\nruns:\n  using: composite\n  steps:\n{inner}"})
    server.publish("some/inner", {"dockerfile": f'FROM {ALPINE}\nENTRYPOINT ["echo", "inner"]\n'})
    server.publish("some/wrong", {"action.yml": "name: w\nruns: {using: docker, image: alpine}\n"})
    args = f"{{using: docker, image: 'docker://{ALPINE}', args: ['${{{{ github.sha }}}}']}}"
    server.publish("some/scope", {"action.yml": f"name: s\nruns: {args}\n"})
    alone = f'FROM {ALPINE}\nCOPY say /\nENTRYPOINT ["sh", "/say"]\n'
    named = f"name: n\nruns: {{using: docker, image: '{ALPINE}', args: [echo, by its name]}}\n"
    files = {
        "alone/Dockerfile": alone,
        "alone/say": "echo first\n",
        "named/action.yml": named,
        "missing/action.yml": "name: m\nruns: {using: docker, image: no/Dockerfile}\n",
        "outside/action.yml": "name: o\nruns: {using: docker, image: ../../../Dockerfile}\n",
        "m.json": '{"problemMatcher": [{"owner": "of-mine", "pattern": [{"regexp": "^is (wrong)$", "message": 1}]}]}',
        "deep/Dockerfile": f'FROM {ALPINE}\nENTRYPOINT ["echo", "above"]\n',
        "deep/down/action.yml": "name: p\nruns: {using: docker, image: ../Dockerfile}\n",
        **{f"local/{name}": text for name, text in FILES.items()},
    }
    return conform(WORKFLOW, env=server.env | own_cache(folder / "cache"), files=files, expect=1)


def program(ran: Outcome, name: str) -> dict[str, str]:
    """What the action's program said."""
    lines = ran.log(name, "plain").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("arg0="))
    return dict(line.split("=", 1) for line in lines[start:] if "=" in line)


@pytest.mark.rule("docker_actions/images-first")
def test_images_first(ran: Outcome) -> None:
    names = ran.names("plain")
    first = [f"Pull {ALPINE}", "Build some/docker@v1", "Build some/inner@v1", "Pre remote"]
    assert names[1:5] == first
    assert [name for name in names if name.startswith(("Pull", "Build"))] == first[:3]


@pytest.mark.rule("docker_actions/arguments", "docker_actions/manifest-entrypoint")
def test_arguments(ran: Outcome) -> None:
    said = program(ran, "remote")
    assert [said[f"arg{i}"] for i in range(3)] == ["<a b>", "<>", '<you "q">']
    assert said["stage"].startswith("/entry.sh count=3")
    assert ran.step("remote", "plain")["annotations"] == []
    assert "Unrecognized named-value: 'github'" in ran.log("Set up job", "scope")


@pytest.mark.rule("docker_actions/paths", "docker_actions/env")
def test_environment(ran: Outcome) -> None:
    said = program(ran, "remote")
    assert said["pwd"] == said["GITHUB_WORKSPACE"] == "/github/workspace"
    assert said["HOME"] == "/github/home"
    assert said["GITHUB_OUTPUT"].startswith("/github/file_commands/set_output_")
    assert [a["message"] for a in ran.step("matcher", "plain")["annotations"]] == ["wrong"]
    assert said["TRANSLATED"] == "/github/workspace/sub"
    assert said["TRANSLATED_TEMP"] == "/github/runner_temp/x"
    assert said["GITHUB_EVENT_PATH"] == "/github/workflow/event.json"
    assert (said["OF_MANIFEST"], said["OF_STEP"], said["CI"]) == ("for you", "step", "true")
    assert said["GITHUB_SHA"] == ran.report["runs"][0]["sha"]


@pytest.mark.rule("docker_actions/pre-entrypoint", "docker_actions/post-entrypoint")
def test_stages(ran: Outcome) -> None:
    for stage in ("Pre", "Post"):
        said = program(ran, f"{stage} remote")
        assert said["stage"] == f"/{stage.lower()}.sh count=3 tmp=0"
        assert said["arg2"] == '<you "q">'
    assert "Pre local" not in ran.names("plain")
    assert program(ran, "Post local")["stage"].startswith("/post.sh")


@pytest.mark.rule("docker_actions/image-step", "actions/display-names")
def test_image(ran: Outcome) -> None:
    assert f"Run {ALPINE}" in ran.names("plain")
    assert "hi there you" in ran.log("image", "plain").splitlines()


@pytest.mark.rule("docker_actions/exit-code")
def test_exit_code(ran: Outcome) -> None:
    step = ran.step("exits", "plain")
    assert (step["outcome"], step["exit_code"], step["annotations"]) == ("failure", 9, [])


@pytest.mark.rule("docker_actions/local-at-its-step", "docker_actions/dockerfile-alone")
def test_local(ran: Outcome) -> None:
    for name, word in (("alone", "first"), ("again", "second")):
        lines = ran.log(name, "plain").splitlines()
        assert "##[group]Building docker image" in lines
        (tag,) = [line.split()[3] for line in lines if "docker build -t " in line]
        assert re.fullmatch(r"[0-9a-f]{6}:[0-9a-f]{32}", tag)
        (run,) = [line for line in lines if "docker run --name " in line]
        assert f"docker run --name {tag.lstrip('0123456789').replace(':', '')}_" in run
        assert run.split().count(tag) == 1
        assert lines[-1] == word


@pytest.mark.rule("docker_actions/image-of-a-manifest")
def test_images_by_name(ran: Outcome) -> None:
    assert ran.log("named", "plain").splitlines()[-1] == "by its name"
    words = "'alpine' should be either '[path]/Dockerfile' or 'docker://image[:tag]'."
    assert words in ran.log("Set up job", "wrong")
    assert ran.step("Set up job", "wrong")["outcome"] == "failure"


@pytest.mark.rule("docker_actions/dockerfile-not-there", "docker_actions/dockerfile-outside")
def test_dockerfiles(ran: Outcome) -> None:
    place = f"{RUNNER_WORK}/project/project"
    (gone,) = ran.step("missing", "plain")["annotations"]
    assert gone["message"] == f"File not found: '{place}/missing/no/Dockerfile'"
    (outside,) = ran.step("outside", "plain")["annotations"]
    assert outside["message"] == "'../../../Dockerfile' is outside of the action's repository"
    assert ran.log("parent", "plain").splitlines()[-1] == "above"


@pytest.mark.rule("docker_actions/network")
def test_network(ran: Outcome) -> None:
    assert ran.log("ask", "network").splitlines()[-1].endswith("web")
    assert "--network" in ran.log("ask", "network")
    assert "--network" not in ran.log("image", "plain")
