"""The daemon's errors as ours: each class with what to do about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from actlite.engines.docker import sdk
from actlite.errors import CannotRun, DiskFull, EngineUnavailable, ImageUnavailable

_NO_SPACE = ("no space left on device", "disk quota exceeded")


def text(error: sdk.errors.APIError) -> str:
    """The daemon's own words, as the docker CLI shows them."""
    return str(error.explanation or error).strip()


def no_space(words: str) -> bool:
    """Does a message say that a disk is full?"""
    return any(mark in words.lower() for mark in _NO_SPACE)


def disk_full(doing: str, words: str) -> DiskFull:
    """The error for a daemon without space."""
    return DiskFull(
        f"the engine's disk is full while {doing}",
        why=words,
        do="Free space where the engine keeps its data (`docker system df` shows what uses it), then run again.",
    )


@contextlib.contextmanager
def translated(doing: str, *, image: str = "") -> Iterator[None]:
    """Turn the SDK's errors inside the block into CannotRun and its kind; ``doing`` completes
    "the engine refused while …"."""
    try:
        yield
    except sdk.errors.ImageNotFound as e:
        raise ImageUnavailable(
            f"the image {image} is not on this machine" if image else "an image is not on this machine",
            why=text(e),
            do="Let it be pulled (`--pull missing`), or name another with `--image NAME=OTHER`.",
        ) from e
    except sdk.errors.APIError as e:
        if no_space(text(e)):
            raise disk_full(doing, text(e)) from e
        raise CannotRun(f"the container engine refused while {doing}", why=text(e)) from e
    except sdk.broken.RequestException as e:
        raise EngineUnavailable(
            f"the connection to the container engine broke while {doing}",
            why=str(e),
            do="Is the daemon still running? `docker version` tells.",
        ) from e
