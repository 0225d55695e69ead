"""What ``plan`` shows, on small repositories: golden files, to be read as a stranger would.

Each folder of golden/plan holds the workflows of a repository and ``screens.txt``: commands, each with what it
writes. ACTLITE_GOLDEN=write writes them anew; then read what has changed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_support import Call

from actlite.diagnostics import width

FOLDER = Path(__file__).parent / "golden" / "plan"
PROJECTS = sorted(path.parent.name for path in FOLDER.glob("*/screens.txt"))
_SHA = re.compile(r"\b[0-9a-f]{7}\b(?=[),])")


@pytest.fixture
def project(
    git_repository: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Makes the repository of a folder; the current folder."""

    def make(name: str) -> Path:
        for variable in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        repository = git_repository()
        target = repository.path / ".github" / "workflows"
        target.mkdir(parents=True)
        for path in (FOLDER / name).glob("*.yml"):
            shutil.copy(path, target)
        repository.commit()
        repository.git("remote", "add", "origin", "https://github.com/example/project.git")
        monkeypatch.chdir(repository.path)
        return Path(repository.path)

    return make


def screens(name: str) -> list[tuple[str, str]]:
    """The commands of a folder, with what they write."""
    blocks = re.split(r"^\$ ", (FOLDER / name / "screens.txt").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [(command, text) for command, _, text in (block.partition("\n") for block in blocks)]


@pytest.mark.parametrize("name", PROJECTS)
def test_screens(name: str, project: Callable[[str], Path], call: Call) -> None:
    project(name)
    made = []
    for command, _ in screens(name):
        answer = call(*shlex.split(command)[1:])
        assert answer.code in (0, 5), (command, answer.err)
        made.append((command, _SHA.sub("abc1234", answer.out + answer.err)))
    if os.environ.get("ACTLITE_GOLDEN") == "write":
        text = "".join(f"$ {command}\n{shown}" for command, shown in made)
        (FOLDER / name / "screens.txt").write_text(text, encoding="utf-8")
    assert made == screens(name)


def test_most_lines_fit_into_80_columns() -> None:
    lines = [
        line
        for name in PROJECTS
        for command, text in screens(name)
        if "--format" not in command
        for line in text.splitlines()
    ]
    long = [line for line in lines if width(line) > 80]
    assert len(lines) > 150
    assert len(long) < len(lines) / 8, "\n".join(long)


def test_json_tells_what_is_known(project: Callable[[str], Path], call: Call) -> None:
    project("library")
    data = json.loads(call("plan", "--tag", "v1.2.3", "--format", "json", "-s", "PYPI_TOKEN").out)
    (release,) = data["workflows"]
    assert release["run_name"] == "Release v1.2.3"
    build, sign, publish = release["jobs"]
    (called,) = build["calls"]
    assert called["inputs"] == {"profile": "release", "publish": True}
    compile_, attest, debug = called["workflow"]["jobs"]
    assert [leg["container"] for leg in compile_["legs"]] == ["quay.io/pypa/manylinux_2_28_x86_64"] * 2
    assert compile_["legs"][0]["services"] == {"cache": "redis:7"}
    assert (attest["runs"], debug["runs"]) == ("yes", "no")
    assert debug["reason"] == "inputs.profile is 'release', not 'debug'"
    assert debug["why"]["value"] is False
    assert sign["calls"][0]["workflow"] is None
    assert "is not cached" in sign["calls"][0]["unknown"]
    assert publish["permissions"] == {"contents": "write", "id-token": "write"}
    assert publish["legs"][0]["environment"] == "production"
    assert publish["legs"][0]["concurrency"] == "publish"
    assert (publish["secrets"], publish["secrets_not_given"]) == (["PYPI_TOKEN"], [])
    assert {(a["uses"], a["here"]) for a in data["actions"]} >= {("actions/checkout@v4", False)}
    pull = json.loads(call("plan", "pull_request", "--branch", "f", "--format", "json").out)
    jobs = {job["id"]: job for job in pull["workflows"][0]["jobs"]}
    assert jobs["test"]["legs"][0]["steps"][2]["runs"] == "no"
    assert jobs["test"]["legs"][4]["continue_on_error"] is True
    assert jobs["test"]["max_parallel"] == 2
    assert jobs["test"]["fail_fast"] is False
    assert jobs["rollback"]["runs"] == "depends"


def test_json_of_what_is_known_later(project: Callable[[str], Path], call: Call) -> None:
    project("monorepo")
    data = json.loads(call("plan", "--changed", "libs/a.go", "--format", "json").out)
    assert data["changed"] == ["libs/a.go"]
    build = next(w for w in data["workflows"] if w["name"] == "API")["jobs"][1]
    assert build["legs"] is None
    assert build["each_leg"]["runs_on"] == {"later": "${{ matrix.target.runner }}"}
    assert build["each_leg"]["services"] == {"db": "postgres:16"}
    assert build["working_directory"] == "services/api"


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[A-Za-z_0-9]+|[{}\[\];=,])', re.DOTALL)


def dot_ids(text: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The nodes and edges of a graph, by a small parser of the language; fails where it can't be read."""
    tokens: list[str] = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        assert match is not None, text[at : at + 60]
        tokens.append(match[1])
        at = match.end()
    nodes: set[str] = set()
    edges: list[tuple[str, str]] = []

    def attributes(place: int) -> int:
        while tokens[place] != "]":
            assert re.fullmatch(r"\w+", tokens[place])
            assert tokens[place + 1] == "="
            place += 3
            place += tokens[place] == ","
        return place + 1

    def body(place: int) -> int:
        while tokens[place] != "}":
            word, after = tokens[place], tokens[place + 1]
            if word == "subgraph":
                assert tokens[place + 2] == "{"
                place = body(place + 3)
                continue
            if after == "->":
                edges.append((word, tokens[place + 2]))
                place += 3
            elif after == "=":
                place += 3
            else:
                if word != "node":
                    nodes.add(word)
                place = attributes(place + 2) if after == "[" else place + 1
            assert tokens[place] == ";"
            place += 1
        return place + 1

    assert tokens[:1] == ["digraph"]
    assert body(3) == len(tokens)
    return nodes, edges


@pytest.mark.parametrize("name", PROJECTS)
def test_graphviz_can_read_the_graph(name: str, project: Callable[[str], Path], call: Call) -> None:
    project(name)
    nodes, edges = dot_ids(call("plan", "--format", "dot").out)
    assert nodes or name == "dispatch"
    assert {end for edge in edges for end in edge} <= nodes


@pytest.mark.parametrize("name", PROJECTS)
def test_mermaid_can_read_the_graph(name: str, project: Callable[[str], Path], call: Call) -> None:
    project(name)
    lines = call("plan", "--format", "mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    text = r'"[^"`<>\[\]{}|\\]*"'
    patterns = (
        rf"\s+subgraph w[0-9_]+\[{text}\]", r"\s+end", r"\s+w[0-9_]+ --> w[0-9_]+", r"  class(Def)? .*",
        rf"\s+w[0-9_]+(\[{text}\]|\[\[{text}\]\]|\({text}\))",
    )  # fmt: skip
    for line in lines[1:]:
        assert any(re.fullmatch(pattern, line.replace("<br/>", "")) for pattern in patterns), line
    assert sum("subgraph " in line for line in lines) == sum(line.strip() == "end" for line in lines)


def test_actions_in_the_cache_are_known(project: Callable[[str], Path], call: Call, tmp_path: Path) -> None:
    root = project("monorepo")
    home = tmp_path / "cache" / "actions" / "actions" / "checkout"
    (home / ("a" * 40)).mkdir(parents=True)
    refs = {"v4": {"sha": "a" * 40, "name": "refs/tags/v4", "time": 0}}
    (home / "refs.json").write_text(json.dumps(refs))
    shown = call("plan", "--changed", "libs/a.go")
    assert "Not fetched yet, so unknown (actlite fetch): docker/build-push-action@v6\n" in shown.out
    data = json.loads(call("plan", "--changed", "libs/a.go", "--format", "json").out)
    actions = {action["uses"]: action for action in data["actions"]}
    assert actions["actions/checkout@v4"]["commit"] == "a" * 40
    assert (actions["./.github/actions/setup"]["kind"], actions["./.github/actions/setup"]["here"]) == (
        "local",
        None,
    )
    (root / ".github/actions/setup").mkdir(parents=True)
    (root / ".github/actions/setup/action.yml").write_text("name: x\n")
    data = json.loads(call("plan", "--changed", "libs/a.go", "--format", "json").out)
    assert next(a for a in data["actions"] if a["kind"] == "local")["here"] is True


@pytest.mark.parametrize("form", ["text", "json", "mermaid", "dot"])
def test_plan_imports_nothing_heavy(form: str, project: Callable[[str], Path]) -> None:
    project("library")
    script = (
        "import sys; from actlite.cli.ends import run_guarded\n"
        "code = run_guarded(sys.argv[1:])\n"
        "print(code, *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    words = [sys.executable, "-c", script, "plan", "--tag", "v1.2.3", "--format", form]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    code, *modules = done.stderr.split()
    assert code == "0"
    assert {"docker", "requests", "rich", "urllib3", "elftools", "asyncio"} & set(modules) == set()


def test_json_has_no_numbers_that_json_lacks(project: Callable[[str], Path], call: Call) -> None:
    root = project("monorepo")
    (root / ".github/workflows/odd.yml").write_text(
        "on: push\njobs: {a: {strategy: {matrix: {n: [.nan, -.inf, 1]}}, runs-on: u, steps: [{run: x}]}}\n"
    )
    out = call("plan", "-W", "odd.yml", "--format", "json").out

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    (job,) = json.loads(out, parse_constant=refuse)["workflows"][0]["jobs"]
    assert [leg["matrix"]["n"] for leg in job["legs"]] == ["NaN", "-Infinity", 1]


def test_commits_and_digests_are_shortened(project: Callable[[str], Path], call: Call) -> None:
    folder = project("ci")
    sha, digest = "0123456789abcdef0123456789abcdef01234567", "a1" * 32
    (folder / ".github/workflows/pinned.yml").write_text(
        "on: push\njobs:\n  pinned:\n    runs-on: ubuntu-latest\n"
        f"    container: debian@sha256:{digest}\n    steps:\n      - uses: some/action@{sha}\n"
    )
    answer = call("plan", "-C", str(folder), "-W", "pinned.yml")
    assert "debian@sha256:a1a1a1a1a1a1… " in answer.out or "debian@sha256:a1a1a1a1a1a1…\n" in answer.out
    assert "some/action@0123456…" in answer.out
    whole = call("plan", "-C", str(folder), "-W", "pinned.yml", "--format", "json").out
    assert digest in whole
    assert sha in whole
