"""Stopping things: a run, one job, one step; asked for from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from actlite.errors import CannotRun

T = TypeVar("T")
S = TypeVar("S")


MINUTE = 60.0
"""Seconds in a minute of ``timeout-minutes``: tests have shorter ones."""
GRACE_MINUTES = 5
"""How long what is cancelled may go on where its condition holds, unless the job has its own
``cancel-timeout-minutes``; then it is stopped (docs: workflow cancellation)."""
GRACE = GRACE_MINUTES * MINUTE
"""The same in seconds, for the run as a whole."""


def seconds(minutes: float) -> float:
    """Minutes of a workflow, in seconds."""
    return minutes * MINUTE


def grace(minutes: float = GRACE_MINUTES) -> float:
    """The seconds after which the runner ends a cancelled job by force: it keeps 15 to tell its end in, and gives
    at least 45 (R: JobDispatcher.cs, WorkerDispatcher.Cancel)."""
    return seconds(max(1.0, minutes) - 0.25)


def exceeded(minutes: int) -> str:
    """GitHub's words for a job that has used up its ``timeout-minutes``."""
    hours, rest = divmod(minutes, 60)
    return f"The job has exceeded the maximum execution time of {f'{hours}h' if hours else ''}{rest}m0s"


class Cancellation:
    """Set once, seen by everyone below: cancelling a run cancels its jobs.

    ``cancelled`` asks to stop as GitHub does (``always()`` steps still run); ``forced`` asks to stop now.
    """

    def __init__(self, parent: Cancellation | None = None) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._forced = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self.reason = ""
        if parent is not None:
            parent._adopt(self)

    @property
    def cancelled(self) -> bool:
        """Someone asked to stop."""
        return self._event.is_set()

    @property
    def forced(self) -> bool:
        """Someone asked to stop now, without running anything more."""
        return self._forced.is_set()

    def cancel(self, reason: str = "") -> None:
        """Ask to stop. Callbacks run in the calling thread, once."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def force(self, reason: str = "") -> None:
        """Ask to stop now."""
        self._forced.set()
        self.cancel(reason)
        with self._lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def force_in(self, seconds: float) -> None:
        """Stop what has not ended by then."""
        timer = threading.Timer(seconds, lambda: self.force("the time for cancelling is over"))
        timer.daemon = True
        timer.start()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for a request to stop; True when there was one."""
        return self._event.wait(seconds)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back at a request (at once if it was made already). Returns a function that ends this."""
        with self._lock:
            self._callbacks.append(callback)
            due = self._event.is_set()
        if due:
            callback()

        def end() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return end

    def _adopt(self, child: Cancellation) -> None:
        self.subscribe(lambda: child.force(self.reason) if self.forced else child.cancel(self.reason))


class TimeIsOver(Exception):
    """What a step waited for has taken longer than the step may."""


class Listener(Generic[S]):
    """Passes on what a work says as long as somebody waits for the work, see `until_cancelled`. ``needed``: the work
    is of no use to anybody else, and ends with an exception when it says more."""

    def __init__(self, hear: Callable[[S], None], *, needed: bool) -> None:
        self._hear = hear
        self._needed = needed
        self._lock = threading.Lock()
        self._left = False

    def __call__(self, said: S) -> None:
        """Pass on something."""
        with self._lock:
            if not self._left:
                self._hear(said)
            elif self._needed:
                raise TimeIsOver

    def leave(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._left = True


def until_cancelled(
    cancel: Cancellation,
    what: str,
    work: Callable[[], T],
    *,
    within: float | None = None,
    goes_on: Callable[[], bool] = lambda: False,
) -> T:
    """Do something that takes long, can't be stopped, but may be left alone: a pull, a download. Gives its result
    and raises its errors; raises CannotRun as soon as there is a request to stop, and TimeIsOver after ``within``
    seconds, and the work goes on in a thread that nobody waits for. A step that runs although the job was cancelled
    before, and one that ``goes_on`` then, gives way to ``force`` alone. ``what`` completes "cancelled while …"."""
    before = cancel.cancelled
    ended: list[tuple[T | None, BaseException | None]] = []
    done = threading.Event()

    def run() -> None:
        try:
            ended.append((work(), None))
        except BaseException as error:  # raised again below
            if not done.is_set():  # else it is nobody's, and must not hold what it has come through
                ended.append((None, error))
        done.set()

    def asked() -> None:
        if cancel.forced or not (before or goes_on()):
            done.set()

    threading.Thread(target=run, name=what, daemon=True).start()
    end = cancel.subscribe(asked)
    try:
        in_time = done.wait(within)
    finally:
        end()
    if not ended:
        done.set()
        if not in_time:
            raise TimeIsOver
        raise CannotRun(f"Cancelled while {what}")
    result, error = ended[0]
    if error is not None:
        raise error
    return cast(T, result)
