"""The contexts and functions that a step's expressions see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actlite.contexts import runner
from actlite.contexts.github import job_fields
from actlite.contexts.runner import architecture
from actlite.execution.state import Frame, JobState
from actlite.expressions import Value
from actlite.expressions.template import Scope
from actlite.expressions.values import CaseSensitiveDict
from actlite.planning.plan import JobPlan, Leg
from actlite.workflow.model import Step

GITHUB_EXPORTED = [
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "actor",
    "actor_id",
    "api_url",
    "base_ref",
    "env",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "state",
    "step_summary",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
]
"""Fields of the github context that become GITHUB_* (R: GitHubContext.cs)."""


def runner_context(state: JobState) -> dict[str, str]:
    """The runner context of a job."""
    layout = state.layout
    return runner.runner_context(
        temp=f"{layout.runner_work}/_temp",
        tool_cache=layout.runner_tools,
        workspace=f"{layout.runner_work}/{layout.repository}",
        arch=architecture("" if state.on_host else state.arch),
        debug=state.services.settings.debug,
    )


def job_identity(state: JobState) -> dict[str, Any]:
    """The fields of the job context that say which job of which file it is."""
    plan, github = state.plan, state.github
    repository, sha, ref = str(github["repository"]), str(github["sha"]), str(github["ref"])
    path = plan.workflow.path
    if not plan.origin.is_here:
        repository, sha, ref = plan.origin.repository, plan.origin.sha, plan.ref or plan.origin.sha
        path = path.removeprefix(f"{repository}/").rpartition("@")[0] or path
    return job_fields(path, repository, ref, sha, run=str(github["run_id"]), leg=state.leg.key)


def contexts(
    state: JobState, frame: Frame, env: Mapping[str, str], step: Step | None = None
) -> dict[str, Any]:
    """All contexts at one step. ``env`` is the env context."""
    github = {**state.github, **frame.github}
    if (
        step is not None and frame.depth == 0
    ):  # the steps of a composite action have the name of the job's step
        github["action"] = step.context_id
    if frame.status is not None:
        github["action_status"] = frame.status
    inputs = frame.inputs if frame.inputs is not None else state.plan.trigger.inputs
    found: dict[str, Any] = {
        "github": github,
        "env": CaseSensitiveDict(env),
        "runner": runner_context(state),
        "job": {"status": state.status, **job_identity(state), **state.job_context},
        "strategy": strategy_of(state.job, state.leg),
        "matrix": state.leg.matrix or None,
        "steps": frame.steps,
        "inputs": inputs,
    }
    if frame.inputs is None:
        found["needs"] = state.needs
        found["secrets"] = secrets(state)
        found["vars"] = state.services.settings.vars
    return found


def strategy_of(job: JobPlan, leg: Leg) -> dict[str, Any]:
    """The strategy context of a leg."""
    return {
        "fail-fast": job.fail_fast,
        "job-index": leg.index,
        "job-total": leg.total,
        "max-parallel": job.max_parallel or leg.total,
    }


def secrets(state: JobState) -> dict[str, str]:
    """The secrets context; the token is always there, by the name that the runner has for it (R: Variables.cs)."""
    others = {name: value for name, value in state.secrets.items() if name.upper() != "GITHUB_TOKEN"}
    return {"github_token": state.github["token"], **others}


def functions(
    state: JobState, frame: Frame, *, composite_main: bool
) -> dict[str, Callable[[Sequence[Value]], Value]]:
    """success(), failure(), cancelled(), always() and hashFiles() (R: Expressions/*Function.cs): in the main
    steps of a composite action, success and failure go by that action alone."""

    def status() -> str:
        return frame.status if composite_main and frame.status is not None else state.status

    return {
        "success": lambda _: status() == "success",
        "failure": lambda _: status() == "failure",
        "cancelled": lambda _: state.status == "cancelled",
        "always": lambda _: True,
        "hashFiles": lambda args: _hash_files(state, args),
    }


def _hash_files(state: JobState, arguments: Sequence[Value]) -> Value:
    from actlite.execution.hashing import hash_files_function

    return hash_files_function(state.layout.workspace, arguments, named=state.layout.runner_workspace)


def scope(
    state: JobState, frame: Frame, env: Mapping[str, str], step: Step | None = None, *, stage: str = "main"
) -> Scope:
    """The scope for a step's expressions."""
    return Scope(
        contexts(state, frame, env, step),
        functions(state, frame, composite_main=stage == "main" and frame.depth > 0),
    )
