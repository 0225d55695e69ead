"""How far an audit goes into archives. What is beyond is told, and not looked at."""

from __future__ import annotations

import time

from actlite.records import frozen

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@frozen
class Limits:
    """Bounds of one audit."""

    unpacked: int = 4 * GIB
    """Bytes that come out of all archives together."""
    member: int = GIB
    """Bytes of one ELF file or zip archive within an archive: such a file is spooled to the disk."""
    members: int = 200_000
    """Members of all archives, and files of folders, together."""
    ratio: int = 200
    """How many times its size a compressed stream may give, counted from :data:`RATIO_FROM` bytes on."""
    depth: int = 5
    """Archives within archives; a compressed tar counts as one."""
    files: int = 2000
    """ELF files that are looked at."""
    tables: int = 32 * MIB
    """Bytes, about, of what is kept of all ELF files: names of versions, symbols and libraries."""
    seconds: float = 0
    """How long the search through archives and folders may take; 0 for as long as it does."""
    told: int = 50
    """Sentences about what was not looked at, and files of other kinds that are named."""


RATIO_FROM = 64 * MIB
"""Less than this does no harm, and zeros in small files give any ratio."""


class LimitHit(Exception):
    """A bound of the whole audit is reached: nothing more is looked at. The text says which, after "because"."""


class Bomb(Exception):
    """A compressed stream gives far more than it holds: the rest of it is not looked at."""


class Budget:
    """What is left of the limits during an audit."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._unpacked = 0
        self._members = 0
        self._files = 0
        self._tables = 0
        self._end = time.monotonic() + limits.seconds if limits.seconds else None

    def unpacked(self, size: int) -> None:
        """Count bytes that came out of an archive. Raises LimitHit, as all of these do when time is up."""
        self._in_time()
        self._unpacked += size
        if self._unpacked > self.limits.unpacked:
            raise LimitHit(f"more than {in_units(self.limits.unpacked)} came out of archives")

    def member(self) -> None:
        """Count a member of an archive or a file of a folder. Raises LimitHit."""
        self._in_time()
        self._members += 1
        if self._members > self.limits.members:
            raise LimitHit(f"there are more than {self.limits.members:,} files")

    def file(self) -> None:
        """Count an ELF file. Raises LimitHit."""
        self._in_time()
        self._files += 1
        if self._files > self.limits.files:
            raise LimitHit(f"there are more than {self.limits.files:,} ELF files")

    def tables(self, size: int) -> None:
        """Count what is kept of an ELF file. Raises LimitHit."""
        self._tables += size
        if self._tables > self.limits.tables:
            raise LimitHit(
                f"the tables of the ELF files are larger than {in_units(self.limits.tables)} together"
            )

    def _in_time(self) -> None:
        if self._end is not None and time.monotonic() > self._end:
            raise LimitHit(f"it took longer than {self.limits.seconds:.0f} seconds")

    def ratio(self, taken: int, given: int) -> None:
        """Check what a compressed stream took and gave so far. Raises Bomb."""
        if given > RATIO_FROM and given > taken * self.limits.ratio:
            raise Bomb(f"it unpacks to more than {self.limits.ratio} times its size")


def in_units(size: int) -> str:
    """A size for people: ``4 GiB``, ``1.5 MiB``, ``912 bytes``."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"
