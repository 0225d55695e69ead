"""The members of an archive, as its readers give them."""

from __future__ import annotations

from actlite.glibc.audit.streams import Reader
from actlite.records import frozen

MAX_NAME = 4096
"""Bytes of a member's name (PATH_MAX)."""


@frozen
class Entry:
    """One member of an archive. Its content can be read until the next member is asked for."""

    name: str
    """As the archive has it, with surrogates for what is no UTF-8. Never a path on this machine."""
    size: int
    content: Reader | None = None
    """None for what is no regular file."""
    link: str = ""
    """Where a symbolic or hard link leads: a name beside it, or for hard links from the archive's root."""
    problem: str = ""
    """Why it can't be read, as a clause: ``it is encrypted``."""


def text(name: bytes) -> str:
    """A member's name as text."""
    return name.decode("utf-8", "surrogateescape")
