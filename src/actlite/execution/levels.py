"""The jobs of one workflow while it runs: the run's own, or one that a leg of a job calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actlite.contexts.github import run_fields
from actlite.execution.cancellation import Cancellation
from actlite.execution.results import CANCELLED, FAILURE, NOT_RUN, SKIPPED, SUCCESS
from actlite.execution.scope import strategy_of
from actlite.execution.state import JobOutcome
from actlite.expressions import Value
from actlite.expressions.template import Scope, condition_source
from actlite.expressions.values import to_string
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import changeable, field


@changeable
class JobProgress:
    """A job while its workflow runs."""

    plan: JobPlan
    """With its legs and limits, once the job has started."""
    level: Level
    """The jobs that it is among."""
    cancel: Cancellation
    waiting: list[Leg] = field(default_factory=list)
    pending: list[Leg] = field(default_factory=list)
    """Legs that would run but for their concurrency groups, which others have."""
    running: int = 0
    """Its legs that run; of a job that calls a workflow, those whose calls have not ended."""
    outcomes: list[JobOutcome] = field(default_factory=list)
    started: bool = False
    result: str = ""
    """Set once all legs have ended; legs whose failure ``continue-on-error`` excuses count as successes."""
    excused: set[str] = field(default_factory=set)
    """Keys of the legs whose failure is excused."""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> bool:
        """Whether it calls a workflow in place of running steps."""
        return self.plan.job.uses is not None

    @property
    def seen(self) -> str:
        """Its result as other jobs see it."""
        return SKIPPED if self.result == NOT_RUN else self.result

    def finish(self) -> None:
        """All its legs have ended: its result."""
        self.result = overall(
            SUCCESS if o.result == FAILURE and o.leg.key in self.excused else o.result for o in self.outcomes
        )


class Level:
    """The jobs of one workflow. ``cancel`` is the run's."""

    def __init__(
        self,
        plan: Plan,
        cancel: Cancellation,
        *,
        secrets: Mapping[str, str],
        token: str,
        vars: Mapping[str, str],
        run: str = "",
        caller: tuple[JobProgress, Leg] | None = None,
        began: float = 0.0,
    ) -> None:
        self.plan = plan
        self.cancel = cancel
        self.secrets = secrets
        """The secrets context, but for GITHUB_TOKEN, which is always there."""
        self.token = token
        self.vars = vars
        self.run = run
        """The run's id."""
        self.caller = caller
        """The calling job and its leg; None for the run's own workflow."""
        self.began = began
        """When the call began, in seconds since the epoch."""
        self.jobs = {job.job.id: JobProgress(job, self, Cancellation()) for job in plan.jobs}
        self.stopped = ""
        """Why all that has not ended is cancelled, although the run goes on; '' where it is not."""
        self.ended = False
        """The caller knows how it ended."""

    @property
    def github(self) -> dict[str, Any]:
        """The github context, but for what is a job's own."""
        github = self.plan.trigger.github
        return {"workflow": self.plan.workflow.name, **github, **run_fields(github, self.run)}

    @property
    def done(self) -> bool:
        """Whether all jobs have ended."""
        return all(job.result for job in self.jobs.values())

    @property
    def result(self) -> str:
        """How the workflow ended, as its caller sees it."""
        return overall(job.result for job in self.jobs.values())

    def ancestors(self, plan: JobPlan) -> Iterable[str]:
        """All jobs that must end before this one, the direct needs first."""
        found: dict[str, None] = {}
        todo = list(plan.needs)
        for name in todo:
            if name not in found:
                found[name] = None
                todo += self.jobs[name].plan.needs
        return found

    def needs(self, plan: JobPlan) -> dict[str, Any]:
        """The needs context of a job."""
        return {
            name: {"result": self.jobs[name].seen, "outputs": dict(self.jobs[name].outputs)}
            for name in plan.needs
        }

    def scope(self, plan: JobPlan) -> Scope:
        """What a job's ``if`` and strategy see (docs: context availability, jobs.<job_id>.if). The jobs of a called
        workflow see nothing of its caller's jobs."""
        results = {name.lower(): self.jobs[name].seen for name in self.ancestors(plan)}

        def of(args: Sequence[Value]) -> Iterable[str]:
            """The results that a status function goes by: those of all ancestors (actions/runner#2205), or of
            the jobs named (actions/runner#491)."""
            return [results.get(to_string(a).lower(), "") for a in args] if args else results.values()

        return Scope(
            {
                "github": {**self.github, "job": plan.job.id},
                "needs": self.needs(plan),
                "vars": self.vars,
                "inputs": self.plan.trigger.inputs,
            },
            {
                "success": lambda args: all(r == SUCCESS for r in of(args)) and not self.cancel.cancelled,
                "failure": lambda args: FAILURE in of(args) and not self.cancel.cancelled,
                "cancelled": lambda _: self.cancel.cancelled,
                "always": lambda _: True,
            },
        )

    def reason(self, plan: JobPlan) -> str:
        """Why a job is skipped."""
        if self.cancel.cancelled:
            return (self.cancel.reason if self.cancel.forced else "") or "the run is cancelled"
        text = plan.job.if_.text.strip() if plan.job.if_ is not None else ""
        if text and not condition_source(text).startswith("success() && "):
            return f"{text} is false"
        for name in self.ancestors(plan):
            seen = self.jobs[name].seen
            if seen != SUCCESS:
                direct = name in plan.needs
                return (
                    f"needs {name}, which ended with {seen}"
                    if direct
                    else f"success() asks all jobs before it, and '{name}' ended with {seen}"
                )
        return f"{text} is false" if text else "success() is false"


def leg_scope(level: Level, job: JobProgress, leg: Leg, **more: Any) -> Scope:
    """What the settings of one leg see, besides those of steps (docs: context availability)."""
    ground = level.scope(job.plan)
    matrix = {"matrix": dict(leg.matrix) or None, "strategy": strategy_of(job.plan, leg)}
    return Scope({**ground.contexts, **matrix, **more}, ground.functions)


def overall(results: Iterable[str]) -> str:
    """The result of several legs or jobs together."""
    found = set(results)
    for candidate in (FAILURE, CANCELLED, NOT_RUN):
        if candidate in found:
            return candidate
    return SKIPPED if SKIPPED in found and SUCCESS not in found else SUCCESS
