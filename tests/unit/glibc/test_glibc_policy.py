"""The manylinux and musllinux policies, against auditwheel's own files."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from actlite.glibc.policy import ARCHES, MUSL_LIBC, best_policy, find_policy, policies

NAMES = {"x64": "x86_64", "arm64": "aarch64", "x86": "i686"}


def auditwheels(file: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files("auditwheel").joinpath("policy", file).read_text("utf-8"))
    return sorted((one for one in found if one["name"] != "linux"), key=lambda one: -one["priority"])


@pytest.mark.parametrize("arch", ARCHES)
def test_the_policies_are_auditwheels(arch: str) -> None:
    theirs = [one for one in auditwheels("manylinux-policy.json") if NAMES[arch] in one["symbol_versions"]]
    ours = policies(arch)
    assert [one.name for one in ours] == [one["name"] for one in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert list(our.aliases) == their["aliases"]
        assert our.libraries == set(their["lib_whitelist"])
        assert our.versions == {
            kind: set(numbers) for kind, numbers in their["symbol_versions"][NAMES[arch]].items()
        }
        assert our.refused == {library: set(names) for library, names in their["blacklist"].items()}


@pytest.mark.parametrize("arch", ARCHES)
def test_so_are_those_for_musl(arch: str) -> None:
    theirs = auditwheels("musllinux-policy.json")
    ours = policies(arch, musl=True)
    assert [one.name for one in ours] == [one["name"] for one in theirs]
    for our, their in zip(ours, theirs, strict=True):
        wanted = {MUSL_LIBC[arch] if name == "libc.so" else name for name in their["lib_whitelist"]}
        assert our.libraries == wanted
        assert our.refused == {library: set(names) for library, names in their["blacklist"].items()}


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], "manylinux_2_5"),
        (["GLIBC_2.5"], "manylinux_2_5"),
        (["GLIBC_2.14"], "manylinux_2_17"),
        (["GLIBC_2.17", "GLIBCXX_3.4.19"], "manylinux_2_17"),
        (["GLIBC_2.17", "GLIBCXX_3.4.20"], "manylinux_2_24"),
        (["GLIBCXX_3.4.25"], "manylinux_2_31"),
        (["GLIBC_2.34"], "manylinux_2_34"),
        (["OPENSSL_1.1.0"], "manylinux_2_5"),
        (["LIBATOMIC_1.0"], "manylinux_2_24"),
    ],
)
def test_the_policy_of_the_oldest_systems_is_taken(versions: list[str], expected: str) -> None:
    found = best_policy(versions)
    assert found is not None
    assert found.name == expected


def test_a_version_that_never_was_is_in_no_policy() -> None:
    """2.19 lies between 2.17 and 2.28, and no x64 library defines it: sets count, not numbers."""
    assert best_policy(["GLIBC_2.19"]) is None
    assert best_policy(["GLIBC_PRIVATE"]) is None


def test_a_library_that_has_to_come_along_is_in_no_policy() -> None:
    assert best_policy([], ["libc.so.6", "libssl.so.3"]) is None
    assert best_policy([], ["libmvec.so.1", "ld-linux-x86-64.so.2"]) == find_policy("manylinux_2_24")


def test_a_symbol_that_some_systems_lack_counts() -> None:
    refused = {"libc.so.6": ["__cxa_thread_atexit_impl", "printf"]}
    found = best_policy(["GLIBC_2.5"], ["libc.so.6"], refused)
    assert found is not None
    assert found.name == "manylinux_2_24"


def test_a_policy_has_names() -> None:
    old = find_policy("manylinux2014_x86_64")
    assert old is not None
    assert (old.name, old.glibc, old.aliases) == ("manylinux_2_17", "2.17", ("manylinux2014",))
    assert find_policy("manylinux_2_17_aarch64") == find_policy("manylinux2014", "arm64")
    assert find_policy("manylinux_2_99") is None
    assert find_policy("manylinux1", "arm64") is None
    assert policies("s390x") == ()
