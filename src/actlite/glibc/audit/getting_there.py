"""What to do so that a file runs on an older glibc."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from actlite.glibc.audit.facts import RELR
from actlite.glibc.audit.model import AuditedFile, NeededVersion
from actlite.glibc.elf import version_key

_TRIPLES = {"x64": "x86_64", "arm64": "aarch64"}
_FLOORS = (("2.17", "manylinux2014"), ("2.28", "manylinux_2_28"), ("2.34", "manylinux_2_34"))
"""glibc and name of the images in which such builds are made, oldest first."""
OLDEST_ZIG = "2.17"
"""zig takes older ones too; builds for them were not tried."""


def advice(file: AuditedFile, over: Collection[NeededVersion], glibc: str, language: str) -> Iterator[str]:
    """What to do where a file needs the versions ``over`` and its users have ``glibc``. ``language`` is ``rust``,
    ``go`` or empty. Sentences without full stops, with commands."""
    kinds = {need.version.partition("_")[0] for need in over}
    if over and all(need.version == RELR for need in over):
        yield "link without packed relocations: -Wl,-z,nopack-relative-relocs"
        return
    if kinds and not kinds & {"GLIBC"}:
        yield "link the C++ library in, which is all it lacks: -static-libstdc++ -static-libgcc"
        return
    triple = _TRIPLES.get(file.arch)
    if triple is None or not glibc:
        return
    if language == "go":
        yield "build without cgo, which makes it static: CGO_ENABLED=0 go build"
        return
    wanted = max(glibc, OLDEST_ZIG, key=version_key)
    image = next((name for floor, name in reversed(_FLOORS) if version_key(floor) <= version_key(glibc)), "")
    if image:
        yield f"build in an image with glibc {_floor(image)}: quay.io/pypa/{image}_{triple}"
    if wanted == glibc:
        rust = f"cargo zigbuild --release --target {triple}-unknown-linux-gnu.{wanted}"
        if language == "rust":
            yield f"or cross-build: {rust}"
        else:
            yield f"or cross-build: zig cc -target {triple}-linux-gnu.{wanted}"
    if file.kind == "program":
        target = f"{triple}-unknown-linux-musl"
        what = (
            f"cargo zigbuild --release --target {target}"
            if language == "rust"
            else f"zig cc -target {triple}-linux-musl"
        )
        yield f"or make it static, with musl: {what}"


def _floor(image: str) -> str:
    return next(floor for floor, name in _FLOORS if name == image)
