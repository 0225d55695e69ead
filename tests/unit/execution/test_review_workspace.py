"""Found in review: filling a workspace where names in the working tree changed their kind, and odd repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from actlite.contexts.git import environment
from actlite.contexts.repository import Repository
from actlite.errors import CannotRun
from actlite.execution.workspace import CheckoutRequest, CheckoutResult, fill


def git(folder: Path, *args: str) -> str:
    """Run git in a folder."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", *args]
    return subprocess.run(
        command, cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository without commits."""
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def check_out(
    source: Path, tmp_path: Path, *, submodules: bool = False, offline: bool = True
) -> tuple[Path, CheckoutResult]:
    """Fill a workspace from the repository's HEAD and what is changed."""
    local = Repository.discover(source)
    assert local is not None
    assert local.head is not None
    workspace = tmp_path / "work" / "r" / "r"
    request = CheckoutRequest(
        repository="o/r",
        local=local,
        ref="",
        path="",
        depth=1,
        tags=False,
        submodules=submodules,
        with_git=True,
        committed=False,
        offline=offline,
        event_ref="refs/heads/main",
        event_sha=local.head,
        server="https://github.com",
    )
    return workspace, fill(workspace, request)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A user's folder that nothing may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "a").write_text("precious")
    return folder


def test_a_link_that_became_a_folder_is_not_written_through(
    source: Path, tmp_path: Path, outside: Path
) -> None:
    (source / "link").symlink_to(outside)
    commit(source)
    (source / "link").unlink()
    (source / "link").mkdir()
    (source / "link" / "a").write_text("of the tree")
    workspace, _ = check_out(source, tmp_path)
    assert (outside / "a").read_text() == "precious"
    assert not (workspace / "link").is_symlink()
    assert (workspace / "link" / "a").read_text() == "of the tree"


def test_a_folder_that_became_a_link_deletes_nothing_behind_it(
    source: Path, tmp_path: Path, outside: Path
) -> None:
    (source / "d").mkdir()
    (source / "d" / "a").write_text("committed")
    (source / "d" / "b").write_text("committed")
    commit(source)
    git(source, "rm", "-rq", "d")
    (source / "d").symlink_to(outside)
    git(source, "add", "d")
    workspace, _ = check_out(source, tmp_path)
    assert (outside / "a").read_text() == "precious"
    assert sorted(p.name for p in outside.iterdir()) == ["a"]
    assert (workspace / "d").is_symlink()


def test_a_file_that_became_a_folder(source: Path, tmp_path: Path) -> None:
    (source / "x").write_text("file")
    commit(source)
    (source / "x").unlink()
    (source / "x" / "deep").mkdir(parents=True)
    (source / "x" / "deep" / "y").write_text("inside")
    workspace, _ = check_out(source, tmp_path)
    assert (workspace / "x" / "deep" / "y").read_text() == "inside"


def test_a_folder_that_became_a_file(source: Path, tmp_path: Path) -> None:
    (source / "d").mkdir()
    (source / "d" / "a").write_text("a")
    commit(source)
    (source / "d" / "a").unlink()
    (source / "d").rmdir()
    (source / "d").write_text("now a file")
    workspace, _ = check_out(source, tmp_path)
    assert (workspace / "d").read_text() == "now a file"


def test_a_fifo_in_the_working_tree_is_left_out(source: Path, tmp_path: Path) -> None:
    (source / "a").write_text("a")
    commit(source)
    os.mkfifo(source / "pipe")
    workspace, _ = check_out(source, tmp_path)
    assert [p.name for p in sorted(workspace.iterdir())] == [".git", "a"]


def test_a_gitmodules_file_without_modules(source: Path, tmp_path: Path) -> None:
    (source / ".gitmodules").write_text("")
    commit(source)
    workspace, _ = check_out(source, tmp_path, submodules=True)
    assert (workspace / ".gitmodules").exists()


def test_a_submodules_path_cannot_lead_out(source: Path, tmp_path: Path, outside: Path) -> None:
    git(outside, "init", "-q")
    (source / ".gitmodules").write_text('[submodule "x"]\n\tpath = ../outside\n\turl = x\n')
    commit(source)
    workspace, result = check_out(source, tmp_path, submodules=True)
    assert not (workspace.parent / "outside").exists()
    assert not any("outside" in line for line in result.lines)


def test_a_submodule_is_not_fetched_from_a_folder_of_this_machine(
    source: Path, tmp_path: Path, outside: Path
) -> None:
    git(outside, "init", "-q")
    commit(outside)
    head = git(outside, "rev-parse", "HEAD")
    (source / ".gitmodules").write_text(f'[submodule "sub"]\n\tpath = sub\n\turl = file://{outside}\n')
    git(source, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    git(source, "add", ".gitmodules")
    git(source, "commit", "-q", "-m", "x")
    with pytest.raises(CannotRun, match="--offline forbids fetching it"):
        check_out(source, tmp_path, submodules=True)
    with pytest.raises(CannotRun, match="could not be fetched from file://") as refused:
        check_out(source, tmp_path, submodules=True, offline=False)
    assert "transport 'file' not allowed" in str(refused.value)


def test_a_submodules_name_cannot_lead_out(source: Path, tmp_path: Path, outside: Path) -> None:
    git(outside, "init", "-q")
    commit(outside)
    head = git(outside, "rev-parse", "HEAD")
    (source / ".gitmodules").write_text('[submodule "../../../outside"]\n\tpath = sub\n\turl = x\n')
    git(source, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    git(source, "add", ".gitmodules")
    git(source, "commit", "-q", "-m", "x")
    with pytest.raises(CannotRun):
        check_out(source, tmp_path, submodules=True)
    assert sorted(p.name for p in outside.iterdir()) == [".git", "a"]


def test_a_repository_whose_path_has_a_percent_sign(tmp_path: Path) -> None:
    folder = tmp_path / "a%41 b"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "f").write_text("f")
    commit(folder)
    workspace, _ = check_out(folder, tmp_path)
    assert (workspace / "f").read_text() == "f"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_that_git_was_told_to_trust(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "f").write_text("f")
    commit(source)
    for path in (source, *source.rglob("*")):
        os.lchown(path, 65534, 65534)
    (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    environment.cache_clear()
    try:
        workspace, _ = check_out(source, tmp_path)
    finally:
        environment.cache_clear()
    assert (workspace / "f").read_text() == "f"


def test_no_hook_of_the_repository_runs(source: Path, tmp_path: Path, outside: Path) -> None:
    (source / "f").write_text("f")
    commit(source)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = source / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {outside}/{name}\n")
        hook.chmod(0o755)
    check_out(source, tmp_path)
    assert sorted(p.name for p in outside.iterdir()) == ["a"]
