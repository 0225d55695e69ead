"""Which program runs a script, where, and what a failure of it looks like."""

from __future__ import annotations

from pathlib import Path

import pytest
from conforming import Conform
from main_tools import Outcome, Server, node_action, own_cache

from actlite.execution.layout import RUNNER_WORK

COMPOSITE = """
name: Composite
runs:
  using: composite
  steps:
    - name: inner
      shell: sh
      run: echo "$PWD"; tr '\\0' ' ' </proc/$$/cmdline
"""
SHELLLESS = "name: Without a shell\nruns:\n  using: composite\n  steps:\n    - run: echo\n"
WORKFLOW = r"""
on: push
defaults: {run: {shell: 'bash -x {0}'}}
jobs:
  container:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: default
        run: tr '\0' ' ' </proc/$$/cmdline
  shells:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    defaults: {run: {shell: bash, working-directory: sub}}
    steps:
      - uses: actions/checkout@v4
      - name: by default
        continue-on-error: true
        run: tr '\0' ' ' </proc/$$/cmdline; echo; pwd; false | true; echo not reached
      - name: bash
        id: bash
        continue-on-error: true
        shell: bash
        run: false | true; echo not reached
      - name: own arguments
        shell: bash {0}
        run: false; echo hi
      - name: no shell
        continue-on-error: true
        shell: foo
        run: echo
      - name: verbatim
        shell: bash -lx {0}
        run: tr '\0' ' ' </proc/$$/cmdline
      - name: no ending
        shell: env echo {0}
        run: echo
      - name: python3
        run: |
          mkdir /programs; printf '#!/bin/sh\necho called\n' >/programs/python3; chmod +x /programs/python3
          echo /programs >>$GITHUB_PATH
      - name: python
        continue-on-error: true
        shell: python
        run: print("x")
      - name: exit
        continue-on-error: true
        run: echo before; exit 3
      - name: action
        continue-on-error: true
        uses: ./fails
      - name: folder
        working-directory: sub
        run: pwd
      - name: absolute folder
        working-directory: /tmp
        run: pwd
      - name: no folder
        continue-on-error: true
        working-directory: none
        run: echo not reached
      - uses: ./composite
      - name: stdin
        run: cat; echo after
"""
MACHINE = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - name: default
        run: "false | true; echo ok; tr '\\0' ' ' </proc/$$/cmdline"
      - name: missing
        continue-on-error: true
        shell: nosuch {0}
        run: echo
      - name: file
        run: |
          od -An -v -t x1 $0
          stat -c mode=%a $0
      - name: return
        run: ": \r; od -An -v -t x1 $0"
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    files = {
        "composite/action.yml": COMPOSITE,
        "sub/file": "x",
        **{f"fails/{name}": text for name, text in node_action("process.exit(5)").items()},
    }
    return conform(WORKFLOW, files=files)


@pytest.fixture(scope="module")
def machine(conform: Conform) -> Outcome:
    """A workflow file as editors on Windows save it: with a mark of its encoding, lines that end with CR LF."""
    return conform("\ufeff" + MACHINE.replace("\n", "\r\n"))


@pytest.mark.rule("shells/default-in-container")
def test_default_in_a_container(conform: Conform) -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: actlite-standin/runner:1\n    steps:\n"
    ran = conform(workflow + "      - {name: default, run: \"tr '\\\\0' ' ' </proc/$$/cmdline\"}\n")
    assert ran.lines("default")[0].startswith("sh -e /__w/_temp/")
    assert "\nshell: sh -e {0}\n" in ran.log("default")


@pytest.mark.rule("shells/default-on-machine")
def test_default_on_the_machine(machine: Outcome) -> None:
    assert machine.lines("default")[0] == "ok"
    assert machine.lines("default")[1].startswith(f"/usr/bin/bash -e {RUNNER_WORK}/_temp/")
    assert "\nshell: /usr/bin/bash -e {0}\n" in machine.log("default")


@pytest.mark.rule("shells/missing-on-machine")
def test_a_program_that_is_not_there(machine: Outcome) -> None:
    assert machine.step("missing")["outcome"] == "failure"
    assert machine.log("missing") == "##[group]Run echo\necho\n##[error]nosuch: command not found\n"


@pytest.mark.rule("shells/bash")
def test_bash(ran: Outcome) -> None:
    assert ran.step("bash", "shells")["outcome"] == "failure"
    assert ran.step("bash", "shells")["exit_code"] == 1
    assert "\nshell: bash --noprofile --norc -e -o pipefail {0}\n" in ran.log("bash", "shells")


@pytest.mark.rule("shells/defaults")
def test_defaults(ran: Outcome) -> None:
    shown = ran.lines("by default", "shells")
    assert shown[0].startswith("bash --noprofile --norc -e -o pipefail /__w/_temp/")
    assert shown[1] == "/__w/project/project/sub"
    assert "not reached" not in shown
    assert ran.lines("default", "container")[-1].startswith("bash -x /__w/_temp/")


@pytest.mark.rule("shells/own-arguments")
def test_own_arguments(ran: Outcome) -> None:
    assert ran.lines("own arguments", "shells") == ["hi"]


@pytest.mark.rule("shells/no-shell")
def test_no_shell(ran: Outcome) -> None:
    assert ran.step("no shell", "shells")["outcome"] == "failure"
    log = ran.log("no shell", "shells")
    assert "\nshell: foo \n##[endgroup]\n" in log
    assert log.endswith(
        "##[error]Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format "
        "string containing '{0}'\n"
    )


@pytest.mark.rule("shells/verbatim-arguments")
def test_arguments_as_they_are(ran: Outcome) -> None:
    (line,) = [one for one in ran.lines("verbatim", "shells") if one.startswith("bash -lx ")]
    assert line.strip().endswith(".sh")
    (path,) = ran.lines("no ending", "shells")
    assert path.startswith("/__w/_temp/")
    assert "." not in path


@pytest.mark.rule("shells/python")
def test_python_is_not_python3(ran: Outcome) -> None:
    assert ran.step("python", "shells")["outcome"] == "failure"
    assert "called" not in ran.lines("python", "shells")
    assert "executable file not found" in ran.log("python", "shells")
    assert ran.step("python", "shells")["exit_code"] in (126, 127)  # which of them is docker's own choice


@pytest.mark.rule("shells/exit-code")
def test_exit_code(ran: Outcome) -> None:
    assert ran.lines("exit", "shells") == ["before", "##[error]Process completed with exit code 3."]
    (annotation,) = ran.step("exit", "shells")["annotations"]
    assert (annotation["level"], annotation["message"]) == ("error", "Process completed with exit code 3.")


@pytest.mark.rule("shells/no-exit-code-of-actions")
def test_an_action_that_fails(ran: Outcome) -> None:
    assert ran.step("action", "shells")["outcome"] == "failure"
    assert ran.step("action", "shells")["exit_code"] == 5
    assert "Process completed" not in ran.log("action", "shells")


@pytest.mark.rule("shells/working-directory")
def test_working_directory(ran: Outcome) -> None:
    assert ran.lines("folder", "shells") == ["/__w/project/project/sub"]
    assert ran.lines("absolute folder", "shells") == ["/tmp"]
    assert ran.step("no folder", "shells")["outcome"] == "failure"
    assert "not reached" not in ran.lines("no folder", "shells")


@pytest.mark.rule("shells/working-directory-of-uses")
def test_no_working_directory_of_uses(conform: Conform) -> None:
    workflow = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - {uses: actions/checkout@v4, working-directory: sub}\n"
    )
    conform(workflow, expect=2).expect(2, "working-directory")


@pytest.mark.rule("shells/defaults-outside-composites")
def test_composites_have_no_defaults(ran: Outcome) -> None:
    folder, command = ran.lines("inner", "shells")
    assert folder == "/__w/project/project"
    assert command.startswith("sh -e ")


@pytest.mark.rule("shells/shell-in-composites")
def test_composites_must_name_a_shell(conform: Conform, tmp_path: Path) -> None:
    server = Server(tmp_path / "github")
    server.publish("o/shellless", {"action.yml": SHELLLESS})
    workflow = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: actlite-standin/runner:1\n    steps:\n"
        "      - {name: first, run: echo}\n      - uses: o/shellless@v1\n"
    )
    ran = conform(workflow, env=server.env | own_cache(tmp_path / "cache"), expect=1)
    assert ran.step("Set up job")["outcome"] == "failure"
    assert "shell" in ran.log("Set up job")


@pytest.mark.rule("shells/stdin")
def test_stdin(ran: Outcome) -> None:
    assert ran.lines("stdin", "shells") == ["after"]


@pytest.mark.rule("shells/script-file")
def test_the_file(machine: Outcome) -> None:
    *dump, mode = machine.lines("file")
    assert bytes.fromhex("".join(dump)) == b"od -An -v -t x1 $0\nstat -c mode=%a $0\n"
    assert mode == "mode=644"
    assert bytes.fromhex("".join(machine.lines("return"))) == b": \r; od -An -v -t x1 $0"
