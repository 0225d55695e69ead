"""``hashFiles()``: one hash of all files that patterns find (R: ``Misc/expressionFunc/hashFiles``).

The hash is the SHA-256 of the files' SHA-256 digests, one after the other, in the order of the search.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from actlite.errors import ActliteError
from actlite.execution.globbing import GlobError, find
from actlite.execution.plain_files import open_plain
from actlite.expressions.errors import ExpressionError
from actlite.expressions.values import Value, to_string

TIME_LIMIT = 120.0
"""Seconds that the search and the reading may take."""
_PIECE = 1024 * 1024


class HashFilesError(ActliteError):
    """Files can't be found or read for hashFiles(); the expression that asks for it fails."""

    exit_code = 1


def hash_files_function(workspace: Path, arguments: Sequence[Value], *, named: str = "") -> str:
    """``hashFiles()`` as expressions call it: patterns, and ``--follow-symbolic-links`` before them.

    Raises ExpressionError where ``hash_files`` fails, and for any other option.
    """
    patterns = [to_string(argument) for argument in arguments]
    follow = False
    if patterns and patterns[0].startswith("--"):
        if patterns[0].lower() != "--follow-symbolic-links":
            raise ExpressionError(
                "evaluation",
                f"Invalid glob option {patterns[0]}, available options: '--follow-symbolic-links'.",
            )
        follow, patterns = True, patterns[1:]
    try:
        return hash_files(workspace, patterns, follow, named=named)
    except (OSError, ValueError, ActliteError) as error:  # ValueError: a NUL in a pattern
        raise ExpressionError("evaluation", f"hashFiles({', '.join(patterns)}) failed: {error}") from error


def hash_files(
    workspace: Path,
    patterns: Sequence[str],
    follow_symlinks: bool = False,
    *,
    named: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """The hash in hexadecimal; '' when the patterns find no file in the workspace.

    ``patterns`` are relative to the workspace; ``!`` in front excludes. Links to files are read, links to
    folders only followed with ``follow_symlinks``. ``named`` is the path that ``github.workspace`` gives,
    where that is not the real one: patterns may begin with it. Raises HashFilesError: for a pattern that is not
    allowed, a file that can't be read, a link that leads nowhere, and after ``TIME_LIMIT`` seconds.
    """
    asked = f"hashFiles('{', '.join(patterns).replace(chr(39), chr(39) * 2)}')"
    root = os.path.realpath(workspace)
    deadline = clock() + TIME_LIMIT

    def check_time() -> None:
        if clock() > deadline:
            raise HashFilesError(f"{asked} couldn't finish within {TIME_LIMIT:g} seconds.")

    whole = hashlib.sha256()
    found = False
    try:
        for path in find(root, patterns, named=named, follow_symlinks=follow_symlinks, check_time=check_time):
            if path.startswith(root + "/") and not os.path.isdir(path):
                whole.update(_digest(path, check_time))
                found = True
    except (OSError, GlobError, RecursionError) as error:
        raise HashFilesError(
            f"{asked} failed. Fail to hash files under directory '{workspace}'", why=str(error)
        ) from error
    return whole.hexdigest() if found else ""


def _digest(path: str, check_time: Callable[[], None]) -> bytes:
    """The digest of one file. Raises OSError; also for what is no plain file and could be read for ever."""
    digest = hashlib.sha256()
    stream, _ = open_plain(path)
    with stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            check_time()
    return digest.digest()
