"""An image as the loader sees it: its files asked for one by one, and what was found kept by the image's id."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from actlite.errors import ImageUnavailable
from actlite.glibc import image_facts
from actlite.glibc.elf import ElfFile
from actlite.glibc.folder import LOADERS, MUSL_FOLDERS
from actlite.glibc.image_facts import CACHE, Facts, KnownFiles, distil, elf_of
from actlite.glibc.image_libc import LIBRARIES, RELEASE_FILES, ImageLibc, libc_of
from actlite.glibc.system import DEFAULT_FOLDERS, System
from actlite.records import field, frozen

ARCHITECTURES = {"amd64": "x64", "arm64": "arm64"}
"""Docker's names, and ours."""
MUSL_PATH = {"x64": "/etc/ld-musl-x86_64.path", "arm64": "/etc/ld-musl-aarch64.path"}
"""Where musl's loader is told other folders (musl's ldso/dynlink.c)."""
NODE_LIBRARIES = (
    *("libdl.so.2", "libstdc++.so.6", "libm.so.6", "libgcc_s.so.1"),
    *("libpthread.so.0", "libc.so.6", "libatomic.so.1"),
)
"""What the runner's node builds ask for, node12 to node26: read together, in one go."""


class ImageIdentity(Protocol):
    """An image that is there to be read."""

    @property
    def id(self) -> str:
        """Changes with the image's content."""

    @property
    def os(self) -> str:
        """``linux`` or ``windows``."""

    @property
    def architecture(self) -> str:
        """As Docker names it: amd64, arm64, arm…"""

    @property
    def env(self) -> Mapping[str, str]:
        """The image's environment."""


class ImageReader(Protocol):
    """An image that is open for reading."""

    def facts(self, paths: Sequence[str], distil: Any) -> Mapping[str, Facts | None]:
        """What ``distil`` makes of each file, symbolic links followed; None where there is none."""


class ImageFiles(Protocol):
    """What this package needs of an engine's images."""

    def find(self, name: str) -> ImageIdentity | None:
        """An image, or None."""

    def reader(self, image: str) -> AbstractContextManager[ImageReader]:
        """Open it. Raises ImageUnavailable."""


class RemoteFiles(Protocol):
    """What this package needs of a registry's images."""

    def find(self, name: str) -> ImageIdentity:
        """An image. Raises ImageUnavailable."""

    def reader(self, image: str) -> AbstractContextManager[ImageReader]:
        """Open it. Raises ImageUnavailable."""

    def rests_on(self, image: str) -> str:
        """What the answers about it rest on."""


@frozen
class Described:
    """An image's libraries, and where the knowledge comes from."""

    name: str
    libc: ImageLibc
    system: System
    arch: str
    """``x64`` or ``arm64``."""
    source: str
    """``local image``, ``registry`` or ``catalogue``."""
    detail: str = ""
    """The image's id, the manifest's digest and what was read of it, or the catalogue row's source."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The image's own environment; empty where it is not known."""
    unread: str = ""
    """Why the image itself could not be read, where the catalogue answers in its place; a clause."""


class ImageSystem:
    """See :class:`actlite.glibc.system.System`. A question that was not asked of this image before opens it: that raises
    ImageUnavailable where it can't be read any more."""

    def __init__(
        self,
        arch: str,
        known: KnownFiles,
        open_image: Callable[[], AbstractContextManager[ImageReader]],
        kept: Path | None = None,
    ) -> None:
        """``kept`` is the file that holds ``known``."""
        self.arch = arch
        self._known = known
        self._open = open_image
        self._kept = kept
        self._elf: dict[str, ElfFile | None] = {}
        self._opened: ExitStack | None = None
        self._reader: ImageReader | None = None

    @cached_property
    def directories(self) -> Sequence[str]:
        """See :class:`System`."""
        loader, musl = LOADERS[self.arch]
        self._ask([loader, musl])
        if folders := (self._known.files[loader] or {}).get("folders"):
            return tuple(folders)
        # Alpine's gcompat and libc6-compat put something else in the place of glibc's loader.
        if self._known.files[musl] is None:
            return DEFAULT_FOLDERS[self.arch]
        told = self._facts(MUSL_PATH[self.arch]) or {}
        return re.split("[:\n]", told["text"]) if "text" in told else MUSL_FOLDERS

    def cached(self, soname: str) -> Sequence[str]:
        """See :class:`System`."""
        found = self._facts(CACHE) or {}
        return tuple(found.get("cache", {}).get(self.arch, {}).get(soname, ()))

    def file(self, path: str) -> ElfFile | None:
        """See :class:`System`."""
        if path not in self._elf:
            self._elf[path] = elf_of(self._facts(path))
        return self._elf[path]

    def exists(self, path: str) -> bool:
        """See :class:`System`."""
        return self._facts(path) is not None

    def libc(self, image: str) -> ImageLibc:
        """The image's C and C++ libraries."""
        return libc_of(image, self._known.files, {name: self._first(name) for name in LIBRARIES})

    def look(self, libraries: Sequence[str]) -> None:
        """Ask all that :meth:`libc` rests on, and for more ``libraries`` by soname; the image is opened once, and only where something of
        it is not known yet."""
        with self._session():
            self._ask([*LOADERS[self.arch], CACHE, RELEASE_FILES[0]])
            if self._known.files[RELEASE_FILES[0]] is None:
                self._ask(RELEASE_FILES[1:])
            self._ask(self._places((*LIBRARIES, *libraries)))

    def _places(self, libraries: Sequence[str]) -> list[str]:
        """Where libraries may be."""
        paths: list[str] = []
        for name in libraries:
            paths += self.cached(name)[:1] or [f"{folder}/{name}" for folder in self.directories]
        return paths

    def _first(self, name: str) -> Facts | None:
        for path in (*self.cached(name)[:1], *(f"{folder}/{name}" for folder in self.directories)):
            if elf_of(found := self._facts(path)) is not None:
                return found
        return None

    def _facts(self, path: str) -> Facts | None:
        if path not in self._known.files:
            # Where one of the loader's folders lacks a library the next one is asked: all of them at once.
            folder, name = posixpath.split(path)
            others = self.directories if name.startswith("lib") and folder in self.directories else ()
            self._ask([path, *(f"{other}/{name}" for other in others)])
        return self._known.files[path]

    def _unknown(self, paths: Sequence[str]) -> list[str]:
        return [path for path in dict.fromkeys(paths) if path not in self._known.files]

    def _ask(self, paths: Sequence[str]) -> None:
        unknown = self._unknown(paths)
        if not unknown:
            return None
        if self._opened is None:
            with self._session():
                return self._ask(unknown)
        if self._reader is None:
            self._reader = self._opened.enter_context(self._open())
        self._known.add(self._reader.facts(unknown, distil))
        return None

    @contextmanager
    def _session(self) -> Iterator[None]:
        """Questions for which the image is opened at most once. What they bring is kept on disk at the end, not where
        the image went away meanwhile."""
        try:
            with ExitStack() as self._opened:
                yield
        finally:
            self._opened = self._reader = None
        if self._kept is not None and self._known.changed:
            image_facts.save(self._kept, self._known)


def describe_local(
    images: ImageFiles, image: str, *, cache: Path | None = None, arch: str = ""
) -> Described | None:
    """An image of this machine's engine; None where it is not here, or is for another machine than ``arch``.

    With actlite's ``cache`` folder its files are read only once. Raises ImageUnavailable for an image that can't be
    read, or whose architecture is none of ours.
    """
    found = images.find(image)
    if found is None or (arch and ARCHITECTURES.get(found.architecture, "") != arch):
        return None
    system = _system(images, image, found, cache)
    system.look(NODE_LIBRARIES)
    return Described(image, system.libc(image), system, system.arch, "local image", found.id, dict(found.env))


def describe_remote(images: RemoteFiles, image: str, *, cache: Path | None = None) -> Described:
    """An image in its registry, read without a pull. With actlite's ``cache`` folder its files are read only once: then
    all that is asked is what the name stands for now. Raises ImageUnavailable."""
    found = images.find(image)
    system = _system(images, image, found, cache)
    # What a node needs besides is asked for when it is loaded: it may spare the reading of a layer.
    system.look(LIBRARIES)
    libc = system.libc(image)
    return Described(image, libc, system, system.arch, "registry", images.rests_on(image), dict(found.env))


def _system(
    images: ImageFiles | RemoteFiles, image: str, found: ImageIdentity, cache: Path | None
) -> ImageSystem:
    arch = ARCHITECTURES.get(found.architecture, "")
    if not arch or found.os not in ("", "linux"):
        raise ImageUnavailable(
            f"the image {image} is for {found.os or 'linux'}/{found.architecture or 'an unknown machine'}",
            why="What would start in it is known for linux/amd64 and linux/arm64 only.",
            do="Name an image for one of these.",
        )
    kept = cache / "images" / f"{re.sub(r'[^A-Za-z0-9]+', '-', found.id)}.json" if cache is not None else None
    known = image_facts.load(kept) if kept is not None else KnownFiles()
    return ImageSystem(arch, known, lambda: images.reader(image), kept)
