"""The runner context (DOC: contexts reference, runner; R: Runner.Worker/JobRunner.cs)."""

from __future__ import annotations

import os
from collections.abc import Mapping

_ARCHITECTURES = {
    "x86_64": "X64",
    "x64": "X64",
    "amd64": "X64",
    "aarch64": "ARM64",
    "arm64": "ARM64",
    "armv7l": "ARM",
    "armv6l": "ARM",
    "i386": "X86",
    "i686": "X86",
}


def architecture(machine: str = "") -> str:
    """A machine's architecture in the runner's words: X64, X86, ARM64 or ARM; this machine's without a name.
    One that no runner exists for is given as it is, in capitals."""
    machine = (machine or os.uname().machine).lower()
    return _ARCHITECTURES.get(machine, machine.upper())


def runner_context(
    *,
    temp: str,
    tool_cache: str,
    workspace: str,
    name: str = "actlite",
    arch: str = "",
    environment: str = "github-hosted",
    debug: bool = False,
) -> dict[str, str]:
    """The runner context of a job. ``debug`` is there only when step debugging is on, as on GitHub."""
    context = {
        "os": "Linux",
        "arch": arch or architecture(),
        "name": name,
        "environment": environment,
        "tool_cache": tool_cache,
        "temp": temp,
        "workspace": workspace,
    }
    if debug:
        context["debug"] = "1"
    return context


STEP_DEBUG = "ACTIONS_STEP_DEBUG"
"""The secret or variable that turns step debugging on."""


def step_debug(secrets: Mapping[str, str], variables: Mapping[str, str]) -> bool:
    """Whether debug lines are shown: as on GitHub, a secret or a variable says so, and the secret counts first
    (R: Variables.Step_Debug)."""
    for values in (secrets, variables):
        for name, value in values.items():
            if name.upper() == STEP_DEBUG:
                return value.strip().lower() == "true"
    return False
