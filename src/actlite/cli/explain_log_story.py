"""What is told of a failure in a log: the parts that all stories share, and their form as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from actlite.glibc.elf import newest_of
from actlite.glibc.reading_logs.causes import Cause
from actlite.glibc.reading_logs.reader import LoggedFailure
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.glibc.catalogue import ImageRow


@frozen
class Story:
    """What is told of one failure."""

    found: LoggedFailure
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    """What the log tells: label and words."""
    has: str = ""
    """What the image or the system has, and who says so."""
    why: tuple[str, ...] = ()
    """Why that runtime."""
    causes: tuple[tuple[str, Cause], ...] = ()
    """What usually brings the versions that are missing, newest first."""
    starts_on: str = ""
    """The oldest systems that have what is missing."""
    then: tuple[str, ...] = ()
    """What worked at the time of the log."""
    today: str = ""
    """What comes of it with today's runner."""
    now: tuple[str, ...] = ()
    """What works today."""
    notes: tuple[str, ...] = ()


def known_row(found: LoggedFailure, arch: str) -> ImageRow | None:
    """The catalogue's row for the image of a log; None where neither knows."""
    from actlite.glibc.catalogue import image_row

    image = found.around.image
    return image_row(image, arch) if image else None


def because(found: LoggedFailure, row: ImageRow | None) -> str:
    """Why the program does not start: a clause without a full stop. ``row`` is what is known of the image."""
    failure = found.failure
    names = ", ".join(dict.fromkeys(item.library for item in failure.missing if item.library))
    match failure.kind:
        case "versions":
            return _lacking(found, row)
        case "library":
            return f"there is no {names}" if names else "a library that it needs can't be loaded"
        case "musl":
            return "it was built for another C library than the musl that is there"
        case "format":
            return "it is made for another kind of processor"
        case "relr":
            return "it is linked with packed relocations (DT_RELR), which need glibc 2.36"
        case "symbol" | "link":
            return "it asks for " + ", ".join(
                f"{name} of {version}"
                for name, _, version in (item.version.partition("@") for item in failure.missing[:3])
            )
        case "kernel":
            return "the C library asks for a newer Linux kernel"
        case "not-found" if failure.certain:
            return "there is no such file"
        case "not-found":
            return "there is no such file, or the loader that it names is not there"
        case _ if row is not None and row.kind == "musl":
            return "it is made for glibc, and the image has musl"
        case _:
            return (
                f"the loader that it names is not there ({names})"
                if names
                else 'the loader that it names is not there (a file that is there, yet "no such file")'
            )


def _lacking(found: LoggedFailure, row: ImageRow | None) -> str:
    lacks = newest_of([item.version for item in found.failure.missing])
    kinds = [kind for kind in ("GLIBC", "GLIBCXX", "CXXABI") if kind in lacks] or list(lacks)
    if not kinds:
        return f"the libraries lack {', '.join(item.version for item in found.failure.missing[:5])}"
    kind = kinds[0]
    has = {
        "GLIBC": found.around.glibc or (row.glibc if row else ""),
        "GLIBCXX": row.glibcxx if row else "",
        "CXXABI": row.cxxabi if row else "",
    }.get(kind, "")
    word = "glibc" if kind == "GLIBC" else kind
    return (
        f"it needs {word} {lacks[kind]}, there is {has}"
        if has
        else f"it needs {word} {lacks[kind]}, which is not there"
    )


def has(found: LoggedFailure, row: ImageRow | None) -> str:
    """What the image or the system has, and who says so; '' where nobody does."""
    told = found.around.glibc
    if row is not None:
        says = f"{row} (by the catalogue: {row.confidence})"
        return f"glibc {told}, as the log says; {says}" if told and told != row.glibc else says
    return f"glibc {told}, as the log says" if told else ""


def as_data(story: Story) -> Mapping[str, object]:
    """A story as JSON data."""
    found, around = story.found, story.found.around
    return {
        "kind": found.failure.kind,
        "certain": found.failure.certain,
        "program": found.failure.program,
        "summary": story.headline,
        "lines": list(found.failure.lines),
        "missing": [{"library": item.library, "version": item.version} for item in found.failure.missing],
        "actions": list(found.actions),
        "jobs": list(found.jobs),
        "runner": around.runner,
        "date": str(around.day) if around.day else "",
        "image": around.image,
        "has": story.has,
        "why": list(story.why),
        "causes": [
            {"version": version, "symbols": list(why.symbols), "what": why.what}
            for version, why in story.causes
        ],
        "starts_on": story.starts_on,
        "then": list(story.then),
        "today": story.today,
        "fixes": list(story.now),
        "notes": list(story.notes),
    }
