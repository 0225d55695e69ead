"""The github and runner contexts."""

from __future__ import annotations

import pytest

from actlite.contexts.github import any_ref, github_event, stable_id, tag_ref, workflow_fields
from actlite.contexts.payloads import merged
from actlite.contexts.remote import RepositoryName
from actlite.contexts.runner import architecture, runner_context


@pytest.mark.parametrize(
    ("ref", "name", "type"),
    [
        ("refs/tags/v1", "v1", "tag"),
        ("refs/heads/a/b", "a/b", "branch"),
        ("refs/pull/7/merge", "7/merge", "branch"),
        ("refs/notes/x", "notes/x", "branch"),
    ],
)
def test_refs(ref: str, name: str, type: str) -> None:
    info = any_ref(ref)
    assert (info.ref, info.name, info.type) == (ref, name, type)


def test_the_events_fields() -> None:
    github = github_event(
        event_name="push",
        event={"a": 1},
        ref=tag_ref("v1"),
        sha="abc",
        repository=RepositoryName("o", "r"),
        actor="me",
    )
    assert github["ref"] == "refs/tags/v1"
    assert (github["ref_name"], github["ref_type"], github["base_ref"], github["head_ref"]) == (
        "v1",
        "tag",
        "",
        "",
    )
    assert (github["repository"], github["repository_owner"], github["actor"]) == ("o/r", "o", "me")
    assert github["server_url"] == "https://github.com"
    assert github["repository_id"].isdigit()
    assert github["ref_protected"] is False
    fields = workflow_fields(github, name="W", path=".github/workflows/w.yml")
    assert fields["workflow_ref"] == "o/r/.github/workflows/w.yml@refs/tags/v1"


def test_ids_are_the_same_each_time_and_differ() -> None:
    assert stable_id("a/b") == stable_id("A/B")
    assert stable_id("a/b") != stable_id("a/c")


def test_fields_of_a_file_win_at_every_depth() -> None:
    made = {"a": {"b": 1, "c": 2}, "d": [1], "e": 1}
    assert merged(made, {"a": {"b": 9}, "d": [], "e": {"f": 1}}) == {
        "a": {"b": 9, "c": 2},
        "d": [],
        "e": {"f": 1},
    }
    assert made["a"] == {"b": 1, "c": 2}


@pytest.mark.parametrize(
    ("machine", "name"),
    [("x86_64", "X64"), ("aarch64", "ARM64"), ("armv7l", "ARM"), ("i686", "X86"), ("riscv64", "RISCV64")],
)
def test_architectures(machine: str, name: str) -> None:
    assert architecture(machine) == name


def test_the_runner_context() -> None:
    context = runner_context(temp="/t", tool_cache="/c", workspace="/w", arch="X64")
    assert context == {
        "os": "Linux",
        "arch": "X64",
        "name": "actlite",
        "environment": "github-hosted",
        "tool_cache": "/c",
        "temp": "/t",
        "workspace": "/w",
    }
    assert runner_context(temp="", tool_cache="", workspace="", debug=True)["debug"] == "1"
