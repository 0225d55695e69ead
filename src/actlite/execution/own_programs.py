"""A program of the job's own that the loader refuses: its file, and which of its symbols ask for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.events import Cause
from actlite.glibc.loader import LoaderFailure
from actlite.records import field, frozen

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun

MAX_SIZE = 512 * 1024 * 1024
"""Bytes of a program that is looked at."""


@frozen
class OwnProgram:
    """What its file says."""

    newest: Mapping[str, str] = field(default_factory=dict)
    """The newest version of each kind that it asks for."""
    causes: tuple[Cause, ...] = ()
    """For each version that the loader found missing, in its order."""


def own_program(run: StepRun, failure: LoaderFailure) -> OwnProgram:
    """What can be read of the program of a failure; nothing where its file is none of the job's."""
    from actlite.glibc import elf

    path = _file(run, failure.program)
    if path is None or failure.kind != "versions":
        return OwnProgram()
    try:
        newest = elf.newest_of(need.version for need in elf.read(path).versions)
        symbols = elf.version_symbols(path)
    except (elf.ElfError, OSError):
        return OwnProgram()
    causes = []
    for item in failure.missing:
        library = item.library.rsplit("/", 1)[-1]
        asking = symbols.get((library, item.version), ())
        if asking:
            weak = all(symbol.weak for symbol in asking)
            causes.append(Cause(library, item.version, tuple(symbol.name for symbol in asking), weak))
    return OwnProgram(newest, tuple(causes))


def _file(run: StepRun, program: str) -> Path | None:
    """The file of a program that a message names, where it lies in one of the job's folders. What a step has put there
    may be a link to anywhere on this machine: that is no program of the job's."""
    if not program:
        return None
    layout = run.state.layout
    named = program if program.startswith("/") else f"{run.runtime.get('workdir', '')}/{program}"
    found = run.state.real_path(named)
    if found is None:
        return None
    try:
        real = found.resolve()
        info = real.stat()
    except OSError:
        return None
    inside = real.is_relative_to(layout.work.resolve())
    return real if inside and real.is_file() and info.st_size <= MAX_SIZE else None
