"""The environment of a step's process (R: ActionRunner.cs, StepsRunner.cs, Handlers/*; reference: the order
in which the runner lays one source over the other)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actlite.execution.scope import GITHUB_EXPORTED, runner_context
from actlite.execution.state import JobState
from actlite.expressions.values import to_string


def process_env(
    state: JobState,
    github: Mapping[str, Any],
    env: Mapping[str, str],
    files: Mapping[str, str],
    *,
    states: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that a step's process gets, in the runner's own paths (the engine's side is translated
    later). ``env`` is the env context; ``files`` are the GITHUB_ENV, GITHUB_OUTPUT… of this step, already
    as the sandbox names them. What the contexts set wins over what the workflow says."""
    result = dict(env)
    result.update({f"STATE_{k}": v for k, v in (states or {}).items()})
    result.update({input_name(k): v for k, v in (inputs or {}).items()})
    result.update(context_env(state, github))
    result.update(files)
    result["GITHUB_ACTIONS"] = "true"
    if "CI" not in result:
        result["CI"] = state.ci
    return _as_given(result)


def _as_given(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables as the system hands ``NAME=value`` over: a name ends at its first equals sign, and one that
    a NUL cuts is none."""
    given: dict[str, str] = {}
    for name, value in variables.items():
        known, sign, text = as_c_string(f"{name}={value}").partition("=")
        if known and sign:
            given[known] = text
    return given


def as_c_string(value: str) -> str:
    """A text as a process can be given it: up to the first NUL, as .NET hands it to the system, and without halves
    of characters, both of which JSON and env files can hold."""
    if "\0" in value:
        value = value.partition("\0")[0]
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def context_env(state: JobState, github: Mapping[str, Any]) -> dict[str, str]:
    """GITHUB_* and RUNNER_* (R: GitHubContext.cs, RunnerContext.cs)."""
    result = {f"RUNNER_{k.upper()}": to_string(v) for k, v in runner_context(state).items()}
    for name in GITHUB_EXPORTED:
        value = github.get(name)
        if value is not None:
            result[f"GITHUB_{name.upper()}"] = to_string(value)
    return result


def input_name(name: str) -> str:
    """``INPUT_`` and the name in upper case, spaces as underscores (R: Handlers/Handler.cs AddInputsToEnvironment)."""
    return "INPUT_" + name.replace(" ", "_").upper()
