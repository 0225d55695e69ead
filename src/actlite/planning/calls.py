"""Plans of called workflows, inside the plan of their caller (DOC: reuse workflows).

A called workflow has the caller's event and github context, inputs of its own, and no more permissions than the
caller gives. Its jobs are planned once for each leg of the calling job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Node
from actlite.expressions.template import Scope
from actlite.planning.called_inputs import (
    Given,
    contexts_of,
    inherits_secrets,
    inputs_of,
    is_known,
    secrets_of,
)
from actlite.planning.graph import chosen, chosen_within, in_order
from actlite.planning.matrix import names_run
from actlite.planning.plan import CallPlan, JobPlan, Leg, Plan, within_caller
from actlite.records import changeable, field, frozen, replace
from actlite.workflow.called import parse_call
from actlite.workflow.calls import Call
from actlite.workflow.model import Job
from actlite.workflow.permissions import Permissions

MAX_PLANS = 2000
"""So many called workflows are planned in one plan; matrices below matrices could make millions of them."""


@changeable
class _Count:
    made: int = 0


@frozen
class Level:
    """One file's place in a plan: the workflow itself, or a called one with what its caller gives."""

    plan: Plan
    """Its plan without any jobs."""
    calls: Mapping[str, Call]
    """The calls of its jobs, by job id."""
    permissions: Mapping[str, Permissions | None]
    callers: tuple[str, ...] = ()
    leg: Leg | None = None
    """The calling leg."""
    count: _Count = field(default_factory=_Count)

    @property
    def scope(self) -> Scope:
        """What strategies and names see."""
        plan = self.plan
        github, inputs = plan.trigger.github, plan.trigger.inputs
        return Scope({"github": github, "inputs": inputs, "vars": dict(plan.vars), "needs": {}}, {})

    def is_known(self, job: JobPlan, setting: Node | None) -> bool:
        """Whether a setting waits for nothing that is known later: an input, the run's number."""
        if setting is None:
            return True
        if names_run(setting) and not self._run_is_known:
            return False
        if not self.plan.later:
            return True
        return is_known(setting, contexts_of(self.plan, job, None))

    @property
    def _run_is_known(self) -> bool:
        return bool(self.plan.trigger.github.get("run_id"))

    def named(self, job: JobPlan) -> Job:
        """The job, without a name that can't be evaluated yet."""
        name = job.job.name
        if name is None:
            return job.job
        if names_run(name) and not self._run_is_known:
            return replace(job.job, name=None)
        if not self.plan.later or "inputs" not in name.text:
            return job.job
        contexts = {**contexts_of(self.plan, job, None), "matrix": {}, "strategy": {}}
        return job.job if is_known(name, contexts) else replace(job.job, name=None)

    def inside(self, leg: Leg) -> Leg:
        """A leg with the calling one before its key and its name."""
        if self.leg is not None:
            return within_caller(leg, self.leg)
        before = " / ".join(self.callers)
        return replace(leg, key=f"{before} / {leg.key}", name=f"{before} / {leg.name}") if before else leg

    def with_calls(self, job: JobPlan, plan_job: Callable[[Job, Level], JobPlan]) -> JobPlan:
        """The job with the plans of what it calls, if it does. ``plan_job`` plans a job of the called workflow."""
        reference = parse_call(job.job.uses.text) if job.job.uses is not None else None
        if reference is None:
            return job
        call = self.calls.get(job.job.id) or Call(
            job.job, reference, None, "called workflows are not looked for"
        )
        legs: Iterable[Leg | None] = (None,) if job.legs is None else job.legs
        made = [self._call(job, call, leg, plan_job) for leg in legs]
        problems = tuple(dict.fromkeys(problem for _, found in made for problem in found))
        if job.job.if_ is not None:
            problems = perhaps(problems)
        return replace(job, calls=tuple(plan for plan, _ in made), problems=job.problems + problems)

    def _call(
        self, job: JobPlan, call: Call, leg: Leg | None, plan_job: Callable[[Job, Level], JobPlan]
    ) -> tuple[CallPlan, tuple[Diagnostic, ...]]:
        work = job.job
        bare = CallPlan(
            call.reference,
            leg,
            None,
            call.unknown,
            inherits_secrets=inherits_secrets(work),
            secrets=secrets_of(work),
            call=call,
        )
        if call.called is None or call.called.workflow is None or call.interface is None:
            return bare, ()
        self.count.made += 1
        if self.count.made > MAX_PLANS:
            return replace(bare, unknown="too many calls to show them all"), ()
        given = inputs_of(work, call.interface, contexts_of(self.plan, job, leg))
        plan = self.called(work, call, leg, given, plan_job)
        return replace(bare, plan=plan, inputs=given.values, later=given.later), given.problems

    def called(
        self, job: Job, call: Call, leg: Leg | None, given: Given, plan_job: Callable[[Job, Level], JobPlan]
    ) -> Plan | None:
        """The plan of what a leg of a job calls with these inputs; None where the workflow is not known."""
        outer = self.plan
        workflow = call.called.workflow if call.called is not None else None
        if call.called is None or workflow is None:
            return None
        wanted = chosen_within(outer.workflow.jobs, outer.chosen, job.id)
        inner = Level(
            Plan(
                workflow,
                replace(outer.trigger, inputs=given.values),
                (),
                matrix_filter=outer.matrix_filter,
                vars=outer.vars,
                later=given.later,
                origin=call.called.origin,
                ref=call.called.ref,
                chosen=wanted,
            ),
            call.calls,
            call.permissions,
            (*self.callers, job.id),
            leg,
            self.count,
        )
        jobs = chosen(workflow.jobs, wanted) if wanted else workflow.jobs
        return replace(inner.plan, jobs=tuple(plan_job(inside, inner) for inside in in_order(jobs)))


def perhaps(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Problems of a job that may not run at all, as warnings."""
    note = "the job fails if it comes to run"
    return tuple(
        replace(problem, severity=Severity.WARNING, notes=(*problem.notes, note)) for problem in problems
    )
