"""Which C library an image has, told from facts about its files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actlite.glibc import elf
from actlite.glibc.image_facts import Facts
from actlite.records import field, frozen

LIBRARIES = ("libc.so.6", "libm.so.6", "libstdc++.so.6")
RELEASE_FILES = ("/etc/os-release", "/etc/redhat-release", "/etc/alpine-release", "/usr/lib/os-release")
_STAND_IN = re.compile(r"(?:HLIBC|HLIBCXX|DXXABI|HCC)_\d")
"""Version names of a stand-in: those above its ceiling, with the first letter moved on."""


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


def libc_of(
    image: str, found: Mapping[str, Facts | None], libraries: Mapping[str, Facts | None]
) -> ImageLibc:
    """What facts say: ``found`` those of release files and of musl's loader by path, ``libraries`` by soname."""
    texts = {
        path: str(facts["text"]) for path in RELEASE_FILES if (facts := found.get(path)) and "text" in facts
    }
    distribution = next((name for text in texts.values() if (name := _pretty_name(text))), "")
    # The runner looks at /etc/*release only.
    alpine = any(
        line.startswith("ID") and "alpine" in line.lower()
        for path, text in texts.items()
        if path.startswith("/etc/")
        for line in text.splitlines()
    )
    versions = {
        name: tuple(facts["elf"].get("definitions", ()))
        for name in LIBRARIES
        if (facts := libraries.get(name)) and "elf" in facts
    }
    standin = any(_STAND_IN.match(name) for names in versions.values() for name in names)
    # Alpine's libc6-compat has a libc.so.6 that is musl.
    if versions.get("libc.so.6"):
        release = str((libraries["libc.so.6"] or {}).get("release", ""))
        return ImageLibc(image, "glibc", release, versions, distribution, alpine, standin)
    musl = next((f for path, f in found.items() if "/ld-musl-" in path and f is not None), None)
    if musl is not None:
        return ImageLibc(image, "musl", str(musl.get("musl", "")), {}, distribution, alpine)
    return ImageLibc(image, "none", "", versions, distribution, alpine)


def _pretty_name(text: str) -> str:
    found = re.search(r"^PRETTY_NAME=[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE)
    if found:
        return found[1]
    first = text.strip().splitlines()[:1]
    return first[0] if first and " release " in first[0] else ""
