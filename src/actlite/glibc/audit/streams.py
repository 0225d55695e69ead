"""Readers of bytes: cut to a length, with the beginning looked at, decompressed. Never much in memory at once."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from actlite.glibc.audit.limits import MIB, Budget

CHUNK = 1 << 18
PIECE = 1 << 15
"""What a decoder is given at once: it copies what is left at each stream's end, and there may be one every 20 bytes."""
XZ_MEMORY = 100 * MIB
"""What the xz decoder may take; ``xz -9`` needs 65 MiB."""


class Damaged(Exception):
    """An archive is cut off or is not what it seems; the text says what is wrong, as a clause."""


class Reader(Protocol):
    """Something to read from, forwards only."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end, fewer only there or where it suits the reader."""


class Peeked:
    """A reader whose beginning has been looked at."""

    def __init__(self, source: Reader, size: int) -> None:
        self.head = read_up_to(source, size)
        """The first bytes, fewer than asked for where there are no more."""
        self._rest = self.head
        self._source = source

    def read(self, size: int, /) -> bytes:
        """As in Reader."""
        if not self._rest:
            return self._source.read(size)
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


class Part:
    """So many bytes of a reader, one member of an archive."""

    def __init__(self, source: Reader, size: int) -> None:
        self._source = source
        self.left = size
        """Bytes not read yet."""

    def read(self, size: int, /) -> bytes:
        """As in Reader. Raises Damaged where the source ends too early."""
        if self.left <= 0:
            return b""
        data = self._source.read(min(size, self.left, CHUNK))
        if not data:
            raise Damaged("it is cut off")
        self.left -= len(data)
        return data

    def skip(self) -> None:
        """Read what is left and forget it."""
        while self.read(CHUNK):
            pass


class Counted:
    """A reader whose bytes count against the budget: the members of an archive that is not compressed."""

    def __init__(self, source: Reader, budget: Budget) -> None:
        self._source = source
        self._budget = budget

    def read(self, size: int, /) -> bytes:
        """As in Reader. Raises LimitHit."""
        data = self._source.read(size)
        self._budget.unpacked(len(data))
        return data


class Decoder(Protocol):
    """A decompressor as bz2 and lzma have it."""

    @property
    def eof(self) -> bool:
        """The stream's end has been read."""

    @property
    def needs_input(self) -> bool:
        """Nothing more comes without more data."""

    @property
    def unused_data(self) -> bytes:
        """What comes after the stream's end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most so many bytes of the stream; all there are where the length is negative."""


class Inflate:
    """zlib's decompressor in the form of the others. ``bits`` as zlib has it: 31 for gzip, -15 for zip."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        """The stream's end has been read."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Nothing more comes without more data."""
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What comes after the stream's end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most so many bytes of the stream."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: Inflate(31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY),
}
"""Compressions that Python has, by name. Streams one after another count as one, as the programs have it."""


class Decoded:
    """What a compressed stream holds; with ``single`` what follows its end is no stream of its own."""

    def __init__(
        self, source: Reader, make: Callable[[], Decoder], budget: Budget, *, single: bool = False
    ) -> None:
        self._single = single
        self._source = source
        self._make = make
        self._decoder: Decoder | None = make()
        self._rest = b""
        """What the stream before this one left of the last piece."""
        self._budget = budget
        self._taken = self._given = 0

    def read(self, size: int, /) -> bytes:
        """As in Reader. Raises Damaged, Bomb and LimitHit."""
        try:
            while self._decoder is not None:
                data = self._take() if self._decoder.needs_input else b""
                part = self._decoder.decompress(data, min(size, CHUNK))
                if self._decoder.eof:
                    self._next(self._decoder.unused_data)
                if part:
                    self._given += len(part)
                    self._budget.unpacked(len(part))
                    self._budget.ratio(self._taken, self._given)
                    return part
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
            raise Damaged(f"it is damaged ({error})") from error
        return b""

    def _take(self) -> bytes:
        if data := self._rest:
            self._rest = b""
            return data
        data = self._source.read(PIECE)
        self._taken += len(data)
        if not data:
            raise Damaged("it is cut off")
        return data

    def _next(self, rest: bytes) -> None:
        """Go on with the stream that follows, if one does. Zeros may pad the end."""
        self._decoder = None
        if self._single:
            return
        while not (rest := rest.lstrip(b"\0")):
            rest = self._source.read(PIECE)
            self._taken += len(rest)
            if not rest:
                return
        self._rest = rest
        self._decoder = self._make()


def read_up_to(source: Reader, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    parts = bytearray()
    while len(parts) < size and (data := source.read(size - len(parts))):
        parts += data
    return bytes(parts)


def read_exactly(source: Reader, size: int) -> bytes:
    """So many bytes. Raises Damaged where there are fewer."""
    data = read_up_to(source, size)
    if len(data) < size:
        raise Damaged("it is cut off")
    return data


def spool(source: Reader, target: Path) -> int:
    """Write all that a reader gives to a new file and give the size. Raises OSError and what the reader raises."""
    size = 0
    with target.open("xb") as file:
        while data := source.read(CHUNK):
            size += file.write(data)
    return size
