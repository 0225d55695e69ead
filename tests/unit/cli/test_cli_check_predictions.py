"""What ``check`` shows of predictions: options, formats, levels, what is remembered, what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from cli_support import Call

from actlite.checking.predictions import predict
from actlite.checking.predictions.settings import Predicting

OLD = "quay.io/pypa/manylinux2014_x86_64"
TEXT = f"""\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: {OLD}
    steps:
      - uses: actions/checkout@v2
      - uses: actions/cache@v2
"""
PLACE = Path(".github") / "workflows" / "release.yml"


@pytest.fixture
def old(repo: Path) -> Path:
    (repo / PLACE).write_text(TEXT)
    (repo / PLACE.with_name("ci.yaml")).unlink()
    return repo


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as-of", "2021-05-07"], ""),
        (["--as-of", "2024-08-01"], "node20 can't start in"),
        (["--as-of", "2026-11-23"], "node24 can't start in"),
        (["--as-of", "2026-11-23", "--image", f"{OLD}=debian:12"], ""),
        (["--as-of", "2026-11-23", "--runner-flag", "usenode24bydefault=false",
          "--runner-flag", "requirenode24=false"], "node20 can't start in"),
    ],
)  # fmt: skip
def test_which_runner_and_image(old: Path, call: Call, words: list[str], said: str) -> None:
    answer = call("check", *words)
    assert answer.code == (1 if said else 0)
    assert said in answer.out
    assert ("node-cannot-start" in answer.out) == bool(said)
    assert call("check", *words) == answer, "the remembered answer is the same"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as-of", "yesterday"], "'yesterday' is not a date"),
        (["--as-of", "2018-01-01"], "No runner is known for 2018-01-01"),
        (["--target", "centoss:7"], "Unknown target: centoss:7"),
        (["--image", "x"], "--image: 'x' is not of the form NAME=OTHER"),
    ],
)
def test_bad_options(old: Path, call: Call, words: list[str], said: str) -> None:
    answer = call("check", *words)
    assert answer.code == 2
    assert said in answer.err


def test_the_window_is_told_with_a_target(old: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (old / PLACE).write_text(TEXT.replace(OLD, "debian:11"))
    answer = call("check", "--target", "debian:12", "--as-of", "2026-11-23")
    assert answer.code == 0
    assert (
        f"{PLACE}: build: actions need glibc ≥ 2.28 (node24); your users have ≥ 2.36 (target debian:12)"
        in answer.out
    )
    monkeypatch.setenv("ACTLITE_TARGET", "manylinux2014")
    assert "target-too-new" in call("check", "--as-of", "2026-11-23").out


def test_as_json(old: Path, call: Call) -> None:
    data = json.loads(call("check", "--format", "json", "--as-of", "2026-11-23").out)
    assert [item["action"] for item in data["predictions"]] == ["actions/checkout@v2", "actions/cache@v2"]
    first = data["predictions"][0]
    assert (first["verdict"], first["declared"], first["exit_code"]) == ("fails", "node12", 1)
    assert first["choice"]["runtime"] == "node24"
    assert (first["image"]["name"], first["image"]["source"]) == (OLD, "catalogue")
    assert len(first["loader_lines"]) == len(first["missing"]) == 9
    assert [(window["needs"], window["has"]) for window in data["windows"]] == [("2.28", "2.17")]
    good = json.loads(call("check", "--format", "json", "--as-of", "2021-05-07").out)
    assert [item["verdict"] for item in good["predictions"]] == ["starts", "starts"]


def test_every_key_of_the_json_is_told(old: Path, call: Call) -> None:
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text("utf-8")
    data = json.loads(call("check", "--format", "json", "--target", "debian:12").out)
    keys = {key for part in ("predictions", "windows") for item in data[part] for key in item}
    assert len(keys) > 25
    assert sorted(key for key in keys if f"`{key}`" not in page) == []


def test_the_other_formats_show_the_finding(old: Path, call: Call) -> None:
    assert "::error file=.github/workflows/release.yml,line=7" in call("check", "--format", "github").out
    sarif = json.loads(call("check", "--format", "sarif").out)
    (result,) = (found for found in sarif["runs"][0]["results"] if found["ruleId"] == "node-cannot-start")
    assert [place["message"]["text"] for place in result["relatedLocations"]] == [
        "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"
    ]


def test_levels_and_comments(old: Path, call: Call) -> None:
    answer = call("check", "--rule", "node-cannot-start=warning")
    assert (answer.code, "warning[node-cannot-start]" in answer.out) == (0, True)
    (old / PLACE).write_text(TEXT.replace("checkout@v2", "checkout@v2  # actlite: ignore[node-cannot-start]"))
    answer = call("check")
    assert (answer.code, "1 finding silenced by comments" in answer.out) == (0, True)


def test_what_is_not_known_is_told_in_the_summary(old: Path, call: Call) -> None:
    (old / PLACE).write_text(TEXT.replace(OLD, "registry.example.org/a:1"))
    answer = call("check")
    assert answer.code == 0
    said = "2 steps in 1 image not predicted: registry.example.org/a:1 (--images looks into them)"
    assert said in answer.out
    (old / PLACE).write_text(TEXT.replace(OLD, "${{ vars.IMAGE }}"))
    assert call("check").out.strip().endswith("2 steps in 1 image not predicted: ${{ vars.IMAGE }}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("actions/cache@v2", "someone/unheard-of@v9"),
            "1 step of 1 action not predicted: someone/unheard-of@v9 (actlite fetch makes them known)",
        ),
        (
            ("actions/cache@v2", "./nowhere"),
            "1 step of 1 action not predicted: ./nowhere",
        ),
        (
            (
                f"container: {OLD}",
                f"container: {{image: {OLD}, volumes: ['${{{{ vars.NODE }}}}:/__e/node24']}}",
            ),
            "2 steps not predicted: a volume over /__e is only known in the run",
        ),
    ],
)
def test_each_kind_of_what_is_not_known_is_told(
    old: Path, call: Call, change: tuple[str, str], said: str
) -> None:
    (old / PLACE).write_text(TEXT.replace(*change))
    out = call("check").out.strip()
    assert out.endswith(f"in 1 file; {said}")
    assert call("check").out.strip() == out, "the remembered answer is the same"


def test_an_action_that_is_not_known_is_no_matter_in_a_new_image(old: Path, call: Call) -> None:
    (old / PLACE).write_text(TEXT.replace(OLD, "debian:12").replace("cache@v2", "unheard-of@v9"))
    assert call("check").out.strip() == "✓ nothing wrong in 1 file"


def test_legs_that_are_too_many_are_told_in_the_summary(
    old: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "MAX_STEPS", 1)
    matrix = "    strategy: {matrix: {image: ['debian:12', 'debian:11', 'centos:7']}}\n    container: "
    (old / PLACE).write_text(TEXT.replace(f"    container: {OLD}", f"{matrix}${{{{ matrix.image }}}}"))
    said = "2 legs not wholly predicted: only 1 steps of one workflow are looked at"
    assert call("check").out.strip().endswith(f"in 1 file; {said}")


def test_answers_are_remembered_for_the_days_of_a_runner() -> None:
    settings = Predicting(as_of=None)
    settings.date = date(2026, 11, 23)
    days = settings.stretch()
    for day, same in ((date(2026, 11, 24), True), (date(2026, 9, 23), True), (date(2026, 9, 22), False)):
        other = Predicting()
        other.date = day
        assert (other.holds(days) == settings.key) is same, day
    for other in (
        Predicting(target="glibc2.17"),
        Predicting(stand_ins={"a": "b"}),
        Predicting(flags={"x": "1"}),
        Predicting(as_of=settings.date),  # tags are those of that day then
    ):
        other.date = settings.date
        assert other.holds(days) not in ("", settings.key)


def test_nothing_heavy_is_imported(old: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from actlite.cli.ends import run_guarded; code = run_guarded(['check', '--format', 'json']); "
        "print(code, *sorted(sys.modules), file=sys.stderr)"
    )
    env = {**os.environ, "ACTLITE_CACHE": str(tmp_path / "fresh")}

    def loaded() -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
        )
        assert "node24" in done.stdout
        words = done.stderr.split()
        assert words[0] == "1"
        return set(words)

    first, again = loaded(), loaded()
    assert {"docker", "requests", "rich", "elftools", "ssl", "http"} & first == set()
    assert "actlite.checking.checker" in first
    # An answer that is remembered needs neither the language nor the catalogue.
    assert {
        "actlite.checking.checker",
        "actlite.expressions",
        "actlite.glibc",
        "actlite.runtimes",
    } & again == set()


def test_plan_tells_the_node_of_each_action(old: Path, call: Call) -> None:
    text = call("plan", "--as-of", "2026-11-23").out
    assert f"✗ 2 of 2 actions can't start in {OLD}: actlite check" in " ".join(text.split())
    text = call("plan", "--as-of", "2023-09-20", "--explain").out
    assert "step 1  actions/checkout@v2  node12 → node16" in text
    assert "can't start" not in text
    data = json.loads(call("plan", "--as-of", "2026-11-23", "--format", "json").out)
    (job,) = data["workflows"][0]["jobs"]
    assert [(item["choice"]["runtime"], item["verdict"]) for item in job["actions"]] == [
        ("node24", "fails")
    ] * 2
    assert call("plan", "--as-of", "2018-01-01").code == 2


@pytest.mark.parametrize(
    ("words", "fails"),
    [
        ("--as-of 2026-11-23", True),
        ("--as-of 2021-05-07", False),
        (f"--as-of 2026-11-23 --image {OLD}=debian:12", False),
    ],
)
def test_the_plan_of_run_goes_by_the_options_of_run(old: Path, call: Call, words: str, fails: bool) -> None:
    assert ("can't start" in call("run", "-n", *words.split()).out) is fails
