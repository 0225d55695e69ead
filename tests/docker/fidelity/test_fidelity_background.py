"""Steps in the background: what waits for them, what stops them, and when what they set can be seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conforming import Conform
from fault_tools import Place, Started
from main_tools import Outcome, minutes_of, node_action

pytestmark = pytest.mark.docker

NO_EFFECT = "'continue-on-error' of a 'wait' step has no effect"
MINUTE = 1.0
"""Seconds of a minute in the run that waits for one to pass."""

SEES = """
      - name: {name}
        if: always()
        env: {{LATE: '${{{{ toJSON(steps.late) }}}}', NAMELESS: '${{{{ steps.__run.outputs.n }}}}'}}
        run: |
          echo "v=${{{{ steps.late.outputs.v }}}}"
          echo "old=${{{{ steps.late.outputs.old }}}}"
          echo "outcome=${{{{ steps.late.outcome }}}}"
          echo "status=${{{{ job.status }}}}"
          echo "nameless=$NAMELESS"
          echo "mixed=$Mixed"
          echo "MIXED=$MIXED"
          echo "shared=$SHARED"
          echo "path=${{PATH%%:*}}"
"""
MAIN = f"""
on: push
jobs:
  waits:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - uses: actions/checkout@v4
      - id: late
        name: late ${{{{ github.run_number > 0 }}}}
        background: true
        env: {{WHEN: '${{{{ env.SHARED }}}}'}}
        run: |
          echo "when=<$WHEN>"
          echo v=1 >>"$GITHUB_OUTPUT"
          echo "::set-output name=old::2"
          printf 'Mixed=a\\nMIXED=b\\nSHARED=late\\n' >>"$GITHUB_ENV"
          echo /of/late >>"$GITHUB_PATH"
          echo "::add-mask::covered"
          while [ ! -e go ]; do sleep 0.02; done
          echo covered at the end
      - background: true
        run: echo n=7 >>"$GITHUB_OUTPUT"; while [ ! -e go ]; do sleep 0.02; done
      - {{name: meanwhile, run: 'echo SHARED=meanwhile >>"$GITHUB_ENV"; sleep 0.3'}}
{SEES.format(name="before")}
      - {{name: shows, run: 'echo this is covered; touch go'}}
      - wait: late
{SEES.format(name="after")}
      - name: everything
        wait-all:
{SEES.format(name="end")}
      - name: nothing left
        wait-all:
  kinds:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - uses: actions/checkout@v4
      - {{id: node, name: node, uses: ./node, background: true}}
      - {{id: docker, name: docker, uses: ./docker, background: true}}
      - {{id: mixed, name: mixed, uses: ./mixed, background: true}}
      - name: meets
        run: |
          for one in node docker mixed; do while [ ! -e "$one.up" ]; do sleep 0.02; done; done
          echo all up
      - {{name: inside, run: 'echo "inner=$INNER"; echo "made=${{{{ steps.mixed.outputs.made }}}}"; touch go; sleep 0.5'}}
      - name: composite ended
        run: |
          while [ ! -e mixed.down ]; do sleep 0.02; done; sleep 0.2
      - name: composite seen
        run: |
          echo "made=${{{{ steps.mixed.outputs.made }}}}"; echo "outcome=${{{{ steps.mixed.outcome }}}}"
      - {{name: all, wait: [node, docker, mixed]}}
      - name: results
        run: |
          echo "node=${{{{ steps.node.outputs.of }}}} ${{{{ steps.node.outcome }}}}"
          echo "docker=${{{{ steps.docker.outputs.of }}}} ${{{{ steps.docker.outcome }}}}"
          echo "mixed=${{{{ steps.mixed.outputs.made }}}} ${{{{ steps.mixed.outcome }}}}"
  fails:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - {{id: red, name: red, background: true, run: exit 3}}
      - {{id: excused, name: excused, background: true, continue-on-error: true, run: exit 4}}
      - {{run: sleep 0.5}}
      - name: before
        run: |
          echo "status=${{{{ job.status }}}}"; echo "ended=${{{{ steps.red.outcome }}}}"
      - {{name: first, wait: excused}}
      - name: told
        run: |
          echo "outcome=${{{{ steps.excused.outcome }}}}"; echo "conclusion=${{{{ steps.excused.conclusion }}}}"
      - {{name: second, wait: red, continue-on-error: true}}
      - {{name: never, run: echo never}}
      - {{id: skipped, name: skipped, background: true, run: echo never}}
      - {{name: third, wait: skipped}}
      - name: after
        if: always()
        env: {{STEPS: "${{{{ join(steps.*.outcome) }}}}"}}
        run: |
          echo "status=${{{{ job.status }}}}"; echo "outcomes=$STEPS"
  alone:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - {{id: red, name: red, background: true, run: sleep 0.4; exit 3}}
      - {{name: green, run: echo still green}}
  cancels:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - uses: actions/checkout@v4
      - id: server
        name: server
        background: true
        run: |
          trap 'echo interrupted; echo last=words >>"$GITHUB_OUTPUT"; exit 0' INT
          touch up; while :; do sleep 0.05; done
      - {{id: node, name: node server, uses: ./serve, background: true}}
      - {{id: other, name: other, uses: ./serve, background: true}}
      - {{id: box, name: box, uses: ./box, background: true}}
      - {{id: ended, name: ended, background: true, run: echo v=5 >>"$GITHUB_OUTPUT"}}
      - {{run: 'while [ ! -e up ] || [ ! -e node.up ] || [ ! -e other.up ] || [ ! -e box.up ]; do sleep 0.05; done; sleep 0.3'}}
      - cancel: server
      - cancel: node
      - {{name: docker, cancel: box}}
      - {{name: still there, run: 'sleep 0.3; kill -0 "$(cat other.up)" && echo alive'}}
      - {{name: third, cancel: other}}
      - {{name: fourth, cancel: ended}}
      - {{name: waits, wait: server}}
      - name: after
        run: |
          echo "server=${{{{ steps.server.outcome }}}} ${{{{ steps.server.outputs.last }}}}"
          echo "ended=${{{{ steps.ended.outcome }}}} ${{{{ steps.ended.outputs.v }}}}"
          echo "status=${{{{ job.status }}}}"
  cancels-failed:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - {{uses: own/posts@v1, with: {{name: a}}, background: true, id: a}}
      - {{id: red, name: red, background: true, run: exit 3}}
      - {{run: sleep 0.5}}
      - {{name: stop, cancel: red}}
      - {{name: green, run: 'echo "status=${{{{ job.status }}}}"'}}
      - {{uses: own/posts@v1, with: {{name: b}}, background: true, id: b}}
      - wait-all:
  groups:
    runs-on: ubuntu-latest
    steps:
      - parallel:
          - {{id: one, name: one, run: 'touch one; while [ ! -e two ]; do sleep 0.02; done; echo v=1 >>"$GITHUB_OUTPUT"'}}
          - {{id: two, name: two, run: 'touch two; while [ ! -e one ]; do sleep 0.02; done; echo v=2 >>"$GITHUB_OUTPUT"'}}
      - name: seen
        run: |
          echo "both=${{{{ steps.one.outputs.v }}}}${{{{ steps.two.outputs.v }}}}"
      - parallel:
          - {{name: red, run: exit 3}}
          - {{name: goes on, run: sleep 0.5; echo ended}}
      - {{name: never, run: echo never}}
  broken:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - {{id: broken, name: broken, background: true, if: fromJSON(github.ref) == 1, run: echo never}}
      - {{name: never, run: echo never}}
      - {{name: waits, wait: broken}}
      - {{name: seen, if: always(), env: {{STEPS: '${{{{ toJSON(steps) }}}}'}}, run: echo "$STEPS"}}
"""
UP = "const fs = require('fs'); fs.writeFileSync(process.env.GITHUB_WORKSPACE + '/%s.up', String(process.pid));"
GO = "const wait = () => fs.existsSync(process.env.GITHUB_WORKSPACE + '/go') ? end() : setTimeout(wait, 20); wait();"
FILES = {
    "node/action.yml": "name: n\nruns: {using: node24, main: main.js}\n",
    "node/main.js": UP % "node"
    + "function end() { fs.appendFileSync(process.env.GITHUB_OUTPUT, 'of=node\\n'); }"
    + GO,
    "serve/action.yml": "name: n\nruns: {using: node24, main: main.js}\n",
    "serve/main.js": "const fs = require('fs'); const id = process.env.GITHUB_ACTION;"
    "fs.writeFileSync(id + '.up', String(process.pid)); setInterval(() => 0, 1000);",
    "docker/action.yml": "name: d\nruns: {using: docker, image: Dockerfile, entrypoint: /run.sh}\n",
    "docker/Dockerfile": "FROM actlite-standin/runner:1\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh\n",
    "docker/run.sh": "#!/bin/sh\ncd $GITHUB_WORKSPACE; touch docker.up; while [ ! -e go ]; do sleep 0.02; done\n"
    'echo of=docker >>"$GITHUB_OUTPUT"\n',
    "box/action.yml": "name: b\nruns: {using: docker, image: Dockerfile, entrypoint: /run.sh}\n",
    "box/Dockerfile": "FROM actlite-standin/runner:1\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh\n",
    "box/run.sh": "#!/bin/sh\ntouch $GITHUB_WORKSPACE/box.up; while :; do sleep 0.1; done\n",
    "mixed/action.yml": """
name: m
outputs: {made: {value: '${{ steps.made.outputs.x }}'}}
runs:
  using: composite
  steps:
    - {id: made, shell: sh, run: 'echo INNER=yes >>"$GITHUB_ENV"; echo x=by-mixed >>"$GITHUB_OUTPUT"'}
    - {shell: sh, run: 'touch mixed.up; while [ ! -e go ]; do sleep 0.02; done; touch mixed.down'}
""",
}
POSTS = node_action("", extra="inputs: {name: {}}", post="console.log('post of ' + process.env.INPUT_NAME)")


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    files = {**FILES, **{f"posts/{name}": text for name, text in POSTS.items()}}
    return conform(MAIN, "--action", "own/posts@v1=posts", files=files, expect=1, seconds=180)


@pytest.mark.rule("background/goes-on", "background/condition-when-reached")
def test_a_background_step_holds_up_nothing(ran: Outcome) -> None:
    names = ran.names("waits")
    assert names[3:5] == [
        "late true",
        'Run echo n=7 >>"$GITHUB_OUTPUT"; while [ ! -e go ]; do sleep 0.02; done',
    ]
    assert ran.lines("late true", "waits")[0] == "when=<>"
    assert ran.step("late true", "waits")["background"]
    late, before = ran.step("late true", "waits")["key"], ran.step("before", "waits")["key"]
    ends = [event["step"] for event in ran.of("step-finished") if event["job"] == "waits"]
    assert ends.index(late) > ends.index(before)


@pytest.mark.rule("background/outputs-wait", "background/commands-wait")
def test_outputs_and_outcome_after_the_wait(ran: Outcome) -> None:
    before, after = ran.values("before", "waits"), ran.values("after", "waits")
    assert (before["v"], before["old"], before["outcome"]) == ("", "", "")
    assert (after["v"], after["old"], after["outcome"]) == ("1", "2", "success")


@pytest.mark.rule("background/environment-waits", "background/names-without-case")
def test_the_environment_after_the_wait(ran: Outcome) -> None:
    before, after = ran.values("before", "waits"), ran.values("after", "waits")
    assert (before["mixed"], before["shared"]) == ("", "meanwhile")
    assert before["path"] != "/of/late"
    assert (after["mixed"], after["MIXED"], after["shared"], after["path"]) == ("b", "", "late", "/of/late")


@pytest.mark.rule("background/generated-ids", "background/wait-all")
def test_a_step_without_an_id(ran: Outcome) -> None:
    assert ran.values("after", "waits")["nameless"] == ""
    assert ran.values("end", "waits")["nameless"] == "7"
    assert (
        ran.log("nothing left", "waits")
        == "No background steps remaining to wait for.\nFinished waiting for all background step(s).\n"
    )


@pytest.mark.rule("background/masks-at-once")
def test_masks_of_a_background_step(ran: Outcome) -> None:
    assert ran.lines("shows", "waits") == ["this is ***"]


@pytest.mark.rule("background/wait", "background/default-names")
def test_the_log_of_a_wait(ran: Outcome) -> None:
    assert ran.log("Wait", "waits").splitlines() == [
        "Waiting for background step(s) to complete: late true",
        "Finished waiting for background step(s).",
        "  late true: Succeeded",
    ]
    assert "Wait for all" in ran.names("cancels-failed")
    assert "Cancel" in ran.names("cancels")
    assert "Parallel group" in ran.names("groups")


@pytest.mark.rule("background/all-kinds")
def test_all_kinds_of_steps_at_once(ran: Outcome) -> None:
    assert ran.lines("meets", "kinds") == ["all up"]
    assert ran.values("results", "kinds") == {
        "node": "node success",
        "docker": "docker success",
        "mixed": "by-mixed success",
    }


@pytest.mark.rule("background/composite-at-once")
def test_a_composite_action_keeps_nothing_back(ran: Outcome) -> None:
    assert ran.values("inside", "kinds") == {"inner": "yes", "made": ""}
    assert ran.values("composite seen", "kinds") == {"made": "by-mixed", "outcome": ""}


@pytest.mark.rule("background/wait-fails", "background/wait-always")
def test_a_wait_takes_the_result(ran: Outcome) -> None:
    assert ran.values("before", "fails") == {"status": "success", "ended": ""}
    assert ran.step("second", "fails")["conclusion"] == "failure"
    assert ran.step("never", "fails")["outcome"] == "skipped"
    assert ran.step("third", "fails")["outcome"] == "success"
    assert ran.values("after", "fails")["status"] == "failure"
    assert ran.log("second", "fails").splitlines()[-1] == "  red: Failed"


@pytest.mark.rule("background/wait-excused")
def test_continue_on_error_of_a_wait(ran: Outcome) -> None:
    step = ran.step("second", "fails")
    assert (step["outcome"], step["conclusion"]) == ("failure", "failure")
    assert NO_EFFECT in ran.ended.text


@pytest.mark.rule("background/wait-excused")
def test_a_plan_tells_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.workflow(MAIN)
    plan = Started([sys.executable, "-m", "actlite", "plan"], place.path, place.env).end()
    assert plan.code == 0
    assert NO_EFFECT in plan.text


@pytest.mark.rule("background/excused")
def test_continue_on_error_of_a_background_step(ran: Outcome) -> None:
    assert ran.step("first", "fails")["conclusion"] == "success"
    assert ran.log("first", "fails").splitlines()[-1] == "  excused: Succeeded"
    assert ran.values("told", "fails") == {"outcome": "failure", "conclusion": "success"}


@pytest.mark.rule("background/skipped")
def test_a_skipped_background_step(ran: Outcome) -> None:
    assert ran.step("skipped", "fails")["outcome"] == "skipped"
    assert ran.values("after", "fails")["outcomes"] == "failure,failure"
    assert ran.log("third", "fails").splitlines()[0] == "Waiting for background step(s) to complete: skipped"


@pytest.mark.rule("background/implicit-wait")
def test_the_last_wait(ran: Outcome) -> None:
    assert ran.names("alone")[-3:] == ["Wait for all background steps", "Stop containers", "Complete job"]
    assert ran.lines("green", "alone") == ["still green"]
    assert ran.step("Wait for all background steps", "alone")["conclusion"] == "failure"
    assert ran.jobs["alone"]["result"] == "failure"
    assert "Wait for all background steps" not in ran.names("fails")


@pytest.mark.rule("background/cancel", "background/cancel-interrupts")
def test_a_cancelled_step(ran: Outcome) -> None:
    assert ran.jobs["cancels"]["result"] == "success"
    for name in ("server", "node server", "other", "box"):
        assert ran.step(name, "cancels")["conclusion"] == "cancelled", name
    assert ran.lines("server", "cancels") == ["interrupted"]
    assert ran.lines("still there", "cancels") == ["alive"]
    assert ran.log("Cancel", "cancels").splitlines() == [
        "Cancelling background step(s): server",
        "Finished cancelling background step(s).",
        "  server: Canceled",
    ]


@pytest.mark.rule("background/cancel-of-ended", "background/cancelled-waited")
def test_what_is_seen_of_cancelled_steps(ran: Outcome) -> None:
    assert ran.values("after", "cancels") == {
        "server": "cancelled words",
        "ended": "success 5",
        "status": "success",
    }
    assert ran.step("waits", "cancels")["conclusion"] == "cancelled"


@pytest.mark.rule("background/cancel-of-failed")
def test_a_step_that_had_failed_before(ran: Outcome) -> None:
    assert ran.step("stop", "cancels-failed")["conclusion"] == "success"
    assert ran.values("green", "cancels-failed")["status"] == "success"
    assert ran.jobs["cancels-failed"]["result"] == "failure"


@pytest.mark.rule("background/before-posts")
def test_posts_of_background_actions(ran: Outcome) -> None:
    names = ran.names("cancels-failed")
    posts = [name for name in names if name.startswith("Post ")]
    assert names.index(posts[0]) == names.index("Wait for all") + 1
    keys = [step["key"] for step in ran.jobs["cancels-failed"]["steps"] if step["name"].startswith("Post ")]
    assert keys == ["post-6", "post-1"]


@pytest.mark.rule("background/parallel")
def test_a_parallel_group(ran: Outcome) -> None:
    assert ran.values("seen", "groups") == {"both": "12"}


@pytest.mark.rule("background/parallel-fails")
def test_a_parallel_group_that_fails(ran: Outcome) -> None:
    assert ran.lines("goes on", "groups") == ["ended"]
    assert ran.step("never", "groups")["outcome"] == "skipped"
    results = [s["conclusion"] for s in ran.jobs["groups"]["steps"] if s["name"] == "Parallel group"]
    assert results == ["success", "failure"]


@pytest.mark.rule("background/goes-on")
def test_what_runs_steps_at_once_is_no_orphan(ran: Outcome) -> None:
    assert ran.log("Complete job", "groups") == "Cleaning up orphan processes\n"


@pytest.mark.rule("background/broken-condition")
def test_a_condition_that_cannot_be_evaluated(ran: Outcome) -> None:
    assert ran.step("broken", "broken")["conclusion"] == "failure"
    assert ran.step("never", "broken")["outcome"] == "skipped"
    assert ran.step("waits", "broken")["conclusion"] == "success"
    assert ran.lines("seen", "broken") == ["{}"]


HOST = """
on: push
jobs:
  host:
    runs-on: ubuntu-latest
    steps:
      - id: a
        background: true
        run: |
          touch a; while [ ! -e b ]; do sleep 0.02; done; echo v=1 >>"$GITHUB_OUTPUT"
      - id: b
        name: server
        background: true
        run: touch b; sleep 60
      - {run: 'while [ ! -e a ] || [ ! -e b ]; do sleep 0.02; done'}
      - cancel: b
      - wait: a
      - {name: seen, run: 'echo "v=${{ steps.a.outputs.v }} ${{ steps.b.outcome }}"'}
"""


@pytest.mark.rule("background/on-host")
def test_on_the_host(conform: Conform) -> None:
    ran = conform(HOST, "--engine", "host")
    assert ran.lines("seen") == ["v=1 cancelled"]
    assert ran.step("server")["conclusion"] == "cancelled"


MANY = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n" + "".join(
    f"      - {{id: s{n}, name: s{n}, background: true, run: 'touch {n}; while [ ! -e go ]; do sleep 0.02; done'}}\n"
    for n in range(12)
)
MANY += """
      - {name: counted, run: 'sleep 1; ls; touch go'}
      - {id: slow, name: slow, background: true, timeout-minutes: 1, run: sleep 60}
      - wait-all:
"""


@pytest.fixture(scope="module")
def short_minutes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return minutes_of(MINUTE, tmp_path_factory.mktemp("minutes"))


@pytest.fixture(scope="module")
def many(conform: Conform, short_minutes: dict[str, str]) -> Outcome:
    return conform(MANY, "--engine", "host", expect=1, env=short_minutes)


@pytest.mark.rule("background/ten")
def test_ten_at_a_time(many: Outcome) -> None:
    assert sorted(many.lines("counted"), key=int) == [str(n) for n in range(10)]
    assert [event["name"] for event in many.of("step-queued")][:2] == ["s10", "s11"]
    assert all(many.step(f"s{n}")["conclusion"] == "success" for n in range(12))
    assert many.names()[1:13] == [f"s{n}" for n in range(12)]


@pytest.mark.rule("background/timeout")
def test_a_time_limit(many: Outcome) -> None:
    assert many.step("slow")["conclusion"] == "failure"
    assert many.log("slow").splitlines()[-1] == (
        "##[error]The background step 'slow' has timed out after 1 minutes."
    )
    assert many.job["result"] == "failure"


OVERDUE = """
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    timeout-minutes: 1
    steps:
      - {id: a, name: a, if: always(), background: true, run: sleep 60}
      - {name: front, run: sleep 60}
      - {name: wait, wait: a}
      - {name: late, if: always(), background: true, run: echo never}
      - {name: last, if: always(), run: 'echo "outcome=${{ steps.a.outcome }}"'}
"""


@pytest.mark.rule("background/job-cancelled")
def test_a_job_that_is_cancelled(conform: Conform, short_minutes: dict[str, str]) -> None:
    ran = conform(OVERDUE, "--engine", "host", expect=None, env=short_minutes)
    assert ran.job["result"] == "cancelled"
    for name in ("a", "front", "wait", "late"):
        assert ran.step(name)["conclusion"] == "cancelled", name
    assert ran.lines("last") == ["outcome=cancelled"]


WRONG = """
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - wait: later
      - {id: own, wait: own}
      - cancel: __run
      - {id: later, run: echo}
      - parallel:
          - {background: true, run: echo}
          - wait: later
          - wait-all:
          - cancel: later
          - parallel: []
      - {wait: later, if: always()}
      - {wait: later, timeout-minutes: 1}
      - wait-all: false
"""


@pytest.fixture(scope="module")
def refused(conform: Conform) -> Outcome:
    return conform(WRONG, expect=2)


@pytest.mark.rule("background/unknown-ids")
def test_ids_that_cannot_be_waited_for(refused: Outcome) -> None:
    assert "Step references unknown step ID 'later'" in refused.ended.text
    assert "Step 'own' cannot reference itself" in refused.ended.text
    assert "The identifier '__run' is invalid. IDs starting with '__' are reserved." in refused.ended.text


@pytest.mark.rule("background/inside-parallel")
def test_what_a_group_does_not_take(refused: Outcome) -> None:
    assert "'background' is not allowed inside a parallel block." in refused.ended.text
    for key in ("wait", "wait-all", "cancel"):
        assert f"'{key}' is not allowed inside a parallel block." in refused.ended.text
    assert "Nested 'parallel' blocks are not allowed." in refused.ended.text


@pytest.mark.rule("background/no-condition")
def test_control_steps_have_no_condition(refused: Outcome) -> None:
    assert "Unexpected value 'if'" in refused.ended.text
    assert "Unexpected value 'timeout-minutes'" in refused.ended.text
    assert "The value of 'wait-all' must be true or omitted" in refused.ended.text


@pytest.mark.rule("background/not-in-actions")
def test_composite_actions_have_none(conform: Conform) -> None:
    action = "name: a\nruns:\n  using: composite\n  steps:\n    - {run: echo, shell: sh, background: true}\n"
    steps = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n"
    found = conform(
        f"{steps}      - uses: actions/checkout@v4\n      - uses: ./a\n",
        files={"a/action.yml": action},
        expect=None,
    )
    assert found.ended.code != 0
    assert "Unexpected value 'background'" in found.ended.text + found.log("Run ./a")
