"""What the dynamic loader would do with a program: start it, or which lines it would print.

The rules are glibc's own (elf/dl-load.c, dl-deps.c, dl-version.c, rtld.c), the messages are the loader's, to the
letter. Version names are compared as sets, never as numbers: a library that defines GLIBC_2.30 and not GLIBC_2.28
lacks the latter.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from actlite.events import Missing
from actlite.glibc.elf import ElfFile
from actlite.glibc.system import System
from actlite.records import changeable, field, frozen

MAX_LIBRARIES = 2000
"""Libraries of one program that are followed."""


@frozen
class Loading:
    """What comes of starting a program."""

    starts: bool
    kind: str = ""
    """Why it does not start: ``versions``, ``library``, ``interpreter``, ``format`` or ``relr``."""
    lines: tuple[str, ...] = ()
    """Exactly what is printed, in order; where the program starts, the loader's warnings."""
    missing: tuple[Missing, ...] = ()
    exit_code: int = 0
    libraries: tuple[tuple[str, str], ...] = ()
    """(name, path), in load order."""


def load(
    program: ElfFile,
    path: str,
    system: System,
    *,
    library_path: Sequence[str] = (),
    folder: str = "/",
    real_path: str = "",
) -> Loading:
    """What comes of starting ``path`` on a system.

    ``path`` is as started, such as ``/__e/node24/bin/node``; ``library_path`` is LD_LIBRARY_PATH, split; ``folder``
    the working folder, which empty and relative entries mean; ``real_path`` the program's place without symbolic
    links, which ``$ORIGIN`` means.
    """
    if program.machine != system.arch and not (program.machine == "x86" and system.arch == "x64"):
        return Loading(False, "format", (f"exec {path}: exec format error",), exit_code=1)
    if not program.interpreter:
        return Loading(True)
    if not system.exists(program.interpreter):
        return Loading(False, "interpreter", (f"exec {path}: no such file or directory",), exit_code=1)
    return _Walk(program, path, system, library_path, folder, real_path or path).run()


@changeable
class _Loaded:
    """An object in the loader's list."""

    elf: ElfFile
    path: str
    """As the loader shows it."""
    loader: _Loaded | None
    names: set[str] = field(default_factory=set)
    origin: str = ""


class _NotFound(Exception):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self.name = name
        self.why = why


class _Walk:
    """One start of a program."""

    def __init__(
        self,
        program: ElfFile,
        path: str,
        system: System,
        library_path: Sequence[str],
        folder: str,
        real_path: str,
    ) -> None:
        self._system = system
        self._path = path
        self._folder = folder
        self._library_path = () if list(library_path) == [""] else tuple(library_path)
        self._main = _Loaded(program, path, None, set(), posixpath.dirname(real_path))
        interpreter = program.interpreter
        own = system.file(interpreter) or ElfFile(program.machine, "library", soname=interpreter)
        self._loader = _Loaded(own, interpreter, None, {interpreter, own.soname})
        self._loaded = [self._main]

    def run(self) -> Loading:
        try:
            self._libraries()
        except _NotFound as error:
            line = f"{self._path}: error while loading shared libraries: {error.name}: {error.why}"
            return Loading(False, "library", (line,), (Missing(error.name, ""),), 127, self._list())
        return self._versions()

    def _list(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.elf.soname or posixpath.basename(one.path), one.path) for one in self._loaded[1:])

    def _libraries(self) -> None:
        """All libraries, breadth first."""
        at = 0
        while at < len(self._loaded) <= MAX_LIBRARIES:
            one = self._loaded[at]
            at += 1
            for name in one.elf.libraries:
                if (known := self._known(name)) is None:
                    known = self._find(name, one)
                known.names.add(name)
                if known not in self._loaded:
                    self._loaded.append(known)

    def _known(self, name: str) -> _Loaded | None:
        for one in (*self._loaded[1:], self._loader):
            if name in (one.path, one.elf.soname) or name in one.names:
                return one
        return None

    def _find(self, name: str, by: _Loaded) -> _Loaded:
        other_class = False
        candidates = [self._expand(name, by)] if "/" in name else self._candidates(name, by)
        for path in candidates:
            where = posixpath.join(self._folder, path)
            found = self._system.file(where)
            if found is None:
                if self._system.exists(where):
                    raise _NotFound(path, "invalid ELF header")
                continue
            if found.machine != self._main.elf.machine:
                other_class = other_class or _bits(found) != _bits(self._main.elf)
                continue
            for one in self._loaded[1:]:
                if one.elf.soname and one.elf == found:
                    return one
            return _Loaded(found, path, by, set(), posixpath.dirname(where))
        if other_class:
            raise _NotFound(name, f"wrong ELF class: ELFCLASS{96 - _bits(self._main.elf)}")
        raise _NotFound(name, "cannot open shared object file: No such file or directory")

    def _candidates(self, name: str, by: _Loaded) -> list[str]:
        folders: list[str] = []
        if not by.elf.runpath:
            one: _Loaded | None = by
            met_main = False
            while one is not None:
                folders += self._rpath(one)
                met_main = met_main or one is self._main
                one = one.loader
            if not met_main:
                folders += self._rpath(self._main)
        folders += [self._expand(entry, self._main) for entry in self._library_path]
        folders += [self._expand(entry, by) for entry in by.elf.runpath]
        paths = [_join(entry, name) for entry in folders]
        own = self._system.directories
        for cached in self._system.cached(name)[:1]:
            if not (by.elf.no_default_lib and cached.startswith(tuple(f"{entry}/" for entry in own))):
                paths.append(cached)
        if not by.elf.no_default_lib:
            paths += [_join(entry, name) for entry in own]
        return paths

    def _rpath(self, one: _Loaded) -> list[str]:
        return [] if one.elf.runpath else [self._expand(entry, one) for entry in one.elf.rpath]

    def _expand(self, text: str, one: _Loaded) -> str:
        library = "lib64" if self._system.directories[:1] == ("/lib64",) else "lib"
        platform = {"x64": "x86_64", "arm64": "aarch64"}.get(one.elf.machine, one.elf.machine)
        for token, value in (("ORIGIN", one.origin), ("LIB", library), ("PLATFORM", platform)):
            text = text.replace(f"${{{token}}}", value).replace(f"${token}", value)
        return text

    def _versions(self) -> Loading:
        lines: list[str] = []
        missing: list[Missing] = []
        for one in self._loaded:
            for need in one.elf.versions:
                library = self._known(need.library)
                if library is None:
                    continue
                start, by = f"{self._path}: {library.path}", f"(required by {one.path})"
                if not library.elf.definitions and not library.elf.base:
                    lines.append(f"{start}: no version information available {by}")
                elif need.version not in (*library.elf.definitions, library.elf.base):
                    weak = "weak " if need.weak else ""
                    lines.append(f"{start}: {weak}version `{need.version}' not found {by}")
                    if not need.weak:
                        missing.append(Missing(need.library, need.version))
        if missing:
            return Loading(False, "versions", tuple(lines), tuple(missing), 1, self._list())
        return Loading(True, "", tuple(lines), (), 0, self._list())


def _bits(elf: ElfFile) -> int:
    return 32 if elf.machine in ("x86", "x32", "arm", "s390", "riscv32") else 64


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else f"./{name}"
