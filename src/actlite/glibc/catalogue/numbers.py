"""Release numbers compared part by part."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=512)
def number(text: str) -> tuple[int, ...]:
    """``2.17`` as (2, 17). Raises ValueError for anything else."""
    return tuple(map(int, text.split(".")))


def at_least(release: tuple[int, ...], other: str) -> bool:
    """Whether a release is another or a later one."""
    return release >= number(other)
