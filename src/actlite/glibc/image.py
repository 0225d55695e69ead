"""Which C library an image has, read from its files without starting anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Protocol

from actlite.atomic import write_file
from actlite.glibc import elf
from actlite.records import frozen

LIBRARIES = ("libc.so.6", "libm.so.6", "libstdc++.so.6")
MUSL_LOADERS = ("/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1")
RELEASE_FILES = ("/etc/os-release", "/usr/lib/os-release", "/etc/redhat-release", "/etc/alpine-release")
FOLDERS = {
    # Where each library stands first in the loader's search; CentOS 6 keeps libstdc++ under /usr.
    "libc.so.6": ("/lib64", "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib"),
    "libm.so.6": ("/lib64", "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib"),
    "libstdc++.so.6": ("/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"),
}
SCHEMA = 1
_BANNER = re.compile(rb"GNU C Library [^\n]{0,120}?version (\d+\.\d+)")
_MUSL_VERSION = re.compile(rb"\x00(1\.[0-9]\.\d{1,2})\x00")
_STAND_IN = re.compile(r"(?:HLIBC|HLIBCXX|DXXABI|HCC)_\d")
"""Version names of a stand-in: those above its ceiling, with the first letter moved on."""


class ImageIdentity(Protocol):
    """A local image."""

    @property
    def id(self) -> str:
        """Changes with the image's content."""


class ImageFiles(Protocol):
    """What this package needs of an engine's images."""

    def find(self, name: str) -> ImageIdentity | None:
        """A local image, or None."""

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """Files of an image, symlinks followed; None where there is no such file."""


@frozen
class ImageLibc:
    """The C and C++ libraries of an image."""

    image: str
    kind: str
    """``glibc``, ``musl`` or ``none``."""
    release: str = ""
    """``2.17`` or, for musl, ``1.2.5``; empty where the library does not say."""
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Library name to the versions that it defines; a library that is not there is not in it."""
    distribution: str = ""
    """Such as ``CentOS Linux 7 (Core)``."""
    is_alpine: bool = False
    """The runner takes it for Alpine: a line beginning with ``ID`` of a release file has "alpine" in it (R: StepHost.cs)."""
    standin: bool = False
    """The libraries are newer ones with renamed versions."""

    @property
    def newest(self) -> Mapping[str, str]:
        """The newest version of each kind: ``{"GLIBC": "2.17", "GLIBCXX": "3.4.19", "CXXABI": "1.3.7"}``."""
        return elf.newest_of([name for names in self.versions.values() for name in names])

    @property
    def glibc(self) -> str:
        """The glibc release; empty for musl and where there is none."""
        return (self.release or self.newest.get("GLIBC", "")) if self.kind == "glibc" else ""

    def __str__(self) -> str:
        if self.kind == "none":
            return "no C library"
        if self.kind == "musl":
            return f"musl {self.release}".rstrip()
        kinds = [f"{kind} {self.newest[kind]}" for kind in ("GLIBCXX", "CXXABI") if kind in self.newest]
        return " · ".join([f"glibc {self.glibc}", *(kinds or ["no libstdc++"])])


def describe(images: ImageFiles, image: str, *, cache: Path | None = None) -> ImageLibc:
    """The C library of an image. With actlite's ``cache`` folder it is read only once per image.

    Raises what ``images`` raises (ImageUnavailable).
    """
    kept: Path | None = None
    if cache is not None and (local := images.find(image)) is not None:
        kept = cache / "images" / f"{re.sub(r'[^A-Za-z0-9]+', '-', local.id)}.json"
    if kept is not None and (known := _load(kept, image)) is not None:
        return known
    paths = [f"{folder}/{library}" for library in LIBRARIES for folder in FOLDERS[library]]
    found = describe_files(image, images.read(image, [*RELEASE_FILES, *MUSL_LOADERS, *paths]))
    if kept is not None:
        write_file(kept, json.dumps({"schema": SCHEMA, **asdict(found)}))
    return found


def describe_files(image: str, files: Mapping[str, bytes | None]) -> ImageLibc:
    """As :func:`describe`, from files that are at hand."""
    releases = [text.decode("utf-8", "replace") for path in RELEASE_FILES if (text := files.get(path))]
    distribution = next((name for text in releases if (name := _pretty_name(text))), "")
    alpine = any(
        line.startswith("ID") and "alpine" in line.lower() for text in releases for line in text.splitlines()
    )
    versions: dict[str, tuple[str, ...]] = {}
    release = ""
    for library in LIBRARIES:
        for folder in FOLDERS[library]:
            content = files.get(f"{folder}/{library}")
            if not content:
                continue
            try:
                versions[library] = elf.read(content).definitions
            except elf.ElfError:
                continue  # a linker script or a stub by that name: the next folder counts
            if library == "libc.so.6" and (banner := _BANNER.search(content)):
                release = banner[1].decode()
            break
    standin = any(_STAND_IN.match(name) for names in versions.values() for name in names)
    if "libc.so.6" in versions:
        return ImageLibc(image, "glibc", release, versions, distribution, alpine, standin)
    musl = next((content for path in MUSL_LOADERS if (content := files.get(path))), None)
    if musl is not None:
        told = _MUSL_VERSION.search(musl)
        return ImageLibc(image, "musl", told[1].decode() if told else "", {}, distribution, alpine)
    return ImageLibc(image, "none", "", versions, distribution, alpine)


def _pretty_name(text: str) -> str:
    found = re.search(r"^PRETTY_NAME=[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE)
    if found:
        return found[1]
    first = text.strip().splitlines()[:1]
    return first[0] if first and " release " in first[0] else ""


def _load(path: Path, image: str) -> ImageLibc | None:
    try:
        data = json.loads(path.read_text("utf-8"))
        if data.pop("schema") != SCHEMA:
            return None
        versions = {name: tuple(names) for name, names in data.pop("versions").items()}
        return ImageLibc(**{**data, "image": image, "versions": versions})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
