"""A layer's bytes: packed by gzip, zstd or not at all; unpacked as they are asked for, counted, their digest checked."""

from __future__ import annotations

import hashlib
import importlib
import zlib
from collections.abc import Iterator
from typing import Any

from actlite.engines.registry.budget import Budget
from actlite.engines.registry.tar import TarError

PIECE = 1 << 18
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class UnpackError(Exception):
    """The packed bytes are damaged, or not those that were asked for; the text says which."""


class NoZstd(Exception):
    """This Python can't unpack zstd."""


class Layer:
    """The bytes of a layer (``tar.Source``). Never more than a piece of it is in memory."""

    def __init__(self, pieces: Iterator[bytes], digest: str, size: int, budget: Budget) -> None:
        """``pieces`` are packed, and count already; what they unpack to counts in ``budget``."""
        self._pieces = self._counted(pieces)
        self._digest = digest
        self._size = size
        self._hash = hashlib.sha256()
        self.packed = 0
        self._budget = budget
        self._unpacked = self._unpack()
        self._buffer = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """See ``tar.Source``. Raises UnpackError, and ImageUnavailable for what goes beyond the budget."""
        found = []
        while count:
            if self._at == len(self._buffer) and not self._fill():
                break
            piece = self._buffer[self._at : self._at + count]
            self._at += len(piece)
            count -= len(piece)
            found.append(piece)
        return found[0] if len(found) == 1 else b"".join(found)

    def skip(self, count: int) -> None:
        """See ``tar.Source``."""
        while count:
            if self._at == len(self._buffer) and not self._fill():
                raise TarError("the tar file is cut off")
            step = min(count, len(self._buffer) - self._at)
            self._at += step
            count -= step

    def finish(self) -> None:
        """Read to the end. Raises UnpackError where the whole is not what its digest says."""
        for _ in self._pieces:
            pass
        if self.packed != self._size:
            raise UnpackError(f"a layer of {self._size:,} bytes ends after {self.packed:,}")
        if self._digest != f"sha256:{self._hash.hexdigest()}":
            raise UnpackError(
                f"the digest of a layer should be {self._digest}, and is sha256:{self._hash.hexdigest()}"
            )

    def _fill(self) -> bool:
        self._buffer, self._at = next(self._unpacked, b""), 0
        self._budget.spend(len(self._buffer))
        return bool(self._buffer)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.packed += len(piece)
            if self.packed > self._size:
                raise UnpackError(f"a layer of {self._size:,} bytes does not end there")
            self._hash.update(piece)
            yield piece

    def _unpack(self) -> Iterator[bytes]:
        head = b""
        for piece in self._pieces:
            head += piece
            if len(head) >= 4:
                break
        if head.startswith(_GZIP):
            yield from self._gunzip(head)
        elif head.startswith(_ZSTD):
            yield from self._unzstd(head)
        else:
            if head:
                yield head
            yield from self._pieces

    def _gunzip(self, data: bytes) -> Iterator[bytes]:
        """Unpack one or several gzip streams that follow each other."""
        unpacker = zlib.decompressobj(31)
        try:
            while data or (data := next(self._pieces, b"")):
                if unpacker.eof:
                    if not data.strip(b"\0"):
                        data = b""
                        continue
                    unpacker = zlib.decompressobj(31)
                piece = unpacker.decompress(data, PIECE)
                data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as error:
            raise UnpackError(f"a layer is damaged: {error}") from error
        if not unpacker.eof:
            raise UnpackError("a layer is cut off")

    def _unzstd(self, head: bytes) -> Iterator[bytes]:
        reader, failure = _zstd(_Pieces(head, self._pieces))
        try:
            while piece := reader.read(PIECE):
                yield bytes(piece)
        except (failure, EOFError) as error:
            raise UnpackError(f"a layer is damaged: {error}") from error


class _Pieces:
    """Pieces as a file."""

    def __init__(self, head: bytes, pieces: Iterator[bytes]) -> None:
        self._head = head
        self._pieces = pieces

    def read(self, count: int = -1) -> bytes:
        """At most so many bytes; none at the end."""
        data = self._head or next(self._pieces, b"")
        cut = len(data) if count < 0 else count
        self._head = data[cut:]
        return data[:cut]


def _zstd(file: _Pieces) -> tuple[Any, type[Exception]]:
    """A reader of what is packed in a file, and its own error: Python's since 3.14, else the package zstandard's.
    Raises NoZstd."""
    try:
        module = importlib.import_module("compression.zstd")
        return module.ZstdFile(file), module.ZstdError
    except ImportError:
        pass
    try:
        module = importlib.import_module("zstandard")
    except ImportError:
        raise NoZstd from None
    return module.ZstdDecompressor().stream_reader(file, read_across_frames=True), module.ZstdError
