"""Problem matchers: lines of a step's output that tell of errors become annotations.

Rules: R: ``Handlers/OutputManager.cs``, ``ExecutionContext.AddMatchers``. A job has ``Matchers``; each of its steps
looks at its output with ``StepMatchers``, which begin anew and see what is added or removed while the step runs.
Colour codes stay in the line that is matched: the runner means to take them out and looks for a wrong character
(R issue 2341). The matching is done by a process of its own (``matcher_worker``), which is started with the first
line that needs it, stopped when a pattern takes too long, and passed on to later steps.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from actlite.events import Annotation
from actlite.execution.matcher_config import MatcherConfig, MatcherError, load_matchers

__all__ = ["MatcherConfig", "MatcherError", "Matchers", "StepMatchers", "load_matchers"]

TIMEOUT = 1.0
"""How long one matcher may take for one line, in seconds; it has three attempts."""
TIMEOUT_VARIABLE = "GITHUB_ACTIONS_RUNNER_ISSUE_MATCHER_TIMEOUT"
"""The variable of actlite's own environment that says otherwise, as of a runner's: ``00:00:02.5``."""
ATTEMPTS = 3
BATCH = 1000
"""How many lines the worker gets at once."""

TranslatePath = Callable[[str], Path | None]
Found = tuple[Annotation, str]
"""An annotation, and the line it was found in as it is shown."""

_SPAN = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)", re.ASCII)
_TOO_SLOW = (
    "The Regex engine has timed out while trying to match a pattern to an input string. This can occur for many "
    "reasons, including very large inputs or excessive backtracking caused by nested quantifiers, back-references "
    "and other factors."
)


class Matchers:
    """The problem matchers of a job, newest first. Safe to use from several threads.

    ``resolve`` makes of a file name and the matcher's fromPath the name that the annotation gets; '' drops it. It is
    given the translation of the step's paths to this machine's, too.
    """

    def __init__(
        self,
        resolve: Callable[[str, str, TranslatePath | None], str] | None = None,
        *,
        timeout: float | None = None,
    ) -> None:
        self.resolve = resolve or (lambda file, _, __: file)
        self.timeout = _wanted_timeout() if timeout is None else timeout
        """How long one matcher may take for one line, in seconds."""
        self._lock = threading.RLock()
        self._configs: list[MatcherConfig] = []
        self._steps: list[StepMatchers] = []
        self._idle: list[_Worker] = []

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners, newest first."""
        return tuple(config.owner for config in self._configs)

    def for_step(self, translate_path: TranslatePath | None = None) -> StepMatchers:
        """The matchers at work for one step; to be closed when it ends."""
        with self._lock:
            made = StepMatchers(self, self._configs, translate_path)
            self._steps.append(made)
            return made

    def add(self, configs: Sequence[MatcherConfig]) -> None:
        """Add matchers before the others; they replace those of the same owners. The steps that run take them one
        by one, so that the last one comes first for them."""
        with self._lock:
            self._configs = [*configs, *_without(self._configs, [config.owner for config in configs])]
            steps = list(self._steps)
        for step in steps:
            for config in configs:
                step.change(config.owner, config)

    def remove(self, owners: Iterable[str]) -> list[str]:
        """Remove the matchers of some owners; unknown ones are no error. Gives the owners that are gone."""
        with self._lock:
            kept = _without(self._configs, owners)
            gone = [config.owner for config in self._configs if config not in kept]
            self._configs = kept
            steps = list(self._steps)
        for step in steps:
            for owner in gone:
                step.change(owner, None)
        return gone

    def worker(self) -> _Worker:
        """A worker process: one that is idle, or a new one."""
        with self._lock:
            return self._idle.pop() if self._idle else _Worker()

    def leave(self, step: StepMatchers, worker: _Worker | None) -> None:
        """A step has ended; its worker can be used on."""
        with self._lock:
            if step in self._steps:
                self._steps.remove(step)
            if worker is not None:
                self._idle.append(worker)

    def close(self) -> None:
        """End the worker processes. The matchers can be used on."""
        with self._lock:
            while self._idle:
                self._idle.pop().kill()


class StepMatchers:
    """A job's problem matchers at work on the output of one step. Safe to use from several threads."""

    def __init__(
        self, job: Matchers, configs: Sequence[MatcherConfig], translate_path: TranslatePath | None
    ) -> None:
        self._job = job
        self._translate = translate_path
        self._lock = threading.RLock()
        self._configs = list(configs)
        self._set: list[MatcherConfig] = []
        """What the worker has, in its order."""
        self._worker: _Worker | None = None
        self._warnings: list[tuple[int, str]] = []

    @property
    def active(self) -> bool:
        """Whether there are any."""
        return bool(self._configs)

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners, newest first."""
        return tuple(config.owner for config in self._configs)

    def change(self, owner: str, config: MatcherConfig | None) -> None:
        """Put a matcher before the others, in place of that of its owner; or only take that away."""
        with self._lock:
            new = [config] if config is not None else []
            self._configs = new + _without(self._configs, [owner])

    def close(self) -> None:
        """The step has ended."""
        with self._lock:
            worker, self._worker, self._set = self._worker, None, []
            self._job.leave(self, worker)

    def take_warnings(self) -> list[tuple[int, str]]:
        """Matchers that were removed since the last call because they take too long: the number of the line, among
        those of the last ``feed_lines``, and what there is to say before it."""
        with self._lock:
            taken, self._warnings = self._warnings, []
            return taken

    def feed(self, line: str) -> Found | None:
        """What is found in one line, which has no line end."""
        return self.feed_lines([line])[0]

    def feed_lines(self, lines: Sequence[str]) -> list[Found | None]:
        """What is found in each of some lines."""
        with self._lock:
            found: list[Found | None] = [None] * len(lines)
            for start in range(0, len(lines), BATCH):
                batch = list(lines[start : start + BATCH])
                for number, _, fields in self._ask(batch, start) if self._configs else ():
                    found[start + number] = (self._annotation(fields), batch[number])
            return found

    def _ask(self, lines: list[str], start: int) -> list[Any]:
        """The worker's answer for a batch; when it doesn't come in time, line by line. ``start`` is the number of
        its first line."""
        answer = self._running().match(lines, self._job.timeout * ATTEMPTS)
        if answer is not None:
            return answer
        self._kill()
        if len(lines) == 1:
            self._remove_slow(lines[0], start)
            return self._ask(lines, start) if self._configs else []
        half = len(lines) // 2
        first = self._ask(lines[:half], start) if self._configs else []
        second = self._ask(lines[half:], start + half) if self._configs else []
        return first + [(number + half, *rest) for number, *rest in second]

    def _remove_slow(self, line: str, number: int) -> None:
        """Find the matchers that take too long for a line, and remove them: from this step, not from the job."""
        slow = []
        for config in self._configs:
            worker = _Worker()
            worker.set([config.plain()])
            if worker.match([line], self._job.timeout) is None:
                slow.append(config.owner)
            worker.kill()
        for owner in slow or [self._configs[0].owner]:
            text = f"Removing issue matcher '{owner}'. Matcher failed {ATTEMPTS} times. Error: {_TOO_SLOW}"
            self._warnings.append((number, text))
            self.change(owner, None)

    def _running(self) -> _Worker:
        """The worker, with the matchers that there are now; those that it has keep what earlier lines began."""
        if self._worker is None:
            self._worker, self._set = self._job.worker(), []
            self._worker.set([])
        if list(map(id, self._set)) != list(map(id, self._configs)):
            known = {id(config): place for place, config in enumerate(self._set)}
            self._worker.set([known.get(id(config), config.plain()) for config in self._configs])
            self._set = list(self._configs)
        return self._worker

    def _kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _annotation(self, fields: dict[str, str | None]) -> Annotation:
        file = fields["file"] or ""
        return Annotation(
            fields["severity"] or "error",
            fields["message"] or "",
            file=self._job.resolve(file, fields["fromPath"] or "", self._translate) if file.strip() else "",
            line=_digits(fields["line"]),
            column=_digits(fields["column"]),
        )


def _wanted_timeout() -> float:
    """What the environment says, else a second."""
    span = _SPAN.fullmatch(os.environ.get(TIMEOUT_VARIABLE, "").strip())
    seconds = int(span[1]) * 3600 + int(span[2]) * 60 + float(span[3]) if span else 0.0
    return seconds if seconds > 0 else TIMEOUT


def _without(configs: Sequence[MatcherConfig], owners: Iterable[str]) -> list[MatcherConfig]:
    gone = {owner.lower() for owner in owners}
    return [config for config in configs if config.owner.lower() not in gone]


def _digits(text: str | None) -> int | None:
    """R: ``int.TryParse`` with ``NumberStyles.None``: digits only, 32 bits."""
    digits = (text or "").lstrip("0") or "0"
    if not text or not text.isascii() or not text.isdigit() or len(digits) > 10:
        return None
    value = int(digits)
    return value if value < 2**31 else None


class _Worker:
    """The process that matches."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("matcher_worker.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    def set(self, matchers: Sequence[int | dict[str, Any]]) -> None:
        """Set the matchers: new ones, with nothing begun, or the numbers of those that stay as they are."""
        self._send({"matchers": matchers})

    def match(self, lines: Sequence[str], timeout: float) -> list[Any] | None:
        """The answer for some lines; None when it doesn't come within ``timeout`` seconds."""
        self._send({"lines": lines})
        stream = self._process.stdout
        assert stream is not None
        poll = select.poll()
        poll.register(stream, select.POLLIN)
        deadline = time.monotonic() + timeout
        pieces: list[bytes] = []
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return None
            piece = stream.read(65536)
            if not piece:
                return None
            pieces.append(piece)
            if piece.endswith(b"\n"):
                answer: list[Any] = json.loads(b"".join(pieces))
                return answer

    def _send(self, request: dict[str, Any]) -> None:
        stream = self._process.stdin
        assert stream is not None
        data = memoryview(json.dumps(request).encode() + b"\n")
        try:
            while data:
                data = data[stream.write(data) or 0 :]
        except BrokenPipeError:
            return  # it is gone; the missing answer will tell

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
