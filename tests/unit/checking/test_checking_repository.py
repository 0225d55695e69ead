"""The check of a whole repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from actlite.checking.files import FolderFiles, TextFiles, find_manifests, is_manifest, read_source
from actlite.checking.levels import Levels
from actlite.checking.repository import Checked, check
from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile

WORKFLOW = ".github/workflows/ci.yml"
HEAD = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n"
CHECKOUT = "      - uses: actions/checkout@v6\n"
MANIFEST = """\
name: setup
description: d
inputs:
  version: {description: d, required: true}
  Cache: {description: d, default: a, required: true}
  old: {description: d, deprecationMessage: use version}
outputs:
  path: {description: d, value: x}
runs:
  using: composite
  steps:
    - {run: echo, shell: bash}
"""
NODE = "name: n\ndescription: d\nruns: {using: node24, main: index.js}\n"
DOCKER = "name: n\ndescription: d\nruns: {using: docker, image: Dockerfile}\n"


def said(steps: str, **more: str) -> list[str]:
    """The findings about a workflow with these steps, as ``line:code``."""
    return found(check(TextFiles({WORKFLOW: HEAD + steps, **more}), [WORKFLOW]))


def found(checked: Checked) -> list[str]:
    return [f"{finding.span.line if finding.span else 0}:{finding.code}" for finding in checked.findings]


SETUP = {
    "a/setup/action.yml": MANIFEST,
    "node/action.yml": NODE,
    "node/index.js": "",
    "box/action.yaml": DOCKER,
    "box/Dockerfile": "",
    "unbuilt/action.yml": NODE.replace("index.js", "dist/index.js, pre: no.js, post: index.js"),
    "unbuilt/index.js": "",
    "undocked/action.yml": DOCKER,
    "image/action.yml": DOCKER.replace("Dockerfile", "docker://alpine"),
    "raw/Dockerfile": "",
}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("      - uses: ./a/setup\n        with: {version: 1, cache: b}\n", []),
        ("      - uses: ./a/setup/\n        with: {VERSION: 1}\n", []),
        ("      - uses: .\\a\\setup\n        with: {VERSION: 1}\n", []),
        ("      - uses: ./a/../a/setup\n        with: {version: 1}\n", []),
        ("      - uses: ./a/setup\n        with: ${{ fromJSON('{}') }}\n", None),
        ("      - uses: ./a/setup\n", ["7:missing-action-input"]),
        ("      - uses: ./a/setup\n        with: {verson: 1}\n", ["8:unknown-action-input"]),
        (
            "      - uses: ./a/setup\n        with: {version: 1, old: 1, b: 2}\n",
            ["8:deprecated-action-input", "8:unknown-action-input"],
        ),
        ("      - uses: ./node\n        with: {args: 1}\n", ["8:unknown-action-input"]),
        ("      - uses: ./box\n        with: {args: 1, entrypoint: x}\n", []),
        ("      - uses: ./raw\n        with: {anything: 1}\n", []),
        ("      - uses: ./unbuilt\n", ["7:missing-action-file"]),
        ("      - uses: actions/setup-node@v6\n      - uses: ./unbuilt\n", ["8:missing-action-file"]),
        ("      - run: make\n      - uses: ./unbuilt\n", []),
        ("      - uses: actions/cache@v4\n      - uses: ./unbuilt\n", []),
        ("      - uses: actions/checkout@v6\n        with: {ref: release}\n      - uses: ./unbuilt\n", []),
        ("      - uses: $/unbuilt\n", ["7:missing-action-file"]),
        ("      - uses: ./undocked\n", ["7:missing-action-file"]),
        ("      - uses: ./image\n", []),
        ("      - uses: ./a\n", ["7:missing-action"]),
        ("      - uses: ./gone\n", ["7:missing-action"]),
        ("      - uses: ./\n", ["7:missing-action"]),
        ("      - uses: $/gone\n", ["7:missing-action"]),
        ("      - uses: ./.github/workflows/ci.yml\n", ["7:missing-action"]),
        ("      - uses: ./../other/action\n", []),
        ("      - run: mkdir gone\n      - uses: ./gone\n", []),
        ("      - run: git clone x\n      - uses: ./gone\n", []),
        ("      - run: make\n      - uses: ./gone\n", ["8:missing-action"]),
        ("      - uses: actions/checkout@v6\n        with: {path: x}\n      - uses: ./x/y\n", []),
        ("      - uses: actions/checkout@v6\n        with: {repository: a/b}\n      - uses: ./y\n", []),
        ("      - uses: docker://alpine\n        with: {args: 1}\n", []),
        ("      - uses: some/action@v1\n        with: {args: 1}\n", []),
    ],
)
def test_steps_that_use_actions(steps: str, expected: list[str] | None) -> None:
    answer = said(CHECKOUT + steps, **SETUP)
    if expected is None:  # the form may be refused; nothing may be said of the inputs
        assert not any("action" in line for line in answer)
    else:
        assert answer == expected


def test_an_action_that_is_missing_is_told_once_for_a_file() -> None:
    text = HEAD + CHECKOUT + "      - uses: ./gone\n" * 20 + "      - uses: ./lost\n"
    findings = check(TextFiles({WORKFLOW: text}), [WORKFLOW]).findings
    assert [(one.span.line, one.notes[1:]) for one in findings if one.span] == [
        (7, ("also in lines 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 7 more",)),
        (27, ()),
    ]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("    runs-on: ubuntu-latest\n    steps:\n", ["6:missing-checkout"]),
        ("    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n", ["7:missing-checkout"]),
        ("    runs-on: ubuntu-latest\n    steps:\n      - run: git clone\n", []),
        ("    runs-on: ubuntu-latest\n    steps:\n      - uses: any/action@v1\n", []),
        ("    runs-on: [self-hosted]\n    steps:\n", []),
        ("    runs-on: ${{ github.ref_name }}\n    steps:\n", []),
        ("    runs-on: ubuntu-latest\n    container: alpine\n    steps:\n", []),
    ],
)
def test_local_actions_before_a_checkout(job: str, expected: list[str]) -> None:
    text = f"on: push\njobs:\n  test:\n{job}      - uses: ./node\n"
    assert found(check(TextFiles({WORKFLOW: text, **SETUP}), [WORKFLOW])) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("path", []), ("PATH", []), ("paht", ["10:unknown-action-output"])],
)
def test_outputs_of_composite_actions(name: str, expected: list[str]) -> None:
    use = "      - id: s\n        uses: ./a/setup\n        with: {version: 1}\n"
    steps = f"{CHECKOUT}{use}      - run: echo ${{{{ steps.s.outputs.{name} }}}}\n"
    assert said(steps, **SETUP) == expected


def test_outputs_of_programs_may_have_any_name() -> None:
    use = "      - {id: s, uses: ./node}\n"
    assert said(f"{CHECKOUT}{use}      - run: echo ${{{{ steps.s.outputs.x }}}}\n", **SETUP) == []


def test_outputs_in_a_condition_and_in_the_job_s_outputs() -> None:
    use = "      - {id: s, uses: ./a/setup, with: {version: 1}}\n"
    text = (HEAD + CHECKOUT + use + "      - {run: echo, if: steps.s.outputs.nothing == '1'}\n").replace(
        "    steps:\n", "    outputs:\n      o: ${{ steps.s.outputs.nothing }}\n    steps:\n"
    )
    assert found(check(TextFiles({WORKFLOW: text, **SETUP}), [WORKFLOW])) == [
        "6:unknown-action-output",
        "10:unknown-action-output",
    ]


def test_local_actions_that_workflows_name_are_checked_with_those_that_they_name() -> None:
    files = {
        WORKFLOW: HEAD + CHECKOUT + "      - uses: ./one\n",
        "one/action.yml": MANIFEST.replace("{run: echo, shell: bash}", "{uses: ./two}").replace(
            "required: true", "required: false"
        ),
        "two/action.yml": "runs: {using: node24}\n",
        "three/action.yml": "runs: {using: node24}\n",
    }
    checked = check(TextFiles(files), [WORKFLOW])
    assert [file.name for file in checked.files] == [WORKFLOW, "one/action.yml", "two/action.yml"]
    assert [finding.span.source.name for finding in checked.findings if finding.span] == ["two/action.yml"]
    assert [file.name for file in check(TextFiles(files), [WORKFLOW], follow=False).files] == [WORKFLOW]


def test_composite_actions_that_use_each_other_end() -> None:
    loop = MANIFEST.replace("{run: echo, shell: bash}", "{uses: ./one}").replace(
        "required: true", "required: false"
    )
    files = {WORKFLOW: HEAD + CHECKOUT + "      - uses: ./one\n", "one/action.yml": loop}
    assert len(check(TextFiles(files), [WORKFLOW]).files) == 2


def test_a_composite_action_s_local_actions_are_the_caller_s() -> None:
    action = MANIFEST.replace("{run: echo, shell: bash}", "{uses: ./gone}")
    own = MANIFEST.replace("{run: echo, shell: bash}", "{uses: $/gone}")
    assert found(check(TextFiles({"action.yml": action}), ["action.yml"])) == []
    assert found(check(TextFiles({"action.yml": own}), ["action.yml"])) == ["12:missing-action"]


def test_a_file_that_only_bears_the_name_of_a_manifest_is_passed_over() -> None:
    files = TextFiles(
        {WORKFLOW: HEAD + CHECKOUT, "game/action.yml": "jump: space\n", "x/action.yml": "inputs: {}\n"}
    )
    checked = check(files, [WORKFLOW], manifests=["game/action.yml", "x/action.yml"])
    assert [file.name for file in checked.files] == [WORKFLOW, "x/action.yml"]


def test_comments_silence_and_run_still_refuses() -> None:
    text = HEAD + "      - {run: echo, nme: x} # actlite: ignore[unknown-key]\n"
    checked = check(TextFiles({WORKFLOW: text}), [WORKFLOW])
    assert checked.findings == ()
    assert [finding.code for finding in checked.files[0].refused] == ["unknown-key"]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (Levels(), [("missing-action-input", "warning")]),
        (Levels({"missing-action-input": "error"}), [("missing-action-input", "error")]),
        (Levels({"missing-action-input": "note"}), [("missing-action-input", "note")]),
        (Levels({"missing-action-input": "off"}), []),
        (Levels({"job-id": "off"}), [("missing-action-input", "warning")]),
        (Levels({}, (((".github",), ()),)), []),
        (Levels({}, (((".github/**",), ("missing-action-input",)),)), []),
        (Levels({}, ((("**/*.yml",), ("job-id",)),)), [("missing-action-input", "warning")]),
        (Levels({}, ((("*.yml",), ()),)), [("missing-action-input", "warning")]),
    ],
)
def test_levels(levels: Levels, expected: list[tuple[str, str]]) -> None:
    files = TextFiles({WORKFLOW: HEAD + CHECKOUT + "      - uses: ./a/setup\n", **SETUP})
    checked = check(files, [WORKFLOW], levels=levels)
    assert [(finding.code, finding.severity.value) for finding in checked.findings] == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("action.yml", "", True),
        ("x/action.yaml", "on: push", True),
        (".github/workflows/action.yml", "runs: {}", False),
        ("x/.github/workflows/action.yml", "runs: {}", False),
        ("a.yml", "name: x\nruns:\n  using: node24", True),
        ("a.yml", "'runs' : {}", True),
        ("a.yml", "runs: {}\njobs: {}", False),
        ("a.yml", "on: push\njobs:\n  a:\n    runs: x", False),
    ],
)
def test_which_file_is_a_manifest(name: str, text: str, expected: bool) -> None:
    assert is_manifest(name, text) is expected


@pytest.mark.parametrize("with_git", [True, False])
def test_manifests_are_found(tmp_path: Path, with_git: bool) -> None:
    for name in ("action.yml", "a/action.yaml", "b/action.yml", "b/action.yaml", ".github/actions/c/action.yml",
                 ".github/workflows/action.yml", "node_modules/d/action.yml", "e/my-action.yml"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("runs: {}")
    if with_git:
        (tmp_path / ".gitignore").write_text("node_modules\n")
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        subprocess.run(["git", "-C", str(tmp_path), "add", "a", "b"], check=True)
        (tmp_path / "a" / "action.yaml").unlink()
    expected = [".github/actions/c/action.yml", "a/action.yaml", "action.yml", "b/action.yml"]
    if with_git:
        expected.remove("a/action.yaml")
    assert find_manifests(tmp_path) == expected
    assert find_manifests(tmp_path, tmp_path / "b") == ["b/action.yml"]


def test_the_walk_for_manifests_has_an_end(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"abcdefghij")
    deep.mkdir(parents=True)
    (deep / "action.yml").touch()
    assert find_manifests(tmp_path) == []


@pytest.mark.parametrize("whole", [True, False])
def test_actions_are_missed_only_where_all_files_are_here(tmp_path: Path, whole: bool) -> None:
    if whole:
        (tmp_path / ".git").mkdir()
    path = tmp_path / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + CHECKOUT + "      - uses: ./gone\n")
    assert found(check(FolderFiles(tmp_path), [WORKFLOW])) == (["7:missing-action"] if whole else [])


def test_a_file_that_is_not_utf_8_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes("on: push\n# Grü".encode() + b"\xdfe\n")
    finding = read_source(path, "a.yml")
    assert isinstance(finding, Diagnostic)
    assert str(finding.span) == "a.yml:2:6"
    assert finding.message == "a.yml isn't UTF-8: byte 16 is 0xdf"


def test_what_read_source_says_of_other_files(tmp_path: Path) -> None:
    assert read_source(tmp_path / "gone.yml", "gone.yml") is None
    folder = read_source(tmp_path, "x")
    assert isinstance(folder, Diagnostic)
    assert (folder.code, folder.severity) == ("unreadable-file", Severity.ERROR)
    assert folder.render() == "x:1:1: error[unreadable-file] x can't be read: Is a directory"
    (tmp_path / "bom.yml").write_bytes(b"\xef\xbb\xbfon: push")
    bom = read_source(tmp_path / "bom.yml", "b")
    assert isinstance(bom, SourceFile)
    assert bom.text == "on: push"


def test_scripts_of_a_composite_action_are_looked_at() -> None:
    steps = "    - {run: 'echo ::set-output name=a::b', shell: bash}\n    - {run: x, shell: perl}\n"
    checked = check(TextFiles({"action.yml": MANIFEST + steps}), ["action.yml"])
    assert found(checked) == ["13:deprecated-command", "14:unknown-shell"]


def test_another_tree_of_a_sparse_repository_is_not_whole(tmp_path: Path) -> None:
    """``.git`` is a file there, that names the folder with the settings of this tree."""
    own = tmp_path / "main" / ".git" / "worktrees" / "other" / "info"
    own.mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").write_text("gitdir: ../main/.git/worktrees/other\n")
    assert FolderFiles(tmp_path / "other").whole
    (own / "sparse-checkout").write_text("/*\n")
    assert not FolderFiles(tmp_path / "other").whole


def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.yml")
    (folder / "zero.yml").symlink_to("/dev/zero")
    for name in ("pipe.yml", "zero.yml"):
        answer = read_source(folder / name, name)
        assert isinstance(answer, Diagnostic)
        assert answer.message == f"{name} can't be read: it is not a regular file"
        calls = f"on: push\njobs:\n  a:\n    uses: ./.github/workflows/{name}\n"
        (folder / "calls.yml").write_text(calls)
        assert check(FolderFiles(tmp_path), [".github/workflows/calls.yml"]).findings == ()


def test_other_files_are_asked_in_spite_of_errors() -> None:
    """What a wrong step or job may lack for its very error is not told."""
    text = (
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        + CHECKOUT
        + "      - uses: ./a/setup\n        with: {verson: 1}\n      - uses: ./a/setup\n        wiht: {version: 1}\n"
        + "      - uses: ./a/setup\n"
        + "  call:\n    uses: ./.github/workflows/called.yml\n    with: {two: 1}\n"
        + "  wrong:\n    uses: ./.github/workflows/called.yml\n    wiht: {one: 1}\n"
    )
    called = "on: {workflow_call: {inputs: {one: {type: string, required: true}}}}\n" + JOB
    files = {WORKFLOW: text, ".github/workflows/called.yml": called, **SETUP}
    assert found(check(TextFiles(files), list(files)[:2])) == [
        "8:unknown-action-input",
        "10:unknown-key",
        "11:missing-action-input",
        "13:call-missing-input",
        "14:call-unknown-input",
        "17:unknown-key",
    ]


def test_callers_of_a_workflow_with_errors_in_its_jobs_are_checked() -> None:
    called = "on: {workflow_call: {inputs: {one: {type: number}}}}\n" + JOB.replace("steps", "stps")
    text = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    with: {two: 1, one: a}\n"
    files = {WORKFLOW: text, ".github/workflows/called.yml": called}
    assert found(check(TextFiles(files), list(files))) == [
        "5:unknown-key",
        "5:call-unknown-input",
        "5:call-input-type",
    ]


def test_steps_that_use_a_manifest_with_errors_below_runs_are_checked() -> None:
    files = {"a/action.yml": MANIFEST.replace("shell: bash", "name: no shell"), WORKFLOW: HEAD + CHECKOUT}
    files[WORKFLOW] += "      - uses: ./a\n        with: {version: 1, other: 2}\n"
    assert found(check(TextFiles(files), [WORKFLOW])) == ["8:unknown-action-input", "12:missing-key"]
