"""An image of the catalogue, in the form in which a read image is described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.glibc.catalogue import image_row
from actlite.glibc.image_libc import LIBRARIES, ImageLibc
from actlite.glibc.image_system import Described

if TYPE_CHECKING:
    from actlite.checking.predictions.model import JobImage, StepVerdict
    from actlite.glibc.catalogue import ImageRow
    from actlite.glibc.system import System


def described(row: ImageRow, name: str, system: System, arch: str) -> Described:
    """The libraries of a row of the catalogue, under the name that the workflow has for the image."""
    versions = {library: found for library in LIBRARIES if (found := definitions(system, library))}
    libc = ImageLibc(name, row.kind, row.glibc or row.musl, versions, "", row.is_alpine)
    as_of = f", as of {row.moving}" if row.moving else ""
    return Described(name, libc, system, arch, "catalogue", f"{row.confidence}{as_of}: {row.source}")


def lacks_perhaps(described: Described, image: JobImage, verdict: StepVerdict) -> str:
    """What has to be said of a step that starts only if the image has a library of which that is not known."""
    if described.source != "catalogue" or verdict.loading is None:
        return ""
    row = image_row(image.name, image.arch)
    if row is None or row.has_libstdcxx is not None:
        return ""
    needed = any(name == "libstdc++.so.6" for name, _ in verdict.loading.libraries)
    return (
        "it is not known whether the image has libstdc++: without it the node does not start"
        if needed
        else ""
    )


def definitions(system: System, library: str) -> tuple[str, ...]:
    """The versions that a library of a system defines; () where it isn't there."""
    places = [*system.cached(library), *(f"{folder}/{library}" for folder in system.directories)]
    for path in places:
        file = system.file(path)
        if file is not None:
            return file.definitions
    return ()
