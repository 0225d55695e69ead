"""Runs the jobs of a plan: who waits for whom, who is cancelled with whom (docs: jobs.<job_id>.needs, strategy)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from actlite.checking.runners import Place
from actlite.engines.base import Sandbox
from actlite.errors import ActliteError
from actlite.events import JobFinished, Notice
from actlite.execution.cancellation import GRACE, Cancellation
from actlite.execution.masking import Masker
from actlite.execution.opening import LOCAL_TOKEN, Opening
from actlite.execution.problems import explain_error
from actlite.execution.results import CANCELLED, FAILURE, SKIPPED, SUCCESS
from actlite.execution.scope import strategy_context
from actlite.execution.state import JobOutcome, Services
from actlite.expressions import Value
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, condition, condition_source, evaluate_scalar
from actlite.expressions.values import to_string
from actlite.planning.matrix import expand
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.planning.planner import leg_wanted
from actlite.records import changeable, frozen

NOT_RUN = "not-run"
"""The result of a leg that can't run on this machine; other jobs see it as skipped."""
HEAD_START = 0.03
"""Seconds for which everything else waits while the first containers are asked for."""
CLOSE_SECONDS = 60.0
"""How long the removal of the last containers may take."""


@changeable
class _Job:
    """A job while the plan runs."""

    plan: JobPlan
    """With its legs and limits, once the job has started."""
    cancel: Cancellation
    waiting: list[Leg] = field(default_factory=list)
    running: int = 0
    outcomes: list[JobOutcome] = field(default_factory=list)
    started: bool = False
    result: str = ""
    """Set once all legs have ended; legs whose failure ``continue-on-error`` excuses count as successes."""
    excused: set[str] = field(default_factory=set)
    """Keys of the legs whose failure is excused."""
    outputs: dict[str, str] = field(default_factory=dict)


Where = Callable[[JobPlan, Leg, Mapping[str, Any]], Place]
"""Finds the place of a leg; the last argument is the job's needs context."""


@frozen
class RunOutcome:
    """How a run ended."""

    conclusion: str
    """success, failure, cancelled; incomplete where legs can't run here and nothing failed."""
    kept: tuple[Sandbox, ...]
    unable: bool = False
    """Every job that failed did so because this machine lacks something."""
    refused: tuple[str, ...] = ()
    """Products that do not run on the target. The conclusion is GitHub's, which knows of no target."""


class Scheduler:
    """Runs one plan. Job legs run in threads; everything here happens under one lock."""

    def __init__(
        self,
        services: Services,
        plan: Plan,
        *,
        where: Where,
        cancel: Cancellation | None = None,
    ) -> None:
        """``where`` says where a leg runs, or why it can't run here; also of a job with ``container:``, whose image
        may turn out to be empty."""
        self.services = services
        self.plan = plan
        self.where = where
        self.cancel = cancel or Cancellation()
        self._changed = threading.Condition()
        self._jobs = {j.job.id: _Job(j, Cancellation()) for j in plan.jobs}
        self._closing: list[threading.Thread] = []
        self._kept: list[Sandbox] = []
        self._defect: BaseException | None = None
        self._held: list[tuple[_Job, Opening]] | None = None
        """Legs whose sandboxes are being opened before the run begins."""
        self.images: list[str] = []
        """Images that jobs ran in."""
        self._masker = Masker()
        for name, value in services.settings.secrets.items():
            if name.upper() == "GITHUB_TOKEN":
                self._masker.add_token(value)
            else:
                self._masker.add_secret(value)
        self._masker.add_token(LOCAL_TOKEN)
        self.cancel.subscribe(self._on_cancel)

    def prepare(self) -> None:
        """Begin to open the sandboxes of the jobs that need no other; ``run`` goes on from there. The wait for a
        container is long enough to load the rest of the program in."""
        with self._changed:
            self._held = []
            for job in self._jobs.values():
                if not job.plan.needs:
                    self._start(job)
                    self._launch(job)
            openings = [opening for _, opening in self._held]
        # Until the engine has been asked, nothing else takes the interpreter from the threads that ask.
        deadline = time.monotonic() + HEAD_START
        for opening in openings:
            opening.join(max(0.0, deadline - time.monotonic()))

    def run(self) -> RunOutcome:
        """Run everything; returns when every job has ended. Containers may still be on their way out: ``close``."""
        try:
            with self._changed:
                held, self._held = self._held or [], None
                for job, opening in held:
                    self._start_thread(job, opening)
                while not all(j.result for j in self._jobs.values()):
                    if not self._advance():
                        self._changed.wait(0.2)
                    if self._defect is not None:
                        raise self._defect
        except BaseException:
            self._abandon()
            raise
        ended = [o for j in self._jobs.values() for o in j.outcomes]
        failed = [o for o in ended if o.result == FAILURE]
        unable = bool(failed) and all(o.unable for o in failed)
        refused = tuple(name for o in ended for name in o.refused)
        return RunOutcome(self._conclusion(), tuple(self._kept), unable, refused)

    def close(self) -> None:
        """Wait until the last containers are gone. An engine that does not answer is waited for ``CLOSE_SECONDS``;
        the next start removes what it kept."""
        end = time.monotonic() + CLOSE_SECONDS
        for thread in self._closing:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                self._warn("The container engine has not removed a container yet; the next start will.")
                return

    def _abandon(self) -> None:
        """A defect of ours ends the run: stop every leg, and let nothing stay behind."""
        self.cancel.force("actlite itself has failed")
        with self._changed:
            self._changed.wait_for(lambda: not any(j.running for j in self._jobs.values()), CLOSE_SECONDS)
        for sandbox in self._kept:
            with contextlib.suppress(
                ActliteError
            ):  # the next start removes it; the defect is what must be told
                sandbox.close()
        self.close()

    def _on_cancel(self) -> None:
        """The run is to stop: a running job whose ``if`` still holds goes on, unless the stop is forced
        (docs: workflow cancellation). The conditions of the others are asked when their turn comes."""
        if not self.cancel.forced:
            self.cancel.force_in(GRACE)
        with self._changed:
            for job in self._jobs.values():
                if job.result:
                    continue
                if self.cancel.forced:
                    job.cancel.force(self.cancel.reason)
                elif job.started and not self._goes_on(job):
                    job.cancel.cancel(self.cancel.reason)
            self._changed.notify_all()

    def _goes_on(self, job: _Job) -> bool:
        try:
            return condition(job.plan.job.if_, self._scope(job)).value
        except ExpressionError:
            return False

    def _conclusion(self) -> str:
        results = {j.result for j in self._jobs.values()}
        if FAILURE in results:
            return FAILURE
        if CANCELLED in results:
            return CANCELLED
        return "incomplete" if NOT_RUN in results else SUCCESS

    def _advance(self) -> bool:
        """Start or end whatever can be; True when something changed."""
        moved = False
        for job in self._jobs.values():
            if job.result:
                continue
            if not job.started:
                if all(self._jobs[n].result for n in job.plan.needs):
                    self._start(job)
                    moved = True
            elif not job.waiting and not job.running:
                self._finish(job)
                moved = True
            else:
                moved = self._launch(job) or moved
        return moved

    def _start(self, job: _Job) -> None:
        """All needs have ended: should it run, and as which legs?"""
        job.started = True
        try:
            if self.cancel.forced:
                self._skip(job, self._reason(job))
                return
            wanted = condition(job.plan.job.if_, self._scope(job), self._masker.mask)
            if not wanted.value:
                self._skip(job, self._reason(job), wanted.data())
                return
            self._expand(job)
        except (ExpressionError, ActliteError) as error:
            self._fail(job, explain_error(error))
            return
        if not job.plan.legs:
            self._skip(job, "no leg of its matrix has the values that --matrix asks for")
            return
        job.waiting = list(job.plan.legs)

    def _scope(self, job: _Job) -> Scope:
        """What a job's ``if`` and strategy see (docs: context availability, jobs.<job_id>.if)."""
        results = {n.lower(): self._seen(self._jobs[n]) for n in self._ancestors(job.plan)}

        def of(args: Sequence[Value]) -> Iterable[str]:
            """The results that a status function goes by: those of all ancestors (actions/runner#2205), or of
            the jobs named (actions/runner#491)."""
            return [results.get(to_string(a).lower(), "") for a in args] if args else results.values()

        return Scope(
            {
                "github": {
                    **self.plan.trigger.github,
                    "job": job.plan.job.id,
                    "workflow": self.plan.workflow.name,
                },
                "needs": self._needs(job.plan),
                "vars": self.services.settings.vars,
                "inputs": self.plan.trigger.inputs,
            },
            {
                "success": lambda args: all(r == SUCCESS for r in of(args)) and not self.cancel.cancelled,
                "failure": lambda args: FAILURE in of(args) and not self.cancel.cancelled,
                "cancelled": lambda _: self.cancel.cancelled,
                "always": lambda _: True,
            },
        )

    def _ancestors(self, plan: JobPlan) -> Iterable[str]:
        """All jobs that must end before this one, the direct needs first."""
        found: dict[str, None] = {}
        todo = list(plan.needs)
        for name in todo:
            if name not in found:
                found[name] = None
                todo += self._jobs[name].plan.needs
        return found

    def _seen(self, job: _Job) -> str:
        """A job's result as other jobs see it."""
        return SKIPPED if job.result == NOT_RUN else job.result

    def _needs(self, plan: JobPlan) -> Mapping[str, Any]:
        return {
            name: {"result": self._seen(self._jobs[name]), "outputs": dict(self._jobs[name].outputs)}
            for name in plan.needs
        }

    def _reason(self, job: _Job) -> str:
        if self.cancel.cancelled:
            return "the run is cancelled"
        text = job.plan.job.if_.text.strip() if job.plan.job.if_ is not None else ""
        if text and not condition_source(text).startswith("success() && "):
            return f"{text} is false"
        for name in self._ancestors(job.plan):
            seen = self._seen(self._jobs[name])
            if seen != SUCCESS:
                direct = name in job.plan.needs
                return (
                    f"needs {name}, which ended with {seen}"
                    if direct
                    else f"success() asks all jobs before it, and '{name}' ended with {seen}"
                )
        return f"{text} is false" if text else "success() is false"

    def _expand(self, job: _Job) -> None:
        """A strategy that names other jobs' outputs is evaluated now."""
        if job.plan.legs is None:
            legs, fail_fast, limit = expand(job.plan.job, self._scope(job))
            chosen = tuple(leg for leg in legs if leg_wanted(leg, self.plan.matrix_filter))
            job.plan = replace(job.plan, legs=chosen, fail_fast=fail_fast, max_parallel=limit)

    def _launch(self, job: _Job) -> bool:
        """Start waiting legs, as far as the limits allow."""
        moved = False
        while job.waiting and not job.cancel.cancelled:
            total = sum(j.running for j in self._jobs.values())
            if total >= self.services.settings.max_jobs or job.running >= (
                job.plan.max_parallel or 1_000_000
            ):
                break
            self._run_leg(job, job.waiting.pop(0))
            moved = True
        if job.waiting and job.cancel.cancelled:
            for leg in job.waiting:
                self._note(job, leg, CANCELLED, job.cancel.reason or "the run is cancelled")
            job.waiting.clear()
            moved = True
        return moved

    def _run_leg(self, job: _Job, leg: Leg) -> None:
        needs = self._needs(job.plan)
        place = self.where(job.plan, leg, needs)
        if place.problem:
            self._note(job, leg, NOT_RUN, place.problem)
            return
        opening = Opening(
            self.services,
            self.plan,
            job.plan,
            leg,
            needs,
            Cancellation(job.cancel),
            platform=place.where,
            arch=place.arch,
            masker=self._masker,
        )
        opening.begin()
        job.running += 1
        if self._held is not None:
            self._held.append((job, opening))
        else:
            self._start_thread(job, opening)

    def _start_thread(self, job: _Job, opening: Opening) -> None:
        name = opening.state.leg.key
        threading.Thread(target=self._leg, args=(job, opening), name=name, daemon=True).start()

    def _leg(self, job: _Job, opening: Opening) -> None:
        """In the leg's own thread."""
        leg = opening.state.leg
        outcome = JobOutcome(leg, FAILURE)
        try:
            from actlite.execution.job import JobRun

            outcome = JobRun(opening).run()
        except BaseException as error:  # a defect of ours: told by the scheduler's own thread
            self._defect = error
            opening.join()
            outcome = JobOutcome(leg, CANCELLED, {}, opening.state.sandbox, network=opening.state.network)
        finally:
            try:
                self._release(outcome)
            except BaseException as error:
                self._defect = error
            with self._changed:
                job.running -= 1
                job.outcomes.append(outcome)
                job.outputs.update(outcome.outputs)
                if outcome.result == FAILURE:
                    self._leg_failed(job, opening)
                self._changed.notify_all()

    def _leg_failed(self, job: _Job, opening: Opening) -> None:
        leg = opening.state.leg
        if self._excused(job, opening):
            job.excused.add(leg.key)
        elif job.plan.fail_fast and leg.total > 1:
            job.cancel.cancel(f"'{leg.key}' failed and strategy.fail-fast is on")

    def _excused(self, job: _Job, opening: Opening) -> bool:
        """The job's ``continue-on-error``, which must be a boolean."""
        node = job.plan.job.continue_on_error
        if node is None:
            return False
        scope = self._scope(job)
        state = opening.state
        contexts = {"matrix": dict(state.leg.matrix) or None, "strategy": strategy_context(state)}
        try:
            value = evaluate_scalar(node, Scope({**scope.contexts, **contexts}, scope.functions))
        except ExpressionError as error:
            self._warn(f"continue-on-error of {state.leg.key} can't be evaluated, so it is off: {error}")
            return False
        if not isinstance(value, bool):
            self._warn(
                f"continue-on-error of {state.leg.key} must be true or false, not '{to_string(value)}': it is off"
            )
        return value is True

    def _release(self, outcome: JobOutcome) -> None:
        """Take the container down in the background; kept ones are remembered."""
        sandbox = outcome.sandbox
        if outcome.image:
            self.images.append(outcome.image)
        if sandbox is None and outcome.network is None:
            return
        keep = outcome.result == FAILURE and self.services.settings.keep_failed and not outcome.unable
        if keep and sandbox and sandbox.id:
            self._kept.append(sandbox)
            return
        thread = threading.Thread(target=self._close, args=(outcome,), name="close", daemon=True)
        thread.start()
        self._closing.append(thread)

    def _close(self, outcome: JobOutcome) -> None:
        try:
            if outcome.sandbox is not None:
                outcome.sandbox.close()
            if outcome.network is not None:
                self.services.engine.remove_network(outcome.network)
        except ActliteError as error:
            self._warn(f"A container of {outcome.leg.key} could not be removed; the next start will. {error}")

    def _warn(self, text: str) -> None:
        self.services.emit(Notice(self.services.clock(), "warning", text))

    def _skip(self, job: _Job, reason: str, tree: Mapping[str, Any] | None = None) -> None:
        for leg in job.plan.legs or (Leg(job.plan.job.id, job.plan.job.id, {}, 0, 1),):
            self._note(job, leg, CANCELLED if self.cancel.cancelled else SKIPPED, reason, tree)
        self._finish(job)

    def _fail(self, job: _Job, reason: str) -> None:
        self._note(job, Leg(job.plan.job.id, job.plan.job.id, {}, 0, 1), FAILURE, reason)
        self._finish(job)

    def _note(
        self, job: _Job, leg: Leg, result: str, reason: str, tree: Mapping[str, Any] | None = None
    ) -> None:
        job.outcomes.append(JobOutcome(leg, result))
        self.services.emit(
            JobFinished(
                self.services.clock(),
                leg.key,
                job.plan.job.id,
                self._masker.mask(leg.name),
                result,
                {},
                0.0,
                self._masker.mask(reason),
                self._masker.mask_tree(leg.matrix),
                tree,
            )
        )

    def _finish(self, job: _Job) -> None:
        results = [
            SUCCESS if o.result == FAILURE and o.leg.key in job.excused else o.result for o in job.outcomes
        ]
        for candidate in (FAILURE, CANCELLED, NOT_RUN, SKIPPED):
            if candidate in results:
                job.result = candidate
                break
        else:
            job.result = SUCCESS
        if job.result == SKIPPED and SUCCESS in results:
            job.result = SUCCESS
