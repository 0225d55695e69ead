"""What comes of starting a program, as data."""

from __future__ import annotations

from actlite.events import Missing
from actlite.records import frozen

UNKNOWN = "unknown"


@frozen
class Loading:
    """What comes of starting a program."""

    starts: bool
    kind: str = ""
    """Why it does not start: ``versions``; ``library``, where one is absent or no library for this machine;
    ``interpreter``, the loader itself; ``format``, made for another machine; ``relr``, packed relocations that the
    loader refuses, or does not know and crashes on; ``names``, tables that contradict each other. Or ``unknown``: it is
    not foretold whether it starts, and ``why`` says the reason; there are no lines then."""
    lines: tuple[str, ...] = ()
    """Exactly what is printed, in order; where the program starts, the loader's warnings."""
    missing: tuple[Missing, ...] = ()
    """What is absent, in the lines' order; by the names that are asked for, not by their paths."""
    exit_code: int = 0
    """Of ``docker exec`` with that program; 0 where it starts, whatever it does then, and where that is unknown."""
    libraries: tuple[tuple[str, str], ...] = ()
    """(name, path) of what was found, in load order."""
    why: str = ""
    """Of the kind ``unknown``: why it is not foretold, as a clause."""

    @property
    def is_known(self) -> bool:
        """Whether it is foretold what comes of the start; where not, ``starts`` means nothing."""
        return self.kind != UNKNOWN
