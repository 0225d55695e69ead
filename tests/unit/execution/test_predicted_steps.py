"""What a run says beforehand of its JavaScript steps, and what it says where they end otherwise."""

from __future__ import annotations

import datetime
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core_harness import Bench, Result

from actlite.checking.predictions.described import described
from actlite.engines.fake import Reply
from actlite.errors import ImageUnavailable
from actlite.events import Event, Notice, Prediction, StepsPredicted, StepStarted
from actlite.execution import diagnosing, predicting
from actlite.execution.as_predicted import DOUBT
from actlite.execution.foreseen import MAX_FOLLOWED
from actlite.glibc import image_system
from actlite.glibc.catalogue import image_row, system_of

IMAGE = "quay.io/pypa/manylinux2014_x86_64"
MAIN = "runs:\n  using: {using}\n  main: main.js\n"
NODE20_ON_2_17 = (
    "/__e/node20/bin/node: /lib64/libm.so.6: version `GLIBC_2.27' not found (required by /__e/node20/bin/node)",
    "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.20' not found (required by /__e/node20/bin/node)",
    "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `CXXABI_1.3.9' not found (required by /__e/node20/bin/node)",
    "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.21' not found (required by /__e/node20/bin/node)",
    "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /__e/node20/bin/node)",
    "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.25' not found (required by /__e/node20/bin/node)",
)
"""As the loader of a real image printed them."""


@pytest.fixture
def catalogued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Images are those of the catalogue; gives the names that were asked for."""
    asked: list[str] = []

    def describe(images: Any, image: str, *, cache: Path | None = None, arch: str = "") -> Any:
        asked.append(image)
        row = image_row(image, arch or "x64")
        assert row is not None
        return described(row, image, system_of(row, arch or "x64"), arch or "x64")

    monkeypatch.setattr(image_system, "describe_local", describe)
    return asked


def workflow(*steps: str, container: str = f"container: {IMAGE}", job: str = "") -> str:
    lines = ["on: push", "jobs:", "  build:", "    runs-on: ubuntu-latest"]
    lines += [f"    {line}" for line in [*container.splitlines(), *job.splitlines()] if line]
    lines.append("    steps:")
    for step in steps:
        first, *rest = step.splitlines()
        lines += [f"      - {first}", *(f"        {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def predictions(result: Result) -> tuple[Prediction, ...]:
    found = [event for event in result.events if isinstance(event, StepsPredicted)]
    assert len(found) <= 1
    return found[0].predictions if found else ()


def notices(result: Result) -> list[Notice]:
    return [event for event in result.events if isinstance(event, Notice)]


def place(events: list[Event], wanted: Callable[[Event], bool]) -> int:
    return next(number for number, event in enumerate(events) if wanted(event))


def test_what_fails_is_said_before_the_first_step(bench: Bench, catalogued: list[str]) -> None:
    bench.as_of = datetime.date(2025, 6, 1)
    bench.action("some/one@v1", MAIN.format(using="node20") + "  pre: pre.js\n  post: post.js\n")
    bench.action("some/box@v1", "runs:\n  using: docker\n  image: Dockerfile\n")
    bench.action(
        "some/both@v1",
        "runs:\n  using: composite\n  steps:\n    - run: 'true'\n      shell: sh\n    - uses: some/one@v1\n",
    )
    result = bench.run(
        workflow(
            "run: 'true'", "uses: some/one@v1", "uses: some/box@v1", "uses: some/both@v1", job="env:\n  A: b"
        )
    )
    first, inner = predictions(result)
    assert (first.step, inner.step) == ("2", "4.2")
    assert first.stages == ("pre", "main", "post")
    assert (first.declared, first.runtime, first.verdict, first.kind) == (
        "node20",
        "node20",
        "fails",
        "versions",
    )
    assert first.loader_lines == inner.loader_lines == NODE20_ON_2_17
    assert first.program == "/__e/node20/bin/node"
    assert first.reasons == ("declares node20",)
    event = next(e for e in result.events if isinstance(e, StepsPredicted))
    assert (event.image, event.has) == (IMAGE, "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7")
    said = place(result.events, lambda e: isinstance(e, StepsPredicted))
    assert said < place(result.events, lambda e: isinstance(e, StepStarted) and e.step == "pre-2")
    assert catalogued == [IMAGE]


def test_what_starts_is_in_the_event_too(bench: Bench, catalogued: list[str]) -> None:
    bench.as_of = datetime.date(2021, 5, 7)
    bench.action("some/one@v1", MAIN.format(using="node12"))
    (one,) = predictions(bench.run(workflow("uses: some/one@v1")))
    assert (one.verdict, one.runtime, one.loader_lines, one.missing) == ("starts", "node12", (), ())


@pytest.mark.parametrize(
    ("step", "container"),
    [
        ("uses: some/one@v1", ""),
        ("run: 'true'", f"container: {IMAGE}"),
        ("uses: docker://a", f"container: {IMAGE}"),
    ],
    ids=["no container", "no action", "docker action"],
)
def test_nothing_is_looked_at_without_need(
    bench: Bench, catalogued: list[str], step: str, container: str
) -> None:
    bench.action("some/one@v1", MAIN.format(using="node24"))
    result = bench.run(workflow(step, container=container))
    assert predictions(result) == ()
    assert catalogued == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(ImageUnavailable("gone"), []), (OSError("disk"), []), (RuntimeError("oh"), ["RuntimeError: oh"])],
)
def test_no_error_of_it_harms_a_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, told: list[str]
) -> None:
    def raises(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(image_system, "describe_local", raises)
    bench.action("some/one@v1", MAIN.format(using="node24"))
    result = bench.run(workflow("uses: some/one@v1"))
    assert result.outcome.conclusion == "success"
    assert predictions(result) == ()
    said = [notice.message for notice in notices(result)]
    assert len(said) == len(told)
    assert all(word in text for word, text in zip(told, said, strict=True))


def test_the_steps_own_env_counts(bench: Bench, catalogued: list[str]) -> None:
    bench.as_of = datetime.date(2024, 8, 1)
    bench.action("some/one@v1", MAIN.format(using="node16"))
    allow = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"
    kept, mapped = predictions(
        bench.run(workflow("uses: some/one@v1", "uses: some/one@v1", job=f"env:\n  {allow}: true"))
    )
    assert (kept.runtime, kept.verdict, mapped.runtime) == ("node16", "starts", "node16")
    result = bench.run(workflow("uses: some/one@v1"))
    assert [(p.runtime, p.verdict) for p in predictions(result)] == [("node20", "fails")]
    bench.as_of = datetime.date(2025, 9, 9)
    bench.action("some/two@v1", MAIN.format(using="node20"))
    forced = "uses: some/two@v1\nenv:\n  FORCE_JAVASCRIPT_ACTIONS_TO_NODE24: ${{ 1 == 1 }}\n  B: ${{ fromJSON('x') }}"
    result = bench.run(workflow("uses: some/two@v1", forced))
    assert [p.runtime for p in predictions(result)] == ["node20", "node24"]


@pytest.mark.parametrize("there", [False, True])
def test_a_volume_over_the_runtime(bench: Bench, catalogued: list[str], tmp_path: Path, there: bool) -> None:
    bench.action("some/one@v1", MAIN.format(using="node24"), {"main.js": ""})
    folder = tmp_path / "node24"
    (folder / "bin").mkdir(parents=True)
    if there:
        shutil.copy(Path(sys.executable).resolve(), folder / "bin" / "node")
    container = f"container:\n  image: {IMAGE}\n  volumes: ['{folder}:/__e/node24:ro']"
    result = bench.run(workflow("uses: some/one@v1", container=container))
    (one,) = predictions(result)
    assert one.verdict == ("fails" if there else "mounted")
    assert one.reasons[-1].startswith("the volume") is not there
    assert bool(one.loader_lines) is there


def test_the_build_that_is_mounted_counts_where_it_is_here(bench: Bench, catalogued: list[str]) -> None:
    bench.action("some/one@v1", MAIN.format(using="node24"), {"main.js": ""})
    node = bench.nodes.folder / "node24" / "bin" / "node"
    node.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), node)
    (own,) = predictions(bench.run(workflow("uses: some/one@v1")))
    kept = list((bench.folder / "cache" / "programs").iterdir())
    assert len(kept) == 1
    again = Bench(bench.folder)
    again.actions = bench.actions
    (same,) = predictions(again.run(workflow("uses: some/one@v1")))
    assert same == own
    node.unlink()
    (catalogue,) = predictions(again.run(workflow("uses: some/one@v1")))
    assert catalogue.loader_lines != own.loader_lines


def test_an_action_of_this_repository_counts_as_it_is_here(bench: Bench, catalogued: list[str]) -> None:
    class Repository:
        root = bench.folder / "repository"

    action = Repository.root / "own"
    action.mkdir(parents=True)
    (action / "action.yml").write_text(MAIN.format(using="node24") + "  pre: pre.js\n")
    bench.repository = Repository
    found = predictions(bench.run(workflow("uses: ./own", "uses: ./none")))
    assert [(p.step, p.action, p.stages, p.verdict) for p in found] == [("1", "./own", ("main",), "fails")]


def test_an_action_that_uses_itself_comes_to_an_end(bench: Bench, catalogued: list[str]) -> None:
    class Repository:
        root = bench.folder / "repository"

    uses = "".join(f"    - uses: {name}\n" for name in ["./own"] * 12 + ["some/one@v1"])
    (Repository.root / "own").mkdir(parents=True)
    (Repository.root / "own" / "action.yml").write_text(f"runs:\n  using: composite\n  steps:\n{uses}")
    bench.action("some/one@v1", MAIN.format(using="node24"))
    bench.repository = Repository
    began = time.monotonic()
    found = predictions(bench.run(workflow("uses: some/one@v1", "uses: ./own")))
    assert 1 < len(found) <= MAX_FOLLOWED + 1
    assert time.monotonic() - began < 20


def test_nothing_is_said_after_the_job(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, told = threading.Event(), threading.Event()

    def describe(*_: Any, **__: Any) -> Any:
        ended.wait(20)
        row = image_row(IMAGE)
        assert row is not None
        return described(row, IMAGE, system_of(row, "x64"), "x64")

    monkeypatch.setattr(image_system, "describe_local", describe)
    monkeypatch.setattr(predicting, "PATIENCE", 0.01)
    say = predicting.Predictor._say

    def said(self: predicting.Predictor, event: Event) -> None:
        say(self, event)
        told.set()

    monkeypatch.setattr(predicting.Predictor, "_say", said)
    bench.action("some/one@v1", MAIN.format(using="node24"))
    result = bench.run(workflow("uses: some/one@v1"))
    assert result.outcome.conclusion == "success"
    ended.set()
    assert told.wait(20)
    assert predictions(result) == ()


def test_a_cache_that_can_not_be_written_harms_no_prediction(bench: Bench, catalogued: list[str]) -> None:
    bench.action("some/one@v1", MAIN.format(using="node24"), {"main.js": ""})
    node = bench.nodes.folder / "node24" / "bin" / "node"
    node.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), node)
    (bench.folder / "cache").mkdir()
    (bench.folder / "cache" / "programs").write_text("in the way")
    assert len(predictions(bench.run(workflow("uses: some/one@v1")))) == 1


def test_a_step_that_starts_against_its_prediction(bench: Bench, catalogued: list[str]) -> None:
    bench.action("some/one@v1", MAIN.format(using="node24"))
    result = bench.run(workflow("uses: some/one@v1", "uses: some/one@v1"))
    assert result.outcome.conclusion == "success"
    (said,) = notices(result)
    assert said.level == "warning"
    assert said.message == f"It was predicted that node24 can't start here, and it did. {DOUBT}"


def failing(bench: Bench, lines: tuple[str, ...]) -> None:
    bench.engine.on("/bin/node", Reply(1, "".join(f"{line}\n" for line in lines).encode()))


@pytest.mark.parametrize(
    ("as_of", "using", "lines", "note"),
    [
        ("2025-06-01", "node20", NODE20_ON_2_17, ""),
        ("2025-06-01", "node20", NODE20_ON_2_17[:-1], "Other words of the loader were predicted"),
        ("2021-05-07", "node12", NODE20_ON_2_17, "It was predicted that node12 starts here"),
    ],
)
def test_a_step_that_fails(
    bench: Bench, catalogued: list[str], as_of: str, using: str, lines: tuple[str, ...], note: str
) -> None:
    bench.as_of = datetime.date.fromisoformat(as_of)
    bench.action("some/one@v1", MAIN.format(using=using))
    failing(bench, tuple(line.replace("node20", using) for line in lines))
    result = bench.run(workflow("uses: some/one@v1"))
    diagnosis = result.steps()["1"].diagnosis
    assert diagnosis is not None
    assert notices(result) == []
    doubted = [text for text in diagnosis.notes if DOUBT in text]
    assert bool(doubted) is bool(note)
    assert all(text.startswith(note) for text in doubted)


def test_an_action_that_fails_for_reasons_of_its_own(bench: Bench, catalogued: list[str]) -> None:
    bench.as_of = datetime.date(2021, 5, 7)
    bench.action("some/one@v1", MAIN.format(using="node12"))
    bench.engine.on("/bin/node", Reply(1, b"no such input\n"))
    result = bench.run(workflow("uses: some/one@v1"))
    assert result.steps()["1"].diagnosis is None
    assert notices(result) == []


def test_a_defect_in_a_diagnosis_harms_no_run(
    bench: Bench, catalogued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*_: Any, **__: Any) -> None:
        raise RuntimeError("oh, a secret")

    monkeypatch.setattr(diagnosing, "diagnose", raises)
    bench.settings = {"secrets": {"KEY": "a secret"}}
    bench.as_of = datetime.date(2025, 6, 1)
    bench.action("some/one@v1", MAIN.format(using="node20"))
    failing(bench, NODE20_ON_2_17)
    result = bench.run(workflow("uses: some/one@v1"))
    assert (result.outcome.conclusion, result.steps()["1"].diagnosis) == ("failure", None)
    assert [notice.message for notice in notices(result)] == [
        "The step's failure can't be explained, by a defect of actlite's (RuntimeError: oh, ***)."
    ]


def test_the_diagnosis_has_the_window(bench: Bench, catalogued: list[str]) -> None:
    bench.as_of = datetime.date(2025, 6, 1)
    bench.settings = {"target": "manylinux2014"}
    bench.action("some/one@v1", MAIN.format(using="node20"))
    failing(bench, NODE20_ON_2_17)
    diagnosis = bench.run(workflow("uses: some/one@v1")).steps()["1"].diagnosis
    assert diagnosis is not None
    assert diagnosis.window.startswith("actions need glibc ≥ 2.28 (node20); your users have ≥ 2.17")
    assert "no image does both" in diagnosis.window


def test_secrets_are_hidden_in_it(bench: Bench, catalogued: list[str]) -> None:
    bench.settings = {"secrets": {"KEY": "/lib64/libm"}}
    bench.action("some/one@v1", MAIN.format(using="node24"))
    (one,) = predictions(bench.run(workflow("uses: some/one@v1")))
    assert one.verdict == "fails"
    assert not [line for line in one.loader_lines if "/lib64/libm" in line]
    assert [line for line in one.loader_lines if "***" in line]
