"""What the kernel and the dynamic loader would do with a program: start it, or which lines they would print.

The rules are glibc's own (elf/dl-load.c, dl-deps.c, dl-version.c, rtld.c), and the messages are the loader's, to the
letter. Version names are compared as sets, never as numbers: a library that defines GLIBC_2.30 and not GLIBC_2.28
lacks the latter. Not told beforehand is what depends on the processor (legacy ``tls`` and ``haswell`` folders,
libraries that are made for a newer one), and what comes after the versions: symbols that nobody defines; and a file
with less than an ELF header has is "file too short" for the loader, and "invalid ELF header" here, as a ``System`` does
not tell the one from the other. Of a program
whose libraries are looked for at too many places (``ld_search.MAX_PLACES``) nothing is foretold: kind ``unknown``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from actlite.events import Missing
from actlite.glibc.elf_facts import ElfFile
from actlite.glibc.ld_search import Loaded, Places, Search, TooManyPlaces, musl_loader, origin_of
from actlite.glibc.outcome import UNKNOWN, Loading
from actlite.glibc.system import System

__all__ = ["Loading", "library_path_of", "load"]

CACHE = "/etc/ld.so.cache"
RELR_VERSION = "GLIBC_ABI_DT_RELR"
"""What programs with packed relocations need of libc.so.6; glibc has it from 2.36 on."""
_COMPAT = "in the place of glibc's loader is another's, which may lack functions that the program calls"
"""Where glibc's loader is not: libc6-compat has a link to musl's, gcompat a program that starts musl's."""
_NARROW = ("x86", "x32", "arm", "s390", "riscv32")
_ALSO_RUNS = {("x64", "x86")}
"""(system, program): 32-bit programs that the kernels of distributions start too."""


def library_path_of(value: str) -> tuple[str, ...]:
    """The entries of LD_LIBRARY_PATH; none for an empty one. An entry may hold semicolons: they separate folders too
    for glibc's loader, and belong to a folder's name for musl's."""
    return tuple(value.split(":")) if value else ()


def load(
    program: ElfFile,
    path: str,
    system: System,
    *,
    library_path: Sequence[str] = (),
    folder: str = "/",
    real_path: str = "",
    hwcaps: Sequence[str] = (),
) -> Loading:
    """What comes of starting ``path`` on a system, without a shell.

    ``path`` is as started, such as ``/__e/node24/bin/node``. ``library_path`` is LD_LIBRARY_PATH, split by
    :func:`library_path_of`; ``folder``
    the working folder, which empty and relative entries mean; ``real_path`` the program's place without symbolic
    links, which ``$ORIGIN`` means; ``hwcaps`` the glibc-hwcaps folders that the processor can use, best first, for a
    glibc from 2.33 on.
    """
    runs = program.machine == system.arch or (system.arch, program.machine) in _ALSO_RUNS
    if not runs or program.kind in ("object", "other"):
        return Loading(False, "format", (f"exec {path}: exec format error",), exit_code=1)
    if not program.interpreter:
        return Loading(True)
    if not system.exists(program.interpreter):
        return Loading(False, "interpreter", (f"exec {path}: no such file or directory",), exit_code=1)
    loader = system.file(program.interpreter)
    if _is_musl(program.interpreter, loader):
        from actlite.glibc.musl_loading import load_musl

        found = load_musl(program, path, system, library_path, folder, real_path or path)
        by_link = "/ld-musl" not in program.interpreter
        return Loading(False, UNKNOWN, why=_COMPAT) if found.starts and by_link else found
    if loader is not None and not loader.soname.startswith("ld") and system.exists(musl_loader(system.arch)):
        return Loading(False, UNKNOWN, why=_COMPAT)
    main = Loaded(program, path, posixpath.dirname(real_path or path))
    search = Search(main, system, library_path, hwcaps)
    return _Walk(main, loader or ElfFile(program.machine, "library"), system, search, folder).run()


def _is_musl(interpreter: str, loader: ElfFile | None) -> bool:
    """Alpine's libc6-compat has links from the names of glibc's loader to musl's."""
    soname = loader.soname if loader is not None else ""
    return "/ld-musl" in interpreter or soname == "libc.so" or soname.startswith("libc.musl")


class _NotLoaded(Exception):
    """A library can't be loaded: its name or path, and the loader's reason."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self.name = name
        self.why = why


class _Walk:
    """One start of a program by glibc's loader."""

    def __init__(
        self,
        main: Loaded,
        loader: ElfFile,
        system: System,
        search: Search,
        folder: str,
    ) -> None:
        self._main = main
        self._system = system
        self._search = search
        self._folder = folder
        self._places = Places()
        self._loaded = [main]
        interpreter = main.elf.interpreter
        own = Loaded(loader, interpreter, posixpath.dirname(interpreter))
        self._names = {interpreter: own, loader.soname or posixpath.basename(interpreter): own}
        """Paths, and names that were asked for: what the tables of needed versions may say."""
        self._sonames: dict[str, Loaded] = {}
        self._listed = {id(main)}
        self._missed = False
        """Whether the last file that was asked for was not there: only then the loader has a reason to name."""

    def run(self) -> Loading:
        try:
            self._libraries()
        except _NotLoaded as error:
            return self._fatal("library", error.name, error.why, (), (Missing(error.name, ""),))
        except TooManyPlaces as error:
            return Loading(False, UNKNOWN, why=str(error))
        return self._versions()

    def _libraries(self) -> None:
        """All libraries, breadth first, each once."""
        for one in self._loaded:  # it grows
            for asked in one.elf.libraries:
                name = self._search.expand(asked, one)
                if not name:  # a token without a value, or the empty name, which the program itself has
                    continue
                known = self._names.get(name) or self._sonames.get(name) or self._find(name, one)
                self._names.setdefault(name, known)
                if id(known) not in self._listed:
                    self._listed.add(id(known))
                    self._loaded.append(known)

    def _find(self, name: str, by: Loaded) -> Loaded:
        other_class = False
        for path in self._places.count([name] if "/" in name else self._search.candidates(name, by)):
            where = posixpath.join(self._folder, path)
            found = self._system.file(where)
            self._missed = True
            if found is None:
                if self._system.exists(where):
                    raise _NotLoaded(path, "invalid ELF header")
            elif found.machine == self._main.elf.machine:
                self._missed = False
                return self._add(found, path, by)
            elif _bits(found) != _bits(self._main.elf):
                other_class = True
        if other_class:
            raise _NotLoaded(name, f"wrong ELF class: ELFCLASS{96 - _bits(self._main.elf)}")
        missed = self._missed or not self._system.exists(CACHE)
        reason = ": No such file or directory" if missed else ""
        raise _NotLoaded(name, f"cannot open shared object file{reason}")

    def _add(self, found: ElfFile, path: str, by: Loaded) -> Loaded:
        if found.kind == "object":
            raise _NotLoaded(path, "only ET_DYN and ET_EXEC can be loaded")
        same = self._sonames.get(found.soname)
        # The loader knows a file by its inode; two files with the same soname and the same tables are one here.
        if same is not None and same.elf == found:
            return same
        added = Loaded(found, path, origin_of(path, self._folder), by)
        self._names.setdefault(path, added)
        if found.soname:
            self._sonames.setdefault(found.soname, added)
        return added

    def _versions(self) -> Loading:
        lines: list[str] = []
        missing: list[Missing] = []
        sets: dict[int, frozenset[str]] = {}
        libc = self._names.get("libc.so.6")
        knows_relr = libc is not None and (RELR_VERSION in libc.elf.definitions or libc.elf.has_relr)
        for one in self._loaded:
            for need in one.elf.versions:
                library = self._names.get(need.library)
                if library is None:
                    return self._inconsistent(lines, missing)
                start, by = f"{self._main.path}: {library.path}", f"(required by {one.path})"
                if not library.elf.definitions and not library.elf.base:
                    lines.append(f"{start}: no version information available {by}")
                    continue
                has = sets.get(id(library))
                if has is None:
                    has = sets[id(library)] = frozenset((*library.elf.definitions, library.elf.base))
                if need.version in has:
                    continue
                weak = "weak " if need.weak else ""
                lines.append(f"{start}: {weak}version `{need.version}' not found {by}")
                if not need.weak:
                    missing.append(Missing(need.library, need.version))
            if knows_relr and _lacks_relr_version(one.elf):
                why = "DT_RELR without GLIBC_ABI_DT_RELR dependency"
                return self._fatal("relr", one.path, why, lines, missing)
        if missing:
            return Loading(False, "versions", tuple(lines), tuple(missing), 1, self._list())
        if libc is not None and not knows_relr and any(one.elf.has_relr for one in self._loaded):
            # An older loader passes over the packed relocations; what is not relocated is called or read: SIGSEGV.
            return Loading(False, "relr", tuple(lines), (), 139, self._list())
        return Loading(True, "", tuple(lines), (), 0, self._list())

    def _fatal(
        self, kind: str, name: str, why: str, lines: Sequence[str], missing: Sequence[Missing]
    ) -> Loading:
        last = f"{self._main.path}: error while loading shared libraries: {name}: {why}"
        return Loading(False, kind, (*lines, last), tuple(missing), 127, self._list())

    def _inconsistent(self, lines: Sequence[str], missing: Sequence[Missing]) -> Loading:
        """Versions are needed of a library that is not asked for: the loader's own check fails. Its message has the
        number of a line of its source, which differs from release to release and is left out here."""
        last = (
            "Inconsistency detected by ld.so: dl-version.c: _dl_check_map_versions: "
            "Assertion `needed != NULL' failed!"
        )
        return Loading(False, "names", (*lines, last), tuple(missing), 127, self._list())

    def _list(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.elf.soname or posixpath.basename(one.path), one.path) for one in self._loaded[1:])


def _lacks_relr_version(elf: ElfFile) -> bool:
    """What a loader that knows DT_RELR refuses (elf/dl-version.c, at the end of ``_dl_check_map_versions``)."""
    return (
        elf.has_relr
        and bool(elf.versions)
        and any(name.startswith("libc.so.") for name in elf.libraries)
        and all(need.version != RELR_VERSION for need in elf.versions)
    )


def _bits(elf: ElfFile) -> int:
    return 32 if elf.machine in _NARROW else 64
