"""Waiting for what can't be stopped: until it ends, somebody asks to stop, or the time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from actlite.errors import CannotRun
from actlite.execution.cancellation import Cancellation, Listener, TimeIsOver, until_cancelled


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a work waits for; opened when the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def test_results_and_errors_pass() -> None:
    assert until_cancelled(Cancellation(), "it was made", lambda: 5, within=10) == 5
    with pytest.raises(ZeroDivisionError):
        until_cancelled(Cancellation(), "it was made", lambda: 1 // 0)


def test_it_is_left_when_the_time_is_over(gate: threading.Event) -> None:
    with pytest.raises(TimeIsOver):
        until_cancelled(Cancellation(), "it was made", lambda: gate.wait(10), within=0.01)


def test_it_is_left_when_somebody_asks(gate: threading.Event) -> None:
    cancel = Cancellation()
    threading.Timer(0.01, cancel.cancel).start()
    with pytest.raises(CannotRun, match="Cancelled while it was made"):
        until_cancelled(cancel, "it was made", lambda: gate.wait(10), within=10)


def test_a_step_that_goes_on_gives_way_to_force_alone(gate: threading.Event) -> None:
    cancel = Cancellation()

    def work() -> str:
        cancel.cancel()
        return "made"

    assert until_cancelled(cancel, "it was made", work, goes_on=lambda: True) == "made"
    threading.Timer(0.01, cancel.force).start()
    with pytest.raises(CannotRun):
        until_cancelled(cancel, "it was made", lambda: gate.wait(10), goes_on=lambda: True)


def test_nobody_hears_what_is_said_later() -> None:
    heard: list[str] = []
    shared, own = (Listener(heard.append, needed=needed) for needed in (False, True))
    for listener in (shared, own):
        listener("early")
        listener.leave()
    shared("late")
    with pytest.raises(TimeIsOver):
        own("late")
    assert heard == ["early", "early"]
