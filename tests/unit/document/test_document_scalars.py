"""What plain scalars mean, and how numbers are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.document import compose
from actlite.document.nodes import Primitive, Scalar
from actlite.document.scalars import number_text, plain_value, primitive_text, tagged_value
from actlite.source import SourceFile


def value_of(text: str) -> Primitive:
    node, found = compose(SourceFile("w.yml", text))
    assert found == []
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize("text", ["on", "off", "yes", "no", "y", "tRUE", "nULL", "1_000", "1:30", "2001-01-01", "0b1", "0X1F", "0O7", "-0x1", ".", "+", "1e", "..1", "0x", "<<", "=", "1.2.3", "١"])  # fmt: skip
def test_strings(text: str) -> None:
    assert plain_value(text) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("010", 10), ("-007", -7), ("+5", 5), ("0o10", 8), ("0x1F", 31), ("0xffffffff", -1), ("0o37777777777", -1),
     ("1.10", 1.1), (".5", 0.5), ("-.5", -0.5), ("1.", 1), ("1e3", 1000), ("1E-2", 0.01), ("1e999", math.inf),
     (".inf", math.inf), ("+.INF", math.inf), ("-.Inf", -math.inf)],
)  # fmt: skip
def test_numbers(text: str, number: float) -> None:
    value = plain_value(text)
    assert type(value) is float
    assert value == number


def test_not_a_number() -> None:
    assert all(isinstance(v := plain_value(t), float) and math.isnan(v) for t in (".nan", ".NaN", ".NAN"))


def test_booleans_and_null() -> None:
    assert [plain_value(t) for t in ("true", "True", "TRUE")] == [True] * 3
    assert [plain_value(t) for t in ("false", "False", "FALSE")] == [False] * 3
    assert [plain_value(t) for t in ("", "~", "null", "Null", "NULL")] == [None] * 5


@pytest.mark.parametrize("text", ["'1'", '"true"', "'~'", "!!str 1", "|\n  1"])
def test_what_is_quoted_or_tagged_is_text(text: str) -> None:
    assert isinstance(value_of(text), str)


def test_tags() -> None:
    assert value_of("!!int 0x10") == 16.0
    assert value_of("!!float 1") == 1.0
    assert value_of("!!bool TRUE") is True
    assert value_of("!!null ~") is None
    assert value_of("!<tag:yaml.org,2002:bool> false") is False
    with pytest.raises(ValueError, match="x"):
        tagged_value("x", "tag:yaml.org,2002:int")


@pytest.mark.parametrize(
    ("text", "code"),
    [("!!timestamp 2020-01-01", "yaml-tag"), ("!!int '3'", "yaml-tag"), ("! x", "yaml-tag"), ("!mine x", "yaml-tag"),
     ("!!int x", "yaml-value"), ("!!bool yes", "yaml-value"), ("0x1ffffffff", "yaml-value"), ("0o777777777777", "yaml-value")],
)  # fmt: skip
def test_refused_values(text: str, code: str) -> None:
    _, found = compose(SourceFile("w.yml", f"a: {text}"))
    assert [d.code for d in found] == [code]
    assert found[0].span is not None
    assert found[0].span.column == 4


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.1, "1.1"), (1000.0, "1000"), (-0.0, "0"), (1234567890123456789.0, "1.23456789012346E+18"), (1e15, "1E+15"),
     (123456789012345.0, "123456789012345"), (1e-5, "1E-05"), (0.0001, "0.0001"), (1e100, "1E+100"), (0.1 + 0.2, "0.3"),
     (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")],
)  # fmt: skip
def test_numbers_are_written_with_15_digits(number: float, text: str) -> None:
    assert number_text(number) == text


def test_scalars_where_text_is_wanted() -> None:
    texts = [primitive_text(plain_value(t)) for t in ("1.10", "1e3", "007", "True", "0x1f", "~", "yes")]
    assert texts == ["1.1", "1000", "7", "true", "31", "", "yes"]


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_a_written_number_reads_as_nearly_the_same(number: float) -> None:
    text = number_text(number)
    back = plain_value(text)
    assert isinstance(back, float)
    assert back == pytest.approx(number, rel=1e-14)
    assert number_text(back) == text
