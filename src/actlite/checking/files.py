"""The files of a repository, as a check sees them; and which of them are workflows and actions."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol

from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile, read_bytes

FOLDER = ".github/workflows"
"""Where GitHub looks for workflows; not in folders below it."""
SUFFIXES = (".yml", ".yaml")
MANIFESTS = ("action.yml", "action.yaml")
"""The names of an action's manifest, the first one wins."""

WALK_DEPTH = 6
"""How deep manifests are looked for where there is no git to ask."""
WALK_FOLDERS = 2_000
"""How many folders are looked into then."""
_SKIPPED = frozenset({".git", ".actlite", ".hg", ".svn", ".tox", ".venv", "node_modules", "__pycache__"})
_RUNS = re.compile(r"^['\"]?runs['\"]?\s*:", re.MULTILINE)
_JOBS = re.compile(r"^['\"]?jobs['\"]?\s*:", re.MULTILINE)


class Files(Protocol):
    """The files of a repository. Names are relative to its root, with forward slashes."""

    @property
    def whole(self) -> bool:
        """Whether what is not here is not in the repository either."""
        ...

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        """The text of a file, a finding where it can't be read, or None where there is none."""
        ...

    def is_file(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def is_folder(self, name: str) -> bool:
        """Whether there is such a folder; '' is the root."""
        ...

    def listed(self, folder: str) -> tuple[str, ...]:
        """The workflows in a folder, sorted; none where there is no such folder."""
        ...


class FolderFiles:
    """The files below a folder; ``given`` are texts that stand in for files, or that aren't files at all."""

    def __init__(self, root: Path, given: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._given = dict(given or {})

    @cached_property
    def whole(self) -> bool:
        """See ``Files``: a working tree of git, which is not a sparse one."""
        git = _git_folder(self.root)
        return git is not None and not os.path.exists(git / "info" / "sparse-checkout")

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        """See ``Files``. An absolute name is that of a file elsewhere."""
        if name in self._given:
            return SourceFile(name, self._given[name])
        return read_source(self.root / name, name)

    def is_file(self, name: str) -> bool:
        """See ``Files``."""
        return name in self._given or os.path.isfile(self.root / name)

    def is_folder(self, name: str) -> bool:
        """See ``Files``."""
        return os.path.isdir(self.root / name)

    def listed(self, folder: str) -> tuple[str, ...]:
        """See ``Files``."""
        try:
            found = sorted(name for name in os.listdir(self.root / folder) if name.endswith(SUFFIXES))
        except OSError:
            return ()
        return tuple(f"{folder}/{name}" for name in found)


class TextFiles:
    """Files that are only texts, by name."""

    whole = True

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def read(self, name: str) -> SourceFile | Diagnostic | None:
        """See ``Files``."""
        return SourceFile(name, self._texts[name]) if name in self._texts else None

    def is_file(self, name: str) -> bool:
        """See ``Files``."""
        return name in self._texts

    def is_folder(self, name: str) -> bool:
        """See ``Files``."""
        return not name or any(other.startswith(f"{name}/") for other in self._texts)

    def listed(self, folder: str) -> tuple[str, ...]:
        """See ``Files``."""
        found = (name for name in self._texts if posixpath.dirname(name) == folder)
        return tuple(sorted(name for name in found if name.endswith(SUFFIXES)))


def _git_folder(root: Path) -> Path | None:
    """The folder of git's own that belongs to a working tree; for one more tree of a repository and for a
    submodule, ``.git`` is a file that names it. None without git."""
    git = root / ".git"
    if not os.path.isfile(git):
        return git if os.path.exists(git) else None
    try:
        named = git.read_bytes().removeprefix(b"gitdir:").strip()
    except OSError:
        return git
    return root / os.fsdecode(named)


def read_source(path: Path, name: str) -> SourceFile | Diagnostic | None:
    """Read a file: its text, a finding where it can't be read, or None where there is none."""
    try:
        data = read_bytes(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        message = f"{name} can't be read: {error.strerror}"
        return Diagnostic("unreadable-file", Severity.ERROR, message, SourceFile(name, "").span(0, 0))
    try:
        return SourceFile(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        source = SourceFile(name, data.decode("utf-8", "replace"))
        start = len(data[: error.start].decode("utf-8", "replace"))
        return Diagnostic(
            "encoding",
            Severity.ERROR,
            f"{name} isn't UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}",
            source.span(start, start + 1),
            help="save the file as UTF-8",
        )


def is_manifest(name: str, text: str) -> bool:
    """Whether a file is an action's manifest and not a workflow: by its name, or by what it holds."""
    folder, base = posixpath.split(name)
    if folder == FOLDER or folder.endswith(f"/{FOLDER}"):
        return False
    if _JOBS.search(text) is not None and _RUNS.search(text) is None:
        return False
    return base in MANIFESTS or (_RUNS.search(text) is not None and _JOBS.search(text) is None)


def manifest_of(files: Files, folder: str) -> str | None:
    """The manifest of the action in a folder."""
    for base in MANIFESTS:
        name = posixpath.join(folder, base)
        if files.is_file(name):
            return name
    return None


def find_manifests(root: Path, folder: Path | None = None) -> list[str]:
    """The manifests of a repository (below a folder of it): those that git knows or would take, or without
    git those found by a look into its folders."""
    below = folder if folder is not None else root
    names: Iterable[str] | None = _asked_of_git(root, below)
    if names is None:
        names = _walked(root, below)
    found = {name for name in names if os.path.isfile(root / name)}
    return sorted(name for name in found if not is_shadowed(name, found) and not _in_workflows(name))


def is_shadowed(name: str, known: set[str]) -> bool:
    """Whether it is an ``action.yaml`` beside an ``action.yml``, which GitHub reads in its place."""
    folder, base = posixpath.split(name)
    return base == MANIFESTS[1] and posixpath.join(folder, MANIFESTS[0]) in known


def _in_workflows(name: str) -> bool:
    return posixpath.dirname(name) == FOLDER


def _asked_of_git(root: Path, below: Path) -> list[str] | None:
    if not os.path.exists(root / ".git"):
        return None
    from actlite.contexts.git import GitFailed, git
    from actlite.errors import ActliteError

    patterns = [f":(glob)**/{base}" for base in MANIFESTS]
    try:
        answer = git(
            below,
            ["ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--", *patterns],
        )
    except (GitFailed, ActliteError):
        return None
    return [name for name in answer.split("\0") if name]


def _walked(root: Path, below: Path) -> Iterator[str]:
    base = len(below.parts)
    for count, (place, folders, names) in enumerate(os.walk(below)):
        deep = len(Path(place).parts) - base >= WALK_DEPTH
        folders[:] = [] if deep or count >= WALK_FOLDERS else sorted(set(folders) - _SKIPPED)
        for name in names:
            if name in MANIFESTS:
                yield (Path(place) / name).relative_to(root).as_posix()
