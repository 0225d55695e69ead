"""Opening files that a step may have put something else in place of."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_plain(path: str | Path, *, follow: bool = True, folder: int | None = None) -> tuple[BinaryIO, int]:
    """Open a plain file for reading; gives its size in bytes too. Never waits for anyone.

    ``folder`` is an open folder that ``path`` is relative to. Raises OSError, also for folders, FIFOs and
    devices, and with ``follow`` false for links.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    handle = os.open(path, flags, dir_fd=folder)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        return os.fdopen(handle, "rb"), status.st_size
    except BaseException:
        os.close(handle)
        raise
