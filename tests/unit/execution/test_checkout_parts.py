"""Parts of the checkout that no stand-in image shows: git's versions, releases of the action, archives."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from actlite.execution.archive import archive_modes, as_archive
from actlite.execution.checkout_versions import NEWEST, inputs_of, version_of
from actlite.execution.sparse import Sparse, outside, set_sparse
from actlite.execution.submodules import Origin
from actlite.execution.workspace_git import Git, git_version


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with a commit that nothing of is checked out."""
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("top", "src/a", "src/deep/b", "docs/d", "docs/src", "kept/out/x"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(f"{name}\n")
    (source / ".gitattributes").write_text(
        "/docs export-ignore\nkept/out/x export-ignore\ntop export-subst\n"
    )
    (source / "top").write_text("$Format:%an$\n")
    there = Git(source)
    there("init", "-q", "-b", "main")
    there("add", "-A")
    there("-c", "user.name=Somebody", "-c", "user.email=s@example.invalid", "commit", "-q", "-m", "x")
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(source), str(target)], check=True)
    return Git(target)


def files(git: Git) -> list[str]:
    """What is checked out."""
    found = (path.relative_to(git.folder) for path in git.folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".git")


def test_a_new_git_takes_folders_for_a_cone(git: Git) -> None:
    set_sparse(git, Sparse(("src/deep",), True, (2, 39)))
    git("checkout", "-q", "--force", "main")
    assert files(git) == [".gitattributes", "src/a", "src/deep/b", "top"]
    assert git("sparse-checkout", "list") == "src/deep\n"
    assert git.ask("config", "core.sparseCheckoutCone") == "true"
    assert outside(git, ["src/new", "docs/new", "new", "src/deep/er/new", "top"]) == {"docs/new"}
    assert git("status", "--porcelain") == ""


def test_an_older_git_takes_them_for_patterns(git: Git) -> None:
    set_sparse(git, Sparse(("src",), True, (2, 36)))
    git("checkout", "-q", "--force", "main")
    assert files(git) == ["docs/src", "src/a", "src/deep/b"]
    assert outside(git, ["src/new", "new"]) == {"new"}


def test_an_archive(git: Git) -> None:
    git("checkout", "-q", "--force", "main")
    as_archive(git)
    assert files(git) == [".gitattributes", "src/a", "src/deep/b", "top"]
    assert (git.folder / "top").read_text() == "Somebody\n"
    assert (git.folder / "kept" / "out").is_dir()  # a folder of the archive, with nothing in it
    assert not (git.folder / "docs").exists()
    (git.folder / "src" / "a").chmod(0o700)
    (git.folder / "link").symlink_to("/")
    archive_modes(git.folder)
    modes = {name: (git.folder / name).stat().st_mode & 0o777 for name in ("src", "src/a", "top")}
    assert modes == {"src": 0o775, "src/a": 0o775, "top": 0o664}


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ("v4", (4, 999, 999)),
        ("v4.2", (4, 2, 999)),
        ("v3.5.3", (3, 5, 3)),
        ("11bd71901bbe5b1630ceea73d27597364c9af683", (4, 2, 2)),
        ("1" * 40, NEWEST),
        ("main", NEWEST),
    ],
)
def test_the_version_of_a_ref(ref: str, version: tuple[int, int, int]) -> None:
    assert version_of(ref) == version


def test_inputs_of_releases() -> None:
    counts = {
        ref: len(inputs_of(version_of(ref)))
        for ref in ("v2.1.0", "v3.0.0", "v3.0.2", "v3", "v4.0.0", "v4", "v7")
    }
    assert counts == {"v2.1.0": 12, "v3.0.0": 12, "v3.0.2": 13, "v3": 18, "v4.0.0": 18, "v4": 21, "v7": 21}
    assert list(inputs_of(version_of("v2.7.0")))[-1] == "set-safe-directory"
    assert "allow-unsafe-pr-checkout" not in inputs_of(version_of("v6.0.3"))


def test_git_in_words() -> None:
    assert git_version("git version 2.39.5 (Apple Git-154)") == (2, 39)
    assert git_version("") == (0, 0)


def test_a_submodule_is_not_looked_for_behind_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Git(elsewhere)("init", "-q")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "sub").symlink_to(elsewhere)
    assert Origin(tree / ".git", tree).inner("sub", "sub") is None
