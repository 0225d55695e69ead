"""Which C library an image of this machine has: one question, for those who do not load programs."""

from __future__ import annotations

from pathlib import Path

from actlite.errors import ImageUnavailable
from actlite.glibc.image_libc import ImageLibc
from actlite.glibc.image_system import ImageFiles, describe_local

__all__ = ["ImageFiles", "ImageLibc", "describe"]


def describe(images: ImageFiles, image: str, *, cache: Path | None = None) -> ImageLibc:
    """The C library of an image. With actlite's ``cache`` folder it is read only once per image.

    Raises ImageUnavailable.
    """
    found = describe_local(images, image, cache=cache)
    if found is None:
        raise ImageUnavailable(
            f"the image {image} is not on this machine", do=f"Pull it: `docker pull {image}`."
        )
    return found.libc
