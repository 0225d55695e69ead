"""What a job has built: programs and archives that are new in its workspace, kept with the run."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from actlite.events import ArtifactFound
from actlite.execution.auditing import Auditor
from actlite.execution.state import JobState

ARCHIVES = (
    ".tar.gz",
    ".tgz",
    ".tar.xz",
    ".tar.bz2",
    ".tar.zst",
    ".tar",
    ".zip",
    ".whl",
    ".deb",
    ".rpm",
    ".AppImage",
)
SKIPPED = frozenset({".git", "node_modules", ".cache", "__pycache__", ".venv"})
MAX_ENTRIES = 20_000
"""Files of a workspace that are looked at."""
MAX_KEPT = 20
MAX_SIZE = 512 * 1024 * 1024
"""Bytes of one file that is kept."""
OBJECT = 1
"""ELF type of a relocatable object, which is no product."""


def keep_products(state: JobState, known: frozenset[str]) -> None:
    """Copy a job's products into the run's folder and say so, with what their programs ask of the systems that they
    are for. ``known``: names that the checkout brought. A file that can't be read or kept is left out; the job's
    result never depends on it."""
    target = state.services.folder / "artifacts" / _safe(state.leg.key)
    auditor = Auditor(state.services.settings.target, state.masker.mask)
    for path in find_products(state.layout.workspace, known):
        name = path.relative_to(state.layout.workspace).as_posix()
        copy = target / state.masker.mask(name)
        if copy.exists():
            copy = copy.with_name(f"{len(os.listdir(copy.parent))}~{copy.name}")
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            shutil.copymode(path, copy)
            size = copy.stat().st_size
        except OSError:
            continue
        found = ArtifactFound(
            state.services.clock(),
            state.leg.key,
            state.masker.mask(name),
            state.masker.mask(str(copy)),
            size,
        )
        found = auditor.audited(found, copy)
        if found.verdict == "refused":
            state.refused.append(found.name)
        state.emit(found)


def tree(workspace: Path) -> frozenset[str]:
    """The names of all files of a workspace, as far as they would be looked at."""
    return frozenset(p.relative_to(workspace).as_posix() for p in _walk(workspace))


def find_products(workspace: Path, known: frozenset[str]) -> list[Path]:
    """Archives, and ELF programs and libraries, that are not ``known``; archives first. Where there is an
    archive, programs below build folders are still listed: they are what it holds."""
    archives: list[Path] = []
    programs: list[Path] = []
    for path in _walk(workspace):
        name = path.relative_to(workspace).as_posix()
        if name in known:
            continue
        try:
            info = path.lstat()
        except OSError:
            continue
        if not stat.S_ISREG(info.st_mode) or not 0 < info.st_size <= MAX_SIZE:
            continue
        if name.endswith(ARCHIVES):
            archives.append(path)
        elif _is_program(path):
            programs.append(path)
    return (archives + programs)[:MAX_KEPT]


def _is_program(path: Path) -> bool:
    """An ELF file that is no object file."""
    try:
        with path.open("rb") as file:
            head = file.read(18)
    except OSError:
        return False
    if head[:4] != b"\x7fELF" or len(head) < 18:
        return False
    return int.from_bytes(head[16:18], "little" if head[5] == 1 else "big") != OBJECT


def _walk(workspace: Path) -> Iterator[Path]:
    seen = 0
    if workspace.is_symlink() or workspace.parent.is_symlink():
        return  # a step has put it there: it may lead anywhere on this machine
    for folder, folders, files in os.walk(workspace):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for file in sorted(files):
            seen += 1
            if seen > MAX_ENTRIES:
                return
            yield Path(folder, file)


def _safe(key: str) -> str:
    return "".join(c if c.isalnum() or c in "-_. ()," else "-" for c in key)
