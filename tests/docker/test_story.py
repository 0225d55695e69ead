"""Every workflow of the story ends as its header says: real node, real loader, real containers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actlite.execution.as_predicted import DOUBT

STORY = Path(__file__).resolve().parents[2] / "sample_workflows" / "story"
KEYS = ("expect", "as-of", "image", "platform", "flags", "step", "loader", "loader-lines", "says", "case")
EXIT_CODES = {"success": 0, "failure": 1}


@dataclass
class Case:
    """One run of a workflow, and what must come of it."""

    file: Path
    name: str = ""
    settings: dict[str, list[str]] = field(default_factory=dict)

    def last(self, key: str, default: str = "") -> str:
        return self.settings.get(key, [default])[-1]

    def all(self, key: str) -> list[str]:
        return self.settings.get(key, [])

    def steps(self) -> dict[str, str]:
        pairs = (line.rpartition(" = ") for line in self.all("step"))
        return {name.strip(): outcome.strip() for name, _, outcome in pairs}

    def standins(self) -> set[str]:
        words = " ".join(line for lines in self.settings.values() for line in lines)
        return set(re.findall(r"actlite-standin/(\w+):", words))


def read_header(file: Path) -> list[Case]:
    """The cases of a workflow file, from the comment it begins with."""
    shared = Case(file)
    cases: list[Case] = []
    for line in file.read_text().splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"# ([a-z-]+): (.*)", line)
        if match is None or match[1] not in KEYS:
            continue
        if match[1] == "case":
            settings = {key: list(values) for key, values in shared.settings.items()}
            cases.append(Case(file, match[2], settings))
        else:
            (cases[-1] if cases else shared).settings.setdefault(match[1], []).append(match[2])
    return cases or [shared]


def all_cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{file.stem}-{case.name}".rstrip("-"))
        for file in sorted(STORY.glob("*.yml"))
        for case in read_header(file)
    ]


def actlite(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "actlite", *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )


def loader_lines(step: dict[str, Any]) -> list[str]:
    """What the dynamic loader said, as a step's diagnosis has it. (Other diagnoses quote other programs.)"""
    lines = (step.get("diagnosis") or {}).get("loader_lines") or []
    return [line for line in lines if "(required by " in line]


def assert_in_order(expected: list[str], lines: list[str]) -> None:
    rest = iter(lines)
    for line in expected:
        assert line in rest, f"missing, or not in this order: {line!r} in {lines}"


@pytest.fixture
def story_repository(git_repository: Callable[..., Any]) -> Any:
    """A repository with the story's program and workflows, tagged v0.1.0."""
    files = {path.name: path.read_text() for path in (STORY / "project").iterdir()}
    files |= {f".github/workflows/{path.name}": path.read_text() for path in STORY.glob("*.yml")}
    return git_repository(files, tag="v0.1.0")


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("case", all_cases())
def test_story(case: Case, story_repository: Any, standin: Callable[[str], str], tmp_path: Path) -> None:
    for name in sorted(case.standins()):
        standin(name)
    report_file = tmp_path / "report.json"
    options = [word for line in case.all("flags") for word in line.split()]
    options += [word for image in case.all("image") for word in ("--image", image)]
    options += [word for platform in case.all("platform") for word in ("-P", platform)]
    if case.last("as-of", "today") != "today":
        options += ["--as-of", case.last("as-of")]
    workflow = f".github/workflows/{case.file.name}"
    try:
        done = actlite(
            "run", "-C", story_repository.path, "--tag", "v0.1.0", "-W", workflow, *options,
            "--report", f"json={report_file}",
        )  # fmt: skip
    finally:
        cleaned = actlite("clean", "--all", "-C", story_repository.path)
    said = done.stdout + done.stderr
    assert done.returncode == EXIT_CODES[case.last("expect")], said
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert DOUBT not in " ".join(said.split()), said
    report = json.loads(report_file.read_text())
    assert report["conclusion"] == case.last("expect"), said
    steps = [step for job in report["runs"][0]["jobs"] for step in job["steps"]]
    outcomes = {step["name"]: step["outcome"] for step in steps}
    for name, outcome in case.steps().items():
        assert outcomes.get(name) == outcome, f"{name}: {outcomes}\n{said}"
    # A post step of the same action may fail in the same way; the first one tells.
    lines = next(filter(None, map(loader_lines, steps)), [])
    assert_in_order(case.all("loader"), lines)
    assert bool(lines) == bool(case.all("loader")), lines
    if case.all("loader-lines"):
        assert len(lines) == int(case.last("loader-lines")), lines
    for text in case.all("loader") + case.all("says"):
        assert text in said


def test_every_attempt_says_what_must_come_of_it() -> None:
    files = sorted(STORY.glob("*.yml"))
    assert [file.name[0] for file in files] == ["1", "2", "3", "4", "5", "6", "7"]
    for file in files:
        for case in read_header(file):
            assert case.last("expect") in EXIT_CODES, file
            assert case.standins(), file
            named = set(re.findall(r"- name: (.*)", file.read_text()))
            assert set(case.steps()) <= named, f"{file}: a step in the header is not in the workflow"


def test_the_readme_tells_of_every_attempt() -> None:
    text = (STORY / "README.md").read_text()
    for file in STORY.glob("*.yml"):
        assert f"]({file.name})" in text
