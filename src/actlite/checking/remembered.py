"""Answers of earlier checks, kept in the user's cache folder: a file that has not changed is not checked again.

An answer is kept under the hash of the file's name and text and of the code that checks. With it stands what
else the check looked at (other files, whether there are such, fetched actions); it counts only where all of that
is as it was. The folder may be deleted at any time; it holds at most some thousands of answers.
"""

from __future__ import annotations

import json
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from actlite.checking.watched import Watch, World
from actlite.diagnostics import Diagnostic, Fix, Label, Severity
from actlite.source import SourceFile, Span

SHARD = 64
"""Answers in one of the 256 folders (some 1 KB each), after which the older half of them goes."""
DIGEST = 32
"""Bytes before the data of an answer that tell whether it is whole."""


class Remembered:
    """The answers of earlier checks, as JSON data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, source: SourceFile, world: World, kind: str) -> Any:
        """The answer for a file, or None. ``kind`` says how it was asked."""
        try:
            with open(self._place(source, kind), "rb") as file:
                digest, kept = file.read(DIGEST), file.read()
            if digest != _digest(kept):
                return None
            data = json.loads(kept.decode("utf-8", "surrogatepass"))
            if all(world.ask(question, about) == answer for question, about, answer in data["looks"]):
                return data["answer"]
        except OSError:
            pass
        return None

    def keep(self, source: SourceFile, watch: Watch, kind: str, answer: Any) -> None:
        """Keep an answer. Without a place for it everything works too, so a full disk is no error."""
        if not watch.certain:
            return
        looks = [[*look, found] for look, found in watch.looks.items() if look != ("read", source.name)]
        place = self._place(source, kind)
        temporary = f"{place}.{os.getpid()}"
        try:
            folder = os.path.dirname(place)
            os.makedirs(folder, exist_ok=True)
            _make_room(folder)
            data = json.dumps({"looks": looks, "answer": answer}).encode("utf-8", "surrogatepass")
            with open(temporary, "wb") as file:
                file.write(_digest(data) + data)
            os.replace(temporary, place)
        except OSError:
            return

    def _place(self, source: SourceFile, kind: str) -> str:
        parts = (code_state(), kind, source.name, source.text)
        key = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        return os.path.join(self._folder, key[:2], key[2:])


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()


def _make_room(folder: str) -> None:
    with os.scandir(folder) as found:
        known = [(item.stat().st_mtime_ns, item.path) for item in found]
    if len(known) >= SHARD:
        for _, path in sorted(known)[: len(known) // 2]:
            os.unlink(path)


@cache
def code_state() -> str:
    """Differs whenever any file of actlite does, or the Python that runs it."""
    import sys

    from actlite import __version__

    seen = [__version__, sys.version]
    package = Path(__file__).parent.parent
    for place, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            status = os.stat(os.path.join(place, name))
            seen.append(f"{name} {status.st_mtime_ns} {status.st_size}")
    return sha256("\n".join(seen).encode()).hexdigest()


def finding_data(finding: Diagnostic, own: SourceFile) -> dict[str, Any]:
    """A finding as JSON data, complete. ``own`` is the file that was checked."""
    fix = finding.fix
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "span": _span_data(finding.span, own),
        "label": finding.label,
        "labels": [[_span_data(label.span, own), label.text] for label in finding.labels],
        "notes": list(finding.notes),
        "help": finding.help,
        "fix": [fix.title, _span_data(fix.span, own), fix.replacement] if fix is not None else None,
    }


def finding_of(data: dict[str, Any], own: SourceFile) -> Diagnostic:
    """A finding from its data."""
    fix = None
    if data["fix"] is not None:
        title, span, replacement = data["fix"]
        fix = Fix(title, _certain(_span_of(span, own)), replacement)
    return Diagnostic(
        data["code"],
        Severity(data["severity"]),
        data["message"],
        _span_of(data["span"], own),
        data["label"],
        tuple(Label(_certain(_span_of(span, own)), text) for span, text in data["labels"]),
        tuple(data["notes"]),
        data["help"],
        fix,
    )


def _span_data(span: Span | None, own: SourceFile) -> list[Any] | None:
    if span is None:
        return None
    source = span.source
    if source is own or (source.name, source.text) == (own.name, own.text):
        return [span.start, span.end]
    return [span.start, span.end, source.name, source.text]


def _span_of(data: list[Any] | None, own: SourceFile) -> Span | None:
    if data is None:
        return None
    return Span(own if len(data) == 2 else SourceFile(data[2], data[3]), data[0], data[1])


def _certain(span: Span | None) -> Span:
    assert span is not None
    return span
