"""What will run, as data: the planner's answer, before anything is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from actlite.diagnostics import Diagnostic
from actlite.document.nodes import Scalar
from actlite.records import field, frozen, replace
from actlite.workflow.called import HERE, CallReference, Origin
from actlite.workflow.model import Job, Workflow

if TYPE_CHECKING:
    from actlite.workflow.calls import Call


@frozen
class Trigger:
    """The event that starts a run. ``github`` holds the event's share of the github context
    (event_name, ref, ref_name, ref_type, sha, actor, repository, event, base_ref, head_ref…)."""

    event: str
    github: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] | None = None
    """Changed files for path filters; None when not known (then a paths filter is taken as matching,
    and the plan says so)."""
    notes: tuple[str, ...] = ()
    """What was assumed, in sentences for the user: a tag that isn't there yet, a name that is made up."""
    open_types: tuple[str, ...] = ()
    """Activity types that it may as well have, where nobody said which: a workflow that does not run on the
    payload's ``action`` is planned for the first of these that it runs on."""


@frozen
class Leg:
    """One run of a job: the whole job, or one row of its matrix."""

    key: str
    """Unique within the run: ``build`` or ``build (linux, x64)``."""
    name: str
    """What GitHub shows."""
    matrix: Mapping[str, Any]
    index: int
    total: int
    id: str = "__default"
    """What GitHub calls it beside the job's id: ``linux_x64`` (R: Conversion/IdBuilder.cs)."""


@frozen
class JobPlan:
    """One job of a plan. A job that calls a reusable workflow has ``calls``."""

    job: Job
    legs: tuple[Leg, ...] | None
    """None: the matrix depends on other jobs' outputs and is known when they have run; or it is ``broken``."""
    needs: tuple[str, ...]
    """Ids of jobs of the same workflow file. The jobs of a called workflow start when the calling job may."""
    problems: tuple[Diagnostic, ...] = ()
    """Why it (or a part of it) can't be run as it stands; errors only where it can't be run at all."""
    fail_fast: bool = True
    max_parallel: int | None = None
    callers: tuple[str, ...] = ()
    """The ids of the jobs that call the workflow that this job is in, outermost first; () at the top."""
    calls: tuple[CallPlan, ...] = ()
    """What each leg calls, in the order of ``legs``; a single one where the legs are known later."""
    permissions: Mapping[str, str] | None = None
    """What the token may do: its own, its workflow's or its caller's word; None: the repository's default."""
    broken: bool = False
    """Its strategy or name can't be evaluated, as its problems say: GitHub lets it fail where it would run."""

    @property
    def id(self) -> str:
        """The id as it is shown: ``caller / callee`` for a job of a called workflow."""
        return " / ".join((*self.callers, self.job.id))

    def call_of(self, leg: Leg) -> CallPlan | None:
        """What a leg of the job calls."""
        for call in self.calls:
            if call.leg is None or call.leg.key == leg.key:
                return call
        return None


@frozen
class CallPlan:
    """What one leg of a calling job runs: the plan of the called workflow, or why that is not known.

    The keys and names of the legs in ``plan`` begin with those of the calling leg: ``build (linux) / compile``.
    """

    reference: CallReference
    leg: Leg | None
    """The calling leg; None where the legs are known later: then this stands for each of them."""
    plan: Plan | None
    unknown: str = ""
    """Where there is no plan, why: a sentence without a full stop. '' where the job's problems say it."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The typed values of the called workflow's inputs, as far as they are known before the run."""
    later: Mapping[str, str] = field(default_factory=dict)
    """The inputs that are known only in the run, by name, with the type that they will have."""
    inherits_secrets: bool = False
    """``secrets: inherit``."""
    secrets: Mapping[str, Scalar] = field(default_factory=dict)
    """The secrets that are handed on, by the name that the called workflow knows them by."""
    call: Call | None = None
    """The call as it was followed, from which the run plans again with what it knows then."""


@frozen
class Plan:
    """The jobs of one workflow for one trigger, in an order in which needs come first. The plan of a called
    workflow has the caller's trigger, with inputs of its own."""

    workflow: Workflow
    trigger: Trigger
    jobs: tuple[JobPlan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    matrix_filter: tuple[tuple[str, str], ...] = ()
    """Keys and values that the legs must have; for matrices that are only known when other jobs have run."""
    vars: Mapping[str, str] = field(default_factory=dict)
    """The vars context."""
    later: Mapping[str, str] = field(default_factory=dict)
    """In a called workflow: the inputs that are known only in the run, by name, with their types. They are
    not among ``trigger.inputs``; what names them can't be evaluated yet."""
    refused: bool = False
    """GitHub refuses the file for one of its calls, so that none of its jobs starts; their problems say why."""
    origin: Origin = HERE
    """The repository that the workflow's file comes from."""
    ref: str = ""
    """The full name of the ref by which a file of another repository was called; '' where it is a commit."""
    chosen: tuple[str, ...] = ()
    """The jobs that are wanted; () for all. ``call / job`` is one of a called workflow."""

    @property
    def leg_keys(self) -> tuple[str, ...]:
        """The keys of all legs that are known, those of calls as they are."""
        return tuple(leg.key for job in self.jobs for leg in job.legs or ())

    def every_job(self) -> Iterator[tuple[Plan, JobPlan]]:
        """The jobs, and those of the workflows that they call, each with the plan that it is in."""
        for job in self.jobs:
            yield self, job
            for call in job.calls:
                if call.plan is not None:
                    yield from call.plan.every_job()


def within_caller(leg: Leg, caller: Leg | None) -> Leg:
    """A leg of a called workflow, with the calling leg before its key and its name."""
    if caller is None:
        return leg
    return replace(leg, key=f"{caller.key} / {leg.key}", name=f"{caller.name} / {leg.name}")


@frozen
class NotSelected:
    """A workflow that the trigger does not run, and why."""

    workflow: Workflow
    reason: str
