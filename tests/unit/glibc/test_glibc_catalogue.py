"""The offline catalogue of images: names, what a row says, and the systems that are made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import FACTS, needs

from actlite.actions.known import known_actions
from actlite.glibc.catalogue import image_row, node_build, rows, system_of, versions_of
from actlite.glibc.catalogue.definitions import definitions
from actlite.glibc.catalogue.layouts import LAYOUTS
from actlite.glibc.catalogue.rows import CONFIDENCES, read_rows, rows_by_name
from actlite.glibc.elf import newest_of
from actlite.glibc.folder import FolderSystem
from actlite.glibc.loading import load

NOT_ONE_NAME = {"centos:6 family", "amazonlinux:1 is 2.17", "gcr.io/distroless/*, scratch-like images"}
"""Entries of the facts that are remarks, not names."""
MUSL = {"quay.io/pypa/musllinux_1_1_x86_64": "1.1.24", "quay.io/pypa/musllinux_1_2_x86_64": "1.2"}
"""Where the facts have 1.1.x and 1.2.x."""
NEWEST = {"ubuntu:14.04": "2.18", "ubuntu:trusty": "2.18"}
"""Where the facts take the release, 2.19, for the newest version: that release brought none for x64 (as in debian:8)."""
NODES = {"node12": "12.22.12", "node16": "16.20.2", "node20": "20.20.2", "node24": "24.19.0"}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("centos:7", "centos:7"),
        ("docker.io/library/centos:7", "centos:7"),
        ("docker://centos:7", "centos:7"),
        ("index.docker.io/library/centos:centos7", "centos:7"),
        ("centos", "centos:8"),
        ("rocm/dev-ubuntu-22.04:7.2.1", "rocm/dev-ubuntu-22.04"),
        ("centos:7.9.2009", "centos:7"),
        ("amd64/centos:7", "centos:7"),
        ("ubuntu", "ubuntu:latest"),
        ("ubuntu:jammy-20240125", "ubuntu:22.04"),
        ("debian:bookworm-20240211-slim", "debian:12"),
        ("debian:12.5-slim", "debian:12"),
        ("debian:12@sha256:0123", "debian:12"),
        ("debian@sha256:0123", None),
        ("ubuntu:latest@sha256:0123", None),
        ("quay.io/pypa/manylinux2014_x86_64", "quay.io/pypa/manylinux2014_x86_64"),
        ("quay.io/pypa/manylinux2014_x86_64:2024-01-01-0b1c9d5", "quay.io/pypa/manylinux2014_x86_64"),
        ("quay.io/pypa/manylinux2014_x86_64@sha256:0123", "quay.io/pypa/manylinux2014_x86_64"),
        ("quay.io/pypa/manylinux2014_aarch64", "quay.io/pypa/manylinux2014_aarch64"),
        ("alpine:3.18.4", "alpine:3.18"),
        ("alpine", "alpine:latest"),
        ("alpine:3.1", "alpine"),
        ("alpine@sha256:0123", "alpine"),
        ("alpine:latest@sha256:0123", "alpine"),
        ("docker:29.3-dind@sha256:0123", "docker"),
        ("openquantumsafe/ci-ubuntu-jammy:latest", "openquantumsafe/ci-ubuntu-jammy"),
        ("opensuse/leap:15.3", None),
        ("fedora:40", "fedora:40"),
        ("rockylinux/rockylinux:8-ubi-init", "rockylinux:8"),
        ("almalinux:8.9-minimal-20231124", "almalinux:8"),
        ("almalinux/8-base:8.9", "almalinux:8"),
        ("registry.access.redhat.com/ubi8/ubi-minimal:8.9", "registry.access.redhat.com/ubi8/ubi"),
        ("ghcr.io/someone/debian:12", None),
        ("someone/centos:7", None),
        ("localhost:5000/debian", None),
        ("python:3.12", None),
        ("python:3.12-weezy", None),
        ("gcc:13", None),
        ("gcc:99-bookworm", None),
        ("", None),
        (":", None),
        ("a@b@c", None),
    ],
)
def test_names(name: str, row: str | None) -> None:
    found = image_row(name)
    assert (found.name if found else None) == row


@pytest.mark.parametrize(
    ("name", "glibc", "glibcxx"),
    [
        ("python:3.9-bullseye", "2.31", "3.4.28"),
        ("python:3.9-slim-bullseye", "2.31", "3.4.28"),
        ("rust:1-buster", "2.28", "3.4.25"),
        ("node:20-bookworm-slim", "2.36", "3.4.30"),
        ("node:14.16", "2.24", "3.4.22"),
        ("golang:1.20-bullseye", "2.31", "3.4.28"),
        ("eclipse-temurin:17-jdk-jammy", "2.35", "3.4.30"),
        ("swift:5.9-amazonlinux2", "2.26", "3.4.24"),
        ("mcr.microsoft.com/dotnet/sdk:6.0-focal", "2.31", "3.4.28"),
        ("gcc:13-bookworm", "2.36", "3.4.32"),
        ("aswf/ci-osl:2021-clang10", "2.17", "3.4.19"),
        ("linuxmintd/mint19.3-amd64", "2.27", "3.4.25"),
        ("nvidia/cuda:11.2.0-cudnn8-devel-centos7", "2.17", "3.4.19"),
        ("nvcr.io/nvidia/cuda:12.8.0-devel-ubuntu22.04", "2.35", "3.4.30"),
        ("rocm/dev-ubuntu-18.04", "2.27", "3.4.25"),
    ],
)
def test_images_that_are_made_from_others(name: str, glibc: str, glibcxx: str) -> None:
    row = image_row(name)
    assert row is not None
    assert (row.glibc, row.glibcxx, row.confidence) == (glibc, glibcxx, "derived")
    assert row.name.startswith(name)
    assert "made from" in row.note


def test_gccs_own_libstdcxx_stands_before_debians() -> None:
    row = image_row("gcc:13-bookworm")
    assert row is not None
    assert system_of(row).cached("libstdc++.so.6") == ("/usr/local/lib64/libstdc++.so.6",)


def test_an_image_with_gcc_has_libatomic_and_a_slim_one_has_not() -> None:
    node = node_build("26.10.0")
    assert node is not None
    for name, starts in (
        ("python:3.12-bookworm", True),
        ("python:3.12-slim-bookworm", False),
        ("debian:12", False),
    ):
        row = image_row(name)
        assert row is not None
        assert load(node, "/node", system_of(row)).starts == starts, name


def test_what_is_made_from_alpine() -> None:
    row = image_row("node:20-alpine3.19")
    assert row is not None
    assert (row.kind, row.musl, row.is_alpine, row.has_libstdcxx) == ("musl", "1.2.4", True, None)


def test_another_architecture() -> None:
    assert image_row("quay.io/pypa/manylinux2014_x86_64", "arm64") == image_row(
        "quay.io/pypa/manylinux2014_x86_64"
    )
    foreign = image_row("quay.io/pypa/manylinux2014_aarch64")
    assert foreign is not None
    assert system_of(foreign).arch == "arm64"
    assert image_row("debian:8", "arm64") is None
    bullseye = image_row("debian:11", "arm64")
    assert bullseye is not None
    assert system_of(bullseye, "arm64").cached("libc.so.6") == ("/lib/aarch64-linux-gnu/libc.so.6",)


@needs(FACTS)
def test_every_image_of_the_facts_is_there_and_agrees() -> None:
    images: list[dict[str, Any]] = json.loads(FACTS.read_text("utf-8"))["images"]
    assert len(images) >= 53
    wrong: list[tuple[object, ...]] = []
    for image in images:
        for name in {image["image"], *image["aliases"]} - NOT_ONE_NAME:
            row = image_row(name)
            wanted = (image["glibc"], image["glibcxx"], image["cxxabi"], MUSL.get(name, image["musl"]))
            found = row and (row.glibc or None, row.glibcxx or None, row.cxxabi or None, row.musl or None)
            if found != wanted:
                wrong.append((name, wanted, found))
            elif row is not None and row.glibc:
                newest = max(
                    (v for vs in versions_of(row).values() for v in vs if v.startswith("GLIBC_2")),
                    key=lambda v: tuple(map(int, v.removeprefix("GLIBC_").split("."))),
                )
                if newest != f"GLIBC_{NEWEST.get(name, image['glibc_max_symbol'])}":
                    wrong.append((name, newest, image["glibc_max_symbol"]))
    assert wrong == []
    static = image_row("gcr.io/distroless/static")
    assert static is not None
    assert static.kind == "none"


@needs(FACTS)
def test_what_runs_where_agrees() -> None:
    """Which of the runner's four nodes start in which image, and the newest versions that each image lacks."""
    images: list[dict[str, Any]] = json.loads(FACTS.read_text("utf-8"))["images"]
    compared = 0
    for image in images:
        row = image_row(image["image"])
        if row is None or row.kind != "glibc":
            continue
        for name, told in image.get("runs_bundled_node", {}).items():
            node = node_build(NODES[name])
            assert node is not None
            found = load(node, f"/__e/{name}/bin/node", system_of(row))
            assert found.starts == told["ok"], (row.name, name)
            lacks = newest_of([one.version for one in found.missing])
            wanted = newest_of(told.get("first_missing") or [])
            assert lacks == wanted, (row.name, name)
            compared += 1
    assert compared >= 160


def test_rows_are_sound() -> None:
    names = [name for row in rows() for name in (row.name, *row.names)]
    assert len(names) == len(set(names)), "a name stands for two rows"
    assert rows_by_name().keys() == set(names)
    for row in rows():
        assert row.confidence in CONFIDENCES
        assert row.source
        assert rows_by_name()[row.name] is row
        assert image_row(row.name, row.arches[0]) is not None
        assert row.kind != "glibc" or row.layout in LAYOUTS
        assert not row.ends or len(row.ends) == len("2024-06-30")
        for arch in row.arches:
            if row.kind == "glibc":
                assert {"libc.so.6", "libm.so.6"} <= versions_of(row, arch).keys()
                assert row.gcc[arch]
                assert row.has_libstdcxx is False or "libstdc++.so.6" in versions_of(row, arch)


def test_the_systems_of_users_stand_in_their_order() -> None:
    """So that the oldest one that has something comes first."""
    by_name: dict[str, list[tuple[int, ...]]] = {}
    for row in rows():
        name, _, number = row.system.rpartition(" ")
        if row.system and name != "CentOS Stream":
            by_name.setdefault(name, []).append(tuple(map(int, number.split("."))))
    assert {"Debian", "Ubuntu", "RHEL", "CentOS", "Fedora", "Amazon Linux", "Alpine"} <= by_name.keys()
    for name, numbers in by_name.items():
        assert numbers == sorted(numbers), name


def test_the_page_tells_how_many_there_are() -> None:
    actions = known_actions().values()
    refs = sum(not ref.startswith(("=", "*")) for action in actions for ref in action.refs)
    text = " ".join(
        (Path(__file__).parents[3] / "docs" / "reference" / "catalogue.md").read_text("utf-8").split()
    )
    assert f"{len(rows())} rows of images under {len(rows_by_name())} names" in text
    assert f"the manifests of {len(actions)} actions at {refs} branches and tags" in text


def test_a_line_of_the_table_that_is_wrong_is_told() -> None:
    with pytest.raises(ValueError, match="line 2 of the catalogue of images: glibz 2"):
        read_rows("[x]\nglibz 2")
    with pytest.raises(ValueError, match="line 1"):
        read_rows("glibc 2.17")
    with pytest.raises(ValueError, match="line 3"):
        read_rows("[x]\nglibc 2.17\nglibc 2.18")


def test_a_release_does_not_define_every_number() -> None:
    """bullseye's libc.so.6 has GLIBC_2.30 at most: 2.31 came into libpthread, and moved in 2.34."""
    bullseye = definitions("x64", glibc="2.31")
    assert "GLIBC_2.31" not in bullseye["libc.so.6"]
    assert "GLIBC_2.31" in bullseye["libpthread.so.0"]
    assert "GLIBC_2.31" in definitions("x64", glibc="2.34")["libc.so.6"]
    assert "GLIBC_2.19" not in definitions("x64", glibc="2.43")["libc.so.6"]
    assert "libstdc++.so.6" not in bullseye
    assert definitions("arm64", glibc="2.5") == {}
    assert definitions("sparc", glibc="2.31") == {}


def this_machine() -> str:
    text = Path("/etc/os-release").read_text("utf-8")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return f"{fields['ID']}:{fields['VERSION_ID']}".replace('"', "")


def test_this_machines_own_libraries_are_those_of_its_row() -> None:
    """Every library that is installed defines exactly what the table says, stands where it says and asks for the same."""
    row = image_row(this_machine())
    assert row is not None, this_machine()
    real = FolderSystem(Path("/"))
    table = system_of(row, real.arch)
    seen = set()
    for library in versions_of(row, real.arch):
        for path in real.cached(library)[:1]:
            assert path == table.cached(library)[0]
            ours, theirs = table.file(path), real.file(path)
            assert ours is not None
            assert theirs is not None
            assert set(ours.definitions) == set(theirs.definitions), library
            assert ours.libraries == theirs.libraries, library
            seen.add(library)
    assert {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0"} <= seen
    assert table.directories == tuple(real.directories)


def test_what_musl_and_nothing_have() -> None:
    alpine, nothing = image_row("alpine:3.20"), image_row("scratch")
    assert alpine is not None
    assert nothing is not None
    assert system_of(alpine).exists("/lib/ld-musl-x86_64.so.1")
    assert not system_of(alpine).exists("/lib64/ld-linux-x86-64.so.2")
    assert not system_of(nothing).exists("/lib/ld-musl-x86_64.so.1")
    assert str(alpine) == "musl 1.2.5"
    assert str(nothing) == "no C library"


def test_the_seven_lines_of_2021() -> None:
    """node12 in manylinux2010, as in actions/checkout#145."""
    row, node = image_row("quay.io/pypa/manylinux2010_x86_64"), node_build("12.13.1")
    assert row is not None
    assert node is not None
    found = load(node, "/__e/node12/bin/node", system_of(row))
    wanted = [
        *("/usr/lib64/libstdc++.so.6 GLIBCXX_3.4.14", "/usr/lib64/libstdc++.so.6 GLIBCXX_3.4.18"),
        *("/usr/lib64/libstdc++.so.6 CXXABI_1.3.5", "/usr/lib64/libstdc++.so.6 GLIBCXX_3.4.15"),
        *("/lib64/libc.so.6 GLIBC_2.16", "/lib64/libc.so.6 GLIBC_2.17", "/lib64/libc.so.6 GLIBC_2.14"),
    ]
    node12 = "/__e/node12/bin/node"
    assert list(found.lines) == [
        f"{node12}: {library}: version `{version}' not found (required by {node12})"
        for library, version in (text.split() for text in wanted)
    ]


def test_a_question_costs_milliseconds_and_no_elftools() -> None:
    code = (
        "import sys, time\n"
        "from actlite.glibc.catalogue import image_row, node_build, system_of\n"
        "start = time.perf_counter()\n"
        "row = image_row('quay.io/pypa/manylinux2014_x86_64')\n"
        "system_of(row); node_build('24.18.0')\n"
        "print(time.perf_counter() - start, 'elftools' in sys.modules)\n"
    )
    results = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    assert {one.stdout.split()[1] for one in results} == {"False"}
    assert min(float(one.stdout.split()[0]) for one in results) < 0.02
