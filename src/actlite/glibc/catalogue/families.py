"""Official images whose tags name the distribution that they are made from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actlite.glibc.catalogue.rows import ImageRow, rows_by_name
from actlite.records import replace

CODENAMES: Mapping[str, str] = {
    "jessie": "debian:8",
    "stretch": "debian:9",
    "buster": "debian:10",
    "bullseye": "debian:11",
    "bookworm": "debian:12",
    "trixie": "debian:13",
    "trusty": "ubuntu:14.04",
    "xenial": "ubuntu:16.04",
    "bionic": "ubuntu:18.04",
    "focal": "ubuntu:20.04",
    "jammy": "ubuntu:22.04",
    "noble": "ubuntu:24.04",
    "amazonlinux2": "amazonlinux:2",
    "al2023": "amazonlinux:2023",
    "ubi8": "registry.access.redhat.com/ubi8/ubi",
    "ubi9": "registry.access.redhat.com/ubi9/ubi",
}
"""Parts of tags, to the image that they say is below."""
REPOSITORIES = frozenset(
    {
        *[
            "buildpack-deps",
            "clojure",
            "composer",
            "docker",
            "eclipse-temurin",
            "elixir",
            "erlang",
            "golang",
            "gradle",
            "groovy",
            "haskell",
        ],
        *[
            "httpd",
            "ibmjava",
            "julia",
            "maven",
            "mongo",
            "mysql",
            "nginx",
            "node",
            "openjdk",
            "perl",
            "php",
            "postgres",
            "pypy",
            "python",
            "r-base",
            "redis",
        ],
        *[
            "ruby",
            "rust",
            "sapmachine",
            "swift",
            "tomcat",
            "amazoncorretto",
            "haxe",
            "hylang",
            "node-chakracore",
            "rustlang/rust",
        ],
        *["swiftlang/swift", "cimg/base", "hexpm/elixir", "hexpm/erlang", "ghcr.io/astral-sh/uv"],
        *[
            "mcr.microsoft.com/dotnet/sdk",
            "mcr.microsoft.com/dotnet/runtime",
            "mcr.microsoft.com/dotnet/aspnet",
        ],
        *["mcr.microsoft.com/dotnet/runtime-deps", "mcr.microsoft.com/playwright"],
        *["mcr.microsoft.com/playwright/python", "mcr.microsoft.com/devcontainers/base"],
        *["mcr.microsoft.com/devcontainers/cpp", "mcr.microsoft.com/devcontainers/python"],
        *["mcr.microsoft.com/devcontainers/rust", "mcr.microsoft.com/devcontainers/go"],
    }
)
"""Images whose tags name their base by a rule of their makers (docker-library's ``library/*`` files and the like)."""
_PARTS = re.compile(r"[-_]")
_ALPINE = re.compile(r"alpine(\d+\.\d+)?(?:\.\d+)?")
_GCC: Mapping[int, tuple[str, str]] = {
    5: ("3.4.21", "1.3.9"),
    6: ("3.4.22", "1.3.10"),
    7: ("3.4.24", "1.3.11"),
    8: ("3.4.25", "1.3.11"),
    9: ("3.4.28", "1.3.12"),
    10: ("3.4.28", "1.3.12"),
    11: ("3.4.29", "1.3.13"),
    12: ("3.4.30", "1.3.13"),
    13: ("3.4.32", "1.3.14"),
    14: ("3.4.33", "1.3.15"),
    15: ("3.4.34", "1.3.15"),
}
"""What the last release of each GCC's libstdc++ defines (its ABI policy's history)."""


def derived(repository: str, tag: str) -> ImageRow | None:
    """The row of an image that is made from a catalogued one, where the tag says which; None where it does not."""
    if repository == "gcc":
        return _gcc(tag)
    if repository not in REPOSITORIES:
        return None
    for part in reversed(_PARTS.split(tag)):
        base = CODENAMES.get(part, "")
        if alpine := _ALPINE.fullmatch(part):
            base = f"alpine:{alpine[1] or 'latest'}"
        row = rows_by_name().get(base)
        if row is not None:
            return _made_from(row, f"{repository}:{tag}")
    return None


def _made_from(row: ImageRow, name: str) -> ImageRow:
    told = f"made from {row.name}, as the tag says"
    stdcxx = None if row.kind == "musl" else row.has_libstdcxx
    return replace(
        row, name=name, names=(), confidence="derived", note=told, has_libstdcxx=stdcxx, system="", ends=""
    )


def _gcc(tag: str) -> ImageRow | None:
    """The official image of GCC: Debian's glibc, and its own libstdc++ before Debian's."""
    head, _, codename = tag.partition("-")
    major = head.partition(".")[0]
    row = rows_by_name().get(CODENAMES.get(codename, ""))
    if row is None or not major.isdigit() or int(major) not in _GCC:
        return None
    glibcxx, cxxabi = _GCC[int(major)]
    return replace(
        _made_from(row, f"gcc:{tag}"), glibcxx=glibcxx, cxxabi=cxxabi, layout="debian-gcc", has_libatomic=True
    )
