"""Images that are looked into: those of this machine's engine, then the registry's, then the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.predictions.settings import CatalogueImages, ImagesOnce
from actlite.errors import ActliteError
from actlite.records import replace

if TYPE_CHECKING:
    from actlite.glibc.image_system import Described, ImageFiles

Remote = Callable[[str, str], "Described"]
"""An image of a registry, by name and architecture. Raises ActliteError where it can't be read."""


class ReadImages(ImagesOnce):
    """Reads an image when it is first asked for. Nothing is pulled or started."""

    def __init__(
        self,
        local: Callable[[], ImageFiles | None],
        remote: Remote | None,
        *,
        cache: Path | None = None,
    ) -> None:
        """``local`` gives the engine's images, None where no engine answers; it is asked once. ``cache`` is actlite's
        cache folder, where what was read is kept."""
        super().__init__(self._read)
        self._local = local
        self._remote = remote
        self._cache = cache
        self._catalogue = CatalogueImages()
        self._files: list[ImageFiles | None] = []

    def _read(self, name: str, arch: str) -> Described | str:
        tried = []
        for look in (self._of_engine, self._of_registry):
            try:
                found = look(name, arch)
            except ActliteError as error:
                tried.append(error.what.rstrip("."))
                continue
            if found is not None:
                return found
        known = self._catalogue.describe(name, arch)
        if isinstance(known, str):
            return "; ".join([*tried, known])
        return replace(known, detail="; ".join([known.detail, *tried]), unread="; ".join(tried))

    def _of_engine(self, name: str, arch: str) -> Described | None:
        from actlite.glibc.image_system import describe_local

        if not self._files:
            self._files.append(self._local())
        files = self._files[0]
        return describe_local(files, name, cache=self._cache, arch=arch) if files is not None else None

    def _of_registry(self, name: str, arch: str) -> Described | None:
        return self._remote(name, arch) if self._remote is not None else None
