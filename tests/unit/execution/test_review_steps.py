"""Found in review: steps and actions, at their edges."""

from __future__ import annotations

import threading
import time

import pytest
from core_harness import Bench
from test_core_steps import JOB, steps

from actlite.engines.fake import Call, Reply
from actlite.execution.scheduler import Scheduler

NODE = "name: n\nruns: {using: node24, pre: pre.js, main: main.js, post: post.js}\n"
FILES = {name: name for name in ("pre.js", "main.js", "post.js")}


def composite(inner: str) -> str:
    """The manifest of a composite action with these steps."""
    return f"name: c\nruns:\n  using: composite\n  steps:\n{inner}"


# --- time and results ---


def test_a_timeout_that_cannot_be_told_is_no_timeout(bench: Bench) -> None:
    """R: StepsRunner.RunStepAsync notes the error and runs the step without a limit."""
    result = bench.run(steps("- run: work\n  timeout-minutes: ${{ fromJSON('x') }}"))
    assert result.scripts() == ["work"]
    assert result.outcome.conclusion == "success"
    assert (
        "error",
        "An error occurred when attempting to determine the step timeout.",
    ) in result.annotations()


@pytest.mark.parametrize("minutes", ["fromJSON('1e300')", "Infinity"])
def test_a_timeout_beyond_all_numbers(bench: Bench, minutes: str) -> None:
    result = bench.run(steps(f"- run: work\n  timeout-minutes: ${{{{ {minutes} }}}}"))
    assert result.outcome.conclusion == "success"
    limit = bench.engine.calls[0].process.timeout
    assert limit is None or limit < 2**31 / 1000


def test_a_continue_on_error_that_is_no_boolean_is_off(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(steps("- run: bad\n  continue-on-error: ${{ format('true') }}\n- run: next"))
    assert result.scripts() == ["bad"]
    assert any("whether to continue on error" in message for _, message in result.annotations())


def test_a_posts_failure_is_excused_as_the_steps_own(bench: Bench) -> None:
    """R: ActionRunner.ContinueOnError is that of the action, whatever the stage."""
    bench.engine.on("post.js", Reply(1))
    bench.action("o/one@v1", NODE, FILES)
    result = bench.run(steps("- uses: o/one@v1\n  continue-on-error: true"))
    post = result.step("Post Run o/one@v1")
    assert (post.outcome, post.conclusion) == ("failure", "success")
    assert result.outcome.conclusion == "success"


def test_a_post_has_the_steps_time_too(bench: Bench) -> None:
    bench.action("o/one@v1", NODE, FILES)
    bench.run(steps("- uses: o/one@v1\n  timeout-minutes: 3"))
    limits = [c.process.timeout for c in bench.engine.calls if c.process.argv[-1].endswith(".js")]
    assert [limit is not None and 179 < limit <= 180 for limit in limits] == [True, True, True]


def test_inner_posts_do_not_inherit_the_time_of_the_main_part(bench: Bench) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.001
        return now[0]

    def later(call: Call) -> Reply:
        now[0] += 3600
        return Reply()

    bench.engine.on("later", later)
    bench.action("o/one@v1", NODE, FILES)
    bench.action("o/c@v1", composite("    - uses: o/one@v1\n"))
    bench.run(steps("- uses: o/c@v1\n  timeout-minutes: 5\n- run: later"), clock=clock)
    (post,) = [c for c in bench.engine.calls if c.process.argv[-1].endswith("post.js")]
    assert post.process.timeout is not None
    assert post.process.timeout > 200


# --- what a step is told ---


def test_the_container_may_say_that_it_is_not_ci(bench: Bench) -> None:
    text = JOB.replace("container: some/image", "container: {image: some/image, env: {CI: 'false'}}")
    bench.run(text + "      - run: x\n")
    assert bench.engine.opened[0].env["CI"] == "false"
    assert bench.engine.calls[0].process.env.get("CI", "false") == "false"


def test_a_volume_of_the_workspace_is_the_real_folder(bench: Bench) -> None:
    """Else the daemon makes a folder of that name on this machine."""
    text = JOB.replace(
        "container: some/image",
        "container: {image: some/image, volumes: ['${{ github.workspace }}/d:/d', '/etc/x:/x:ro']}\n"
        "    services: {s: {image: s, volumes: ['${{ github.workspace }}:/data']}}",
    )
    bench.run(text + "      - run: x\n")
    name = bench.folder.name
    workspace = bench.folder / "run" / "work" / "a" / name / name
    mounts = {m.target: m.source for m in bench.engine.opened[0].mounts}
    assert mounts["/d"] == str(workspace / "d")
    assert mounts["/x"] == "/etc/x"
    assert {m.target: m.source for m in bench.engine.services[0].mounts} == {"/data": str(workspace)}


def test_a_job_with_services_knows_their_network(bench: Bench) -> None:
    text = JOB.replace("    container: some/image\n", "    services: {s: {image: s}}\n")
    result = bench.run(text + "      - run: net ${{ job.container.network }}\n")
    assert result.scripts()[0].startswith("net github_network_")


@pytest.mark.parametrize(
    ("expression", "own"),
    [
        ("toJSON(job)", True),
        ("job['container'].network", True),
        ("join(job.*.network)", True),
        ("format('{0}}', 'x') && JOB.container.network", True),
        ("job.status", False),
        ("format('{0}{1}', github.job, job.workflow_ref)", False),
    ],
)
def test_a_network_is_made_where_the_job_context_may_show_it(
    bench: Bench, expression: str, own: bool
) -> None:
    bench.run(JOB + f"      - run: net ${{{{ {expression} }}}}\n")
    assert (bench.engine.opened[0].network or "").startswith("github_network_") is own


def test_a_program_is_looked_for_again_when_the_path_has_changed(bench: Bench) -> None:
    text = JOB.replace("    container: some/image\n", "")
    found = {"pwsh": Reply(1)}

    def which(call: Call) -> Reply:
        return found.get(call.process.argv[-1], Reply(0, b"/usr/bin/" + call.process.argv[-1].encode()))

    def install(call: Call) -> Reply:
        found.clear()
        return Reply()

    bench.engine.on("command -v", which)
    bench.engine.on("install", install)
    result = bench.run(
        text
        + "      - {run: one, shell: pwsh, continue-on-error: true}\n      - run: install\n"
        + "      - {run: two, shell: pwsh}\n"
    )
    assert result.outcome.conclusion == "success"


def test_names_that_cannot_be_evaluated_stay_as_written(bench: Bench) -> None:
    result = bench.run(steps("- run: echo ${{ fromJSON('x') }}\n  if: ${{ false }}"))
    assert result.steps()["1"].name == "Run echo ${{ fromJSON('x') }}"


def test_the_header_names_the_first_line_that_says_something(bench: Bench) -> None:
    result = bench.run(steps("- run: |\n\n    first\n    second"))
    assert result.log("1").startswith("##[group]Run first\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("failure() && false", "failure() && false is false"),
        ("github.ref == 'x'", "success() && (github.ref == 'x') is false: the job's status is failure"),
        (
            "${{ github.ref == 'x' }}",
            "success() && (github.ref == 'x') is false: the job's status is failure",
        ),
    ],
)
def test_why_a_step_was_skipped(bench: Bench, text: str, reason: str) -> None:
    bench.engine.on("bad", Reply(1))
    result = bench.run(steps(f"- run: bad\n- run: x\n  if: {text}"))
    assert result.steps()["2"].reason == reason


def test_what_an_expression_cannot_do_fails_the_step_only(bench: Bench) -> None:
    result = bench.run(
        steps(
            "- run: echo ${{ hashFiles(fromJSON('\"\\u0000\"')) }}\n  continue-on-error: true\n"
            "- run: echo ${{ fromJSON('\"\\ud800\"') }}\n  continue-on-error: true\n- run: on"
        )
    )
    assert result.scripts()[-1] == "on"


# --- actions ---


def test_a_script_in_a_composite_belongs_to_no_repository_but_its_env_may_say(bench: Bench) -> None:
    """actions/runner#2473, and the way around it that actions use."""
    bench.action(
        "o/c@v1",
        composite(
            "    - run: in [${{ github.action_repository }}] [${{ github.action_ref }}]\n      shell: sh\n"
            "      env: {REPO: '${{ github.action_repository }}', REF: '${{ github.action_ref }}'}\n"
        ),
    )
    result = bench.run(steps("- uses: o/c@v1"))
    (call,) = bench.engine.calls
    assert result.scripts() == ["in [] []"]
    env = call.process.env
    assert (env["GITHUB_ACTION_REPOSITORY"], env["GITHUB_ACTION_REF"]) == ("", "")
    assert (env["REPO"], env["REF"]) == ("o/c", "v1")


def test_an_actions_inputs_see_the_action_itself(bench: Bench) -> None:
    bench.action(
        "o/one@v1",
        "name: n\ninputs: {me: {default: '${{ github.action_repository }}@${{ github.action_ref }}'}}\n"
        "runs: {using: node24, main: main.js}\n",
        FILES,
    )
    bench.run(steps("- uses: o/one@v1\n  with: {also: '${{ github.action_ref }}'}"))
    env = bench.engine.calls[-1].process.env
    assert (env["INPUT_ME"], env["INPUT_ALSO"]) == ("o/one@v1", "v1")


def test_a_composites_steps_may_be_allowed_old_commands_by_the_step_that_uses_it(bench: Bench) -> None:
    bench.engine.on("old", Reply(0, b"::set-env name=A::1\n"))
    bench.action("o/c@v1", composite("    - {run: old, shell: sh}\n"))
    result = bench.run(
        steps("- uses: o/c@v1\n  env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true'}\n- run: echo $A ${{ env.A }}")
    )
    assert result.scripts()[-1] == "echo $A 1"


def test_the_actions_in_a_composite_have_their_pre_stage(bench: Bench) -> None:
    seen = []

    def pre(call: Call) -> Reply:
        call.append("GITHUB_STATE", "k=v\n")
        return Reply()

    def post(call: Call) -> Reply:
        seen.append(call.process.env.get("STATE_k"))
        return Reply()

    bench.engine.on("pre.js", pre)
    bench.engine.on("post.js", post)
    bench.action("o/one@v1", NODE, FILES)
    bench.action("o/c@v1", composite("    - uses: o/one@v1\n"))
    bench.action("o/d@v1", composite("    - uses: o/c@v1\n"))
    result = bench.run(steps("- run: first\n- uses: o/d@v1"))
    kinds = [c.process.argv[-1].rsplit("/", 1)[-1] for c in bench.engine.calls if "cat /etc" not in str(c)]
    assert [k for k in kinds if k.endswith(".js")] == ["pre.js", "main.js", "post.js"]
    assert kinds[0] == "pre.js"
    assert result.step("Pre Run o/d@v1").outcome == "success"
    assert seen == ["v"]


def test_a_post_is_due_once_its_pre_stage_has_begun(bench: Bench) -> None:
    bench.engine.on("pre.js", Reply(1))
    bench.action("o/one@v1", NODE, FILES)
    result = bench.run(steps("- uses: o/one@v1"))
    names = [s.name for s in result.steps().values()]
    assert result.step("Run o/one@v1").outcome == "skipped"
    assert names.count("Post Run o/one@v1") == 1


def test_cancelling_within_a_composite_that_goes_on_ends_its_running_step(bench: Bench) -> None:
    bench.engine.on("hang", Reply(hang=True))
    bench.action(
        "o/c@v1",
        composite("    - {run: hang, shell: sh}\n    - {run: cleaned, shell: sh, if: always()}\n"),
    )

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.cancel("stopped")

    result = bench.run(steps("- uses: o/c@v1\n  if: always()"), during=stop)
    assert result.scripts() == ["hang", "cleaned"]
    assert result.steps()["1.1"].outcome == "cancelled"


DOCKER = "name: d\nruns: {using: docker, image: 'docker://img'}\n"


def test_arguments_of_a_docker_step_are_split_as_the_runner_does(bench: Bench) -> None:
    bench.run(steps('- uses: docker://img\n  with:\n    args: it\'s "a b" c\\d'))
    assert list(bench.engine.containers[0].args) == ["it's", "a b", "c\\d"]


def test_a_docker_actions_env_may_say_that_it_is_not_ci(bench: Bench) -> None:
    bench.action("o/d@v1", DOCKER.replace("img'", "img', env: {CI: 'no', X: y, GITHUB_SHA: z}"))
    bench.run(steps("- uses: o/d@v1\n  env: {X: mine}"))
    env = bench.engine.containers[0].env
    assert (env["CI"], env["X"]) == ("no", "mine")
    assert env["GITHUB_SHA"] != "z"


def test_a_killed_steps_docker_container_is_killed_whenever_it_starts(bench: Bench) -> None:
    """The container of a step inside a composite action; the action's own condition would let it go on."""
    bench.engine.on("/hang", Reply(hang=True))
    bench.action("o/c@v1", composite("    - uses: docker://img\n      with: {entrypoint: /hang}\n"))

    def stop(scheduler: Scheduler) -> None:
        while not bench.engine.containers:
            time.sleep(0.01)
        bench.cancel.cancel("stopped")

    result = bench.run(steps("- uses: o/c@v1\n  if: always()"), during=stop)
    assert result.jobs()["a"].result == "cancelled"


def test_a_step_in_a_composite_whose_condition_holds_goes_on_whatever_the_actions_own_says(
    bench: Bench,
) -> None:
    """R: ExecutionContext.CreateEmbeddedChild: it has a cancellation token of its own."""
    cancelled = threading.Event()

    def work(call: Call) -> Reply:
        assert cancelled.wait(10)
        time.sleep(0.2)
        return Reply()

    bench.engine.on("work", work)
    bench.action("o/c@v1", composite("    - {run: work, shell: sh, if: always()}\n"))

    def stop(scheduler: Scheduler) -> None:
        bench.until_a_step_runs()
        bench.cancel.cancel("stopped")
        cancelled.set()

    result = bench.run(steps("- uses: o/c@v1\n- run: never"), during=stop)
    assert result.steps()["1.1"].outcome == "success"
    assert result.steps()["1"].outcome == "success"
    assert result.jobs()["a"].result == "cancelled"


def test_an_actions_folder_is_named_after_its_ref(bench: Bench) -> None:
    bench.action("o/one@releases/v1", NODE, FILES)
    bench.run(steps("- uses: o/one@releases/v1"))
    scripts = [c.process.argv[-1] for c in bench.engine.calls if c.process.argv[-1].endswith("main.js")]
    assert scripts == ["/__w/_actions/o/one/releases/v1/main.js"]


@pytest.mark.parametrize("uses", ["o/one/../../..@v1", "../one@v1", "o/one@.."])
def test_an_actions_name_cannot_lead_out_of_its_folder(bench: Bench, uses: str) -> None:
    bench.action("o/one@v1", NODE, FILES)
    bench.actions.folders[uses.replace("/../../..", "")] = bench.actions.folders["o/one@v1"]
    result = bench.run(steps(f"- uses: {uses}\n- run: x"))
    assert result.outcome.conclusion == "failure"
    assert result.scripts() == []


def test_checkouts_inputs_are_read_in_any_case(bench: Bench) -> None:
    result = bench.run(steps("- uses: actions/checkout@v4\n  with: {Repository: other/one}"))
    assert "other/one" in result.log("1")


def test_unexpected_inputs_in_the_runners_words(bench: Bench) -> None:
    bench.action("o/one@v1", "name: n\nruns: {using: node24, main: main.js}\n", FILES)
    result = bench.run(steps("- uses: o/one@v1\n  with: {a: 1, b: 2}"))
    assert ("warning", "Unexpected input(s) 'a', 'b', valid inputs are ['']") in result.annotations()


def test_a_diagnosis_shows_no_secret(bench: Bench) -> None:
    bench.settings["secrets"] = {"KEY": "hunter2-hunter2"}
    line = b"/hunter2-hunter2/x: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /hunter2-hunter2/x)\n"
    bench.engine.on("tool", Reply(1, line))
    result = bench.run(steps("- run: tool"))
    assert result.steps()["1"].diagnosis is not None
    assert "hunter2" not in repr(result.steps()["1"].diagnosis)


def test_a_product_whose_name_is_a_secret(bench: Bench) -> None:
    bench.settings["secrets"] = {"KEY": "hunter2-hunter2"}

    def build(call: Call) -> Reply:
        (call.host(call.process.workdir) / "hunter2-hunter2.zip").write_bytes(b"PK")
        return Reply()

    bench.engine.on("build", build)
    result = bench.run(steps("- run: build"))
    assert any(type(e).__name__ == "ArtifactFound" for e in result.events)
    assert "hunter2" not in repr([e for e in result.events if type(e).__name__ == "ArtifactFound"])


def test_an_action_given_as_a_link_to_its_folder(bench: Bench) -> None:
    bench.action("o/one@v1", NODE, FILES)
    link = bench.folder / "link"
    link.symlink_to(bench.actions.folders["o/one@v1"])
    bench.actions.folders["o/one@v1"] = link
    bench.run(steps("- uses: o/one@v1"))
    copied = bench.folder / "run" / "work" / "a" / "_actions" / "o" / "one" / "v1"
    assert not copied.is_symlink()
    assert (copied / "main.js").exists()


def test_a_condition_that_cannot_be_evaluated_ends_a_composite(bench: Bench) -> None:
    bench.action(
        "o/c@v1",
        composite(
            "    - {run: broken, shell: sh, if: \"fromJSON('x') || always()\"}\n"
            "    - {run: not, shell: sh, if: always()}\n"
        ),
    )
    result = bench.run(steps("- uses: o/c@v1\n  continue-on-error: true\n- run: after"))
    assert result.scripts() == ["after"]
    assert result.steps()["1"].outcome == "failure"


def test_a_process_gets_texts_that_the_system_can_hold(bench: Bench) -> None:
    bench.writes("first", "GITHUB_ENV", "A=one\0two\nB\0C=x\n")
    bench.writes("before", "GITHUB_PATH", "/a\0b\n")
    bench.run(
        steps(
            "- run: before\n- run: first\n"
            "- run: second\n  env: {B: '${{ fromJSON(''\"x\\ud800\"'') }}', 'D=E': f, '=': x}\n"
            "  working-directory: ${{ format('a{0}b', fromJSON('\"\\u0000\"')) }}"
        )
    )
    process = bench.engine.calls[-1].process
    assert (process.env["A"], process.env["B"], process.env["D"]) == ("one", "x\ufffd", "E=f")
    assert not any("\0" in name or "=" in name or not name for name in process.env)
    assert list(process.path_prepends) == ["/a"]
    assert process.workdir.endswith("/a")
