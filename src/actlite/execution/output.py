"""A step's output on its way to the log: commands are carried out, secrets hidden, lines kept whole.

What comes from the process is cut at its last line end; the rest waits for its end. A piece with
nothing in it that needs a look (no ``::``, no ``##[``, no secret, no problem matcher at work) goes
through as one text. Lines end as they do for the runner, which reads with .NET's ``ReadLine``: at a line
feed, a carriage return, or both. A line of more than 64 KiB that is no command goes out in parts.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Callable
from typing import Protocol

from actlite.events import Annotation
from actlite.execution.masking import Masker, StreamMasker
from actlite.execution.matchers import StepMatchers

MAX_HELD = 64 * 1024
"""How much of a line is held until its end comes, in bytes."""
MAX_COMMAND = 64 * 1024 * 1024
"""How long a line that begins as a command may be, in bytes; a longer one is plain output."""

_COMMAND_START = re.compile(r"[^\S\r\n]*::")
_AFTER_LINE_FEED = re.compile(r"\n[^\S\r\n]*::")
_AFTER_RETURN = re.compile(r"\r[^\S\r\n]*::")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_LINE_END = re.compile(rb"[\r\n]")


class CommandHandler(Protocol):
    """Carries out the commands in a step's output."""

    @property
    def matchers(self) -> StepMatchers | None:
        """The problem matchers at work; None where there can't be any."""

    @property
    def deaf(self) -> bool:
        """Whether the rest of the output counts for nothing: a command has ended the step."""

    def is_command(self, line: str) -> bool:
        """Whether the line, or the beginning of one, is a command."""

    def process(self, line: str) -> list[str] | None:
        """Carry out the command in a line (without its line end). Gives the lines to show instead of
        it, or None when it is plain output."""

    def matched(self, annotation: Annotation, line: str) -> str:
        """Take what a problem matcher found in a line; gives the line to show instead of it."""

    def issue(self, level: str, message: str) -> list[str]:
        """Make an annotation without a place; gives the lines to show."""


class StepLog:
    """Takes a step's raw output and emits masked text in whole lines. Safe to use from several threads.

    ``emit`` takes text; every piece ends with a line end, but for the parts of a very long line and
    for the last line of the output. ``observe`` sees the raw bytes first. No timers: what ``feed`` brought
    is emitted by it, as far as it is whole.
    """

    def __init__(
        self,
        *,
        emit: Callable[[str], None],
        handler: CommandHandler,
        masker: Masker,
        observe: Callable[[bytes], None] | None = None,
    ) -> None:
        self._emit_text = emit
        self._handler = handler
        self._masker = masker
        self._matchers = handler.matchers
        self._observe = observe
        self._lock = threading.RLock()
        self._pieces: list[bytes] = []
        self._held = 0
        self._limit = MAX_HELD
        self._long: _LongLine | None = None
        self._at_start = True
        """Whether what was emitted last ended a line."""

    def feed(self, data: bytes) -> None:
        """Take a piece of output, cut anywhere."""
        if self._observe is not None:
            self._observe(data)
        with self._lock:
            if self._long is not None:
                data = self._feed_long(self._long, data)
            if not data:
                return
            cut = data.rfind(b"\n") + 1
            if cut:
                self._whole(self._take(data[:cut] if cut < len(data) else data))
                data = data[cut:]
                self._limit = MAX_HELD
            if data:
                self._pieces.append(data)
                self._held += len(data)
                if self._held > self._limit:
                    self._too_long()

    def write(self, text: str) -> None:
        """Write lines of our own: masked, never read for commands. A line end is added where it lacks,
        and an unfinished line of the process is ended first."""
        if not text:
            return
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()  # halves of characters, which JSON can name
        with self._lock:
            self.flush()
            start = "" if self._at_start else "\n"
            self._out(start + self._masker.mask(text) + ("" if text.endswith("\n") else "\n"))

    def flush(self) -> None:
        """Take what is held as the last line of a process's output."""
        with self._lock:
            if self._long is not None:
                self._out(self._long.end())
                self._long = None
            if self._held:
                self._whole(self._take(b""))
            self._limit = MAX_HELD

    def close(self) -> None:
        """The step has ended."""
        with self._lock:
            self.flush()
            if self._matchers is not None:
                self._matchers.close()

    def _take(self, last: bytes) -> bytes:
        if not self._pieces:
            return last
        whole = b"".join([*self._pieces, last])
        self._pieces.clear()
        self._held = 0
        return whole

    def _out(self, text: str) -> None:
        if text:
            self._at_start = text.endswith(("\n", "\r"))
            self._emit_text(text)

    def _whole(self, data: bytes) -> None:
        """Show data that ends at a line end, or at the end of the output."""
        if self._handler.deaf:
            return
        matching = self._matchers is not None and self._matchers.active
        if b"::" not in data and b"##[" not in data and not matching:
            self._out(self._masker.mask_lines(data.decode("utf-8", "replace")))
            return
        self._out("".join(self._inspect(data.decode("utf-8", "replace"))))

    def _inspect(self, text: str) -> list[str]:
        """Find the lines that may be commands; what lies between them is plain."""
        shown: list[str] = []
        at = 0
        for start in _suspects(text):
            if start > at:
                shown.append(self._plain(text[at:start]))
            line = _LINE.match(text, start)
            assert line is not None
            at = line.end()
            answer = self._handler.process(line[0].rstrip("\r\n"))
            if answer is None:
                shown.append(self._plain(_defuse(line[0])))
            else:
                shown += [self._masker.mask(f"{part}\n") for part in answer]
            if self._handler.deaf:
                return shown
        if at < len(text):
            shown.append(self._plain(text[at:]))
        return shown

    def _plain(self, text: str) -> str:
        """Lines that are no commands."""
        if self._matchers is None or not self._matchers.active:
            return self._masker.mask_lines(text)
        lines = _LINE.findall(text)
        found = self._matchers.feed_lines([line.rstrip("\r\n") for line in lines])
        warnings = self._matchers.take_warnings()
        shown: list[str] = []
        at = 0
        for number, match in enumerate(found):
            if match is None and (not warnings or warnings[0][0] > number):
                continue
            shown.append(self._masker.mask_lines("".join(lines[at:number])))
            at = number
            while warnings and warnings[0][0] <= number:
                issued = self._handler.issue("warning", warnings.pop(0)[1])
                shown += [self._masker.mask(f"{part}\n") for part in issued]
            if match is not None:
                shown.append(self._masker.mask(self._handler.matched(*match) + "\n"))
                at = number + 1
        shown.append(self._masker.mask_lines("".join(lines[at:])))
        return "".join(shown)

    def _too_long(self) -> None:
        """More is held than a line may have. What a carriage return ends is a line for the runner; a
        command is held on until its end; anything else goes out in parts."""
        data = self._take(b"")
        cut = data.rfind(b"\r", 0, len(data) - 1) + 1
        if cut:
            self._whole(data[:cut])
            data = data[cut:]
        if len(data) <= MAX_HELD:
            self._hold(data, MAX_HELD)
            return
        head = codecs.getincrementaldecoder("utf-8")("replace").decode(data[:MAX_HELD])
        if len(data) <= MAX_COMMAND and self._handler.is_command(head):
            self._hold(data, MAX_COMMAND)
            return
        self._long = _LongLine(self._masker)
        rest = self._feed_long(self._long, data)
        if rest:
            self._hold(rest, MAX_HELD)

    def _hold(self, data: bytes, limit: int) -> None:
        self._pieces = [data]
        self._held = len(data)
        self._limit = limit

    def _feed_long(self, long: _LongLine, data: bytes) -> bytes:
        """Show more of a long line; what follows its end is given back."""
        end = _LINE_END.search(data)
        if end is None:
            self._out(long.more(data))
            return b""
        self._out(long.more(data[: end.start()]) + long.end() + end[0].decode())
        self._long = None
        return data[end.end() :]


class _LongLine:
    """The parts of one long line: secrets and characters may be cut by the parts."""

    def __init__(self, masker: Masker) -> None:
        self._stream = StreamMasker(masker, lines=True)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self, data: bytes) -> str:
        return self._decoder.decode(self._stream.feed(data))

    def end(self) -> str:
        return self._decoder.decode(self._stream.flush(), True)


def _suspects(text: str) -> list[int]:
    """Where the lines begin that may hold a command, in order. Patterns with a literal beginning are
    several times faster than one for all cases."""
    starts = {0} if _COMMAND_START.match(text) else set()
    starts.update(match.start() + 1 for match in _AFTER_LINE_FEED.finditer(text))
    if "\r" in text:
        starts.update(match.start() + 1 for match in _AFTER_RETURN.finditer(text))
    after = 0
    at = text.find("##[")
    while at >= 0:
        start = max(text.rfind("\n", after, at), text.rfind("\r", after, at)) + 1
        start = max(start, after)
        starts.add(start)
        line = _LINE.match(text, start)
        assert line is not None
        after = line.end()
        at = text.find("##[", after)
    return sorted(starts)


def _defuse(line: str) -> str:
    """Markers that are the runner's own are made harmless in a step's output (R: ``OutputManager``)."""
    if "##[" not in line:
        return line
    return line.replace("##[start-action", "##[\\start-action").replace("##[end-action", "##[\\end-action")
