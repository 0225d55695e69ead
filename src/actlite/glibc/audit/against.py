"""What the loader of an image would do with a file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Protocol

from actlite.glibc.audit.model import AuditedFile, ImageVerdict
from actlite.glibc.audit.remarks import INTERPRETERS
from actlite.glibc.elf import ElfFile
from actlite.glibc.loading import library_path_of, load
from actlite.glibc.system import MemorySystem, System
from actlite.records import replace

FOLDER = "/w"
"""Where the file is taken to lie in the image."""


class ImageLibraries(Protocol):
    """An image whose libraries are known."""

    @property
    def name(self) -> str: ...
    @property
    def system(self) -> System: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def source(self) -> str: ...
    @property
    def detail(self) -> str: ...


class ImageSource(Protocol):
    """An image that can be described for an architecture."""

    @property
    def name(self) -> str: ...
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
    verdict = ImageVerdict(image.name, image.source, image.detail, False)
    if file.arch != system.arch and not (file.arch == "x86" and system.arch == "x64"):
        return replace(verdict, why=f"the file is for {file.arch}, the image for {system.arch}")
    if file.kind != "library":
        loading = load(elf, path, system, library_path=library_path)
        return replace(verdict, starts=loading.starts, lines=loading.lines, exit_code=loading.exit_code)
    loaders = [one for one in INTERPRETERS.get(file.arch, ()) if system.exists(one)]
    if not loaders:
        return replace(verdict, why="the image has no loader")
    program = replace(elf, kind="program", interpreter=loaders[0])
    loading = load(program, path, system, library_path=library_path)
    # dlopen() stops at the first thing that is wrong and says it without the program's name.
    first = loading.lines[:1] if not loading.starts else ()
    lines = tuple(_in_dlopen(line, path) for line in first)
    return replace(verdict, starts=loading.starts, lines=lines, exit_code=0 if loading.starts else 1)


def path_of(file: AuditedFile) -> str:
    """Where a file is taken to lie: its place in its archive, or its name, below :data:`FOLDER`."""
    name = file.member or posixpath.basename(file.name)
    return posixpath.join(FOLDER, posixpath.normpath("/" + name.replace("!", "")).lstrip("/"))


def _in_dlopen(line: str, path: str) -> str:
    for start in (f"{path}: error while loading shared libraries: ", f"{path}: "):
        if line.startswith(start):
            return line.removeprefix(start)
    return line
