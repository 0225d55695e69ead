"""The stream that the console reporter writes to: encoding, colours, width, and raw writing."""

from __future__ import annotations

import codecs
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TextIO, cast

from rich.console import Console
from rich.text import Text

from actlite.diagnostics import printable

_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "–": "-",
        "●": "*",
        "·": "-",
        "…": "...",
        "│": "|",
        "▸": ">",
        "→": "->",
        "×": "x",
        "━": "=",
        "─": "-",
        "└": "`",
        "≥": ">=",
    }
)
_SGR = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
WIDTH = 80
"""Columns, where the stream doesn't tell."""


def wants_colour(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether to colour what goes to a stream."""
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and env.get("TERM", "") not in ("dumb", "unknown")


def wants_live(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether a stream can show a tree that updates in place."""
    return stream.isatty() and env.get("TERM", "dumb") not in ("", "dumb", "unknown")


class SafeStream:
    """Writes text to a stream that may not be able to encode it all: our signs get ASCII look-alikes,
    other characters escapes. Writes whole pieces, past the text layer, and flushes each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bytes = getattr(stream, "buffer", None)
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self._utf8 = codecs.lookup(self.encoding).name == "utf-8"

    def write(self, text: str) -> int:
        """Write a piece of text. Raises OSError (BrokenPipeError where nobody reads any more)."""
        if self._bytes is None:
            self._stream.write(text)
            return len(text)
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError:
            if not self._utf8:
                text = text.translate(_ASCII)
            data = text.encode(self.encoding, "backslashreplace")
        self._bytes.write(data)
        return len(text)

    def flush(self) -> None:
        """Hand everything to the kernel."""
        if self._bytes is not None:
            self._bytes.flush()
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor."""
        return self._stream.fileno()


class _Console(Console):
    """A rich console that leaves a closed pipe to us."""

    def on_broken_pipe(self) -> None:
        """Called while a BrokenPipeError is handled; rich would end the program here."""
        raise  # noqa: PLE0704


class Screen:
    """A rich console on a stream, and a way past it for logs of any size."""

    def __init__(
        self, stream: TextIO, *, colour: bool, root: Path | None = None, width: int | None = None
    ) -> None:
        stream.flush()
        self.stream = SafeStream(stream)
        self.colour = colour
        self.root = root
        terminal = stream.isatty()
        self.console = _Console(
            file=cast(IO[str], self.stream),
            color_system="standard" if colour else None,
            force_terminal=colour or terminal,
            no_color=not colour,
            width=width if width is not None else None if terminal else WIDTH,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    @property
    def width(self) -> int:
        """Columns."""
        return self.console.width

    def lines(self, lines: Iterable[Text]) -> None:
        """Print lines, each cut to the width."""
        for line in lines:
            line.rstrip()
            self.console.print(line, no_wrap=True, overflow="ellipsis", crop=True)

    def raw(self, text: str) -> None:
        """Write text as it is, past rich."""
        self.stream.write(text)
        self.stream.flush()

    def style(self, text: str, style: str) -> str:
        """The text in a style, for ``raw``."""
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self.colour else text


def foreign(text: str, style: str = "") -> Text:
    """Text that is not ours (a name, a message) as one line: never markup, never a control sequence."""
    return Text(printable(text.replace("\n", " ")), style=style)


def seconds(duration: float) -> str:
    """A duration for people: 0.4s, 75s as 1m15s."""
    if duration < 60:
        return f"{duration:.1f}s"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


def size(count: int) -> str:
    """A number of bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def row(left: Text, right: Text, width: int) -> Text:
    """One line with a part at the left, cut where it must be, and a part at the right end."""
    room = width - right.cell_len - (2 if right.cell_len else 0)
    left = left.copy()
    if left.cell_len > room:
        left.truncate(max(1, room), overflow="ellipsis")
    if not right.plain.strip():
        return left
    return Text.assemble(left, " " * max(0, width - left.cell_len - right.cell_len), right)


def wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """Lines of at most so many columns, broken at spaces; spaces inside a line stay as they are."""
    if len(text) <= width:
        return [text]
    return textwrap.wrap(
        text,
        max(20, width),
        subsequent_indent=" " * hang,
        drop_whitespace=True,
        replace_whitespace=True,
        break_on_hyphens=False,
    )


def wrapped(text: Text, screen: Screen, hang: int) -> Iterator[Text]:
    """A line of text as lines of the screen's width, all but the first indented."""
    lines = text.wrap(screen.console, screen.width - hang)
    for index, line in enumerate(lines):
        line.rstrip()
        yield line if not index else Text(" " * hang).append_text(line)


def path_text(path: str, screen: Screen) -> Text:
    """A path, clickable where the terminal can."""
    text = foreign(path)
    if screen.colour and path.startswith("/"):
        from urllib.parse import quote

        text.stylize(f"link file://{quote(path)}")
    return text
