"""The changed files that the command line names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actlite.contexts.repository import Repository
from actlite.errors import UsageError
from actlite.planning.changes import with_changes, with_changes_since
from actlite.planning.plan import Trigger
from actlite.planning.trigger import make_trigger

pytestmark = pytest.mark.usefixtures("git_without_settings")


@pytest.fixture
def parted(git_repository: Callable[..., Any]) -> Any:
    """Branch dev has parted from main; main has gone on."""
    repository = git_repository({"a": "1"})
    repository.git("checkout", "-q", "-b", "dev")
    repository.commit({"on-dev": "1"})
    repository.git("checkout", "-q", "main")
    repository.commit({"on-main": "1"})
    repository.git("checkout", "-q", "dev")
    return repository


def at(made: Any) -> Repository:
    repository = Repository.discover(made.path)
    assert repository is not None
    return repository


def test_files_by_name() -> None:
    trigger = with_changes(Trigger("push", {}), ["./src//b", "a", "a"])
    assert trigger.changed == ("a", "src/b")


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../b", "", "./"])
def test_paths_that_are_none_of_the_repository(path: str) -> None:
    with pytest.raises(UsageError):
        with_changes(Trigger("push", {}), [path])


def test_a_push_is_compared_with_two_dots_and_a_pull_request_with_three(parted: Any) -> None:
    repository = at(parted)
    push = with_changes_since(make_trigger("push", repository), repository, "main")
    assert push.changed == ("on-dev", "on-main")
    pull = with_changes_since(make_trigger("pull_request", repository), repository, "main")
    assert pull.changed == ("on-dev",)
    target = with_changes_since(make_trigger("pull_request_target", repository), repository, "main")
    assert target.changed == ("on-dev",)


def test_the_working_tree_counts_unless_only_commits_do(parted: Any) -> None:
    parted.write({"new": "1"})
    repository = at(parted)
    trigger = make_trigger("pull_request", repository)
    assert with_changes_since(trigger, repository, "main").changed == ("new", "on-dev")
    assert with_changes_since(trigger, repository, "main", committed=True).changed == ("on-dev",)


def test_a_commit_that_is_not_there(parted: Any) -> None:
    repository = at(parted)
    with pytest.raises(UsageError) as caught:
        with_changes_since(make_trigger("push", repository), repository, "mian")
    assert caught.value.do == "Did you mean 'main'?"
    with pytest.raises(UsageError, match="no commits"):
        with_changes_since(Trigger("push", {}), None, "main")
