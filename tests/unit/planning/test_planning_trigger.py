"""Triggers made from the local repository and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlite.contexts.repository import NO_COMMIT, Repository
from actlite.errors import UsageError
from actlite.planning.trigger import make_trigger

Make = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("git_without_settings")


@pytest.fixture
def made(git_repository: Make) -> Any:
    repository = git_repository({"a": "1"}, tag="v1.0")
    repository.git("remote", "add", "origin", "https://github.com/owner/name.git")
    return repository


def at(made: Any) -> Repository:
    repository = Repository.discover(made.path)
    assert repository is not None
    return repository


def event_file(folder: Path, payload: Any) -> Path:
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return path


def test_a_push_of_a_tag(made: Any) -> None:
    tagged = made.git("rev-parse", "HEAD")
    made.commit({"b": "1"})
    trigger = make_trigger("push", at(made), tag="v1.0")
    github = trigger.github
    assert (github["ref"], github["ref_name"], github["ref_type"]) == ("refs/tags/v1.0", "v1.0", "tag")
    assert github["sha"] == tagged
    assert github["repository"] == "owner/name"
    assert github["actor"] == "owner"
    event = github["event"]
    assert (event["ref"], event["after"], event["before"], event["created"]) == (
        "refs/tags/v1.0",
        tagged,
        NO_COMMIT,
        True,
    )
    assert event["commits"] == []
    assert event["head_commit"]["id"] == tagged
    assert event["repository"]["full_name"] == "owner/name"
    assert event["sender"]["login"] == "owner"
    assert trigger.changed is None
    assert trigger.notes == ()


def test_a_tag_that_is_not_there_yet_stands_for_head(made: Any) -> None:
    trigger = make_trigger("push", at(made), tag="refs/tags/v1.1")
    assert trigger.github["ref"] == "refs/tags/v1.1"
    assert trigger.github["sha"] == made.git("rev-parse", "HEAD")
    (note,) = trigger.notes
    assert "no tag v1.1 here yet" in note
    assert "v1.0" in note


def test_a_push_of_the_current_branch(made: Any) -> None:
    parent = made.git("rev-parse", "HEAD")
    head = made.commit({"b": "1"})
    made.write({"c": "1"})
    trigger = make_trigger("push", at(made))
    event = trigger.github["event"]
    assert trigger.github["ref"] == "refs/heads/main"
    assert (event["before"], event["after"]) == (parent, head)
    assert [commit["id"] for commit in event["commits"]] == [head]
    assert (
        not {"added", "removed", "modified"} & event["commits"][0].keys()
    )  # nor has GitHub's payload for workflows
    assert trigger.changed == ("b", "c")
    assert make_trigger("push", at(made), committed=True).changed == ("b",)


def test_a_push_holds_what_origin_has_not_seen(made: Any) -> None:
    seen = made.git("rev-parse", "HEAD")
    made.git("update-ref", "refs/remotes/origin/main", seen)
    first, second = made.commit({"b": "1"}), made.commit({"a": "1"})
    event = make_trigger("push", at(made)).github["event"]
    assert event["before"] == seen
    assert [commit["id"] for commit in event["commits"]] == [first, second]
    assert make_trigger("push", at(made)).changed == ("b",)


def test_another_branch(made: Any) -> None:
    made.git("branch", "dev")
    made.commit({"b": "1"})
    trigger = make_trigger("push", at(made), branch="dev")
    assert trigger.github["ref"] == "refs/heads/dev"
    assert trigger.github["sha"] == made.git("rev-parse", "dev")
    assert make_trigger("push", at(made), branch="nope").notes


@pytest.mark.parametrize(
    ("ref", "full"),
    [("v1.0", "refs/tags/v1.0"), ("main", "refs/heads/main"), ("refs/tags/v1.0", "refs/tags/v1.0")],
)
def test_a_ref_by_any_name(made: Any, ref: str, full: str) -> None:
    assert make_trigger("push", at(made), ref=ref).github["ref"] == full


def test_a_ref_that_is_a_commit(made: Any) -> None:
    first = made.git("rev-parse", "HEAD")
    made.commit({"b": "1"})
    trigger = make_trigger("push", at(made), ref=first[:10])
    assert (trigger.github["sha"], trigger.github["ref"]) == (first, "refs/heads/main")
    assert "is a commit" in trigger.notes[0]


def test_an_unknown_ref_suggests_the_nearest(made: Any) -> None:
    with pytest.raises(UsageError) as caught:
        make_trigger("push", at(made), ref="v1.O")
    assert caught.value.do == "Did you mean 'v1.0'?"


@pytest.mark.parametrize("name", ["", "a b", "a..b", "-x", "a.lock", "a~1", "x/", "@", "a\nb"])
def test_names_that_git_refuses(made: Any, name: str) -> None:
    with pytest.raises(UsageError, match="can't be the name"):
        make_trigger("push", at(made), tag=name)


def test_flags_exclude_each_other(made: Any) -> None:
    with pytest.raises(UsageError, match="--tag and --branch exclude"):
        make_trigger("push", at(made), tag="a", branch="b")


def test_an_unknown_event(made: Any) -> None:
    with pytest.raises(UsageError) as caught:
        make_trigger("pul_request", at(made))
    assert caught.value.do == "Did you mean 'pull_request'?"


def test_inputs_are_for_dispatch(made: Any, tmp_path: Path) -> None:
    assert make_trigger("workflow_dispatch", at(made), inputs={"a": "b"}).inputs == {"a": "b"}
    file = tmp_path / "event.json"
    file.write_text('{"inputs": {"a": "of the file", "c": "d"}}')
    found = make_trigger("workflow_dispatch", at(made), inputs={"a": "b"}, event_file=file)
    assert found.inputs == {"a": "b", "c": "d"}
    with pytest.raises(UsageError, match="takes no inputs"):
        make_trigger("push", at(made), inputs={"a": "b"})


def test_a_detached_head_at_a_tag(made: Any) -> None:
    made.git("checkout", "-q", "v1.0")
    trigger = make_trigger("push", at(made))
    assert trigger.github["ref"] == "refs/tags/v1.0"
    assert "detached" in trigger.notes[0]


def test_a_detached_head_elsewhere(made: Any) -> None:
    made.commit({"b": "1"})
    made.git("checkout", "-q", "--detach")
    trigger = make_trigger("push", at(made))
    assert trigger.github["ref"] == "refs/heads/main"
    assert "detached" in trigger.notes[0]


def test_no_repository(tmp_path: Path) -> None:
    trigger = make_trigger("push", None, folder=tmp_path / "proj")
    assert trigger.github["repository"] == "local/proj"
    assert (trigger.github["sha"], trigger.github["ref"]) == (NO_COMMIT, "refs/heads/main")
    assert any("no git repository" in note for note in trigger.notes)
    assert make_trigger("push", None, tag="v1", folder=tmp_path).github["ref"] == "refs/tags/v1"
    for event in ("pull_request", "workflow_dispatch", "schedule", "issues"):
        assert make_trigger(event, None, folder=tmp_path).event == event


def test_no_commits(git_repository: Make) -> None:
    repository = Repository.discover(git_repository().path)
    trigger = make_trigger("push", repository, tag="v1")
    assert trigger.github["sha"] == NO_COMMIT
    assert trigger.github["event"]["head_commit"] is None
    assert any("no commits" in note for note in trigger.notes)
    assert make_trigger("pull_request", repository).github["sha"] == NO_COMMIT
    with pytest.raises(UsageError):
        make_trigger("push", repository, ref="HEAD")


def test_a_pull_request(made: Any) -> None:
    made.git("checkout", "-q", "-b", "topic")
    head = made.commit({"b": "1"})
    trigger = make_trigger("pull_request", at(made))
    github = trigger.github
    assert (github["ref"], github["ref_name"]) == ("refs/pull/1/merge", "1/merge")
    assert (github["base_ref"], github["head_ref"], github["sha"]) == ("main", "topic", head)
    assert github["event"]["pull_request"]["head"]["sha"] == head
    assert github["event"]["action"] == "synchronize"
    assert trigger.changed == ("b",)
    target = make_trigger("pull_request_target", at(made)).github
    assert (target["ref"], target["head_ref"]) == ("refs/heads/main", "topic")
    assert target["sha"] == made.git("rev-parse", "main")
    with pytest.raises(UsageError):
        make_trigger("pull_request", at(made), tag="v1.0")


def test_a_release(made: Any) -> None:
    trigger = make_trigger("release", at(made), tag="v2")
    assert trigger.github["ref"] == "refs/tags/v2"
    assert trigger.github["event"]["release"]["tag_name"] == "v2"
    assert trigger.github["event"]["action"] == "published"
    assert make_trigger("release", at(made)).github["ref"] == "refs/tags/v1.0"
    made.commit({"b": "1"})
    with pytest.raises(UsageError, match="of a tag"):
        make_trigger("release", at(made))


def test_a_schedule_is_of_the_default_branch(made: Any) -> None:
    main = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "topic")
    made.commit({"b": "1"})
    trigger = make_trigger("schedule", at(made))
    assert (trigger.github["ref"], trigger.github["sha"]) == ("refs/heads/main", main)
    assert "default branch" in trigger.notes[0]


def test_other_events_say_what_is_missing(made: Any, tmp_path: Path) -> None:
    trigger = make_trigger("issues", at(made))
    assert any("--event-file" in note for note in trigger.notes)
    path = event_file(tmp_path, {"action": "opened", "issue": {"number": 5}})
    given = make_trigger("issues", at(made), event_file=path)
    assert given.github["event"]["issue"]["number"] == 5
    assert given.notes == ()


def test_fields_of_the_event_file_win(made: Any, tmp_path: Path) -> None:
    payload = {
        "ref": "refs/tags/v1.0",
        "sender": {"login": "octocat"},
        "repository": {"full_name": "other/place", "private": False},
    }
    github = make_trigger("push", at(made), event_file=event_file(tmp_path, payload)).github
    assert github["ref"] == "refs/tags/v1.0"
    assert (github["actor"], github["repository"], github["repository_owner"]) == (
        "octocat",
        "other/place",
        "other",
    )
    assert github["event"]["repository"]["private"] is False
    assert github["event"]["repository"]["default_branch"] == "main"


def test_a_pull_request_from_a_file(made: Any, tmp_path: Path) -> None:
    payload = {
        "action": "labeled",
        "number": 7,
        "pull_request": {"head": {"ref": "feature", "sha": "f" * 40}, "base": {"ref": "stable"}},
    }
    trigger = make_trigger("pull_request", at(made), event_file=event_file(tmp_path, payload))
    github = trigger.github
    assert (github["ref"], github["head_ref"], github["base_ref"]) == (
        "refs/pull/7/merge",
        "feature",
        "stable",
    )
    assert github["event"]["action"] == "labeled"
    assert any("isn't in this repository" in note for note in trigger.notes)


def test_a_release_from_a_file(made: Any, tmp_path: Path) -> None:
    path = event_file(tmp_path, {"action": "created", "release": {"tag_name": "v1.0"}})
    trigger = make_trigger("release", at(made), event_file=path)
    assert trigger.github["ref"] == "refs/tags/v1.0"
    assert trigger.github["event"]["action"] == "created"


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", '{"a": }', "\x00"])
def test_event_files_that_are_no_payload(made: Any, tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_trigger("push", at(made), event_file=event_file(tmp_path, content))
    assert caught.value.do


def test_an_event_file_that_is_not_there(made: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        make_trigger("push", at(made), event_file=tmp_path / "none.json")


def test_who_acts(made: Any) -> None:
    made.git("config", "github.user", "someone")
    assert make_trigger("push", at(made)).github["actor"] == "someone"
    assert make_trigger("push", at(made), actor="other").github["triggering_actor"] == "other"


def test_a_merge_group_is_merged_into_the_default_branch(made: Any) -> None:
    trigger = make_trigger("merge_group", at(made), branch="main")
    event = trigger.github["event"]
    assert event["merge_group"]["base_ref"] == "refs/heads/main"
    assert event["action"] == "checks_requested"
    assert trigger.github["ref"].startswith("refs/heads/gh-readonly-queue/main/pr-1-")


def test_a_workflow_run_follows_a_success_and_is_of_the_default_branch(made: Any) -> None:
    made.git("checkout", "-q", "-b", "topic")
    trigger = make_trigger("workflow_run", at(made))
    run = trigger.github["event"]["workflow_run"]
    assert (run["head_branch"], run["conclusion"]) == ("topic", "success")
    assert trigger.github["ref"] == "refs/heads/main"
    assert any("to have succeeded" in note for note in trigger.notes)


@pytest.mark.parametrize("event", ["issues", "issue_comment", "delete", "check_run", "repository_dispatch"])
def test_events_of_the_default_branch(made: Any, tmp_path: Path, event: str) -> None:
    main = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "topic")
    made.commit({"b": "1"})
    trigger = make_trigger(event, at(made))
    assert (trigger.github["ref"], trigger.github["sha"]) == ("refs/heads/main", main)
    assert f"{event} runs on the default branch main, not on topic" in trigger.notes
    path = event_file(tmp_path, {"ref": "gone", "ref_type": "branch"})
    assert make_trigger(event, at(made), event_file=path).github["ref"] == "refs/heads/main"
    assert make_trigger(event, at(made), branch="topic").github["ref"] == "refs/heads/topic"


def test_what_is_created_or_deployed_is_the_ref(made: Any, tmp_path: Path) -> None:
    def ref(event: str, payload: Any) -> str:
        path = event_file(tmp_path, payload)
        return str(make_trigger(event, at(made), event_file=path).github["ref"])

    assert ref("create", {"ref": "v1.0", "ref_type": "tag"}) == "refs/tags/v1.0"
    assert ref("create", {"ref": "main", "ref_type": "branch"}) == "refs/heads/main"
    assert ref("deployment", {"deployment": {"ref": "v1.0"}}) == "refs/tags/v1.0"
    assert ref("deployment_status", {"deployment": {"ref": "main"}}) == "refs/heads/main"


def test_a_target_runs_on_the_default_branch_whatever_its_base(made: Any, tmp_path: Path) -> None:
    main = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "stable")
    made.commit({"s": "1"})
    made.git("checkout", "-q", "-b", "topic")
    made.commit({"b": "1"})
    path = event_file(tmp_path, {"pull_request": {"base": {"ref": "stable"}, "head": {"ref": "topic"}}})
    trigger = make_trigger("pull_request_target", at(made), event_file=path)
    assert (trigger.github["ref"], trigger.github["sha"]) == ("refs/heads/main", main)
    assert (trigger.github["base_ref"], trigger.changed) == ("stable", ("b",))


def test_a_new_branch_is_compared_with_where_it_parted(made: Any) -> None:
    made.git("update-ref", "refs/remotes/origin/main", made.git("rev-parse", "HEAD"))
    made.git("checkout", "-q", "-b", "topic")
    made.commit({"b": "1"})
    head = made.commit({"c": "1"})
    made.git("checkout", "-q", "main")
    made.git("update-ref", "refs/remotes/origin/main", made.commit({"d": "1"}))
    for repository, branch in ((at(made), "topic"), (None, None)):
        if repository is None:
            made.git("checkout", "-q", "topic")
        trigger = make_trigger("push", repository or at(made), branch=branch)
        event = trigger.github["event"]
        assert (event["before"], event["after"], event["created"]) == (NO_COMMIT, head, True)
        assert len(event["commits"]) == 2
        assert trigger.changed == ("b", "c")


def test_a_forced_push_is_compared_by_two_dots(made: Any) -> None:
    made.git("update-ref", "refs/remotes/origin/main", made.commit({"old": "1"}))
    made.git("reset", "-q", "--hard", "v1.0")
    made.commit({"b": "1"})
    made.commit({"c": "1"})
    assert make_trigger("push", at(made)).changed == ("b", "c", "old")


def test_a_deleted_ref(made: Any, tmp_path: Path) -> None:
    path = event_file(tmp_path, {"ref": "refs/heads/gone", "deleted": True})
    trigger = make_trigger("push", at(made), event_file=path)
    assert (trigger.github["ref"], trigger.github["sha"]) == (
        "refs/heads/main",
        made.git("rev-parse", "HEAD"),
    )
    event = trigger.github["event"]
    assert (event["ref"], event["after"], event["head_commit"]) == ("refs/heads/gone", NO_COMMIT, None)
    assert trigger.notes == ("gone is deleted: the run is of the default branch main",)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("fix [skip ci]", "[skip ci]"),
        ("fix\n\n\nskip-checks: true", "skip-checks: true"),
        ("skip ci", ""),
        ("no skip-checks: true here", ""),
    ],
)
def test_a_commit_that_asks_for_no_run(made: Any, message: str, said: str) -> None:
    made.git("checkout", "-q", "-b", "topic")
    made.git("commit", "-q", "--allow-empty", "-m", message)
    for event, tag in (("push", None), ("push", "v2"), ("pull_request", None)):
        notes = [
            note for note in make_trigger(event, at(made), tag=tag).notes if "would start nothing" in note
        ]
        assert len(notes) == bool(said)
        assert all(f"has {said}: GitHub" in note for note in notes)
    assert not any("nothing" in note for note in make_trigger("schedule", at(made)).notes)


def test_types_that_nobody_has_said_are_open(made: Any, tmp_path: Path) -> None:
    assert make_trigger("release", at(made), tag="v1.0").open_types == ("created", "released")
    given = make_trigger("pull_request", at(made), event_file=event_file(tmp_path, {"action": "synchronize"}))
    assert given.open_types == ()
