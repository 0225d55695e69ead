"""``actlite check --fix`` and ``--diff``: what can be mended is written into the workflows, or shown."""

from __future__ import annotations

import datetime
import difflib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.atomic import disk_full
from actlite.checking.fixes import NAMES, FixProposal
from actlite.checking.fixes.applying import BEST, FixedFile, Predict, fix_file
from actlite.cli.text import write
from actlite.diagnostics import Diagnostic
from actlite.errors import UsageError
from actlite.source import SourceFile, read_bytes

if TYPE_CHECKING:
    from actlite.cli.check_targets import Targets
    from actlite.glibc.target import Target

_BOM = b"\xef\xbb\xbf"


def split_fix(value: str, files: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The name of the fix and the files, where ``--fix`` may have taken the first file for its name.

    Raises UsageError for what is neither.
    """
    if value in (BEST, *NAMES):
        return value, tuple(files)
    if os.path.exists(value) or value == "-" or value.endswith((".yml", ".yaml")):
        return BEST, (value, *files)
    raise UsageError(
        f"There is no fix '{value}'.",
        why=f"There are {', '.join(NAMES)}.",
        do="Name one of them, or none for the best.",
    )


def fix(
    asked: Targets,
    findings: Sequence[Diagnostic],
    predict: Predict,
    name: str,
    on: datetime.date,
    *,
    target: Target | None = None,
    diff: bool = False,
) -> int:
    """Fix the workflows of a check; with ``diff`` only show what would be written.

    The answer is the exit code: 1 where a step is left that can't start, else 0. Raises UsageError for standard input
    without ``diff``, and where a file has changed meanwhile.
    """
    done = []
    for file in asked.names:
        source = asked.files.read(file)
        if isinstance(source, SourceFile):
            own = [f for f in findings if f.span is not None and f.span.source.name == file]
            done.append(fix_file(source, own, predict, name, on, target))
    for fixed in done:
        if fixed.is_changed and not diff:
            _write(asked, fixed)
        write(_told(fixed, name))
        if fixed.is_changed and diff:
            write(unified(fixed))
    write(_end(done, diff=diff))
    return 1 if any(fixed.left for fixed in done) else 0


def unified(fixed: FixedFile) -> list[str]:
    """The change of a file as ``git apply`` and ``patch -p1`` take it."""
    name = fixed.source.name.lstrip("/")
    lines: list[str] = []
    old, new = (text.splitlines(keepends=True) for text in (fixed.source.text, fixed.text))
    for line in difflib.unified_diff(_ended(old), _ended(new), f"a/{name}", f"b/{name}", lineterm="\n"):
        lines += line.removesuffix("\n").split("\n")
    return lines


def _ended(lines: list[str]) -> list[str]:
    """Lines that all have an end: the last one says so where it has none."""
    if lines and not lines[-1].endswith("\n"):
        return [*lines[:-1], f"{lines[-1]}\n\\ No newline at end of file\n"]
    return lines


def _told(fixed: FixedFile, name: str) -> list[str]:
    file = fixed.source.name
    lines = [f"{file}: {title}" for title in fixed.mended]
    for proposal in fixed.made:
        lines += [f"{file}: job {proposal.job}: {_what(proposal)}"]
        lines += [f"  note: {note}" for note in proposal.notes]
    for proposal in fixed.refused:
        if name != BEST or proposal.job in fixed.left:
            lines.append(f"{file}: job {proposal.job}: {proposal.name} can't be written: {proposal.refused}")
    for job in fixed.left:
        if not any(proposal.job == job for proposal in fixed.refused):
            which = "no fix is known" if name == BEST else f"{name} does not help"
            lines.append(f"{file}: job {job}: {which} in this situation; actlite check tells what does")
    return lines


def _what(proposal: FixProposal) -> str:
    cost = f"; {proposal.cost}" if proposal.cost else ""
    return f"{proposal.title} ({proposal.name}{cost})"


def _end(done: Sequence[FixedFile], *, diff: bool) -> list[str]:
    changed = [fixed.source.name for fixed in done if fixed.is_changed]
    if not changed:
        return [] if any(fixed.left for fixed in done) else ["There is nothing to fix."]
    if diff:
        return []
    return [f"Written: {', '.join(changed)}", "Next: git diff shows the edit, actlite run tries it."]


def _write(asked: Targets, fixed: FixedFile) -> None:
    """Put the new text in the file's place: at once or not at all, with its mode, through symbolic links.

    Raises UsageError where the file is not what was read.
    """
    path = Path(os.path.realpath(asked.files.root / fixed.source.name))
    try:
        before = read_bytes(path)
    except OSError as error:
        raise UsageError(
            f"{fixed.source.name} can't be written.", why=error.strerror or str(error)
        ) from error
    if before.decode("utf-8-sig", "replace") != fixed.source.text:
        raise UsageError(
            f"{fixed.source.name} has changed while it was being checked.",
            why="What is on the disk is not what was read; it was left alone.",
            do="Run the same command again.",
        )
    content = (_BOM if before.startswith(_BOM) else b"") + fixed.text.encode("utf-8")
    try:
        with disk_full(path.parent):
            _replace(path, content)
    except OSError as error:
        raise UsageError(
            f"{fixed.source.name} can't be written.",
            why=error.strerror or str(error),
            do="--diff shows the edit without writing it.",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    status = path.stat()
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
