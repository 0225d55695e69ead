"""Called workflows of other repositories: found in what was fetched, and fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlite.actions.called import KnownWorkflows, workflows_folder
from actlite.actions.reference import RemoteAction
from actlite.actions.store import ActionStore
from actlite.checking.files import FolderFiles, TextFiles
from actlite.workflow.called import HERE, Found, Missing, Origin, Unknown, parse_call

PATH = ".github/workflows/b.yml"
CALLED = "on: workflow_call\njobs: {j: {runs-on: x, steps: [{run: y}]}}\n"
CALLS = "on: workflow_call\njobs: {j: {uses: ./.github/workflows/b.yml}}\n"


@pytest.fixture
def origin(git_repository: Callable[..., Any]) -> Any:
    """The repository o/r of a server made of folders, whose downloads leave .github out."""
    return git_repository(
        {
            PATH: CALLED,
            ".github/workflows/c.yml": CALLS,
            "action.yml": "name: a\n",
            ".gitattributes": ".github export-ignore\n",
        },
        tag="v1",
        name="server/o/r",
    )


@pytest.fixture
def store(tmp_path: Path, origin: Any) -> ActionStore:
    return ActionStore(tmp_path / "cache", server=str(origin.path.parent.parent.as_uri()))


def find(text: str, fetched: Any = None, caller: Origin = HERE) -> Any:
    reference = parse_call(text)
    assert reference is not None
    return KnownWorkflows(TextFiles({PATH: CALLED}), fetched).find(reference, caller)


def test_files_of_the_repository() -> None:
    found = find("./.github/workflows/b.yml")
    assert isinstance(found, Found)
    assert (found.source.name, found.origin) == (PATH, HERE)
    assert find("$/.github/workflows/b.yml") == found or found.source.text == CALLED
    assert find("./.github/workflows/no.yml") == Missing(known=(PATH,))


def test_a_folder_without_git_may_lack_files(tmp_path: Path) -> None:
    reference = parse_call("./.github/workflows/no.yml")
    assert reference is not None
    assert isinstance(KnownWorkflows(FolderFiles(tmp_path)).find(reference, HERE), Unknown)
    (tmp_path / ".git").mkdir()
    assert isinstance(KnownWorkflows(FolderFiles(tmp_path)).find(reference, HERE), Missing)


def test_what_was_never_fetched_is_unknown(store: ActionStore) -> None:
    wanted = Unknown("not known here: o/r/.github/workflows/b.yml@v1 is not cached (actlite fetch)")
    assert find("o/r/.github/workflows/b.yml@v1", store.cached) == wanted
    assert find("o/r/.github/workflows/b.yml@v1") == wanted


def test_a_workflow_that_the_download_leaves_out_is_kept(store: ActionStore, origin: Any) -> None:
    fetched = store.get(RemoteAction("o", "r", "", "v1"))
    assert not (fetched.folder / ".github").exists()
    assert (workflows_folder(fetched.folder) / PATH).read_text() == CALLED
    found = find("o/r/.github/workflows/c.yml@v1", store.cached)
    assert isinstance(found, Found)
    assert found.source.name == "o/r/.github/workflows/c.yml@v1"
    assert found.origin == Origin("o/r", origin.git("rev-parse", "HEAD"))


def test_a_local_call_in_a_fetched_workflow_is_of_its_commit(store: ActionStore, origin: Any) -> None:
    store.get(RemoteAction("o", "r", "", "v1"))
    sha = origin.git("rev-parse", "HEAD")
    found = find("./.github/workflows/b.yml", store.cached, Origin("o/r", sha))
    assert isinstance(found, Found)
    assert found.source.name == f"o/r/.github/workflows/b.yml@{sha}"


def test_a_file_that_a_fetched_commit_lacks(git_repository: Callable[..., Any], tmp_path: Path) -> None:
    other = git_repository({PATH: CALLED}, tag="v1", name="server/o/plain")
    store = ActionStore(tmp_path / "cache", server=str(other.path.parent.parent.as_uri()))
    fetched = store.get(RemoteAction("o", "plain", "", "v1"))
    assert not workflows_folder(fetched.folder).exists()
    found = find("o/plain/.github/workflows/no.yml@v1", store.cached)
    assert isinstance(found, Missing)
    assert found.why.startswith("o/plain has no such file at ")
