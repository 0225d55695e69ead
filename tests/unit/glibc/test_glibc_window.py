"""The window between what a job's actions need and what the users of its products have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from actlite.glibc.catalogue import node_build
from actlite.glibc.elf import ElfFile, VersionNeed
from actlite.glibc.target import read_target
from actlite.glibc.window import Day, Runtime, Window, ever_open, needs_of, newer, window

NODE16, NODE20, NODE24 = Runtime("node16", "2.17"), Runtime("node20", "2.28"), Runtime("node24", "2.28")
HISTORY = [
    Day(date(2021, 12, 1), ()),
    Day(date(2022, 3, 1), (NODE16,)),
    Day(date(2024, 7, 3), (NODE20,)),
    Day(date(2026, 6, 16), (NODE24,)),
]
IMAGES = [("2.17", "old"), ("2.28", "middle"), ("2.31", "b"), ("2.34", "c"), ("2.36", "d")]


def fitting(low: str, high: str) -> Iterator[str]:
    return (name for glibc, name in IMAGES if not newer(low, glibc) and not (high and newer(glibc, high)))


def made(has: str, target: str = "", history: list[Day] | None = None) -> Window:
    found = HISTORY if history is None else history
    return window([], found, has, read_target(target) if target else None, fitting)


def test_closed_and_since_when() -> None:
    found = made("2.17", "glibc2.17")
    assert (found.needs, found.runtimes, found.closed, found.images) == ("2.28", ("node24",), True, ())
    assert (found.open_until, found.open_with) == (date(2024, 7, 2), ("node16",))
    assert found.sentence == (
        "actions need glibc ≥ 2.28 (node24); your users have ≥ 2.17 (target glibc2.17): no image does both "
        "since 2024-07-03; until then they ran on node16"
    )


def test_open_with_images_inside() -> None:
    found = made("2.36", "glibc2.34")
    assert (found.closed, found.images, found.open_until) == (False, ("middle", "b", "c"), None)
    assert found.sentence.endswith("an image with glibc 2.28 to 2.34 does both, such as middle or b or c")


def test_as_wide_as_one_release() -> None:
    assert "an image with glibc 2.28 does both, such as middle" in made("2.28", "glibc2.28").sentence


@pytest.mark.parametrize(
    ("has", "said"),
    [
        ("2.17", "; this image has 2.17, too old since 2024-07-03; until then they ran on node16"),
        ("2.36", "; this image has 2.36"),
        ("", ""),
    ],
)
def test_without_a_target(has: str, said: str) -> None:
    found = made(has)
    assert found.sentence == f"actions need glibc ≥ 2.28 (node24){said}"
    assert not found.closed


def test_what_never_ran() -> None:
    found = window(["node20"], HISTORY[2:], "2.17", None, fitting)
    assert found.open_until is None
    assert found.sentence.endswith("too old; what declares node20 never ran there")
    assert made("2.5").open_until is None, "no runtime of any day starts there"
    found = window(["node24", "node20", "node26"], HISTORY[2:], "2.17", None, fitting)
    assert found.sentence.endswith("what declares node20, node24 and node26 never ran there")


def test_what_ran_each_in_its_time_but_never_together() -> None:
    assert made("2.17", history=HISTORY[2:]).sentence.endswith(
        "too old; all of them together never ran there"
    )


def test_whether_there_was_a_day() -> None:
    assert ever_open(HISTORY, "2.17")
    assert not ever_open(HISTORY[2:], "2.17")
    assert not ever_open(HISTORY[:1], "2.36"), "the runner of that time does not know it"
    assert ever_open(HISTORY[2:], "")


def test_a_day_on_which_the_runner_does_not_know_the_action_is_not_open() -> None:
    history = [Day(date(2021, 1, 1), (NODE16,)), Day(date(2022, 1, 1), ()), Day(date(2024, 7, 3), (NODE20,))]
    assert made("2.17", history=history).open_until == date(2021, 12, 31)


def test_actions_that_need_nothing_have_no_window() -> None:
    found = window([], [Day(date(2021, 1, 1), ())], "2.17", read_target("glibc2.17"), fitting)
    assert (found.needs, found.sentence, found.closed) == ("", "", False)


def test_the_needs_of_real_builds() -> None:
    for version, glibc in (
        ("12.13.1", "2.17"),
        ("16.20.2", "2.17"),
        ("20.20.2", "2.28"),
        ("24.18.0", "2.28"),
    ):
        program = node_build(version)
        assert program is not None, version
        assert needs_of(program) == glibc


def test_needs_of_odd_programs() -> None:
    needs = (
        VersionNeed("libc.so.6", "GLIBC_2.9"),
        VersionNeed("libc.so.6", "GLIBC_2.30", weak=True),
        VersionNeed("libc.so.6", "GLIBC_ABI_DT_RELR"),
        VersionNeed("libc.so.6", "GLIBC_2.14"),
    )
    assert needs_of(ElfFile("x64", "program", versions=needs)) == "2.14"
    assert needs_of(ElfFile("x64", "program")) == ""
