"""From the name of an image in a workflow to its row: registries, tags, and images that are made from catalogued ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from actlite.glibc.catalogue.families import by_image, derived
from actlite.glibc.catalogue.rows import ImageRow, rows_by_name

_HUBS = (
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "registry.hub.docker.com/",
    "mirror.gcr.io/",
    "public.ecr.aws/docker/",
    "public.ecr.aws/amazonlinux/",
    "mcr.microsoft.com/mirror/docker/",
    "mcr.microsoft.com/oss/mirror/docker.io/",
    "ghcr.io/mayeut/",
)
"""Registries that hold the same images as Docker Hub, under the same names (the last: the manylinux makers' own)."""
_ARCHES = {"amd64/": "x64", "arm64v8/": "arm64"}
_VARIANT = re.compile(r"-(?:slim|minimal|backports|base|init|\d{8}(?:\.\d+)?(?:-slim)?)$")
_POINT = re.compile(r"((?:\d+|stream\d+))\.[\d.]+")
_MADE_FOR = ("_x86_64", "_aarch64", "_i686")


def image_row(name: str, arch: str = "x64") -> ImageRow | None:
    """The row of an image, by its name as it stands in a workflow; None where nothing certain is known.

    Docker Hub's own spellings, tags with a date or a further number, and official images whose tag names the
    distribution that they are made from (``python:3.9-bullseye``) are understood. A digest alone says nothing, unless
    all of the repository's images have the same libraries; with a tag besides, the tag is believed.
    """
    return _find(name.strip(), arch)


@lru_cache(maxsize=512)
def _find(name: str, arch: str) -> ImageRow | None:
    repository, tag, digest = split(name)
    for prefix, machine in _ARCHES.items():
        if repository.startswith(prefix):
            repository, arch = repository.removeprefix(prefix), machine
    row = _by_tag(repository, tag or "latest") if tag or not digest else None
    if row is None or (digest and row.moving):
        row = rows_by_name().get(repository) or by_image(repository)
    if row is None:
        return None
    return _for(row, arch)


def _by_tag(repository: str, tag: str) -> ImageRow | None:
    for candidate, is_point in _tags(tag):
        row = rows_by_name().get(f"{repository}:{candidate}")
        if row is not None and (row.points or not is_point):
            return row
    return derived(repository, tag)


def split(name: str) -> tuple[str, str, str]:
    """Repository without the hub's own prefixes, tag and digest (each empty where there is none)."""
    rest, _, digest = name.removeprefix("docker://").partition("@")
    head, _, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{head}/{last}" if head else last
    for hub in _HUBS:
        repository = repository.removeprefix(hub)
    return repository.removeprefix("library/"), tag, digest


def _tags(tag: str) -> Iterator[tuple[str, bool]]:
    """A tag and what it comes to without variants, dates and further numbers; whether a number was left out."""
    yield tag, False
    plain = tag
    while cut := _VARIANT.search(plain):
        plain = plain[: cut.start()]
        yield plain, False
    if point := _POINT.match(plain):
        yield point[1], True
        numbers = plain.split(".")
        if len(numbers) > 2:
            yield ".".join(numbers[:2]), True


def _for(row: ImageRow, arch: str) -> ImageRow | None:
    if arch in row.arches or row.name.endswith(_MADE_FOR):
        return row
    return None
