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


def advice(file: AuditedFile, over: Collection[NeededVersion], glibc: str) -> Iterator[str]:
    """What to do where a file needs the versions ``over`` and its users have ``glibc``. Sentences without full stops,
    with commands."""
    if file.libc == "musl":
        yield "link it statically: -static (cargo: RUSTFLAGS=-Ctarget-feature=+crt-static)"
        return
    if not over:
        return
    kinds = {need.version.partition("_")[0] for need in over}
    if over and all(need.version == RELR for need in over):
        yield "link without packed relocations: -Wl,-z,nopack-relative-relocs"
        return
    if kinds and not kinds & {"GLIBC"}:
        yield "link the C++ library in, which is all it lacks: -static-libstdc++ -static-libgcc"
        return
    triple = _TRIPLES.get(file.arch)
    if not glibc:
        return
    if file.language == "go":
        yield "build without cgo, which makes it static: CGO_ENABLED=0 go build"
        return
    if triple is None or (file.kind != "program" and version_key(glibc) < version_key(OLDEST_ZIG)):
        yield f"build on a system that has glibc {glibc} or older"
        return
    wanted = max(glibc, OLDEST_ZIG, key=version_key)
    image = next((name for floor, name in reversed(_FLOORS) if version_key(floor) <= version_key(glibc)), "")
    if image:
        yield f"build in an image with glibc {_floor(image)}: quay.io/pypa/{image}_{triple}"
    if wanted == glibc:
        rust = f"cargo zigbuild --release --target {triple}-unknown-linux-gnu.{wanted}"
        other = f"{_zig(file)} -target {triple}-linux-gnu.{wanted}"
        yield f"or cross-build: {rust if file.language == 'rust' else other}"
    if static := static_advice(file):
        yield f"{'or ' if image else ''}{static}"


def static_advice(file: AuditedFile) -> str:
    """How a program needs nothing of any system; empty for what can't be."""
    triple = _TRIPLES.get(file.arch)
    if file.kind != "program" or triple is None:
        return ""
    if file.language == "rust":
        return f"make it static, with musl: cargo zigbuild --release --target {triple}-unknown-linux-musl"
    return f"make it static, with musl: {_zig(file)} -target {triple}-linux-musl"


def _zig(file: AuditedFile) -> str:
    return "zig c++" if any(name.startswith("libstdc++.") for name in file.libraries) else "zig cc"


def library_advice(name: str) -> str:
    """What to do where a system lacks a library."""
    return f"install what has {name} there, or ship it along, where an RPATH of $ORIGIN finds it"


def _floor(image: str) -> str:
    return next(floor for floor, name in _FLOORS if name == image)
