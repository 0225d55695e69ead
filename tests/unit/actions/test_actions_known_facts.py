"""The table of well-known actions against what others read: every ref, and what meant something else before."""

from __future__ import annotations

import datetime
import json
from functools import cache
from typing import Any

import pytest
from tests.shared_data import CORPUS, FACTS, needs

from actlite.actions.known import known_actions, known_plugin, known_steps, known_using
from actlite.source import SourceFile
from actlite.workflow.manifest import read_declared
from actlite.workflow.model import CompositeRuns, NodeRuns, PluginRuns, UsesStep


@cache
def facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))
    return found


def parts(name: str) -> tuple[str, str, str]:
    owner, repo, *path = name.split("/")
    return owner, repo, "/".join(path)


def declared(name: str, ref: str) -> str | None:
    owner, repo, path = parts(name)
    plugin = known_plugin(owner, repo, ref)
    return f"plugin:{plugin}" if plugin else known_using(owner, repo, path, ref)


@needs(FACTS)
def test_every_ref_of_the_facts_is_there_and_agrees() -> None:
    rows = facts()["actions"]
    assert len(rows) >= 534
    wrong = [
        (row["action"], ref, row["using"], declared(row["action"], ref))
        for row in rows
        for ref in (row["ref"], row.get("sha"))
        if ref and declared(row["action"], ref) != row["using"]
    ]
    assert wrong == []


@needs(FACTS)
def test_every_release_at_which_an_action_changed_is_there() -> None:
    wrong = [
        (name, change, declared(name, change["tag"]))
        for name, changes in facts()["action_using_changes"].items()
        for change in changes
        if declared(name, change["tag"]) not in (change["using"], change["using"].removesuffix("V1"))
    ]
    assert wrong == []


@needs(FACTS)
def test_what_composite_actions_use_agrees() -> None:
    rows = [row for row in facts()["actions"] if row["using"] == "composite"]
    assert rows
    for row in rows:
        wanted = set(row.get("nested_uses", ()))  # those are in no order
        for ref in (row["ref"], row["sha"]):
            steps = known_steps(*parts(row["action"]), ref)
            assert steps is not None
            assert set(steps) == wanted, (row["action"], ref)


@needs(FACTS)
def test_all_that_those_use_is_known_too() -> None:
    """So that a composite action can be followed into without the network."""
    nested = {uses for row in facts()["actions"] for uses in row.get("nested_uses", ())}
    unknown = [uses for uses in sorted(nested) if declared(*uses.split("@")) is None]
    assert unknown == []


@needs(CORPUS)
def test_every_published_action_of_the_corpus_agrees() -> None:
    """Every commit of which the corpus has the manifest, read as actlite reads it."""
    index = json.loads((CORPUS / "index.json").read_text("utf-8"))
    rows = [row for row in index if row["kind"] == "action"]
    assert len(rows) >= 658
    wrong = []
    for row in rows:
        source = SourceFile.read(CORPUS / row["file"], row["file"])
        folder = row["path"].rpartition("/")[0]
        name = f"{row['repo']}/{folder}".rstrip("/")
        runs = manifest_of(source)
        found = declared(name, row["commit"])
        if found != runs[0] or (
            runs[0] == "composite" and known_steps(*parts(name), row["commit"]) != runs[1]
        ):
            wrong.append((name, row["ref"], runs, found))
    assert wrong == []


def manifest_of(source: SourceFile) -> tuple[str, tuple[str, ...]]:
    """What a manifest declares, and what its steps use."""
    manifest = read_declared(source)
    assert manifest is not None, source.name
    match manifest.runs:
        case NodeRuns(using=using):
            return using, ()
        case PluginRuns(plugin=plugin):
            return f"plugin:{plugin}", ()
        case CompositeRuns(steps=steps):
            return "composite", tuple(step.uses.text for step in steps if isinstance(step, UsesStep))
        case _:
            return "docker", ()


@pytest.mark.parametrize(
    ("name", "ref", "day", "using"),
    [
        ("Swatinem/rust-cache", "v2", "2022-08-01", "node16"),
        ("Swatinem/rust-cache", "v2", "2024-01-09", "node16"),
        ("Swatinem/rust-cache", "v2", "2024-01-10", "node20"),
        ("Swatinem/rust-cache", "v2", "2026-11-23", "node24"),
        ("ncipollo/release-action", "v1", "2021-05-07", "node12"),
        ("ncipollo/release-action", "v1", "2025-06-01", "node20"),
        ("taiki-e/install-action", "v2", "2022-06-01", "node16"),
        ("codecov/codecov-action", "v3", "2024-01-27", "node20"),
        ("codecov/codecov-action", "v3", "2024-02-27", "node16"),
        ("actions/checkout", "v4", "2020-01-01", "node20"),
        ("Swatinem/rust-cache", "v2", "2019-01-01", "node16"),
        ("Swatinem/rust-cache", "v2.7.2", "2026-01-01", "node20"),
    ],
)
def test_what_a_floating_tag_meant_on_a_day(name: str, ref: str, day: str, using: str) -> None:
    on = datetime.date.fromisoformat(day)
    assert known_using(*parts(name), ref, on=on) == using


def test_the_last_meaning_of_a_moved_tag_is_the_tables() -> None:
    moved = [(name, ref) for name in known_actions() for ref in known_actions()[name].moved]
    assert len(moved) >= 15
    for name, ref in moved:
        now = datetime.date(2026, 11, 23)
        assert known_using(*parts(name), ref, on=now) == known_using(*parts(name), ref), (name, ref)


def test_steps_of_what_is_no_composite_action_are_unknown() -> None:
    assert known_steps("actions", "checkout", "", "v4") is None
    assert known_steps("someone", "something", "", "v1") is None
    assert known_steps("dtolnay", "rust-toolchain", "", "stable") == ()
    assert known_steps("codecov", "codecov-action", "", "v5") == (
        "actions/github-script@60a0d83039c74a4aee543508d2ffcb1c3799cdea",
    )
