"""The images that ``check --images`` looks into: this machine's, then the registries'."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.predictions.reading import ReadImages
from actlite.cli.listing import cache_folder
from actlite.cli.settings import Settings
from actlite.errors import EngineUnavailable

if TYPE_CHECKING:
    from actlite.glibc.image_system import ImageFiles


def images_of(settings: Settings) -> ReadImages:
    """Reads images with the engine of the settings; where none answers, the registries are asked alone."""
    cache = Path(cache_folder())

    def local() -> ImageFiles | None:
        from actlite.engines.select import select

        if settings.engine == "host":
            return None
        try:
            return select(settings.engine).images
        except EngineUnavailable:
            return None

    return ReadImages(local, None, cache=cache)
