"""What predictions go by besides the files: the date's runner, the target, and where images are known from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from actlite.glibc.image_system import Described
    from actlite.glibc.target import Target
    from actlite.runtimes.eras import Runner


class ImageSource(Protocol):
    """Where the libraries of images are known from."""

    def describe(self, name: str, arch: str) -> Described | str:
        """The libraries of an image; or why they aren't known, a clause without a full stop."""
        ...


class ImagesOnce:
    """Images each of which is looked up once, by a function that answers as ``ImageSource.describe``."""

    def __init__(self, look_up: Callable[[str, str], Described | str]) -> None:
        self._look_up = look_up
        self._known: dict[tuple[str, str], Described | str] = {}

    def describe(self, name: str, arch: str) -> Described | str:
        """See ``ImageSource``."""
        key = (name, arch)
        if key not in self._known:
            self._known[key] = self._look_up(name, arch)
        return self._known[key]


class CatalogueImages(ImagesOnce):
    """The offline catalogue of well-known images."""

    def __init__(self) -> None:
        super().__init__(self._of_catalogue)

    def _of_catalogue(self, name: str, arch: str) -> Described | str:
        from actlite.glibc.catalogue import image_row, system_of

        row = image_row(name, arch)
        if row is None:
            return "the catalogue of images does not have it"
        from actlite.checking.predictions.described import described

        return described(row, name, system_of(row, arch), arch)


class Predicting:
    """The settings of predictions. What is heavy is loaded when the first container is met."""

    def __init__(
        self,
        *,
        as_of: datetime.date | None = None,
        flags: Mapping[str, str] | None = None,
        target: str = "",
        stand_ins: Mapping[str, str] | None = None,
        images: ImageSource | None = None,
    ) -> None:
        """``as_of`` is None for today. ``target`` is the text of ``--target``; ``stand_ins`` are the images that
        take the place of others. ``images`` reads images; without it the catalogue answers."""
        self.date = as_of or datetime.date.today()
        self.tags_of = as_of
        """The day whose floating tags count; None for what they are now."""
        self.flags = dict(flags or {})
        self.target_text = target
        self.stand_ins = dict(stand_ins or {})
        self.reads_images = images is not None
        self.images: ImageSource = images or CatalogueImages()

    def check(self, *, of_date: bool = True) -> None:
        """Raise UsageError for a target that means nothing and (``of_date``) for a date before the first runner, now
        and not where they are first needed."""
        if of_date:
            _ = self.runner
        _ = self.target

    @cached_property
    def runner(self) -> Runner:
        """The runner of the date. Raises UsageError for a date before the first one."""
        from actlite.runtimes.eras import runner_at

        return runner_at(self.date, self.flags)

    def runner_at(self, date: datetime.date) -> Runner:
        """The runner of another date, with the same flags given."""
        from actlite.runtimes.eras import runner_at

        return runner_at(date, self.flags)

    @cached_property
    def target(self) -> Target | None:
        """The system that the products must run on. Raises UsageError."""
        if not self.target_text:
            return None
        from actlite.glibc.target import read_target

        return read_target(self.target_text)

    @property
    def key(self) -> str:
        """Differs where other settings than the date do: whether the date was asked for is one of them."""
        parts = (
            self.tags_of,
            sorted(self.flags.items()),
            self.target_text,
            sorted(self.stand_ins.items()),
            self.reads_images,
        )
        return sha256(repr(parts).encode()).hexdigest()

    def stretch(self) -> str:
        """The days around the date on which predictions are the same, as a text for ``holds``: neither the runner
        nor the ways out differ. A date that was asked for stands for itself, as tags are those of that day."""
        if self.tags_of is not None:
            return f"{self.date} {self.date + datetime.timedelta(days=1)}"
        from actlite.glibc import ways
        from actlite.glibc.node_needs import substitutes
        from actlite.runtimes.eras import stretch

        first, end = stretch(self.date)
        removed = (ways.NODE16_MAPPED, ways.NODE16_REMOVED, ways.NODE24_DEFAULT, ways.NODE20_REMOVED)
        for day in (*removed, *(since for since, _ in substitutes())):
            first, end = (max(first, day), end) if day <= self.date else (first, min(end, day))
        return f"{first} {end}"

    def holds(self, stretch: str) -> str:
        """The key, where the date is in a stretch of days, else ''."""
        first, _, end = stretch.partition(" ")
        return self.key if first <= str(self.date) < end else ""
