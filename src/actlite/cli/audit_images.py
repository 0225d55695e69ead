"""The images that an audit holds files against: this machine's, else the catalogue's. Nothing is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actlite.cli.reading_images import images_of
from actlite.errors import ImageUnavailable

if TYPE_CHECKING:
    from actlite.checking.predictions.reading import ReadImages
    from actlite.cli.settings import Settings
    from actlite.glibc.image_system import Described


class AuditImage:
    """An image of ``--against``."""

    def __init__(self, name: str, read: ReadImages) -> None:
        self.name = name
        self._read = read
        self._refused: dict[str, str] = {}
        self._found = False

    def on(self, arch: str) -> Described | str:
        """Its libraries on an architecture, or why they aren't known."""
        found = self._read.describe(self.name, arch)
        if isinstance(found, str):
            self._refused[arch] = found
        else:
            self._found = True
        return found

    def check(self) -> None:
        """Raise ImageUnavailable where it was asked for and never found."""
        if self._refused and not self._found:
            raise ImageUnavailable(
                f"Nothing is known of the image {self.name}.",
                why="; ".join(dict.fromkeys(self._refused.values())),
                do=f"Get it with `docker pull {self.name}`, have its registry asked with --registry, or name one of the "
                "catalogue, such as centos:7.",
            )


def images(names: Sequence[str], settings: Settings, *, registries: bool = False) -> Sequence[AuditImage]:
    """The images of ``--against``, each with the one that the settings put in its place. Nothing is asked of the
    network without ``registries``."""
    read = images_of(settings, registries=registries)
    return [AuditImage(settings.images.get(name, name), read) for name in names]
