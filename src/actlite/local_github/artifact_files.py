"""A run's artifacts on disk: what its jobs have uploaded, by name, for its other jobs and for whoever looks.

::

    <run>/uploads/<number>/name             its name
    <run>/uploads/<number>/artifact.json    what is known of it
    <run>/uploads/<number>/files/…          its files

The number is the artifact's id. It is listed once it has an ``artifact.json``: one that is being uploaded is not.
Names may hold anything but ``/`` and NUL; the folders don't depend on them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from actlite.atomic import disk_full, locked, write_file
from actlite.errors import UsageError
from actlite.records import frozen

FOLDER = "uploads"
"""Its name in the run's folder."""


@frozen
class StoredArtifact:
    """An artifact that was uploaded."""

    id: int
    name: str
    job: str
    """The key of the leg that uploaded it last."""
    files: int
    size: int
    """Bytes of all files."""
    folder: Path
    """Where the files are."""


class ArtifactFiles:
    """The artifacts of one run. Safe to use from several threads and processes."""

    def __init__(self, run: Path) -> None:
        self._root = run / FOLDER

    def artifacts(self) -> tuple[StoredArtifact, ...]:
        """All that are complete, in the order of their ids."""
        if not self._root.is_dir():
            return ()
        numbers = sorted(int(entry.name) for entry in self._root.iterdir() if entry.name.isdigit())
        return tuple(found for number in numbers if (found := self._read(number)) is not None)

    def get(self, name: str) -> StoredArtifact | None:
        """The artifact of that name; names are compared without regard to case, as GitHub does."""
        found = [known for known in self.artifacts() if known.name.casefold() == name.casefold()]
        return found[-1] if found else None

    def begin(self, name: str) -> Path:
        """A folder to put files into with :meth:`put`: that of the artifact with this name, or a new one. Jobs that
        upload the same artifact at the same time share it. Raises DiskFull."""
        with locked(self._root / ".lock"), disk_full(self._root):
            numbers = [int(entry.name) for entry in self._root.iterdir() if entry.name.isdigit()]
            for number in numbers:
                place = self._root / str(number)
                known = (place / "name").read_text("utf-8") if (place / "name").is_file() else ""
                if known.casefold() == name.casefold():
                    return place / "files"
            place = self._root / str(max(numbers, default=0) + 1)
            (place / "files").mkdir(parents=True)
            (place / "name").write_text(name, "utf-8", newline="")
            return place / "files"

    def put(self, folder: Path, path: str, content: BinaryIO) -> int:
        """Put one file at a relative path below an artifact's folder; its size in bytes. A file that is there is
        replaced. Raises UsageError for a path that leads out, and DiskFull."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or {"..", "."} & set(parts) or "\0" in path:
            raise UsageError(f"'{path}' is not a path within an artifact")
        target = folder.joinpath(*parts)
        with disk_full(folder):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                shutil.copyfileobj(content, stream, 1 << 20)
                return stream.tell()

    def finish(self, folder: Path, name: str, job: str) -> StoredArtifact:
        """Make it known; counts what is in its folder. Raises DiskFull."""
        sizes = [path.stat().st_size for path in files_below(folder)]
        data = {"name": name, "job": job, "files": len(sizes), "size": sum(sizes)}
        write_file(folder.parent / "artifact.json", json.dumps(data, indent=1))
        return StoredArtifact(int(folder.parent.name), name, job, len(sizes), sum(sizes), folder)

    def _read(self, number: int) -> StoredArtifact | None:
        place = self._root / str(number)
        try:
            data = json.loads((place / "artifact.json").read_text("utf-8"))
            return StoredArtifact(
                number, data["name"], data["job"], data["files"], data["size"], place / "files"
            )
        except (OSError, ValueError, KeyError):
            return None


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, in the order of their names; no link is followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))
