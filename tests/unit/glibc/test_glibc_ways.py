"""Which way out works in which situation and when."""

from __future__ import annotations

import datetime

import pytest

from actlite.glibc.catalogue import builds, node_build
from actlite.glibc.elf import newest_of
from actlite.glibc.node_needs import node_needs, substitute, substitute_needs, substitutes
from actlite.glibc.ways import (
    NAMES,
    Situation,
    floor_image,
    way,
    ways,
)
from actlite.records import replace
from actlite.runtimes.eras import runner_at

D = datetime.date
TODAY = D(2026, 11, 23)
CENTOS7 = {"GLIBC": "2.17", "GLIBCXX": "3.4.19", "CXXABI": "1.3.7"}
CENTOS6 = {"GLIBC": "2.12", "GLIBCXX": "3.4.13", "CXXABI": "1.3.3"}


def at(
    declared: str, on: D, newest: dict[str, str] = CENTOS7, action: str = "actions/checkout@v4"
) -> Situation:
    runtime = runner_at(on).choose(declared, {}).runtime
    return Situation(runtime, on, declared, action, newest=newest)


def names(situation: Situation) -> list[str]:
    return [found.name for found in ways(situation)]


ALWAYS = ["git-checkout", "no-node", "split-job", "docker-run", "cross", "image"]


@pytest.mark.parametrize(
    ("declared", "on", "first"),
    [
        ("node20", D(2024, 1, 15), ["older-action"]),
        ("node20", D(2024, 7, 2), ["older-action"]),
        ("node16", D(2024, 7, 27), ["unsecure-env"]),
        ("node20", D(2024, 7, 27), []),
        ("node16", D(2024, 11, 12), ["unsecure-env", "node-mount"]),
        ("node16", D(2024, 11, 13), ["node-mount"]),
        ("node20", D(2026, 6, 15), ["node-mount"]),
        ("node20", D(2026, 9, 22), ["node-mount"]),
        ("node20", TODAY, ["node-mount"]),
    ],
)
def test_by_date_on_glibc_2_17(declared: str, on: D, first: list[str]) -> None:
    assert names(at(declared, on)) == first + ALWAYS


def test_a_mounted_node_20() -> None:
    mounted = replace(at("node20", D(2026, 9, 22)), mounted=("node20",))
    assert names(mounted)[:2] == ["unsecure-env", "move-mount"]
    assert names(replace(mounted, on=D(2026, 9, 23)))[0] == "move-mount"
    musl = replace(mounted, libc="musl", newest={})
    assert "move-mount" not in names(musl)


def test_what_nothing_in_the_container_mends() -> None:
    uncrossed = [name for name in ALWAYS if name != "cross"]
    assert names(at("node20", TODAY, CENTOS6)) == uncrossed
    assert names(at("node12", D(2021, 5, 7), CENTOS6)) == uncrossed
    musl = replace(at("node20", TODAY), libc="musl", newest={}, arch="arm64")
    assert names(musl) == ["git-checkout", "no-node", "split-job", "docker-run", "image"]
    bare = replace(at("node20", TODAY), has_libraries=False, action="a/b@v1")
    assert names(bare) == ["split-job", "docker-run", "cross", "image"]


def test_node_20_keeps_what_lacks_a_cxxabi_of_node_24() -> None:
    edge = {"GLIBC": "2.28", "GLIBCXX": "3.4.22", "CXXABI": "1.3.10"}
    assert names(at("node20", D(2026, 7, 1), edge))[0] == "unsecure-env"


@pytest.mark.parametrize(
    ("glibc", "target", "offered"),
    [
        ("2.17", "", True),
        ("2.12", "", False),
        ("2.12", "2.17", True),
        ("2.28", "2.12", False),
        ("2.28", "", True),
    ],
)
def test_zig_builds_for_what_it_was_measured_for(glibc: str, target: str, offered: bool) -> None:
    there = replace(at("node20", TODAY, {**CENTOS7, "GLIBC": glibc}), target=target)
    assert (way("cross", there) is not None) is offered


def test_nothing_without_a_runtime() -> None:
    assert ways(replace(at("node20", TODAY), runtime="")) == ()


def test_images() -> None:
    assert floor_image("node24", "x64") == ("2.28", "quay.io/pypa/manylinux_2_28_x86_64")
    assert floor_image("node24", "arm64", "2.35") == ("2.34", "quay.io/pypa/manylinux_2_34_aarch64")
    assert floor_image("node24", "x64", "2.17")[0] == "2.28"
    assert floor_image("node16", "x64")[0] == "2.17"
    dropping = way("image", at("node20", TODAY))
    assert dropping is not None
    assert dropping.cost.startswith("drops users of CentOS 7")
    inside = way("image", replace(at("node20", TODAY), target="2.28"))
    assert inside is not None
    assert inside.cost == ""
    assert way("image", at("node20", TODAY, {**CENTOS7, "GLIBC": "2.34"})) is None


@pytest.mark.parametrize(
    ("glibc", "dropped"),
    [
        ("2.12", "CentOS 7, Debian 9, Ubuntu 18.04 and Amazon Linux 2"),
        ("2.17", "CentOS 7, Debian 9, Ubuntu 18.04 and Amazon Linux 2"),
        ("2.26", "Ubuntu 18.04 and Amazon Linux 2"),
        ("2.27", "Ubuntu 18.04"),
    ],
)
def test_only_those_are_dropped_for_whom_it_was_built_so_far(glibc: str, dropped: str) -> None:
    found = way("image", at("node20", TODAY, {**CENTOS7, "GLIBC": glibc}))
    assert found is not None
    assert found.cost == f"drops users of {dropped}"


def test_substitutes_by_date() -> None:
    assert substitute(D(2024, 10, 2)) == ""
    assert substitute(D(2025, 1, 1)) == "20.18.0"
    assert substitute(TODAY) == "22.20.0"


def test_the_facts_come_from_the_catalogue() -> None:
    assert substitutes() == ((D(2024, 10, 3), "20.18.0"), (D(2025, 9, 26), "22.20.0"))
    assert substitute_needs() == {"GLIBC": "2.17", "GLIBCXX": "3.4.19", "CXXABI": "1.3.7"}
    for runtime in ("node12", "node16"):
        assert node_needs(runtime) == {"GLIBC": "2.17", "GLIBCXX": "3.4.18", "CXXABI": "1.3.5"}
    assert node_needs("node20") == {"GLIBC": "2.28", "GLIBCXX": "3.4.21", "CXXABI": "1.3.9"}
    assert node_needs("node24") == {"GLIBC": "2.28", "GLIBCXX": "3.4.21", "CXXABI": "1.3.11"}
    assert node_needs("node99") == node_needs("") == {}


@pytest.mark.parametrize("runtime", ["node12", "node16", "node20", "node24"])
def test_every_build_of_a_runtime_needs_the_same(runtime: str) -> None:
    """So that one row of numbers says whether it starts."""
    ours = [build for build in builds() if build[1] == "x64" and build[0].startswith(f"{runtime[4:]}.")]
    assert ours
    for version, _ in ours:
        build = node_build(version)
        assert build is not None
        has = newest_of(need.version for need in build.versions)
        assert has.items() >= node_needs(runtime).items(), version


def test_every_way_is_one_line_with_its_command() -> None:
    seen = set()
    for on in (D(2024, 1, 1), D(2024, 11, 1), D(2026, 7, 1), TODAY):
        for declared in ("node16", "node20"):
            for mounted in ((), ("node20",)):
                for found in ways(replace(at(declared, on), mounted=mounted)):
                    seen.add(found.name)
                    assert found.line.endswith(f": actlite check --fix={found.name}")
                    assert "\n" not in found.line
                    assert not found.title.endswith(".")
    assert seen == set(NAMES)
