"""One run of one plan: its folder, its reporters, the engine's part, and the ways in which it can be stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from actlite.contexts.github import run_fields
from actlite.engines.base import Engine, Owner
from actlite.errors import ActliteError, InvalidWorkflow
from actlite.events import Emit, Event, Notice, RunFinished, RunStarted
from actlite.execution.cancellation import Cancellation
from actlite.execution.concurrency import Place, setting
from actlite.execution.scheduler import RunOutcome, Scheduler, Where
from actlite.execution.state import Services
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope
from actlite.journal.log import EventLog
from actlite.journal.runs import RunFolder, RunStore, State
from actlite.planning.plan import Plan
from actlite.reporting.tee import Reporter, Tee

LOOK_SECONDS = 0.1
"""How often a run looks whether its concurrency group is free, or wanted by another."""
SWEEP_SECONDS = 10.0
"""How long a run's end waits for the clean-up of earlier ones."""


class Session:
    """Runs plans one after the other; ^C once cancels, twice stops."""

    def __init__(
        self,
        store: RunStore,
        engine: Engine,
        reporter: Reporter,
        warn: Callable[[str], None],
        *,
        kept_runs: int = 2,
    ) -> None:
        self.store = store
        self.engine = engine
        self.reporter = reporter
        self.warn = warn
        self.kept_runs = kept_runs
        self.cancel = Cancellation()
        self._interrupts = 0
        self._folder = Path()
        self._sweeper: threading.Thread | None = None

    @property
    def interrupted(self) -> bool:
        """The user has asked to stop."""
        return self._interrupts > 0

    def begin(self) -> None:
        """Listen to signals."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def end(self) -> None:
        """Wait for the clean-up, but not for a busy daemon: what is left is removed at the next start."""
        if self._sweeper is not None:
            self._sweeper.join(SWEEP_SECONDS)

    def run(
        self, plan: Plan, services_of: Callable[[RunFolder, Emit], Services], where: Where, source: str
    ) -> RunOutcome:
        """Run one plan."""
        folder = self.store.create()
        self._folder = folder.path
        log = EventLog(folder.path, self.warn)
        tee = Tee([_Unclosed(log), self.reporter], self.warn)
        gate = _Gate(tee)
        services = services_of(folder, gate)
        started = services.clock()
        cancel = Cancellation(self.cancel)
        scheduler = Scheduler(services, plan, where=where, cancel=cancel)
        try:
            place = _place(plan, services)
            waits = place is not None and place.waiting
        except ActliteError:
            _drop(folder, log)
            raise
        if not waits:
            scheduler.prepare()
        self._clean_up()
        tee(_started(plan, services, folder, source, started))
        for note in services.runner.notes:
            tee(Notice(started, "note", note))
        gate.open()
        try:
            if place is not None and waits:
                tee(Notice(services.clock(), "note", place.wait_text))
                _wait(place, cancel)
            outcome = self._watch(scheduler, cancel, place)
            kept = tuple(sandbox.id[:12] for sandbox in outcome.kept)
            tee(
                RunFinished(
                    services.clock(),
                    folder.id,
                    outcome.conclusion,
                    services.clock() - started,
                    kept,
                    str(folder.path),
                )
            )
            self._settle(folder, outcome, scheduler)
        finally:
            if place is not None:
                place.release()
            log.close()
            if folder.lock is not None:
                folder.lock.release()
        return outcome

    def _watch(self, scheduler: Scheduler, cancel: Cancellation, place: Place | None) -> RunOutcome:
        """Run the scheduler in a thread, so that this one can take signals, and see whether another run wants the
        concurrency group now."""
        result: list[RunOutcome | BaseException] = []

        def work() -> None:
            try:
                result.append(scheduler.run())
            except BaseException as error:
                result.append(error)

        thread = threading.Thread(target=work, name="scheduler", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.5 if place is None else LOOK_SECONDS)
            if place is not None and not cancel.cancelled and place.cancelled:
                cancel.cancel(place.cancelled)
        if isinstance(result[0], BaseException):
            cancel.force("actlite itself has failed")
            raise result[0]
        return result[0]

    def _settle(self, folder: RunFolder, outcome: RunOutcome, scheduler: Scheduler) -> None:
        """After the report is out: containers go, files go, or both are kept for a look."""
        from actlite.engines.orphans import NOTES
        from actlite.journal.lifecycle import release_kept, remove_tree

        scheduler.close()
        if outcome.kept:
            folder.set_state(State.KEPT)
            for said in release_kept(self.engine, self.store, keep=self.kept_runs):
                self.warn(said)
            return
        images = tuple(dict.fromkeys(scheduler.images))
        for left in remove_tree(folder.path / "work", self.engine, images=images):
            self.warn(f"{left} could not be removed; it belongs to another user.")
        for name in ("control", NOTES):
            remove_tree(folder.path / name)
        folder.set_state(State.FINISHED)

    def _clean_up(self) -> None:
        """Remove in the background what dead runs left; once, when the first containers are on their way."""
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="sweep", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        from actlite.journal.lifecycle import sweep

        try:
            for said in sweep(self.engine if self.engine.name != "host" else None, self.store):
                self.warn(said)
        except ActliteError as error:
            self.warn(f"What earlier runs left could not be looked at: {error.what}")
        except OSError as error:
            self.warn(f"What earlier runs left could not be looked at: {error}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """What a handler does may interrupt anything, so the work is done in threads."""
        self._interrupts += 1
        if number == signal.SIGINT and self._interrupts == 1:
            threading.Thread(target=self._cancel, daemon=True).start()
        else:
            threading.Thread(target=self._force, daemon=True).start()

    def _cancel(self) -> None:
        self.warn("Cancelling: jobs and steps with always() still run. ^C again stops at once.")
        self.cancel.cancel("cancelled by the user")

    def _force(self) -> None:
        """Stop now: what a step runs in is taken away from it, whatever signals it ignores."""
        self.cancel.force("stopped by the user")
        try:
            owner = str(self._folder)
            self.engine.remove(o for o in self.engine.owned() if o.owner == owner and o.kind == "container")
        except ActliteError as error:
            self.warn(f"The containers could not be stopped at once: {error.what}")


class _Gate:
    """Holds events back until the run has been announced: containers are begun before that."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.RLock()
        self._held: list[Event] | None = []

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._held is not None:
                self._held.append(event)
                return
        self._emit(event)

    def open(self) -> None:
        """Let them pass, in their order."""
        with self._lock:
            held, self._held = self._held or [], None
            for event in held:
                self._emit(event)


class _Unclosed:
    """The journal among the reporters: closed by the session, after the last event."""

    def __init__(self, log: EventLog) -> None:
        self.log = log

    def __call__(self, event: Event) -> None:
        self.log(event)

    def close(self) -> None:
        """Nothing yet."""


def _started(plan: Plan, services: Services, folder: RunFolder, source: str, time_: float) -> RunStarted:
    github = plan.trigger.github
    return RunStarted(
        time_,
        folder.id,
        plan.workflow.name,
        plan.workflow.path,
        plan.trigger.event,
        str(github.get("ref", "")),
        str(github.get("sha", "")),
        services.runner.date.isoformat(),
        services.runner.release,
        source,
        plan.leg_keys,
        engine=services.engine.name,
    )


def _drop(folder: RunFolder, log: EventLog) -> None:
    """Remove what was made for a run that could not begin."""
    from actlite.journal.lifecycle import remove_tree

    log.close()
    remove_tree(folder.path)
    if folder.lock is not None:
        folder.lock.release()


def _place(plan: Plan, services: Services) -> Place | None:
    """The run's place in its concurrency group; None without one. Raises CannotRun where groups can't be looked at,
    and InvalidWorkflow where the group's name can't be evaluated."""
    queues, github = services.queues, plan.trigger.github
    if queues is None or plan.workflow.concurrency is None:
        return None
    contexts = {
        "github": {**github, **run_fields(github, services.owner.run)},
        "inputs": plan.trigger.inputs,
        "vars": services.settings.vars,
    }
    try:
        wanted = setting(plan.workflow.concurrency, Scope(contexts))
    except ExpressionError as error:
        raise InvalidWorkflow("The workflow is not valid.", [], why=error.message) from error
    return queues.enter_run(wanted) if wanted is not None else None


def _wait(place: Place, cancel: Cancellation) -> None:
    """Wait for the run's turn. A run that is replaced, or stopped, meanwhile never begins."""
    while not cancel.cancelled and place.waiting:
        cancel.wait(LOOK_SECONDS)
    if place.cancelled or cancel.cancelled:
        cancel.force(place.cancelled or cancel.reason)


def owner_of(folder: RunFolder) -> Owner:
    """What the engine labels a run's objects with."""
    return Owner(folder.id, folder.path)


def now() -> float:
    """The clock of real runs."""
    return time.time()


def cache_folder() -> Path:
    """The user's cache folder for actlite."""
    import os

    import platformdirs

    return Path(os.environ.get("ACTLITE_CACHE") or platformdirs.user_cache_dir("actlite"))
