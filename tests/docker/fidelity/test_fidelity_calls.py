"""Calls of reusable workflows, run for real: what is handed over, what comes back, and what GitHub refuses."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path

import pytest
from conforming import Conform
from fault_tools import Place
from main_tools import Outcome, Server, run

HERE = ".github/workflows"
RULE = pytest.mark.rule

WORKFLOW = """
name: Caller
on: push
env: {OUTER: of the caller}
defaults: {run: {working-directory: /}}
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {n: '${{ steps.s.outputs.n }}', yes: '${{ steps.s.outputs.yes }}'}
    steps:
      - id: s
        run: printf 'n=7\\nyes=true\\n' >> $GITHUB_OUTPUT
  named:
    name: Named
    needs: first
    uses: ./.github/workflows/called.yml
    with:
      text: ${{ needs.first.outputs.n }}
      count: ${{ fromJSON(needs.first.outputs.n) }}
      flag: ${{ needs.first.outputs.yes == 'true' }}
      empty: ''
    secrets:
      token: ${{ secrets.MINE }}-${{ needs.first.outputs.n }}
      nothing: ${{ secrets.NOT_THERE }}
  bare:
    uses: ./.github/workflows/called.yml
  inherits:
    uses: ./.github/workflows/called.yml
    secrets: inherit
  outer:
    uses: ./.github/workflows/outer.yml
    secrets: inherit
  each:
    strategy:
      max-parallel: 1
      matrix:
        value: [one, two, '']
    uses: ./.github/workflows/values.yml
    with: {value: '${{ matrix.value }}'}
  off:
    if: false
    uses: ./.github/workflows/called.yml
  after-off:
    needs: off
    if: always()
    uses: ./.github/workflows/values.yml
  all-off:
    uses: ./.github/workflows/off.yml
  excused:
    uses: ./.github/workflows/excused.yml
  last:
    needs: [named, outer, each, off, all-off, excused]
    if: always()
    runs-on: ubuntu-latest
    env: {ALL: '${{ toJSON(needs) }}'}
    steps:
      - name: needs
        run: |
          echo "named=${{ needs.named.outputs.said }}"
          echo "result=${{ needs.named.outputs.result }}"
          echo "call=${{ needs.named.result }}"
          echo "outer=${{ needs.outer.outputs.deep }}"
          echo "each=${{ needs.each.outputs.value }}"
          echo "off=${{ needs.off.result }}"
          echo "outputs=${{ toJSON(needs.off.outputs) }}"
          echo "all-off=${{ needs.all-off.result }}"
          echo "excused=${{ needs.excused.result }}"
"""

CALLED = """
name: Called
on:
  workflow_call:
    inputs:
      text: {type: string}
      count: {type: number}
      flag: {type: boolean}
      default: {type: string, default: "${{ github.event_name }} by default"}
      empty: {type: string, default: not empty}
    secrets:
      token: {required: false}
      nothing: {required: false}
    outputs:
      said: {value: "${{ jobs.work.outputs.said }}"}
      result: {value: "${{ jobs.work.result }}"}
      run: {value: "${{ github.run_id }}"}
env: {INNER: of the callee}
jobs:
  work:
    runs-on: ubuntu-latest
    outputs: {said: "work of ${{ inputs.text }}"}
    steps:
      - uses: actions/checkout@v4
      - name: say
        env: {TOKEN: "${{ secrets.token }}"}
        run: |
          echo "outer=$OUTER"
          echo "inner=$INNER"
          echo "pwd=$PWD"
          echo "text=${{ inputs.text }}"
          echo "count=${{ inputs.count }}"
          echo "count-plus=${{ inputs.count > 6 }}"
          echo "flag=${{ inputs.flag == true }}"
          echo "flag-text=${{ inputs.flag == 'true' }}"
          echo "default=${{ inputs.default }}"
          echo "empty=${{ inputs.empty }}"
          echo "workflow=$GITHUB_WORKFLOW"
          echo "ref=${{ github.workflow_ref }}"
          echo "job=$GITHUB_JOB"
          echo "event=${{ github.event_name }}"
          echo "file=${{ job.workflow_ref }}"
          echo "mine=${{ secrets.MINE == 'swordfish' }}"
          echo "has-mine=${{ secrets.MINE != '' }}"
          echo "has-token=${{ secrets.token != '' }}"
          echo "has-nothing=${{ secrets.nothing != '' }}"
          echo "knows-nothing=${{ contains(toJSON(secrets), 'nothing') }}"
          echo "has-github=${{ secrets.GITHUB_TOKEN != '' }}"
          echo "token=$TOKEN"
          echo "tokens=$(echo "$TOKEN" | tr -d '\\n' | wc -c)"
      - uses: ./.github/say
        if: inputs.flag
"""

OUTER = """
on:
  workflow_call:
    outputs:
      deep: {value: "${{ jobs.middle.outputs.said }} from below"}
jobs:
  middle:
    strategy: {matrix: {os: [linux]}}
    uses: ./.github/workflows/called.yml
    with: {text: "${{ matrix.os }}"}
"""

FILES = {
    f"{HERE}/called.yml": CALLED,
    f"{HERE}/outer.yml": OUTER,
    f"{HERE}/values.yml": """
on:
  workflow_call:
    inputs: {value: {type: string}}
    outputs: {value: {value: "${{ jobs.one.outputs.v }}"}}
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {v: "${{ inputs.value }}"}
    steps: [{run: date}]
""",
    f"{HERE}/off.yml": """
on: workflow_call
jobs:
  one: {runs-on: ubuntu-latest, if: false, steps: [{run: date}]}
""",
    f"{HERE}/excused.yml": """
on: workflow_call
jobs:
  one: {runs-on: ubuntu-latest, continue-on-error: true, steps: [{run: exit 3}]}
""",
    ".github/say/action.yml": """
name: Say
runs:
  using: composite
  steps:
    - {shell: sh, run: echo of the checkout of the caller}
""",
}


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    files = {name: textwrap.dedent(text).lstrip() for name, text in FILES.items()}
    return conform(WORKFLOW, "--secret", "MINE=swordfish", "-W", f"{HERE}/x.yml", files=files)


@RULE("calls/jobs-of-the-callee")
def test_the_jobs_of_the_callee_run(ran: Outcome) -> None:
    names = {job["key"]: job["name"] for job in ran.report["runs"][0]["jobs"]}
    assert names["named / work"] == "Named / work"
    assert names["outer / middle (linux) / work"] == "outer / middle (linux) / work"
    assert "named" not in names
    assert ran.jobs["named / work"]["id"] == "named / work"
    assert [event["job"] for event in ran.of("call-started")][:1] == ["bare"]


@RULE("calls/caller-env-unseen")
def test_the_callers_env_is_not_seen(ran: Outcome) -> None:
    said = ran.values("say", "named / work")
    assert (said["outer"], said["inner"]) == ("", "of the callee")
    assert said["pwd"] != "/"


@RULE("calls/github-context-of-caller")
def test_github_is_the_callers(ran: Outcome) -> None:
    said = ran.values("say", "named / work")
    assert (said["workflow"], said["job"], said["event"]) == ("Caller", "work", "push")
    assert f"/{HERE}/x.yml@refs/heads/main" in said["ref"]
    assert f"/{HERE}/called.yml@refs/heads/main" in said["file"]


@RULE("calls/inputs-absent")
def test_inputs_that_nobody_sets(ran: Outcome) -> None:
    said = ran.values("say", "bare / work")
    assert (said["text"], said["count"], said["flag"]) == ("", "0", "false")


@RULE("calls/inputs-typed", "calls/inputs-late")
def test_inputs_keep_their_types(ran: Outcome) -> None:
    said = ran.values("say", "named / work")
    assert (said["text"], said["count"], said["count-plus"]) == ("7", "7", "true")
    assert (said["flag"], said["flag-text"]) == ("true", "false")
    (call,) = (call for call in ran.report["runs"][0]["calls"] if call["key"] == "named")
    assert (call["inputs"]["flag"], call["inputs"]["count"]) == (True, 7)


@RULE("calls/inputs-default")
def test_defaults_of_inputs(ran: Outcome) -> None:
    said = ran.values("say", "named / work")
    assert (said["default"], said["empty"]) == ("push by default", "")
    assert ran.values("say", "bare / work")["empty"] == "not empty"


@RULE("calls/secrets-none")
def test_no_secrets_without_a_word(ran: Outcome) -> None:
    said = ran.values("say", "bare / work")
    assert (said["has-mine"], said["has-token"], said["has-github"]) == ("false", "false", "true")


@RULE("calls/secrets-named")
def test_named_secrets(ran: Outcome) -> None:
    said = ran.values("say", "named / work")
    assert (said["has-mine"], said["has-token"], said["has-nothing"]) == ("false", "true", "false")
    assert said["knows-nothing"] == "false"
    assert (said["token"], said["tokens"]) == ("***", str(len("swordfish-7")))


@RULE("calls/secrets-inherit")
def test_inherited_secrets_go_one_level(ran: Outcome) -> None:
    assert ran.values("say", "inherits / work")["mine"] == "true"
    said = ran.values("say", "outer / middle (linux) / work")
    assert (said["has-mine"], said["has-github"]) == ("false", "true")


@RULE("calls/outputs", "calls/result")
def test_outputs_come_back(ran: Outcome) -> None:
    said = ran.values("needs", "last")
    assert (said["named"], said["result"], said["call"]) == ("work of 7", "success", "success")
    (call,) = (call for call in ran.report["runs"][0]["calls"] if call["key"] == "named")
    assert call["outputs"] == {"said": "work of 7", "result": "success", "run": "1"}


@RULE("calls/outputs-matrix", "calls/max-parallel")
def test_the_last_value_of_a_matrix_of_calls_counts(ran: Outcome) -> None:
    assert ran.values("needs", "last")["each"] == "two"
    kinds = [
        (event["kind"], event["job"])
        for event in ran.events
        if event["kind"].startswith("call-") and event["job"].startswith("each")
    ]
    assert [kind for kind, _ in kinds] == ["call-started", "call-finished"] * 3


@RULE("calls/continue-on-error-inside")
def test_an_excused_failure_inside(ran: Outcome) -> None:
    assert ran.jobs["excused / one"]["result"] == "failure"
    assert ran.values("needs", "last")["excused"] == "success"


@RULE("calls/if")
def test_a_call_whose_condition_is_false(ran: Outcome) -> None:
    assert ran.jobs["off"]["result"] == "skipped"
    assert not [key for key in ran.jobs if key.startswith("off /")]
    said = ran.values("needs", "last")
    assert (said["off"], said["outputs"]) == ("skipped", "{}")


@RULE("calls/status-inside")
def test_what_was_before_the_caller_does_not_count_inside(ran: Outcome) -> None:
    assert ran.jobs["after-off / one"]["result"] == "success"


@RULE("calls/all-skipped")
def test_a_call_whose_jobs_are_all_skipped(ran: Outcome) -> None:
    assert ran.values("needs", "last")["all-off"] == "skipped"


@RULE("calls/nested")
def test_calls_within_calls(ran: Outcome) -> None:
    assert ran.values("say", "outer / middle (linux) / work")["text"] == "linux"
    assert ran.values("needs", "last")["outer"] == "work of linux from below"


@RULE("calls/local-action")
def test_local_actions_are_the_callers(ran: Outcome) -> None:
    assert "of the checkout of the caller" in ran.log("Run ./.github/say", "named / work")


FAILING = """
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {text: 'true'}
    steps: [{run: date}]
  wrong:
    needs: first
    uses: ./.github/workflows/typed.yml
    with: {flag: '${{ needs.first.outputs.text }}'}
  matrix:
    strategy: {matrix: {kind: [bad, slow]}}
    uses: ./.github/workflows/two.yml
    with: {kind: '${{ matrix.kind }}'}
  bad-output:
    uses: ./.github/workflows/output.yml
  after:
    needs: matrix
    runs-on: ubuntu-latest
    steps: [{run: date}]
  told:
    needs: [matrix, wrong]
    if: failure()
    runs-on: ubuntu-latest
    steps: [{name: told, run: 'echo "matrix=${{ needs.matrix.result }}"; echo "wrong=${{ needs.wrong.result }}"'}]
"""

TWO = """
on: {workflow_call: {inputs: {kind: {type: string}}}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - {if: inputs.kind == 'bad', run: sleep 1; exit 1}
      - {if: inputs.kind == 'slow', run: sleep 60}
      - {name: cleans up, if: always(), run: date}
  two: {needs: one, if: always(), runs-on: ubuntu-latest, steps: [{run: date}]}
"""


@pytest.fixture(scope="module")
def failed(conform: Conform) -> Outcome:
    typed = "on: {workflow_call: {inputs: {flag: {type: boolean}}}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: date}]}}\n"
    output = "on: {workflow_call: {outputs: {o: {value: '${{ fromJSON(jobs.a.result) }}'}}}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: date}]}}\n"
    files = {f"{HERE}/typed.yml": typed, f"{HERE}/two.yml": TWO.lstrip(), f"{HERE}/output.yml": output}
    return conform(FAILING, "-W", f"{HERE}/x.yml", files=files, expect=1)


@RULE("calls/inputs-late")
def test_a_late_value_of_the_wrong_type(failed: Outcome) -> None:
    job = failed.jobs["wrong"]
    assert job["result"] == "failure"
    assert "Unexpected value 'true'" in job["reason"]
    assert failed.values("told", "told")["wrong"] == "failure"


@RULE("calls/outputs-error")
def test_an_output_that_cannot_be_evaluated(failed: Outcome) -> None:
    (call,) = (call for call in failed.report["runs"][0]["calls"] if call["key"] == "bad-output")
    assert failed.jobs["bad-output / a"]["result"] == "success"
    assert call["result"] == "failure"
    assert "Error parsing fromJson" in call["reason"]
    assert f"✗ bad-output · {call['reason']}" in failed.ended.text


@RULE("calls/fail-fast")
def test_a_failed_call_cancels_its_siblings(failed: Outcome) -> None:
    results = {key: job["result"] for key, job in failed.jobs.items() if key.startswith("matrix")}
    assert results == {
        "matrix (bad) / one": "failure",
        "matrix (bad) / two": "success",
        "matrix (slow) / one": "cancelled",
        "matrix (slow) / two": "cancelled",
    }
    assert failed.step("cleans up", "matrix (slow) / one")["outcome"] == "success"


@RULE("calls/result")
def test_a_failed_call(failed: Outcome) -> None:
    assert failed.values("told", "told")["matrix"] == "failure"
    assert failed.jobs["after"]["result"] == "skipped"


@RULE("calls/cancel")
def test_cancelling_a_run_with_calls(tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.write(
        f"{HERE}/slow.yml",
        "on: workflow_call\njobs:\n"
        "  stops: {runs-on: ubuntu-latest, steps: [{run: echo up; sleep 60}]}\n"
        "  goes-on: {runs-on: ubuntu-latest, if: always(), steps: [{run: sleep 2; echo went on}]}\n"
        "  after: {needs: stops, if: always(), runs-on: ubuntu-latest, steps: [{run: echo cleans}]}\n",
    )
    place.workflow("on: push\njobs: {call: {uses: ./.github/workflows/slow.yml}}\n")
    started = place.start("-v")
    started.until_said("stops | up")
    started.signal(signal.SIGINT)
    ended = started.end()
    assert ended.code == 130, ended.text
    assert "went on" in ended.text
    assert "✗ call / stops" in ended.text
    assert "✓ call / goes-on" in ended.text
    assert "✓ call / after" in ended.text


CALL = "on: push\njobs: {call: {uses: ./.github/workflows/called.yml%s}}\n"
TYPED = "on: {workflow_call: {inputs: {flag: {type: boolean, required: %s}}}}\n%sjobs: {a: {runs-on: ubuntu-latest, steps: [{run: date}]}}\n"


def refused(conform: Conform, call: str, files: dict[str, str], *words: str) -> None:
    """Neither ``plan`` nor ``run`` goes on, and both say why."""
    named = {f"{HERE}/{name}": text for name, text in files.items()}
    for arguments in (["-n"], []):
        found = conform(call, "-W", f"{HERE}/x.yml", *arguments, files=named, expect=None)
        assert found.ended.code in (2, 5), found.ended.text
        flat = " ".join(found.ended.text.split())
        for word in words:
            assert word in flat, found.ended.text
        assert not found.events


@RULE("calls/inputs-literal-type")
def test_a_text_is_no_boolean(conform: Conform) -> None:
    refused(
        conform,
        CALL % ", with: {flag: 'true'}",
        {"called.yml": TYPED % ("false", "")},
        "Unexpected value 'true'",
    )


@RULE("calls/inputs-required")
def test_inputs_that_do_not_fit(conform: Conform) -> None:
    files = {"called.yml": TYPED % ("true", "")}
    refused(conform, CALL % "", files, "Input flag is required, but not provided while calling.")
    refused(
        conform,
        CALL % ", with: {flag: true, x: 1}",
        files,
        "Invalid input, x is not defined in the referenced workflow.",
    )


@RULE("calls/permissions")
def test_permissions_only_shrink(conform: Conform) -> None:
    refused(
        conform,
        CALL % ", permissions: {contents: read}",
        {"called.yml": TYPED % ("false", "permissions: {contents: write}\n")},
        "The workflow is requesting 'contents: write', but is only allowed 'contents: read'.",
    )


@RULE("calls/job-keys")
def test_keys_of_a_calling_job(conform: Conform) -> None:
    files = {f"{HERE}/called.yml": TYPED % ("false", "")}
    for key in ("timeout-minutes: 5", "env: {A: b}", "continue-on-error: true", "runs-on: x"):
        found = conform(CALL % f", {key}", "-W", f"{HERE}/x.yml", files=files, expect=2)
        assert f"Unexpected value '{key.partition(':')[0]}'" in found.ended.text


@RULE("calls/nested-depth")
def test_calls_are_nine_deep(conform: Conform) -> None:
    def chain(length: int) -> dict[str, str]:
        step = "on: workflow_call\njobs: {a: {uses: ./.github/workflows/%s.yml}}\n"
        end = "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo at the end}]}}\n"
        files = {f"c{n}.yml": step % f"c{n + 1}" for n in range(1, length)}
        return {**files, f"c{length}.yml": end}

    call = "on: push\njobs: {a: {uses: ./.github/workflows/c1.yml}}\n"
    refused(conform, call, chain(10), "Nested reusable workflow depth exceeded 9.")
    nine = {f"{HERE}/{name}": text for name, text in chain(9).items()}
    found = conform(call, "-W", f"{HERE}/x.yml", files=nine)
    assert list(found.jobs) == [" / ".join("a" * 10)]


@RULE("calls/remote")
def test_a_workflow_of_another_repository(conform: Conform, tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    files = {
        f"{HERE}/called.yml": "on: workflow_call\njobs: {below: {uses: ./.github/workflows/inner.yml}}\n",
        f"{HERE}/inner.yml": """
            on: {workflow_call: {outputs: {sha: {value: "${{ jobs.a.outputs.sha }}"}}}}
            jobs:
              a:
                runs-on: ubuntu-latest
                outputs: {sha: "${{ job.workflow_sha }}"}
                steps:
                  - name: say
                    run: |
                      echo "repository=${{ job.workflow_repository }}"
                      echo "caller=$GITHUB_REPOSITORY"
                      echo "ref=${{ job.workflow_ref }}"
                      echo "sha=${{ job.workflow_sha }}"
            """,
    }
    sha = server.publish("o/flows", files)
    call = "on: push\njobs: {call: {uses: 'o/flows/.github/workflows/called.yml@v1'}}\n"
    found = conform(call, env={**server.env, "ACTLITE_CACHE": str(tmp_path / "cache")})
    said = found.values("say", "call / below / a")
    assert said["repository"] == "o/flows"
    assert said["caller"] != "o/flows"
    assert said["sha"] == sha
    assert said["ref"].startswith(f"o/flows/{HERE}/inner.yml@")


@RULE("calls/remote-missing")
def test_a_workflow_that_cannot_be_had(conform: Conform, tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    call = "on: push\njobs: {ok: {runs-on: ubuntu-latest, steps: [{run: date}]}, call: {uses: 'o/none/.github/workflows/x.yml@v1'}}\n"
    found = conform(call, env={**server.env, "ACTLITE_CACHE": str(tmp_path / "cache")}, expect=4)
    assert "there is no repository" in " ".join(found.ended.text.split())
    assert not found.events


@RULE("calls/jobs-of-the-callee")
def test_one_job_of_a_called_workflow_is_chosen(tmp_path: Path) -> None:
    place = Place(tmp_path / "project")
    place.write(
        f"{HERE}/called.yml",
        "on: workflow_call\njobs:\n"
        "  a: {runs-on: ubuntu-latest, steps: [{run: date}]}\n"
        "  b: {needs: a, runs-on: ubuntu-latest, steps: [{run: date}]}\n"
        "  c: {runs-on: ubuntu-latest, steps: [{run: date}]}\n",
    )
    place.workflow("on: push\njobs: {call: {uses: ./.github/workflows/called.yml}}\n")
    found = run(place, "-j", "call / b").expect(0)
    assert list(found.jobs) == ["call / a", "call / b"]
    assert "Run date" in place.run("-j", "call/c").expect(0).out
