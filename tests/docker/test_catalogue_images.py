"""What the catalogue predicts for an image is what the image's own files say, for every node build of the table."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actlite.glibc.catalogue import builds, image_row, node_build, rows, system_of, versions_of
from actlite.glibc.catalogue.rows import read_rows
from actlite.glibc.image_system import Described
from actlite.glibc.loading import load

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "catalogue.py"
CATALOGUE = ROOT / "src" / "actlite" / "glibc" / "catalogue"

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


@pytest.mark.parametrize("name", IMAGES)
def test_the_loaders_lines_are_the_same(
    name: str, described: Callable[[str], Described], standin: Callable[[str], str]
) -> None:
    image = described(standin(name))
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
    name: str, described: Callable[[str], Described], standin: Callable[[str], str]
) -> None:
    """All versions in the real image; in stand-ins those that the row's numbers reach."""
    image = described(standin(name))
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


def test_the_script_makes_the_row_of_a_real_image(standin: Callable[[str], str], tmp_path: Path) -> None:
    """As ``scripts/catalogue.py image NAME --write`` does: from the image to the file, and back to the same system."""
    shutil.copy(CATALOGUE / "images.txt", tmp_path)
    command = [sys.executable, str(SCRIPT), "--data", str(tmp_path), "--cache", str(tmp_path), "image"]
    done = subprocess.run(
        [*command, standin("debian11"), "--row", "debian:11", "--write"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[debian:11]\n")
    written = {row.name: row for row in read_rows((tmp_path / "images.txt").read_text("utf-8"))}
    table = image_row("debian:11")
    assert table is not None
    made = written["debian:11"]
    assert (made.glibc, made.glibcxx, made.cxxabi, made.gcc["x64"]) == (
        table.glibc,
        table.glibcxx,
        table.cxxabi,
        table.gcc["x64"],
    )
    assert (made.names, made.system, made.ends) == (table.names, table.system, table.ends)
    assert made.confidence == "measured"
    assert versions_of(made) == versions_of(table)
    assert set(written) == {row.name for row in rows()}


def test_the_script_tells_where_a_row_is_wrong(
    described: Callable[[str], Described], standin: Callable[[str], str]
) -> None:
    compare = runpy.run_path(str(SCRIPT), run_name="catalogue")["compare"]
    image = described(standin("debian11"))
    right, wrong = image_row("debian:11"), image_row("debian:12")
    assert right is not None
    assert wrong is not None
    assert list(compare(right, "debian:11", image, versions_of(right))) == []
    told = list(compare(wrong, "debian:11", image, versions_of(wrong)))
    assert [line.split(" of ")[0] for line in told] == [
        f"debian:12: {library}"
        for library in (
            *("ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6"),
            *("libmvec.so.1", "libpthread.so.0", "libstdc++.so.6"),
        )
    ]
