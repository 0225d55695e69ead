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
    (R: ``IssueCommandExtension.ValidateLinesAndColumns``)."""
    line, end_line, column, end_column = (
        _integer(command.properties.get(key)) for key in ("line", "endline", "col", "endcolumn")
    )
    invalid = f"Invalid {command.name} command value. "
    remarks: list[str] = []
    if end_line is not None and line is None:
        remarks.append(f"{invalid}'endLine' can only be set if 'line' is provided")
        line = end_line
    if end_column is not None and column is None:
        remarks.append(f"{invalid}'endColumn' can only be set if 'col' is provided")
        column = end_column
    if line is None and column is not None:
        remarks.append(f"{invalid}'col' and 'endColumn' can only be set if 'line' value is provided.")
        column = end_column = None
    if end_line is not None and line != end_line and column is not None:
        remarks.append(
            f"{invalid}'col' and 'endColumn' cannot be set if 'line' and 'endLine' are different values."
        )
        column = end_column = None
    if line is not None and end_line is not None and end_line < line:
        remarks.append(f"{invalid}'endLine' cannot be less than 'line'.")
        line = end_line = None
    if column is not None and end_column is not None and end_column < column:
        remarks.append(f"{invalid}'endColumn' cannot be less than 'col'.")
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
