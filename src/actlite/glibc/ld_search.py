"""Where glibc's loader looks for a library, in its order (elf/dl-load.c, ``_dl_map_object``)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from actlite.glibc.elf_facts import ElfFile
from actlite.glibc.system import System
from actlite.records import changeable

_TOKEN = re.compile(r"\$(?:\{(ORIGIN|PLATFORM|LIB)\}|(ORIGIN|PLATFORM|LIB)(?![A-Za-z0-9_]))")
_PLATFORMS = {"x64": "x86_64", "arm64": "aarch64", "x86": "i686"}
"""What the kernel says of itself (AT_PLATFORM)."""
_X86_FOLDERS = (
    "/lib/i386-linux-gnu",
    "/usr/lib/i386-linux-gnu",
    "/lib32",
    "/usr/lib32",
    "/lib",
    "/usr/lib",
)
"""For 32-bit programs on a 64-bit system: Debian's two, then the plain ones."""
MAX_PLACES = 20_000
"""Places that are looked at for the libraries of one program. A node asks for seven libraries in five folders; a file
that is made for it can name 32,000 folders for each of 4,096 libraries."""
MAX_PATH = 4096
"""Characters of a path that the kernel takes (PATH_MAX): nothing is found at a longer one."""


class TooManyPlaces(Exception):
    """The libraries of a program are looked for at more than MAX_PLACES places; the text says it as a clause."""

    def __init__(self) -> None:
        super().__init__(f"its libraries are looked for at more than {MAX_PLACES:,} places")


class Places:
    """Counts the places that are looked at for one program."""

    def __init__(self) -> None:
        self._count = 0

    def count(self, places: Iterable[str]) -> Iterator[str]:
        """The places, each once. Raises TooManyPlaces when there were too many since the beginning; those that come
        again count too."""
        met: set[str] = set()
        for place in places:
            self._count += 1
            if self._count > MAX_PLACES:
                raise TooManyPlaces
            if place not in met:
                met.add(place)
                yield place


@changeable
class Loaded:
    """An object in the loader's list."""

    elf: ElfFile
    path: str
    """As the loader shows it."""
    origin: str
    """What ``$ORIGIN`` is for it."""
    loader: Loaded | None = None
    """The object that asked for it first."""


class Search:
    """The places of one program's libraries."""

    def __init__(
        self,
        main: Loaded,
        system: System,
        library_path: Sequence[str],
        hwcaps: Sequence[str],
    ) -> None:
        self._main = main
        self._system = system
        entries = [piece for entry in library_path for piece in entry.split(";")]
        # An empty variable is as good as none, though an empty entry among others is the working folder.
        entries = [] if entries == [""] else entries
        self._hwcaps = hwcaps
        native = main.elf.machine == system.arch
        self._directories = tuple(system.directories) if native else _X86_FOLDERS
        self._has_cache = native
        self._paths: dict[tuple[int, str], list[str]] = {}
        """The folders of each object's paths, so that a long one is taken apart once."""
        self._in_variable = self._expanded(entries, main)

    def candidates(self, name: str, by: Loaded) -> Iterator[str]:
        """Where a name without a slash is looked for, for the object that asks for it. Duplicates may come."""
        if not by.elf.runpath:
            one: Loaded | None = by
            met_main = False
            while one is not None:
                yield from self._in(self._rpath(one), name)
                met_main = met_main or one is self._main
                one = one.loader
            if not met_main:
                yield from self._in(self._rpath(self._main), name)
        yield from self._in(self._in_variable, name)
        yield from self._in(self._runpath(by), name)
        for cached in self._system.cached(name)[:1] if self._has_cache else ():
            own = tuple(f"{folder}/" for folder in self._directories)
            if not (by.elf.no_default_lib and cached.startswith(own)):
                yield cached
        if not by.elf.no_default_lib:
            yield from self._in(
                (f"{folder.rstrip('/')}/" if folder else "" for folder in self._directories), name
            )

    def expand(self, text: str, one: Loaded) -> str:
        """A name or an entry of a path with its tokens replaced; empty where one has no value."""
        library = self._directories[0].lstrip("/") if self._directories else "lib"
        values = {"ORIGIN": one.origin, "LIB": library, "PLATFORM": _PLATFORMS.get(one.elf.machine, "")}
        tokens = [found[1] or found[2] for found in _TOKEN.finditer(text)]
        if not all(values[token] for token in tokens):
            return ""
        return _TOKEN.sub(lambda found: values[found[1] or found[2]], text)

    def _rpath(self, one: Loaded) -> Sequence[str]:
        return () if one.elf.runpath or not one.elf.rpath else self._path(one, "rpath", one.elf.rpath)

    def _runpath(self, one: Loaded) -> Sequence[str]:
        return self._path(one, "runpath", one.elf.runpath) if one.elf.runpath else ()

    def _path(self, one: Loaded, kind: str, entries: Sequence[str]) -> Sequence[str]:
        key = (id(one), kind)
        if key not in self._paths:
            self._paths[key] = self._expanded(entries, one)
        return self._paths[key]

    def _expanded(self, entries: Sequence[str], one: Loaded) -> list[str]:
        """The folders of a path, each once, as ``fillin_rpath`` makes them. An entry that was empty stays so and means
        the working folder; one that comes to nothing is left out."""
        pairs = [(entry, self.expand(entry, one)) for entry in dict.fromkeys(entries)]
        kept = [expanded for entry, expanded in pairs if expanded or not entry]
        starts = [f"{folder.rstrip('/')}/" if folder else "" for folder in kept if len(folder) < MAX_PATH]
        return list(dict.fromkeys(starts))

    def _in(self, starts: Iterable[str], name: str) -> Iterator[str]:
        """The places of a name in folders, which are given with a slash behind."""
        for start in starts:
            for level in self._hwcaps:
                yield f"{start}glibc-hwcaps/{level}/{name}"
            yield start + name


def musl_loader(arch: str) -> str:
    """Where musl's loader is on systems that have it."""
    return f"/lib/ld-musl-{_PLATFORMS.get(arch, arch)}.so.1"


def origin_of(path: str, folder: str) -> str:
    """``$ORIGIN`` for an object found at a path, from a working folder; links are not followed."""
    return posixpath.dirname(posixpath.join(folder, path)) or "/"
