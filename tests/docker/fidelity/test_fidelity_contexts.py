"""What expressions see, and what of it is in the environment of steps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conforming import Conform
from main_tools import Outcome, Server, node_action

pytestmark = pytest.mark.docker

ACTION = node_action("console.log('action=' + process.env.GITHUB_ACTION)\n")
FILES = {f".github/actions/made/{name}": text for name, text in ACTION.items()}
WORKFLOW = """
name: Contexts
on:
  push:
  workflow_dispatch:
    inputs:
      flag: {type: boolean, default: false}
      count: {type: number, default: 2}
      text: {type: string, default: a}
env: {OWN: workflow}
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {made: '${{ steps.make.outputs.made }}'}
    steps:
      - {name: env, run: env}
      - name: contexts
        env:
          GITHUB: ${{ toJSON(github) }}
          JOB: ${{ toJSON(job) }}
          RUNNER: ${{ toJSON(runner) }}
          STRATEGY: ${{ toJSON(strategy) }}
          MATRIX: ${{ toJSON(matrix) }}
          NONE: ${{ matrix.os.name }}
          SECRETS: ${{ join(secrets.*, ' ') }}
          NAMES: ${{ toJSON(secrets) }}
          ENV: ${{ toJSON(env) }}
        run: |
          for name in GITHUB JOB RUNNER STRATEGY MATRIX NONE NAMES ENV; do
            printf '%s=' "$name"; printenv "$name" | tr -d '\\n'; echo
          done
      - {name: make, id: make, run: 'echo made=it >>"$GITHUB_OUTPUT"'}
      - name: looked-up
        run: |
          echo "secret=$([ '${{ secrets.my_secret }}' = hush-hush ] && echo same)"
          echo "token=$([ '${{ secrets.GITHUB_TOKEN }}' = '${{ github.token }}' ] && echo same)"
          echo "var=${{ vars.my_var }}"
          echo "missing=[${{ vars.nothing }}]"
          echo "files=$([ '${{ github.output }} ${{ github.env }} ${{ github.path }} ${{ github.state }} ${{ github.step_summary }}' = "$GITHUB_OUTPUT $GITHUB_ENV $GITHUB_PATH $GITHUB_STATE $GITHUB_STEP_SUMMARY" ] && echo same)"
          echo "path=[${{ env.PATH }}]"
      - {name: event, run: 'cat "$GITHUB_EVENT_PATH"'}
      - {name: with-token, env: {GITHUB_TOKEN: '${{ github.token }}'}, run: 'echo "there=${GITHUB_TOKEN:+yes}"'}
      - {name: one, run: 'echo "${{ github.action }} $GITHUB_ACTION"'}
      - {name: two, id: build, run: 'echo "${{ github.action }} $GITHUB_ACTION"'}
      - {name: checkout, uses: actions/checkout@v4}
      - {name: self, uses: ./.github/actions/made}
      - {name: made-1, uses: octo/made@v1}
      - {name: made-2, uses: octo/made@v1}
      - {name: red, run: exit 1, continue-on-error: true}
      - {name: status, run: 'echo "status=${{ job.status }}"'}
  second:
    needs: first
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {os: [a, b]}}
    env: {CI: 'false', GITHUB_ACTIONS: 'no'}
    steps:
      - name: contexts
        env: {NEEDS: '${{ toJSON(needs) }}', STRATEGY: '${{ toJSON(strategy) }}', MATRIX: '${{ toJSON(matrix) }}'}
        run: |
          for name in NEEDS STRATEGY MATRIX; do printf '%s=' "$name"; printenv "$name" | tr -d '\\n'; echo; done
          echo "ci=$CI"
          echo "actions=$GITHUB_ACTIONS"
  third:
    needs: second
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    steps:
      - name: contexts
        env: {NEEDS: '${{ toJSON(needs) }}', JOB: '${{ toJSON(job) }}'}
        run: |
          for name in NEEDS JOB; do printf '%s=' "$name"; printenv "$name" | tr -d '\\n'; echo; done
          echo "ci=$CI"
          env | grep '^RUNNER_' | cut -d= -f1 | sort | tr '\\n' ' '
"""
DISPATCH = """
on:
  workflow_dispatch:
    inputs:
      flag: {type: boolean, default: false}
      count: {type: number, default: 2}
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - name: inputs
        env: {INPUTS: '${{ toJSON(inputs) }}', EVENT: '${{ toJSON(github.event.inputs) }}'}
        run: |
          for name in INPUTS EVENT; do printf '%s=' "$name"; printenv "$name" | tr -d '\\n'; echo; done
          echo "equal=${{ inputs.flag == true }}"
          echo "text=${{ github.event.inputs.flag == 'true' }}"
          echo "not=${{ github.event.inputs.flag == true }}"
          echo "debug=$RUNNER_DEBUG"
"""
CALLER = """
name: Caller
on: push
jobs:
  outer: {uses: ./.github/workflows/called.yml}
"""
CALLED = """
name: Called
on: workflow_call
jobs:
  inner:
    runs-on: ubuntu-latest
    steps:
      - name: told
        run: |
          echo "workflow=${{ github.workflow }}"
          echo "ref=${{ github.workflow_ref }}"
          echo "file=${{ job.workflow_file_path }}"
          echo "job-ref=${{ job.workflow_ref }}"
          echo "repository=${{ job.workflow_repository }}"
"""
EXPORTED = [
    "ACTION",
    "ACTIONS",
    "ACTION_REF",
    "ACTION_REPOSITORY",
    "ACTOR",
    "ACTOR_ID",
    "API_URL",
    "BASE_REF",
    "ENV",
    "EVENT_NAME",
    "EVENT_PATH",
    "GRAPHQL_URL",
    "HEAD_REF",
    "JOB",
    "OUTPUT",
    "PATH",
    "REF",
    "REF_NAME",
    "REF_PROTECTED",
    "REF_TYPE",
    "REPOSITORY",
    "REPOSITORY_ID",
    "REPOSITORY_OWNER",
    "REPOSITORY_OWNER_ID",
    "RETENTION_DAYS",
    "RUN_ATTEMPT",
    "RUN_ID",
    "RUN_NUMBER",
    "SERVER_URL",
    "SHA",
    "STATE",
    "STEP_SUMMARY",
    "TRIGGERING_ACTOR",
    "WORKFLOW",
    "WORKFLOW_REF",
    "WORKFLOW_SHA",
    "WORKSPACE",
]
BY_A_FLAG = {"GITHUB_ARTIFACTS", "GITHUB_ARTIFACTS_LIST"}
RUNNER = {
    f"RUNNER_{name}" for name in ("ARCH", "ENVIRONMENT", "NAME", "OS", "TEMP", "TOOL_CACHE", "WORKSPACE")
}


@pytest.fixture(scope="module")
def ran(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    server = Server(tmp_path_factory.mktemp("github") / "server")
    server.publish("octo/made", ACTION)
    arguments = ("-s", "MY_SECRET=hush-hush", "--var", "My_Var=known")
    return conform(WORKFLOW, *arguments, files=FILES, env=server.env)


@pytest.fixture(scope="module")
def dispatched(conform: Conform) -> Outcome:
    arguments = ("workflow_dispatch", "--input", "flag=true", "--var", "ACTIONS_STEP_DEBUG=true")
    return conform(DISPATCH, *arguments)


@pytest.fixture(scope="module")
def broken(conform: Conform) -> Outcome:
    steps = "[{run: exit 1}, {name: status, if: always(), run: 'echo \"status=${{ job.status }}\"'}]"
    return conform(f"on: push\njobs: {{job: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n", expect=1)


def found(outcome: Outcome, name: str, job: str) -> dict[str, Any]:
    """The JSON values that a step has written."""
    values = outcome.values(name, job)
    return {key: json.loads(value) for key, value in values.items() if value[:1] in ("{", "n", '"')}


@pytest.mark.rule("contexts/github-variables")
def test_github_variables(ran: Outcome) -> None:
    values = ran.values("env", "first")
    names = {name for name in values if name.startswith("GITHUB_")} - BY_A_FLAG
    assert names == {f"GITHUB_{name}" for name in EXPORTED}
    assert (values["GITHUB_ACTION_REF"], values["GITHUB_ACTION_REPOSITORY"]) == ("", "")
    assert values["GITHUB_REF_PROTECTED"] == "false"


@pytest.mark.rule("contexts/github-context")
def test_github_context(ran: Outcome) -> None:
    github = found(ran, "contexts", "first")["GITHUB"]
    values = ran.values("env", "first")
    assert (github["workflow"], github["job"], github["event_name"]) == ("Contexts", "first", "push")
    for name in ("run_id", "run_number", "run_attempt", "retention_days", "actor_id", "repository_id", "sha"):
        assert isinstance(github[name], str)
        assert values[f"GITHUB_{name.upper()}"] == github[name]
    assert github["ref_protected"] is False
    assert github["token"] == "***"
    assert github["secret_source"] == "Actions"
    assert github["repositoryUrl"].startswith("git://github.com/")
    assert "action_path" not in github


@pytest.mark.rule("contexts/github-files")
def test_github_files(ran: Outcome) -> None:
    assert ran.values("looked-up", "first")["files"] == "same"


@pytest.mark.rule("contexts/event-file")
def test_event_file(ran: Outcome) -> None:
    assert (
        json.loads("\n".join(ran.lines("event", "first")))
        == found(ran, "contexts", "first")["GITHUB"]["event"]
    )


@pytest.mark.rule("contexts/push-payload")
def test_push_payload(ran: Outcome) -> None:
    event = found(ran, "contexts", "first")["GITHUB"]["event"]
    (commit,) = event["commits"]
    assert commit == event["head_commit"]
    assert commit["id"] == event["after"]
    assert not {"added", "removed", "modified"} & set(commit)


@pytest.mark.rule("contexts/runner-variables")
def test_runner_variables(ran: Outcome) -> None:
    values = ran.values("env", "first")
    assert {name for name in values if name.startswith("RUNNER_")} == RUNNER | {"RUNNER_TRACKING_ID"}
    runner = found(ran, "contexts", "first")["RUNNER"]
    assert {f"RUNNER_{name.upper()}": value for name, value in runner.items()} == {
        n: values[n] for n in RUNNER
    }
    assert ran.lines("contexts", "third")[-1].split() == sorted(RUNNER)


@pytest.mark.rule("contexts/ci")
def test_ci(ran: Outcome) -> None:
    first = ran.values("env", "first")
    assert (first["CI"], first["GITHUB_ACTIONS"]) == ("true", "true")
    second = ran.values("contexts", "second (a)")
    assert (second["ci"], second["actions"]) == ("false", "true")
    assert ran.values("contexts", "third")["ci"] == "true"


@pytest.mark.rule("contexts/no-token")
def test_no_token(ran: Outcome, dispatched: Outcome) -> None:
    values = ran.values("env", "first")
    assert "GITHUB_TOKEN" not in values
    assert "RUNNER_DEBUG" not in values
    assert ran.values("with-token", "first")["there"] == "yes"
    assert dispatched.values("inputs")["debug"] == "1"


@pytest.mark.rule("contexts/action-names")
def test_action_names(ran: Outcome) -> None:
    assert ran.values("env", "first")["GITHUB_ACTION"] == "__run"
    assert ran.lines("one", "first") == ["__run_6 __run_6"]
    assert ran.lines("two", "first") == ["build build"]
    assert ran.values("self", "first")["action"] == "__self"
    assert ran.values("made-1", "first")["action"] == "__octo_made"
    assert ran.values("made-2", "first")["action"] == "__octo_made_2"


@pytest.mark.rule("contexts/job-context")
def test_job_context(ran: Outcome) -> None:
    values = ran.values("env", "first")
    job = found(ran, "contexts", "first")["JOB"]
    check = job.pop("check_run_id")
    assert isinstance(check, int)
    assert job == {
        "status": "success",
        "workflow_ref": values["GITHUB_WORKFLOW_REF"],
        "workflow_sha": values["GITHUB_SHA"],
        "workflow_repository": values["GITHUB_REPOSITORY"],
        "workflow_file_path": ".github/workflows/x.yml",
    }
    third = found(ran, "contexts", "third")["JOB"]
    assert set(third["container"]) == {"id", "network"}
    assert third["check_run_id"] != check


@pytest.mark.rule("contexts/job-context-called")
def test_job_context_of_a_called_workflow(conform: Conform) -> None:
    called = conform(CALLER, files={".github/workflows/called.yml": CALLED})
    values = called.values("told", "outer / inner")
    assert values["workflow"] == "Caller"
    assert "/.github/workflows/x.yml@refs/heads/main" in values["ref"]
    assert values["file"] == ".github/workflows/called.yml"
    assert values["job-ref"] == values["ref"].replace("/x.yml@", "/called.yml@")
    assert values["ref"].startswith(values["repository"] + "/")


@pytest.mark.rule("contexts/job-status")
def test_job_status(ran: Outcome, broken: Outcome) -> None:
    assert ran.values("status", "first")["status"] == "success"
    assert broken.values("status")["status"] == "failure"


@pytest.mark.rule("contexts/strategy-context")
def test_strategy_context(ran: Outcome) -> None:
    alone = {"fail-fast": True, "job-index": 0, "job-total": 1, "max-parallel": 1}
    assert found(ran, "contexts", "first")["STRATEGY"] == alone
    second = {"fail-fast": False, "job-index": 1, "job-total": 2, "max-parallel": 2}
    assert found(ran, "contexts", "second (b)")["STRATEGY"] == second


@pytest.mark.rule("contexts/matrix-context")
def test_matrix_context(ran: Outcome) -> None:
    assert ran.values("contexts", "first")["MATRIX"] == "null"
    assert ran.values("contexts", "first")["NONE"] == ""
    assert found(ran, "contexts", "second (a)")["MATRIX"] == {"os": "a"}


@pytest.mark.rule("contexts/secrets-context")
def test_secrets_context(ran: Outcome) -> None:
    assert found(ran, "contexts", "first")["NAMES"] == {"github_token": "***", "MY_SECRET": "***"}
    values = ran.values("looked-up", "first")
    assert (values["secret"], values["token"]) == ("same", "same")


@pytest.mark.rule("contexts/vars-context")
def test_vars_context(ran: Outcome) -> None:
    values = ran.values("looked-up", "first")
    assert (values["var"], values["missing"]) == ("known", "[]")


@pytest.mark.rule("contexts/needs-context")
def test_needs_context(ran: Outcome) -> None:
    needed = {"first": {"result": "success", "outputs": {"made": "it"}}}
    assert found(ran, "contexts", "second (a)")["NEEDS"] == needed
    assert found(ran, "contexts", "third")["NEEDS"] == {"second": {"result": "success", "outputs": {}}}


@pytest.mark.rule("contexts/inputs-context")
def test_inputs_context(dispatched: Outcome) -> None:
    values = found(dispatched, "inputs", "job")
    assert values["INPUTS"] == {"flag": True, "count": 2}
    assert values["EVENT"] == {"flag": "true", "count": "2"}
    told = dispatched.values("inputs")
    assert (told["equal"], told["text"], told["not"]) == ("true", "true", "false")


@pytest.mark.rule("contexts/env-is-not-os")
def test_env_context(ran: Outcome) -> None:
    env = found(ran, "contexts", "first")["ENV"]
    assert env == {"OWN": "workflow"}
    assert ran.values("looked-up", "first")["path"] == "[]"
