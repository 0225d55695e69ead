"""The local repository, in all the states that a folder can be in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from actlite.contexts import git as git_module
from actlite.contexts.repository import Change, Repository
from actlite.errors import CannotRun, UsageError

Make = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("git_without_settings")


def found(folder: Path) -> Repository:
    repository = Repository.discover(folder)
    assert repository is not None
    return repository


def test_an_ordinary_repository(git_repository: Make) -> None:
    made = git_repository({"a": "1", "sub/b": "2"}, tag="v1")
    made.git("remote", "add", "origin", "git@github.com:owner/name.git")
    repository = found(made.path / "sub")
    assert repository.root == made.path.resolve()
    assert repository.head == made.git("rev-parse", "HEAD")
    assert repository.branch == "main"
    assert not repository.shallow
    assert repository.name.full == "owner/name"
    assert repository.refs.tags == {"v1": repository.head}
    assert repository.refs.branches == {"main": repository.head}
    assert repository.default_branch == "main"
    assert repository.status() == ()


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    git_module.environment.cache_clear()
    assert Repository.discover(tmp_path) is None
    assert Repository.discover(tmp_path / "none") is None


def test_a_bare_repository_has_no_files(git_repository: Make, tmp_path: Path) -> None:
    git_repository({"a": "1"}).git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert Repository.discover(tmp_path / "bare") is None


def test_no_commits_and_no_remote(git_repository: Make) -> None:
    made = git_repository()
    made.git("checkout", "-q", "-b", "trunk")
    repository = found(made.path)
    assert (repository.head, repository.branch) == (None, "trunk")
    assert repository.name.full == "local/repository"
    assert "no remote" in repository.name.note
    assert repository.default_branch == "trunk"
    assert repository.resolve("HEAD") is None
    assert repository.commit("HEAD") is None
    made.write({"new": "x"})
    assert repository.status() == (Change("new", "untracked"),)


def test_a_detached_head(git_repository: Make) -> None:
    made = git_repository({"a": "1"})
    made.git("checkout", "-q", "--detach")
    repository = found(made.path)
    assert repository.branch is None
    assert repository.head == made.git("rev-parse", "HEAD")


def test_a_linked_worktree_is_named_after_the_repository(git_repository: Make, tmp_path: Path) -> None:
    made = git_repository({"a": "1"})
    made.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "elsewhere"))
    repository = found(tmp_path / "elsewhere")
    assert repository.root == (tmp_path / "elsewhere").resolve()
    assert repository.branch == "side"
    assert repository.git_dir != repository.common_dir
    assert repository.name.full == "local/repository"


def test_a_shallow_clone(git_repository: Make, tmp_path: Path) -> None:
    made = git_repository({"a": "1"})
    made.commit({"b": "2"})
    made.git("clone", "-q", "--depth", "1", f"file://{made.path}", str(tmp_path / "clone"))
    repository = found(tmp_path / "clone")
    assert repository.shallow
    assert repository.head is not None
    commit = repository.commit(repository.head)
    assert commit is not None
    assert commit.added == ("a", "b")
    assert repository.name.full == "local/clone"
    assert repository.default_branch == "main"


def test_git_settings_of_the_environment_are_ignored(
    git_repository: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = git_repository({"a": "1"})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    git_module.environment.cache_clear()
    assert found(made.path).root == made.path.resolve()


def test_annotated_tags_are_followed(git_repository: Make) -> None:
    made = git_repository({"a": "1"}, tag="light")
    made.git("tag", "-a", "-m", "x", "heavy")
    tags = found(made.path).refs.tags
    assert tags["heavy"] == tags["light"] == made.git("rev-parse", "HEAD")


def test_the_default_branch_is_what_origin_says(git_repository: Make, tmp_path: Path) -> None:
    made = git_repository({"a": "1"})
    made.git("branch", "-m", "main", "develop")
    made.git("clone", "-q", str(made.path), str(tmp_path / "clone"))
    repository = found(tmp_path / "clone")
    assert repository.default_branch == "develop"
    assert repository.refs.remote_branch == repository.head


def test_another_remote_gives_the_name_with_a_note(git_repository: Make) -> None:
    made = git_repository({"a": "1"})
    made.git("remote", "add", "upstream", "https://example.org/o/n")
    name = found(made.path).name
    assert (name.full, name.host) == ("o/n", "example.org")
    assert "upstream" in name.note


def test_a_commit_and_its_files(git_repository: Make) -> None:
    made = git_repository({"keep": "1", "gone": "1", "ä b": "1"})
    (made.path / "gone").unlink()
    made.commit({"keep": "2", "new": "1"})
    commit = found(made.path).commit("HEAD")
    assert commit is not None
    assert (commit.added, commit.removed, commit.modified) == (("new",), ("gone",), ("keep",))
    assert commit.files == ("gone", "keep", "new")
    assert commit.author.email == "tester@example.com"
    assert commit.committer.date == "2021-05-07T12:00:00+00:00"
    assert len(commit.parents) == 1
    first = found(made.path).commit("HEAD~1")
    assert first is not None
    assert first.added == ("gone", "keep", "ä b")


def test_merges_empty_commits_and_odd_messages(git_repository: Make) -> None:
    made = git_repository({"a": "1"})
    made.git("checkout", "-q", "-b", "side")
    made.commit({"side": "1"})
    made.git("checkout", "-q", "main")
    made.commit({"main": "1"})
    made.git("merge", "-q", "--no-ff", "-m", "Merge\n\nA\n  body", "side")
    made.git("commit", "-q", "--allow-empty", "-m", "empty")
    commits = found(made.path).commits("HEAD", limit=3)
    assert [commit.files for commit in commits[:2]] == [(), ("side",)]
    assert len(commits[1].parents) == 2
    assert commits[1].message == "Merge\n\nA\n  body"


def test_commits_since(git_repository: Make) -> None:
    made = git_repository({"a": "1"})
    base = made.git("rev-parse", "HEAD")
    second, third = made.commit({"b": "1"}), made.commit({"c": "1"})
    repository = found(made.path)
    assert [commit.sha for commit in repository.commits("HEAD", since=base)] == [third, second]
    assert repository.commits("HEAD", since="f" * 40) == ()


def test_files_between_commits(git_repository: Make) -> None:
    made = git_repository({"a": "1"})
    base = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "side")
    side = made.commit({"b": "1", "c d": "2"})
    made.git("checkout", "-q", "main")
    main = made.commit({"e": "1"})
    repository = found(made.path)
    assert repository.changed_files(base, side) == ("b", "c d")
    assert repository.changed_files(main, side) == ("b", "c d", "e")
    assert repository.changed_files(main, side, since_parted=True) == ("b", "c d")
    assert repository.changed_files("f" * 40, side) is None


def test_the_working_tree(git_repository: Make) -> None:
    made = git_repository({"keep": "1", "gone": "1", "same": "1", ".gitignore": "secret\n"})
    (made.path / "gone").unlink()
    made.write({"keep": "2", "secret": "x", "sub/new file": "1", "staged": "1"})
    made.git("add", "staged")
    kinds = {change.path: change.kind for change in found(made.path).status()}
    assert kinds == {"keep": "modified", "gone": "deleted", "sub/new file": "untracked", "staged": "added"}


def test_resolve(git_repository: Make) -> None:
    made = git_repository({"a": "1"}, tag="v1")
    repository = found(made.path)
    assert repository.resolve("v1") == repository.head
    assert repository.resolve("none") is None
    assert repository.resolve("--all") is None


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    git_module.environment.cache_clear()
    with pytest.raises(CannotRun, match="git is not installed"):
        Repository.discover(tmp_path)


def test_a_folder_of_another_user_is_not_read_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "git"
    fake.write_text(
        "#!/bin/sh\necho \"fatal: detected dubious ownership in repository at 'x'\" >&2\nexit 128\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    git_module.environment.cache_clear()
    with pytest.raises(UsageError) as caught:
        Repository.discover(tmp_path)
    assert "safe.directory" in caught.value.do


def test_few_processes(git_repository: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from actlite.planning.trigger import make_trigger

    made = git_repository({"a": "1"}, tag="v1")
    calls: list[str] = []
    run = subprocess.run

    def counted(arguments: Sequence[str], **options: Any) -> Any:
        calls.append(" ".join(arguments[3:5]))
        return run(arguments, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    make_trigger("push", found(made.path), tag="v1")
    assert 1 < len(calls) <= 4, calls
    calls.clear()
    make_trigger("push", found(made.path))
    assert 1 < len(calls) <= 5, calls
