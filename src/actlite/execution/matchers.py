"""Problem matchers: lines of a step's output that tell of errors become annotations.

Rules: R: ``Handlers/OutputManager.cs``. The matching is done by a process of its own (``matcher_worker``),
which is started with the first line that needs it and stopped when a pattern takes too long.
"""

from __future__ import annotations

import json
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

__all__ = ["MatcherConfig", "MatcherError", "Matchers", "load_matchers"]

TIMEOUT = 1.0
"""How long one matcher may take for one line, in seconds; it has three attempts."""
ATTEMPTS = 3
BATCH = 1000
"""How many lines the worker gets at once."""

Found = tuple[Annotation, str]
"""An annotation, and the line it was found in as it is shown."""

_COLOR = re.compile(r"\x1b\[[0-9;]*m?")


class Matchers:
    """The problem matchers of a job, newest first. Safe to use from several threads.

    ``resolve`` makes of a file name and the matcher's fromPath the name that the annotation gets; '' drops
    it. With ``strip_colors`` colour codes are taken out of a line first, as the runner's documentation says
    (its code looks for a wrong character and does not: R issue 2341).
    """

    def __init__(
        self,
        resolve: Callable[[str, str], str] | None = None,
        *,
        strip_colors: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        self._resolve = resolve or (lambda file, _: file)
        self._strip = strip_colors
        self._timeout = timeout
        self._lock = threading.RLock()
        self._configs: list[MatcherConfig] = []
        self._worker: _Worker | None = None
        self._warnings: list[str] = []

    @property
    def active(self) -> bool:
        """Whether there are any."""
        return bool(self._configs)

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners, newest first."""
        return tuple(config.owner for config in self._configs)

    def add(self, configs: Sequence[MatcherConfig]) -> None:
        """Add matchers before the others; they replace those of the same owners."""
        with self._lock:
            kept = self._without(config.owner for config in configs)
            self._configs = [*configs, *kept]
            self.reset()

    def remove(self, owners: Iterable[str]) -> None:
        """Remove the matchers of some owners; unknown ones are no error."""
        with self._lock:
            self._configs = self._without(owners)
            self.reset()

    def _without(self, owners: Iterable[str]) -> list[MatcherConfig]:
        gone = {owner.lower() for owner in owners}
        return [config for config in self._configs if config.owner.lower() not in gone]

    def reset(self) -> None:
        """Forget what earlier lines began, as at the start of a step."""
        with self._lock:
            if self._worker is not None:
                self._worker.set(self._configs)

    def close(self) -> None:
        """End the worker process. The matchers can be used on."""
        with self._lock:
            if self._worker is not None:
                self._worker.kill()
                self._worker = None

    def take_warnings(self) -> list[str]:
        """What there is to say since the last call: matchers that were removed because they take too long."""
        with self._lock:
            taken, self._warnings = self._warnings, []
            return taken

    def feed(self, line: str) -> Found | None:
        """What is found in one line, which has no line end."""
        return self.feed_lines([line])[0]

    def feed_lines(self, lines: Sequence[str]) -> list[Found | None]:
        """What is found in each of some lines."""
        with self._lock:
            plain = [_COLOR.sub("", line) if self._strip and "\x1b" in line else line for line in lines]
            found: list[Found | None] = [None] * len(plain)
            for start in range(0, len(plain), BATCH):
                batch = plain[start : start + BATCH]
                for number, _, fields in self._ask(batch) if self._configs else ():
                    found[start + number] = (self._annotation(fields), batch[number])
            return found

    def _ask(self, lines: list[str]) -> list[Any]:
        """The worker's answer for a batch; when it doesn't come in time, line by line."""
        answer = self._running().match(lines, self._timeout * ATTEMPTS)
        if answer is not None:
            return answer
        self.close()
        if len(lines) == 1:
            self._remove_slow(lines[0])
            return self._ask(lines) if self._configs else []
        half = len(lines) // 2
        first = self._ask(lines[:half]) if self._configs else []
        second = self._ask(lines[half:]) if self._configs else []
        return first + [(number + half, *rest) for number, *rest in second]

    def _remove_slow(self, line: str) -> None:
        """Find the matchers that take too long for a line, and remove them."""
        slow = []
        for config in self._configs:
            worker = _Worker([config])
            if worker.match([line], self._timeout) is None:
                slow.append(config.owner)
            worker.kill()
        for owner in slow or [self._configs[0].owner]:
            self._warnings.append(
                f"Removing issue matcher '{owner}'. Matcher failed {ATTEMPTS} times. Error: its regular "
                f"expression takes more than {self._timeout:g} s for a line of {len(line)} characters."
            )
            self._configs = self._without([owner])

    def _running(self) -> _Worker:
        if self._worker is None:
            self._worker = _Worker(self._configs)
        return self._worker

    def _annotation(self, fields: dict[str, str | None]) -> Annotation:
        file = fields["file"] or ""
        return Annotation(
            fields["severity"] or "error",
            fields["message"] or "",
            file=self._resolve(file, fields["fromPath"] or "") if file.strip() else "",
            line=_digits(fields["line"]),
            column=_digits(fields["column"]),
        )


def _digits(text: str | None) -> int | None:
    """R: ``int.TryParse`` with ``NumberStyles.None``: digits only, 32 bits."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    value = int(text)
    return value if value < 2**31 else None


class _Worker:
    """The process that matches."""

    def __init__(self, configs: Sequence[MatcherConfig]) -> None:
        script = Path(__file__).with_name("matcher_worker.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self.set(configs)

    def set(self, configs: Sequence[MatcherConfig]) -> None:
        """Set the matchers, with nothing begun."""
        self._send({"matchers": [config.plain() for config in configs]})

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
