"""Fetching actions from local repositories, and everything that can go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlite.actions import git
from actlite.actions.reference import RemoteAction, parse
from actlite.actions.store import ActionStore, load_manifest
from actlite.errors import ActionUnavailable, DiskFull, UsageError


def action(text: str) -> RemoteAction:
    found = parse(text)
    assert isinstance(found, RemoteAction)
    return found


@pytest.fixture
def origin(git_repository: Callable[..., Any]) -> Any:
    """The repository o/r of a server made of folders, with a branch, a light and an annotated tag."""
    repository = git_repository(
        {
            "action.yml": "name: one\n",
            "sub/action.yml": "name: sub\n",
            "not-shipped": "x",
            ".gitattributes": "not-shipped export-ignore\n",
        },
        tag="v1",
        name="server/o/r",
    )
    repository.git("tag", "-a", "v1.0.0", "-m", "A release")
    return repository


@pytest.fixture
def server(origin: Any) -> str:
    return str(origin.path.parent.parent.as_uri())


def store(tmp_path: Path, server: str, **options: Any) -> ActionStore:
    return ActionStore(tmp_path / "cache", server=server, **options)


def test_a_moving_tag_a_release_a_branch_and_a_commit(tmp_path: Path, server: str, origin: Any) -> None:
    sha = origin.git("rev-parse", "HEAD")
    actions = store(tmp_path, server)
    found = {ref: actions.get(action(f"o/r/sub@{ref}")) for ref in ("v1", "v1.0.0", "main", sha)}
    assert {fetched.sha for fetched in found.values()} == {sha}
    assert {fetched.folder for fetched in found.values()} == {tmp_path / "cache" / "o" / "r" / sha}
    assert [fetched.moving for fetched in found.values()] == [True, False, True, False]
    assert found["v1"].source == f"{server}/o/r"


def test_the_files_are_those_of_githubs_download(tmp_path: Path, server: str) -> None:
    folder = store(tmp_path, server).get(action("o/r@v1")).folder
    assert sorted(p.name for p in folder.iterdir()) == [".gitattributes", "action.yml", "sub"]
    assert folder.stat().st_mode & 0o777 == 0o755
    assert "can be deleted" in (tmp_path / "cache" / "README").read_text()


def test_names_are_the_same_in_any_case(tmp_path: Path, server: str) -> None:
    first = store(tmp_path, server).get(action("o/r@v1"))
    assert store(tmp_path, server, offline=True).get(action("O/R@v1")).folder == first.folder


def test_a_ref_is_looked_up_once_in_a_run_and_again_in_the_next(
    tmp_path: Path, server: str, origin: Any
) -> None:
    actions = store(tmp_path, server)
    first = actions.get(action("o/r@main"))
    new = origin.commit({"action.yml": "name: two\n"})
    assert actions.get(action("o/r@main")) == first
    again = store(tmp_path, server).get(action("o/r@main"))
    assert again.sha == new
    assert (again.folder / "action.yml").read_text() == "name: two\n"
    assert (first.folder / "action.yml").read_text() == "name: one\n"


def test_offline_takes_the_last_known_commit(tmp_path: Path, server: str, origin: Any) -> None:
    first = store(tmp_path, server).get(action("o/r@main"))
    origin.commit({"action.yml": "name: two\n"})
    offline = store(tmp_path, server, offline=True).get(action("o/r@main"))
    assert offline.sha == first.sha
    assert offline.source.startswith("the cache (looked up on ")


def test_offline_without_a_cache(tmp_path: Path, server: str) -> None:
    for ref in ("v1", "a" * 40):
        with pytest.raises(ActionUnavailable, match="not in the cache, and --offline") as caught:
            store(tmp_path, server, offline=True).get(action(f"o/r@{ref}"))
        assert caught.value.do.endswith(f"--action o/r@{ref}=DIR")


def test_without_a_network_the_last_known_commit_counts(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store(tmp_path, server).get(action("o/r@v1"))

    def no_network(*args: object, **options: object) -> str:
        raise git.GitError("network", "fatal: Could not resolve host")

    monkeypatch.setattr(git, "run", no_network)
    assert store(tmp_path, server).get(action("o/r@v1")).sha == first.sha
    with pytest.raises(ActionUnavailable, match="can't be reached") as caught:
        store(tmp_path, server).get(action("o/r@v2"))
    assert "Could not resolve host" in caught.value.why


def test_a_ref_that_is_not_there_names_the_nearest(tmp_path: Path, server: str) -> None:
    with pytest.raises(ActionUnavailable) as caught:
        store(tmp_path, server).get(action("o/r@v1.0"))
    assert caught.value.what == "o/r has no branch or tag 'v1.0'."
    assert caught.value.why == "It has v1.0.0, v1."
    assert caught.value.do == "With a copy on this machine: --action o/r@v1.0=DIR"


def test_a_commit_that_is_not_there(tmp_path: Path, server: str) -> None:
    with pytest.raises(ActionUnavailable, match=f"o/r has no commit {'a' * 40}"):
        store(tmp_path, server).get(action(f"o/r@{'a' * 40}"))
    assert [p.name for p in (tmp_path / "cache" / "o" / "r").iterdir()] == [".lock"]


def test_a_repository_that_is_not_there(tmp_path: Path, server: str) -> None:
    with pytest.raises(ActionUnavailable, match=r"there is no repository .*/o/none, or it is private"):
        store(tmp_path, server).get(action("o/none@v1"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "network"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", "repository"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "repository"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "repository"),
        ("fatal: early EOF", "network"),
        ("fatal: write error: No space left on device", "space"),
        ("fatal: something new", "other"),
    ],
)
def test_causes_of_gits_failures(text: str, cause: str) -> None:
    assert git._cause(text) == cause


def test_a_full_disk_is_said_as_such(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> str:
        raise git.GitError("space", "fatal: write error: No space left on device")

    monkeypatch.setattr(git, "run", full)
    with pytest.raises(DiskFull, match="no space left for o/r@v1"):
        store(tmp_path, server).get(action("o/r@v1"))


def test_what_a_killed_process_left_goes(tmp_path: Path, server: str) -> None:
    left = tmp_path / "cache" / "o" / "r" / ".fetching.dead"
    left.mkdir(parents=True)
    store(tmp_path, server).get(action("o/r@v1"))
    assert not left.exists()


def test_no_git(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ActionUnavailable, match="there is no git on this machine"):
        store(tmp_path, server).get(action("o/r@v1"))


def test_git_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(git.GitError, match="no answer within") as caught:
        git.run(["ls-remote"], timeout=0.1)
    assert caught.value.cause == "network"


def test_the_users_hooks_and_repository_variables_have_no_part(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / "index"))
    assert store(tmp_path, server).get(action("o/r@v1")).folder.is_dir()


def test_a_token_is_in_no_argument_list() -> None:
    config = git.token_config("https://github.com", "secret")
    assert list(config) == ["http.https://github.com/.extraheader"]
    assert git._environment(config)["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraheader"
    assert git.token_config("file:///x", "secret") == {}
    assert git.token_config("https://github.com", None) == {}


def test_folders_of_the_users(tmp_path: Path) -> None:
    mine, all_refs = tmp_path / "mine", tmp_path / "all"
    mine.mkdir()
    all_refs.mkdir()
    actions = ActionStore(
        tmp_path / "cache",
        offline=True,
        overrides={"O/R@v1": mine, "o/r": all_refs, "o/gone": tmp_path / "gone"},
    )
    assert actions.get(action("o/r@v1")).folder == mine
    assert actions.get(action("o/r@v2")).folder == all_refs
    assert actions.is_overridden(action("o/r@v3"))
    assert not actions.is_overridden(action("o/x@v1"))
    assert actions.cached(action("o/gone@v1")) is None
    with pytest.raises(UsageError, match="is not there"):
        actions.get(action("o/gone@v1"))


def test_cached_asks_nobody(
    tmp_path: Path, server: str, origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store(tmp_path, server).get(action("o/r@v1"))
    monkeypatch.setenv("PATH", "")
    actions = store(tmp_path, server)
    found = actions.cached(action("o/r@v1"))
    assert found is not None
    assert found.folder == first.folder
    assert actions.cached(action(f"o/r@{first.sha}")) is not None
    assert actions.cached(action("o/r@v2")) is None


def test_a_spoilt_refs_file_is_looked_up_anew(tmp_path: Path, server: str) -> None:
    first = store(tmp_path, server).get(action("o/r@v1"))
    for content in ("{", "[]"):
        (tmp_path / "cache" / "o" / "r" / "refs.json").write_text(content)
        assert store(tmp_path, server).get(action("o/r@v1")).sha == first.sha


def test_many_at_once(tmp_path: Path, server: str) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store(tmp_path, server).get(action("o/r@v1"))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({fetched.folder for fetched in found}) == 1
    names = sorted(p.name for p in (tmp_path / "cache" / "o" / "r").iterdir())
    assert names == sorted([".lock", "refs.json", found[0].sha])


def test_manifest_by_order_of_names(tmp_path: Path) -> None:
    for name in ("dockerfile", "Dockerfile", "action.yaml", "action.yml"):
        (tmp_path / name).write_text("x")
        assert load_manifest(tmp_path).name == name


def test_no_manifest_in_the_runners_words(tmp_path: Path) -> None:
    with pytest.raises(ActionUnavailable) as caught:
        load_manifest(tmp_path, "./x")
    assert caught.value.what == (
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{tmp_path}'. "
        "Did you forget to run actions/checkout before running your local action?"
    )
    with pytest.raises(ActionUnavailable, match=r"or 'Dockerfile' for action 'o/r@v1'\."):
        load_manifest(tmp_path, "o/r@v1")
