"""Run folders: where a run keeps its journal, and the lock that says it is alive.

::

    .actlite/                 beside the repository's .git, 0700; its own .gitignore hides it from git
        last                  the highest run id ever given, so that ids are not used twice
        runs/<id>/
            lock              flock held while the run's process lives
            state.json        live | paused | kept | finished
            events.jsonl      the journal (actlite.journal.log)
            logs/ work/ artifacts/
            processes/        ids of its jobs' processes on this machine (actlite.engines.orphans)

A folder is made under a temporary name, locked, and then renamed to its id: nobody ever sees a run
folder whose lock isn't held by its run. The rename fails where the id is taken, so it also is what
keeps two actlites that start at once from getting the same id.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import field
from enum import Enum
from pathlib import Path

from actlite.errors import CannotRun, DiskFull, UsageError
from actlite.records import changeable

FOLDER = ".actlite"
"""The name of the folder beside ``.git``."""
NEW_PREFIX = ".new-"
"""How the name of a run folder begins until it has its id."""


class State(Enum):
    """What a run's folder says of itself; a run that says ``live`` and holds no lock is an orphan."""

    LIVE = "live"
    PAUSED = "paused"
    KEPT = "kept"
    FINISHED = "finished"


class RunLock:
    """An flock on a run's ``lock`` file. The kernel frees it when the process ends, however it ends."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    @classmethod
    def take(cls, path: Path, *, create: bool = False) -> RunLock | None:
        """Lock a file without waiting; None where another process holds it. Raises OSError."""
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
        fd = os.open(path, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        except OSError:
            os.close(fd)
            raise
        return cls(fd)

    @property
    def held(self) -> bool:
        """Whether it is still held by this object."""
        return self._fd is not None

    def release(self) -> None:
        """Free the lock. Safe to call twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


@changeable
class RunFolder:
    """The folder of one run. ``lock`` is None where the folder is only looked at."""

    id: str
    path: Path
    lock: RunLock | None = field(default=None, repr=False)

    @property
    def events(self) -> Path:
        """The journal's file."""
        return self.path / "events.jsonl"

    @property
    def lock_path(self) -> Path:
        """The lock file, which may be missing in a foreign folder."""
        return self.path / "lock"

    def sub(self, name: str) -> Path:
        """A folder of this run (``work``, ``logs``, ``artifacts``), made when first asked for, 0700."""
        folder = self.path / name
        with _Writing(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def state(self) -> State | None:
        """What ``state.json`` says; None where it is missing or not ours to understand."""
        try:
            data = json.loads((self.path / "state.json").read_bytes())
            return State(data["state"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def set_state(self, state: State) -> None:
        """Write the state, all or nothing. Raises DiskFull or CannotRun."""
        data = {"schema": 1, "state": state.value, "pid": os.getpid(), "time": time.time()}
        with _Writing(self.path):
            write_atomically(self.path / "state.json", json.dumps(data).encode() + b"\n", mode=0o600)

    def alive(self) -> bool:
        """Whether a process holds the run's lock. A folder that we may not open counts as alive, as
        it belongs to somebody else."""
        if self.lock is not None and self.lock.held:
            return True
        lock = self.try_lock()
        if lock is None:
            return self.has_lock()
        lock.release()
        return False

    def has_lock(self) -> bool:
        """Whether the lock file is there; a folder of another user's that we may not look into has one."""
        try:
            os.lstat(self.lock_path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def try_lock(self) -> RunLock | None:
        """Take the lock of a run that isn't alive; None where it is held, missing or not accessible."""
        try:
            return RunLock.take(self.lock_path)
        except OSError:
            return None


class RunStore:
    """All runs of one repository (or of one folder where there is no repository)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        """The ``.actlite`` folder; made by the first ``create``."""

    @classmethod
    def beside(cls, folder: Path) -> RunStore:
        """The store of the repository that a folder is in; of the folder itself where there is none."""
        start = folder.resolve()
        for candidate in (start, *start.parents):
            if os.path.exists(candidate / ".git"):  # no error where we may not look
                return cls(candidate / FOLDER)
        return cls(start / FOLDER)

    def prepare(self) -> None:
        """Make the store's folder, and the .gitignore by which it ignores itself.
        Raises DiskFull or CannotRun."""
        with _Writing(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / "runs").mkdir(mode=0o700, exist_ok=True)
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, b"# made by actlite; safe to delete with `actlite clean --all`\n*\n")

    def create(self) -> RunFolder:
        """A new run's folder, locked and marked live. Raises DiskFull or CannotRun."""
        self.prepare()
        runs = self.root / "runs"
        with _Writing(runs):
            temporary = runs / f"{NEW_PREFIX}{os.getpid()}-{time.monotonic_ns()}"
            temporary.mkdir(mode=0o700)
            lock = RunLock.take(temporary / "lock", create=True)
            folder = RunFolder("", temporary, lock)
            folder.set_state(State.LIVE)
            number = max([self._last(), *(int(run.id) for run in self.runs())]) + 1
            while True:
                target = runs / str(number)
                try:
                    temporary.rename(target)
                except (FileExistsError, NotADirectoryError):
                    number += 1
                except OSError:
                    if not target.exists():
                        raise
                    number += 1
                else:
                    break
            folder.id, folder.path = str(number), target
            write_atomically(self.root / "last", f"{number}\n".encode())
        return folder

    def runs(self) -> list[RunFolder]:
        """All run folders, oldest first. Entries that aren't run folders are passed over."""
        try:
            with os.scandir(self.root / "runs") as entries:
                ids = [e.name for e in entries if is_id(e.name) and e.is_dir(follow_symlinks=False)]
        except OSError:
            return []
        return [RunFolder(id, self.root / "runs" / id) for id in sorted(ids, key=int)]

    def get(self, id: str | None) -> RunFolder:
        """The run with that id, or the last one for None. Raises UsageError, naming what there is."""
        runs = self.runs()
        if not runs:
            raise UsageError(
                "There are no runs yet.", why=f"{self.root} holds none.", do="Start one: actlite run"
            )
        if id is None:
            return runs[-1]
        for run in runs:
            if run.id == id:
                return run
        raise UsageError(
            f"There is no run {id}.",
            why=f"The runs here: {runs[0].id} to {runs[-1].id}.",
            do="See them: actlite show",
        )

    def unfinished(self) -> Iterator[Path]:
        """Folders that never got their id: their process ended while making them."""
        try:
            entries = list((self.root / "runs").iterdir())
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith(NEW_PREFIX) and entry.is_dir() and not entry.is_symlink():
                yield entry

    def _last(self) -> int:
        try:
            text = (self.root / "last").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return 0
        return int(text) if is_id(text) else 0


def is_id(text: str) -> bool:
    """Whether a name can be a run's id: a decimal number without leading zeros."""
    return 0 < len(text) < 16 and text.isascii() and text.isdigit() and text[0] != "0"


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that readers see the old content or the new, never a part. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(fd, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


class _Writing:
    """Turns the OSErrors of writing below a folder into errors that say what to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        import errno

        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "There is no space left for this run's folder.",
                why=f"{self.folder}: {error.strerror}",
                do="Free some space (actlite clean --all removes what past runs left) and run again.",
            ) from error
        raise CannotRun(
            "This run's folder can't be written.",
            why=f"{error.filename or self.folder}: {error.strerror}",
            do="Make that folder writable for you, or remove what is in its place.",
        ) from error
