"""Which workflows an event runs, and the reasons where not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actlite.errors import UsageError
from actlite.planning.plan import Trigger
from actlite.planning.triggers import selects
from actlite.source import SourceFile
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read


def workflow(on: str) -> Workflow:
    text = f"on: {on}\njobs: {{a: {{runs-on: x, steps: [{{run: y}}]}}}}\n"
    found, bag = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None, [finding.message for finding in bag]
    return found


def tag(name: str, changed: tuple[str, ...] | None = None) -> Trigger:
    return Trigger("push", {"ref_type": "tag", "ref_name": name, "event": {}}, changed=changed)


def branch(name: str, changed: tuple[str, ...] | None = None) -> Trigger:
    return Trigger("push", {"ref_type": "branch", "ref_name": name, "event": {}}, changed=changed)


def pull(base: str, action: str = "synchronize", changed: tuple[str, ...] | None = None) -> Trigger:
    return Trigger("pull_request", {"base_ref": base, "event": {"action": action}}, changed=changed)


def other(event: str, **payload: Any) -> Trigger:
    return Trigger(event, {"event": payload})


@pytest.mark.parametrize(
    ("on", "trigger", "reason"),
    [
        ("push", tag("v1"), None),
        ("[pull_request, push]", branch("x"), None),
        ("[pull_request, release]", branch("x"), "runs on pull_request and release, not on push"),
        ("release", branch("x"), "runs on release, not on push"),
        ("{push: {branches: [main]}}", tag("v1"), "branches [main] given, tags are not"),
        (
            "{push: {branches: [main], paths: ['docs/**']}}",
            tag("v1"),
            "paths are ignored for tags, but branches [main] is given",
        ),
        ("{push: {branches-ignore: [x]}}", tag("v1"), "branches-ignore [x] given, tags are not"),
        ("{push: {tags: ['v*']}}", branch("v1"), "tags [v*] given, branches are not"),
        ("{push: {tags-ignore: ['v*']}}", branch("v1"), "tags-ignore [v*] given, branches are not"),
        ("{push: {tags: ['v*']}}", tag("v1"), None),
        ("{push: {tags: ['v*']}}", tag("x1"), "tag x1 does not match tags [v*]"),
        ("{push: {tags: ['v*', '!v*-rc']}}", tag("v1-rc"), "tag v1-rc is excluded by !v*-rc in tags [v*, !v*-rc]"),
        ("{push: {tags-ignore: ['v*']}}", tag("v1"), "tag v1 matches tags-ignore [v*]"),
        ("{push: {tags: ['v*'], paths: [src]}}", tag("v1", ("x",)), None),
        ("{push: {tags: ['v*'], branches: [main]}}", branch("main"), None),
        ("{push: {branches: [main]}}", branch("dev"), "branch dev does not match branches [main]"),
        ("{push: {branches-ignore: ['d*']}}", branch("dev"), "branch dev matches branches-ignore [d*]"),
        ("{push: {paths: ['src/**']}}", branch("x", ("src/a",)), None),
        ("{push: {paths: ['src/**']}}", branch("x", ("a", "b")), "none of the 2 changed files matches paths [src/**]"),
        ("{push: {paths: ['src/**']}}", branch("x"), None),
        ("{push: {paths: ['src/**']}}", branch("x", ()), "no file is changed, and paths [src/**] is given"),
        ("{push: {paths-ignore: ['*.md']}}", branch("x", ("a.md", "b.c")), None),
        ("{push: {paths-ignore: ['*.md']}}", branch("x", ("a.md",)), "paths-ignore [*.md] matches the changed file"),
        ("{push: {branches: [main], paths: [a]}}", branch("main", ("b",)),
         "the changed file does not match paths [a]"),
        ("{pull_request: {branches: [main]}}", pull("main"), None),
        ("{pull_request: {branches: [main]}}", pull("dev"), "base branch dev does not match branches [main]"),
        ("pull_request", pull("main", "closed"), "without types it runs on opened, synchronize and reopened, closed is not"),
        ("{pull_request: {types: [closed]}}", pull("main"), "types [closed] given, synchronize is not"),
        ("{pull_request: {types: closed}}", pull("main", "closed"), None),
        ("release", other("release", action="created"), None),
        ("{release: {types: [published]}}", other("release", action="created"), "types [published] given, created is not"),
        ("workflow_dispatch", other("workflow_dispatch"), None),
        ("{schedule: [{cron: '0 0 * * *'}]}", other("schedule"), None),
        (
            "{workflow_run: {workflows: [CI], branches: [main]}}",
            other("workflow_run", workflow_run={"name": "CI", "head_branch": "dev"}),
            "branch dev does not match branches [main]",
        ),
        (
            "{workflow_run: {workflows: [CI]}}",
            other("workflow_run", workflow_run={"name": "Docs"}),
            "workflow 'Docs' is not among workflows [CI]",
        ),
        ("{workflow_run: {workflows: ['CI [x86']}}", other("workflow_run", workflow_run={"name": "CI [x86"}), None),
        ("{workflow_run: {workflows: ['CI [x86']}}", other("workflow_run", workflow_run={"name": "CI"}),
         "workflow 'CI' is not among workflows [CI [x86]"),
        ("{workflow_run: {workflows: [CI], branches-ignore: [main]}}",
         other("workflow_run", workflow_run={"name": "CI", "head_branch": "main"}),
         "branch main matches branches-ignore [main]"),
        ("{workflow_run: {workflows: [CI], types: [requested]}}",
         other("workflow_run", action="completed", workflow_run={"name": "CI"}),
         "types [requested] given, completed is not"),
        ("workflow_call", branch("main"), "runs only where another workflow calls it"),
        ("{workflow_call: {inputs: {a: {type: string}}}}", tag("v1"), "runs only where another workflow calls it"),
        ("[workflow_call, workflow_dispatch]", branch("main"),
         "runs on workflow_call and workflow_dispatch, not on push"),
        ("{merge_group: {branches: [main]}}", other("merge_group", merge_group={"base_ref": "refs/heads/main"}), None),
        ("{merge_group: {branches: [main]}}", other("merge_group", merge_group={"base_ref": "refs/heads/dev"}),
         "base branch dev does not match branches [main]"),
        ("{merge_group: {types: [checks_requested]}}", other("merge_group", action="checks_requested"), None),
        ("{push: {branches: [main], tags: ['v*']}}", tag("x"), "tag x does not match tags [v*]"),
        ("{push: {branches-ignore: [main], tags: ['v*']}}", branch("main"), "branch main matches branches-ignore [main]"),
        ("{push: {tags-ignore: ['v*'], branches: [main]}}", tag("x"), None),
        ("{push: {paths: [src]}}", tag("v1", ("x",)), None),
        ("{push: {paths-ignore: ['**']}}", tag("v1", ("x",)), None),
        ("{push: {paths-ignore: ['**.md', '!keep.md']}}", branch("x", ("keep.md",)), None),
        ("{push: {paths-ignore: ['*.md']}}", branch("x", ()), None),
        ("{push: {paths: ['**', '!docs/**']}}", branch("x", ("docs/a", "docs/b")),
         "none of the 2 changed files matches paths [**, !docs/**]"),
        ("{push: {paths: ['**', '!docs/**']}}", branch("x", ("docs/a", "b")), None),
        ("{pull_request: {branches-ignore: ['release/**']}}", pull("release/1"),
         "base branch release/1 matches branches-ignore [release/**]"),
        ("{pull_request: {paths: [src/**]}}", pull("main", changed=("docs/a",)),
         "the changed file does not match paths [src/**]"),
        ("{pull_request: {types: [opened], paths: [src/**]}}", pull("main", changed=("src/a",)),
         "types [opened] given, synchronize is not"),
        ("{release: {types: [released]}}", other("release", action="prereleased"),
         "types [released] given, prereleased is not"),
        ("{issues: {types: [opened]}}", other("issues"), None),
        ("create", other("create"), None),
        ("{repository_dispatch: {types: [go]}}", other("repository_dispatch", action="stop"),
         "types [go] given, stop is not"),
    ],
)  # fmt: skip
def test_selection(on: str, trigger: Trigger, reason: str | None) -> None:
    assert selects(workflow(on), trigger) == reason


def test_a_pattern_that_means_nothing_is_told() -> None:
    made = workflow("{push: {branches: [x]}}")
    broken = replace(made, on=(replace(made.on[0], branches=("[",)),))
    with pytest.raises(UsageError, match="filter"):
        selects(broken, branch("x"))
