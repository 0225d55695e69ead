"""What the catalogue predicts for an image is what the image's own files say, for every node build of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actlite.engines.docker import DockerEngine, connect
from actlite.glibc.catalogue import builds, image_row, node_build, system_of, versions_of
from actlite.glibc.image_system import Described, describe_local
from actlite.glibc.loading import load

pytestmark = pytest.mark.docker

IMAGES = {
    "manylinux1": "quay.io/pypa/manylinux1_x86_64",
    "manylinux2010": "quay.io/pypa/manylinux2010_x86_64",
    "manylinux2014": "quay.io/pypa/manylinux2014_x86_64",
    "centos7": "centos:7",
    "amazonlinux2": "amazonlinux:2",
    "ubuntu1804": "ubuntu:18.04",
    "manylinux_2_28": "quay.io/pypa/manylinux_2_28_x86_64",
    "debian11": "debian:11",
    "manylinux2014_arm64": "quay.io/pypa/manylinux2014_aarch64",
    "debian11_arm64": "debian:11",
}
"""Stand-ins (``debian11`` is a real one), and what they take the place of."""
REAL = ("debian11", "debian11_arm64")
TOUCHED = (
    *(
        "libc.so.6",
        "libm.so.6",
        "libstdc++.so.6",
        "libgcc_s.so.1",
        "libdl.so.2",
        "libpthread.so.0",
        "librt.so.1",
    ),
    *("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"),
)
"""What builds of node ask for."""


@pytest.fixture(scope="module")
def engine(docker_daemon: Any) -> Iterator[DockerEngine]:
    found = connect()
    yield found
    found.close()


def described(engine: DockerEngine, image: str, cache: Path) -> Described:
    found = describe_local(engine.images, image, cache=cache)
    assert found is not None
    return found


@pytest.mark.parametrize("name", IMAGES)
def test_the_loaders_lines_are_the_same(
    name: str, engine: DockerEngine, standin: Callable[[str], str], tmp_path: Path
) -> None:
    image = described(engine, standin(name), tmp_path)
    row = image_row(IMAGES[name], image.arch)
    assert row is not None
    system = system_of(row, image.arch)
    assert system.arch == image.arch
    compared = 0
    for version, arch in builds():
        if arch != image.arch:
            continue
        node = node_build(version, arch)
        assert node is not None
        if "libatomic.so.1" in node.libraries and row.has_libatomic is None and name not in REAL:
            continue  # of libatomic the row says nothing, and some stand-ins have a compiler
        path = f"/__e/node{version}/bin/node"
        ours, theirs = load(node, path, system), load(node, path, image.system)
        assert ours.lines == theirs.lines, version
        assert (ours.starts, ours.exit_code) == (theirs.starts, theirs.exit_code), version
        compared += 1
    assert compared >= 40


@pytest.mark.parametrize("name", IMAGES)
def test_every_library_that_node_touches_defines_the_same(
    name: str, engine: DockerEngine, standin: Callable[[str], str], tmp_path: Path
) -> None:
    """All versions in the real image; in stand-ins those that the row's numbers reach."""
    image = described(engine, standin(name), tmp_path)
    row = image_row(IMAGES[name], image.arch)
    assert row is not None
    seen = 0
    for library in TOUCHED:
        names = versions_of(row, image.arch).get(library)
        paths = image.system.cached(library)
        if names is None or not paths:
            continue
        elf = image.system.file(paths[0])
        assert elf is not None
        if name in REAL:
            assert set(elf.definitions) == set(names), library
        else:
            # A stand-in shows no more than its release; what a distribution put in besides it has not.
            added = set(row.adds.get((image.arch, library), ()))
            assert set(names) - set(elf.definitions) <= added, library
        seen += 1
    assert seen >= 6
