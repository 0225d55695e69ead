"""Actions: node, composite, their stages and inputs."""

from __future__ import annotations

import datetime

import pytest
from core_harness import Actions, Bench

from actlite.checking.runners import Place
from actlite.engines.fake import Call, Reply

HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: some/image\n    steps:\n"
NODE = """
name: n
inputs:
  who: {default: world}
  fetch-depth: {default: '1'}
  old: {deprecationMessage: use new}
runs:
  using: node20
  pre: pre.js
  main: main.js
  post: post.js
"""


def node_calls(bench: Bench) -> list[tuple[str, str]]:
    """Runtime and script of the node processes."""
    return [
        (c.process.argv[0].split("/")[2], c.process.argv[1].rsplit("/", 1)[-1])
        for c in bench.engine.calls
        if c.process.argv[0].startswith("/__e/")
    ]


def test_stages_run_in_the_runners_order_with_the_runners_node(bench: Bench) -> None:
    bench.action("o/one@v1", NODE)
    bench.action("o/two@v1", NODE)
    result = bench.run(HEAD + "      - uses: o/one@v1\n      - uses: o/two@v1\n      - run: x\n")
    order = [s.name for s in result.steps().values() if s.name.startswith(("Pre", "Post", "Run"))]
    assert order == [
        "Pre Run o/one@v1",
        "Pre Run o/two@v1",
        "Run o/one@v1",
        "Run o/two@v1",
        "Run x",
        "Post Run o/two@v1",
        "Post Run o/one@v1",
    ]
    assert set(node_calls(bench)) == {("node24", "pre.js"), ("node24", "main.js"), ("node24", "post.js")}
    assert all(c.process.real_exec for c in bench.engine.calls if c.process.argv[0].startswith("/__e/"))


@pytest.mark.parametrize(
    ("date", "env", "runtime"),
    [
        ("2026-11-23", "", "node24"),
        ("2026-08-01", "", "node24"),
        ("2026-08-01", "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true", "node20"),
        ("2025-10-01", "", "node20"),
        ("2025-10-01", "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24: true", "node24"),
    ],
)
def test_the_era_decides_the_node(bench: Bench, date: str, env: str, runtime: str) -> None:
    bench.as_of = datetime.date.fromisoformat(date)
    bench.action("o/one@v1", NODE)
    bench.run(HEAD + f"      - uses: o/one@v1\n        env: {{{env}}}\n")
    assert [r for r, script in node_calls(bench) if script == "main.js"] == [runtime]


def test_inputs_become_variables_with_defaults_and_warnings(bench: Bench) -> None:
    bench.action("o/one@v1", NODE)
    result = bench.run(HEAD + "      - uses: o/one@v1\n        with: {WHO: you, old: x, unknown: y}\n")
    env = next(c.process.env for c in bench.engine.calls if c.process.argv[-1].endswith("main.js"))
    assert env["INPUT_WHO"] == "you"
    assert env["INPUT_FETCH-DEPTH"] == "1"
    assert env["INPUT_UNKNOWN"] == "y"
    texts = [message for level, message in result.annotations() if level == "warning"]
    assert any("Unexpected input(s) 'unknown'" in t for t in texts)
    assert any("use new" in t for t in texts)


def test_state_goes_from_stage_to_stage(bench: Bench) -> None:
    def pre(call: Call) -> Reply:
        call.append("GITHUB_STATE", "k=1\n")
        return Reply()

    def main(call: Call) -> Reply:
        assert call.process.env["STATE_k"] == "1"
        call.append("GITHUB_STATE", "k=2\n")
        return Reply()

    seen: list[str] = []

    def post(call: Call) -> Reply:
        seen.append(call.process.env["STATE_k"])
        return Reply()

    bench.engine.on("pre.js", pre)
    bench.engine.on("main.js", main)
    bench.engine.on("post.js", post)
    bench.action("o/one@v1", NODE, {"pre.js": "pre.js", "main.js": "main.js", "post.js": "post.js"})
    bench.run(HEAD + "      - uses: o/one@v1\n")
    assert seen == ["2"]


def test_a_failing_action_has_no_exit_code_line_and_its_post_runs(bench: Bench) -> None:
    bench.engine.on("main.js", Reply(1, b"boom\n"))
    bench.action("o/one@v1", NODE, {"pre.js": "pre.js", "main.js": "main.js", "post.js": "post.js"})
    result = bench.run(HEAD + "      - uses: o/one@v1\n      - run: skipped\n")
    assert result.step("Run o/one@v1").outcome == "failure"
    assert "Process completed" not in result.log("1")
    assert result.step("Post Run o/one@v1").outcome == "success"


def test_the_post_of_a_skipped_action_runs_only_where_its_pre_ran(bench: Bench) -> None:
    """R: ActionRunner.RunAsync registers it at the pre stage or the main part, whichever begins first."""
    bench.action("o/one@v1", NODE)
    bench.action("o/two@v1", NODE.replace("  pre: pre.js\n", ""))
    result = bench.run(
        HEAD + "      - uses: o/one@v1\n        if: false\n      - uses: o/two@v1\n        if: false\n"
    )
    names = [s.name for s in result.steps().values()]
    assert names[2:-2] == ["Pre Run o/one@v1", "Run o/one@v1", "Run o/two@v1", "Post Run o/one@v1"]


def test_an_alpine_container_gets_the_alpine_build(bench: Bench) -> None:
    bench.engine.on("cat /etc/*release", Reply(0, b"ID=alpine\n"))
    bench.action("o/one@v1", NODE)
    bench.run(HEAD + "      - uses: o/one@v1\n")
    assert {r for r, _ in node_calls(bench)} == {"node24_alpine"}
    assert "node24_alpine" in bench.nodes.asked


def test_an_alpine_container_on_arm64(bench: Bench) -> None:
    bench.place = Place("image", arch="arm64")
    bench.engine.on("cat /etc/*release", Reply(0, b"ID=alpine\n"))
    bench.action("o/one@v1", NODE)
    result = bench.run(HEAD + "      - uses: o/one@v1\n")
    words = "JavaScript Actions in Alpine containers are only supported on x64 Linux runners. Detected Linux Arm64"
    assert f"##[error]{words}" in result.log()
    assert result.outcome.conclusion == "failure"


def test_a_using_that_the_runner_does_not_know(bench: Bench) -> None:
    bench.action("o/one@v1", "name: n\nruns: {using: node22, main: m.js}\n")
    result = bench.run(HEAD + "      - uses: o/one@v1\n")
    assert "'using: node22' is not supported" in result.log()
    assert result.outcome.conclusion == "failure"


COMPOSITE = """
name: c
inputs: {who: {default: nobody}}
outputs:
  said: {value: "${{ steps.inner.outputs.x }}"}
runs:
  using: composite
  steps:
    - id: inner
      run: inner ${{ inputs.who }} ${{ github.action_path }}
      shell: bash
    - run: after ${{ env.STEP }}
      shell: sh
"""


def test_a_composite_has_its_own_inputs_and_steps_and_only_declared_outputs(bench: Bench) -> None:
    def inner(call: Call) -> Reply:
        assert not any(k.startswith("INPUT_") for k in call.process.env)
        assert call.process.env["GITHUB_ACTION_PATH"].startswith("/__w/_actions/o/c/v1")
        call.append("GITHUB_OUTPUT", "x=yes\nhidden=no\n")
        return Reply()

    bench.engine.on("inner", inner)
    bench.action("o/c@v1", COMPOSITE)
    result = bench.run(
        HEAD
        + "      - id: c\n        uses: o/c@v1\n        with: {who: me}\n        env: {STEP: e}\n"
        + "      - run: out ${{ steps.c.outputs.said }} [${{ steps.c.outputs.hidden }}] [${{ steps.inner.outcome }}]\n"
    )
    assert result.scripts() == [
        "inner me /home/runner/work/_actions/o/c/v1",
        "after e",
        "out yes [] []",
    ]
    assert set(result.steps()) >= {"1", "1.1", "1.2", "2"}


def test_a_failure_inside_a_composite(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    bench.action(
        "o/c@v1",
        "name: c\nruns:\n  using: composite\n  steps:\n    - {run: bad, shell: sh}\n    - {run: skipped, shell: sh}\n"
        "    - {run: told, shell: sh, if: failure()}\n",
    )
    result = bench.run(
        HEAD
        + "      - uses: o/c@v1\n        continue-on-error: true\n      - {run: not, if: failure()}\n      - run: so\n"
    )
    assert result.scripts() == ["bad", "told", "so"]
    assert result.steps()["1"].outcome == "failure"
    assert result.steps()["1"].conclusion == "success"


def test_success_inside_a_composite_goes_by_that_action_alone(bench: Bench) -> None:
    bench.engine.on("bad", Reply(1))
    bench.action("o/c@v1", "name: c\nruns:\n  using: composite\n  steps:\n    - {run: inner, shell: sh}\n")
    result = bench.run(HEAD + "      - run: bad\n      - uses: o/c@v1\n        if: always()\n")
    assert result.scripts() == ["bad", "inner"]


def test_inner_posts_run_within_the_composites_own(bench: Bench) -> None:
    bench.action("o/one@v1", NODE)
    bench.action(
        "o/c@v1", "name: c\nruns:\n  using: composite\n  steps:\n    - uses: o/one@v1\n    - uses: o/one@v1\n"
    )
    result = bench.run(HEAD + "      - uses: o/c@v1\n      - uses: o/one@v1\n")
    keys = [k for k in result.steps() if k.startswith("post-")]
    assert keys == ["post-2", "post-1.2", "post-1.1", "post-1"]  # as their pre stages, last first


def test_composites_nest_only_so_deep(bench: Bench) -> None:
    for level in range(1, 12):
        inner = f"    - uses: o/c{level + 1}@v1\n" if level < 11 else "    - {run: deep, shell: sh}\n"
        bench.action(f"o/c{level}@v1", f"name: c\nruns:\n  using: composite\n  steps:\n{inner}")
    result = bench.run(HEAD + "      - uses: o/c1@v1\n")
    assert "Composite action depth exceeded max depth 9" in result.log()
    assert result.outcome.conclusion == "failure"


def test_an_action_that_cannot_be_had_fails_the_set_up(bench: Bench) -> None:
    result = bench.run(HEAD + "      - run: x\n      - uses: o/gone@v1\n")
    assert result.step("Set up job").outcome == "failure"
    assert result.scripts() == []


def test_a_local_action_before_checkout(bench: Bench) -> None:
    result = bench.run(HEAD + "      - uses: ./.github/actions/mine\n")
    assert "Did you forget to run actions/checkout before running your local action?" in result.log("1")


def test_an_action_that_needs_githubs_services_is_never_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.action("actions/upload-artifact@v4", NODE)
    monkeypatch.setattr(Actions, "is_overridden", lambda self, action: False)
    result = bench.run(HEAD + "      - uses: actions/upload-artifact@v4\n")
    assert result.step("Run actions/upload-artifact@v4").outcome == "failure"
    assert "nothing is published" in result.log("1")
    assert all(not c.process.argv[-1].endswith("main.js") for c in bench.engine.calls)
