"""Work on many files by all processors: processes made by fork, each with a share of the work.

A child hands its answers back in a temporary file. Whatever a child fails to answer, for whatever reason, the
parent does itself, so that an error shows where it would have shown without children.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

WORTH = 64 * 1024
"""How many characters a share must have, to be worth a process of its own (some 30 ms of work)."""
MOST = 8
"""The most processes."""


def processes(weights: Sequence[int]) -> int:
    """How many processes this work is worth."""
    if not hasattr(os, "fork") or len(weights) < 2:
        return 1
    processors = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    return max(1, min(processors, MOST, len(weights), sum(weights) // WORTH))


def work_all(
    tasks: Sequence[str], weights: Sequence[int], work: Callable[[str], Any], count: int | None = None
) -> dict[str, Any]:
    """``work(task)`` for every task, which must give JSON data. Raises what ``work`` raises.

    ``count`` is the number of processes; without it, as many as the weights of the tasks are worth.
    """
    count = processes(weights) if count is None else count
    if count < 2:
        return {task: work(task) for task in tasks}
    heaviest_first = sorted(range(len(tasks)), key=lambda index: -weights[index])
    shares = [[tasks[index] for index in heaviest_first[start::count]] for start in range(count)]
    children: list[tuple[int, int]] = []
    answers: dict[str, Any] = {}
    try:
        for share in shares[1:]:
            try:
                children.append(_start(share, work))
            except OSError:  # no process or no temporary file to be had
                break
        for task in shares[0]:
            answers[task] = work(task)
        while children:
            answers |= _collect(*children[-1])
            children.pop()
    finally:
        for process, handle in children:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            _wait(process)
            with suppress(OSError):
                os.close(handle)
    return {task: answers[task] if task in answers else work(task) for task in tasks}


def _start(share: Sequence[str], work: Callable[[str], Any]) -> tuple[int, int]:
    """A child at work on a share, and the file that its answers will be in. Raises OSError."""
    import tempfile

    handle, path = tempfile.mkstemp(prefix="actlite-")
    os.unlink(path)
    parent = os.getpid()
    try:
        process = os.fork()
    except OSError:
        os.close(handle)
        raise
    if process:
        return process, handle
    code = 1
    try:
        _die_with(parent)
        answers = json.dumps({task: work(task) for task in share})
        with open(handle, "wb") as file:
            file.write(answers.encode("utf-8", "surrogatepass"))
        code = 0
    finally:
        os._exit(code)


def _die_with(parent: int) -> None:
    """End this process soon after its parent has been killed."""

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)


def _collect(process: int, handle: int) -> dict[str, Any]:
    """The answers of a child, as soon as it has ended; none where it did not end well."""
    if not _wait(process):
        os.close(handle)
        return {}
    with open(handle, "rb") as file:
        file.seek(0)
        answers: dict[str, Any] = json.loads(file.read().decode("utf-8", "surrogatepass"))
    return answers


def _wait(process: int) -> bool:
    """Wait for the end of a child. Whether it ended well, which nobody learns where our own parent has had us
    ignore SIGCHLD."""
    try:
        return os.waitpid(process, 0)[1] == 0
    except ChildProcessError:
        return False
