"""One workflow through the years: what is foretold of it, with its own lines, and what people see of that."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from predicting_support import findings, predictions, settings
from tests.shared_data import SEED, needs

ROOT = Path(__file__).parents[3]
STORY = ROOT / "sample_workflows" / "story" / "6-manylinux2014.yml"
GOLDEN = Path(__file__).parent / "golden"
UNSECURE = "env:\n  ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true\n\njobs:\n"

NODE20 = [
    ("libm.so.6", "GLIBC_2.27"),
    ("libstdc++.so.6", "GLIBCXX_3.4.20"),
    ("libstdc++.so.6", "CXXABI_1.3.9"),
    ("libstdc++.so.6", "GLIBCXX_3.4.21"),
    ("libc.so.6", "GLIBC_2.28"),
    ("libc.so.6", "GLIBC_2.25"),
]
NODE24 = [
    ("libstdc++.so.6", "CXXABI_1.3.11"),
    ("libstdc++.so.6", "CXXABI_1.3.8"),
    ("libstdc++.so.6", "GLIBCXX_3.4.20"),
    ("libstdc++.so.6", "GLIBCXX_3.4.21"),
    ("libstdc++.so.6", "CXXABI_1.3.9"),
    ("libm.so.6", "GLIBC_2.27"),
    ("libc.so.6", "GLIBC_2.27"),
    ("libc.so.6", "GLIBC_2.28"),
    ("libc.so.6", "GLIBC_2.25"),
]
ERAS = [
    (date(2021, 5, 7), "node12", []),
    (date(2023, 9, 20), "node16", []),
    (date(2024, 8, 1), "node20", NODE20),
    (date(2025, 6, 1), "node20", NODE20),
    (date(2026, 11, 23), "node24", NODE24),
]
TEXTS = [pytest.param(STORY, id="story"), pytest.param(SEED, id="seed", marks=needs(SEED))]


def lines(runtime: str, missing: list[tuple[str, str]]) -> tuple[str, ...]:
    node = f"/__e/{runtime}/bin/node"
    return tuple(
        f"{node}: /lib64/{library}: version `{version}' not found (required by {node})"
        for library, version in missing
    )


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize(("on", "runtime", "missing"), ERAS, ids=lambda value: str(value)[:10])
def test_each_era_has_its_own_node_and_lines(
    path: Path, on: date, runtime: str, missing: list[tuple[str, str]]
) -> None:
    text = path.read_text("utf-8")
    found = predictions(text, settings(on))
    assert {item.action for item in found} >= {"actions/checkout@v2"}
    assert {item.runtime for item in found} == {runtime}
    assert {item.step.lines for item in found} == {lines(runtime, missing)}
    assert {item.fails for item in found} == {bool(missing)}
    said = findings(text, settings(on))
    assert [finding.code for finding in said] == ["node-cannot-start"] * bool(missing)
    if missing:
        assert [note for note in said[0].notes if "not found" in note] == list(lines(runtime, missing))


@pytest.mark.parametrize("path", TEXTS)
def test_the_variable_kept_an_older_node_until_the_runner_had_none(path: Path) -> None:
    text = path.read_text("utf-8").replace("jobs:\n", UNSECURE, 1)
    for on in (date(2024, 7, 3), date(2024, 8, 1), date(2024, 11, 12)):
        assert {(item.runtime, item.fails) for item in predictions(text, settings(on))} == {("node16", False)}
    for on, runtime in (
        (date(2024, 11, 13), "node20"),
        (date(2025, 6, 1), "node20"),
        (date(2026, 11, 23), "node24"),
    ):
        assert {(item.runtime, item.fails) for item in predictions(text, settings(on))} == {(runtime, True)}
    (finding,) = findings(text, settings(date(2025, 6, 1)))
    assert "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION is true but has no effect" in "\n".join(finding.notes)
    assert "too old since 2024-11-13; until then they ran on node16" in "\n".join(finding.notes)


@pytest.mark.parametrize(
    ("name", "on", "target"),
    [
        ("today", date(2026, 11, 23), ""),
        ("2025", date(2025, 6, 1), "manylinux2014"),
        ("target", date(2026, 11, 23), "debian:10"),
    ],
)
def test_what_people_see(name: str, on: date, target: str) -> None:
    found = findings(STORY.read_text("utf-8"), settings(on, target=target))
    text = "".join(f"{finding.render()}\n" for finding in found)
    place = GOLDEN / f"prediction-{name}.txt"
    if os.environ.get("ACTLITE_GOLDEN") == "write":
        place.write_text(text, "utf-8")
    assert text == place.read_text("utf-8")


def test_the_repaired_workflows_have_nothing_that_dies() -> None:
    for path in (
        STORY.with_name("7-repaired.yml"),
        ROOT / "sample_workflows" / "release" / "release.fixed.yml",
    ):
        assert findings(path.read_text("utf-8")) == []
