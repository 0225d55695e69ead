"""``actlite check`` and ``actlite explain`` on a small repository."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cli_support import Answer, Call

from actlite.rules import RULES

BAD = "on: push\njobs: {a: {runs-on: ubuntu-latest, stepz: []}}\n"
ODD = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ steps.x.outputs.y }}'}]}}\n"
ACTION = "name: a\ndescription: d\nruns: {using: node24, main: index.js}\n"
BAD_ACTION = "name: a\ndescription: d\nruns: {using: node24}\n"


@pytest.fixture(autouse=True)
def no_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may run in a job of GitHub's."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def codes(answer: Answer) -> list[tuple[str, str]]:
    return [(finding["file"], finding["code"]) for finding in json.loads(answer.out)["findings"]]


def test_actions_of_the_repository_are_checked_too(repo: Path, call: Call) -> None:
    put(repo, "actions/one/action.yml", ACTION)
    assert call("check") == Answer(0, "✓ nothing wrong in 3 files\n", "")
    put(repo, "actions/one/action.yml", BAD_ACTION)
    answer = call("check", "--format", "json")
    assert codes(answer) == [("actions/one/action.yml", "missing-key")]
    assert answer.code == 1


def test_a_repository_of_an_action_alone(repo: Path, call: Call) -> None:
    for path in (repo / ".github" / "workflows").iterdir():
        path.unlink()
    put(repo, "action.yml", ACTION)
    assert call("check").out == "✓ nothing wrong in 1 file\n"


def test_files_and_folders_can_be_named(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", BAD)
    put(repo, "actions/one/action.yml", BAD_ACTION)
    put(repo, "other/flow.yml", ODD)
    put(repo, "other/thing.yml", BAD_ACTION)
    ci = (".github/workflows/ci.yaml", "unknown-key")
    one = ("actions/one/action.yml", "missing-key")
    for argv, expected in (
        (["release.yml"], []),
        (["ci"], [ci]),
        ([".github/workflows/ci.yaml", "-W", "release.yml"], [ci]),
        (["actions/one/action.yml"], [one]),
        (["actions"], [one]),
        ([".github"], [ci]),
        ([".github/workflows"], [ci]),
        (["."], [ci, one]),
        (["other"], [("other/flow.yml", "unknown-step"), ("other/thing.yml", "missing-key")]),
        (["-C", "other", "flow.yml"], [("other/flow.yml", "unknown-step")]),
        ([str(repo / "other" / "flow.yml")], [("other/flow.yml", "unknown-step")]),
    ):
        assert codes(call("check", "--format", "json", *argv)) == expected, argv


def test_a_file_outside_of_the_repository(repo: Path, call: Call, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/flow.yml", ODD)
    place = str(tmp_path / "elsewhere" / "flow.yml")
    assert codes(call("check", place, "--format", "json")) == [(place, "unknown-step")]
    folder = str(tmp_path / "elsewhere")
    assert codes(call("check", folder, "--format", "json")) == [(place, "unknown-step")]


@pytest.mark.parametrize(
    ("argv", "text", "expected"),
    [
        (["-"], ODD, (".github/workflows/stdin.yml", "unknown-step")),
        (
            ["-", "--stdin-name", ".github/workflows/ci.yaml"],
            BAD,
            (".github/workflows/ci.yaml", "unknown-key"),
        ),
        (["-", "--stdin-name", "x/action.yml"], BAD_ACTION, ("x/action.yml", "missing-key")),
    ],
)
def test_standard_input(
    repo: Path,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    text: str,
    expected: tuple[str, str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert codes(call("check", *argv, "--format", "json")) == [expected]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["gone.yml"], "gone.yml: there is no such file"),
        (["realease.yml"], "Did you mean 'release.yml'?"),
        (["docs"], "neither workflows nor actions"),
        (["--rule", "unknwon-step=off"], "Did you mean 'unknown-step'?"),
        (["--rule", "unknown-step=fatal"], "off, note, warning, error"),
        (["--rule", "unknown-step"], "RULE=LEVEL"),
        (["--format", "xml"], "xml"),
    ],
)
def test_bad_usage(repo: Path, call: Call, argv: list[str], said: str) -> None:
    (repo / "docs").mkdir()
    answer = call("check", *argv)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("text", "argv", "env", "code", "summary"),
    [
        ("", [], "", 0, "✓ 0 errors, 1 warning in 2 files"),
        ("", ["--rule", "unknown-step=error"], "", 1, "✗ 1 error, 0 warnings in 2 files"),
        ("", ["--rule", "unknown-step=note"], "", 0, "✓ 0 errors, 0 warnings, 1 note in 2 files"),
        ("[rules]\nunknown-step = 'error'\n", [], "", 1, "✗ 1 error, 0 warnings in 2 files"),
        ("[rules]\nunknown-step = 'error'\n", [], "unknown-step=note job-id=off", 0, "✓ 0 errors, 0 warnings, 1 note in 2 files"),
        ("[rules]\nunknown-step = 'error'\n", ["--rule", "unknown-step=off"], "", 0, "✓ nothing wrong in 2 files"),
        ("[[ignore]]\npaths = ['.github']\n", [], "", 0, "✓ nothing wrong in 2 files"),
        ("[[ignore]]\npaths = ['**/ci.*']\nrules = ['unknown-step']\n", [], "", 0, "✓ nothing wrong in 2 files"),
        ("[[ignore]]\npaths = ['**/ci.*']\nrules = ['job-id']\n", [], "", 0, "✓ 0 errors, 1 warning in 2 files"),
    ],
)  # fmt: skip
def test_levels(
    repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch, text: str, argv: list[str], env: str, code: int, summary: str
) -> None:  # fmt: skip
    put(repo, ".github/workflows/ci.yaml", ODD)
    put(repo, "actlite.toml", text)
    if env:
        monkeypatch.setenv("ACTLITE_RULES", env)
    answer = call("check", *argv)
    assert (answer.code, answer.out.splitlines()[-1]) == (code, summary)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rules]\nunknwon-step = 'off'", "Did you mean 'unknown-step'?"),
        ("[rules]\nunknown-step = 'fatal'", "off, note, warning, error"),
        ("[rules]\nunknown-step = 1", "not a table of texts"),
        ("[ignore]\npaths = ['a']", "[[ignore]]"),
        ("[[ignore]]\nrules = ['unknown-step']", "has no paths"),
        ("[[ignore]]\npaths = 'a'", "a list of texts"),
        ("[[ignore]]\npaths = ['a']\nrule = 'b'", "has 'rule'"),
        ("[[ignore]]\npaths = ['a']\nrules = ['unknwon-step']", "Did you mean 'unknown-step'?"),
        ("[[ignore]]\npaths = ['[']", "no pattern of paths"),
    ],
)
def test_bad_settings(repo: Path, call: Call, text: str, said: str) -> None:
    put(repo, "actlite.toml", text)
    answer = call("check")
    assert answer.code == 2
    assert said in answer.err
    assert "actlite.toml" in answer.err


def test_comments_silence(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", BAD.replace("}}\n", "}} # actlite: ignore[unknown-key]\n"))
    assert call("check") == Answer(0, "✓ nothing wrong in 2 files, 1 finding silenced by comments\n", "")
    answer = call("run")
    assert answer.code == 2
    assert "error[unknown-key]" in answer.err


def test_run_refuses_with_the_words_of_check(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", BAD)
    shown = call("check").out.split("\n\n")[0]
    assert shown.startswith(".github/workflows/ci.yaml:2:")
    answer = call("run", "-W", "ci.yaml")
    assert answer.code == 2
    assert shown in answer.err


def test_run_refuses_what_only_several_files_show(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", "on: push\njobs: {a: {uses: ./.github/workflows/called.yml}}\n")
    inputs = "on: {workflow_call: {inputs: {x: {type: string, required: true}}}}\n"
    put(
        repo,
        ".github/workflows/called.yml",
        f"{inputs}jobs: {{a: {{runs-on: ubuntu-latest, steps: [{{run: x}}]}}}}\n",
    )
    shown = call("check").out.split("\n\n")[0]
    assert "error[call-missing-input]" in shown
    assert "\n  in .github/workflows/called.yml:1:" in shown
    answer = call("run", "-W", "ci.yaml")
    assert answer.code == 2
    assert shown in answer.err
    assert "nothing was run" in answer.err


def test_quiet_shows_errors_alone(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", ODD)
    assert call("check", "--quiet").out == "✓ 0 errors, 1 warning in 2 files\n"


def test_findings_are_sorted_and_a_line_apart(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", ODD)
    put(repo, ".github/workflows/a.yml", BAD)
    blocks = call("check").out.split("\n\n")
    assert [block.split(":")[0] for block in blocks] == [
        ".github/workflows/a.yml",
        ".github/workflows/ci.yaml",
        "✗ 1 error, 1 warning in 3 files\n",
    ]


def test_as_annotations_of_github(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    put(repo, ".github/workflows/ci.yaml", ODD)
    (line,) = call("check", "--format", "github").out.splitlines()
    assert line.startswith("::warning file=.github/workflows/ci.yaml,line=2,endLine=2,col=")
    assert ",title=unknown-step::" in line
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repo.parent))
    assert "file=repo/.github/workflows/ci.yaml," in call("check", "--format", "github").out


def test_as_sarif(repo: Path, call: Call) -> None:
    put(repo, ".github/workflows/ci.yaml", ODD)
    log = json.loads(call("check", "--format", "sarif").out)
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("unknown-step", "warning")


def test_inputs_of_fetched_actions_whose_version_can_not_move(repo: Path, call: Call, tmp_path: Path) -> None:
    sha = "a" * 40
    put(
        tmp_path,
        f"cache/actions/own/act/{sha}/action.yml",
        ACTION.replace("runs:", "inputs: {token: {}}\nruns:"),
    )
    refs = {"v1": {"sha": sha, "name": "refs/tags/v1", "time": 1}, "v1.0.0": {"sha": sha, "name": "refs/tags/v1.0.0", "time": 1}}  # fmt: skip
    put(tmp_path, "cache/actions/own/act/refs.json", json.dumps(refs))
    for ref, expected in ((sha, 1), ("v1.0.0", 1), ("v1", 0), ("v2.0.0", 0)):
        text = f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{{uses: own/act@{ref}, with: {{tokn: x}}}}]}}}}\n"
        put(repo, ".github/workflows/ci.yaml", text)
        found = codes(call("check", "--format", "json"))
        assert found == [(".github/workflows/ci.yaml", "unknown-action-input")] * expected, ref


def test_what_is_remembered_of_a_workflow_forgets_with_the_files_that_it_names(
    repo: Path, call: Call
) -> None:
    steps = "[{uses: actions/checkout@v6}, {uses: ./one, with: {token: x}}]"
    put(
        repo,
        ".github/workflows/ci.yaml",
        f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n",
    )
    ci = ".github/workflows/ci.yaml"
    assert codes(call("check", "--format", "json")) == [(ci, "missing-action")]
    put(repo, "one/action.yml", ACTION)
    found = [(ci, "missing-action-file"), (ci, "unknown-action-input")]
    assert codes(call("check", "--format", "json")) == found
    put(repo, "one/index.js", "")
    assert codes(call("check", "--format", "json")) == found[1:]
    put(repo, "one/action.yml", ACTION.replace("runs:", "inputs: {token: {}}\nruns:"))
    assert codes(call("check", "--format", "json")) == []
    put(
        repo, "one/action.yml", ACTION.replace("runs:", "inputs: {token: {}, level: {required: true}}\nruns:")
    )
    assert codes(call("check", "--format", "json")) == [(ci, "missing-action-input")]


def test_colour_only_adds(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    put(repo, ".github/workflows/ci.yaml", BAD)
    plain = call("check").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = call("check").out
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_explain_lists_topics(call: Call) -> None:
    out = call("explain").out
    assert [rule for rule in RULES if rule not in out] == []
    yaml = call("explain", "yaml").out
    assert "yaml-syntax" in yaml
    assert "job-id" not in yaml


@pytest.mark.parametrize("name", ["yaml-syntax", "YAML-Syntax"])
def test_explain_a_rule(call: Call, name: str) -> None:
    out = call("explain", name).out
    assert out.startswith("yaml-syntax: The file is not YAML (error)\n\nThe file is not YAML, so that")
    assert "\n    on: push\n" in out
    assert "```" not in out
    assert max(map(len, out.splitlines())) <= 100


def test_explain_what_is_not_there(call: Call) -> None:
    answer = call("explain", "yaml-sintax")
    assert answer.code == 2
    assert "Did you mean 'yaml-syntax'?" in answer.err
    assert "lists the topics" in call("explain", "qqq").err
