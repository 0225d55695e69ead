"""What the loader of an image would do with a file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Protocol

from actlite.glibc.audit.model import AuditedFile, ImageVerdict
from actlite.glibc.audit.remarks import INTERPRETERS
from actlite.glibc.catalogue.layouts import CORE
from actlite.glibc.elf import ElfFile, newest_of
from actlite.glibc.loading import library_path_of, load
from actlite.glibc.system import MemorySystem, System
from actlite.records import replace

FOLDER = "/w"
"""Where the file is taken to lie in the image."""
CATALOGUE = "catalogue"
"""The source of an image that is known by its row in the catalogue only."""
_TOLD = CORE | {"libstdc++.so.6", "libatomic.so.1"}
"""The libraries that a row tells of: whether the image has others is not known."""


class ImageLibraries(Protocol):
    """An image whose libraries are known."""

    @property
    def name(self) -> str:
        """As it was asked for."""

    @property
    def system(self) -> System:
        """What the loader finds in it."""

    @property
    def env(self) -> Mapping[str, str]:
        """Its own environment; empty where it is not known."""

    @property
    def source(self) -> str:
        """``local image``, ``registry`` or ``catalogue``."""

    @property
    def detail(self) -> str:
        """Its id, its digest, or where the catalogue's row is from."""


class ImageSource(Protocol):
    """An image that can be described for an architecture."""

    @property
    def name(self) -> str:
        """As it was asked for."""

    def on(self, arch: str) -> ImageLibraries | str:
        """Its libraries, or why they aren't known, as a clause."""


class _With:
    """A system with the libraries that come with a file, where the file's own paths find them."""

    def __init__(self, base: System, files: MemorySystem) -> None:
        self._base = base
        self._files = files
        self.arch = base.arch
        self.directories = base.directories
        self.cached = base.cached

    def file(self, path: str) -> ElfFile | None:
        """See System."""
        return self._files.file(path) or self._base.file(path)

    def exists(self, path: str) -> bool:
        """See System."""
        return self._files.exists(path) or self._base.exists(path)


def judge(
    file: AuditedFile, elf: ElfFile, source: ImageSource, beside: MemorySystem | None = None
) -> ImageVerdict:
    """What the image's loader does with a file: a program is started, a library is loaded by a program that needs
    nothing itself. ``beside`` has the other files of its archive, below :data:`FOLDER`."""
    image = source.on("x64" if file.arch == "x86" else file.arch)
    if isinstance(image, str):
        return ImageVerdict(source.name, "", "", False, why=image)
    path = path_of(file)
    library_path = library_path_of(image.env.get("LD_LIBRARY_PATH", ""))
    system: System = image.system if beside is None else _With(image.system, beside)
    verdict = ImageVerdict(image.name, image.source, image.detail, False, glibc=_glibc(system))
    if file.arch != system.arch and not (file.arch == "x86" and system.arch == "x64"):
        return replace(verdict, why=f"the file is for {file.arch}, the image for {system.arch}")
    program = elf
    if file.kind == "library":
        loaders = [one for one in INTERPRETERS.get(file.arch, ()) if system.exists(one)]
        if not loaders:
            return replace(verdict, why="the image has no loader")
        program = replace(elf, kind="program", interpreter=loaders[0])
    loading = load(program, path, system, library_path=library_path)
    if image.source == CATALOGUE and loading.kind == "library":
        added = _untold([program, *(beside.files.values() if beside is not None else ())], system)
        loading = load(program, path, _With(system, added), library_path=library_path)
        taken = [name for name, place in loading.libraries if added.exists(place)]
        if loading.starts and taken:
            does = "loads" if file.kind == "library" else "starts"
            named = f"{', '.join(taken[:3])}{f' and {len(taken) - 3} more' if len(taken) > 3 else ''}"
            return replace(
                verdict, why=f"it {does} if the image has {named}, which the catalogue doesn't tell"
            )
    if not loading.is_known:
        return replace(verdict, why=loading.why)
    verdict = replace(verdict, starts=loading.starts, missing=loading.missing)
    if file.kind != "library":
        return replace(verdict, lines=loading.lines, exit_code=loading.exit_code)
    # dlopen() stops at the first thing that is wrong and says it without the program's name.
    first = loading.lines[:1] if not loading.starts else ()
    lines = tuple(_in_dlopen(line, path) for line in first)
    return replace(verdict, lines=lines, exit_code=0 if loading.starts else 1)


def _untold(files: Sequence[ElfFile], system: System) -> MemorySystem:
    """The libraries of files that the catalogue does not tell of, as if they were there and had all that is asked of
    them, where the loader looks last."""
    versions: dict[str, dict[str, None]] = {}
    for elf in files:
        for library in elf.libraries:
            versions.setdefault(library, {})
        for need in elf.versions:
            versions.setdefault(need.library, {})[need.version] = None
    folder = system.directories[0] if system.directories else "/lib"
    found = {
        posixpath.join(folder, name): ElfFile(
            files[0].machine, "library", definitions=tuple(names), soname=posixpath.basename(name), base=name
        )
        for name, names in versions.items()
        if name not in _TOLD and not name.startswith(("ld-", "ld64", "libc.")) and "$" not in name
    }
    return MemorySystem("", {place: elf for place, elf in found.items() if not system.exists(place)})


def _glibc(system: System) -> str:
    """The newest version that the C library has; empty where there is none."""
    for path in system.cached("libc.so.6"):
        libc = system.file(path)
        if libc is not None:
            return newest_of(libc.definitions).get("GLIBC", "")
    return ""


def path_of(file: AuditedFile) -> str:
    """Where a file is taken to lie: its place in its archive, or its name, below :data:`FOLDER`."""
    name = file.member or posixpath.basename(file.name)
    return posixpath.join(FOLDER, posixpath.normpath("/" + name.replace("!", "")).lstrip("/"))


def _in_dlopen(line: str, path: str) -> str:
    for start in (f"{path}: error while loading shared libraries: ", f"{path}: "):
        if line.startswith(start):
            return line.removeprefix(start)
    return line
