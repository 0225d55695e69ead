"""From a workflow and a trigger to a plan: which jobs run, with which legs, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actlite.contexts.github import workflow_fields
from actlite.diagnostics import Diagnostic, Severity
from actlite.errors import InvalidWorkflow, UsageError
from actlite.expressions.values import to_string
from actlite.planning.called_inputs import Given
from actlite.planning.calls import Level, perhaps
from actlite.planning.graph import chosen, in_order
from actlite.planning.inputs import resolve_inputs
from actlite.planning.matrix import expand, names_needs
from actlite.planning.plan import JobPlan, Leg, NotSelected, Plan, Trigger
from actlite.planning.triggers import action_of, selects
from actlite.records import replace
from actlite.workflow.call_findings import problems_of
from actlite.workflow.calls import Call, Calls, Library, inherited_permissions
from actlite.workflow.model import Job, Workflow
from actlite.workflow.nearest import nearest
from actlite.workflow.permissions import read_permissions
from actlite.workflow.unsupported import of_job

_VARIABLE = re.compile(r"\bvars\s*\.\s*([A-Za-z_][\w-]*)")


def plan(
    workflow: Workflow,
    trigger: Trigger,
    *,
    vars: Mapping[str, str] | None = None,
    jobs: Sequence[str] = (),
    matrix_filter: Sequence[tuple[str, str]] = (),
    library: Library | None = None,
) -> Plan | NotSelected:
    """The plan of one workflow. ``jobs`` are the ids of the jobs that are wanted: they run with all that they
    need. ``matrix_filter`` keeps the legs whose matrix has these values, in jobs that have such keys. ``library``
    has the called workflows; without it nothing is known of them.

    A job whose matrix can't be built is ``broken``. Raises UsageError for unknown jobs, inputs and matrix values.
    """
    reason = selects(workflow, trigger)
    if reason is not None:
        return NotSelected(workflow, reason)
    trigger = _for_workflow(workflow, trigger)
    wanted = chosen(workflow.jobs, jobs) if jobs else workflow.jobs
    calls = library.calls(workflow) if library is not None else Calls(workflow, {}, ())
    permissions = inherited_permissions(workflow, read_permissions(workflow.permissions))
    empty = Plan(workflow, trigger, (), vars=dict(vars or {}), chosen=tuple(jobs))
    level = Level(empty, calls.calls, permissions)
    plans = [_job(job, level, problems_of(calls, job.id)) for job in in_order(wanted)]
    if matrix_filter:
        plans = _filtered(plans, matrix_filter)
    return replace(
        empty,
        jobs=tuple(plans),
        warnings=_unknown_changes(workflow, trigger),
        matrix_filter=tuple(matrix_filter),
        refused=bool(calls.faults),
    )


def _for_workflow(workflow: Workflow, trigger: Trigger) -> Trigger:
    """The trigger with what depends on the workflow: its name, its checked inputs, its schedule."""
    github = {
        **trigger.github,
        **workflow_fields(trigger.github, name=workflow.name, path=workflow.path),
    }
    event = github.get("event")
    event = dict(event) if isinstance(event, Mapping) else {}
    inputs: Mapping[str, Any] = trigger.inputs
    action = action_of(workflow, trigger)
    if action is not None:
        event["action"] = action
    if trigger.event == "workflow_dispatch":
        inputs, texts = resolve_inputs(workflow, trigger.inputs)
        event.update(inputs=texts or None, workflow=workflow.path)
    elif trigger.event == "schedule" and not event.get("schedule"):
        event["schedule"] = next((cron for item in workflow.on for cron in item.cron), "")
    return replace(trigger, inputs=inputs, github={**github, "event": event})


def _job(job: Job, level: Level, faults: tuple[Diagnostic, ...] = ()) -> JobPlan:
    problems = of_job(job) + faults
    made = JobPlan(
        job,
        None,
        job.needs,
        problems,
        callers=level.callers,
        permissions=level.permissions.get(job.id),
    )
    if depends_on_needs(job) or not level.is_known(made, job.strategy):
        return level.with_calls(made, _job)
    try:
        legs, fail_fast, max_parallel = expand(level.named(made), level.scope)
    except InvalidWorkflow as error:
        surely = job.if_ is None and not job.needs and not level.callers
        found = tuple(error.diagnostics) if surely else perhaps(error.diagnostics)
        help = _missing_variables(job, level)
        found = tuple(replace(problem, help=help) if help else problem for problem in found)
        return replace(made, problems=problems + found, broken=True)
    legs = tuple(level.inside(leg) for leg in legs)
    made = replace(made, legs=legs, fail_fast=fail_fast, max_parallel=max_parallel)
    return level.with_calls(made, _job)


def called_plan(caller: Plan, job: JobPlan, leg: Leg, call: Call, inputs: Mapping[str, Any]) -> Plan | None:
    """The plan of the workflow that a leg calls, in the run: with the inputs as they have turned out."""
    level = Level(caller, {}, {}, job.callers)
    made = level.called(job.job, call, leg, Given(inputs, {}), _job)
    return _only_in(made, caller.matrix_filter) if made is not None and caller.matrix_filter else made


def _missing_variables(job: Job, level: Level) -> str:
    """What to do where a strategy or name goes by variables that are not given; '' where it does not."""
    text = " ".join(node.span.text for node in (job.strategy, job.name) if node is not None)
    given = {name.casefold() for name in level.plan.vars}
    names = [name for name in dict.fromkeys(_VARIABLE.findall(text)) if name.casefold() not in given]
    if not names:
        return ""
    are = "is" if len(names) == 1 else "are"
    return f"{' and '.join(f'vars.{name}' for name in names)} {are} not given: --var {names[0]}=VALUE"


def depends_on_needs(job: Job) -> bool:
    """Whether the strategy can only be evaluated when the jobs that this one needs have run."""
    return bool(job.needs) and job.strategy is not None and names_needs(job.strategy)


def _filtered(plans: Sequence[JobPlan], wanted: Sequence[tuple[str, str]]) -> list[JobPlan]:
    values: dict[str, dict[str, None]] = {}
    every = [inner for job in plans for inner in (job, *_called_jobs(job))]
    for job in every:
        for leg in job.legs or ():
            for key, value in leg.matrix.items():
                values.setdefault(key.casefold(), {})[to_string(value)] = None
    later = any(job.legs is None for job in every)
    for key, value in wanted:
        known = values.get(key.casefold())
        if known is None and not later:
            guess = nearest(key, values)
            raise UsageError(
                f"no matrix has a key '{key}'",
                why=f"The keys are: {', '.join(values)}." if values else "The jobs have no matrix.",
                do=f"Did you mean '{guess}'?" if guess else "",
            )
        if known is not None and value not in known and not later:
            raise UsageError(
                f"no matrix has the value '{value}' for '{key}'", why=f"The values are: {', '.join(known)}."
            )
    return [_only(job, wanted) for job in plans]


def _only(job: JobPlan, wanted: Sequence[tuple[str, str]]) -> JobPlan:
    legs = None if job.legs is None else tuple(leg for leg in job.legs if leg_wanted(leg, wanted))
    calls = tuple(
        call if call.plan is None else replace(call, plan=_only_in(call.plan, wanted))
        for call in job.calls
        if call.leg is None or leg_wanted(call.leg, wanted)
    )
    return replace(job, legs=legs, calls=calls)


def _only_in(plan: Plan, wanted: Sequence[tuple[str, str]]) -> Plan:
    return replace(plan, jobs=tuple(_only(job, wanted) for job in plan.jobs))


def _called_jobs(job: JobPlan) -> Iterator[JobPlan]:
    """The jobs of the workflows that a job calls."""
    for call in job.calls:
        if call.plan is not None:
            yield from (inner for _, inner in call.plan.every_job())


def leg_wanted(leg: Leg, wanted: Sequence[tuple[str, str]]) -> bool:
    """Whether a leg has the given values for those of the keys that its matrix has."""
    matrix: dict[str, Any] = {key.casefold(): value for key, value in leg.matrix.items()}
    return all(
        key.casefold() not in matrix or to_string(matrix[key.casefold()]) == value for key, value in wanted
    )


def _unknown_changes(workflow: Workflow, trigger: Trigger) -> tuple[Diagnostic, ...]:
    """A note where a filter on paths could not be applied."""
    if trigger.changed is not None or trigger.github.get("ref_type") == "tag":
        return ()
    return tuple(
        Diagnostic(
            "paths-unknown",
            Severity.NOTE,
            "the changed files are not known: the filter on paths is taken as matching",
            event.span,
        )
        for event in workflow.on
        if event.name == trigger.event and (event.paths is not None or event.paths_ignore is not None)
    )
