"""Files and folders that several actlites may make at once: lock, make under a temporary name, put in place.

A reader sees a folder whole or not at all, whatever happens to the process that makes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actlite.errors import DiskFull

LEFTOVER_SECONDS = 86_400
"""After that long a temporary folder belongs to nobody."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``; waits while another process has it. The file stays behind.

    Raises DiskFull where there is no space for it.
    """
    with disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside ``target`` that becomes ``target`` when the block ends without an error.

    Where ``target`` is there by then, it stays and the new folder is dropped. Raises DiskFull.
    """
    with disk_full(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}.*.tmp"):
            # Left by a process that was killed; nothing takes as long as a day.
            if time.time() - left.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        try:
            work.chmod(0o755)
            yield work
            try:
                os.replace(work, target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


def write_file(path: Path, text: str) -> None:
    """Write a whole file at once, replacing what is there. Raises DiskFull."""
    with disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def keep(path: Path, text: str) -> bool:
    """Write a file of a cache, as :func:`write_file` does; whether it could be. One that can't be is no error: what it
    would have told is found out anew."""
    try:
        write_file(path, text)
    except (OSError, DiskFull):
        return False
    return True


@contextmanager
def disk_full(where: Path) -> Iterator[None]:
    """Turns the system's "no space left" into DiskFull, which names the place."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            f"There is no space left to write in {where}.",
            why=str(error),
            do="Free some space, or point XDG_CACHE_HOME at a disk that has some; `actlite cache clear` empties the caches.",
        ) from error
