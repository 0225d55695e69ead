"""Which node is taken, in every era, with every variable."""

from __future__ import annotations

import datetime

import pytest

from actlite.errors import ActliteError
from actlite.runtimes.choice import UnsupportedUsing
from actlite.runtimes.eras import runner_at

D = datetime.date
UNSECURE = {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": "true"}
TO_20 = {"FORCE_JAVASCRIPT_ACTIONS_TO_NODE20": "true"}
TO_24 = {"FORCE_JAVASCRIPT_ACTIONS_TO_NODE24": "true"}


@pytest.mark.parametrize(
    ("date", "using", "env", "runtime"),
    [
        (D(2021, 5, 7), "node12", {}, "node12"),
        (D(2021, 5, 7), "NODE12", {}, "node12"),
        (D(2023, 6, 13), "node12", {}, "node12"),
        (D(2023, 6, 14), "node12", {}, "node16"),
        (D(2023, 6, 14), "node12", UNSECURE, "node12"),
        (D(2023, 9, 1), "node12", UNSECURE, "node16"),
        (D(2024, 4, 1), "node16", {}, "node16"),
        (D(2024, 4, 1), "node16", TO_20, "node20"),
        (D(2024, 4, 1), "node16", TO_20 | UNSECURE, "node16"),
        (D(2024, 7, 2), "node12", {}, "node16"),
        (D(2024, 7, 3), "node12", {}, "node20"),
        (D(2024, 7, 3), "node16", {}, "node20"),
        (D(2024, 7, 3), "node16", UNSECURE, "node16"),
        (D(2024, 7, 3), "node12", UNSECURE, "node16"),
        (D(2024, 11, 13), "node16", UNSECURE, "node20"),
        (D(2025, 8, 1), "node20", TO_24, "node20"),
        (D(2025, 9, 1), "node20", {}, "node20"),
        (D(2025, 9, 1), "node16", TO_24, "node24"),
        (D(2025, 9, 1), "node20", TO_24 | UNSECURE, "node20"),
        (D(2026, 6, 15), "node20", {}, "node20"),
        (D(2026, 6, 16), "node20", {}, "node24"),
        (D(2026, 6, 16), "node12", {}, "node24"),
        (D(2026, 6, 16), "node20", UNSECURE, "node20"),
        (D(2026, 6, 16), "node12", UNSECURE, "node20"),
        (D(2026, 6, 16), "node20", TO_24 | UNSECURE, "node24"),
        (D(2026, 9, 23), "node20", UNSECURE, "node24"),
        (D(2026, 9, 23), "node24", UNSECURE, "node24"),
    ],
)
def test_choice(date: D, using: str, env: dict[str, str], runtime: str) -> None:
    choice = runner_at(date).choose(using, env)
    assert choice.runtime == runtime
    assert choice.version == runner_at(date).nodes[runtime]
    assert choice.reasons[0] == f"declares {using.lower()}"


def test_reasons_of_today() -> None:
    choice = runner_at(D(2026, 11, 23)).choose("node12", {})
    assert choice.detail == "node12 → node24"
    assert choice.reasons == ("declares node12", "the runner uses node24 instead of node12 since 2026-06-16")


def test_a_variable_without_effect_is_named() -> None:
    choice = runner_at(D(2026, 11, 23)).choose("node20", UNSECURE)
    assert any("has no effect since 2026-09-23 (announced)" in why for why in choice.reasons)
    choice = runner_at(D(2025, 1, 1)).choose("node16", UNSECURE)
    assert any("has no effect in runner 2.321.0" in why for why in choice.reasons)


def test_a_variable_that_keeps_a_node_is_named() -> None:
    choice = runner_at(D(2024, 8, 1)).choose("node16", UNSECURE)
    assert "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION is true, so node16 is kept" in choice.reasons


def test_an_announced_flag_is_marked() -> None:
    choice = runner_at(D(2023, 7, 1)).choose("node12", {})
    assert choice.reasons[-1].endswith("since 2023-06-14 (announced)")
    choice = runner_at(D(2025, 9, 1), {"usenode24bydefault": True}).choose("node20", {})
    assert choice.runtime == "node24"
    assert choice.reasons[-1].endswith("since 2025-09-01 (given)")


def test_both_variables_give_the_runners_warning_and_the_default() -> None:
    choice = runner_at(D(2026, 7, 1)).choose("node20", TO_24 | UNSECURE)
    assert choice.runtime == "node24"
    assert "set to true in the workflow environment" in choice.warnings[0]
    assert choice.warnings[0].endswith("Using the default Node version: node24.")
    choice = runner_at(D(2025, 9, 1)).choose("node20", {}, TO_24 | UNSECURE)
    assert choice.runtime == "node20"
    assert "set to true in the system environment" in choice.warnings[0]


def test_variables_of_different_places_are_no_mistake() -> None:
    choice = runner_at(D(2025, 9, 1)).choose("node20", TO_24, UNSECURE)
    assert (choice.runtime, choice.warnings) == ("node24", ())


def test_workflow_value_beats_the_process() -> None:
    off = {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": "false"}
    assert runner_at(D(2026, 7, 1)).choose("node20", off, UNSECURE).runtime == "node24"
    assert runner_at(D(2026, 7, 1)).choose("node20", {}, UNSECURE).runtime == "node20"


def test_step_env_counts_only_in_newer_releases() -> None:
    assert runner_at(D(2024, 8, 1)).choose("node16", UNSECURE, job_env={}).runtime == "node20"
    assert runner_at(D(2026, 7, 1)).choose("node20", UNSECURE, job_env={}).runtime == "node20"


def test_an_empty_workflow_value_leaves_the_process_value_only_in_older_releases() -> None:
    empty = {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": ""}
    assert runner_at(D(2024, 8, 1)).choose("node16", empty, UNSECURE).runtime == "node16"
    assert runner_at(D(2026, 7, 1)).choose("node20", empty, UNSECURE).runtime == "node24"


def test_node_version_forced_in_the_runners_environment() -> None:
    forced = {"ACTIONS_RUNNER_FORCE_ACTIONS_NODE_VERSION": "node16"}
    assert runner_at(D(2024, 8, 1)).choose("node20", {}, forced).runtime == "node16"
    assert runner_at(D(2024, 8, 1)).choose("node20", forced).runtime == "node20"
    assert runner_at(D(2025, 1, 1)).choose("node20", {}, forced).runtime == "node20"


def test_other_kinds_of_action_have_no_runtime() -> None:
    for using in ("docker", "Composite"):
        choice = runner_at(D(2026, 1, 1)).choose(using, {})
        assert (choice.runtime, choice.version, choice.reasons, choice.detail) == ("", "", (), using.lower())


@pytest.mark.parametrize(
    ("date", "using", "words"),
    [
        (D(2020, 1, 1), "node16", "'using: node16' is not supported, use 'docker' or 'node12' instead."),
        (
            D(2020, 1, 1),
            "composite",
            "'using: composite' is not supported, use 'docker' or 'node12' instead.",
        ),
        (
            D(2022, 1, 1),
            "node20",
            "'using: node20' is not supported, use 'docker', 'node12' or 'node16' instead.",
        ),
        (
            D(2024, 1, 1),
            "node24",
            "'using: node24' is not supported, use 'docker', 'node12', 'node16' or 'node20' instead.",
        ),
        (
            D(2026, 11, 23),
            "node22",
            "'using: node22' is not supported, use 'docker', 'node12', 'node16', 'node20' or 'node24' instead.",
        ),
        (
            D(2026, 11, 23),
            "",
            "Missing 'using' value. 'using' requires 'composite', 'docker', 'node12', 'node16', 'node20' or 'node24'.",
        ),
    ],
)
def test_unsupported_in_the_words_of_the_era(date: D, using: str, words: str) -> None:
    with pytest.raises(UnsupportedUsing) as caught:
        runner_at(date).choose(using, {})
    assert caught.value.what == words
    assert str(date) in caught.value.do
    assert isinstance(caught.value, ActliteError)
