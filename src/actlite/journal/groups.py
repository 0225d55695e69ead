"""Concurrency groups between the runs of a repository on this machine.

Whoever wants to be in a group has a file in the repository's folder, and holds an flock on it as long as its
process lives; so a killed process is out of all groups at once, and the next who looks removes its file. The
file's name says where it stands::

    000000000007.<group>.pending      waits
    000000000007.<group>.running      has the group
    000000000007.<group>.replaced     waited, and was put out by a later one
    000000000007.<group>.cancelling   has the group, and was asked to leave it

and its content who it is. Everything that more than one file decides happens under the flock of ``mutex``.
Rules (docs: control the concurrency of workflows and jobs): names are compared without case; one has the group;
one waits, and a later one takes its place, or with ``queue: max`` up to a hundred wait in the order in which they
came; ``cancel-in-progress`` asks the one that has the group to end, and it still is waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from actlite.contexts.repository import Repository
from actlite.errors import CannotRun
from actlite.journal.runs import RunLock
from actlite.records import changeable, frozen

MAX_PENDING = 100
"""How many may wait in a group with ``queue: max`` (docs: control workflow concurrency)."""
PENDING, RUNNING, REPLACED, CANCELLING = "pending", "running", "replaced", "cancelling"
_STATES = (PENDING, RUNNING, REPLACED, CANCELLING)
_HOLDING = (RUNNING, CANCELLING)


@frozen
class Entry:
    """One that is or wants to be in a group."""

    number: int
    """Lower numbers came earlier."""
    group: str
    """The group's name, hashed."""
    state: str
    path: Path


@changeable
class Turn:
    """A place in a group, held until ``release`` or the end of this process."""

    groups: Groups
    number: int
    key: str
    lock: RunLock
    behind: str = ""
    """Who had the group when this one came, in words; '' where nobody had."""
    front: Path | None = None
    """The file of one who was before this one at the last look: whoever waits looks often, and mostly at that."""

    @property
    def state(self) -> str:
        """Where it stands; one whose file was removed by hand has what it had asked for."""
        for state in _STATES:
            if self._path(state).exists():
                return state
        return RUNNING

    def advance(self) -> str:
        """Take the group if it is this one's turn. Gives the state after that."""
        if self.state != PENDING or self._is_behind():
            return self.state
        with self.groups.mutex():
            here = [e for e in self.groups.entries() if e.group == self.key]
            holding = [e.path for e in here if e.state in _HOLDING]
            earlier = [e.path for e in here if e.state == PENDING and e.number < self.number]
            self.front = next(iter((*holding, *earlier)), None)
            if self.front is None and self._path(PENDING).exists():
                self._path(PENDING).rename(self._path(RUNNING))
            return self.state

    def _is_behind(self) -> bool:
        """Whether the one in front is still there, and alive. No later one gets its number as long as this one is."""
        if self.front is None:
            return False
        try:
            lock = RunLock.take(self.front)
        except OSError:
            return False
        if lock is not None:
            lock.release()
        return lock is None

    def release(self) -> None:
        """Leave the group. Safe to call twice."""
        if not self.lock.held:
            return
        with contextlib.suppress(CannotRun), self.groups.mutex():
            for state in _STATES:
                self._path(state).unlink(missing_ok=True)
        self.lock.release()

    def _path(self, state: str) -> Path:
        return self.groups.folder / f"{self.number:012}.{self.key}.{state}"


class Groups:
    """The concurrency groups of one repository. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Made when the first group is entered."""

    def enter(
        self, group: str, who: str, *, cancel_in_progress: bool = False, queue_max: bool = False
    ) -> Turn | None:
        """Come to a group; None where a hundred wait there already. ``who`` is told to those who wait behind.
        Raises CannotRun where the folder can't be written."""
        key = _hash(group.casefold())
        with self.mutex():
            every = self.entries()
            here = [e for e in every if e.group == key]
            holding = [e for e in here if e.state in _HOLDING]
            pending = [e for e in here if e.state == PENDING]
            if queue_max and len(pending) >= MAX_PENDING:
                return None
            if not queue_max:
                for entry in pending:
                    entry.path.rename(entry.path.with_suffix(f".{REPLACED}"))
                pending = []
            if cancel_in_progress:
                for entry in holding:
                    entry.path.rename(entry.path.with_suffix(f".{CANCELLING}"))
            number = max((e.number for e in every), default=0) + 1
            state = PENDING if holding or pending else RUNNING
            path = self.folder / f"{number:012}.{key}.{state}"
            lock = RunLock.take(path, create=True)
            if lock is None:
                raise CannotRun(
                    f"The concurrency group '{group}' can't be entered.",
                    why=f"{path} is locked by another process.",
                    do=f"Remove {self.folder} when no run of this repository is alive.",
                )
            path.write_text(json.dumps({"group": group, "who": who}))
            behind = _who((holding[:1] or pending[-1:])[0].path) if state == PENDING else ""
            return Turn(self, number, key, lock, behind)

    def entries(self) -> list[Entry]:
        """All who live, the earliest first. Only under ``mutex``: the files of the dead are removed."""
        found = []
        for path in sorted(self.folder.iterdir()):
            number, _, rest = path.name.partition(".")
            group, _, state = rest.partition(".")
            if not number.isdigit() or state not in _STATES:
                continue
            lock = RunLock.take(path)
            if lock is None:
                found.append(Entry(int(number), group, state, path))
            else:
                path.unlink(missing_ok=True)
                lock.release()
        return found

    @contextlib.contextmanager
    def mutex(self) -> Iterator[None]:
        """Alone among all processes and threads, for as long as it takes to look at a folder.
        Raises CannotRun where the folder can't be written."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.folder / "mutex", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            os.close(fd)

    def _unusable(self, error: OSError) -> CannotRun:
        return CannotRun(
            "The concurrency groups of this repository can't be looked at.",
            why=f"{error.filename or self.folder}: {error.strerror}",
            do="Make that folder writable for you; it is below actlite's cache folder.",
        )


def groups_of(repository: Repository | None, root: Path, cache: Path) -> Groups:
    """The groups of a repository, below the user's ``cache``. All clones and worktrees of what a remote names share
    them; a repository without one has its own, and so has a folder ``root`` without a repository."""
    if repository is not None and repository.name.host:
        name = f"{repository.name.host}/{repository.name.full}".casefold()
    else:
        name = str(repository.common_dir if repository is not None else root)
    return Groups(cache / "concurrency" / _hash(name))


def _hash(name: str) -> str:
    import hashlib

    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _who(path: Path) -> str:
    """What an entry's file says; '' where it can't be read."""
    for state in _STATES:
        try:
            data = json.loads(path.with_suffix(f".{state}").read_text())
            return str(data["who"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ""
