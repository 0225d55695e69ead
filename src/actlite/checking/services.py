"""Steps that need a service of GitHub's which is not there on this machine."""

from __future__ import annotations

from collections.abc import Collection

from actlite.actions.known import known_plugin
from actlite.checking.checkout_inputs import left_out
from actlite.diagnostics import Diagnostic, Severity
from actlite.planning.plan import JobPlan, Plan
from actlite.workflow.model import UsesStep
from actlite.workflow.permissions import read_permissions

NEEDS_SERVICE = frozenset(
    {
        "actions/attest-build-provenance",
        "actions/create-release",
        "actions/deploy-pages",
        "actions/download-artifact",
        "actions/upload-artifact",
        "actions/upload-pages-artifact",
        "actions/upload-release-asset",
        "ncipollo/release-action",
        "pypa/gh-action-pypi-publish",
        "softprops/action-gh-release",
        "svenstaro/upload-release-action",
    }
)
"""Actions that publish, or need a service of GitHub's. They are never run against the real one."""
WITHOUT_CACHE = frozenset(
    {"actions/cache", "actions/cache/restore", "actions/cache/save", "swatinem/rust-cache"}
)
"""Actions that go on without their service, with a warning of their own."""


def action_name(uses: str) -> str:
    """``owner/repo[/path]`` of a reference, in lower case."""
    return uses.partition("@")[0].lower()


def needs_service(uses: str) -> bool:
    """Whether a step's action can't do its work here, because it needs a service that actlite does not have yet. What
    the runner did by itself in 2019 (artifacts v1) needs none."""
    if action_name(uses) not in NEEDS_SERVICE:
        return False
    owner, _, rest = uses.partition("/")
    repo, _, ref = rest.partition("@")
    return known_plugin(owner, repo, ref) is None


def service_findings(plan: Plan, replaced: Collection[str] = ()) -> tuple[Diagnostic, ...]:
    """Warnings about such steps, and notes on what a checkout leaves out, before anything runs. ``replaced``: references given with ``--action``, with or
    without ``@ref``."""
    found: list[Diagnostic] = []
    own = {name.lower() for name in replaced}
    for part, job in plan.every_job():
        if _asks_for_id_token(part, job):
            found.append(
                Diagnostic(
                    "no-service",
                    Severity.WARNING,
                    f"job '{job.id}' gets no OpenID Connect token here, which its 'id-token: write' asks for",
                    job.job.span,
                )
            )
        for step in job.job.steps:
            if not isinstance(step, UsesStep):
                continue
            if {step.uses.text.lower(), action_name(step.uses.text)} & own:
                continue
            if needs_service(step.uses.text):
                message = f"{step.uses.text} will fail here: it needs a service of GitHub's that actlite does not have yet"
                help_ = "Nothing is published. --action gives a replacement; -j runs only the jobs named."
            elif action_name(step.uses.text) in WITHOUT_CACHE:
                message, help_ = f"{step.uses.text} finds no cache here and goes on without one", ""
            else:
                if action_name(step.uses.text) == "actions/checkout":
                    found += left_out(step)
                continue
            found.append(Diagnostic("no-service", Severity.WARNING, message, step.uses.span, help=help_))
    return tuple(found)


def _asks_for_id_token(plan: Plan, job: JobPlan) -> bool:
    """Whether a job with steps of its own says that its token may ask for another, of OpenID Connect."""
    if job.job.uses is not None:
        return False
    said = job.permissions
    if said is None:
        own = job.job.permissions
        said = read_permissions(own if own is not None else plan.workflow.permissions)
    return said is not None and said.get("id-token") == "write"
