"""The contexts and functions of ``actlite eval``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.cli.workflow_files import root_of
from actlite.contexts.github import workflow_fields
from actlite.contexts.repository import Repository
from actlite.contexts.runner import runner_context
from actlite.errors import UsageError
from actlite.execution.layout import RUNNER_TOOLS, RUNNER_WORK
from actlite.expressions.template import Scope
from actlite.expressions.values import CaseSensitiveDict
from actlite.planning.trigger import make_trigger
from actlite.records import field, frozen
from actlite.workflow.nearest import did_you_mean

CONTEXTS = (
    "github", "inputs", "vars", "secrets", "env", "job", "runner", "steps", "needs", "strategy", "matrix", "jobs",
)  # fmt: skip
"""All contexts that GitHub has (docs: contexts reference)."""
UNKNOWN_HERE = frozenset(("secrets", "env", "steps", "needs", "matrix", "jobs"))
"""Those of which only a run, or the command line, can say what is in them."""


@frozen
class Given:
    """What the command line says."""

    event: str = ""
    directory: Path = Path()
    tag: str | None = None
    branch: str | None = None
    ref: str | None = None
    event_file: Path | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Any] = field(default_factory=dict)
    status: str = "success"


def make_scope(given: Given) -> tuple[Scope, frozenset[str]]:
    """The scope, and the names of the contexts that are empty as nothing is known of them.

    Raises UsageError: for a context that GitHub does not have, and as ``make_trigger`` does.
    """
    for name in given.contexts:
        if name not in CONTEXTS:
            raise UsageError(
                f"--context: there is no context '{name}'.",
                why=f"The contexts are {', '.join(CONTEXTS)}.",
                do=did_you_mean(name, CONTEXTS).capitalize(),
            )
    root = root_of(given.directory)
    repository = Repository.discover(given.directory)
    trigger = make_trigger(
        given.event or ("workflow_dispatch" if given.inputs else "push"),
        repository,
        tag=given.tag,
        branch=given.branch,
        ref=given.ref,
        event_file=given.event_file,
        inputs=given.inputs,
        folder=root,
    )
    name = str(trigger.github.get("repository", "/")).partition("/")[2]
    workspace = f"{RUNNER_WORK}/{name}/{name}"
    contexts: dict[str, Any] = {
        "github": {
            **trigger.github,
            **workflow_fields(trigger.github, name="", path=".github/workflows/unknown.yml"),
            "job": "",
            "run_id": "1",
            "run_number": "1",
            "run_attempt": "1",
            "workspace": workspace,
            "token": "",
            "action": "",
        },
        "inputs": dict(trigger.inputs),
        "vars": dict(given.variables),
        "secrets": {},
        "env": CaseSensitiveDict(),
        "job": {"status": given.status},
        "runner": runner_context(
            temp=f"{RUNNER_WORK}/_temp",
            tool_cache=RUNNER_TOOLS,
            workspace=f"{RUNNER_WORK}/{name}",
        ),
        "steps": {},
        "needs": {},
        "strategy": {"fail-fast": True, "job-index": 0.0, "job-total": 1.0, "max-parallel": 1.0},
        "matrix": dict(given.matrix) or None,
        "jobs": {},
    }
    for key, value in given.contexts.items():
        contexts[key] = _laid_over(contexts[key], value)
    status = given.status
    known = {*given.contexts, *(["matrix"] if given.matrix else [])}
    functions: dict[str, Any] = {
        "success": lambda _: status == "success",
        "failure": lambda _: status == "failure",
        "cancelled": lambda _: status == "cancelled",
        "always": lambda _: True,
        "hashFiles": lambda arguments: _hash_files(root, workspace, arguments),
    }
    return Scope(contexts, functions), UNKNOWN_HERE - known


def _laid_over(known: Any, given: Any) -> Any:
    """A context with what the command line says of it; ``env`` stays one whose keys are told apart by case."""
    if not isinstance(known, dict) or not isinstance(given, dict):
        return given
    return type(known)({**known, **given})


def _hash_files(root: Path, workspace: str, arguments: Any) -> str:
    from actlite.execution.hashing import hash_files_function

    return hash_files_function(root, arguments, named=workspace)
