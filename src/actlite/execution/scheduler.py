"""Runs the jobs of a plan: who waits for whom, who is cancelled with whom (docs: jobs.<job_id>.needs, strategy)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from actlite.checking.runners import Place
from actlite.engines.base import Sandbox
from actlite.errors import ActliteError
from actlite.events import CallFinished, CallStarted, JobFinished, Notice
from actlite.execution.cancellation import GRACE, Cancellation
from actlite.execution.levels import JobProgress, Level
from actlite.execution.masking import Masker
from actlite.execution.opening import LOCAL_TOKEN, Opening, token_of
from actlite.execution.problems import explain_error
from actlite.execution.results import CANCELLED, FAILURE, NOT_RUN, SKIPPED
from actlite.execution.state import JobOutcome, Services
from actlite.execution.strategies import excused, expanded, fails_others
from actlite.execution.turns import Turns
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import condition
from actlite.planning.plan import JobPlan, Leg, Plan, within_caller
from actlite.records import frozen

HEAD_START = 0.03
"""Seconds for which everything else waits while the first containers are asked for."""
CLOSE_SECONDS = 60.0
"""How long the removal of the last containers may take."""


Where = Callable[[Plan, JobPlan, Leg, Mapping[str, Any]], Place]
"""Finds the place of a leg of a job in a plan, the run's own or a called workflow's; the last argument is the job's
needs context."""


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
    """Runs one plan, and those of the workflows that its jobs call. Job legs run in threads; everything here happens
    under one lock."""

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
        self.top = Level(
            plan,
            self.cancel,
            secrets=services.settings.secrets,
            token=token_of(services.settings.secrets),
            vars=services.settings.vars,
            run=services.owner.run,
        )
        self._turns = Turns(services)
        self._levels = [self.top]
        """The plan's own jobs, and those of the workflows that are called, in the order of their calls."""
        self._closing: list[threading.Thread] = []
        self._kept: list[Sandbox] = []
        self._defect: BaseException | None = None
        self._held: list[tuple[JobProgress, Opening]] | None = None
        """Legs whose sandboxes are being opened before the run begins."""
        self.images: list[str] = []
        """Images that jobs ran in."""
        self._masker = Masker()
        self._masker.add_secrets(services.settings.secrets)
        self._masker.add_token(LOCAL_TOKEN)
        self.cancel.subscribe(self._on_cancel)

    def prepare(self) -> None:
        """Begin to open the sandboxes of the jobs that need no other; ``run`` goes on from there. The wait for a
        container is long enough to load the rest of the program in."""
        with self._changed:
            self._held = []
            while self._advance():
                pass
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
                while not self.top.done:
                    if not self._advance():
                        self._changed.wait(0.2)
                    if self._defect is not None:
                        raise self._defect
        except BaseException:
            self._abandon()
            raise
        ended = [o for job in self._every_job() for o in job.outcomes]
        failed = [o for o in ended if o.result == FAILURE and not o.call]
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
            self._changed.wait_for(lambda: not self._legs_running(), CLOSE_SECONDS)
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
            for job in self._every_job():
                if job.result:
                    continue
                if self.cancel.forced:
                    job.cancel.force(self.cancel.reason)
                elif job.started and not self._goes_on(job):
                    job.cancel.cancel(self.cancel.reason)
            self._changed.notify_all()

    def cancel_job(self, job: JobProgress, reason: str) -> None:
        """Cancel one job although the run goes on, with all that it calls: for ``fail-fast``, for instance. What has not
        begun of it will not."""
        job.cancel.cancel(reason)
        for level in self._levels:
            if level.caller is not None and level.caller[0] is job and not level.ended:
                self.stop(level, reason)

    def stop(self, level: Level, reason: str) -> None:
        """Cancel all jobs of a called workflow although the run goes on."""
        level.stopped = reason
        for job in level.jobs.values():
            if not job.result:
                self.cancel_job(job, reason)

    def _every_job(self) -> Iterator[JobProgress]:
        for level in self._levels:
            yield from level.jobs.values()

    def _legs_running(self) -> int:
        return sum(job.running for job in self._every_job() if not job.calls)

    def _full(self, job: JobProgress) -> bool:
        """Whether so many legs run that one of this job must wait; calls run nothing themselves."""
        return not job.calls and self._legs_running() >= self.services.settings.max_jobs

    def _goes_on(self, job: JobProgress) -> bool:
        try:
            return condition(job.plan.job.if_, job.level.scope(job.plan)).value
        except ExpressionError:
            return False

    def _conclusion(self) -> str:
        results = {job.result for job in self.top.jobs.values()}
        if FAILURE in results:
            return FAILURE
        if CANCELLED in results:
            return CANCELLED
        return "incomplete" if NOT_RUN in results else "success"

    def _advance(self) -> bool:
        """Start or end whatever can be; True when something changed."""
        moved = False
        self._turns.look()
        for level in list(self._levels):
            if level.ended or self._turns.holds_back(level):
                continue
            for job in level.jobs.values():
                moved = self._advance_job(job) or moved
            if level.caller is not None and level.done:
                self._end_call(level, *level.caller)
                moved = True
        return moved

    def _advance_job(self, job: JobProgress) -> bool:
        if job.result:
            return False
        if not job.started:
            if not all(job.level.jobs[need].result for need in job.plan.needs):
                return False
            self._start(job)
        elif not job.waiting and not job.pending and not job.running:
            job.finish()
        else:
            return self._launch(job)
        return True

    def _start(self, job: JobProgress) -> None:
        """All needs have ended: should it run, and as which legs?"""
        job.started = True
        level = job.level
        try:
            if level.stopped:
                self._skip(job, level.stopped)
                return
            if self.cancel.forced:
                self._skip(job, level.reason(job.plan))
                return
            wanted = condition(job.plan.job.if_, level.scope(job.plan), self._masker.mask)
            if not wanted.value:
                self._skip(job, level.reason(job.plan), wanted.data())
                return
            job.plan = expanded(job)
        except (ExpressionError, ActliteError) as error:
            self._fail(job, explain_error(error))
            return
        if not job.plan.legs:
            self._skip(job, "no leg of its matrix has the values that --matrix asks for")
            return
        job.waiting = list(job.plan.legs)

    def _launch(self, job: JobProgress) -> bool:
        """Start waiting legs, as far as the limits allow."""
        moved = False
        for leg in list(job.pending):
            place = self._turns.of_leg(leg)
            why = place.cancelled if place is not None else ""
            if place is not None and not why and (job.cancel.cancelled or self._full(job) or place.waiting):
                continue
            job.pending.remove(leg)
            moved = True
            if why:
                self._turns.leave(leg)
                self._note(job, leg, CANCELLED, why)
            else:
                self._begin(job, leg)
        while job.waiting and not job.cancel.cancelled:
            if self._full(job) or job.running + len(job.pending) >= (job.plan.max_parallel or 1_000_000):
                break
            self._come(job, job.waiting.pop(0))
            moved = True
        if (job.pending or job.waiting) and job.cancel.cancelled:
            for leg in (*job.pending, *job.waiting):
                self._turns.leave(leg)
                self._note(job, leg, CANCELLED, job.cancel.reason or "the run is cancelled")
            job.pending.clear()
            job.waiting.clear()
            moved = True
        return moved

    def _come(self, job: JobProgress, leg: Leg) -> None:
        """A leg may begin, but for its concurrency group."""
        try:
            place = self._turns.enter(job, leg)
        except (ExpressionError, ActliteError) as error:
            self._note(job, leg, FAILURE, explain_error(error))
            self._leg_failed(job, leg)
            return
        if place is None or not (place.cancelled or place.waiting):
            self._begin(job, leg)
            return
        job.pending.append(leg)
        if not place.cancelled:
            self._say(place.wait_text, leg)

    def _begin(self, job: JobProgress, leg: Leg) -> None:
        (self._begin_call if job.calls else self._run_leg)(job, leg)

    def _say(self, text: str, leg: Leg) -> None:
        self.services.emit(Notice(self.services.clock(), "note", self._masker.mask(text), leg.key))

    def _begin_call(self, job: JobProgress, leg: Leg) -> None:
        """A leg of a calling job: its workflow's jobs join the others."""
        from actlite.execution.calls import begin_call

        now = self.services.clock()
        try:
            level = begin_call(job.level, job, leg, self._masker, now)
            place = self._turns.enter_call(level, lambda reason: self.stop(level, reason))
        except (ExpressionError, ActliteError) as error:
            self._turns.leave(leg)
            self._note(job, leg, FAILURE, explain_error(error))
            self._leg_failed(job, leg)
            return
        job.running += 1
        self._levels.append(level)
        self._turns.begun(leg, lambda reason: self.stop(level, reason))
        if place is not None and not place.cancelled and place.waiting:
            self._say(place.wait_text, leg)
        self.services.emit(
            CallStarted(
                now,
                leg.key,
                job.plan.id,
                self._masker.mask(leg.name),
                level.plan.workflow.source.name,
                self._masker.mask_tree(level.plan.trigger.inputs),
                level.plan.leg_keys,
            )
        )

    def _end_call(self, level: Level, job: JobProgress, leg: Leg) -> None:
        """All jobs of a called workflow have ended: the calling leg has, with its outputs. Of several legs the last
        one that sets an output to a value wins (docs: reuse workflows, outputs)."""
        from actlite.execution.calls import outputs_of

        level.ended = True
        self._turns.leave_call(level)
        self._turns.leave(leg)
        result, outputs, reason = level.result, {}, ""
        try:
            outputs = outputs_of(level)
        except (ExpressionError, ActliteError) as error:
            result, reason = FAILURE, explain_error(error)
        job.running -= 1
        job.outputs.update({name: value for name, value in outputs.items() if value})
        job.outcomes.append(JobOutcome(leg, result, outputs, call=not reason))
        now = self.services.clock()
        self.services.emit(
            CallFinished(
                now,
                leg.key,
                job.plan.id,
                self._masker.mask(leg.name),
                result,
                {name: self._masker.mask(value) for name, value in outputs.items()},
                now - level.began,
                self._masker.mask(reason),
            )
        )
        if result == FAILURE:
            self._leg_failed(job, leg)

    def _run_leg(self, job: JobProgress, leg: Leg) -> None:
        level = job.level
        needs = level.needs(job.plan)
        place = self.where(level.plan, job.plan, leg, needs)
        if place.problem:
            self._turns.leave(leg)
            self._note(job, leg, NOT_RUN, place.problem)
            return
        opening = Opening(
            self.services,
            level.plan,
            job.plan,
            leg,
            needs,
            Cancellation(job.cancel),
            platform=place.where,
            arch=place.arch,
            masker=self._masker.copy(),
            secrets=level.secrets,
        )
        opening.begin()
        self._turns.begun(leg, opening.state.cancel.cancel)
        job.running += 1
        if self._held is not None:
            self._held.append((job, opening))
        else:
            self._start_thread(job, opening)

    def _start_thread(self, job: JobProgress, opening: Opening) -> None:
        name = opening.state.leg.key
        threading.Thread(target=self._leg, args=(job, opening), name=name, daemon=True).start()

    def _leg(self, job: JobProgress, opening: Opening) -> None:
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
                self._turns.leave(leg)
                job.running -= 1
                job.outcomes.append(outcome)
                job.outputs.update(outcome.outputs)
                if outcome.result == FAILURE:
                    self._leg_failed(job, leg)
                self._changed.notify_all()

    def _leg_failed(self, job: JobProgress, leg: Leg) -> None:
        if excused(job, leg, self._warn):
            job.excused.add(leg.key)
        elif why := fails_others(job, leg):
            self.cancel_job(job, why)

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

    def _skip(self, job: JobProgress, reason: str, tree: Mapping[str, Any] | None = None) -> None:
        cancelled = self.cancel.cancelled or job.level.stopped
        for leg in job.plan.legs or (self._whole(job),):
            self._note(job, leg, CANCELLED if cancelled else SKIPPED, reason, tree)
        job.finish()

    def _fail(self, job: JobProgress, reason: str) -> None:
        self._note(job, self._whole(job), FAILURE, reason)
        job.finish()

    def _whole(self, job: JobProgress) -> Leg:
        """The one leg of a job of which no legs are known."""
        caller = job.level.caller
        id = job.plan.job.id
        return within_caller(Leg(id, id, {}, 0, 1), caller[1] if caller is not None else None)

    def _note(
        self, job: JobProgress, leg: Leg, result: str, reason: str, tree: Mapping[str, Any] | None = None
    ) -> None:
        job.outcomes.append(JobOutcome(leg, result))
        self.services.emit(
            JobFinished(
                self.services.clock(),
                leg.key,
                job.plan.id,
                self._masker.mask(leg.name),
                result,
                {},
                0.0,
                self._masker.mask(reason),
                self._masker.mask_tree(leg.matrix),
                tree,
            )
        )
