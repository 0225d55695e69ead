"""``actlite plan``: what an event would run, and why the rest would not. Starts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from actlite.cli.common import FORMAT, pairs, selection_options, take_selection
from actlite.cli.options import Selection
from actlite.cli.settings import load
from actlite.cli.summary import place
from actlite.cli.text import columns, paint, write, write_json
from actlite.cli.workflow_files import root_of
from actlite.diagnostics import Diagnostic, Severity, printable
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar, Sequence
from actlite.errors import NothingSelected
from actlite.planning.plan import JobPlan, Plan

_SECRET = re.compile(r"\bsecrets\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)")


@click.command("plan")
@selection_options
@click.option("--committed", is_flag=True, help="Without the changed files of the working tree.")
@click.option(
    "--var", "variables", metavar="NAME=VALUE", multiple=True, help="A variable of the vars context."
)
@click.option(
    "-P",
    "--platform",
    "platforms",
    metavar="LABEL=IMAGE",
    multiple=True,
    help="The image for a runner label.",
)
@FORMAT
def command(
    format_: str, committed: bool, variables: tuple[str, ...], platforms: tuple[str, ...], **values: Any
) -> int:
    """Show what an event would run (push of the current branch by default), and why the rest would not.

    Exit code 5 where it runs nothing.
    """
    selection = take_selection(values)
    return show_plan(
        selection,
        format_,
        committed=committed,
        variables=pairs(variables, "--var", "NAME=VALUE"),
        platforms=pairs(platforms, "-P", "LABEL=IMAGE"),
    )


def show_plan(
    selection: Selection,
    format_: str,
    *,
    committed: bool = False,
    variables: Mapping[str, str] | None = None,
    platforms: Mapping[str, str] | None = None,
) -> int:
    """Write the plan. Raises UsageError, and NothingSelected after the answer was written."""
    from actlite.checking.runners import unrunnable
    from actlite.cli.select_workflows import describe_trigger, select_workflows

    selected = select_workflows(selection, variables=variables, committed=committed, strict=False)
    known = {**load(root_of(selection.directory)).platforms, **(platforms or {})}
    absent = [
        absent.finding for plan in selected.plans for absent in unrunnable(plan, known, variables or {})
    ]
    if format_ == "json":
        github = selected.trigger.github
        write_json(
            {
                "schema": 1,
                "event": selected.trigger.event,
                "ref": github.get("ref", ""),
                "sha": github.get("sha", ""),
                "source": selected.source,
                "notes": list(selected.trigger.notes),
                "workflows": [_plan_data(plan) for plan in selected.plans],
                "not_selected": [{"path": n.workflow.path, "reason": n.reason} for n in selected.skipped],
                "cannot_run_here": [finding.message for finding in absent],
                "invalid": [{"path": file.name, "errors": len(file.errors)} for file in selected.invalid],
            }
        )
    else:
        lines = [f"{describe_trigger(selected.trigger)} ({selected.source})"]
        for plan in selected.plans:
            lines += _plan_lines(plan)
        lines += [
            f"{paint('–', 'dim')} {printable(n.workflow.path)}  no: {printable(n.reason)}"
            for n in selected.skipped
        ]
        for file in selected.invalid:
            count = len(file.errors)
            lines.append(
                f"{paint('✗', 'red')} {printable(file.name)}  {count} error{'s' * (count != 1)}: actlite check"
            )
        lines += [f"{paint('✗', 'red')} {printable(finding.message)}" for finding in absent]
        lines += [f"note: {printable(note)}" for note in selected.trigger.notes]
        write(lines)
    if not selected.plans:
        raise NothingSelected(selected.why_nothing.split("\n", 1)[0], do=_commands(selected.why_nothing))
    return 0


def _commands(why: str) -> str:
    _, mark, commands = why.partition("These would run something:")
    return mark + commands


def _plan_lines(plan: Plan) -> list[str]:
    lines = [f"{paint('●', 'green')} {paint(printable(plan.workflow.path), 'bold')}"]
    rows = [(printable(job.job.id), legs_text(job), _shape(job), _more(job)) for job in plan.jobs]
    lines += columns(rows, indent=4)
    for job in plan.jobs:
        lines += [f"    {_problem(p)}" for p in job.problems]
    lines += [f"    {_problem(w)}" for w in plan.warnings]
    secrets = sorted({name for job in plan.jobs for name in secrets_of(job)})
    if secrets:
        lines.append(f"    needs secret{'s' * (len(secrets) != 1)}: {', '.join(secrets)}")
    return lines


def legs_text(job: JobPlan) -> str:
    """The number of legs and the matrix keys with their values: ``×4 os=linux,musl``."""
    if job.legs is None:
        return "matrix known later"
    if not job.legs:
        return "no legs"
    if len(job.legs) == 1 and not job.legs[0].matrix:
        return ""
    values: dict[str, dict[str, None]] = {}
    for leg in job.legs:
        for key, value in leg.matrix.items():
            values.setdefault(key, {})[_short(value)] = None
    crossed = " × ".join(f"{key}={','.join(known)}" for key, known in values.items())
    text = f"×{len(job.legs)} {crossed}"
    return printable(text if len(text) <= 60 else f"{text[:59]}…")


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "…"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _shape(job: JobPlan) -> str:
    parts = [f"needs {', '.join(printable(n) for n in job.needs)}"] if job.needs else []
    if job.job.uses is not None:
        parts.append("reusable workflow")
    else:
        count = len(job.job.steps)
        parts.append(f"{count} step{'s' * (count != 1)}")
    return " · ".join(parts)


def _more(job: JobPlan) -> str:
    parts = [printable(place(job.job))]
    environment = job.job.environment
    if isinstance(environment, MappingNode):
        environment = environment.get("name")
    if isinstance(environment, Scalar) and environment.text:
        parts.append(f"environment: {printable(environment.text)}")
    writes = _writes(job.job.permissions)
    if writes:
        parts.append(f"writes {', '.join(writes)}")
    return " · ".join(part for part in parts if part)


def _writes(permissions: Node | None) -> list[str]:
    if isinstance(permissions, Scalar):
        return ["everything"] if permissions.text == "write-all" else []
    if isinstance(permissions, MappingNode):
        return [printable(k.text) for k, v in permissions if isinstance(v, Scalar) and v.text == "write"]
    return []


def secrets_of(job: JobPlan) -> set[str]:
    """The secrets that a job's text names, but for the token that GitHub gives."""
    found: set[str] = set()
    parts: list[Node | None] = [
        job.job.env,
        job.job.container,
        job.job.services,
        job.job.with_,
        job.job.secrets,
    ]
    for step in job.job.steps:
        parts += [step.env, step.if_, getattr(step, "run", None), getattr(step, "with_", None)]
    for part in parts:
        found.update(name for text in _texts(part) if "${{" in text for name in _SECRET.findall(text))
    return found - {"GITHUB_TOKEN"}


def _texts(node: Node | None) -> list[str]:
    if isinstance(node, Scalar):
        return [node.text]
    if isinstance(node, MappingNode):
        return [text for _, value in node for text in _texts(value)]
    if isinstance(node, Sequence):
        return [text for item in node for text in _texts(item)]
    return []


def _problem(finding: Diagnostic) -> str:
    style = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}[finding.severity]
    where = f" ({finding.span})" if finding.span is not None else ""
    return f"{paint(finding.severity.value, style)}: {printable(finding.message)}{where}"


def _plan_data(plan: Plan) -> dict[str, Any]:
    from actlite.cli.check import data

    return {
        "path": plan.workflow.path,
        "name": plan.workflow.name,
        "jobs": [
            {
                "id": job.job.id,
                "needs": list(job.needs),
                "where": place(job.job),
                "steps": len(job.job.steps),
                "legs": None
                if job.legs is None
                else [{"key": leg.key, "name": leg.name, "matrix": dict(leg.matrix)} for leg in job.legs],
                "secrets": sorted(secrets_of(job)),
                "problems": [data(problem) for problem in job.problems],
            }
            for job in plan.jobs
        ],
        "warnings": [data(warning) for warning in plan.warnings],
    }
