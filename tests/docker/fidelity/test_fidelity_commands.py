"""Workflow commands: both forms, what they do, how they fail."""

from __future__ import annotations

from typing import Any

import pytest
from conforming import Conform
from main_tools import Outcome

WORKFLOW = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    env: {LATER: before}
    steps:
      - name: forms
        run: |
          echo "  ::warning::after spaces"
          echo "foo ::warning::not at the start"
          echo "foo ##[warning]anywhere"
          echo "::notice::on stderr" >&2
          echo "::notsuch::x"
          echo "##[notsuch]x"
          echo "::internal-set-repo-path repoFullName=a/b;workspaceRepo=true::/x"
          printf '::notice::by return\rrest\r\nlast'
      - name: case
        run: echo "::WARNING File=a,TITLE=t::x"
      - name: escapes
        run: |
          echo "::error file=a.js,line=1,col=2::m%0An%25"
          echo "::warning title=a%2Cb%3Ac,empty=,=odd::%3A%250A"
          echo "##[notice title=a%3Bb%5D;file=f%2C]x%5D%3B%0Ay%25%0A]z"
      - name: set-output
        id: out
        run: |
          echo "::set-output name=a::b::c"
          echo "::set-output name=with-hyphen::d"
      - name: outputs
        run: echo 'got=${{ steps.out.outputs.a }} ${{ steps.out.outputs.with-hyphen }}'
      - name: without a name
        continue-on-error: true
        run: echo "::set-output::x"
      - name: set-env
        continue-on-error: true
        run: |
          echo "::set-env name=LATER::after"
          echo "::add-path::/by-command"
      - name: set-env allowed
        env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}
        continue-on-error: ${{ env.LATER == 'after' }}
        run: |
          echo "::set-env name=LATER::after"
          echo "::add-path::/by-command"
          echo "::set-env name=node_options::--x"
          exit 1
      - name: what was set
        run: echo "LATER=$LATER"; echo "PATH=$PATH"; echo "NODE=$node_options$NODE_OPTIONS"
      - name: excused by the file
        continue-on-error: ${{ env.EXCUSED == 'yes' }}
        env: {EXCUSED: 'no'}
        run: echo EXCUSED=yes >>$GITHUB_ENV; exit 1
      - name: stop
        run: |
          echo "::stop-commands::Tok-en"
          echo "::warning::raw"
          echo "##[warning]raw too"
          echo "::stop-commands::other"
          echo "::TOK-EN::"
          echo "::warning::obeyed"
          echo "::stop-commands::a-token"
          echo "a-token"
      - name: after stop
        run: echo "::warning::obeyed again"
      - name: empty token
        continue-on-error: true
        run: echo first; echo "::stop-commands::"; echo second; echo "::error::third"
      - name: command as a token
        continue-on-error: true
        run: echo "::stop-commands::Warning"
      - name: pause
        continue-on-error: true
        run: echo "::stop-commands::pause-logging"; echo "out=x" >>$GITHUB_OUTPUT
        id: pause
      - name: allowed tokens
        env: {ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS: true}
        run: |
          echo "::stop-commands::notice"
          echo "::error::raw"
          echo "::notice::"
          echo "::notice::no command any more"
          echo "::stop-commands::"
          echo "::::"
          echo "::error::raw still"
      - name: groups
        run: echo "::group::A title"; echo in; echo "::endgroup::ignored"
      - name: echo
        run: |
          echo "::echo::ON"
          echo "::add-mask::to-be-hidden"
          echo "::group::T"
          echo "::notice::n"; echo "::warning::w"; echo "::error::e"
          echo "::debug::d"
          echo "::echo:: off "
          echo "::endgroup::"
          echo "::add-mask:: "
      - name: bad echo
        continue-on-error: true
        run: echo "::echo::maybe"; echo "::echo::"
      - name: markers
        run: |
          echo "x ##[start-action display=a]"; echo "##[end-action x]"
"""

DEBUG = r"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: debug
        id: said
        run: |
          echo "::debug::a%0Ab"
          echo "::set-output name=plain::1"
          echo "::set-output name=not-plain::2"
          echo "::stop-commands::Tok"
          echo "::group::raw"
          echo "::Tok::"
          echo A=1 >>$GITHUB_ENV; echo O=2 >>$GITHUB_OUTPUT; echo S=3 >>$GITHUB_STATE
          echo "RUNNER_DEBUG=$RUNNER_DEBUG true"
"""

STATES = {
    ".github/saver/action.yml": "runs: {using: node24, main: main.js, post: post.js}\n",
    ".github/saver/main.js": "console.log('::save-state name=Key::a value')\n",
    ".github/saver/post.js": "console.log('STATE=' + process.env.STATE_Key)\n",
}
SAVER = """      - name: saver
        uses: ./.github/saver
"""
CHECKOUT = "      - {name: checkout, uses: actions/checkout@v4}\n"


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW + CHECKOUT + SAVER, files=STATES)


@pytest.fixture(scope="module")
def debugged(conform: Conform) -> Outcome:
    return conform(DEBUG, "-s", "ACTIONS_STEP_DEBUG", env={"ACTIONS_STEP_DEBUG": "true"})


def messages(ran: Outcome, name: str, level: str = "") -> list[str]:
    """What a step's annotations say."""
    return [a["message"] for a in ran.step(name)["annotations"] if level in ("", a["level"])]


def one(ran: Outcome, name: str, level: str) -> dict[str, Any]:
    """A step's only annotation of a level."""
    (found,) = (a for a in ran.step(name)["annotations"] if a["level"] == level)
    return dict(found)


@pytest.mark.rule("commands/new-form", "commands/old-form", "commands/unknown-names")
def test_forms(ran: Outcome) -> None:
    lines = ran.lines("forms")
    assert lines[0] == "##[warning]after spaces"
    assert lines[1] == "foo ::warning::not at the start"
    assert lines[2] == "##[warning]anywhere"
    assert lines[4:7] == [
        "::notsuch::x",
        "##[notsuch]x",
        "::internal-set-repo-path repoFullName=a/b;workspaceRepo=true::/x",
    ]
    assert messages(ran, "forms", "warning") == ["after spaces", "anywhere"]


@pytest.mark.rule("commands/every-line", "commands/line-ends")
def test_every_line(ran: Outcome) -> None:
    assert messages(ran, "forms", "notice") == ["on stderr", "by return"]
    assert ran.lines("forms")[-2:] == ["rest", "last"]


@pytest.mark.rule("commands/case")
def test_case(ran: Outcome) -> None:
    found = one(ran, "case", "warning")
    assert (found["file"], found["title"], found["message"]) == ("a", "t", "x")


@pytest.mark.rule("commands/data-escapes", "commands/property-escapes", "commands/old-escapes")
def test_escapes(ran: Outcome) -> None:
    found = one(ran, "escapes", "error")
    assert (found["message"], found["file"], found["line"], found["column"]) == ("m\nn%", "a.js", 1, 2)
    assert ran.step("escapes")["conclusion"] == "success"
    found = one(ran, "escapes", "warning")
    assert (found["title"], found["message"]) == ("a,b:c", "%3A%0A")
    found = one(ran, "escapes", "notice")
    assert (found["title"], found["file"]) == ("a;b]", "f%2C")
    assert found["message"] == "x];\ny%\n]z"


@pytest.mark.rule("commands/set-output")
def test_set_output(ran: Outcome) -> None:
    assert ran.values("outputs") == {"got": "b::c d"}
    assert all("The `set-output` command is deprecated" in text for text in messages(ran, "set-output"))
    assert len(messages(ran, "set-output", "warning")) == 2


@pytest.mark.rule("commands/save-state")
def test_save_state(ran: Outcome) -> None:
    assert "##[warning]The `save-state` command is deprecated" in ran.log("saver")
    assert "STATE=a value\n" in ran.log("Post saver")


@pytest.mark.rule("commands/bad-commands-fail")
def test_bad_commands(ran: Outcome) -> None:
    assert ran.step("without a name")["outcome"] == "failure"
    assert ran.step("without a name")["exit_code"] == 0
    assert ran.lines("without a name")[1:] == [
        "##[error]Unable to process command '::set-output::x' successfully.",
        "##[error]Required field 'name' is missing in ##[set-output] command.",
    ]


@pytest.mark.rule("commands/unsecure-commands", "commands/set-env-blocked")
def test_unsecure_commands(ran: Outcome) -> None:
    assert ran.step("set-env")["outcome"] == "failure"
    errors = messages(ran, "set-env", "error")
    assert errors[0] == "Unable to process command '::set-env name=LATER::after' successfully."
    assert errors[1].startswith(
        "The `set-env` command is disabled. Please upgrade to using Environment Files"
    )
    assert errors[3].startswith("The `add-path` command is disabled.")
    assert messages(ran, "set-env allowed", "error") == [
        "Can't update NODE_OPTIONS environment variable using ::set-env:: command.",
        "Process completed with exit code 1.",
    ]
    values = ran.values("what was set")
    assert (values["LATER"], values["NODE"]) == ("after", "")
    assert values["PATH"].startswith("/by-command:")


@pytest.mark.rule("commands/own-env-after")
def test_own_env_after(ran: Outcome) -> None:
    for name in ("set-env allowed", "excused by the file"):
        step = ran.step(name)
        assert (step["outcome"], step["conclusion"]) == ("failure", "success")


@pytest.mark.rule("commands/stop-commands", "commands/long-tokens")
def test_stop(ran: Outcome) -> None:
    assert ran.lines("stop") == [
        "::stop-commands::Tok-en",
        "::warning::raw",
        "##[warning]raw too",
        "::stop-commands::other",
        "::TOK-EN::",
        "##[warning]obeyed",
        "::stop-commands::***",
        "***",
    ]
    assert messages(ran, "stop") == ["obeyed"]


@pytest.mark.rule("commands/stop-is-per-step")
def test_the_next_step_obeys_again(ran: Outcome) -> None:
    assert ran.lines("after stop") == ["##[warning]obeyed again"]


@pytest.mark.rule("commands/stop-tokens")
@pytest.mark.parametrize("name", ["empty token", "command as a token", "pause"])
def test_tokens_that_are_refused(ran: Outcome, name: str) -> None:
    step = ran.step(name)
    assert (step["outcome"], step["exit_code"]) == ("failure", 0)
    said = [line for line in ran.lines(name) if line != "first"]
    assert len(said) == 1
    assert said[0].startswith("##[error]You cannot use a endToken that is an empty string, the string")
    assert messages(ran, name) == [said[0].removeprefix("##[error]")]
    if name == "pause":
        assert step["outputs"] == {"out": "x"}


@pytest.mark.rule("commands/stop-tokens-allowed")
def test_tokens_that_are_allowed(ran: Outcome) -> None:
    assert ran.step("allowed tokens")["outcome"] == "success"
    assert ran.lines("allowed tokens") == [
        "::stop-commands::notice",
        "::error::raw",
        "::notice::",
        "::notice::no command any more",
        "::stop-commands::",
        "::::",
        "::error::raw still",
    ]


@pytest.mark.rule("commands/groups")
def test_groups(ran: Outcome) -> None:
    assert ran.lines("groups") == ["##[group]A title", "in", "##[endgroup]"]


@pytest.mark.rule("commands/echo")
def test_echo(ran: Outcome) -> None:
    assert ran.lines("echo") == [
        "::add-mask::***",
        "::group::T",
        "##[group]T",
        "##[notice]n",
        "##[warning]w",
        "##[error]e",
        "::echo:: off ",
        "##[endgroup]",
        "##[warning]Can't add secret mask for empty string in ##[add-mask] command.",
    ]
    assert ran.step("bad echo")["outcome"] == "failure"
    assert ran.lines("bad echo") == [
        "##[error]Unable to process command '::echo::maybe' successfully.",
        "##[error]Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: 'maybe'.",
        "##[error]Unable to process command '::echo::' successfully.",
        "##[error]Value cannot be null. (Parameter 'value')",
    ]


@pytest.mark.rule("commands/own-markers")
def test_markers(ran: Outcome) -> None:
    assert ran.lines("markers") == [r"x ##[\start-action display=a]", r"##[\end-action x]"]


@pytest.mark.rule("commands/debug")
def test_debug(ran: Outcome, debugged: Outcome) -> None:
    assert "##[debug]" not in ran.log("echo")
    assert debugged.lines("debug")[:2] == ["##[debug]a", "##[debug]b"]


@pytest.mark.rule("commands/debug-log")
def test_debug_log(debugged: Outcome) -> None:
    lines = debugged.lines("debug")
    wanted = [
        "::set-output name=plain::1",
        "##[debug]steps.said.outputs.plain='1'",
        "::set-output name=not-plain::2",
        "##[debug]steps['said']['outputs']['not-plain']='2'",
        "::stop-commands::Tok",
        "##[debug]Paused processing commands until the token you called ::stopCommands:: with is received",
        "##[debug]Process commands has been stopped and waiting for '##[Tok]' to resume.",
        "::group::raw",
        "::Tok::",
        "##[debug]Resume processing commands",
        "RUNNER_DEBUG=1 true",
        "##[debug]A='1'",
        "##[debug]Save intra-action state S = 3",
        "##[debug]Set output O = 2",
    ]
    assert [line for line in lines if "deprecated" not in line][2:] == wanted
