"""Steps: conditions, environment, outputs, results."""

from __future__ import annotations

import itertools

from core_harness import Bench

from actlite.engines.fake import Call, Reply

JOB = """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: some/image
    steps:
"""


def steps(text: str) -> str:
    """A workflow with one container job of these steps."""
    return JOB + "\n".join("      " + line for line in text.strip("\n").split("\n")) + "\n"


def test_a_script_runs_with_the_runners_paths_in_the_containers_terms(bench: Bench) -> None:
    result = bench.run(steps("- run: echo hello"))
    (call,) = bench.engine.calls
    assert call.process.argv[:2] == ["sh", "-e"]
    assert call.process.argv[2].startswith("/__w/_temp/")
    assert call.process.argv[2].endswith(".sh")
    assert call.script == "echo hello"
    name = bench.folder.name
    assert call.process.workdir == f"/__w/{name}/{name}"
    assert call.process.env["GITHUB_WORKSPACE"] == f"/__w/{name}/{name}"
    assert call.process.env["GITHUB_EVENT_PATH"] == "/github/workflow/event.json"
    assert call.process.env["RUNNER_TEMP"] == "/__w/_temp"
    assert call.process.env["CI"] == "true"
    assert "GITHUB_TOKEN" not in call.process.env
    assert result.outcome.conclusion == "success"


def test_expressions_show_the_runners_own_paths(bench: Bench) -> None:
    bench.run(steps("- run: echo ${{ github.workspace }} ${{ runner.temp }}"))
    name = bench.folder.name
    assert bench.engine.calls[0].script == f"echo /home/runner/work/{name}/{name} /home/runner/work/_temp"


def test_only_whole_values_that_are_paths_are_translated(bench: Bench) -> None:
    bench.run(
        steps("""
- run: env
  env:
    X: ${{ github.workspace }}/a
    Y: p=${{ github.workspace }}
""")
    )
    env = bench.engine.calls[0].process.env
    assert env["X"].startswith("/__w/")
    assert env["Y"].startswith("p=/home/runner/work/")


def test_the_container_has_home_and_its_own_env_but_not_the_jobs(bench: Bench) -> None:
    bench.run(
        JOB.replace("container: some/image", "container: {image: some/image, env: {C: 1}}\n    env: {J: 2}")
        + "      - run: env\n"
    )
    (spec,) = bench.engine.opened
    assert spec.env == {"C": "1", "HOME": "/github/home", "GITHUB_ACTIONS": "true", "CI": "true"}
    assert bench.engine.calls[0].process.env["J"] == "2"


def test_the_mounts_are_the_runners(bench: Bench) -> None:
    bench.run(steps("- run: x"))
    targets = {m.target: m.read_only for m in bench.engine.opened[0].mounts}
    assert targets == {
        "/__w": False,
        "/__e": True,
        "/__w/_temp": False,
        "/__w/_actions": False,
        "/__t": False,
        "/github/home": False,
        "/github/workflow": False,
    }


def test_the_docker_socket_is_given_only_when_asked(bench: Bench) -> None:
    bench.settings["docker_socket"] = True
    bench.run(steps("- run: x"))
    assert bench.engine.opened[0].mounts[0].target == "/var/run/docker.sock"


def test_what_a_step_writes_reaches_the_next_ones_but_not_itself(bench: Bench) -> None:
    def write(call: Call) -> Reply:
        call.append("GITHUB_ENV", "A=1\n")
        call.append("GITHUB_OUTPUT", "x=hello\n")
        call.append("GITHUB_PATH", "/one\n/two\n")
        return Reply()

    bench.engine.on("first", write)
    result = bench.run(
        steps("""
- id: s
  run: first ${{ env.A }}
- run: second ${{ env.A }} ${{ steps.s.outputs.x }} ${{ steps.s.conclusion }}
""")
    )
    first, second = bench.engine.calls
    assert first.script == "first "
    assert second.script == "second 1 hello success"
    assert second.process.env["A"] == "1"
    assert tuple(second.process.path_prepends) == ("/two", "/one")
    assert result.steps()["1"].outputs == {"x": "hello"}


def test_step_env_wins_over_written_env_which_wins_over_job_env(bench: Bench) -> None:
    bench.writes("first", "GITHUB_ENV", "A=written\n")
    bench.run(
        JOB.replace("    steps:", "    env: {A: job}\n    steps:")
        + """
      - run: first
      - run: second
      - run: third
        env: {A: step}
"""
    )
    assert [c.process.env["A"] for c in bench.engine.calls] == ["job", "written", "step"]


def test_contexts_win_over_what_the_workflow_sets(bench: Bench) -> None:
    bench.run(steps("- run: echo ${{ env.GITHUB_REF }}\n  env: {GITHUB_REF: mine}"), branch="main")
    (call,) = bench.engine.calls
    assert call.process.env["GITHUB_REF"] == "refs/heads/main"
    assert call.script == "echo mine"


def test_a_failure_skips_what_follows_unless_it_asks(bench: Bench) -> None:
    bench.engine.on("bad", Reply(3, b"oh\n"))
    result = bench.run(
        steps("""
- run: bad
- run: skipped
- if: always()
  run: always
- if: failure()
  run: failing
- if: steps.none.outcome == ''
  run: implicit
""")
    )
    assert result.scripts() == ["bad", "always", "failing"]
    found = result.steps()
    assert (found["1"].outcome, found["1"].exit_code) == ("failure", 3)
    assert found["2"].outcome == "skipped"
    assert "success() is false" in found["2"].reason
    assert "##[error]Process completed with exit code 3." in result.log("1")
    assert result.jobs()["a"].result == "failure"
    assert result.outcome.conclusion == "failure"


def test_continue_on_error_turns_the_conclusion_not_the_outcome(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(
        steps("""
- id: b
  run: bad
  continue-on-error: true
- run: echo ${{ steps.b.outcome }} ${{ steps.b.conclusion }}
- if: failure()
  run: not
""")
    )
    assert result.scripts()[1:] == ["echo failure success"]
    assert result.outcome.conclusion == "success"


def test_an_error_in_a_steps_env_fails_it_even_if_it_would_be_skipped(bench: Bench) -> None:
    result = bench.run(
        steps("""
- if: false
  continue-on-error: true
  run: x
  env: {A: "${{ fromJSON('x') }}"}
""")
    )
    assert result.steps()["1"].outcome == "failure"
    assert result.scripts() == []


def test_outputs_of_a_failed_step_are_kept(bench: Bench) -> None:
    def write(call: Call) -> Reply:
        call.append("GITHUB_OUTPUT", "x=1\n")
        return Reply(1)

    bench.engine.on("bad", write)
    result = bench.run(
        steps("""
- id: b
  run: bad
  continue-on-error: true
- run: echo ${{ steps.b.outputs.x }}
""")
    )
    assert result.scripts()[1] == "echo 1"


def test_a_bad_env_file_fails_the_step_though_it_exits_with_0(bench: Bench) -> None:
    bench.writes("x", "GITHUB_OUTPUT", "hello\n")
    result = bench.run(steps("- run: x"))
    assert result.steps()["1"].outcome == "failure"
    assert "Invalid format 'hello'" in result.log("1")


def test_working_directory_and_defaults(bench: Bench) -> None:
    bench.run(
        JOB.replace("    steps:", "    defaults: {run: {working-directory: sub, shell: bash}}\n    steps:")
        + """
      - run: a
      - run: b
        working-directory: /abs
        shell: sh
"""
    )
    first, second = bench.engine.calls
    assert first.process.workdir.endswith("/sub")
    assert first.process.argv[0] == "bash"
    assert "pipefail" in first.process.argv
    assert second.process.workdir == "/abs"
    assert second.process.argv[0] == "sh"


def test_a_step_that_takes_too_long_has_failed(bench: Bench) -> None:
    bench.engine.on("long", Reply(hang=True))
    text = steps(
        "- id: l\n  name: Long\n  run: long\n  timeout-minutes: 1\n- if: failure()\n  run: echo ${{ steps.l.outcome }}"
    )
    ticks = itertools.count()
    result = bench.run(text, clock=lambda: next(ticks) * 59.95)
    assert result.step("Long").outcome == "failure"
    assert "The action 'Long' has timed out after 1 minutes." in result.log("1")
    assert result.scripts()[-1] == "echo failure"


def test_secrets_are_hidden_in_everything_that_is_emitted(bench: Bench) -> None:
    bench.settings["secrets"] = {"KEY": "hunter2-hunter2"}
    bench.engine.on("show", Reply(0, b"the key is hunter2-hunter2\n::warning::hunter2-hunter2\n"))
    result = bench.run(
        steps("""
- name: ${{ github.event_name }}
  run: show "$K"
  env: {K: "${{ secrets.KEY }}"}
""")
    )
    assert bench.engine.calls[0].process.env["K"] == "hunter2-hunter2"
    assert "hunter2" not in repr(result.events)
    assert "the key is ***" in result.log("1")
    assert ("warning", "***") in result.annotations()


def test_a_shell_that_is_no_shell(bench: Bench) -> None:
    result = bench.run(steps("- run: x\n  shell: foo"))
    assert result.steps()["1"].outcome == "failure"
    assert "Invalid shell option" in result.log("1")
