"""The images that ``check --images`` and ``audit --against`` look into: this machine's, then the registries'."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.predictions.reading import ReadImages
from actlite.cli.listing import cache_folder
from actlite.cli.settings import Settings
from actlite.errors import EngineUnavailable

if TYPE_CHECKING:
    from actlite.engines.registry.images import RegistryImages
    from actlite.glibc.image_system import Described, ImageFiles


def images_of(settings: Settings, *, registries: bool = True) -> ReadImages:
    """Reads images with the engine of the settings; where none answers, the registries are asked alone, and without
    ``registries`` nobody."""
    cache = Path(cache_folder())

    def local() -> ImageFiles | None:
        from actlite.engines.select import select

        if settings.engine == "host":
            return None
        try:
            return select(settings.engine).images
        except EngineUnavailable:
            return None

    known: dict[str, RegistryImages] = {}

    def remote(name: str, arch: str) -> Described:
        from actlite.engines.registry.images import RegistryImages
        from actlite.glibc.image_facts import is_interesting
        from actlite.glibc.image_system import describe_remote

        if arch not in known:
            wanted = {"x64": "amd64"}.get(arch, arch)
            known[arch] = RegistryImages(cache, architecture=wanted, interesting=is_interesting)
        return describe_remote(known[arch], name, cache=cache)

    return ReadImages(local, remote if registries else None, cache=cache)
