"""Finds and reads workflow files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from actlite.checking.files import FOLDER, SUFFIXES, read_source
from actlite.diagnostics import Diagnostic, Severity
from actlite.errors import UsageError
from actlite.records import frozen
from actlite.source import SourceFile
from actlite.workflow.model import Workflow


@frozen
class WorkflowFile:
    """A workflow file that was read: the workflow, or None where it has errors, and all findings."""

    path: Path
    name: str
    """Relative to the root, with forward slashes; the whole path for a file outside of it."""
    workflow: Workflow | None
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that GitHub would refuse the file for."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


def root_of(directory: Path) -> Path:
    """The top folder of the repository that a folder is in; the folder itself without a repository."""
    start = directory.resolve()
    for folder in (start, *start.parents):
        if os.path.exists(folder / ".git"):
            return folder
    return start


def find(directory: Path, given: Sequence[str] = (), *, option: str = "-W ") -> list[Path]:
    """The workflow files: those given (files or folders, relative to ``directory``), or those of the
    repository, sorted by name. Raises UsageError where there is none; ``option`` says how they were given."""
    if given:
        paths: list[Path] = []
        for item in given:
            paths += _given(directory, item, option)
        return list(dict.fromkeys(paths))
    folder = root_of(directory) / FOLDER
    found = _in_folder(folder)
    if not found:
        why = (
            f"{folder} holds no .yml or .yaml file."
            if os.path.isdir(folder)
            else f"There is no folder {folder}."
        )
        if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
            why = f"{folder} can't be read."
        raise UsageError(
            "There are no workflows here.",
            why=why,
            do="Go to a repository that has some (-C DIR), or name a file (-W FILE).",
        )
    return found


def read(path: Path, root: Path) -> WorkflowFile:
    """Read one file. A file that can't be read is a finding, not an exception."""
    return read_as(path, display_name(path, root))


def read_as(path: Path, name: str) -> WorkflowFile:
    """As ``read``, for a file with a name of its own."""
    from actlite.workflow.reader import read as read_workflow

    source = read_source(path, name)
    if source is None:
        nowhere = SourceFile(name, "").span(0, 0)
        source = Diagnostic("unreadable-file", Severity.ERROR, f"{name} is not there", nowhere)
    if isinstance(source, Diagnostic):
        return WorkflowFile(path, name, None, (source,))
    workflow, bag = read_workflow(source, name)
    return WorkflowFile(path, name, workflow, tuple(bag))


def read_all(directory: Path, given: Sequence[str] = ()) -> list[WorkflowFile]:
    """Find and read. Raises UsageError where there is no file."""
    root = root_of(directory)
    return [read(path, root) for path in find(directory, given)]


def display_name(path: Path, root: Path) -> str:
    """The name that users know a file by."""
    try:
        return path.resolve().relative_to(root).as_posix()
    except (ValueError, RuntimeError):  # elsewhere; or links that lead round in a circle
        return str(path)


def _given(directory: Path, item: str, option: str) -> list[Path]:
    path = directory / item
    if os.path.isdir(path):
        found = _in_folder(path) or _in_folder(path / FOLDER)
        if found:
            return found
        raise UsageError(
            f"{option}{item}: the folder holds no .yml or .yaml file.", do="Name a workflow file."
        )
    if os.path.isfile(path):
        return [path]
    try:
        path.stat()
    except PermissionError as error:
        raise UsageError(f"{option}{item} can't be read.", why=error.strerror or "") from error
    except OSError:
        pass  # it is not there
    else:
        raise UsageError(
            f"{option}{item} is no file.", do="Give its text by the file -." if not option else ""
        )
    # A bare name, as people say it: release.yml, or release.
    folder = root_of(directory) / FOLDER
    for candidate in (folder / item, *(folder / f"{item}{suffix}" for suffix in SUFFIXES)):
        if "/" not in item and os.path.isfile(candidate):
            return [candidate]
    from actlite.workflow.nearest import did_you_mean

    known = [p.name for p in _in_folder(folder)]
    hint = did_you_mean(item.rsplit("/", 1)[-1], known)
    do = f"{hint[0].upper()}{hint[1:]}" if hint else f"The workflows here: {', '.join(known) or 'none'}."
    raise UsageError(f"{option}{item}: there is no such file.", do=do)


def _in_folder(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and os.path.isfile(p))
    except OSError:
        return []
