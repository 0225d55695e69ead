"""Comments that silence findings."""

from __future__ import annotations

import pytest

from actlite.checking.comments import silence
from actlite.diagnostics import Diagnostic, Severity
from actlite.source import SourceFile


def left(text: str, *, code: str = "unknown-step") -> tuple[list[str], int]:
    """What stays of one finding at each ``@``: the codes, and how many are silenced."""
    places = [index for index, character in enumerate(text) if character == "@"]
    source = SourceFile("a.yml", text)
    findings = [Diagnostic(code, Severity.ERROR, "m", source.span(at, at + 1)) for at in places]
    kept, silenced = silence(source, findings)
    return [finding.code for finding in kept], len(silenced)


@pytest.mark.parametrize(
    "text",
    [
        "a: '@' # actlite: ignore[unknown-step]\n",
        "a: '@' # actlite: ignore\n",
        "a: '@' #actlite:ignore[unknown-step]",
        "a: '@' ## actlite: ignore [ unknown-step , step-id ]\nb: '@'",
        "a: '@' # actlite: ignore[Unknown-Step] because of that\n",
        "# actlite: ignore[unknown-step]\na: '@'\n",
        "  # actlite: ignore[unknown-step]\r\n  # set elsewhere\r\n  a: '@'\r\n",
        "a: '@' # later # actlite: ignore[unknown-step]\n",
        "a: |\n  echo '@' # actlite: ignore[unknown-step]\n",
        "a: |\n  # actlite: ignore[unknown-step]\n  echo '@'\n",
        "a: | # actlite: ignore[unknown-step]\n  one\n  @\nb: 1\n",
        "a: &b |- # actlite: ignore[unknown-step]\n  one\n  @",
        "a: >\n  text\n# actlite: ignore[unknown-step]\nb: '@'\n",
    ],
)
def test_silenced(text: str) -> None:
    kept, silenced = left(text)
    assert silenced == 1
    assert [code for code in kept if code == "unknown-step"] == ["unknown-step"] * (text.count("@") - 1)


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("a: '@'\n", []),
        ("a: '@ # actlite: ignore[unknown-step]'\n", []),
        ('a: "@ # actlite: ignore"\n', []),
        ("a: @#actlite: ignore\n", []),
        ("# actlite: ignore[unknown-step]\n\na: '@'\n", ["unused-ignore"]),
        ("b: 1 # actlite: ignore[unknown-step]\na: '@'\n", ["unused-ignore"]),
        ("a: '@'\n# actlite: ignore[unknown-step]\n", ["unused-ignore"]),
        ("a: '@' # actlite: ignore[step-id]\n", ["unused-ignore"]),
        ("a: '@' # actlite: ignore[unknwon-step]\n", ["unknown-rule"]),
        ("a: '@' # actlite: ignore[]\n", ["unknown-rule"]),
        ("a: '@' # actlite: ignore[unknown-step\n", ["unknown-rule"]),
        ("a: '@' # actlite: ignored\n", ["unknown-rule"]),
        ("a: '@' # actlite: disable\n", ["unknown-rule"]),
        ("a: '@' # actlite\n", []),
        ("a: |\n  echo '@'\n  # actlite: ignore[unknown-step]\n", []),
        ("a: |\n  # actlite: disable\n  echo '@'\n", []),
        ("a: |\n  echo '@'#actlite: ignore\n", []),
        ("a: |\n  # actlite: ignore\n  echo\n  '@'\n", []),
        ("a: | # actlite: ignore\n  echo\nb: '@'\n", ["unused-ignore"]),
    ],
)
def test_not_silenced(text: str, also: list[str]) -> None:
    kept, silenced = left(text)
    assert silenced == 0
    assert sorted(kept) == sorted(["unknown-step", *also])


def test_each_name_that_is_not_needed_is_told() -> None:
    text = "a: '@' # actlite: ignore[unknown-step, step-id, job-id]\n"
    source = SourceFile("a.yml", text)
    finding = Diagnostic("unknown-step", Severity.ERROR, "m", source.span(4, 5))
    kept, silenced = silence(source, [finding])
    assert silenced == (finding,)
    assert [(found.code, found.span.text if found.span else "") for found in kept] == [
        ("unused-ignore", "step-id"),
        ("unused-ignore", "job-id"),
    ]


def test_a_misspelt_rule_gets_a_hint_at_its_place() -> None:
    source = SourceFile("a.yml", "a: 1 # actlite: ignore[unknwon-step]\n")
    (found,), _ = silence(source, [])
    assert found.span is not None
    assert (found.span.text, found.label) == ("unknwon-step", "did you mean 'unknown-step'?")


def test_a_file_that_is_no_yaml_can_have_comments_too() -> None:
    kept, silenced = left("a: [ '@' # actlite: ignore[yaml-syntax]\n", code="yaml-syntax")
    assert (kept, silenced) == ([], 1)


def test_findings_without_a_place_stay() -> None:
    finding = Diagnostic("encoding", Severity.ERROR, "m")
    source = SourceFile("a.yml", "# actlite: ignore\n")
    kept, silenced = silence(source, [finding])
    assert kept[0] is finding
    assert silenced == ()
