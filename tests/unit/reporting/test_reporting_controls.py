"""What may pass to a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.reporting.controls import clean, harmless

BEL, ESC = "\x07", "\x1b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("ünï ☃ 𝄞 e\u0301\n", "ünï ☃ 𝄞 e\u0301\n"),
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        (f"{ESC}[31mred{ESC}[0m\n", "red\n"),
        (f"{ESC}[38;5;1;48:2:1:2:3mx", "x"),
        (f"{ESC}[2J{ESC}[H{ESC}[1;1Hx", "x"),
        (f"{ESC}[?25lx{ESC}[?1049h", "x"),
        (f"{ESC}[>4;2mx", "x"),
        (f"{ESC}]0;title{BEL}x", "x"),
        (f"{ESC}]0;title{ESC}\\x", "x"),
        (f"{ESC}]52;c;cGFzdGU={BEL}x", "x"),
        (f"{ESC}]8;;http://e.org{ESC}\\link{ESC}]8;;{ESC}\\", "link"),
        (f"{ESC}]0;no end\nx", "0;no end\nx"),
        (f"{ESC}Pq#0{ESC}\\x", "x"),
        (f"{ESC}_app{ESC}\\{ESC}^pm{ESC}\\x", "x"),
        (f"{ESC}cx{ESC}7{ESC}(B", "x"),
        ("\x9b31mx\x9d0;t\x9cy", "xy"),
        ("\x85\x90", "\\x85\\x90"),
        ("a\x00b\x08c\x0b\x0c\x7f", "a\\x00b\\x08c\\x0b\\x0c\\x7f"),
        (f"end{ESC}", "end\\x1b"),
        (f"{ESC}{ESC}[0m[2Jx", "x"),
        ("byte \udcff, half \ud800", "byte \\xff, half \\ud800"),
    ],
)
def test_without_colour(text: str, shown: str) -> None:
    assert clean(text, colour=False) == shown


def test_colours_pass_and_are_ended() -> None:
    assert clean(f"{ESC}[31mred\n", colour=True) == f"{ESC}[31mred{ESC}[0m\n"
    assert clean(f"{ESC}[31mred{ESC}[2J", colour=True) == f"{ESC}[31mred{ESC}[0m"
    assert clean(f"a{BEL}\n", colour=True) == "a\\x07\n"


def test_plain_text_is_the_same_object() -> None:
    text = "line\n" * 10
    assert clean(text, colour=True) is text
    assert harmless(text)


hostile = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            [*"\x1b\x1b\x1b[]()?;:0123456789mJHPX^_\\\x07\x9b\x9c\x9d\x90\r\n\x00 ~c7", "é", "\udcff"]
        ),
        st.characters(),
    ),
    max_size=60,
)


@given(hostile)
def test_nothing_harmful_passes_without_colour(text: str) -> None:
    result = clean(text, colour=False)
    assert harmless(result)
    assert clean(result, colour=False) == result


@given(hostile)
def test_only_whole_colours_pass_with_colour(text: str) -> None:
    result = clean(text, colour=True)
    assert harmless(re.sub(r"\x1b\[[0-9;:]*m", "", result))
    assert ESC not in re.sub(r"\x1b\[[0-9;:]*m", "", result)
    assert ESC not in result or result.rstrip("\n").endswith(f"{ESC}[0m")
