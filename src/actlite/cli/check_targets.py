"""Which files ``actlite check`` is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from actlite.checking.files import FOLDER, SUFFIXES, FolderFiles, find_manifests
from actlite.cli.workflow_files import display_name, find, root_of
from actlite.errors import UsageError
from actlite.records import frozen


@frozen
class Targets:
    """The files to check. Names are relative to ``root``; absolute for files outside of it."""

    root: Path
    files: FolderFiles
    names: tuple[str, ...]
    """Those that are certainly meant."""
    manifests: tuple[str, ...]
    """Manifests that were found by their name."""
    everything: bool
    """The whole repository is to be checked."""

    def from_workspace(self, name: str) -> str:
        """The name as GitHub's annotations have it: relative to the workspace of the job that this runs in."""
        workspace = os.environ.get("GITHUB_WORKSPACE", "")
        if not workspace:
            return name
        return display_name(self.root / name, Path(workspace).resolve())


def targets(directory: Path, workflows: Sequence[str], given: Sequence[str], stdin_name: str) -> Targets:
    """The files of a command line: all of the repository, or those given by -W and as arguments.

    Raises UsageError where there are none, or one isn't there.
    """
    root = root_of(directory)
    if not workflows and not given:
        manifests = find_manifests(root)
        names = _names(find(directory), root) if not manifests else _workflows_of(root)
        return Targets(root, FolderFiles(root), tuple(names), tuple(manifests), True)
    names = _names(find(directory, workflows), root) if workflows else []
    found: list[str] = []
    texts: dict[str, str] = {}
    for item in given:
        if item == "-":
            name = _stdin_name(directory, root, stdin_name)
            texts[name] = _stdin()
            names.append(name)
        elif (directory / item).is_dir():
            below, manifests = _in_folder(directory / item, root)
            if not below and not manifests:
                raise UsageError(
                    f"{item}: the folder holds neither workflows nor actions.", do="Name a file."
                )
            names += below
            found += manifests
        else:
            names += _names(find(directory, [item], option=""), root)
    return Targets(root, FolderFiles(root, texts), tuple(dict.fromkeys(names)), tuple(found), False)


def _names(paths: Iterable[Path], root: Path) -> list[str]:
    return [display_name(path, root) for path in paths]


def _workflows_of(folder: Path, inside: str = FOLDER) -> list[str]:
    try:
        found = sorted(path for path in (folder / inside).iterdir() if path.suffix in SUFFIXES)
    except OSError:
        return []
    return [f"{inside}/{path.name}" for path in found if path.is_file()]


def _in_folder(folder: Path, root: Path) -> tuple[list[str], list[str]]:
    """What a folder stands for: its workflows and all actions below it, or the YAML files in it."""
    inside = folder.resolve()
    manifests = find_manifests(root, inside) if inside.is_relative_to(root) else find_manifests(inside)
    if not inside.is_relative_to(root):
        manifests = [str(inside / name) for name in manifests]
    place = "workflows" if inside.name == ".github" else FOLDER
    workflows = [display_name(inside / name, root) for name in _workflows_of(inside, place)]
    if not workflows and not manifests:
        paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
        workflows = _names(paths, root)
    return workflows, manifests


def _stdin_name(directory: Path, root: Path, given: str) -> str:
    return display_name(directory / given, root) if given else f"{FOLDER}/stdin.yml"


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("The text from standard input isn't UTF-8.", why=str(error)) from error
