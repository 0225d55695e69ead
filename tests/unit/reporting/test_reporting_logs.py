"""Markers in logs, and the remembered end of a log."""

from __future__ import annotations

import pytest

from actlite.reporting.console.tail import KEPT_LINES, KEPT_WIDTH, LogTail
from actlite.reporting.logtext import LogText, indent


def render(*pieces: str) -> str:
    log = LogText()
    return "".join(log.render(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\n", "a\nb\n"),
        ("##[group]T\nin\n##[endgroup]\nout\n", "▸ T\n  in\nout\n"),
        ("##[group]\nin\n", "▸ \n  in\n"),
        ("##[group]A\n##[group]B\nin\n##[endgroup]\n##[endgroup]\nout\n", "▸ A\n▸ B\n  in\nout\n"),
        ("##[error]e\n##[warning]w\n##[notice]n\n", "Error: e\nWarning: w\nNotice: n\n"),
        ("##[debug]d\n##[command]c\n##[section]s\n", "Debug: d\n$ c\ns\n"),
        ("##[ERROR]e\n", "Error: e\n"),
        ("##[other]x\n", "##[other]x\n"),
        ("a ##[error]x\n", "a ##[error]x\n"),
        ("##[error]last", "Error: last\n"),
        ("##[endgroup]\n", ""),
        ("##[group]T\n##[error]e\n", "▸ T\n  Error: e\n"),
        ("##[", "##[\n"),
    ],
)
def test_markers(text: str, shown: str) -> None:
    assert render(text) == shown


def test_a_group_stays_open_between_pieces() -> None:
    assert render("##[group]T\n", "a\nb\n", "##[endgroup]\n", "c\n") == "▸ T\n  a\n  b\nc\n"


def test_styles_are_given_by_the_caller() -> None:
    assert LogText(lambda text, style: f"<{style}>{text}").render("##[error]x\n") == "<red>Error: x\n"


def test_indent() -> None:
    assert indent("a\nb\n", "> ") == "> a\n> b\n"
    assert indent("a", "> ") == "> a"


def test_ended_groups_are_folded_and_open_ones_are_not() -> None:
    tail = LogTail()
    tail.add("##[group]First\n1\n2\n##[endgroup]\nbetween\n##[group]Second\n3\n")
    assert tail.folded(10) == ["▸ First (2 lines)", "between", "▸ Second", "  3"]
    tail.add("##[endgroup]\n")
    assert tail.folded(10)[-1] == "▸ Second (1 line)"
    assert tail.unfolded(3) == ["between", "▸ Second", "  3"]


def test_only_the_last_lines_are_asked_for() -> None:
    tail = LogTail()
    tail.add("".join(f"{n}\n" for n in range(50)))
    assert tail.folded(3) == ["47", "48", "49"]


def test_memory_is_bounded() -> None:
    tail = LogTail()
    tail.add("x" * 10_000_000)
    for _ in range(20):
        tail.add("line\n" * 100_000)
    assert len(tail.unfolded(10**9)) == KEPT_LINES
    tail.add("y" * 10_000_000)
    assert tail.unfolded(1) == ["y" * KEPT_WIDTH]
