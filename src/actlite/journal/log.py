"""The journal of a run: its events as JSON lines, and the steps' logs beside them.

``events.jsonl`` holds one event a line in the form of ``actlite.events.to_json``, but for step
output: the text goes, as it is, to ``logs/<job>/<step>.log``, and the line only refers to it::

    {"kind": "step-output", "time": …, "job": …, "step": …, "file": …, "offset": …, "length": …}

(offset and length in bytes.) So a log of any size costs one write per piece, can be read with
``less``, and consecutive pieces of one step share one line. Everything is handed to the kernel at
once: after kill -9 the journal lacks at most the reference to the last pieces, and what stands in a
log file after the last reference to it is taken as that step's output. (The first piece of a log is
preceded by a reference of length 0, which says whose the file is.)
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from actlite.events import Event, StepOutput, from_json, to_json
from actlite.records import changeable

PIECE = 1 << 20
"""Bytes: how much of a log the reader gives in one event."""


class _StepLog:
    """The open log file of one step."""

    __slots__ = ("fd", "name", "size")

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name
        self.size = os.fstat(fd).st_size


class EventLog:
    """Appends events to a run's journal. Safe to call from several threads.

    A journal must never stop a run: when writing fails (no space left, say), ``on_trouble`` is given
    one sentence and the log takes no more. Raises OSError only when it is opened.
    """

    def __init__(self, folder: Path, on_trouble: Callable[[str], None]) -> None:
        self._folder = folder
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._logs: dict[tuple[str, str], _StepLog] = {}
        self._names: set[str] = set()
        self._pending: _Reference | None = None
        self._fd: int | None = os.open(
            folder / "events.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._mend()

    def __call__(self, event: Event) -> None:
        """Add an event."""
        trouble = ""
        with self._lock:
            if self._fd is None:
                return
            try:
                if isinstance(event, StepOutput):
                    self._output(event)
                else:
                    self._flush()
                    self._line(to_json(event))
                    if event.kind == "step-finished":
                        self._close_log(event)
            except OSError as error:
                trouble = f"The journal of this run is not complete: {error.strerror} ({self._folder})"
                self._close()
        if trouble:
            self._on_trouble(trouble)

    def close(self) -> None:
        """Write what is pending and close the files. Safe to call twice."""
        with self._lock:
            if self._fd is None:
                return
            try:
                self._flush()
            except OSError as error:
                self._on_trouble(f"The journal of this run is not complete: {error.strerror}")
            self._close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _output(self, event: StepOutput) -> None:
        key = (event.job, event.step)
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = self._open_log(event)
            self._flush()
            self._line(_Reference(log.name, event.job, event.step, event.time, log.size, log.size).to_json())
        data = encode(event.text)
        pending = self._pending
        if pending is None or pending.file != log.name:
            self._flush()
            pending = self._pending = _Reference(
                log.name, event.job, event.step, event.time, log.size, log.size
            )
        _write(log.fd, data)
        log.size += len(data)
        pending.end = log.size

    def _open_log(self, event: StepOutput) -> _StepLog:
        folder = f"logs/{safe_name(event.job)}"
        stem = name = f"{folder}/{safe_name(event.step)}"
        number = 2
        while name in self._names:
            name = f"{stem}~{number}"
            number += 1
        self._names.add(name)
        (self._folder / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return _StepLog(os.open(self._folder / f"{name}.log", flags, 0o600), f"{name}.log")

    def _close_log(self, event: Event) -> None:
        log = self._logs.pop((getattr(event, "job", ""), getattr(event, "step", "")), None)
        if log is not None:
            os.close(log.fd)

    def _flush(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._line(pending.to_json())

    def _line(self, data: Mapping[str, Any]) -> None:
        if self._fd is not None:
            _write(self._fd, encode(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"))

    def _mend(self) -> None:
        """Make a journal that a kill has cut short whole again: end its last line, and refer to the
        output whose reference was lost, so that what is appended now comes after it."""
        if self._fd is None:
            return
        size = os.fstat(self._fd).st_size
        if not size:
            return
        if os.pread(self._fd, 1, size - 1) != b"\n":
            _write(self._fd, b"\n")
        ends: dict[str, _Reference] = {}
        for data in _lines(self._folder):
            if data.get("kind") == StepOutput.kind:
                reference = _Reference.of(data)
                if reference is not None:
                    _note_end(ends, reference)
        for tail in _tails(self._folder, ends):
            self._line(tail.to_json())

    def _close(self) -> None:
        for log in self._logs.values():
            os.close(log.fd)
        self._logs.clear()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def read_events(folder: Path, *, output: bool = True) -> Iterator[Event]:
    """The events of a run's journal, in order; big logs come in pieces of about a MiB, or not at all
    where ``output`` is False.

    Lines that can't be read (torn by a kill, foreign, of a later actlite) are passed over. Nothing is
    given for a folder without a journal. Raises OSError when the journal is there but can't be read.
    """
    ends: dict[str, _Reference] = {}
    for data in _lines(folder):
        if data.get("kind") == StepOutput.kind and "file" in data:
            reference = _Reference.of(data)
            if reference is not None and output:
                _note_end(ends, reference)
                yield from reference.read(folder)
            continue
        try:
            event = from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue
        yield event
    for tail in _tails(folder, ends):
        yield from tail.read(folder)


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    try:
        file = open(folder / "events.jsonl", "rb")  # noqa: SIM115
    except (FileNotFoundError, NotADirectoryError):
        return
    with file:
        for line in file:
            data = _parse(line)
            if data is not None:
                yield data


def _note_end(ends: dict[str, _Reference], reference: _Reference) -> None:
    known = ends.get(reference.file)
    if known is None or reference.end > known.end:
        ends[reference.file] = reference


def _tails(folder: Path, ends: Mapping[str, _Reference]) -> Iterator[_Reference]:
    """What was written to log files after the last line that refers to them: a kill came between."""
    for last in ends.values():
        size = _size(folder / last.file)
        if size > last.end:
            yield _Reference(last.file, last.job, last.step, last.time, last.end, size)


@changeable
class _Reference:
    """A stretch of a log file that a journal line refers to."""

    file: str
    job: str
    step: str
    time: float
    offset: int
    end: int
    """The offset after its last byte."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> _Reference | None:
        """The reference of a journal line; None where it is malformed or leads out of the run's folder."""
        file, offset, length, time = (data.get(k) for k in ("file", "offset", "length", "time"))
        job, step = data.get("job"), data.get("step")
        if not (isinstance(file, str) and isinstance(job, str) and isinstance(step, str)):
            return None
        if not (isinstance(offset, int) and isinstance(length, int) and isinstance(time, int | float)):
            return None
        if not _LOG_NAME.fullmatch(file) or ".." in file.split("/") or offset < 0 or length < 0:
            return None
        return cls(file, job, step, time, offset, offset + length)

    def to_json(self) -> dict[str, Any]:
        """The journal's line."""
        return {
            "kind": StepOutput.kind,
            "time": self.time,
            "job": self.job,
            "step": self.step,
            "file": self.file,
            "offset": self.offset,
            "length": self.end - self.offset,
        }

    def read(self, folder: Path) -> Iterator[StepOutput]:
        """The text, in pieces cut after a newline where there is one."""
        start, end = self.offset, self.end
        try:
            file = open(folder / self.file, "rb")  # noqa: SIM115
        except OSError:
            return
        with file:
            file.seek(start)
            left = end - start
            while left > 0:
                data = file.read(min(PIECE, left))
                if not data:
                    return
                cut = data.rfind(b"\n") + 1
                if len(data) < left and 0 < cut < len(data):
                    data = data[:cut]
                    file.seek(start + cut)
                elif len(data) < left:
                    data += file.read(min(_character_rest(data), left - len(data)))
                start += len(data)
                left -= len(data)
                yield StepOutput(self.time, self.job, self.step, decode(data))


_LOG_NAME = re.compile(r"logs/[^/\0]+/[^/\0]+\.log")


def safe_name(key: str) -> str:
    """A file name for a job's or step's key. Different keys may give the same name."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", key).strip("_").lstrip(".")[:100] or "_"


def encode(text: str) -> bytes:
    """UTF-8; bytes that were no UTF-8 when they were read come out as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decode(data: bytes) -> str:
    """The text that ``encode`` wrote."""
    return data.decode("utf-8", "surrogateescape")


def _character_rest(data: bytes) -> int:
    """How many bytes the last, cut UTF-8 character of some bytes still needs."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        need = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return max(0, need - back)
    return 0


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(decode(line))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _write(fd: int, data: bytes) -> None:
    """Write everything; os.write may take less."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
