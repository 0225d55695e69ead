"""Which files ``actlite check`` is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from actlite.checking.files import FOLDER, SUFFIXES, FolderFiles, find_manifests
from actlite.cli.common import stdin_text
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
    if stdin_name and "-" not in given:
        raise UsageError("--stdin-name is given, but no text.", do="Name the file - too.")
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
            if name not in texts:  # - twice is the same text, which can be read once
                texts[name] = stdin_text()
            names.append(name)
        elif os.path.isdir(directory / item):
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
    return [f"{inside}/{path.name}" for path in found if os.path.isfile(path)]


def _in_folder(folder: Path, root: Path) -> tuple[list[str], list[str]]:
    """What a folder stands for: its workflows and all actions below it, or the YAML files in it."""
    inside = folder.resolve()
    manifests = find_manifests(root, inside) if inside.is_relative_to(root) else find_manifests(inside)
    if not inside.is_relative_to(root):
        manifests = [str(inside / name) for name in manifests]
    place = "workflows" if inside.name == ".github" else FOLDER
    workflows = [display_name(inside / name, root) for name in _workflows_of(inside, place)]
    if not workflows and not manifests:
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
        except OSError as error:
            raise UsageError(f"{folder} can't be read.", why=error.strerror or "") from error
        workflows = _names(filter(os.path.isfile, paths), root)
    return workflows, manifests


def _stdin_name(directory: Path, root: Path, given: str) -> str:
    return display_name(directory / given, root) if given else f"{FOLDER}/stdin.yml"
