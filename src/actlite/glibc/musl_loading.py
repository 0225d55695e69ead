"""What musl's loader would do with a program (musl's ldso/dynlink.c).

It knows no versions. It goes on after a library that it does not find, and then also names each symbol that nobody
defines: those lines are not told beforehand, as they need every library's symbols. Nor is anything of a program whose
libraries are looked for at too many places (``ld_search.MAX_PLACES``): kind ``unknown``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from actlite.events import Missing
from actlite.glibc.elf_facts import ElfFile
from actlite.glibc.ld_search import MAX_PATH, Loaded, Places, TooManyPlaces
from actlite.glibc.outcome import UNKNOWN, Loading
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
    try:
        return _load(program, path, system, _Folders(library_path, system.directories), folder, real_path)
    except TooManyPlaces as error:
        return Loading(False, UNKNOWN, why=str(error))


def _load(
    program: ElfFile, path: str, system: System, folders: _Folders, folder: str, real_path: str
) -> Loading:
    main = Loaded(program, path, posixpath.dirname(real_path))
    loaded = [main]
    names: dict[str, Loaded] = {}
    paths = {path: main}
    lines: list[str] = []
    missing: list[Missing] = []
    places = Places()
    for one in loaded:  # it grows
        for name in one.elf.libraries:
            if name.startswith(_OWN) or name == program.interpreter or name in names:
                continue
            for place in places.count([name] if "/" in name else folders.places(name, one)):
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


class _Folders:
    """The folders in which one program's libraries are looked for."""

    def __init__(self, library_path: Sequence[str], own: Sequence[str]) -> None:
        self._first = _usable(library_path)
        self._last = _usable(own)
        self._of: dict[int, Sequence[str]] = {}

    def places(self, name: str, by: Loaded) -> Iterator[str]:
        """Where a name without a slash is looked for, for the object that asks for it."""
        yield from (f"{folder}/{name}" for folder in self._first)
        one: Loaded | None = by
        while one is not None:
            # Both kinds of path count alike, for what a library asks for and for what that asks for.
            if id(one) not in self._of:
                entries = one.elf.runpath or one.elf.rpath
                self._of[id(one)] = _usable([_expand(entry, one) for entry in entries])
            yield from (f"{folder}/{name}" for folder in self._of[id(one)])
            one = one.loader
        yield from (f"{folder}/{name}" for folder in self._last)


def _usable(entries: Sequence[str]) -> Sequence[str]:
    """Each folder once; an empty one is passed over. Lines separate them, as colons do, and semicolons don't."""
    folders = dict.fromkeys(folder for entry in entries for folder in entry.split("\n"))
    return tuple(folder for folder in folders if 0 < len(folder) < MAX_PATH)


def _expand(entry: str, one: Loaded) -> str:
    entry = entry.replace("${ORIGIN}", one.origin).replace("$ORIGIN", one.origin)
    return "" if "$" in entry else entry


def _line(name: str, why: str, by: Loaded) -> str:
    return f"Error loading shared library {name}: {why} (needed by {by.path})"
