"""What starts a run: the event's payload and the github context, made from the repository of this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from main_tools import Outcome, run

pytestmark = pytest.mark.docker
SHOW = """
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - {name: event, run: cat "$GITHUB_EVENT_PATH"}
      - name: github
        env: {ALL: '${{ toJSON(github) }}', INPUTS: '${{ toJSON(inputs) }}'}
        run: |
          echo "$ALL" | grep -v '"event": {' >/dev/null
          for name in EVENT_NAME REF REF_NAME REF_TYPE SHA BASE_REF HEAD_REF REPOSITORY REPOSITORY_OWNER ACTOR; do
            eval "echo $name=\\$GITHUB_$name"
          done
          echo inputs=$INPUTS
"""
CHECKOUT = "      - {name: co, uses: actions/checkout@v4}\n"


def workflow(place: Place, on: str) -> Place:
    return place.workflow(f"on:\n{on}{SHOW}")


def event(found: Outcome) -> dict[str, Any]:
    payload = json.loads("\n".join(found.lines("event")))
    assert isinstance(payload, dict)
    return payload


@pytest.fixture
def project(place: Place) -> Place:
    place.git("remote", "add", "origin", "git@github.com:Some-Owner/some.project.git")
    return place


def test_push_of_a_tag(project: Place) -> None:
    workflow(project, "  push: {tags: ['v*']}\n")
    project.git("tag", "-a", "v1.2.3", "-m", "x")
    head = project.git("rev-parse", "HEAD")
    found = run(project, "--tag", "v1.2.3").expect(0)
    values, payload = found.values("github"), event(found)
    assert (values["REF"], values["REF_NAME"], values["REF_TYPE"]) == ("refs/tags/v1.2.3", "v1.2.3", "tag")
    assert (values["SHA"], values["EVENT_NAME"]) == (head, "push")
    assert (values["REPOSITORY"], values["REPOSITORY_OWNER"]) == ("Some-Owner/some.project", "Some-Owner")
    assert (values["BASE_REF"], values["HEAD_REF"]) == ("", "")
    assert payload["ref"] == "refs/tags/v1.2.3"
    assert payload["after"] == head
    assert payload["created"] is True
    assert payload["head_commit"]["id"] == head
    assert payload["repository"]["full_name"] == "Some-Owner/some.project"
    # a tag that is still to be made is taken as being at HEAD
    later = run(project, "--tag", "v2.0.0").expect(0)
    assert (later.values("github")["REF_NAME"], later.values("github")["SHA"]) == ("v2.0.0", head)
    run(project, "--tag", "other").expect(5)
    run(project).expect(5)


def test_push_of_a_branch(project: Place) -> None:
    workflow(project, "  push: {branches: [main, 'release/**']}\n")
    project.git("branch", "release/2021/may")
    found = run(project, "--branch", "release/2021/may").expect(0)
    values, payload = found.values("github"), event(found)
    assert (values["REF"], values["REF_NAME"]) == ("refs/heads/release/2021/may", "release/2021/may")
    assert values["REF_TYPE"] == "branch"
    assert payload["ref"] == "refs/heads/release/2021/may"
    assert [c["id"] for c in payload["commits"]] == [project.git("rev-parse", "HEAD")]
    assert run(project).expect(0).values("github")["REF"] == "refs/heads/main"
    project.git("checkout", "-q", "-b", "feature")
    run(project).expect(5, "feature")


INPUTS = """  workflow_dispatch:
    inputs:
      version: {required: true, description: The version}
      level: {type: choice, options: [debug, info], default: info}
      dry: {type: boolean, default: false}
      count: {type: number, default: 3}
"""


def test_workflow_dispatch_with_inputs(project: Place) -> None:
    workflow(project, INPUTS)
    found = run(project, "workflow_dispatch", "--input", "version=1.0 rc", "--input", "dry=true").expect(0)
    assert json.loads(found.values("github")["inputs"]) == {
        "version": "1.0 rc",
        "level": "info",
        "dry": True,
        "count": 3,
    }
    payload = event(found)
    assert payload["inputs"] == {"version": "1.0 rc", "level": "info", "dry": "true", "count": "3"}
    assert payload["workflow"] == ".github/workflows/x.yml"
    assert found.values("github")["EVENT_NAME"] == "workflow_dispatch"


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([], "input 'version' is required and not given"),
        (["version=1", "level=inof"], "one of debug, info, not 'inof'"),
        (["version=1", "dry=yes"], "true or false, not 'yes'"),
        (["version=1", "count=many"], "a number, not 'many'"),
        (["version=1", "colour=red"], "has no input 'colour'"),
    ],
)
def test_inputs_that_github_would_refuse(project: Place, inputs: list[str], words: str) -> None:
    workflow(project, INPUTS)
    run(project, "workflow_dispatch", *(w for i in inputs for w in ("--input", i))).expect(2, words)


def test_pull_request(project: Place) -> None:
    workflow(project, "  pull_request: {branches: [main]}\n")
    base = project.git("rev-parse", "HEAD")
    project.git("checkout", "-q", "-b", "topic")
    project.write("new", "x")
    project.commit()
    head = project.git("rev-parse", "HEAD")
    found = run(project, "pull_request").expect(0)
    values, payload = found.values("github"), event(found)
    assert (values["BASE_REF"], values["HEAD_REF"]) == ("main", "topic")
    assert (values["REF"], values["REF_NAME"]) == ("refs/pull/1/merge", "1/merge")
    request = payload["pull_request"]
    assert (request["base"]["ref"], request["base"]["sha"]) == ("main", base)
    assert (request["head"]["ref"], request["head"]["sha"]) == ("topic", head)
    assert payload["action"] in ("opened", "synchronize")
    assert payload["number"] == 1


def test_release(project: Place) -> None:
    workflow(project, "  release: {types: [published]}\n")
    found = run(project, "release", "--tag", "v3").expect(0)
    payload = event(found)
    assert payload["action"] == "published"
    assert payload["release"]["tag_name"] == "v3"
    assert found.values("github")["REF"] == "refs/tags/v3"
    run(project, "release", "--branch", "main").expect(2, "a release is of a tag")


def test_schedule_runs_on_the_default_branch(project: Place) -> None:
    workflow(project, "  schedule: [{cron: '0 3 * * 1'}]\n")
    project.git("checkout", "-q", "-b", "elsewhere")
    found = run(project, "schedule").expect(0)
    assert found.values("github")["REF"] == "refs/heads/main"
    assert found.values("github")["EVENT_NAME"] == "schedule"
    assert "schedule" in event(found)


def test_an_event_file(project: Place, tmp_path: Path) -> None:
    workflow(project, "  push: {tags: ['v*']}\n")
    head = project.git("rev-parse", "HEAD")
    file = tmp_path / "event.json"
    data = {"ref": "refs/tags/v9", "custom": {"deep": [1, None, "x"]}, "sender": {"login": "octo"}}
    file.write_text(json.dumps(data))
    found = run(project, "--event-file", str(file)).expect(0)
    payload, values = event(found), found.values("github")
    assert payload["custom"] == {"deep": [1, None, "x"]}
    assert payload["repository"]["name"] == "some.project"
    assert (values["REF"], values["SHA"], values["ACTOR"]) == ("refs/tags/v9", head, "octo")
    file.write_text("{not json")
    run(project, "--event-file", str(file)).expect(2, "event.json")


def test_a_repository_without_remote(place: Place) -> None:
    workflow(place, "  push:\n")
    found = run(place).expect(0, "the repository has no remote")
    assert found.values("github")["REPOSITORY"] == "local/project"


def test_a_repository_without_commits(place: Place) -> None:
    shutil.rmtree(place.path / ".git")
    place.git("init", "-q", "-b", "main")
    place.write(
        ".github/workflows/x.yml",
        f"on:\n  push:\n{SHOW}{CHECKOUT}",
    )
    found = run(place).expect(1, "There is nothing to check out: the repository at", "has no commit yet")
    assert found.values("github")["SHA"] == "0" * 40
    assert event(found)["after"] == "0" * 40
    assert found.step("co")["outcome"] == "failure"


def test_no_repository_at_all(place: Place) -> None:
    shutil.rmtree(place.path / ".git")
    place.write(".github/workflows/x.yml", f"on:\n  push:\n{SHOW}{CHECKOUT}")
    outside = {"GIT_CEILING_DIRECTORIES": str(place.path.parent)}
    found = run(place, env=outside).expect(1, "the workflow is in no git repository")
    assert found.step("co")["outcome"] == "failure"
    values = found.values("github")
    assert values["REPOSITORY"].endswith("/project")
    assert values["SHA"] == "0" * 40
    assert values["REF"] == "refs/heads/main"


def test_what_selects_nothing_says_what_would(project: Place) -> None:
    workflow(project, "  push: {tags: ['v*']}\n")
    ended = run(project).ended
    assert ended.code == 5
    assert "--tag" in ended.text
    workflow(project, "  workflow_dispatch:\n")
    ended = run(project).ended
    assert ended.code == 5
    assert "workflow_dispatch" in ended.text
