"""The rows of the catalogue of images (``images.txt``): which C and C++ libraries a known image has, and who says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from actlite.records import field, frozen

CONFIDENCES = ("measured", "same ABI", "policy ceiling", "derived")
"""How a row is known, surest first: read from the image's libraries; read from a rebuild of the same sources; what a
published policy promises; concluded from the releases that the image is made of."""


@frozen
class ImageRow:
    """What is known of an image without looking at it."""

    name: str
    kind: str
    """``glibc``, ``musl`` or ``none``: no C library, or none that a job's container could start with."""
    layout: str
    """Where the distribution has its libraries; see :mod:`actlite.glibc.catalogue.layouts`."""
    arches: tuple[str, ...]
    """``x64`` and ``arm64``: for which the row holds."""
    confidence: str
    """One of :data:`CONFIDENCES`."""
    source: str
    names: tuple[str, ...] = ()
    """Other names of the same image, and images with the same libraries. A name without a tag is that of all tags,
    and of all digests."""
    glibc: str = ""
    """The release, such as ``2.17``. Which versions of symbols it defines is another question: ask the system."""
    glibcxx: str = ""
    """The newest GLIBCXX version of its libstdc++."""
    cxxabi: str = ""
    gcc: Mapping[str, str] = field(default_factory=dict)
    """The newest GCC version of its libgcc_s, by architecture."""
    musl: str = ""
    """The release of musl, as exactly as it is known: ``1.2.5``, ``1.2`` or empty."""
    is_alpine: bool = False
    """The runner takes its musl builds of node for it."""
    has_libstdcxx: bool | None = None
    """None where it is not known whether the image has libstdc++ (and libgcc_s)."""
    has_libatomic: bool | None = None
    """None where that is not known."""
    adds: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Versions that the distribution put in besides: by architecture and library."""
    points: bool = False
    """Tags with more numbers, as ``12.5`` after ``12``, have the same libraries."""
    moving: str = ""
    """The day as of which the row holds, where the tag moves from release to release."""
    system: str = ""
    """The distribution as people name it, such as ``Debian 12``; empty for what is no system of users."""
    ends: str = ""
    """The day on which its makers' free support ends."""
    note: str = ""

    def __str__(self) -> str:
        if self.kind == "none":
            return "no C library"
        if self.kind == "musl":
            return f"musl {self.musl}".rstrip()
        if self.has_libstdcxx is False:
            return f"glibc {self.glibc} · no libstdc++"
        doubt = "" if self.has_libstdcxx else " (if libstdc++ is there)"
        return f"glibc {self.glibc} · GLIBCXX {self.glibcxx} · CXXABI {self.cxxabi}{doubt}"


@cache
def rows() -> Sequence[ImageRow]:
    """All rows, in the order of the file."""
    return read_rows(Path(__file__).with_name("images.txt").read_text("utf-8"))


@cache
def rows_by_name() -> Mapping[str, ImageRow]:
    """Every name of the table, normalised, to its row."""
    return {name: row for row in rows() for name in (row.name, *row.names)}


def read_rows(text: str) -> tuple[ImageRow, ...]:
    """Rows in the form of ``images.txt``, which its head describes. Raises ValueError with the line that is wrong."""
    found: list[dict[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            found.append({"name": line[1:-1]})
            continue
        key, _, value = line.partition(" ")
        if not found or key not in FIELDS or (key in found[-1] and key != "adds"):
            raise ValueError(f"line {number} of the catalogue of images: {line}")
        found[-1][key] = f"{found[-1][key]}\n{value}" if key in found[-1] else value
    return tuple(map(_row, found))


FIELDS = (
    *("names", "system", "ends", "layout", "arch", "glibc", "libstdc++", "libgcc", "libgcc-arm64", "musl"),
    *("stdcxx", "atomic", "points", "moving", "adds", "confidence", "source", "note"),
)
"""The fields of a row, in the order in which they are written."""
_KNOWN = {"yes": True, "no": False, "unknown": None}


def _row(fields: Mapping[str, str]) -> ImageRow:
    get = fields.get
    layout = fields["layout"]
    kind = "glibc" if "glibc" in fields else "musl" if layout == "alpine" else "none"
    glibcxx, _, cxxabi = get("libstdc++", "").partition(" ")
    gcc = get("libgcc", "")
    arches = tuple(get("arch", "x64").split())
    adds = (entry.split() for entry in get("adds", "").splitlines())
    return ImageRow(
        name=fields["name"],
        kind=kind,
        layout=layout,
        arches=arches,
        confidence=fields["confidence"],
        source=fields["source"],
        names=tuple(get("names", "").split()),
        glibc=get("glibc", ""),
        glibcxx=glibcxx,
        cxxabi=cxxabi,
        gcc={arch: get(f"libgcc-{arch}", gcc) for arch in arches} if gcc else {},
        musl=get("musl", ""),
        is_alpine=layout == "alpine",
        has_libstdcxx=_KNOWN[get("stdcxx", "unknown")],
        has_libatomic=_KNOWN[get("atomic", "unknown")],
        adds={(arch, library): tuple(versions) for arch, library, *versions in adds},
        points=get("points") == "yes",
        moving=get("moving", ""),
        system=get("system", ""),
        ends=get("ends", ""),
        note=get("note", ""),
    )
