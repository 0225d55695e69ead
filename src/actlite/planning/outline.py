"""A plan with all that is known of its jobs before the run: what they run on, in which images, which steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.expressions.values import to_string
from actlite.planning.conditions import YES, Condition, job_conditions, needs_context, step_conditions
from actlite.planning.known import leg_contexts, run_contexts, step_contexts
from actlite.planning.mentions import secrets_of
from actlite.planning.partial import has_unknown, known_text, node_value
from actlite.planning.plan import CallPlan, JobPlan, Leg, Plan
from actlite.records import frozen
from actlite.workflow import access
from actlite.workflow.model import ControlStep, Job, RunDefaults, RunStep, Step, UsesStep, Workflow
from actlite.workflow.permissions import read_permissions


@frozen
class Later:
    """A value that is known only in the run: what the file says on one line, with what is known put in."""

    text: str


Fact = None | bool | float | str | Later
"""A value, as far as it is known; None where nothing is said."""


@frozen
class StepOutline:
    """One step of a leg."""

    step: Step
    condition: Condition

    @property
    def label(self) -> str:
        """What to call it: its name, else what it runs."""
        step = self.step
        if step.name is not None and step.name.text:
            return step.name.text
        if isinstance(step, UsesStep):
            return step.uses.text
        if isinstance(step, ControlStep):
            return step.label
        return next(iter(step.run.text.splitlines()), "") if isinstance(step, RunStep) else ""


@frozen
class LegOutline:
    """One run of a job. ``leg`` is None where the matrix is known later: then this stands for each."""

    leg: Leg | None
    runs_on: tuple[str, ...] | Later
    container: Fact
    services: Mapping[str, Fact]
    environment: Fact
    timeout_minutes: Fact
    continue_on_error: Fact
    concurrency: Fact
    steps: tuple[StepOutline, ...]


@frozen
class JobOutline:
    """One job. ``calls`` are the workflows that it calls, one for each leg."""

    plan: JobPlan
    condition: Condition
    legs: tuple[LegOutline, ...]
    permissions: Mapping[str, str] | None
    """None: what the repository's settings say."""
    shell: Fact
    working_directory: Fact
    secrets: frozenset[str]
    """The secrets that it names."""
    calls: tuple[CallOutline, ...] = ()
    has_all_secrets: bool = True
    """It sees the secrets that the user gives. One of a called workflow sees what its caller hands over, unless that
    is all of them."""

    @property
    def user_secrets(self) -> frozenset[str]:
        """The secrets that it names and that the user has to give."""
        return self.secrets if self.has_all_secrets else frozenset()

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that its steps use, each once, as they are written."""
        steps = self.plan.job.steps
        return tuple(dict.fromkeys(step.uses.text for step in steps if isinstance(step, UsesStep)))


@frozen
class CallOutline:
    """What one leg calls."""

    call: CallPlan
    workflow: WorkflowOutline | None


@frozen
class WorkflowOutline:
    """One workflow."""

    plan: Plan
    run_name: Fact
    concurrency: Fact
    cancel_in_progress: Fact
    secrets: frozenset[str]
    """The secrets that its own settings name, outside of jobs."""
    jobs: tuple[JobOutline, ...]

    def all_jobs(self) -> Iterator[JobOutline]:
        """The jobs, and those of the workflows that they call."""
        for job in self.jobs:
            yield job
            for call in job.calls:
                if call.workflow is not None:
                    yield from call.workflow.all_jobs()


def outline(plan: Plan, caller: Condition = YES, *, has_all_secrets: bool = True) -> WorkflowOutline:
    """All that is known of a plan. ``caller`` is the condition of the job that calls the workflow; for
    ``has_all_secrets`` see ``JobOutline``."""
    contexts = run_contexts(plan)
    conditions = job_conditions(plan, caller)
    workflow = plan.workflow
    return WorkflowOutline(
        plan,
        _fact(workflow.run_name, contexts),
        _group(workflow.concurrency, contexts),
        _fact(access.get(workflow.concurrency, "cancel-in-progress"), contexts),
        secrets_of([workflow.env, workflow.concurrency]),
        tuple(_job(job, workflow, contexts, conditions, has_all_secrets) for job in plan.jobs),
    )


def _job(
    plan: JobPlan,
    workflow: Workflow,
    contexts: Mapping[str, Any],
    conditions: Mapping[str, Condition],
    has_all_secrets: bool,
) -> JobOutline:
    job = plan.job
    condition = conditions[job.id]
    needs = needs_context(plan, conditions)
    legs = tuple(
        _leg(job, leg, leg_contexts(contexts, plan, leg, needs))
        for leg in (plan.legs if plan.legs is not None else (None,))
    )
    permissions = plan.permissions
    if permissions is None:
        own = job.permissions if job.permissions is not None else workflow.permissions
        permissions = read_permissions(own)
    first = leg_contexts(contexts, plan, plan.legs[0] if plan.legs else None, needs)
    return JobOutline(
        plan,
        condition,
        legs,
        permissions,
        _default(job.defaults, workflow.defaults, "shell", first),
        _default(job.defaults, workflow.defaults, "working_directory", first),
        secrets_of([job.node]),
        tuple(_call(call, condition, has_all_secrets) for call in plan.calls),
        has_all_secrets,
    )


def _call(call: CallPlan, condition: Condition, has_all_secrets: bool) -> CallOutline:
    if call.plan is None:
        return CallOutline(call, None)
    all_of_them = has_all_secrets and call.inherits_secrets
    return CallOutline(call, outline(call.plan, condition, has_all_secrets=all_of_them))


def _leg(job: Job, leg: Leg | None, contexts: Mapping[str, Any]) -> LegOutline:
    labels = _labels(job.runs_on, contexts)
    container = _image(job.container, contexts)
    steps: tuple[StepOutline, ...]
    if any(step.if_ is not None for step in job.steps):
        seen = step_contexts(
            contexts, labels[0] if isinstance(labels, tuple) and labels else "", isinstance(container, str)
        )
        steps = tuple(map(StepOutline, job.steps, step_conditions(job.steps, seen)))
    else:
        steps = tuple(StepOutline(step, YES) for step in job.steps)
    return LegOutline(
        leg,
        labels,
        container,
        _services(job.services, contexts),
        _named(job.environment, "name", contexts),
        _fact(job.timeout_minutes, contexts),
        _fact(job.continue_on_error, contexts),
        _group(job.concurrency, contexts),
        steps,
    )


def _fact(node: Node | None, contexts: Mapping[str, Any]) -> Fact:
    if node is None:
        return None
    value = node_value(node, contexts)
    if has_unknown(value) or isinstance(value, list | Mapping):
        return Later(_written(node, contexts))
    fact: Fact = value
    return fact


def _named(node: Node | None, key: str, contexts: Mapping[str, Any]) -> Fact:
    """The name of something that is written as its name, or as a mapping with it."""
    return _fact(access.get(node, key) if isinstance(node, MappingNode) else node, contexts)


def _group(node: Node | None, contexts: Mapping[str, Any]) -> Fact:
    return _named(node, "group", contexts)


def _image(node: Node | None, contexts: Mapping[str, Any]) -> Fact:
    """The image of a container; None and '' for none. An expression may stand for the whole."""
    if node is None:
        return None
    value = node_value(node, contexts)
    if isinstance(value, Mapping):
        value = value.get("image")
    if has_unknown(value) or isinstance(value, list | Mapping):
        return Later(_written(_inner(node, "image"), contexts))
    return to_string(value).removeprefix("docker://") or None


def _services(node: Node | None, contexts: Mapping[str, Any]) -> dict[str, Fact]:
    if not isinstance(node, MappingNode):
        return {} if node is None else {"…": Later(_written(node, contexts))}
    return {key.text: _image(value, contexts) for key, value in node}


def _labels(node: Node | None, contexts: Mapping[str, Any]) -> tuple[str, ...] | Later:
    if node is None:
        return ()
    value = node_value(node, contexts)
    if isinstance(value, Mapping):
        value = value.get("labels")
    if value is None:
        return ()
    if has_unknown(value) or isinstance(value, Mapping):
        return Later(_written(_inner(node, "labels"), contexts))
    return tuple(map(to_string, value)) if isinstance(value, list) else (to_string(value),)


def _default(job: RunDefaults, workflow: RunDefaults, name: str, contexts: Mapping[str, Any]) -> Fact:
    own = getattr(job, name)
    return _fact(own if own is not None else getattr(workflow, name), contexts)


def _inner(node: Node, key: str) -> Node:
    """The value of a key, or the node itself where there is none."""
    return access.get(node, key) or node


def _written(node: Node, contexts: Mapping[str, Any]) -> str:
    text = known_text(node, contexts) if isinstance(node, Scalar) else node.span.text
    return " ".join(text.split())
