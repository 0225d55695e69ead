"""What musl's loader would do with a program (musl's ldso/dynlink.c).

It knows no versions. It goes on after a library that it does not find, and then also names each symbol that nobody
defines: those lines are not told beforehand, as they need every library's symbols.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from actlite.events import Missing
from actlite.glibc.elf_facts import ElfFile
from actlite.glibc.ld_search import Loaded
from actlite.glibc.outcome import Loading
from actlite.glibc.system import System

_OWN = tuple(f"lib{name}." for name in ("c", "pthread", "rt", "m", "dl", "util", "xnet"))
"""Libraries that musl is itself, whatever follows the dot."""


def load_musl(
    program: ElfFile,
    path: str,
    system: System,
    library_path: Sequence[str],
    folder: str,
    real_path: str,
) -> Loading:
    """As :func:`actlite.glibc.loading.load`, for a program whose interpreter is musl's."""
    main = Loaded(program, path, posixpath.dirname(real_path))
    loaded = [main]
    names: dict[str, Loaded] = {}
    paths = {path: main}
    lines: list[str] = []
    missing: list[Missing] = []
    for one in loaded:  # it grows
        for name in one.elf.libraries:
            if name.startswith(_OWN) or name == program.interpreter or name in names:
                continue
            for place in [name] if "/" in name else _places(name, one, library_path, system.directories):
                where = posixpath.join(folder, place)
                if not system.exists(where):
                    continue
                found = system.file(where)
                if found is None or found.machine != program.machine:
                    lines.append(_line(name, "Exec format error", one))
                    missing.append(Missing(name, ""))
                else:
                    added = paths.get(where)
                    if added is None:
                        added = paths[where] = Loaded(found, place, posixpath.dirname(place) or ".", one)
                        loaded.append(added)
                    if "/" not in name:
                        names[name] = added
                break
            else:
                lines.append(_line(name, "No such file or directory", one))
                missing.append(Missing(name, ""))
    libraries = tuple((posixpath.basename(one.path), one.path) for one in loaded[1:])
    if missing:
        return Loading(False, "library", tuple(lines), tuple(missing), 127, libraries)
    return Loading(True, libraries=libraries)


def _places(name: str, by: Loaded, library_path: Sequence[str], own: Sequence[str]) -> list[str]:
    folders = list(library_path)
    one: Loaded | None = by
    while one is not None:
        # Both kinds of path count alike, for what a library asks for and for what that asks for.
        folders += [_expand(entry, one) for entry in one.elf.runpath or one.elf.rpath]
        one = one.loader
    return [f"{folder}/{name}" for folder in (*folders, *own) if folder]


def _expand(entry: str, one: Loaded) -> str:
    entry = entry.replace("${ORIGIN}", one.origin).replace("$ORIGIN", one.origin)
    return "" if "$" in entry else entry


def _line(name: str, why: str, by: Loaded) -> str:
    return f"Error loading shared library {name}: {why} (needed by {by.path})"
