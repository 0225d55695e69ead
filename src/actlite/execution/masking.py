"""Secrets are hidden from everything that is shown or written.

A secret is hidden in its own form and in the forms that programs commonly give it (R:
``DTLogging/Logging/ValueEncoders.cs``, registered in ``HostContext``). There is no minimum length.
Ranges that overlap or touch become one ``***`` (R: ``SecretMasker.MaskSecrets``).
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any, AnyStr
from urllib.parse import quote

STARS = "***"
"""What is shown instead of a secret."""

_SHOWN = frozenset({"ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})
"""Secrets that are not hidden (R: ``Worker.SecretVariableMaskWhitelist``)."""
_LINE_ENDS = re.compile(r"[\r\n]+")


def encodings(value: str) -> Iterator[str]:
    """Every form in which the value is hidden, itself first. Some may be equal, none is empty.

    The base64 forms are those of the whole bytes, and of the bytes without the first one or two:
    what comes out when something stands before the secret (``user:secret``).
    """
    yield value
    data = value.encode("utf-8", "surrogatepass")
    for shift in (0, 1, 2):
        yield base64.b64encode(data[shift:] if len(data) > shift else data).decode("ascii")
    yield value.replace('"', '\\"')
    yield value.replace("'", "''")
    yield _json(value)
    yield quote(data, safe="")
    yield _xml(value)
    if len(value) > 8 and value.startswith('"') and value.endswith('"'):
        yield value[1:-1]
    for half in _powershell_halves(value):
        if len(half) >= 6:
            yield half


def _json(value: str) -> str:
    """The inside of a JSON string in which only what must be escaped is, and U+0085, U+2028, U+2029."""
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    for character in ("\u0085", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _xml(value: str) -> str:
    text = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&apos;")


def _powershell_halves(value: str) -> Iterator[str]:
    """PowerShell colours parts of a command line around ``&``, which tears a secret in two."""
    at = value.find("&+")
    if at >= 0:
        yield value[: at + 2]
        yield value[at + 3 :]
    elif "&" in value:
        at = value.rindex("&")
        yield value[: at + 1]
        yield value[at + 1 :]


class _Patterns:
    """An immutable list of texts to hide, as text and as UTF-8; ``lines`` are those that fit in one line."""

    __slots__ = ("all", "bytes_all", "bytes_lines", "lines")

    def __init__(self, values: Collection[str] = (), before: _Patterns | None = None) -> None:
        """``values`` come on top of those of ``before``, and are none of them."""
        lines = tuple(value for value in values if "\n" not in value and "\r" not in value)
        self.all: tuple[str, ...] = tuple(values)
        self.lines: tuple[str, ...] = lines
        self.bytes_all: tuple[bytes, ...] = tuple(_encoded(value) for value in values)
        self.bytes_lines: tuple[bytes, ...] = tuple(_encoded(line) for line in lines)
        if before is not None:
            self.all = before.all + self.all
            self.lines = before.lines + self.lines
            self.bytes_all = before.bytes_all + self.bytes_all
            self.bytes_lines = before.bytes_lines + self.bytes_lines


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _ranges(text: AnyStr, patterns: tuple[AnyStr, ...]) -> list[tuple[int, int]]:
    """Where the patterns are, as (start, end) in order, joined where they overlap or touch."""
    found: list[tuple[int, int]] = []
    for pattern in patterns:
        at = text.find(pattern)
        while at >= 0:
            found.append((at, at + len(pattern)))
            at = text.find(pattern, at + 1)
    if len(found) < 2:
        return found
    found.sort()
    joined = [found[0]]
    for start, end in found[1:]:
        last_start, last_end = joined[-1]
        if start > last_end:
            joined.append((start, end))
        elif end > last_end:
            joined[-1] = (last_start, end)
    return joined


def _replace(text: AnyStr, ranges: list[tuple[int, int]], stars: AnyStr) -> AnyStr:
    pieces: list[AnyStr] = []
    at = 0
    for start, end in ranges:
        pieces += (text[at:start], stars)
        at = end
    pieces.append(text[at:])
    return text[:0].join(pieces)


class Masker:
    """Hides secrets. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._originals: set[str] = set()
        self._forms: set[str] = set()
        """What the patterns hold."""
        self._patterns = _Patterns()

    def copy(self) -> Masker:
        """A masker of its own for a job, which hides the same so far: what one job masks, others show."""
        made = Masker()
        with self._lock:
            made._originals = set(self._originals)
            made._forms = set(self._forms)
            made._patterns = self._patterns
        return made

    def add(self, value: str) -> None:
        """Hide a value and, where it has several lines, each line without the space around it
        (R: ``AddMaskCommandExtension``). An empty value is ignored."""
        self._register([value, *(line.strip() for line in _LINE_ENDS.split(value))])

    def add_secret(self, value: str) -> None:
        """Hide a secret of the workflow: as ``add``, without the space around the whole value
        (R: ``Worker.InitializeSecretMasker``)."""
        self.add(value.strip())

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        """Hide the values of the secrets context, but for the switches of debug logs."""
        for name, value in secrets.items():
            if name.upper() == "GITHUB_TOKEN":
                self.add_token(value)
            elif name.upper() not in _SHOWN:
                self.add_secret(value)

    def add_token(self, value: str) -> None:
        """Hide the job's token, and the form in which git sends it (R: ``ExecutionContext``)."""
        self.add_secret(value)
        if value.strip():
            self.add(base64.b64encode(f"x-access-token:{value.strip()}".encode()).decode("ascii"))

    def mask_tree(self, value: Any) -> Any:
        """Hide secrets in all texts of lists and mappings; keys stay."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {key: self.mask_tree(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask_tree(inner) for inner in value]
        return value

    def _register(self, values: list[str]) -> None:
        with self._lock:
            new = [v for v in dict.fromkeys(values) if v and v not in self._originals]
            if new:
                self._originals.update(new)
                forms = {form for value in new for form in encodings(value) if form} - self._forms
                self._forms |= forms
                self._patterns = _Patterns(forms, self._patterns)

    def mask(self, text: str) -> str:
        """The text with secrets replaced by ``***``; the same object when there is none in it."""
        ranges = _ranges(text, self._patterns.all)
        return _replace(text, ranges, STARS) if ranges else text

    def mask_lines(self, text: str) -> str:
        """Mask each line by itself, as the runner does with a step's output: a secret of several
        lines is hidden line by line, and the lines stay lines."""
        ranges = _ranges(text, self._patterns.lines)
        return _replace(text, ranges, STARS) if ranges else text

    def patterns(self, *, lines: bool) -> tuple[bytes, ...]:
        """The hidden forms as UTF-8; with ``lines`` only those that fit in one line."""
        return self._patterns.bytes_lines if lines else self._patterns.bytes_all


class StreamMasker:
    """Masks a stream that comes in pieces; the result is that of masking the whole at once.

    Only the end of a piece that may be the start of a secret is held back until more comes. With
    ``lines``, secrets of several lines are left out (see ``Masker.mask_lines``).
    """

    def __init__(self, masker: Masker, *, lines: bool = False) -> None:
        self._masker = masker
        self._lines = lines
        self._held = b""
        self._covered = -1
        """How much of the held bytes is already hidden by the last ``***``; -1: the last thing
        given out was not a ``***``."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what can be shown now."""
        if not data:
            return b""
        patterns = self._masker.patterns(lines=self._lines)
        buffer = self._held + data if self._held else data
        return self._give(buffer, _keep_from(buffer, patterns), patterns)

    def flush(self) -> bytes:
        """What is held back, at the end of the stream. The masker can be used for another stream then."""
        buffer = self._held
        given = self._give(buffer, len(buffer), self._masker.patterns(lines=self._lines))
        self._covered = -1
        return given

    def _give(self, buffer: bytes, keep: int, patterns: tuple[bytes, ...]) -> bytes:
        """Give out the bytes before ``keep``. Every secret that starts there is complete."""
        ranges = [r for r in _ranges(buffer[: self._reach(buffer, keep, patterns)], patterns) if r[0] < keep]
        if self._covered >= 0:
            ranges = _join_first((0, self._covered), ranges)
        elif not ranges:
            self._held = buffer[keep:]
            return buffer[:keep] if keep < len(buffer) else buffer
        pieces: list[bytes] = []
        at = 0
        for start, end in ranges:
            if start == 0 and self._covered >= 0:
                pass  # its stars are already out
            else:
                pieces += (buffer[at:start], STARS.encode())
            at = end
        pieces.append(buffer[at:keep])
        self._held = buffer[keep:]
        self._covered = at - keep if at >= keep else -1
        return b"".join(pieces)

    @staticmethod
    def _reach(buffer: bytes, keep: int, patterns: tuple[bytes, ...]) -> int:
        """How far a secret that starts before ``keep`` can reach."""
        return min(len(buffer), keep + max(map(len, patterns), default=0))


def _join_first(first: tuple[int, int], ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put a range that starts at 0 before the others, joined with those that it touches."""
    end = first[1]
    index = 0
    while index < len(ranges) and ranges[index][0] <= end:
        end = max(end, ranges[index][1])
        index += 1
    return [(0, end), *ranges[index:]]


def _keep_from(buffer: bytes, patterns: tuple[bytes, ...]) -> int:
    """The first place from which on the rest of the buffer is a proper start of a pattern."""
    keep = len(buffer)
    for pattern in patterns:
        at = max(0, len(buffer) - len(pattern) + 1)
        head = pattern[:8]
        while at < keep:
            if len(buffer) - at >= len(head):
                found = buffer.find(head, at)
                at = found if found >= 0 else len(buffer) - len(head) + 1
            if at >= keep:
                break
            if pattern.startswith(buffer[at:]):
                keep = at
                break
            at += 1
    return keep
