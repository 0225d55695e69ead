"""Plain text for the quick verbs, with a few colours where stdout is a terminal. No rich: it costs 40 ms."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def coloured() -> bool:
    """Whether to colour stdout (NO_COLOR, FORCE_COLOR and TERM=dumb are honoured)."""
    env = os.environ
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return sys.stdout.isatty() and env.get("TERM", "") not in ("dumb", "unknown")


def paint(text: str, style: str) -> str:
    """The text in a style."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text and coloured() else text


def write(lines: Iterable[str]) -> None:
    """Print lines; what stdout can't encode comes out escaped. Raises BrokenPipeError."""
    text = "".join(f"{line}\n" for line in lines)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def write_json(data: Any) -> None:
    """Print JSON data."""
    import json

    write([json.dumps(data, ensure_ascii=False, indent=2)])


def columns(rows: Iterable[tuple[str, ...]], *, indent: int = 0, gap: int = 2) -> list[str]:
    """Rows as aligned columns; the last one isn't padded."""
    table = [tuple(row) for row in rows]
    if not table:
        return []
    widths = [max(_width(row[i]) for row in table) for i in range(len(table[0]) - 1)]
    lines = []
    for row in table:
        cells = [
            cell + " " * (wanted - _width(cell) + gap) for cell, wanted in zip(row, widths, strict=False)
        ]
        lines.append((" " * indent + "".join(cells) + row[-1]).rstrip())
    return lines


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from actlite.diagnostics import width

    return width(text)
