"""GitHub's own libraries for actions, of three ages, on every node that a runner has had: what they say and do in a job."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conforming import Conform
from main_tools import Outcome

pytestmark = pytest.mark.docker
SETS = Path(__file__).resolve().parents[3] / ".toolkit"
SOURCE = Path(__file__).parent / "toolkit_action"
TOKEN = "token-of-the-test-0123456789"

RUNNERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "node12": ("2021-05-07", ("2021",)),
    "node16": ("2023-09-20", ("2021", "commonjs")),
    "node20": ("2025-06-01", ("2021", "commonjs", "latest")),
    "node24": ("2026-08-01", ("2021", "commonjs", "latest")),
}
"""The node that runs: the day of a runner that has it for the declared one, and the sets that work with that node."""
DECLARED = {
    "node12": ("node12",),
    "node16": ("node12", "node16"),
    "node20": ("node12", "node16", "node20"),
    "node24": ("node12", "node16", "node24"),
}
PAIRS = [(node, name) for node, (_, names) in RUNNERS.items() for name in names]
STEPS = """
      - name: {name}
        id: {id}
        uses: toolkit/{name}@v1
        with:
          needed: ' with spaces '
          flag: TRUE
          list: |
            one

            two
          token: {token}
      - name: after {name}
        env:
          TEXT: ${{{{ steps.{id}.outputs.text }}}}
        run: |
          printf 'text=%s|\\n' "$TEXT" | tr '\\n' '~'; echo
          printf 'exported=%s|\\n' "$EXPORTED" | tr '\\n' '~'; echo
          echo "object=${{{{ fromJSON(steps.{id}.outputs.object).a[1] }}}}"
          echo "path=$PATH"
          echo "secret=hush-hush"
          mkdir -p made/deep/er
          echo a >made/deep/er/a.txt
          echo b >made/deep/b.txt
          ln -s deep/b.txt made/link.txt
      - name: hash {name}
        run: |
          echo "hash=${{{{ hashFiles('made/**/*.txt') }}}}"
          rm -r made
      - name: failing {name}
        uses: toolkit/{name}@v1
        continue-on-error: true
        with: {{needed: x, fail: 'yes'}}
"""


def the_action(folder: Path, name: str, using: str) -> Path:
    """An action that uses a set's libraries, in a folder."""
    modules, stamp = SETS / name / "node_modules", SETS / name / "stamp"
    assert stamp.exists(), "the toolkit is not there: sh scripts/toolkit.sh"
    ending = "mjs" if name == "latest" else "cjs"
    shutil.copytree(SOURCE, folder)
    needless = shutil.ignore_patterns("*.map", "*.d.ts", "*.md", ".bin")
    shutil.copytree(modules, folder / "node_modules", ignore=needless, copy_function=os.link)
    manifest = folder / "action.yml"
    text = manifest.read_text().replace("USING", using)
    manifest.write_text(text.replace("MAIN", f"main.{ending}").replace("POST", f"post.{ending}"))
    return folder


@pytest.fixture(scope="module")
def ran(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """A run on each node, with all sets that work there."""
    folder = tmp_path_factory.mktemp("toolkit")
    found = {}
    for node, (day, names) in RUNNERS.items():
        workflow = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    container: actlite-standin/runner:1\n    steps:"
        arguments = ["--as-of", day]
        for name, using in zip(names, DECLARED[node], strict=True):
            made = the_action(folder / f"{node}-{name}", name, using)
            arguments += ["--action", f"toolkit/{name}@v1={made}"]
            workflow += STEPS.format(name=name, id=f"s{name}", token=TOKEN)
        found[node] = conform(workflow, *arguments)
    return found


def told(ran: Mapping[str, Outcome], node: str, name: str) -> dict[str, Any]:
    """What the action said of itself, read as JSON where it is that."""
    found: dict[str, Any] = {}
    for key, value in ran[node].values(name).items():
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


every = pytest.mark.parametrize(("node", "name"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
new = pytest.mark.parametrize(
    ("node", "name"),
    [pair for pair in PAIRS if pair[1] != "2021"],
    ids=["-".join(pair) for pair in PAIRS if pair[1] != "2021"],
)


@pytest.mark.rule("toolkit/every-node")
@every
def test_the_node(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    assert told(ran, node, name)["node"].startswith(f"v{node.removeprefix('node')}.")
    assert ran[node].step(name)["outcome"] == "success"


@pytest.mark.rule("toolkit/inputs")
@every
def test_inputs(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    found = told(ran, node, name)
    assert found["inputs"] == ["with spaces", "by default", ""]
    assert found["required"] == "Input required and not supplied: none"
    assert (found.get("flag"), found.get("list")) == (
        (None, None) if name == "2021" else (True, ["one", "two"])
    )


@pytest.mark.rule("toolkit/outputs")
@every
def test_what_later_steps_get(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    outputs = {"text": "two\nlines, 100%0A: and ;", "object": '{"a":[1,true]}', "empty": ""}
    assert ran[node].step(name)["outputs"] == outputs
    text, exported, thing, path, _secret = ran[node].lines(f"after {name}")[:5]
    assert text == "text=two~lines, 100%0A: and ;|~"
    assert exported == "exported=a~~b=c|~"
    assert thing == "object=true"
    assert path.startswith("path=/opt/of the action/bin:/usr/local/sbin:")
    assert 'state=7 {"b":"x\\ny"}' in ran[node].log(f"Post {name}").splitlines()
    assert "state= " in ran[node].log(f"Post failing {name}").splitlines()


@pytest.mark.rule("toolkit/deprecated-commands")
@every
def test_deprecated_commands(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    messages = [each["message"] for each in ran[node].step(name)["annotations"]]
    commands = [text.split("`")[1] for text in messages if "command is deprecated" in text]
    warned = name == "2021" and node != "node12"
    assert commands == (["set-output"] * 3 + ["save-state"] * 2 if warned else [])


@pytest.mark.rule("toolkit/messages")
@every
def test_messages(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    lines = ran[node].lines(name)
    assert "secret: ***" in lines
    assert ran[node].values(f"after {name}")["secret"] == "***"
    start = lines.index("##[group]A group")
    assert lines[start : start + 5] == [
        "##[group]A group",
        "inside",
        "##[endgroup]",
        "##[group]Another group",
        "##[endgroup]",
    ]
    assert lines[start + 5 : start + 8] == ["grouped=5", "debug=false", "##[warning]careful, %0A:"]
    assert "only when debugging" not in ran[node].log(name)
    assert "##[error]Error: no failure" in lines
    failing = ran[node].step(f"failing {name}")
    assert (failing["outcome"], failing["conclusion"], failing["exit_code"]) == ("failure", "success", 1)
    assert [each["message"] for each in failing["annotations"]] == ["Error: in the end"]


@pytest.mark.rule("toolkit/messages")
@new
def test_annotations_and_summary(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    step = ran[node].step(name)
    warning, notice, _error = step["annotations"]
    assert (warning["level"], warning["title"]) == ("warning", "A title, with: signs")
    assert (warning["file"], warning["line"], warning["end_line"]) == ("src/main.c", 3, 5)
    assert (notice["level"], notice["file"], notice["line"]) == ("notice", "a.c", 1)
    assert (notice["column"], notice["end_column"]) == (2, 4)
    assert step["summary"].splitlines() == [
        "<h1>Result</h1>",
        "<table><tr><th>k</th></tr><tr><td>v</td></tr></table>",
        '<pre lang="c"><code>x < y</code></pre>',
        "and more",
    ]
    assert told(ran, node, name)["platform"] == ["linux", True]


@pytest.mark.rule("toolkit/programs")
@every
def test_programs(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    found = told(ran, node, name)
    heard = ["two words", "by stdin", "/tmp", "own"]
    assert found["exec"] == [3, "\n".join(heard) + "\n", heard]
    assert found["exec-failed"] == "The process '/usr/bin/sh' failed with exit code 4"
    assert found["exec-absent"].startswith("Unable to locate executable file: no-such-program.")
    assert found["sh"] == "/usr/bin/sh"
    assert found["workspace"] is True
    assert name == "2021" or found["output"] == "a  b"


@pytest.mark.rule("toolkit/glob")
@every
def test_glob(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    found = told(ran, node, name)
    assert found["globbed"] == [
        "copied",
        "copied/c.log",
        "copied/moved.txt",
        "made/deep/b.txt",
        "made/link.txt",
    ]
    assert found["search"] == ["made", "copied"]
    parts = b"".join(hashlib.sha256(text).digest() for text in (b"b\n", b"a\n", b"b\n"))
    expected = hashlib.sha256(parts).hexdigest()
    assert ran[node].values(f"hash {name}")["hash"] == expected
    assert name == "2021" or found["hash"] == expected


@pytest.mark.rule("toolkit/tool-cache")
@every
def test_tool_cache(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    found = told(ran, node, name)
    assert (found["downloaded"], found["kept"], found["found"], found["versions"]) == (
        True,
        True,
        "a tool",
        True,
    )
    assert found["absent"] == "Unexpected HTTP response: 404"
    assert "tool=true" in ran[node].log(f"Post {name}").splitlines()


@pytest.mark.rule("toolkit/github-context")
@every
def test_github(ran: Mapping[str, Outcome], node: str, name: str) -> None:
    found = told(ran, node, name)
    workflow, action = ".github/workflows/x.yml", f"s{name}"
    assert found["context"] == ["push", "refs/heads/main", True, workflow, action, "job", True]
    assert found["repo"] == {"owner": "local", "repo": "project"}
    assert found["payload"] == ["refs/heads/main", True]
    api = "https://api.github.com"
    assert found["urls"] == ["https://github.com", api, f"{api}/graphql"]
    assert found["answer"] == [200, "/repos/o/r"]
    assert found["authorization"] == f"token {TOKEN}"
