"""Source files and places in them."""

from __future__ import annotations

from bisect import bisect_right
from errno import EINVAL
from functools import cached_property
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from actlite.records import frozen

if TYPE_CHECKING:
    from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises OSError, also for a pipe or device, which may never end."""
    mode = path.stat().st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):
        raise OSError(EINVAL, "it is not a regular file", str(path))
    return path.read_bytes()


class SourceFile:
    """The text of one file, with the name that users know it by (a path relative to the repository).

    Offsets are in characters of ``text``; lines and columns count from 1.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"SourceFile(name={self.name!r})"

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> SourceFile:
        """Read a UTF-8 file. Raises OSError, and UnicodeDecodeError when it isn't UTF-8."""
        return cls(name if name is not None else str(path), read_bytes(path).decode("utf-8-sig"))

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset of each line's first character."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset, both from 1."""
        index = bisect_right(self.line_starts, offset) - 1
        return index + 1, offset - self.line_starts[index] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both from 1, kept inside the text."""
        starts = self.line_starts
        index = min(max(line, 1), len(starts)) - 1
        return min(starts[index] + max(column, 1) - 1, len(self.text))

    def line(self, number: int) -> str:
        """The text of a line, without its line ending."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def span(self, start: int, end: int) -> Span:
        """The stretch of text between two offsets."""
        return Span(self, start, end if end > start else start)


@frozen
class Span:
    """A stretch of a source file: ``start`` and ``end`` are offsets, ``end`` is not included."""

    source: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line that the span starts on, from 1."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column that the span starts at, from 1."""
        return self.source.line_column(self.start)[1]

    @property
    def text(self) -> str:
        """The text that the span covers."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.line_column(self.start)
        return f"{self.source.name}:{line}:{column}"
