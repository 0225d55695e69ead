"""Where an annotation points to: lines and columns that make sense, and files as the repository knows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from actlite.execution.commands import Command

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")

Place = tuple[int | None, int | None, int | None, int | None]
"""Line, end line, column, end column."""


def _integer(text: str | None) -> int | None:
    """R: ``int.TryParse``: 32 bits, a sign, space around."""
    text = (text or "").strip()
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -(2**31) <= value < 2**31 else None


def annotation_place(command: Command) -> tuple[Place, list[str]]:
    """The place that an error, warning or notice command names, and remarks on what is dropped of it
    (R: ``IssueCommandExtension.ValidateLinesAndColumns``, whose comparisons go by what was written)."""
    texts = [command.properties.get(key) for key in ("line", "endline", "col", "endcolumn")]
    line, end_line, column, end_column = (_integer(text) for text in texts)
    first, last, left, right = (number or 0 for number in (line, end_line, column, end_column))
    line_text, end_line_text = texts[:2]
    has_line, has_column = line is not None, column is not None
    any_column = has_column or end_column is not None
    remarks: list[str] = []

    def remark(text: str) -> None:
        remarks.append(f"Invalid {command.name} command value. {text}")

    if end_line is not None and not has_line:
        remark("'endLine' can only be set if 'line' is provided")
        line, has_line, line_text = end_line, True, end_line_text
    if end_column is not None and not has_column:
        remark("'endColumn' can only be set if 'col' is provided")
        column, has_column = end_column, True
    if not has_line and any_column:
        remark("'col' and 'endColumn' can only be set if 'line' value is provided.")
        column = end_column = None
    if end_line is not None and line_text != end_line_text and any_column:
        remark("'col' and 'endColumn' cannot be set if 'line' and 'endLine' are different values.")
        column = end_column = None
    if has_line and end_line is not None and last < first:
        remark("'endLine' cannot be less than 'line'.")
        line = end_line = None
    if has_column and _integer(texts[3]) is not None and right < left:
        remark("'endColumn' cannot be less than 'col'.")
        column = end_column = None
    return (line, end_line, column, end_column), remarks


def host_file(name: str, translate_path: Callable[[str], Path | None]) -> Path | None:
    """The file on this machine for a name that a step gave; a relative one stays as it is. None for a
    file that is only in the container."""
    return translate_path(name) if name.startswith("/") else Path(name)


def relative_to(file: str, folder: Path | None) -> str:
    """The path relative to a folder, where it is below it; else unchanged (R: ``IOUtil.MakeRelative``)."""
    if folder is None:
        return file
    start = str(folder)
    if file == start:
        return file
    return file[len(start) + 1 :] if file.startswith(start + "/") else file


def runner_name(real: Path, work: Path, runner_work: str) -> str:
    """The runner's name of a path on this machine; the path itself where it is not below the work folder."""
    try:
        inner = real.relative_to(work).as_posix()
    except ValueError:
        return str(real)
    return runner_work if inner == "." else f"{runner_work}/{inner}"
