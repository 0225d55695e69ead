"""Composite actions by the runner's rules."""

from __future__ import annotations

import pytest
from conforming import RUNNER, Conform
from main_tools import Outcome, Server, node_action, own_cache

from actlite.execution.layout import RUNNER_WORK

pytestmark = pytest.mark.docker
STAGE = """const fs = require('fs'), e = process.env;
console.log('stage={stage}', 'of=' + e.INPUT_OF, 'state=' + e.STATE_told, 'action=' + e.GITHUB_ACTION);
fs.appendFileSync(e.GITHUB_STATE, 'told=' + e.INPUT_OF + '\\n');
if (e.INPUT_FAILS === '{stage}') process.exit(3);
"""


def staged() -> dict[str, str]:
    texts = {stage: STAGE.replace("{stage}", stage) for stage in ("pre", "post")}
    inputs = "inputs:\n  of: {default: nobody}\n  fails: {}\n"
    return node_action(STAGE.replace("{stage}", "main"), extra=inputs, **texts)


def composite(steps: str, more: str = "") -> str:
    return f"name: c\n{more}runs:\n  using: composite\n  steps:\n{steps}"


TELLS = """
    - id: inner
      shell: bash
      env: {OWN: own, OVER: inner}
      run: |
        env | grep ^INPUT_ || echo no-input
        echo "who=${{ inputs.who }} number=${{ inputs.number == '5' }}"
        echo 'text=${{ toJSON(inputs.number) }}'
        echo "outer=[${{ steps.before.outcome }}]"
        echo "action=$GITHUB_ACTION ${{ github.action }} path=$GITHUB_ACTION_PATH ${{ github.action_path }}"
        echo "env=$OWN $OVER $USING $WRITTEN"
        echo "x=yes" >> "$GITHUB_OUTPUT"
        echo "hidden=no" >> "$GITHUB_OUTPUT"
        echo "MADE=inside" >> "$GITHUB_ENV"
    - {shell: bash, run: 'echo "second=$MADE $OVER"'}
"""
OUTPUTS = """
inputs: {who: {default: nobody}, number: {default: '5'}}
outputs:
  said: {value: "${{ steps.inner.outputs.x }}"}
  seen: {value: "${{ env.MADE }}-${{ env.USING }}-${{ github.action_path }}"}
"""
FAILS = """
    - {shell: sh, run: exit 4}
    - {name: not run, shell: sh, run: echo never}
    - {name: inner failure, shell: sh, run: echo told, if: failure()}
    - {name: inner always, shell: sh, run: 'echo "${{ github.action_status }}"', if: always()}
"""
STAGES = """
    - {id: a, uses: some/staged@v1, with: {of: 'a-${{ inputs.who }}', fails: '${{ inputs.fails }}'}}
    - {uses: some/staged@v1, with: {of: skipped}, if: false}
    - {id: note, shell: sh, run: 'echo at=main >> $GITHUB_OUTPUT'}
    - {uses: some/staged@v1, with: {of: 'b-${{ inputs.who }}-${{ steps.note.outputs.at }}'}}
    - {uses: some/late@v1, with: {of: never}, if: false}
"""
WORKFLOW = f"""
on: push
env: {{WRITTEN: job, OVER: job}}
jobs:
  job:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - {{id: before, run: 'echo WRITTEN=file >> $GITHUB_ENV; echo OVER=file >> $GITHUB_ENV'}}
      - {{name: tells, id: c, uses: some/tells@v1, with: {{who: me, number: 5}}, env: {{USING: using, OVER: using}}}}
      - name: after tells
        run: |
          echo "said=${{{{ steps.c.outputs.said }}}} hidden=[${{{{ steps.c.outputs.hidden }}}}] inner=[${{{{ steps.inner.outcome }}}}]"
          echo "seen=${{{{ steps.c.outputs.seen }}}}"
      - {{name: nested, uses: some/nested@v1, id: outermost}}
      - {{name: fails, id: f, uses: some/fails@v1, continue-on-error: true}}
      - {{name: after fails, run: 'echo "${{{{ steps.f.outcome }}}} ${{{{ steps.f.conclusion }}}} ${{{{ job.status }}}}"'}}
      - {{name: outputs, id: o, uses: some/outputs@v1, continue-on-error: true}}
      - {{name: after outputs, run: 'echo "[${{{{ steps.o.outputs.good }}}}]"'}}
      - {{name: env, uses: some/env@v1, continue-on-error: true}}
      - {{name: quiet, uses: some/quiet@v1}}
      - {{name: condition, uses: some/condition@v1, continue-on-error: true}}
      - {{name: stages, uses: some/stages@v1, with: {{who: '${{{{ steps.later.outputs.late }}}}'}}}}
      - {{id: later, run: 'echo late=late >> $GITHUB_OUTPUT'}}
      - {{name: bad stages, uses: some/stages@v1, with: {{fails: post}}, continue-on-error: true}}
      - {{name: worse stages, uses: some/stages@v1, with: {{fails: pre}}, continue-on-error: true}}
      - uses: actions/checkout@v4
      - {{name: local, uses: ./local}}
      - {{name: deep, uses: ./deep/1}}
      - {{name: endless, uses: ./endless, continue-on-error: true}}
  broken:
    runs-on: ubuntu-latest
    steps:
      - {{name: bad, run: exit 1}}
      - {{name: inside, uses: some/inside@v1, if: always()}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    server = Server(tmp_path_factory.mktemp("composite") / "server")
    who = "inputs: {who: {default: d}, fails: {}}\n"
    server.publish("some/staged", staged())
    late = staged()
    server.publish("some/late", late | {"action.yml": late["action.yml"].replace("  pre: pre.js\n", "")})
    for name, steps, more in (
        ("tells", TELLS, OUTPUTS),
        ("fails", FAILS, ""),
        ("outputs", "    - {shell: sh, run: ':'}\n", "outputs: {good: {value: x}, bad: {value: \"${{ fromJSON('x') }}\"}}\n"),
        ("env", "    - {name: without env, shell: sh, run: 'echo \"A=[$A]\"', env: {A: \"${{ fromJSON('x') }}\"}}\n", ""),
        ("quiet", "    - {shell: sh, run: ':', if: false, env: {A: \"${{ fromJSON('x') }}\"}}\n", ""),
        (
            "condition",
            "    - {shell: sh, run: ':', if: \"fromJSON('x')\"}\n    - {name: behind, shell: sh, run: ':', if: always()}\n",
            "",
        ),
        ("stages", STAGES, who),
        ("inside", "    - {name: inner, shell: sh, run: 'echo \"${{ job.status }} ${{ github.action_status }}\"'}\n"
        "    - {name: of the action, shell: sh, run: ':', if: failure()}\n", ""),
        ("nested", "    - {id: middle, uses: some/path@v1}\n", ""),
        ("path", "    - {id: innermost, name: innermost, shell: sh, run: 'echo \"$GITHUB_ACTION ${{ github.action_path }}\"'}\n", ""),
        ("secrets", "    - {shell: sh, run: 'echo ${{ secrets.X }}'}\n", ""),
        ("timeout", "    - {shell: sh, run: ':', timeout-minutes: 1}\n", ""),
        ("shell", "    - {run: ':'}\n", ""),
    ):  # fmt: skip
        server.publish(f"some/{name}", {"action.yml": composite(steps, more)})
    for level in range(1, 11):
        inner = (
            f"    - uses: some/level{level + 1}@v1\n"
            if level < 10
            else "    - {shell: sh, run: echo deepest}\n"
        )
        server.publish(f"some/level{level}", {"action.yml": composite(inner)})
    return server


def environment(server: Server) -> dict[str, str]:
    return server.env | own_cache(server.folder.parent / "cache")


@pytest.fixture(scope="module")
def ran(conform: Conform, server: Server) -> Outcome:
    local = "    - {uses: some/staged@v1, with: {of: remote}}\n    - uses: ./plain\n"
    files = {"local/action.yml": composite(local)}
    files["endless/action.yml"] = composite("    - uses: ./endless\n")
    files |= {f"plain/{name}": text for name, text in node_action("console.log('plain')").items()}
    for level in range(1, 12):
        inner = (
            f"    - uses: ./deep/{level + 1}\n"
            if level < 11
            else "    - {name: deepest, shell: sh, run: echo down here}\n"
        )
        files[f"deep/{level}/action.yml"] = composite(inner)
    return conform(WORKFLOW, env=environment(server), files=files, expect=1)


def events(ran: Outcome, name: str) -> str:
    """What a stage of a composite action wrote, and that stage of its steps."""
    key = ran.step(name, "job")["key"]
    texts = (e for e in ran.of("step-output") if e["job"] == "job")
    return "".join(e["text"] for e in texts if e["step"] == key or e["step"].startswith(f"{key}."))


@pytest.mark.rule("composite/inputs-are-no-env", "composite/steps-apart")
def test_inputs(ran: Outcome) -> None:
    text = events(ran, "tells")
    assert "no-input" in text
    assert "who=me number=true" in text
    assert 'text="5"' in text
    assert "outer=[]" in text
    assert "inner=[]" in ran.log("after tells", "job")


@pytest.mark.rule("composite/declared-outputs", "composite/outputs-see-the-outside")
def test_outputs(ran: Outcome) -> None:
    assert ran.step("tells", "job")["outputs"] == {"said": "yes", "seen": "-using-"}
    assert "said=yes hidden=[]" in ran.log("after tells", "job")


@pytest.mark.rule("composite/outputs-all-or-none")
def test_outputs_that_fail(ran: Outcome) -> None:
    step = ran.step("outputs", "job")
    assert (step["outcome"], step["outputs"]) == ("failure", {})
    assert ran.lines("after outputs", "job")[-1] == "[]"


@pytest.mark.rule("composite/env-of-the-using-step")
def test_env(ran: Outcome) -> None:
    text = events(ran, "tells")
    assert "env=own inner using file" in text
    assert "second=inside using" in text


@pytest.mark.rule("composite/names-inside")
def test_names(ran: Outcome) -> None:
    text = events(ran, "tells")
    assert f"action=c c path=/__w/_actions/some/tells/v1 {RUNNER_WORK}/_actions/some/tells/v1" in text
    assert ran.lines("innermost", "job")[-1] == f"outermost {RUNNER_WORK}/_actions/some/path/v1"


@pytest.mark.rule("composite/failure-inside")
def test_failure(ran: Outcome) -> None:
    assert ran.step("not run", "job")["outcome"] == "skipped"
    assert ran.lines("inner failure", "job")[-1] == "told"
    assert ran.lines("inner always", "job")[-1] == "failure"
    assert ran.lines("after fails", "job")[-1] == "failure success success"


@pytest.mark.rule("composite/status-of-the-action")
def test_status(ran: Outcome) -> None:
    assert ran.lines("inner", "broken")[-1] == "failure success"
    assert ran.step("of the action", "broken")["outcome"] == "skipped"


@pytest.mark.rule("composite/env-that-fails")
def test_env_that_fails(ran: Outcome) -> None:
    assert ran.step("without env", "job")["outcome"] == "failure"
    assert ran.lines("without env", "job")[-1] == "A=[]"
    assert ran.step("env", "job")["outcome"] == "failure"
    assert ran.step("quiet", "job")["outcome"] == "success"


@pytest.mark.rule("composite/condition-that-fails")
def test_condition_that_fails(ran: Outcome) -> None:
    assert ran.step("condition", "job")["outcome"] == "failure"
    assert "behind" not in ran.names("job")


@pytest.mark.rule("composite/pre-of-inner-ones", "composite/state-of-inner-steps")
def test_pres(ran: Outcome) -> None:
    text = events(ran, "Pre stages")
    assert [line.split(" action")[0] for line in text.splitlines() if line.startswith("stage=")] == [
        "stage=pre of=a- state=undefined",
        "stage=pre of=skipped state=undefined",
        "stage=pre of=b-- state=undefined",
    ]
    assert "stage=main of=a- state=a-" in events(ran, "stages")
    assert "##[warning]`pre` execution is not supported for local action from './local'" in ran.log(
        "local", "job"
    )
    assert "Pre local" not in ran.names("job")


@pytest.mark.rule("composite/inner-posts")
def test_posts(ran: Outcome) -> None:
    text = events(ran, "Post stages")
    assert [line.split(" action")[0] for line in text.splitlines() if line.startswith("stage=")] == [
        "stage=post of=b-late-main state=b--main",
        "stage=post of=skipped state=skipped",
        "stage=post of=a-late state=a-",
    ]


@pytest.mark.rule("composite/failing-inner-stages")
def test_failing_stages(ran: Outcome) -> None:
    for name in ("Post bad stages", "Pre worse stages"):
        step = ran.step(name, "job")
        assert (step["outcome"], step["conclusion"]) == ("failure", "success"), name
    assert ran.jobs["job"]["result"] == "success"


@pytest.mark.rule("composite/post-for-local-ones", "composite/needs-an-own-checkout")
def test_local(ran: Outcome) -> None:
    assert ran.step("Post local", "job")["outcome"] == "success"
    assert ran.step("Post deep", "job")["outcome"] == "success", "none of its actions has one"
    assert "stage=post of=remote" in events(ran, "Post local")
    head = ran.log("local", "job").partition("##[group]")[0]
    assert head.startswith("Prepare all required actions\nGetting action download info\n")


@pytest.mark.rule("composite/depth-of-local-ones")
def test_local_depth(ran: Outcome) -> None:
    assert ran.lines("deepest", "job")[-1] == "down here"
    assert ran.step("endless", "job")["outcome"] == "failure"
    assert events(ran, "endless").count("is within 50 other composite actions") == 1


@pytest.mark.rule("composite/depth")
def test_depth(conform: Conform, server: Server) -> None:
    job = "\n    runs-on: ubuntu-latest\n    steps: "
    workflow = (
        f"on: push\njobs:\n  ten:{job}[{{uses: some/level1@v1}}]\n  nine:{job}[{{uses: some/level2@v1}}]\n"
    )
    found = conform(workflow, env=environment(server), expect=1)
    assert "Composite action depth exceeded max depth 9" in found.log("Set up job", "ten")
    assert found.names("ten") == ["Set up job", "Complete job"]
    assert found.jobs["nine"]["result"] == "success"


@pytest.mark.rule("composite/no-secrets", "composite/no-timeout", "composite/shell-is-required")
def test_manifests(conform: Conform, server: Server) -> None:
    words = {
        "secrets": "Unrecognized named-value: 'secrets'",
        "timeout": "Unexpected value 'timeout-minutes'",
        "shell": "Required property is missing: shell",
    }
    jobs = (f"  {n}:\n    runs-on: ubuntu-latest\n    steps: [{{uses: some/{n}@v1}}]\n" for n in words)
    found = conform("on: push\njobs:\n" + "".join(jobs), env=environment(server), expect=1)
    for name, text in words.items():
        assert text in found.log("Set up job", name)
        assert found.step("Set up job", name)["outcome"] == "failure"
