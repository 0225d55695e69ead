"""The built-in functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.expressions import ExpressionError, evaluate
from actlite.expressions.functions.from_json import merge
from actlite.expressions.functions.lenient_json import JsonError, read


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("contains('Hello','LL')", True), ("contains(fromJSON('[\"Abc\"]'),'abc')", True),
        ("contains(fromJSON('[\"abc\"]'),'b')", False), ("contains(fromJSON('{\"a\":1}'),'a')", False),
        ("contains(fromJSON('[1]'),'1')", True), ("contains('abc', fromJSON('[]'))", False), ("contains(123, 2)", True),
        ("startsWith(null,'')", True), ("startsWith('ABC','ab')", True), ("startsWith('a', fromJSON('[]'))", False),
        ("endsWith(fromJSON('[]'),'')", False), ("endsWith('v1-RC','-rc')", True), ("endsWith('a', fromJSON('{}'))", False),
        ("format('{{0}} {0}', 'x')", "{0} x"), ("format('{0}{1}{0}', 'a', true)", "atruea"), ("format('{00}', 'a')", "a"),
        ("format('{0}', fromJSON('[]'))", "Array"), ("format('{0}{1}', 1.10, null)", "1.1"), ("format(1)", "1"),
        ("join(fromJSON('[1,null,true]'))", "1,,true"), ("join('x','-')", "x"), ("join(fromJSON('[\"a\",\"b\"]'), '-')", "a-b"),
        ("join(fromJSON('[]'))", ""), ("join(fromJSON('{\"a\":1}'))", ""), ("join(fromJSON('[[],{}]'))", "Array,Object"),
        ("join(fromJSON('[1,2]'), fromJSON('[]'))", "1,2"),
        ("toJSON(fromJSON('{\"a\":[],\"b\":{}}'))", '{\n  "a": [],\n  "b": {}\n}'),
        ("toJSON(fromJSON('{\"a\":[1,{\"b\":null}]}'))", '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}'),
        ("toJSON(447490979644884.5)", "447490979644884"), ("toJSON(447490979644885.5)", "447490979644886"),
        ("toJSON(1234567890123456789)", "1.23456789012346E+18"), ("toJSON(NaN)", "NaN"), ("toJSON('é/\\')", '"é/\\\\"'),
        ("toJSON(fromJSON('\"\\u2028\\u0001\\u007f\\t\"'))", '"\\u2028\\u0001\x7f\\t"'),
        ("fromJSON('1e2')", 100.0), ("fromJSON('\"\\u00e9\\ud83d\\ude0a\"')", "é😊"),
        ("case(false, 'a', 1 == 1, 'b', 'c')", "b"), ("case(false, 'a', 'c')", "c"), ("CASE(true, 1, 2)", 1.0),
    ],
)  # fmt: skip
def test_values(source: str, value: object) -> None:
    assert evaluate(source, {}) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "format('{1}','x')",
            "The following format string references more arguments than were supplied: {1}",
        ),
        ("format('{0:N}',1)", "The format specifiers 'N' are not valid for objects of type 'Number'"),
        ("format('{0}{0:x}', 'a')", "The format specifiers 'x' are not valid for objects of type 'String'"),
        ("format('{0:a}}b}', null)", "The format specifiers 'a}b' are not valid for objects of type 'Null'"),
        ("format('{')", "The following format string is invalid: {"),
        ("format('a}b')", "The following format string is invalid: a}b"),
        ("format('{-1}')", "The following format string is invalid: {-1}"),
        ("format('{256}', 1)", "The following format string is invalid: {256}"),
        ("format('{5} {', 1)", "references more arguments than were supplied"),
        ("case(1, 'a', 'b')", "case predicate must evaluate to a boolean value"),
        (
            "fromJSON('')",
            "Error parsing fromJson: Error reading JToken from JsonReader. Path '', line 0, position 0.",
        ),
        (
            "fromJSON('{\"a\"}')",
            "Error parsing fromJson: Invalid character after parsing property name. Expected ':' but got: }. "
            "Path '', line 1, position 4.",
        ),
        (
            "fromJSON('[1 2]')",
            "After parsing a value an unexpected character was encountered: 2. Path '[0]', line 1, position 3.",
        ),
        (
            "fromJSON('x')",
            "Unexpected character encountered while parsing value: x. Path '', line 0, position 0.",
        ),
        (
            'fromJSON(\'{"a.b":[1,{"c":y}]}\')',
            "Unexpected character encountered while parsing value: y. Path '['a.b'][1].c', line 1, position 15.",
        ),
        (
            "fromJSON('[1}')",
            "JsonToken EndObject is not valid for closing JsonType Array. Path '[0]', line 1",
        ),
        (
            "fromJSON('{\"a\":[')",
            "Unexpected end of content while loading JObject. Path 'a', line 1, position 6.",
        ),
        ("fromJSON('08')", "Input string '08' is not a valid number. Path '', line 1, position 2."),
        ("fromJSON('-0x1')", "Input string '-0x1' is not a valid number."),
        ("fromJSON('truex')", "Error parsing boolean value. Path '', line 1, position 4."),
        ("fromJSON('1x:')", "Unexpected character encountered while parsing number: :."),
        ("fromJSON('{a/**/:1}')", "Invalid JavaScript property identifier character: /."),
        ("fromJSON('\"a')", "Unterminated string. Expected delimiter: \". Path '', line 1, position 2."),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {})
    assert caught.value.kind == "evaluation"
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 1} trailing", {"a": 1.0}), ("[1, /* two */ 2,// note\n]", [1.0, 2.0]), ("// note\n[1]", " note"), ("/* a */ 1", " a "), ("{a: 'it\\'s', $b_1: 2,}", {"a": "it's", "$b_1": 2.0}),
        ("0x10", 16.0), ("010", 8.0), ("-010", -10.0), ("0xFFFFFFFFFFFFFFFF", -1.0), ("[,]", [""]), ("[1,,2]", [1.0, "", 2.0]), ('{"a":,"b":1}', {"a": "", "b": 1.0}),
        (",", ""), ('"\\ud800"', "\ufffd"), ('["\\ud83d\\ude0a"]', ["😊"]), ("-1.5e1", -15.0), (".5", 0.5), ("1 2", 1.0), ("[Infinity]", [float("inf")]),
        ('{"A":1,"b":2,"a":3}', {"A": 3.0, "b": 2.0}), ('"a\nb"', "a\nb"), ("undefined", ""), ('{"a":1,"a":2}', {"a": 2.0}),
        ("\ufeff1", 1.0),
    ],
)  # fmt: skip
def test_json_is_read_leniently(text: str, value: object) -> None:
    if text.startswith("\ufeff"):
        with pytest.raises(ExpressionError, match="Error parsing fromJson"):
            evaluate("fromJSON(x)", {"x": text})
        return
    assert evaluate("fromJSON(x)", {"x": text}) == value


def test_json_nests_at_most_64_deep() -> None:
    assert evaluate("fromJSON(x)", {"x": "[" * 64 + "]" * 64}) != []
    for depth in (65, 100_000):
        with pytest.raises(ExpressionError, match="MaxDepth of 64 has been exceeded"):
            evaluate("fromJSON(x)", {"x": "[" * depth + "]" * depth})
    flat = "[" + ",".join(["[]"] * 100) + "]"
    assert len(_list(evaluate("fromJSON(x)", {"x": flat}))) == 100


def _list(value: Any) -> list[Any]:
    assert isinstance(value, list)
    return value


def test_an_endless_value_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ExpressionError, match="maximum allowed memory"):
        evaluate("toJSON(x)", {"x": value})


def outcome(source: str, text: str) -> str:
    """The kind of error that an expression on ``x`` gives, or ''. No other exception may come."""
    try:
        evaluate(source, {"x": text})
    except ExpressionError as error:
        return error.kind
    return ""


def lenient(text: str) -> str:
    try:
        read(text, merge)
    except JsonError as error:
        return str(error)
    return ""


@given(st.text(alphabet=st.sampled_from("{}[],:'\"\\u0041/* \n-+.eEx1nultrfasNI\ud800"), max_size=25))
def test_random_json_is_read_or_refused(text: str) -> None:
    problem = lenient(text)
    assert problem == "" or "line" in problem
    assert outcome("fromJSON(x)", text) in ("", "evaluation")


@given(st.text(alphabet=st.sampled_from("{}01:ab"), max_size=12))
def test_random_formats(text: str) -> None:
    assert outcome("format(x, 'A', 'B')", text) in ("", "evaluation")
