"""What starts a workflow, what its token may do, and what it deploys to."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conforming import Conform
from fault_tools import Place
from main_tools import Outcome

pytestmark = pytest.mark.docker

HOST = ("--engine", "host")
FILTER = "on: {on}\njobs: {{{name}: {{runs-on: ubuntu-latest, steps: [{{run: echo {name}}}]}}}}\n"
FILTERS = {
    "tags": "{push: {tags: ['v*'], paths: [docs/**]}}",
    "deep": "{push: {tags: ['v**']}}",
    "without": "{push: {tags: ['v*', '!v*-rc']}}",
    "again": "{push: {tags: ['!v*-rc', 'v*']}}",
}
WORKFLOW = """
on: push
permissions: {contents: read, pull-requests: write, id-token: write}
jobs:
  ours:
    runs-on: ubuntu-latest
    environment: {name: 'production-${{ matrix.n }}', url: 'https://example.com/${{ steps.site.outputs.path }}'}
    strategy: {matrix: {n: [1]}}
    steps: [{id: site, run: 'echo path=a/b >>"$GITHUB_OUTPUT"'}]
  nothing:
    runs-on: ubuntu-latest
    permissions: {}
    env: {KEY: '${{ secrets.KEY }}'}
    environment: {name: secret-place, url: 'https://example.com/${{ env.KEY }}'}
    steps: [{run: echo ran}]
  all:
    runs-on: ubuntu-latest
    permissions: read-all
    environment: ${{ vars.NOWHERE }}
    steps: [{run: echo ran}]
  broken:
    runs-on: ubuntu-latest
    environment: {name: wrong, url: '${{ fromJSON(github.ref) }}'}
    steps: [{run: echo ran}]
"""
DEFAULT = "on: push\njobs: {job: {runs-on: ubuntu-latest, steps: [{run: echo ran}]}}\n"


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW, *HOST, "-s", "KEY=hush-hush", image="host", expect=1)


def selected(place: Place, tag: str) -> set[str]:
    """The jobs that a push of a tag runs."""
    if tag not in place.git("tag").split():
        place.git("tag", tag)
    # All workflows, not the one that a Place runs by itself.
    argv = [sys.executable, "-m", "actlite", "run", "push", "--ref", f"refs/tags/{tag}", *HOST]
    argv += ["-P", "ubuntu-latest=host", "-v"]
    done = subprocess.run(argv, cwd=place.path, env=place.env, check=False, capture_output=True, text=True)
    assert done.returncode in (0, 5), done.stdout + done.stderr
    return {name for name in FILTERS if f"● {name} · host" in done.stdout}


@pytest.mark.rule("workflow/tag-pushes", "workflow/pattern-order")
def test_tag_filters(place: Place) -> None:
    for name, on in FILTERS.items():
        place.workflow(FILTER.format(on=on, name=name), f".github/workflows/{name}.yml")
    assert selected(place, "v1") == {"tags", "deep", "without", "again"}
    assert selected(place, "v/1") == {"deep"}
    assert selected(place, "v1-rc") == {"tags", "deep", "again"}


@pytest.mark.rule("workflow/tag-pushes")
def test_a_branch_push_is_not_for_tags(conform: Conform) -> None:
    conform(FILTER.format(on=FILTERS["tags"], name="tags"), "push", *HOST, image="host", expect=5)


def token(outcome: Outcome, job: str) -> list[str]:
    """The lines of the token's permissions in the log of a job."""
    text = outcome.log("Set up job", job)
    return text.partition("##[group]GITHUB_TOKEN Permissions\n")[2].partition("##[endgroup]")[0].splitlines()


@pytest.mark.rule("workflow/token-permissions")
def test_token_permissions(ran: Outcome, conform: Conform) -> None:
    assert token(ran, "ours (1)") == ["Contents: read", "Metadata: read", "PullRequests: write"]
    assert token(ran, "nothing") == ["Metadata: read"]
    every = token(ran, "all")
    assert every == sorted(every)
    assert {"ArtifactMetadata: read", "Contents: read", "SecurityEvents: read"} <= set(every)
    assert all(line.endswith(": read") for line in every)
    usual = conform(DEFAULT, *HOST, image="host")
    assert token(usual, "job") == ["Contents: read", "Metadata: read", "Packages: read"]


@pytest.mark.rule("workflow/environment-url")
def test_environment_url(ran: Outcome) -> None:
    ours = ran.jobs["ours (1)"]
    assert ours["environment"] == {"name": "production-1", "url": "https://example.com/a/b"}
    lines = ran.log("Complete job", "ours (1)").splitlines()
    assert lines[:2] == [
        "Evaluate and set environment url",
        "Evaluated environment url: https://example.com/a/b",
    ]
    nothing = ran.jobs["nothing"]
    assert nothing["environment"] == {"name": "secret-place", "url": ""}
    assert nothing["result"] == "success"
    assert (
        "##[warning]Skip setting environment url as environment 'secret-place' may contain secret."
        in ran.log("Complete job", "nothing")
    )
    assert ran.jobs["all"]["environment"] is None


@pytest.mark.rule("workflow/environment-error")
def test_environment_error(ran: Outcome) -> None:
    assert "##[error]Failed to evaluate environment url" in ran.log("Complete job", "broken")
    assert ran.jobs["broken"]["result"] == "failure"


@pytest.mark.rule("workflow/environment-protection")
def test_protection_rules_are_told_before(place: Place) -> None:
    place.workflow(WORKFLOW)
    argv = [sys.executable, "-m", "actlite", "plan"]
    done = subprocess.run(argv, cwd=place.path, env=place.env, check=False, capture_output=True, text=True)
    told = " ".join((done.stdout + done.stderr).split())
    assert "protection rules (approvals, waiting time, allowed branches) are not applied" in told, told
