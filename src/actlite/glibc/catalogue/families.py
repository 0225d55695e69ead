"""Images whose tags name the image that they are made from (``families.txt``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from actlite.glibc.catalogue.rows import ImageRow, rows_by_name
from actlite.records import changeable, field, replace

_PARTS = re.compile(r"[-_]")
_ALPINE = re.compile(r"alpine(\d+\.\d+)?(?:\.\d+)?")
_WITHOUT_GCC = frozenset({"slim", "curl", "scm"})


@changeable
class _Families:
    """The file's lines."""

    base: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    gcc: set[str] = field(default_factory=set)
    image: dict[str, str] = field(default_factory=dict)
    libstdcxx: dict[str, tuple[str, str]] = field(default_factory=dict)


def derived(repository: str, tag: str) -> ImageRow | None:
    """The row of an image that is made from a catalogued one, where the tag says which; None where it does not."""
    families = _families()
    parts = _PARTS.split(tag)
    if repository == "gcc":
        return _gcc(tag, parts)
    if f"{repository}:{tag}" in families.image:
        return by_image(f"{repository}:{tag}")
    if repository not in families.made:
        return None
    base = next(filter(None, map(_base, reversed(parts))), "")
    row = rows_by_name().get(base)
    if row is None:
        return None
    return _made_from(row, f"{repository}:{tag}", has_gcc=_has_gcc(repository, base, parts))


def by_image(name: str) -> ImageRow | None:
    """The row of a name whose base the file tells; one without a tag stands for all tags."""
    base = _families().image.get(name, "")
    row = rows_by_name().get(base)
    return row and _made_from(row, name, has_gcc=_has_gcc(name.partition(":")[0], base, ()))


def _has_gcc(repository: str, base: str, parts: Iterable[str]) -> bool:
    return repository in _families().gcc and base.startswith("debian:") and _WITHOUT_GCC.isdisjoint(parts)


def _base(part: str) -> str:
    """The image that a part of a tag stands for; empty for other parts."""
    alpine = _ALPINE.fullmatch(part)
    return f"alpine:{alpine[1] or 'latest'}" if alpine else _families().base.get(part, "")


def _made_from(row: ImageRow, name: str, *, has_gcc: bool = False) -> ImageRow:
    return replace(
        row,
        name=name,
        names=(),
        confidence="derived",
        note=f"made from {row.name}",
        # Whether an image made from Alpine has libstdc++ depends on what its makers put in.
        has_libstdcxx=None if row.kind == "musl" else row.has_libstdcxx,
        has_libatomic=True if has_gcc else row.has_libatomic,
        system="",
        ends="",
    )


def _gcc(tag: str, parts: list[str]) -> ImageRow | None:
    """The official image of GCC: Debian's glibc, and its own libstdc++ before Debian's."""
    major = parts[0].partition(".")[0]
    row = rows_by_name().get(_families().base.get(parts[-1], ""))
    if row is None or major not in _families().libstdcxx:
        return None
    glibcxx, cxxabi = _families().libstdcxx[major]
    made = _made_from(row, f"gcc:{tag}", has_gcc=True)
    return replace(made, glibcxx=glibcxx, cxxabi=cxxabi, layout="debian-gcc")


@cache
def _families() -> _Families:
    found = _Families()
    for line in Path(__file__).with_name("families.txt").read_text("utf-8").splitlines():
        match line.split():
            case ["base", part, image]:
                found.base[part] = image
            case ["made", *repositories]:
                found.made.update(repositories)
            case ["gcc", *repositories]:
                found.gcc.update(repositories)
            case ["image", *names, image]:
                found.image.update(dict.fromkeys(names, image))
            case ["libstdc++", major, glibcxx, cxxabi]:
                found.libstdcxx[major] = (glibcxx, cxxabi)
    return found
