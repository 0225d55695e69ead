"""From a scalar's text back to the file."""

from __future__ import annotations

import pytest

from actlite.document import compose
from actlite.document.nodes import Mapping, Scalar
from actlite.document.places import place
from actlite.source import SourceFile


def scalar(text: str) -> Scalar:
    node, found = compose(SourceFile("w.yml", text))
    assert found == []
    assert isinstance(node, Mapping)
    value = node.entries[-1][1]
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    "text",
    [
        "a: one needle two",
        "a: 'it''s a needle'",
        'a: "x \\" \\x41\\u00e9 needle"',
        'a: "x \\\n   y needle"',
        "a: |\n  first\n\n    needle\n  last",
        "a: >-\n    folded\n    text needle\n",
        "a: several\n  plain lines\n  needle",
        "a: 'several\n\n   lines needle'",
        "a: !!str one needle",
        "a: &anchor 'one needle'",
        "a: |2-\n   needle",
    ],
)
def test_a_word_is_found_in_every_style(text: str) -> None:
    found = scalar(text)
    at = found.text.index("needle")
    span = place(found, at, at + 6)
    assert span.text == "needle"
    assert span.start == text.index("needle")


def test_a_stretch_over_folded_lines() -> None:
    found = scalar("a: >\n  one\n  two three\n")
    at = found.text.index("one")
    assert place(found, at, at + len("one two")).text == "one\n  two"


def test_what_can_not_be_followed_is_the_whole_scalar() -> None:
    found = scalar("a: 'x'")
    assert place(found, 9, 10) == found.span
    assert place(scalar("a: ''"), 0, 0).text == "''"
