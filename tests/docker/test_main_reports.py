"""What comes of a run: outputs, summaries, annotations, masks, matrices, times; and jobs without containers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_tools import Place
from main_tools import minutes_of, run

pytestmark = pytest.mark.docker


def test_job_outputs_reach_other_jobs_and_the_report(place: Place) -> None:
    place.workflow("""
        on: push
        jobs:
          first:
            runs-on: ubuntu-latest
            outputs:
              plain: ${{ steps.made.outputs.plain }}
              lines: ${{ steps.made.outputs.lines }}
              hidden: the-${{ secrets.WORD }}-inside
              empty: ${{ steps.made.outputs.nothing }}
            steps:
              - id: made
                run: |
                  echo "plain=of the first" >> "$GITHUB_OUTPUT"
                  printf 'lines<<E\\na\\n\\nb\\nE\\n' >> "$GITHUB_OUTPUT"
              - run: exit 1
          second:
            needs: first
            if: always()
            runs-on: ubuntu-latest
            steps:
              - name: look
                env: {ALL: '${{ toJSON(needs) }}'}
                run: echo "$ALL"
          third:
            needs: first
            runs-on: ubuntu-latest
            steps: [{run: echo never}]
        """)
    found = run(place, "-s", "WORD=sesame-open").expect(1)
    outputs = {"plain": "of the first", "lines": "a\n\nb"}
    assert found.jobs["first"]["outputs"] == outputs
    assert found.jobs["first"]["result"] == "failure"
    needs = json.loads("\n".join(found.lines("look", "second")))
    assert needs == {"first": {"result": "failure", "outputs": outputs}}
    assert found.jobs["third"]["result"] == "skipped"
    assert "first" in found.jobs["third"]["reason"]
    (warning,) = found.step("Complete job", "first")["annotations"]
    assert warning["message"] == "Skip output 'hidden' since it may contain secret."


def test_summaries_in_the_report(place: Place) -> None:
    place.steps(
        "- name: one\n  run: |\n    echo '# Title' >> $GITHUB_STEP_SUMMARY\n    echo text >> $GITHUB_STEP_SUMMARY",
        "- name: fails\n  run: 'echo half > $GITHUB_STEP_SUMMARY; exit 1'\n  continue-on-error: true",
        "- name: none\n  run: echo",
        "- name: big\n  run: head -c 1100000 /dev/zero | tr '\\0' x > $GITHUB_STEP_SUMMARY",
    )
    found = run(place).expect(0)
    assert found.step("one")["summary"] == "# Title\ntext\n"
    assert found.step("fails")["summary"] == "half\n"
    assert found.step("none")["summary"] == ""
    assert found.step("big")["summary"] == ""
    (error,) = found.step("big")["annotations"]
    assert "supports content up to a size of 1024k, got 1074k" in error["message"]


MATCHER = {
    "problemMatcher": [
        {
            "owner": "gcc",
            "pattern": [
                {
                    "regexp": r"^(.+):(\d+):(\d+):\s+(warning|error):\s+(.*)$",
                    "file": 1,
                    "line": 2,
                    "column": 3,
                    "severity": 4,
                    "message": 5,
                }
            ],
        }
    ]
}


@pytest.mark.parametrize(
    "container", ["", "container: actlite-standin/runner:1"], ids=["machine", "container"]
)
def test_problem_matchers_make_annotations(place: Place, container: str) -> None:
    place.write("matcher.json", json.dumps(MATCHER))
    place.write("src/main.c", "int main(void) { return x; }\n")
    place.steps(
        "- uses: actions/checkout@v4",
        "- name: compile\n  run: |\n    echo '::add-matcher::matcher.json'\n"
        "    printf 'src/main.c:1:25: error: x undeclared\\n'\n"
        "    printf 'src/main.c:1:2: warning: unused\\n' >&2\n"
        "    printf '\\033[1msrc/main.c:1:3: \\033[31mwarning: in colour\\033[0m\\n'\n"
        "    echo 'no/such/file.c:1:2: error: elsewhere'\n"
        "    echo '::remove-matcher owner=gcc::'\n"
        "    echo 'src/main.c:9:9: error: not any more'",
        job=container,
    )
    found = run(place).expect(0)
    notes = found.step("compile")["annotations"]
    assert [(n["level"], n["file"], n["line"], n["column"], n["message"]) for n in notes] == [
        ("error", "src/main.c", 1, 25, "x undeclared"),
        ("warning", "src/main.c", 1, 2, "unused"),
        ("error", "", 1, 2, "elsewhere"),
    ]


def test_secrets_are_masked_everywhere(place: Place) -> None:
    place.steps(
        "- id: one\n  name: with ${{ secrets.KEY }}\n  run: |\n    echo 'plain ${{ secrets.KEY }}'\n"
        "    echo -n '${{ secrets.KEY }}' | base64\n    echo '::add-mask::made-'here\n    echo made-'here' it is\n"
        "    echo '::error::told ${{ secrets.KEY }}'\n    echo 'x=${{ secrets.KEY }}' >> $GITHUB_OUTPUT\n"
        "    echo 'sum ${{ secrets.KEY }}' >> $GITHUB_STEP_SUMMARY",
        "- name: length\n  env: {K: '${{ steps.one.outputs.x }}'}\n  run: echo length=${#K}",
    )
    found = run(place, "-s", "KEY=s3cr3t-value").expect(0)
    everything = found.ended.text + json.dumps(found.report) + json.dumps(found.events)
    for folder in (place.path / ".actlite").rglob("*"):
        if folder.is_file():
            everything += folder.read_text(errors="replace")
    for word in ("s3cr3t-value", "czNjcjN0LXZhbHVl", "made-here it"):
        assert word not in everything
    assert found.lines("with ***") == [
        "plain ***",
        "***",
        "::add-mask::***",
        "*** it is",
        "##[error]told ***",
    ] or [line for line in found.lines("with ***") if "add-mask" not in line] == [
        "plain ***",
        "***",
        "*** it is",
        "##[error]told ***",
    ]
    step = found.step("with ***")
    assert step["annotations"][0]["message"] == "told ***"
    assert step["outputs"] == {"x": "***"}
    assert step["summary"] == "sum ***\n"
    assert found.values("length") == {"length": "12"}


MATRIX = """
    on: push
    jobs:
      build:
        name: build on ${{ matrix.os }} with ${{ matrix.v }}
        runs-on: ubuntu-latest
        strategy:
          fail-fast: false
          matrix:
            os: [a, b]
            v: [1, 2]
            include: [{os: b, v: 2, extra: more}]
        outputs: {last: '${{ matrix.os }}'}
        steps:
          - {name: look, run: 'echo "leg=${{ matrix.os }}${{ matrix.v }}${{ matrix.extra }} ${{ strategy.job-index }}"'}
          - {run: exit 1, if: matrix.os == 'a' && matrix.v == 2}
      after:
        needs: build
        if: always()
        runs-on: ubuntu-latest
        steps: [{name: look, run: 'echo result=${{ needs.build.result }}'}]
    """


def test_a_matrix_whole_and_in_part(place: Place) -> None:
    place.workflow(MATRIX)
    found = run(place).expect(1)
    assert {key: job["result"] for key, job in found.jobs.items()} == {
        "build (a, 1)": "success",
        "build (a, 2)": "failure",
        "build (b, 1)": "success",
        "build (b, 2)": "success",
        "after": "success",
    }
    assert found.jobs["build (b, 2)"]["name"] == "build on b with 2"
    assert found.jobs["build (b, 2)"]["matrix"] == {"os": "b", "v": 2, "extra": "more"}
    assert found.values("look", "build (b, 2)") == {"leg": "b2more 3"}
    assert found.values("look", "after") == {"result": "failure"}
    part = run(place, "-j", "build", "--matrix", "os=b", "--matrix", "v=1").expect(0)
    assert list(part.jobs) == ["build (b, 1)"]
    assert part.values("look", "build (b, 1)") == {"leg": "b1 2"}
    run(place, "--matrix", "os=c").expect(2)


def test_a_runner_that_is_not_here(place: Place) -> None:
    place.workflow("""
        on: push
        jobs:
          build:
            runs-on: ${{ matrix.os }}
            strategy: {matrix: {os: [ubuntu-latest, macos-14]}}
            steps: [{name: go, run: echo went}]
          after:
            needs: build
            runs-on: ubuntu-latest
            steps: [{run: echo after}]
        """)
    none = run(place).expect(4, "no macOS runner (macos-14)", "nothing was started")
    assert none.events == []
    found = run(place, "--only-runnable").expect(0, "no macOS runner (macos-14)")
    results = {key: job["result"] for key, job in found.jobs.items()}
    assert results["build (ubuntu-latest)"] == "success"
    assert results["build (macos-14)"] == "not-run"
    assert results["after"] == "skipped"
    given = run(place, "-P", "macos-14=actlite-standin/runner:1").expect(0)
    assert {job["result"] for job in given.jobs.values()} == {"success"}


HOST_STEPS = (
    "- name: look\n  run: |\n    echo pid=$PPID\n    echo host=$(hostname)\n    pwd; echo $GITHUB_WORKSPACE\n"
    "    echo 'expression=${{ github.workspace }}'\n    echo $0; echo \"path=$PATH\"\n"
    "    echo /opt/x >> $GITHUB_PATH; echo 'A=b' >> $GITHUB_ENV; echo 'o=1' >> $GITHUB_OUTPUT\n  id: look",
    "- uses: actions/checkout@v4",
    "- name: after\n  run: 'ls; echo a=$A o=${{ steps.look.outputs.o }}; echo \"path=$PATH\"; exit 3'\n  shell: bash",
)


@pytest.mark.parametrize("how", [("--engine", "host"), ("-P", "ubuntu-latest=host")], ids=["engine", "label"])
def test_a_job_on_this_machine(place: Place, how: tuple[str, str]) -> None:
    place.steps(*HOST_STEPS)
    bare = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    found = run(place, *how, env=bare).expect(1)
    assert found.job["where"] == "host"
    lines, values = found.lines("look"), found.values("look")
    assert values["host"] == os.uname().nodename
    workspace = values["expression"]
    assert workspace.startswith(str(place.path / ".actlite"))
    assert lines[2:4] == [workspace, workspace]
    after = found.lines("after")
    assert "README.md" in after
    assert "a=b o=1" in after
    assert any(line.startswith("path=/opt/x:") for line in after)
    assert found.step("after")["exit_code"] == 3
    assert not list((place.path / ".actlite").glob("runs/*/work"))


def test_a_container_job_is_not_for_the_host(place: Place) -> None:
    place.steps("echo", job="container: actlite-standin/runner:1")
    found = run(place, "--engine", "host")
    assert found.ended.code == 1
    found.expect(1, "names a container, and --engine host has none")


@pytest.mark.slow
@pytest.mark.long
def test_steps_and_jobs_that_take_too_long(
    place: Place, tmp_path: Path, effort: Callable[[int, int], int]
) -> None:
    """A minute is the shortest time that there is; only the long mode waits for a whole one."""
    minute = effort(8, 60)
    place.workflow("""
        on: push
        jobs:
          step:
            runs-on: ubuntu-latest
            steps:
              - {name: none, timeout-minutes: 0.5, run: echo no limit}
              - {name: long, timeout-minutes: 1, run: 'echo began; sleep 500 & sleep 500', continue-on-error: true}
              - {name: after, run: echo went on}
          job:
            runs-on: ubuntu-latest
            timeout-minutes: 1
            steps:
              - {name: long, run: 'echo began; sleep 500'}
              - {name: skipped, run: echo never}
              - {name: always, if: always(), run: 'echo status=${{ job.status }}'}
        """)
    found = run(place, seconds=100, env=minutes_of(minute, tmp_path / "minutes")).expect(1)
    assert found.lines("none", "step") == ["no limit"]
    long = found.step("long", "step")
    assert (long["outcome"], long["conclusion"]) == ("failure", "success")
    assert "The action 'long' has timed out after 1 minutes." in [a["message"] for a in long["annotations"]]
    assert minute <= long["duration"] < minute + 15
    assert found.lines("after", "step") == ["went on"]
    assert found.jobs["step"]["result"] == "success"
    outcome = {s["name"]: s["outcome"] for s in found.jobs["job"]["steps"]}
    assert outcome["long"] == "cancelled"
    assert outcome["skipped"] == "skipped"
    assert found.values("always", "job") == {"status": "cancelled"}
    assert found.jobs["job"]["result"] == "cancelled"


def test_variables_and_env_files(place: Place, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("FROM_FILE=1\nQUOTED='a b'\n# comment\n")
    (tmp_path / "secrets").write_text("TOKEN=of-the-file\n")
    place.steps(
        "- name: look\n  run: |\n    echo file=$FROM_FILE quoted=$QUOTED\n    echo 'var=${{ vars.MY_VAR }}'\n"
        "    test '${{ secrets.TOKEN }}' = of-the''-file && echo token=right\n"
        "    test -n '${{ secrets.GITHUB_TOKEN }}' && echo github=there"
    )
    found = run(
        place,
        *(
            "--env-file",
            str(tmp_path / "env"),
            "--secret-file",
            str(tmp_path / "secrets"),
            "--var",
            "MY_VAR=v v",
        ),
    ).expect(0)
    assert found.lines("look")[0] == "file=1 quoted=a b"
    assert found.values("look")["var"] == "v v"
    assert found.values("look")["token"] == "right"
    assert found.values("look")["github"] == "there"


def test_conditions_and_results(place: Place) -> None:
    place.steps(
        "- id: soft\n  name: soft\n  run: 'echo o=kept >> $GITHUB_OUTPUT; exit 4'\n  continue-on-error: true",
        "- name: seen\n  run: echo '${{ steps.soft.outcome }} ${{ steps.soft.conclusion }} ${{ steps.soft.outputs.o }}'",
        "- id: bad\n  name: bad\n  run: exit 5",
        "- name: a\n  if: steps.bad.outcome == 'failure'\n  run: echo",
        "- name: b\n  if: always() && steps.bad.outcome == 'failure'\n  run: echo",
        "- name: c\n  if: failure()\n  run: echo",
        "- name: d\n  if: ${{ false }} || true\n  run: echo",
        "- name: e\n  if: \"contains('always()', 'x') || true\"\n  run: echo",
        "- name: f\n  if: always()\n  run: echo '::error::'",
        "- name: g\n  if: false\n  env: {X: '${{ fromJSON(github.ref) }}'}\n  run: echo\n  continue-on-error: true",
    )
    found = run(place).expect(1)
    outcome = {s["name"]: s["outcome"] for s in found.job["steps"]}
    assert found.lines("seen") == ["failure success kept"]
    assert {name: outcome[name] for name in "abcdefg"} == {
        "a": "skipped",
        "b": "success",
        "c": "success",
        "d": "skipped",
        "e": "skipped",
        "f": "success",
        "g": "failure",
    }
    (error,) = found.step("bad")["annotations"]
    assert error["message"] == "Process completed with exit code 5."
    assert found.log("bad").splitlines()[-1] == "##[error]Process completed with exit code 5."
