"""The end of a step's log, in bounded memory, with ended groups folded to their titles."""

from __future__ import annotations

from collections import deque

from actlite.reporting.logtext import INDENT, split_marker, worded

KEPT_LINES = 200
"""How many lines are remembered."""
KEPT_WIDTH = 400
"""Characters of a line that are remembered."""


class LogTail:
    """Remembers the last lines of a log that comes in pieces of whole lines, already cleaned."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=KEPT_LINES)
        self._group = 0
        self._titles: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self._open = False

    def add(self, text: str) -> None:
        """Take a piece. Only its last lines are looked at, so a piece may be of any size."""
        body = text.removesuffix("\n")
        lines = body.rsplit("\n", KEPT_LINES)
        if len(lines) > KEPT_LINES:
            lines = lines[1:]
        for line in lines:
            self._line(line[:KEPT_WIDTH])

    def _line(self, line: str) -> None:
        marker, rest = split_marker(line)
        if marker == "group":
            self._group += 1
            self._open = True
            self._titles[self._group] = rest
            self._counts[self._group] = 0
            self._lines.append((-self._group, f"▸ {rest}"))
        elif marker == "endgroup":
            self._open = False
        else:
            shown = worded(marker, rest)
            if self._open:
                self._counts[self._group] += 1
            self._lines.append((self._group, INDENT + shown) if self._open else (0, shown))

    def folded(self, count: int) -> list[str]:
        """The last lines, each ended group as one line that tells how many it holds."""
        result: list[str] = []
        for group, line in reversed(self._lines):
            if len(result) == count:
                break
            if group < 0:
                held = self._counts[-group]
                ended = -group != self._group or not self._open
                result.append(f"{line} ({held} line{'' if held == 1 else 's'})" if ended else line)
            elif group == 0 or (self._open and group == self._group):
                result.append(line)
        return result[::-1]

    def unfolded(self, count: int) -> list[str]:
        """The last lines as they came, groups open."""
        return [line for _, line in list(self._lines)[-count:]]
