"""The story of a program that is none of the runner's: what asks for the versions, where it starts, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actlite.cli.explain_log_story import Story, because, has, known_row
from actlite.events import Missing
from actlite.glibc.elf import newest_of, version_key
from actlite.glibc.reading_logs.causes import Cause, cause
from actlite.glibc.reading_logs.reader import LoggedFailure

MOST_CAUSES = 5


def program_story(found: LoggedFailure) -> Story:
    """The story of a failure."""
    from actlite.glibc import advice

    failure = found.failure
    row = known_row(found, "x64")
    glibc = found.around.glibc or (row.glibc if row else "")
    versions = [item.version for item in failure.missing if item.version]
    needs = newest_of(versions).get("GLIBC", "")
    fixes: tuple[str, ...]
    match failure.kind:
        case "versions" | "relr" | "symbol":
            fixes = advice.for_program(glibc, needs, _oldest_glibc(versions))
        case "link":
            fixes = (
                "Link on a system with that glibc or later, or take a build of that library made for this system's glibc",
            )
        case "library":
            fixes = tuple(line for item in failure.missing for line in advice.for_library(item.library))
        case "format":
            fixes = (
                "Take a build of the program for the machine's own processor, or an image of the program's architecture "
                "(docker run --platform)",
            )
        case "kernel":
            fixes = (
                "Run it on a newer kernel, or in an image whose glibc is older: the C library there asks for a newer Linux",
            )
        case "not-found":
            fixes = (
                "Look whether the file is there; if it is, its loader is not: see what `file` says of it, and `actlite audit FILE`",
            )
        case _:
            fixes = (
                "Build it for musl (target x86_64-unknown-linux-musl), or run it in an image with glibc, such as debian:12-slim",
            )
    facts = [
        ("step", ", ".join(found.actions) or found.step),
        ("job", ", ".join(found.jobs)),
        ("when", str(found.around.day or "")),
        ("where", found.around.image if found.around.image_from != "system" else found.around.distribution),
    ]
    return Story(
        found,
        f"{failure.program or 'A program'} cannot start: {because(found, row)}."
        if failure.kind != "link"
        else f"{failure.program} can't be linked with: {because(found, row)}.",
        facts=tuple((label, words) for label, words in facts if words),
        has=has(found, row),
        causes=_causes(versions),
        starts_on=_systems(failure.missing) if failure.kind == "versions" else "",
        now=tuple(_alone(fix) for fix in fixes),
        notes=_program_notes(failure.kind, versions),
    )


def _oldest_glibc(versions: Sequence[str]) -> str:
    numbers = [name.removeprefix("GLIBC_") for name in versions if re.fullmatch(r"GLIBC_[\d.]+", name)]
    return min(numbers, key=version_key, default="")


def _program_notes(kind: str, versions: Sequence[str]) -> tuple[str, ...]:
    if kind in ("versions", "relr") and versions:
        return (
            "`actlite audit FILE` names the symbols that ask for these versions, and the systems that have them.",
        )
    return ()


def _alone(line: str) -> str:
    """A line of advice without the "or" that joins it to the one before."""
    return line[3:4].upper() + line[4:] if line.startswith("Or ") else line


def _systems(missing: Sequence[Missing]) -> str:
    """The oldest system of each distribution that has the versions that are missing, by the catalogue."""
    from actlite.glibc.audit.model import NeededVersion
    from actlite.glibc.audit.systems import judge

    needs = [NeededVersion(item.library.rpartition("/")[2], item.version) for item in missing]
    return ", ".join(judge(needs, "x64")[0])


def _causes(versions: Sequence[str]) -> tuple[tuple[str, Cause], ...]:
    names = sorted(
        {version.rpartition("@")[2] for version in versions},
        key=lambda name: (not name.startswith("GLIBC_"), [-part for part in version_key(name)]),
    )
    known = [(name, why) for name in names if (why := cause(name)) is not None]
    return tuple(known[:MOST_CAUSES])
