"""A process of the docker engine that is stopped in the moment in which it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from actlite.engines.base import ProcessSpec
from actlite.engines.docker import sandbox


class SlowToStart:
    """Stands for the thread that sends signals."""

    made: list[SlowToStart]
    begun = threading.Event()
    go_on = threading.Event()

    def __init__(self, *given: object) -> None:
        self.started = False
        self.finished_before_start = False
        self.made.append(self)

    def start(self) -> None:
        self.begun.set()
        self.go_on.wait(5)
        self.started = True

    def finish(self) -> None:
        self.finished_before_start = not self.started


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_end_waits_for_a_stop_that_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    SlowToStart.made = []
    monkeypatch.setattr(sandbox, "Killer", SlowToStart)
    run = sandbox._Run(cast(Any, None), "id", ProcessSpec(argv=("true",), env={}, workdir="/"))
    threads = [in_thread(run.kill)]
    assert SlowToStart.begun.wait(5)
    threads.append(in_thread(run.ended))
    threads[1].join(0.1)
    SlowToStart.go_on.set()
    for thread in threads:
        thread.join(5)
    (killer,) = SlowToStart.made
    assert killer.started
    assert not killer.finished_before_start
    run.kill()
    assert len(SlowToStart.made) == 1


def test_what_has_ended_is_stopped_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    SlowToStart.made = []
    monkeypatch.setattr(sandbox, "Killer", SlowToStart)
    run = sandbox._Run(cast(Any, None), "id", ProcessSpec(argv=("true",), env={}, workdir="/"))
    run.ended()
    run.kill()
    assert SlowToStart.made == []
