"""How much is read of one image, whatever it says of itself: bytes and seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from actlite.engines.registry.failures import too_much

MAX_BYTES = 40 << 30
"""Bytes that come from the registry and bytes that they unpack to, together, of all documents and layers. An image for
builds has 1 to 3 GB, the largest of CUDA's and ROCm's 30."""
MAX_SECONDS = 1200.0
"""Seconds in which the image's registry is asked or its layers unpacked; a layer of 5 GB needs 800 at 50 Mbit/s."""


class Budget:
    """Counts what is read of one image."""

    def __init__(self, image: str) -> None:
        """``image`` is what messages call it."""
        self._image = image
        self._bytes = 0
        self._seconds = 0.0
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """The time in here counts. Not to be nested."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._seconds += time.monotonic() - self._since
            self._since = None

    def spend(self, count: int) -> None:
        """Count bytes. Raises ImageUnavailable where there were too many, or the time is over."""
        self._bytes += count
        if self._bytes > MAX_BYTES:
            raise too_much(self._image, f"It has more than {MAX_BYTES / 1e9:.0f} GB, packed and unpacked.")
        running = time.monotonic() - self._since if self._since is not None else 0.0
        if self._seconds + running > MAX_SECONDS:
            raise too_much(self._image, f"It was not read to its end in {MAX_SECONDS:.0f} seconds.")
