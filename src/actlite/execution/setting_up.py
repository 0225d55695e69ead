"""The log of ``Set up job``, up to the download of actions (R: JobExtension.InitializeJob)."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from actlite.execution import runner_log
from actlite.execution.opening import Opening
from actlite.execution.scope import job_identity
from actlite.expressions.values import to_string
from actlite.workflow.permissions import token_lines


def head(opening: Opening, lines: Sequence[str]) -> str:
    """What is known of the job before its actions are looked at. ``lines`` are about its services."""
    state, runner = opening.state, opening.services.runner
    text = runner_log.version(runner.release)
    text += runner_log.group("Operating System", system())
    text += runner_log.group("Runner Image", [f"Image: {opening.platform}"])
    if runner_log.has(runner.release, runner_log.PERMISSIONS_SINCE):
        text += runner_log.group("GITHUB_TOKEN Permissions", token_lines(state.job.permissions))
    if runner_log.has(runner.release, runner_log.SECRET_SOURCE_SINCE):
        text += runner_log.secret_source(str(state.github.get("secret_source", "")))
    services = "".join(f"{line}\n" for line in lines)
    return text + runner_log.PREPARE_DIRECTORY + services + runner_log.PREPARE_ACTIONS


def foot(opening: Opening) -> str:
    """What is said when all actions are there: which called workflow the job is of, and its whole name."""
    state, release = opening.state, opening.services.runner.release
    if not runner_log.has(release, runner_log.JOB_NAME_SINCE):
        return ""
    called = ""
    if state.job.callers:
        job = job_identity(state)
        called = runner_log.called_workflow(
            f"{job['workflow_repository']}/{job['workflow_file_path']}",
            str(job["workflow_ref"]).rpartition("@")[2],
            str(job["workflow_sha"]),
            {name: to_string(value) for name, value in state.plan.trigger.inputs.items()},
        )
    return called + runner_log.job_name(state.leg.name)


def system() -> list[str]:
    """This machine's system, as GitHub's machines name theirs: name, version, whether it is kept for long."""
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return [platform.system(), platform.release()]
    words = [facts.get("NAME", ""), facts.get("VERSION_ID", "")]
    if "LTS" in facts.get("VERSION", ""):
        words.append("LTS")
    return [word for word in words if word]
