"""actions/checkout by the real action's rules: what its inputs bring, by version, and what later steps see of it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_tools import Place, owned, until_clean
from main_tools import Outcome, git, run

pytestmark = pytest.mark.docker
RUNNER = "actlite-standin/runner:1"
MANY = "actlite-standin/manylinux_2_28:1"
NO_GIT = "actlite-standin/debian11:1"
OLD = "actlite-standin/centos7:1"
NEEDS_GIT = "not supported when falling back to download using the GitHub REST API."


def checkout(name: str, version: str = "v7", **inputs: str) -> str:
    """A checkout into a folder of its own that the job survives."""
    given = {"path": name, **{key.replace("_", "-"): value for key, value in inputs.items()}}
    lines = "".join(f"\n    {key}: {json.dumps(value)}" for key, value in given.items())
    return (
        f"- name: {name}\n  id: {name}\n  continue-on-error: true\n"
        f"  uses: actions/checkout@{version}\n  with:{lines}\n"
    )


def look(name: str, script: str) -> str:
    """What is in that folder."""
    return (
        f"- name: look {name}\n  if: always()\n  run: |\n    cd {name}\n{textwrap.indent(script, '    ')}\n"
    )


def outputs(name: str) -> str:
    """A line with the outputs of a checkout."""
    return f"echo ref=${{{{ steps.{name}.outputs.ref }}}}; echo commit=${{{{ steps.{name}.outputs.commit }}}}"


FILES = "find . -name .git -prune -o -type f -print | sort"
CONFIG = "git config --local --list | grep -v ^core | sort"
SPARSE = (
    f"{FILES}; echo; git sparse-checkout list; git config core.sparseCheckout; git status --short; {CONFIG}"
)

WITH_GIT = [
    checkout("plain"),
    look(
        "plain",
        f"{outputs('plain')}; cat ../plain/file; git log --oneline | wc -l; git tag | wc -l; {CONFIG}",
    ),
    checkout("deep", fetch_depth="0"),
    look("deep", "git log --oneline | wc -l; git tag; git branch -r; git rev-parse --is-shallow-repository"),
    checkout("words", fetch_depth="all"),
    look("words", "git log --oneline | wc -l"),
    checkout("two", fetch_depth="2"),
    look("two", "git log --oneline | wc -l"),
    checkout("tags", fetch_tags="true"),
    look("tags", "git log --oneline | wc -l; git tag"),
    checkout("tags4", "v4", fetch_tags="true"),
    look("tags4", "git tag"),
    checkout("branch", ref="other"),
    look("branch", f"{outputs('branch')}; git rev-parse --abbrev-ref HEAD"),
    checkout("far", ref="far"),
    look("far", "git rev-parse --abbrev-ref HEAD; git log -1 --format=%s"),
    checkout("tag", ref="refs/tags/v0.1"),
    look("tag", f"{outputs('tag')}; git describe --tags; git rev-parse --abbrev-ref HEAD"),
    checkout("sha", ref="{sha}"),
    look("sha", f"{outputs('sha')}; git rev-parse --abbrev-ref HEAD"),
    checkout("short", ref="{short}"),
    checkout("odd", repository="project"),
    checkout("out", path="../out"),
    checkout("away", repository="some/other"),
    checkout("sparse", sparse_checkout=" src \n\n"),
    look("sparse", SPARSE),
    checkout("lines", sparse_checkout="/docs/*", sparse_checkout_cone_mode="false"),
    look("lines", f"cat .git/info/sparse-checkout; {SPARSE}"),
    checkout("filter", filter="tree:0"),
    look("filter", f"{CONFIG}; git remote -v; git cat-file -p HEAD:file"),
    checkout("subs", submodules="true"),
    look(
        "subs",
        "cat sub/.git; git submodule status --recursive; git status --short; cat sub/inside; ls -A sub/nested",
    ),
    checkout("nested", submodules="recursive"),
    look(
        "nested",
        "git submodule status --recursive; cat sub/nested/.git sub/nested/deepest\n"
        "git config --get-regexp submodule; git -C sub config --local --list | grep -v ^core | sort",
    ),
    checkout("bare_subs", submodules="true", persist_credentials="false"),
    look("bare_subs", "git -C sub config --local --list | grep -c insteadof || true"),
    checkout("lost", submodules="true", ref="lost"),
    checkout("keep"),
    look("keep", "echo mine > file; echo new > new; echo kept > build.o; git config user.name me"),
    checkout("keep", clean="false")
    .replace("id: keep", "id: keep2")
    .replace("name: keep", "name: keep again"),
    look("keep", "cat file new build.o").replace("look keep", "look kept"),
    checkout("keep").replace("id: keep", "id: keep3").replace("name: keep", "name: keep clean"),
    look("keep", "ls; git config user.name || true").replace("look keep", "look cleaned"),
    checkout("lfs", lfs="true"),
    checkout("key", ssh_key="x"),
    checkout(
        "safe",
        set_safe_directory="true",
        show_progress="false",
        ssh_user="me",
        ssh_strict="false",
        ssh_known_hosts="x",
        github_server_url="https://example.invalid",
        allow_unsafe_pr_checkout="false",
    ),
    look("safe", "git config --global --get-all safe.directory || ls -d file; git remote get-url origin"),
]
OLDER = [
    checkout("two", "v2.3.4", sparse_checkout="src", submodules="true"),
    look("two", f"{outputs('two')}; {FILES}"),
    checkout("three", "v3.5.3", sparse_checkout="src", filter="tree:0", fetch_tags="true"),
    look("three", f"{FILES}; git config remote.origin.partialclonefilter"),
    checkout("four", "11bd71901bbe5b1630ceea73d27597364c9af683"),
    look("four", outputs("four")),
]
ARCHIVE = [
    checkout("plain"),
    look("plain", f"{outputs('plain')}; ls -A; cat version; umask; stat -c '%n %a' src src/a tool.sh"),
    checkout("subs", submodules="true"),
    checkout("key", ssh_key="x"),
    checkout("lfs", lfs="true"),
    checkout("sparse", sparse_checkout="src"),
    look("sparse", "ls"),
]


def of_git(version: str, step: str, script: str = "ls -A") -> str:
    """A checkout where git says that it is of that version, and a look."""
    name = "v" + version.replace(".", "_")
    say = f"- run: printf '#!/bin/sh\\necho git version {version}\\n' >/usr/local/bin/git; chmod 755 /usr/local/bin/git\n"
    return say + step.replace("NAME", name) + look(name, script)


GITS = [
    of_git("2.17.9", checkout("NAME")),
    of_git("2.18.0", checkout("NAME")),
    of_git("2.27.9", checkout("NAME", sparse_checkout="src")),
    of_git("2.27.8", checkout("NAME", "v4.1.2", sparse_checkout="src")),
    of_git("2.36.9", checkout("NAME", sparse_checkout="src")),
    of_git("2.37.0", checkout("NAME", sparse_checkout="src")),
]
FIRST = [
    "- uses: actions/checkout@v1\n",
    look(
        ".",
        "git config --global safe.directory '*'; git log --oneline; git tag; git rev-parse --abbrev-ref HEAD",
    ),
    "- {uses: actions/checkout@v1, with: {fetch-depth: 1}}\n",
    look(".", "git log --oneline; git tag").replace("look .", "look shallow"),
]


def job(name: str, image: str, steps: list[str]) -> str:
    """One job's YAML."""
    body = textwrap.indent("".join(steps), "      ")
    return f"  {name}:\n    runs-on: ubuntu-latest\n    container: {image}\n    steps:\n{body}"


def submodule(place: Place, path: str, source: Any, url: str) -> None:
    """Add one, as a user would have it: its address on the server, its files here."""
    git(place.path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), path)
    git(place.path, "config", "--file", ".gitmodules", f"submodule.{path}.url", url)
    git(place.path / path, "remote", "set-url", "origin", url)


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, standin: Callable[[str], str], docker_daemon: Any
) -> Iterator[Outcome]:
    """A repository with history, tags, branches, submodules and changes; and all jobs on it."""
    for name in ("runner", "manylinux_2_28", "debian11", "centos7"):
        standin(name)
    folder = tmp_path_factory.mktemp("checkout")
    nest, inner, place = Place(folder / "nest"), Place(folder / "inner"), Place(folder / "project")
    nest.write("deepest", "deepest\n")
    nest.commit()
    inner.write("inside", "inside\n")
    submodule(inner, "nested", nest.path, "../nest")
    inner.commit()
    for name in ("file", "src/a", "src/deep/b", "docs/d", "docs/hidden", "tool.sh"):
        place.write(name, f"{name}\n")
    (place.path / "tool.sh").chmod(0o755)
    place.write("version", "$Format:%s$\n")
    place.write(".gitattributes", "version export-subst\n/docs export-ignore\n")
    place.write(".gitignore", "*.o\n")
    place.commit()
    place.git("tag", "v0.1")
    place.git("checkout", "-q", "-b", "lost")
    place.write(".gitmodules", '[submodule "gone"]\n\tpath = gone\n\turl = ../gone\n')
    place.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},gone")
    place.git("add", ".gitmodules")
    place.git("commit", "-q", "-m", "lost")
    place.git("checkout", "-q", "-f", "main")
    place.git("branch", "other")
    place.git("commit", "-q", "--allow-empty", "-m", "far away")
    place.git("update-ref", "refs/remotes/origin/far", "HEAD")
    submodule(place, "sub", inner.path, "git@github.com:local/inner")
    git(place.path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "sub")
    git(place.path / "sub", "config", "submodule.nested.url", str(nest.path))
    git(place.path / "sub", "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    place.commit()
    place.git("tag", "v0.2", "HEAD~1")
    sha = place.git("rev-parse", "HEAD~1")
    with_git = [step.replace("{sha}", sha).replace("{short}", sha[:8]) for step in WITH_GIT]
    refused = ["- {name: co, uses: actions/checkout@v4}\n", look(".", "echo files=$(ls -A | wc -l)")]
    jobs = [
        job("git", RUNNER, with_git),
        job("older", MANY, OLDER),
        job("archive", NO_GIT, ARCHIVE),
        job("gits", NO_GIT, GITS),
        job("first", RUNNER, FIRST),
        job("refused", OLD, refused),
    ]
    place.workflow("on: push\njobs:\n" + "".join(jobs))
    place.git("tag", "v0.3")
    place.write("file", "changed\n")
    place.write("src/new", "new\n")
    place.write("other/new", "new\n")
    place.write("sub/inside", "changed inside\n")
    found = run(place, "--offline", seconds=120.0).expect(1)
    yield found
    until_clean(docker_daemon, folder)
    assert owned(docker_daemon, folder) == {}


def error(ran: Outcome, name: str, job: str = "git") -> str:
    """The error of a checkout that has failed."""
    step = ran.step(name, job)
    assert step["outcome"] == "failure", ran.log(name, job)
    return str(step["annotations"][0]["message"])


@pytest.mark.rule("checkout/node")
def test_where_node_cannot_start(ran: Outcome) -> None:
    assert ran.step("co", "refused")["exit_code"] == 1
    assert "GLIBC_2.28' not found" in ran.log("co", "refused")
    assert ran.values("look .", "refused") == {"files": "0"}
    assert ran.step("Post co", "refused")["outcome"] == "failure"


@pytest.mark.rule("checkout/versions")
def test_versions(ran: Outcome) -> None:
    (two,) = ran.step("two", "older")["annotations"]
    assert two["message"].startswith(
        "Unexpected input(s) 'sparse-checkout', valid inputs are ['repository', 'ref',"
    )
    assert two["message"].endswith("'path', 'clean', 'fetch-depth', 'lfs', 'submodules']")
    assert {"./file", "./docs/d", "./sub/inside"} <= set(ran.lines("look two", "older"))
    (three,) = ran.step("three", "older")["annotations"]
    assert three["message"].startswith("Unexpected input(s) 'filter', 'fetch-tags', valid inputs are [")
    assert ran.lines("look three", "older") == ["./src/a", "./src/deep/b", "./src/new", "blob:none"]
    assert ran.step("four", "older")["annotations"] == []


@pytest.mark.rule("checkout/outputs")
def test_outputs(ran: Outcome) -> None:
    plain = ran.values("look plain", "git")
    assert (plain["ref"], len(plain["commit"])) == ("refs/heads/main", 40)
    assert ran.values("look branch", "git")["ref"] == "other"
    assert ran.values("look tag", "git")["ref"] == "refs/tags/v0.1"
    sha = ran.values("look sha", "git")
    assert (sha["ref"], len(sha["commit"])) == ("", 40)
    assert ran.lines("look two", "older")[:2] == ["ref=", "commit="]  # 2.3.4 has none
    four = ran.values("look four", "older")  # the commit of v4.2.2
    assert (four["ref"], len(four["commit"])) == ("refs/heads/main", 40)
    assert ran.lines("look plain", "archive")[:2] == ["ref=refs/heads/main", "commit="]


@pytest.mark.rule("checkout/default")
def test_default(ran: Outcome) -> None:
    assert ran.lines("look plain", "git")[2:] == [
        "changed",  # what the working tree has
        "1",
        "0",
        "branch.main.merge=refs/heads/main",
        "branch.main.remote=origin",
        "gc.auto=0",
        "remote.origin.fetch=+refs/heads/*:refs/remotes/origin/*",
        "remote.origin.url=https://github.com/local/project",
    ]
    assert "4 changed file(s) of the working tree on top" in ran.log("plain", "git")


@pytest.mark.rule("checkout/repository", "checkout/path")
def test_refused_inputs(ran: Outcome) -> None:
    assert error(ran, "odd") == "Invalid repository 'project'. Expected format {owner}/{repo}."
    assert (
        error(ran, "away")
        == "Repository some/other is not on this machine, and --offline forbids fetching it"
    )
    root = "/__w/project/project"
    assert error(ran, "out") == f"Repository path '/__w/project/out' is not under '{root}'"


@pytest.mark.rule("checkout/ref")
def test_refs(ran: Outcome) -> None:
    assert ran.lines("look branch", "git")[2:] == ["other"]
    assert ran.lines("look far", "git") == ["far", "far away"]
    assert ran.lines("look tag", "git")[2:] == ["v0.1", "HEAD"]
    assert ran.lines("look sha", "git")[2:] == ["HEAD"]
    assert error(ran, "short").startswith("A branch or tag with the name '")


@pytest.mark.rule("checkout/credentials", "checkout/lfs", "checkout/other-server")
def test_credentials(ran: Outcome) -> None:
    everything = "".join(ran.lines("look plain", "git") + ran.lines("look nested", "git"))
    assert "extraheader" not in everything
    assert "includeif" not in everything.lower()
    assert ran.lines("look bare_subs", "git") == ["0"]
    assert "##[warning]actlite's checkout leaves out 'ssh-key'" in ran.log("key", "git")
    told = " ".join(ran.ended.text.split())  # before the run
    assert "'ssh-key' of actions/checkout@v7 is left out: the files come from this machine" in told
    assert "'lfs' of actions/checkout@v7 is left out: the files come as they are on this machine" in told
    assert "'github-server-url' of actions/checkout@v7 is left out" in told


@pytest.mark.rule("checkout/clean")
def test_clean(ran: Outcome) -> None:
    assert ran.lines("look kept", "git") == ["changed", "new", "kept"]
    assert "build.o" not in ran.lines("look cleaned", "git")
    assert "new" not in ran.lines("look cleaned", "git")
    assert "me" not in ran.lines("look cleaned", "git")  # user.name


@pytest.mark.rule("checkout/sparse-checkout", "checkout/sparse-lines", "checkout/filter")
def test_sparse(ran: Outcome) -> None:
    partial = [
        "gc.auto=0",
        "remote.origin.fetch=+refs/heads/*:refs/remotes/origin/*",
        "remote.origin.partialclonefilter=blob:none",
        "remote.origin.promisor=true",
        "remote.origin.url=https://github.com/local/project",
    ]
    branch = ["branch.main.merge=refs/heads/main", "branch.main.remote=origin"]
    folders = ["./src/a", "./src/deep/b", "./src/new", "", "src", "true", "?? src/new"]
    assert ran.lines("look sparse", "git") == [*folders, *branch, "extensions.worktreeconfig=true", *partial]
    patterns = ["", "/docs/*", "./docs/d", "./docs/hidden", "", "/docs/*", "true"]
    assert ran.lines("look lines", "git") == [*patterns, *branch, *partial]
    lines = ran.lines("look filter", "git")
    assert lines[4:6] == ["remote.origin.partialclonefilter=tree:0", "remote.origin.promisor=true"]
    assert lines[-1] == "file"


@pytest.mark.rule("checkout/fetch-depth", "checkout/fetch-tags")
def test_depth_and_tags(ran: Outcome) -> None:
    deep = ran.lines("look deep", "git")
    assert [line.strip() for line in deep[1:]] == [
        *("v0.1", "v0.2", "v0.3"),
        *("origin/far", "origin/lost", "origin/main", "origin/other"),
        "false",
    ]
    assert ran.lines("look words", "git") == deep[:1]
    assert int(deep[0]) > 2
    assert ran.lines("look two", "git") == ["2"]
    assert ran.lines("look tags", "git") == ["1", "v0.1", "v0.2", "v0.3"]
    assert ran.lines("look tags4", "git") == ["v0.3"]


@pytest.mark.rule("checkout/submodules")
def test_submodules(ran: Outcome) -> None:
    lines = ran.lines("look subs", "git")
    assert lines[0] == "gitdir: ../.git/modules/sub"
    assert re.fullmatch(r" [0-9a-f]{40} sub \(heads/main\)", lines[1])
    assert re.fullmatch(r"-[0-9a-f]{40} sub/nested", lines[2])
    assert lines[3:] == [" M file", " m sub", "?? other/", "?? src/new", "changed inside"]
    nested = ran.lines("look nested", "git")
    assert re.fullmatch(r" [0-9a-f]{40} sub/nested \(heads/main\)", nested[1])
    assert nested[2:6] == [
        "gitdir: ../../.git/modules/sub/modules/nested",
        "deepest",
        "submodule.sub.active true",
        "submodule.sub.url git@github.com:local/inner",
    ]
    assert "remote.origin.url=git@github.com:local/inner" in nested
    assert "submodule.nested.url=git@github.com:local/nest" in nested
    assert "url.https://github.com/.insteadof=git@github.com:" in nested
    log = ran.log("nested", "git")
    assert "Submodule 'sub' (git@github.com:local/inner) registered for path 'sub'" in log
    assert "Submodule path 'nested': checked out '" in log
    assert error(ran, "lost").startswith(f"Submodule gone is not on this machine (commit {'1' * 40})")


@pytest.mark.rule("checkout/lfs")
def test_lfs(ran: Outcome) -> None:
    assert error(ran, "lfs").startswith("Unable to locate executable file: git-lfs. Please verify either")
    assert error(ran, "lfs", "archive").startswith(
        "Unable to locate executable file: git. Please verify either"
    )


@pytest.mark.rule("checkout/no-git")
def test_archive(ran: Outcome) -> None:
    lines = ran.lines("look plain", "archive")
    assert {"file", "src", "sub", ".gitmodules", "other"} <= set(lines)
    assert not {".git", "docs"} & set(lines)
    assert "A commit" in lines  # export-subst
    assert lines[-3:] == ["src 775", "src/a 664", "tool.sh 775"]
    assert "The repository will be downloaded using the GitHub REST API" in ran.log("plain", "archive")
    assert error(ran, "subs", "archive").startswith(f"Input 'submodules' {NEEDS_GIT}")
    assert error(ran, "key", "archive").startswith(f"Input 'ssh-key' {NEEDS_GIT}")
    assert {"src", "file"} <= set(ran.lines("look sparse", "archive"))


@pytest.mark.rule("checkout/no-git", "checkout/sparse-checkout")
def test_versions_of_git(ran: Outcome) -> None:
    found = {
        name: set(ran.lines(f"look {name}", "gits")) for name in ("v2_17_9", "v2_18_0", "v2_27_9", "v2_27_8")
    }
    assert {name for name, names in found.items() if ".git" in names} == {"v2_18_0", "v2_27_8"}
    assert {name for name, names in found.items() if "file" in names} == {"v2_17_9", "v2_18_0", "v2_27_9"}
    assert ran.lines("look v2_36_9", "gits") == [".git", "src"]
    assert {".git", "file", "src"} <= set(ran.lines("look v2_37_0", "gits")), (
        "a cone has the files of the root"
    )
    assert "docs" not in ran.lines("look v2_37_0", "gits")


@pytest.mark.rule("actions/checkout-v1")
def test_the_first_version_brings_all_of_the_history(ran: Outcome) -> None:
    lines = ran.lines("look .", "first")
    assert lines[-4:] == ["v0.1", "v0.2", "v0.3", "HEAD"]
    assert len(lines) == 4 + int(ran.lines("look deep", "git")[0])
    assert len(ran.lines("look shallow", "first")) == 1 + 3, "one commit, and all tags"


@pytest.mark.rule("checkout/no-effect-here", "checkout/other-server", "checkout/unsafe-pull-request")
def test_inputs_that_leave_nothing(ran: Outcome) -> None:
    assert ran.lines("look safe", "git") == ["file", "https://github.com/local/project"]
    assert ran.step("safe", "git")["annotations"] == []
