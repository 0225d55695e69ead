"""Runs the jobs of a plan: who waits for whom, who is cancelled with whom (docs: jobs.<job_id>.needs, strategy)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actlite.engines.base import Sandbox
from actlite.errors import ActliteError
from actlite.events import JobFinished, Notice
from actlite.execution.cancellation import Cancellation
from actlite.execution.masking import Masker
from actlite.execution.opening import LOCAL_TOKEN, Opening
from actlite.execution.results import CANCELLED, FAILURE, SKIPPED, SUCCESS
from actlite.execution.state import JobOutcome, Services
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, condition, evaluate_scalar
from actlite.planning.matrix import expand
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import frozen

NOT_RUN = "not-run"
"""The result of a leg that can't run on this machine; other jobs see it as skipped."""
CLOSE_SECONDS = 60.0
"""How long the removal of the last containers may take."""


@dataclass(slots=True)
class _Job:
    """A job while the plan runs."""

    plan: JobPlan
    cancel: Cancellation
    legs: tuple[Leg, ...] = ()
    waiting: list[Leg] = field(default_factory=list)
    running: int = 0
    outcomes: list[JobOutcome] = field(default_factory=list)
    started: bool = False
    result: str = ""
    """Set once all legs have ended."""
    continued: bool = False
    """Failed, with ``continue-on-error``: others see a success."""
    outputs: dict[str, str] = field(default_factory=dict)
    max_parallel: int | None = None
    fail_fast: bool = True


@frozen
class RunOutcome:
    """How a run ended."""

    conclusion: str
    """success, failure, cancelled; incomplete where legs can't run here and nothing failed."""
    kept: tuple[Sandbox, ...]
    unable: bool = False
    """Every job that failed did so because this machine lacks something."""


class Scheduler:
    """Runs one plan. Job legs run in threads; everything here happens under one lock."""

    def __init__(
        self,
        services: Services,
        plan: Plan,
        *,
        where: Callable[[JobPlan, Leg], str | None],
        cancel: Cancellation | None = None,
    ) -> None:
        """``where`` gives the image or ``host`` for a leg without ``container:``, None where it can't run here."""
        self.services = services
        self.plan = plan
        self.where = where
        self.cancel = cancel or Cancellation()
        self._changed = threading.Condition()
        self._jobs = {j.job.id: _Job(j, Cancellation(self.cancel)) for j in plan.jobs}
        self._closing: list[threading.Thread] = []
        self._kept: list[Sandbox] = []
        self._defect: BaseException | None = None
        self._held: list[tuple[_Job, Opening]] | None = None
        """Legs whose sandboxes are being opened before the run begins."""
        self.images: list[str] = []
        """Images that jobs ran in."""
        self._masker = Masker()
        for value in services.settings.secrets.values():
            self._masker.add(value)
        self._masker.add(LOCAL_TOKEN)

    def prepare(self) -> None:
        """Begin to open the sandboxes of the jobs that need no other; ``run`` goes on from there. The wait for a
        container is long enough to load the rest of the program in."""
        with self._changed:
            self._held = []
            for job in self._jobs.values():
                if not job.plan.needs:
                    self._start(job)
                    self._launch(job)

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
        failed = [o for j in self._jobs.values() for o in j.outcomes if o.result == FAILURE]
        unable = bool(failed) and all(o.unable for o in failed)
        return RunOutcome(self._conclusion(), tuple(self._kept), unable)

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
            sandbox.close()
        self.close()

    def _conclusion(self) -> str:
        results = {j.result for j in self._jobs.values() if not (j.continued and j.result == FAILURE)}
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
            if self.cancel.forced or not self._wanted(job):
                self._skip(job, self._reason(job))
                return
            self._expand(job)
        except (ExpressionError, ActliteError) as error:
            self._fail(job, str(error))
            return
        job.waiting = list(job.legs)

    def _wanted(self, job: _Job) -> bool:
        return condition(job.plan.job.if_, self._scope(job)).value

    def _scope(self, job: _Job) -> Scope:
        """What a job's ``if`` and strategy see (docs: context availability, jobs.<job_id>.if)."""
        ancestors = self._ancestors(job.plan)
        results = {n: self._seen(self._jobs[n]) for n in ancestors}
        direct = [self._seen(self._jobs[n]) for n in job.plan.needs]
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
                "success": lambda _: all(r == SUCCESS for r in direct) and not self.cancel.cancelled,
                "failure": lambda _: FAILURE in results.values() and not self.cancel.cancelled,
                "cancelled": lambda _: self.cancel.cancelled or CANCELLED in direct,
                "always": lambda _: True,
            },
        )

    def _ancestors(self, plan: JobPlan) -> set[str]:
        found: set[str] = set()
        todo = list(plan.needs)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._jobs[name].plan.needs
        return found

    def _seen(self, job: _Job) -> str:
        """A job's result as other jobs see it."""
        if job.result == NOT_RUN:
            return SKIPPED
        return SUCCESS if job.continued and job.result == FAILURE else job.result

    def _needs(self, plan: JobPlan) -> Mapping[str, Any]:
        return {
            name: {"result": self._seen(self._jobs[name]), "outputs": dict(self._jobs[name].outputs)}
            for name in plan.needs
        }

    def _reason(self, job: _Job) -> str:
        if self.cancel.cancelled:
            return "the run is cancelled"
        text = job.plan.job.if_.text.strip() if job.plan.job.if_ is not None else ""
        for name in job.plan.needs:
            seen = self._seen(self._jobs[name])
            if seen != SUCCESS:
                return f"needs {name}, which ended with {seen}"
        return f"{text} is false" if text else "success() is false"

    def _expand(self, job: _Job) -> None:
        plan = job.plan
        job.legs, job.max_parallel, job.fail_fast = plan.legs or (), plan.max_parallel, plan.fail_fast
        if plan.legs is None:
            job.legs, job.fail_fast, job.max_parallel = expand(plan.job, self._scope(job))

    def _launch(self, job: _Job) -> bool:
        """Start waiting legs, as far as the limits allow."""
        moved = False
        while job.waiting and not job.cancel.cancelled:
            total = sum(j.running for j in self._jobs.values())
            if total >= self.services.settings.max_jobs or job.running >= (job.max_parallel or 1_000_000):
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
        platform = "" if job.plan.job.container is not None else self.where(job.plan, leg)
        if platform is None:
            self._note(job, leg, NOT_RUN, "no runner for its labels on this machine")
            return
        opening = Opening(
            self.services,
            self.plan,
            job.plan,
            leg,
            self._needs(job.plan),
            Cancellation(job.cancel),
            platform=platform,
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
        from actlite.execution.job import JobRun

        leg = opening.state.leg
        outcome = JobOutcome(leg, FAILURE)
        try:
            outcome = JobRun(opening).run()
        except BaseException as error:  # a defect of ours: told by the scheduler's own thread
            self._defect = error
            opening.join()
            outcome = JobOutcome(leg, CANCELLED, {}, opening.state.sandbox, network=opening.state.network)
        finally:
            self._release(outcome)
            with self._changed:
                job.running -= 1
                job.outcomes.append(outcome)
                job.outputs.update(outcome.outputs)
                if outcome.result == FAILURE:
                    self._leg_failed(job, leg)
                self._changed.notify_all()

    def _leg_failed(self, job: _Job, leg: Leg) -> None:
        node = job.plan.job.continue_on_error
        tolerated = False
        if node is not None:
            try:
                scope = Scope({**self._scope(job).contexts, "matrix": leg.matrix}, self._scope(job).functions)
                tolerated = evaluate_scalar(node, scope) in (True, "true")
            except ExpressionError:
                tolerated = False
        if tolerated:
            job.continued = True
        elif job.fail_fast and len(job.legs) > 1:
            job.cancel.cancel(f"'{leg.key}' failed and strategy.fail-fast is on")

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

    def _skip(self, job: _Job, reason: str) -> None:
        for leg in job.plan.legs or (Leg(job.plan.job.id, job.plan.job.id, {}, 0, 1),):
            self._note(job, leg, CANCELLED if self.cancel.cancelled else SKIPPED, reason)
        self._finish(job)

    def _fail(self, job: _Job, reason: str) -> None:
        self._note(job, Leg(job.plan.job.id, job.plan.job.id, {}, 0, 1), FAILURE, reason)
        self._finish(job)

    def _note(self, job: _Job, leg: Leg, result: str, reason: str) -> None:
        job.outcomes.append(JobOutcome(leg, result))
        self.services.emit(
            JobFinished(
                self.services.clock(),
                leg.key,
                job.plan.job.id,
                leg.name,
                result,
                {},
                0.0,
                reason,
                leg.matrix,
            )
        )

    def _finish(self, job: _Job) -> None:
        results = [o.result for o in job.outcomes]
        for candidate in (FAILURE, CANCELLED, NOT_RUN, SKIPPED):
            if candidate in results:
                job.result = candidate
                break
        else:
            job.result = SUCCESS
        if job.result == SKIPPED and SUCCESS in results:
            job.result = SUCCESS
