"""The bytes of a file, of which only the pages that are asked for are read."""

from __future__ import annotations

import os

PAGE = 1 << 16
"""Bytes that are read at once."""
KEPT = 32
"""Pages that are remembered."""


class FileBytes:
    """The bytes of an open file, in slices as of ``bytes``.

    No map of it: where somebody cuts a mapped file off while it is read, the whole process ends (SIGBUS). Here a slice
    is shorter then.
    """

    def __init__(self, file: int, size: int) -> None:
        """``file`` is a descriptor, which stays the caller's."""
        self._file = file
        self._size = size
        self._pages: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        """Raises OSError."""
        start, stop, _ = part.indices(self._size)
        if start >= stop:
            return b""
        first, last = start // PAGE, (stop - 1) // PAGE
        if first == last:
            return self._page(first)[start - first * PAGE : stop - first * PAGE]
        pages = b"".join(self._page(number) for number in range(first, last + 1))
        return pages[start - first * PAGE : stop - first * PAGE]

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) == KEPT:
                del self._pages[next(iter(self._pages))]
            page = self._pages[number] = os.pread(self._file, PAGE, number * PAGE)
        return page
