"""actions/checkout: the repository of this machine, where the real one's node could have started."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fault_tools import Place
from main_tools import run

pytestmark = pytest.mark.docker
CENTOS = "actlite-standin/centos7:1"
OLD = "actlite-standin/manylinux2014:1"
LOOK = "- name: look\n  if: always()\n  run: "


@pytest.fixture
def history(place: Place) -> Place:
    """Three commits on main, a branch, tags; and files that are changed, new, ignored, deleted."""
    place.write(".gitignore", "*.secret\nbuild/\n")
    place.write("file", "first\n")
    place.write("gone", "to be deleted\n")
    place.write("old-name", "x\n")
    place.commit()
    place.git("tag", "v1")
    place.git("checkout", "-q", "-b", "other")
    place.write("file", "of other\n")
    place.commit()
    place.git("checkout", "-q", "main")
    place.write("file", "second\n")
    place.write("script.sh", "#!/bin/sh\necho runs\n").chmod(0o755)
    (place.path / "link").symlink_to("file")
    place.commit()
    place.git("tag", "-a", "v2", "-m", "annotated")
    return place


def dirty(place: Place) -> None:
    place.write("file", "changed\n")
    place.write("new/file", "new\n")
    place.write("my.secret", "hidden\n")
    place.write("build/out", "built\n")
    (place.path / "gone").unlink()


def test_the_working_tree_comes_along_unless_committed(history: Place) -> None:
    history.steps(
        "- name: before\n  run: ls -A | wc -l",
        "- uses: actions/checkout@v4\n  id: co",
        LOOK
        + "|\n    cat file; ls -A; ./script.sh; readlink link; echo commit=${{ steps.co.outputs.commit }}",
    )
    dirty(history)
    head = history.git("rev-parse", "HEAD")
    found = run(history).expect(0, "changed")
    assert found.lines("before") == ["0"]
    lines = found.lines("look")
    assert lines[0] == "changed"
    assert {"new", ".git", ".gitignore", "script.sh"} <= set(lines)
    assert not {"gone", "my.secret", "build"} & set(lines)
    assert lines[-3:] == ["runs", "file", f"commit={head}"]
    assert "changed file(s) of the working tree on top" in found.log("Run actions/checkout@v4")
    only = run(history, "--committed").expect(0)
    lines = only.lines("look")
    assert lines[0] == "second"
    assert "gone" in lines
    assert "new" not in lines
    assert "changed file(s)" not in only.log("Run actions/checkout@v4")


def test_ref_path_depth_and_tags(history: Place) -> None:
    history.steps(
        "- uses: actions/checkout@v4\n  name: default",
        LOOK
        + "git log --oneline | wc -l; git tag | wc -l; git rev-parse --abbrev-ref HEAD; git remote get-url origin",
        "- uses: actions/checkout@v4\n  name: other\n  with: {ref: other, path: sub/dir}",
        "- run: cat sub/dir/file; ls; git -C sub/dir rev-parse --abbrev-ref HEAD\n  name: in path",
        "- uses: actions/checkout@v4\n  name: tag\n  with: {ref: v1, path: tagged, fetch-depth: '2'}",
        "- run: cat tagged/file; git -C tagged log --oneline | wc -l; git -C tagged describe --tags\n  name: of tag",
        "- uses: actions/checkout@v4\n  name: all\n  with: {fetch-depth: 0, path: all}",
        "- run: cd all; git log --oneline | wc -l; git describe --tags; git branch -r --list origin/other; git tag\n"
        "  name: of all",
        "- uses: actions/checkout@v7\n  name: with tags\n  with: {fetch-tags: true, path: tags}",
        "- run: cd tags; git log --oneline | wc -l; git tag\n  name: of tags",
        "- uses: actions/checkout@v4\n  name: none\n  with: {ref: nowhere}\n  continue-on-error: true",
        "- uses: actions/checkout@v4\n  name: outside\n  with: {path: ../../out}\n  continue-on-error: true",
    )
    found = run(history).expect(0)
    commits = int(history.git("rev-list", "--count", "HEAD"))
    lines = found.lines("look")
    assert lines[:3] == ["1", "0", "main"]
    assert lines[3].startswith("https://github.com/")
    inside = found.lines("in path")
    assert inside[0] == "of other"
    assert inside[-1] == "other"
    assert "sub" in inside
    assert "file" in inside  # the default checkout stays beside it
    assert found.lines("of tag") == ["first", "2", "v1"]
    assert found.lines("of all")[0] == str(commits)
    assert found.lines("of all")[1].startswith("v2-1-g")
    assert "origin/other" in found.lines("of all")[2]
    assert found.lines("of all")[3:] == ["v1", "v2"]
    assert found.lines("of tags") == ["1", "v1", "v2"]
    assert found.step("none")["outcome"] == "failure"
    assert "A branch or tag with the name 'nowhere' could not be found" in found.log("none")
    assert found.step("outside")["outcome"] == "failure"
    assert "is not under '" in found.log("outside")


def test_a_tag_is_checked_out(history: Place) -> None:
    history.steps(
        "- uses: actions/checkout@v4", LOOK + "cat file; git describe --tags --exact-match; git status -s"
    )
    dirty(history)
    head = history.git("rev-parse", "v2^{commit}")
    found = run(history, "--tag", "v2").expect(0)
    assert found.lines("look")[:2] == ["second", "v2"]
    assert found.report["runs"][0]["sha"] == head
    first = run(history, "--tag", "v1").expect(0)
    assert first.lines("look") == ["first", "v1"]


def test_without_git_in_the_container_there_is_no_git_folder(
    place: Place, standin: Callable[[str], str]
) -> None:
    standin("manylinux_2_28")
    place.steps(
        "- name: no git\n  run: mkdir -p $HOME/bin; rm -f /usr/bin/git /bin/git",
        "- uses: actions/checkout@v4",
        LOOK + "ls -A",
        "- name: submodules\n  uses: actions/checkout@v4\n  with: {submodules: recursive}",
        job="container: actlite-standin/manylinux_2_28:1",
    )
    found = run(place).expect(1)
    assert "README.md" in found.lines("look")
    assert ".git" not in found.lines("look")
    assert "without a .git folder" in found.log("Run actions/checkout@v4")
    (refused,) = found.step("submodules")["annotations"]
    assert refused["message"] == (
        "Input 'submodules' not supported when falling back to download using the GitHub REST API. "
        "To create a local Git repository instead, add Git 2.18 or higher to the PATH."
    )


@pytest.mark.parametrize("version", ["v4", "v3"])
def test_where_node_cannot_start_nothing_is_checked_out(
    place: Place, standin: Callable[[str], str], version: str
) -> None:
    standin("centos7")
    name = f"Run actions/checkout@{version}"
    place.steps(
        f"- uses: actions/checkout@{version}",
        LOOK + "'echo files=$(ls -A | wc -l)'",
        job=f"container: {CENTOS}",
    )
    found = run(place).expect(1)
    step = found.step(name)
    assert (step["outcome"], step["exit_code"]) == ("failure", 1)
    assert step["diagnosis"]["program"] == "/__e/node24/bin/node"
    assert step["diagnosis"]["has"].startswith("glibc 2.17")
    assert found.values("look") == {"files": "0"}
    post = found.step(f"Post {name}")
    assert (post["outcome"], post["exit_code"]) == ("failure", 1)
    assert "Process completed with exit code" not in found.log(name)
    assert found.job["result"] == "failure"


def test_the_same_in_2021(place: Place, standin: Callable[[str], str]) -> None:
    standin("manylinux2014")
    place.steps("- uses: actions/checkout@v2", LOOK + "ls", job=f"container: {OLD}")
    found = run(place, "--as-of", "2021-05-07").expect(0)
    assert "README.md" in found.lines("look")
    assert found.step("Post Run actions/checkout@v2")["outcome"] == "success"


def test_another_repository_offline(place: Place) -> None:
    place.steps("- name: co\n  uses: actions/checkout@v4\n  with: {repository: some/where, path: there}")
    found = run(place, "--offline").expect(1)
    assert "some/where is not on this machine, and --offline forbids fetching it" in found.log("co")


def test_the_users_own_files_stay_as_they_are(history: Place) -> None:
    dirty(history)
    history.write(".github/workflows/x.yml", "")
    history.steps(
        "- uses: actions/checkout@v4",
        "echo spoilt | tee file new/file README.md .gitignore; git config user.x y; git add -A; rm -rf .git/refs",
    )
    before = history.files()
    run(history).expect(0)
    assert history.files() == before
