"""The window of a job: between the glibc that its actions need and the one that the users of its products have.

Products need at most the glibc of the image that they are built in, and the runner's node needs at least its own:
an image does both only where its glibc is between the two.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence

from actlite.glibc.elf import ElfFile, version_key
from actlite.glibc.target import Target
from actlite.records import frozen, replace

MAX_IMAGES = 3
"""So many images are named."""


@frozen
class Runtime:
    """A runtime that steps of a job run on."""

    name: str
    """``node24``."""
    glibc: str
    """The newest GLIBC version that its build asks for."""


@frozen
class Day:
    """What the steps of a job run on from a day on."""

    since: datetime.date
    runtimes: tuple[Runtime, ...]
    """() where the runner of that time does not know one of the actions' ``using:``."""


@frozen
class Window:
    """What a job's steps need, what its users have, and what lies between."""

    needs: str
    """The glibc that the job's actions need, such as ``2.28``; empty where they need none."""
    runtimes: tuple[str, ...]
    """The runtimes that need it."""
    has: str
    """The glibc of the image; empty where that isn't known, or is musl."""
    target: Target | None = None
    images: tuple[str, ...] = ()
    """Images between the two, oldest first."""
    open_until: datetime.date | None = None
    """The last day on which what is closed today was open; None where it is open, or never was."""
    open_with: tuple[str, ...] = ()
    """The runtimes of that time."""
    sentence: str = ""
    """All of that in words."""

    @property
    def closed(self) -> bool:
        """No glibc is new enough for the actions and old enough for the users."""
        return self.target is not None and newer(self.needs, self.target.glibc)


def newer(one: str, other: str) -> bool:
    """Whether a version is above another; never where one of them isn't known."""
    return bool(one and other) and version_key(one) > version_key(other)


def needs_of(program: ElfFile) -> str:
    """The newest GLIBC version that a program asks for; empty where it asks for none."""
    found = [need.version for need in program.versions if need.version.startswith("GLIBC_") and not need.weak]
    numbers = [name.removeprefix("GLIBC_") for name in found if name[6:7].isdigit()]
    return max(numbers, key=version_key, default="")


def window(
    never: Sequence[str],
    history: Sequence[Day],
    has: str,
    target: Target | None,
    fitting: Callable[[str, str], Iterable[str]],
) -> Window:
    """The window of a job.

    ``never`` is what of that which the steps' actions declare never started on the glibc in question, for itself (see
    ``ever_open``); ``history`` what all of it runs on, oldest first, up to the date asked for; ``has`` is the glibc of the job's image; ``fitting`` gives the images with a glibc from one version up to
    another ('' for no limit), on which the runtimes of the last day start.
    """
    today = history[-1].runtimes if history else ()
    needs = max((item.glibc for item in today), key=version_key, default="")
    names = tuple(item.name for item in today if item.glibc == needs)
    users = target.glibc if target is not None else ""
    until, by = _last_open(history, users or has)
    images: tuple[str, ...] = ()
    if needs and not newer(needs, users):
        images = tuple(list(fitting(needs, users))[:MAX_IMAGES])
    found = Window(needs, names, has, target, images, until, by)
    return replace(found, sentence=_sentence(found, never)) if needs else found


def ever_open(history: Sequence[Day], limit: str) -> bool:
    """Whether there was a day on which the runtimes started on a glibc; true where that glibc isn't known."""
    return not limit or any(_starts(day, limit) for day in history)


def _last_open(history: Sequence[Day], limit: str) -> tuple[datetime.date | None, tuple[str, ...]]:
    """The last day on which all runtimes started on a glibc; None where they still do, and where they never did."""
    if not limit or not history or _starts(history[-1], limit):
        return None, ()
    for number in range(len(history) - 2, -1, -1):
        if _starts(history[number], limit):
            names = tuple(dict.fromkeys(item.name for item in history[number].runtimes))
            return history[number + 1].since - datetime.timedelta(days=1), names
    return None, ()


def _starts(day: Day, limit: str) -> bool:
    return bool(day.runtimes) and not any(newer(item.glibc, limit) for item in day.runtimes)


def _sentence(window: Window, never: Sequence[str]) -> str:
    runtimes = " and ".join(window.runtimes)
    needs = f"actions need glibc ≥ {window.needs} ({runtimes})"
    until = ""
    if window.open_until is not None:
        with_ = " and ".join(window.open_with)
        until = f" since {window.open_until + datetime.timedelta(days=1)}; until then they ran on {with_}"
    elif never:
        until = f"; what declares {_listed(sorted(never))} never ran there"
    else:
        until = "; all of them together never ran there"
    target = window.target
    if target is None:
        old = f", too old{until}" if newer(window.needs, window.has) else ""
        return f"{needs}; this image has {window.has}{old}" if window.has else needs
    named = f" (target {target.name})" if target.name != target.glibc else ""
    users = f"{needs}; your users have ≥ {target.glibc}{named}"
    if window.closed:
        return f"{users}: no image does both{until}"
    between = window.needs if window.needs == target.glibc else f"{window.needs} to {target.glibc}"
    named_images = f", such as {' or '.join(window.images)}" if window.images else ""
    return f"{users}: an image with glibc {between} does both{named_images}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
