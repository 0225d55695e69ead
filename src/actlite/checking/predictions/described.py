"""An image of the catalogue, in the form in which a read image is described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.glibc.image_libc import LIBRARIES, ImageLibc
from actlite.glibc.image_system import Described

if TYPE_CHECKING:
    from actlite.glibc.catalogue import ImageRow
    from actlite.glibc.system import System


def described(row: ImageRow, name: str, system: System, arch: str) -> Described:
    """The libraries of a row of the catalogue, under the name that the workflow has for the image."""
    versions = {library: found for library in LIBRARIES if (found := definitions(system, library))}
    libc = ImageLibc(name, row.kind, row.glibc or row.musl, versions, "", row.is_alpine)
    return Described(name, libc, system, arch, "catalogue", row.source)


def definitions(system: System, library: str) -> tuple[str, ...]:
    """The versions that a library of a system defines; () where it isn't there."""
    places = [*system.cached(library), *(f"{folder}/{library}" for folder in system.directories)]
    for path in places:
        file = system.file(path)
        if file is not None:
            return file.definitions
    return ()
