"""The files through which a step speaks to its job."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conforming import Conform
from main_tools import Outcome

from actlite.execution.layout import RUNNER_WORK

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

WORKFLOW = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: files
        run: |
          for file in "$GITHUB_ENV" "$GITHUB_OUTPUT" "$GITHUB_PATH" "$GITHUB_STATE" "$GITHUB_STEP_SUMMARY" \
            "$GITHUB_ARTIFACTS" "$GITHUB_ARTIFACTS_LIST"; do
            test -f "$file" && ! test -s "$file" && echo "$file"
          done
      - name: in expressions
        run: |
          echo 'named=${{ github.output }}'
          echo "variable=$GITHUB_OUTPUT"
          echo "env=${{ github.env }}${{ github.path }}${{ github.state }}${{ github.step_summary }}" | wc -w
      - name: earlier files
        run: ls "$RUNNER_TEMP/_runner_file_commands" | grep -c .
      - name: heredocs
        id: heredocs
        run: |
          printf 'lines<<EOF\n\nx\n\ny\nEOF\nempty<<EOF\nEOF\nspaced<<EOF\n EOF\nEOF \nEOF' >>"$GITHUB_OUTPUT"
      - name: signs
        id: signs
        run: printf 'a=b=c\nb=b<<c\nc<<B=C\nx\nB=C\n\n\nd= v \n e=left\nf=x\r\n' >>"$GITHUB_OUTPUT"
      - name: no end
        continue-on-error: true
        run: printf 'A<<EOF\nx' >>"$GITHUB_OUTPUT"
      - name: no end after a line
        continue-on-error: true
        run: printf 'A<<EOF\nx\n' >>"$GITHUB_OUTPUT"
      - name: no delimiter
        continue-on-error: true
        run: echo 'A<<' >>"$GITHUB_OUTPUT"
      - name: bad line
        id: bad
        continue-on-error: true
        run: |
          printf 'A=1\nhello\nB=2\n' >>"$GITHUB_OUTPUT"
          echo ENV_OF_BAD=3 >>"$GITHUB_ENV"
      - name: no name
        continue-on-error: true
        run: echo '=x' >>"$GITHUB_ENV"; echo '=x' >>"$GITHUB_OUTPUT"; echo '=x' >>"$GITHUB_STATE"
      - name: node options
        run: printf 'Node_Options=--x\nBESIDE=1\nbeside=2\nBESIDE=3\n' >>"$GITHUB_ENV"
      - name: set
        run: echo "NODE=$NODE_OPTIONS$Node_Options"; echo "BESIDE=$BESIDE$beside"; echo "BAD=$ENV_OF_BAD"
      - name: marks
        id: marks
        run: |
          printf '\357\273\277bom=1\nbad=\377\n' >"$GITHUB_OUTPUT"
          printf '\377\376W\0=\0002\0' >"$GITHUB_ENV"
      - name: case
        id: case
        run: printf 'Tag=1\nTAG=2\n' >>"$GITHUB_OUTPUT"
      - name: paths
        run: printf '/a\r\n\n/b\n' >>"$GITHUB_PATH"; printf '/a' >>"$GITHUB_PATH"
      - name: path again
        run: printf '\n/c\n/b\n' >>"$GITHUB_PATH"
      - name: path
        run: echo "PATH=$PATH"; echo "W=$W"
      - name: failed
        id: failed
        continue-on-error: true
        run: echo o=of-failure >>"$GITHUB_OUTPUT"; exit 4
      - name: removed
        run: rm "$GITHUB_OUTPUT" "$GITHUB_ENV" "$GITHUB_STEP_SUMMARY"
      - name: folder
        continue-on-error: true
        run: |
          for file in "$GITHUB_OUTPUT" "$GITHUB_PATH" "$GITHUB_STEP_SUMMARY"; do rm "$file"; mkdir "$file"; done
      - name: link
        id: link
        continue-on-error: true
        run: echo o=linked >/tmp/other; ln -sf /tmp/other "$GITHUB_OUTPUT"
      - name: large summary
        run: head -c 1153434 /dev/zero | tr '\0' x >>"$GITHUB_STEP_SUMMARY"
      - name: summary
        run: |
          printf '# A heading\n\n* one\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n' >>"$GITHUB_STEP_SUMMARY"
      - name: summary of the toolkit
        run: |
          cat >>"$GITHUB_STEP_SUMMARY" <<'END'
          <h1>Results &amp; more</h1>
          <table><tr><th>File</th><th>Result</th></tr><tr><td>foo.js</td><td>Pass ✅</td></tr></table>
          <ul><li>first</li><li>second</li></ul>
          <details><summary>Label</summary>inside</details>
          <a href="https://example.com/x">a link</a><br><blockquote>quoted</blockquote>
          <pre lang="js"><code>const x = 1 &lt; 2</code></pre><hr>
          END
      - name: artifacts off
        run: echo nonsense=1 >>"$GITHUB_ARTIFACTS"; cat "$GITHUB_ARTIFACTS_LIST"
  many:
    runs-on: ubuntu-latest
    steps:
MORE
"""
MANY = "".join(
    f'      - {{name: of {n}, run: echo "summary {n:02}." >>"$GITHUB_STEP_SUMMARY"}}\n' for n in range(23)
)

ARTIFACTS = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: named
        run: |
          printf 'hello\n' >a.txt; mkdir folder
          cat "$GITHUB_ARTIFACTS_LIST"; echo
          printf '# made\r\n a.txt \n\nghcr.io/o/i:1@sha256:%064d\nFILE:///__w/project/project/a.txt\n' 7 >>"$GITHUB_ARTIFACTS"
      - name: again
        run: echo a.txt >>"$GITHUB_ARTIFACTS"
      - {name: equals, continue-on-error: true, run: 'printf "ok@sha256:%064d\na=b\n" 1 >>"$GITHUB_ARTIFACTS"'}
      - {name: scheme, continue-on-error: true, run: 'echo https://x >>"$GITHUB_ARTIFACTS"'}
      - {name: none, continue-on-error: true, run: 'echo none.txt >>"$GITHUB_ARTIFACTS"'}
      - {name: folder, continue-on-error: true, run: 'echo folder >>"$GITHUB_ARTIFACTS"'}
      - {name: outside, continue-on-error: true, run: 'echo /etc/passwd >>"$GITHUB_ARTIFACTS"'}
      - {name: conflict, continue-on-error: true, run: 'echo x >a.txt; echo a.txt >>"$GITHUB_ARTIFACTS"'}
      - name: listed
        run: cat "$GITHUB_ARTIFACTS_LIST"
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW.replace("MORE\n", MANY))


@pytest.fixture(scope="module")
def named(conform: Conform) -> Outcome:
    return conform(ARTIFACTS, env={"ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE": "true"})


def outputs(ran: Outcome, name: str) -> dict[str, str]:
    """A step's outputs."""
    return dict(ran.step(name, "job")["outputs"])


def errors(ran: Outcome, name: str) -> list[str]:
    """What a step's error annotations say."""
    return [a["message"] for a in ran.step(name, "job")["annotations"] if a["level"] == "error"]


@pytest.mark.rule("files/seven-files")
def test_seven_files(ran: Outcome) -> None:
    names = ["set_env", "save_state", "add_path", "set_output", "step_summary", "artifacts", "artifacts_list"]
    found = [
        re.fullmatch(rf"/__w/_temp/_runner_file_commands/(\w+)_({UUID})", f)
        for f in ran.lines("files", "job")
    ]
    assert sorted(f[1] for f in found if f) == sorted(names)
    assert len({f[2] for f in found if f}) == 1


@pytest.mark.rule("files/names-in-expressions")
def test_names_in_expressions(ran: Outcome) -> None:
    values = ran.values("in expressions", "job")
    folder = f"{RUNNER_WORK}/_temp/_runner_file_commands/"
    assert values["named"].startswith(folder + "set_output_")
    assert values["variable"] == values["named"].replace(RUNNER_WORK, "/__w")


@pytest.mark.rule("files/files-stay")
def test_files_stay(ran: Outcome) -> None:
    assert ran.lines("earlier files", "job") == ["21"]


@pytest.mark.rule("files/heredoc", "files/heredoc-exact")
def test_heredocs(ran: Outcome) -> None:
    assert outputs(ran, "heredocs") == {"lines": "\nx\n\ny", "empty": "", "spaced": " EOF\nEOF "}


@pytest.mark.rule("files/first-sign-decides", "files/no-trimming")
def test_signs(ran: Outcome) -> None:
    wanted = {"a": "b=c", "b": "b<<c", "c": "x", "d": " v ", " e": "left", "f": "x\r"}
    assert outputs(ran, "signs") == wanted


@pytest.mark.rule("files/heredoc-without-end", "files/heredoc-without-names")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no end", "Invalid value. EOF marker missing new line."),
        ("no end after a line", "Invalid value. Matching delimiter not found 'EOF'"),
        ("no delimiter", "Invalid format 'A<<'. Name must not be empty and delimiter must not be empty"),
    ],
)
def test_blocks_that_are_refused(ran: Outcome, name: str, text: str) -> None:
    step = ran.step(name, "job")
    assert (step["outcome"], step["exit_code"]) == ("failure", 0)
    assert ran.lines(name, "job") == [
        "##[error]Unable to process file command 'output' successfully.",
        f"##[error]{text}",
    ]


@pytest.mark.rule("files/bad-line")
def test_bad_line(ran: Outcome) -> None:
    assert ran.step("bad line", "job")["outcome"] == "failure"
    assert errors(ran, "bad line") == [
        "Unable to process file command 'output' successfully.",
        "Invalid format 'hello'",
    ]
    assert outputs(ran, "bad line") == {"A": "1"}
    assert ran.values("set", "job")["BAD"] == "3"


@pytest.mark.rule("files/empty-name")
def test_no_name(ran: Outcome) -> None:
    text = "Value cannot be null. (Parameter 'name')"
    assert errors(ran, "no name") == [
        "Unable to process file command 'env' successfully.",
        text,
        "Unable to process file command 'output' successfully.",
        text,
    ]


@pytest.mark.rule("files/node-options", "files/env-names")
def test_node_options(ran: Outcome) -> None:
    assert errors(ran, "node options") == [
        "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."
    ]
    assert ran.step("node options", "job")["outcome"] == "success"
    values = ran.values("set", "job")
    assert (values["NODE"], values["BESIDE"]) == ("", "32")


@pytest.mark.rule("files/byte-order-mark")
def test_marks(ran: Outcome) -> None:
    assert outputs(ran, "marks") == {"bom": "1", "bad": "\ufffd"}
    assert ran.values("path", "job")["W"] == "2"


@pytest.mark.rule("files/output-names")
def test_case(ran: Outcome) -> None:
    assert outputs(ran, "case") == {"Tag": "2"}


@pytest.mark.rule("files/path")
def test_path(ran: Outcome) -> None:
    assert ran.values("path", "job")["PATH"].startswith("/b:/c:/a:/usr")


@pytest.mark.rule("files/after-failure")
def test_after_failure(ran: Outcome) -> None:
    assert ran.step("failed", "job")["outcome"] == "failure"
    assert outputs(ran, "failed") == {"o": "of-failure"}


@pytest.mark.rule("files/removed", "files/spoilt")
def test_spoilt_files(ran: Outcome) -> None:
    assert ran.step("removed", "job")["outcome"] == "success"
    for name in ("folder", "link"):
        assert ran.step(name, "job")["outcome"] == "failure"
        assert errors(ran, name)[0] == "Unable to process file command 'output' successfully."
        assert len(errors(ran, name)) == 2
        assert outputs(ran, name) == {}


@pytest.mark.rule("files/large-summary")
def test_large_summary(ran: Outcome) -> None:
    step = ran.step("large summary", "job")
    assert (step["outcome"], step["summary"]) == ("success", "")
    (text,) = errors(ran, "large summary")
    assert text.startswith(
        "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1126k."
    )


@pytest.mark.rule("files/summary")
def test_summary(ran: Outcome) -> None:
    assert ran.step("summary", "job")["summary"].startswith("# A heading\n\n* one\n")
    assert ran.lines("summary", "job") == []


@pytest.mark.rule("files/artifacts-off")
def test_artifacts_off(ran: Outcome) -> None:
    assert ran.lines("artifacts off", "job") == []
    assert ran.step("artifacts off", "job")["outcome"] == "success"


@pytest.mark.rule("files/artifacts")
def test_artifacts(named: Outcome) -> None:
    assert named.lines("named") == [
        '{"version":1,"subjects":[]}',
        "Captured 2 artifact subject(s) from this step (job total: 2).",
    ]
    assert named.lines("again") == []
    assert json.loads(named.lines("listed")[0]) == {
        "version": 1,
        "subjects": [
            {
                "name": "a.txt",
                "digest": "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
                "kind": "file",
            },
            {"name": "ghcr.io/o/i:1", "digest": "sha256:" + "7".rjust(64, "0"), "kind": "oci"},
        ],
    }


@pytest.mark.rule("files/artifacts-refused")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("equals", "on line 2: entries containing '=' are reserved and not permitted"),
        ("scheme", "on line 1: unsupported URI scheme"),
        (
            "none",
            "on line 1: file 'none.txt' does not exist (relative paths are resolved against the workspace root "
            f"'{RUNNER_WORK}/project/project')",
        ),
        ("folder", "on line 1: 'folder' is a directory, not a regular file"),
        (
            "outside",
            "on line 1: absolute path '/etc/passwd' is not inside a volume mounted into the container and cannot "
            "be resolved",
        ),
        (
            "conflict",
            "on line 1: Conflicting digest for artifact 'a.txt': previously declared as 'sha256:5891b",
        ),
    ],
)
def test_artifacts_that_are_refused(named: Outcome, name: str, text: str) -> None:
    assert named.step(name)["outcome"] == "failure"
    first, second = errors(named, name)
    assert first == "Unable to process file command 'artifacts' successfully."
    assert second.startswith(f"Invalid $GITHUB_ARTIFACTS entry {text}")


@pytest.fixture(scope="module")
def shown(ran: Outcome) -> str:
    """What ``actlite show`` says of the run."""
    (end,) = ran.of("run-finished")
    argv = [sys.executable, "-m", "actlite", "show", "-C", str(Path(end["folder"]).parents[2])]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run([*argv, "last"], env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.rule("files/summaries-shown")
def test_summaries_shown(ran: Outcome, shown: str) -> None:
    for text in (ran.ended.out, shown):
        whole = text[text.index("summary job / summary\n") :]
        of_markdown, of_toolkit = whole.split("summary job / summary of the toolkit\n")[:2]
        lines = [line.strip() for line in of_markdown.splitlines()]
        for line in ("A heading", "• one", "• two", "a  b", "1  2"):
            assert line in lines
        lines = [line.strip() for line in of_toolkit.split("summary many")[0].splitlines()]
        for line in (
            "Results & more",
            "File    Result",
            "foo.js  Pass ✅",
            "• first",
            "▸ Label",
            "inside",
            "a link (https://example.com/x)",
            "▌ quoted",
            "const x = 1 < 2",
        ):
            assert line in lines
        assert "<td>" not in of_toolkit


@pytest.mark.rule("files/twenty-summaries")
def test_twenty_summaries(ran: Outcome, shown: str) -> None:
    for text in (ran.ended.out, shown):
        rendered = text[text.index("summary many / of 0") :]
        assert re.findall(r"summary (\d\d)\.", rendered) == [f"{n:02}" for n in range(20)]
        assert "3 more summaries of many" in rendered
    (job,) = (j for j in ran.report["runs"][0]["jobs"] if j["key"] == "many")
    assert sum(bool(step["summary"]) for step in job["steps"]) == 23
