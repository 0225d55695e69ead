"""The table of runners by date."""

from __future__ import annotations

import datetime
import json
from importlib import resources

import pytest

from actlite.errors import UsageError
from actlite.runtimes.eras import first_date, is_true, runner_at

D = datetime.date
TODAY = D(2026, 11, 23)


@pytest.mark.parametrize(
    ("date", "release", "nodes"),
    [
        (D(2019, 10, 10), "2.159.0", {"node12": "12.4.0"}),
        (D(2019, 12, 13), "2.163.0", {"node12": "12.13.1"}),
        (D(2021, 5, 7), "2.278.0", {"node12": "12.13.1"}),
        (D(2021, 11, 29), "2.285.0", {"node12": "12.22.7", "node16": "16.13.0"}),
        (D(2021, 12, 7), "2.285.1", {"node12": "12.13.1", "node16": "16.13.0"}),
        (D(2023, 1, 31), "2.301.1", {"node12": "12.22.7", "node16": "16.16.0"}),
        (D(2023, 9, 1), "2.308.0", {"node16": "16.20.1", "node20": "20.5.0"}),
        (D(2024, 7, 4), "2.317.0", {"node16": "16.20.2", "node20": "20.13.1"}),
        (D(2024, 12, 1), "2.321.0", {"node20": "20.18.0"}),
        (D(2025, 7, 26), "2.327.1", {"node20": "20.19.3", "node24": "24.4.0"}),
        (TODAY, "2.336.0", {"node20": "20.20.2", "node24": "24.18.0"}),
    ],
)
def test_release_and_nodes_of_a_date(date: D, release: str, nodes: dict[str, str]) -> None:
    runner = runner_at(date)
    assert runner.release == release
    assert {name: version for name, version in runner.nodes.items() if "alpine" not in name} == nodes
    assert {name for name in runner.nodes if "alpine" in name} == {f"{name}_alpine" for name in nodes}
    assert runner.since <= date


def test_only_x64_has_alpine_builds() -> None:
    assert set(runner_at(TODAY).folders("arm64")) == {"node20", "node24"}


def test_before_the_first_runner_says_the_first_date() -> None:
    with pytest.raises(UsageError, match="No runner is known for 2019-10-09") as caught:
        runner_at(first_date() - datetime.timedelta(days=1))
    assert "2019-10-10" in caught.value.do


def test_future_takes_the_newest_and_says_so() -> None:
    runner = runner_at(D(2031, 1, 1), today=TODAY)
    assert runner.release == "2.336.0"
    assert any("has not come yet" in note for note in runner.notes)


def test_a_date_that_the_table_covers_needs_no_note() -> None:
    assert runner_at(D(2021, 5, 7), today=TODAY).notes == ()


def test_flags_by_date_and_by_the_user() -> None:
    name = "actions.runner.usenode24bydefault"
    assert not runner_at(D(2026, 6, 15)).flag(name)
    assert runner_at(D(2026, 6, 16)).flag(name)
    assert not runner_at(TODAY, {name: False}).flag(name)
    assert runner_at(D(2025, 9, 1), {"UseNode24ByDefault": "true"}).flag(name)
    assert runner_at(TODAY, {"actions_runner_allow_artifacts_file": "1"}).flag(
        "ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE"
    )
    assert not runner_at(TODAY).flag("no.such.flag")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("$true", True),
        (" true", False),
        ("yes", False),
        ("", False),
        (None, False),
    ],
)
def test_true_as_the_runner_reads_it(value: str | None, expected: bool) -> None:
    assert is_true(value) is expected


def test_services_shut_off() -> None:
    assert not runner_at(D(2025, 1, 29)).is_shut_off("artifact-v3")
    assert runner_at(D(2025, 1, 30)).is_shut_off("artifact-v3")
    assert not runner_at(D(2020, 11, 15)).is_shut_off("set-env")
    assert runner_at(D(2020, 11, 16)).is_shut_off("set-env")


def test_the_table_is_in_order_and_says_where_it_comes_from() -> None:
    table = json.loads(resources.files("actlite.runtimes").joinpath("eras.json").read_text("utf-8"))
    numbers = [tuple(map(int, release.split("."))) for _, release in table["releases"]]
    assert [day for day, _ in table["releases"]] == sorted(day for day, _ in table["releases"])
    assert numbers == sorted(numbers)
    known = {release for _, release in table["releases"]}
    for rows in ("nodes", "accepted", "internal", "mappings", "forced_by_process"):
        assert {row["since"] for row in table[rows]} <= known
    for row in table["flags"] + table["shut_off"]:
        assert row["source"]
        assert row["confidence"] in {"released", "observed", "announced"}


def test_internal_node() -> None:
    assert [runner_at(d).internal_node for d in (D(2021, 5, 7), D(2023, 1, 1), TODAY)] == [
        "node12",
        "node16",
        "node20",
    ]
