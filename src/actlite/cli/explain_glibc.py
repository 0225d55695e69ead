"""``actlite explain glibc`` and ``explain node``: the subjects, shown on this machine and on the offline tables."""

from __future__ import annotations

import datetime
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.records import field, frozen

if TYPE_CHECKING:
    from actlite.glibc.elf import ElfFile, Symbol
    from actlite.glibc.system import System

WIDTH = 92
OLD = "quay.io/pypa/manylinux2014_x86_64"
"""The image that the examples are about."""
ACTION, DECLARED = "actions/checkout@v2", "node12"
"""The action of the examples, and what it declares."""
ERAS = (datetime.date(2021, 5, 7), datetime.date(2024, 8, 1))
"""The days of the examples; today is the last one."""
PLAIN = frozenset(
    [
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libutil.so.1",
        "libgcc_s.so.1",
        "libstdc++.so.6",
    ]
)
"""Libraries that every image with a C++ compiler's runtime has."""
MOST_VERSIONS = 6


@frozen
class Program:
    """A program of this machine that the examples look at."""

    path: str
    elf: ElfFile
    symbols: Mapping[tuple[str, str], tuple[Symbol, ...]] = field(default_factory=dict)
    """(library, version) to the symbols that ask for it."""


@frozen
class Machine:
    """The machine on which the subject is shown."""

    system: System
    release: str
    """Its glibc; empty where it has none."""
    program: Program | None
    """None where no suitable one was found."""
    today: datetime.date


def glibc_text() -> str:
    """The subject glibc, with this machine as the example."""
    return glibc_lesson(_this_machine())


def node_text() -> str:
    """The runner's nodes by time."""
    return node_lesson(datetime.date.today())


def glibc_lesson(machine: Machine) -> str:
    """The text about glibc, for a machine."""
    return "\n\n".join(part for part in _lesson(machine) if part)


def _lesson(machine: Machine) -> Iterator[str]:
    yield (
        "Every function of the C library carries the name of the release that brought it, or brought its present form: "
        "a symbol version, such as GLIBC_2.17. A library defines a list of them, a program has a list of those that it "
        "needs. Before anything else, the loader (ld.so) compares the two by name. One that is not defined is enough, "
        "and the program does not start."
    )
    yield from _here(machine)
    if machine.program is not None:
        yield from _program(machine.program, machine)
    yield (
        "A program takes the newest versions that the libraries had where it was linked, not the oldest that would do. "
        "Old versions stay in new libraries for ever. That is why what is built on an old system runs on new ones, and "
        "never surely the other way round; and why release programs are built in old images."
    )
    yield (
        "A weak reference says that the program can do without a symbol. The loader checks versions, not symbols: it "
        "refuses the program all the same, unless the version itself is marked weak, which linkers do not do. Rust's "
        "standard library has such references (__cxa_thread_atexit_impl, GLIBC_2.18)."
    )
    yield (
        "In a job with `container:`, GitHub's runner mounts its own node at /__e and starts it in the container, with the "
        f"container's libraries, for every JavaScript action. Which node that is depends on the day. {ACTION} in "
        f"{OLD} (glibc 2.17):"
    )
    yield from _eras(machine.today)
    yield _window(machine.today)
    yield (
        "So the image of such a job has a floor (the runner's node) and a ceiling (the glibc of those who run what is built). "
        "`actlite check` says which steps can't start, `actlite check --fix` makes the change, `actlite audit FILE` says "
        "what a built file needs, and `actlite explain --log FILE` explains a failure. More: docs/glibc.md."
    )


def _here(machine: Machine) -> Iterator[str]:
    rows = []
    for library in ("libc.so.6", "libm.so.6", "libstdc++.so.6"):
        path = next(iter(machine.system.cached(library)), "")
        found = machine.system.file(path) if path else None
        if found is not None:
            numbered = [name for name in found.definitions if name.split("_")[-1][:1].isdigit()]
            rows.append((path, f"{len(found.definitions)} versions", _range(numbered)))
    if not rows:
        yield "This machine has no glibc that its loader's cache names; the examples are those of the tables."
        return
    release = f" (glibc {machine.release})" if machine.release else ""
    yield f"This machine{release} defines:"
    yield _table(rows)


def _program(program: Program, machine: Machine) -> Iterator[str]:
    from actlite.glibc.audit.model import NeededVersion
    from actlite.glibc.audit.systems import judge
    from actlite.glibc.elf import version_key

    yield f"{program.path} needs, newest first, and through these symbols:"
    needs = sorted(
        (need for need in program.elf.versions if need.version.startswith("GLIBC_")),
        key=lambda need: version_key(need.version),
        reverse=True,
    )
    rows = []
    for need in needs[:MOST_VERSIONS]:
        symbols = program.symbols.get((need.library, need.version), ())
        names = [f"{one.name} (weak)" if one.weak else one.name for one in symbols[:3]]
        rows.append((need.version, need.library, ", ".join([*names, *(["…"] if len(symbols) > 3 else [])])))
    yield _table(rows)
    runs_on, _ = judge(
        [NeededVersion(need.library, need.version) for need in program.elf.versions], machine.system.arch
    )
    if runs_on:
        yield f"By the catalogue it starts on {', '.join(runs_on)}."
    lines = _loading(program.elf, program.path, machine.system.arch)
    if lines:
        yield f"In {OLD} the loader would say:"
        yield _code(lines)
    else:
        yield f"It needs nothing newer than glibc 2.17: it starts in {OLD}."


def _eras(today: datetime.date) -> Iterator[str]:
    from actlite.glibc.catalogue import node_build
    from actlite.runtimes.eras import runner_at

    for day in (*ERAS, today):
        runner = runner_at(day)
        choice = runner.choose(DECLARED, {})
        build = node_build(choice.version)
        lines = _loading(build, f"/__e/{choice.runtime}/bin/node", "x64") if build is not None else ()
        end = "does not start" if lines else "starts"
        yield (
            f"{day}: runner {runner.release} takes {choice.runtime} ({choice.version}), which {end}:"
            if lines
            else (f"{day}: runner {runner.release} takes {choice.runtime} ({choice.version}), which {end}.")
        )
        if lines:
            yield _code(lines)


def _window(today: datetime.date) -> str:
    from actlite.checking.predictions.settings import Predicting
    from actlite.checking.predictions.windows import window_for
    from actlite.runtimes.eras import runner_at

    choice = runner_at(today).choose(DECLARED, {})
    predicting = Predicting(as_of=today, target="manylinux2014")
    found = window_for((DECLARED,), {choice.runtime: choice.version}, "2.17", "x64", {}, predicting)
    return f"The window, where the users have glibc 2.17: {found.sentence}."


def _loading(program: ElfFile, path: str, arch: str) -> Sequence[str]:
    """What the loader prints in the example's image; () where the program starts."""
    from actlite.glibc.catalogue import image_row, system_of
    from actlite.glibc.loading import load

    row = image_row(OLD, arch)
    if row is None:
        return ()
    loading = load(program, path, system_of(row, arch))
    return () if loading.starts else loading.lines


def node_lesson(today: datetime.date) -> str:
    """The text about the runner's nodes."""
    from actlite.glibc.catalogue import node_build
    from actlite.glibc.elf import newest_of
    from actlite.runtimes.choice import UnsupportedUsing
    from actlite.runtimes.eras import changes, runner_at

    parts = [
        "An action declares a runtime (`using: node16`), but the runner decides which node starts it: it carries two or "
        "three, and takes a newer one for what is declared once the old one is gone. What stands in the workflow does "
        "not change by that, what happens does. The runner of each time, and what it takes for each declaration:"
    ]
    header = ("from", "runner", "node12", "node16", "node20", "node24")
    rows: list[tuple[str, ...]] = [header]
    for day in changes():
        runner = runner_at(day)
        taken = []
        for declared in header[2:]:
            try:
                taken.append(runner.choose(declared, {}).runtime)
            except UnsupportedUsing:
                taken.append("-")
        if (not rows[1:] or list(rows[-1][2:]) != taken) and day <= today:
            rows.append((str(day), runner.release, *taken))
    parts.append(_table(rows))
    parts.append("What the builds ask of a container:")
    needs: list[tuple[str, ...]] = [("node", "build", "GLIBC", "GLIBCXX", "CXXABI")]
    for name in header[2:]:
        version = next(
            (runner_at(day).nodes[name] for day in reversed(changes()) if name in runner_at(day).nodes), ""
        )
        build = node_build(version) if version else None
        if build is not None:
            newest = newest_of(need.version for need in build.versions)
            needs.append((name, version, *(newest.get(kind, "") for kind in needs[0][2:])))
    parts.append(_table(needs))
    parts.append(
        "A date before the first release that accepts a declaration is an error there: a dash in the table. Images that say "
        "ID=alpine get builds for musl. `actlite plan --as-of DATE` and `actlite check --as-of DATE` use the runner of a day."
    )
    return "\n\n".join(parts)


def _this_machine() -> Machine:
    from actlite.glibc.folder import FolderSystem

    system = FolderSystem(Path("/"))
    return Machine(system, _release(), _found_program(), datetime.date.today())


def _release() -> str:
    import os

    try:
        name, _, number = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        return ""
    return number if name == "glibc" else ""


def _found_program() -> Program | None:
    """A program that needs no more than the usual libraries."""
    from actlite.glibc import elf

    for name in ("/bin/cat", "/bin/ls", "/bin/sh", sys.executable):
        path = Path(name)
        try:
            found = elf.read(path.resolve())
            if found.libraries and PLAIN.issuperset(found.libraries):
                return Program(name, found, elf.version_symbols(path.resolve()))
        except (OSError, elf.ElfError):
            continue
    return None


def _range(names: Sequence[str]) -> str:
    """The newest version of each kind."""
    from actlite.glibc.elf import newest_of

    return "up to " + ", ".join(f"{kind}_{number}" for kind, number in newest_of(names).items())


def _table(rows: Sequence[Sequence[str]]) -> str:
    from actlite.cli.text import columns

    return "\n".join(columns([tuple(row) for row in rows], indent=4))


def _code(lines: Sequence[str]) -> str:
    """The loader's lines, too long ones continued with an indent."""
    shown = (
        textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in lines
    )
    return "\n".join(f"    {piece}" for pieces in shown for piece in pieces)
