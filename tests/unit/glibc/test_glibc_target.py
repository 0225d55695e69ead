"""The oldest system of the users, by its name."""

from __future__ import annotations

import pytest

from actlite.errors import UsageError
from actlite.glibc.target import read_target


@pytest.mark.parametrize(
    ("text", "glibc", "glibcxx", "cxxabi", "arch"),
    [
        ("glibc2.17", "2.17", "", "", "x64"),
        ("2.17", "2.17", "", "", "x64"),
        ("GLIBC_2.28", "2.28", "", "", "x64"),
        ("glibc 2.31", "2.31", "", "", "x64"),
        ("manylinux2014", "2.17", "3.4.19", "1.3.7", "x64"),
        ("manylinux2014_x86_64", "2.17", "3.4.19", "1.3.7", "x64"),
        ("manylinux_2_17", "2.17", "3.4.19", "1.3.7", "x64"),
        ("manylinux1", "2.5", "3.4.8", "1.3.1", "x64"),
        ("manylinux_2_28_aarch64", "2.28", "3.4.24", "1.3.11", "arm64"),
        ("manylinux_2_28", "2.28", "3.4.24", "1.3.11", "x64"),
        ("manylinux_2_31", "2.31", "3.4.28", "1.3.12", "x64"),
        ("centos:7", "2.17", "3.4.19", "1.3.7", "x64"),
        ("CentOS:7", "2.17", "3.4.19", "1.3.7", "x64"),
        ("quay.io/pypa/manylinux_2_28_x86_64", "2.28", "3.4.25", "1.3.11", "x64"),
        ("debian:11", "2.31", "3.4.28", "1.3.12", "x64"),
        ("ubi8", "2.28", "3.4.25", "1.3.11", "x64"),
        (" ubuntu:20.04 ", "2.31", "3.4.28", "1.3.12", "x64"),
    ],
)
def test_targets(text: str, glibc: str, glibcxx: str, cxxabi: str, arch: str) -> None:
    found = read_target(text)
    assert (found.glibc, found.glibcxx, found.cxxabi, found.arch) == (glibc, glibcxx, cxxabi, arch)
    assert "libc.so.6" in found.versions
    assert ("libstdc++.so.6" in found.versions) == bool(glibcxx)


def test_a_policy_promises_no_more_than_its_lists() -> None:
    """auditwheel's 2.28 has GLIBCXX_3.4.24; the image itself has 3.4.25."""
    policy, image = read_target("manylinux_2_28"), read_target("quay.io/pypa/manylinux_2_28_x86_64")
    assert "GLIBCXX_3.4.25" not in policy.versions["libstdc++.so.6"]
    assert "GLIBCXX_3.4.25" in image.versions["libstdc++.so.6"]
    assert "GLIBC_PRIVATE" not in policy.versions["libc.so.6"]


def test_its_text_has_the_glibc() -> None:
    assert str(read_target("glibc2.17")) == "glibc2.17"
    assert str(read_target("manylinux2014")) == "manylinux2014 (glibc 2.17)"


@pytest.mark.parametrize(
    ("text", "what", "do"),
    [
        ("centso:7", "Unknown target: centso:7.", "Did you mean centos:7"),
        ("manylinux2015", "Unknown manylinux policy: manylinux2015.", "manylinux2014"),
        ("manylinux_2_99", "Unknown manylinux policy: manylinux_2_99.", "manylinux_2_"),
        ("alpine:3.18", "No target: alpine:3.18 has musl, not glibc.", "glibc2.17"),
        ("musllinux_1_2", "No target: musllinux_1_2 has musl, not glibc.", "glibc2.17"),
        ("scratch", "No target: scratch has no C library, not glibc.", "glibc2.17"),
        ("glibc9.1", "There is no glibc 9.1.", "--target glibc2.17"),
        ("glibc2.1", "There is no glibc 2.1.", "--target glibc2.17"),
        ("", "Unknown target: an empty name.", "glibc2.17"),
        ("windows", "Unknown target: windows.", "Give one such as"),
    ],
)
def test_what_means_nothing_is_told(text: str, what: str, do: str) -> None:
    with pytest.raises(UsageError) as told:
        read_target(text)
    assert told.value.what == what
    assert told.value.why
    assert do in told.value.do


def test_a_policy_that_an_architecture_has_not() -> None:
    with pytest.raises(UsageError, match="manylinux1"):
        read_target("manylinux1", "arm64")
