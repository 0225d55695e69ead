"""Docker actions: built from a Dockerfile or taken from an image, with all stages, local and remote."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from main_tools import Server, own_cache, run

from actlite.engines.base import LABEL_OWNER
from actlite.execution.layout import RUNNER_WORK

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
RUNNER = "actlite-standin/runner:1"
SHOW = """
echo "PWD=$(pwd)"
tr '\\0' '\\n' </proc/$$/environ
"""
ACTION = {
    "action/Dockerfile": f"""
        FROM {ALPINE}
        COPY entry.sh after.sh /
        ENV OF_IMAGE=image
        ENTRYPOINT ["sh", "/entry.sh"]
        """,
    "action/entry.sh": """
        i=0; for a in "$@"; do echo "arg$i=<$a>"; i=$((i+1)); done
        echo "image=$OF_IMAGE"
        """
    + SHOW.replace("\n", "\n        ")
    + """
        head -c 1 "$GITHUB_EVENT_PATH"; echo
        echo "seen by the action" > made-by-action
        echo "answer=42" >> "$GITHUB_OUTPUT"
        echo "FROM_ACTION=env" >> "$GITHUB_ENV"
        echo "mark=kept" >> "$GITHUB_STATE"
        echo "### from docker" >> "$GITHUB_STEP_SUMMARY"
        touch "$HOME/touched" /tmp/only-in-this-container
        echo "::warning file=a.c,line=3::from the action"
        """,
    "action/after.sh": """#!/bin/sh
        echo "after args=$*"
        echo "after state=$STATE_mark"
        echo "after files=$(ls /tmp | grep -c only-in-this-container)"
        """,
    "action/action.yml": """
        name: In a container
        inputs:
          who: {default: world}
          fetch-depth: {default: '1'}
        runs:
          using: docker
          image: Dockerfile
          env: {OF_MANIFEST: 'for ${{ inputs.who }}', OF_STEP: manifest}
          args: ['hello ${{ inputs.who }}', '', 'c "d"']
          post-entrypoint: /after.sh
        """,
}


@pytest.fixture(autouse=True)
def alpine(standin: Callable[[str], str]) -> None:
    standin("alpine")


@pytest.fixture
def images(docker_daemon: Any, tmp_path: Path) -> Any:
    """No image of an action may stay. (A daemon that is busy may be a moment late.)"""
    yield

    def left() -> list[dict[str, Any]]:
        return [
            image
            for image in docker_daemon.api.images(filters={"label": [LABEL_OWNER]})
            if Path(image["Labels"][LABEL_OWNER]).is_relative_to(tmp_path)
        ]

    deadline = time.monotonic() + 10
    while left() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left() == []


def write(place: Place, files: dict[str, str]) -> None:
    from textwrap import dedent

    for name, text in files.items():
        place.write(name, dedent(text).lstrip("\n")).chmod(0o755)


@pytest.mark.parametrize("container", ["", f"container: {RUNNER}"], ids=["machine", "container"])
def test_a_local_dockerfile_action(place: Place, images: None, container: str) -> None:
    write(place, ACTION)
    place.steps(
        "- uses: actions/checkout@v4",
        "- name: act\n  id: act\n  uses: ./action\n  with: {who: you}\n  env: {OF_STEP: step}",
        "- name: after\n  run: |\n    cat made-by-action\n"
        '    echo "answer=${{ steps.act.outputs.answer }}"\n    echo "env=$FROM_ACTION"\n'
        '    ls "$RUNNER_TEMP/_github_home"',
        job=f"{container}\nenv: {{OF_JOB: '${{{{ github.workspace }}}}/sub'}}",
    )
    found = run(place).expect(0)
    values = found.values("act")
    assert [values[f"arg{i}"] for i in range(3)] == ["<hello you>", "<>", '<c "d">']
    assert "arg3" not in values
    assert values["image"] == "image"
    assert values["GITHUB_WORKSPACE"] == values["PWD"] == "/github/workspace"
    assert values["GITHUB_OUTPUT"].startswith("/github/file_commands/set_output_")
    assert values["GITHUB_EVENT_PATH"] == "/github/workflow/event.json"
    assert values["RUNNER_TEMP"] == "/github/runner_temp"
    assert values["HOME"] == "/github/home"
    assert (values["CI"], values["GITHUB_ACTIONS"], values["GITHUB_ACTION"]) == ("true", "true", "act")
    assert (values["INPUT_WHO"], values["INPUT_FETCH-DEPTH"]) == ("you", "1")
    assert (values["OF_MANIFEST"], values["OF_STEP"]) == ("for you", "step")
    assert values["OF_JOB"] == "/github/workspace/sub"
    assert "{" in found.lines("act")
    assert found.step("act")["outputs"] == {"answer": "42"}
    assert found.step("act")["summary"] == "### from docker\n"
    (annotation,) = found.step("act")["annotations"]
    assert (annotation["message"], annotation["file"], annotation["line"]) == ("from the action", "a.c", 3)
    assert found.lines("after")[0] == "seen by the action"
    assert found.values("after") == {"answer": "42", "env": "env"}
    assert "touched" in found.lines("after")
    post = found.log("Post act").splitlines()
    assert 'after args=hello you  c "d"' in post
    assert "after state=kept" in post
    assert "after files=0" in post
    posts = [name for name in found.names() if name.startswith("Post ")]
    assert posts == ["Post act", "Post Run actions/checkout@v4"]


def test_the_action_is_on_the_jobs_network_only_where_there_is_one(place: Place) -> None:
    step = "- name: ask\n  uses: docker://actlite-standin/runner:1\n  with:\n    entrypoint: bash\n    args: "
    ask = '-c "for t in 1 2 3 4 5 6 7 8 9; do (echo >/dev/tcp/web/80) && echo reached && exit; sleep .1; done; exit 1"'
    place.steps(
        step + f"'{ask}'",
        job=f"container: {RUNNER}\nservices:\n  web:\n    image: {ALPINE}\n    entrypoint: httpd\n"
        "    command: -f -p 80",
    )
    assert "reached" in run(place).expect(0).log("ask")


def test_docker_steps_with_entrypoint_and_args(place: Place) -> None:
    place.steps(
        f"- name: both\n  uses: docker://{ALPINE}\n  with: {{entrypoint: /bin/echo, args: 'hi \"there you\"'}}",
        f'- name: args\n  uses: docker://{ALPINE}\n  with: {{args: sh -c "exit 9"}}\n  continue-on-error: true',
        f"- name: nothing\n  uses: docker://{ALPINE}\n  with: {{entrypoint: /no/such}}\n  if: always()",
    )
    found = run(place).expect(1)
    assert "hi there you" in found.log("both").splitlines()
    assert found.names()[1:3] == [f"Pull {ALPINE}", "both"]
    args = found.step("args")
    assert (args["outcome"], args["conclusion"], args["exit_code"]) == ("failure", "success", 9)
    nothing = found.step("nothing")
    assert (nothing["outcome"], nothing["exit_code"]) == ("failure", 127)
    assert "no such file or directory" in found.log("nothing")


def test_an_entrypoint_that_its_image_lacks_is_told_of_that_image(
    place: Place, standin: Callable[[str], str]
) -> None:
    place.steps(f"- uses: docker://{standin('centos7')}\n  with: {{entrypoint: /bin/nothere}}")
    found = run(place).expect(1, "/bin/nothere cannot start in this container")
    (diagnosis,) = [each["diagnosis"] for each in found.job["steps"] if each["diagnosis"]]
    assert diagnosis["image"] == "actlite-standin/centos7:1"
    assert diagnosis["has"].startswith("glibc 2.17")
    assert diagnosis["fixes"] == [
        "Name an entrypoint that the action's image has, or give the action an image that has this one"
    ]
    assert not [note for note in diagnosis["notes"] if "GitHub's own machine" in note]


def test_an_image_of_a_docker_step_that_is_not_there(place: Place) -> None:
    place.steps("- uses: docker://actlite-test/nowhere:1")
    found = run(place, "--offline").expect(4, "actlite-test/nowhere:1 is not on this machine")
    assert found.step("Pull actlite-test/nowhere:1")["outcome"] == "failure"
    assert found.step("Run actlite-test/nowhere:1")["outcome"] == "skipped"


def test_a_build_that_fails_says_what_the_builder_said(place: Place, images: None) -> None:
    files = dict(ACTION)
    files["action/Dockerfile"] = f"FROM {ALPINE}\nRUN echo preparing things; exit 23\n"
    write(place, files)
    place.steps(
        "- uses: actions/checkout@v4", "- name: act\n  uses: ./action", "- run: echo no\n  name: later"
    )
    found = run(place).expect(1, "the image of the action could not be built")
    log = found.log("act")
    assert "preparing things" in log
    assert "exit 23" in log
    assert "returned a non-zero code: 23" in log
    assert found.step("act")["outcome"] == "failure"
    assert found.step("later")["outcome"] == "skipped"


@pytest.mark.parametrize(
    ("image", "words", "code"),
    [
        ("Dockerfile.missing", f"File not found: '{RUNNER_WORK}/", 1),
        ("actlite-test/no-such-image", "actlite-test/no-such-image", 4),
        ("../../../Dockerfile", "outside of the action's repository", 1),
    ],
)
def test_an_image_that_is_none(place: Place, image: str, words: str, code: int) -> None:
    write(place, ACTION | {"action/action.yml": f"name: x\nruns: {{using: docker, image: {image}}}\n"})
    place.steps("- uses: actions/checkout@v4", "- name: act\n  uses: ./action")
    found = run(place)
    assert found.ended.code == code
    assert words in found.log("act")


def test_a_remote_docker_action_with_all_stages(place: Place, images: None, tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    server.publish(
        "some/docker-action",
        {
            "Dockerfile": f"FROM {ALPINE}\nCOPY stage.sh /\n",
            "stage.sh": '#!/bin/sh\necho "$0 args=$* state=$STATE_pre"\n[ "$STATE_pre" ] || echo pre=set >>$GITHUB_STATE\n',
            "action.yml": "name: x\nruns:\n  using: docker\n  image: Dockerfile\n  args: [a, b]\n"
            "  pre-entrypoint: /stage.sh\n  entrypoint: /stage.sh\n  post-entrypoint: /stage.sh\n"
            "  post-if: failure()\n",
        },
        mode=0o755,
    )
    place.steps(
        "- run: exit 1\n  name: bad\n  if: false",
        "- name: act\n  uses: some/docker-action@v1",
        "- run: exit 1\n  name: fails",
    )
    found = run(place, env=server.env | own_cache(tmp_path / "cache")).expect(1)
    assert found.names() == [
        "Set up job",
        "Build some/docker-action@v1",
        "Pre act",
        "bad",
        "act",
        "fails",
        "Post act",
        "Complete job",
    ]
    assert "/stage.sh args=a b state=" in found.log("Pre act").splitlines()
    assert "/stage.sh args=a b state=set" in found.log("act").splitlines()
    assert "/stage.sh args=a b state=set" in found.log("Post act").splitlines()
    assert "some/docker-action@v1' (SHA:" in found.log("Set up job")
