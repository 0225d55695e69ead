"""What a reporter is, and the fan-out that feeds several of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from actlite.events import Event


class Reporter(Protocol):
    """Takes the events of one or more runs, one call at a time, and is closed once at the end."""

    def __call__(self, event: Event) -> None:
        """Take one event."""

    def close(self) -> None:
        """The last event has been given, or there will be no more. Called once."""


class Tee:
    """Gives each event to several reporters, under one lock: reporters need not be thread-safe.

    A reporter that raises is dropped with one warning: a full disk or a closed pipe must not end a
    run. (KeyboardInterrupt and SystemExit pass.)
    """

    def __init__(self, reporters: Sequence[Reporter], warn: Callable[[str], None]) -> None:
        self._reporters = list(reporters)
        self._warn = warn
        self._lock = threading.RLock()

    def __call__(self, event: Event) -> None:
        """Give an event to every reporter that is left."""
        with self._lock:
            for reporter in tuple(self._reporters):
                try:
                    reporter(event)
                except Exception as error:
                    self._drop(reporter, error)

    def close(self) -> None:
        """Close every reporter that is left. Safe to call twice."""
        with self._lock:
            while self._reporters:
                reporter = self._reporters[0]
                try:
                    reporter.close()
                except Exception as error:
                    self._drop(reporter, error)
                else:
                    self._reporters.remove(reporter)

    def _drop(self, reporter: Reporter, error: Exception) -> None:
        self._reporters.remove(reporter)
        if isinstance(error, BrokenPipeError):
            self._warn("Nobody reads the output any more. The run goes on.")
            return
        self._warn(f"{type(reporter).__name__} stopped: {type(error).__name__}: {error}. The run goes on.")
