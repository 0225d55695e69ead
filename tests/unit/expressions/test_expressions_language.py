"""The language: literals, operators, indexes, errors."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.expressions import CaseSensitiveDict, ExpressionError, evaluate, parse
from actlite.expressions.parser import MAX_LENGTH
from actlite.expressions.values import fold, parse_number, to_number, to_string

CONTEXTS: dict[str, Any] = {
    "github": {"ref": "refs/tags/v1", "event": {"commits": [{"id": 1}, {"no": 0}, {"id": 3}]}},
    "matrix": {"os": "linux", "n": 2},
    "env": CaseSensitiveDict(FOO="upper", foo="lower"),
    "list": ["a", "b", {"c": [7]}],
}


def run(source: str) -> Any:
    return evaluate(source, CONTEXTS)


def failure(source: str, **functions: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, CONTEXTS, functions)
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'A' == 'a'", True), ("'1' == 1", True), ("'' == 0", True), ("null == 0", True), ("true == '1'", True),
        ("'abc' == 0", False), ("NaN == NaN", False), ("NaN != NaN", True), ("null == null", True), ("null <= null", True),
        ("null < null", False), ("fromJSON('[1]') == fromJSON('[1]')", False), ("list == list", True), ("true > false", True),
        ("'b' > 'A'", True), ("'_' > 'a'", True), ("'é' == 'É'", True), ("'ß' == 'SS'", False), ("'ı' == 'I'", False),
        ("1 && 'x'", "x"), ("'' || 'd'", "d"), ("!''", True), ("0 || null", None), ("0 && 'x'", 0.0), ("!list", False),
        ("0xff == 255", True), ("'0XFF' == 255", False), ("'0o17' == 15", True), ("'1_000' == 1000", False),
        ("' 12 ' == 12", True), ("0xffffffff", -1.0), ("'0x1ffffffff' == 1", False), ("'INFINITY' == Infinity", True),
        ("-0", 0.0), ("1 < 2 == true", True), ("!true == false", True), ("true || false && false", True),
        ("(true || false) && false", False), ("1 == 1 == 1", True), ("", None), ("  ", None), ("'it''s'", "it's"),
        ("matrix['OS']", "linux"), ("MATRIX.Os", "linux"), ("matrix . os", "linux"), ("env.foo", "lower"), ("env.FOO", "upper"),
        ("env.Foo", None), ("matrix.n", 2.0), ("list['1']", "b"), ("list[1.9]", "b"), ("list[-1]", None), ("list[9]", None),
        ("list[2].c[0]", 7.0), ("github.nope.more['x'].y", None), ("github.event.commits.*.id", [1.0, 3.0]),
        ("github.event.commits[*].id", [1.0, 3.0]), ("github.ref.*", []), ("join('x').*", []), ("(list.*)[0]", []),
        ("fromJSON('\"x\"')['y']", None), ("list[list]", None), ("matrix[list]", None),
    ],
)  # fmt: skip
def test_values(source: str, value: object) -> None:
    result = run(source)
    assert result == value
    assert type(result) is type(value) or isinstance(result, list)


def test_what_is_not_needed_is_not_evaluated() -> None:
    boom = {"boom": lambda arguments: 1 / 0}
    for source in (
        "false && boom()",
        "true || boom()",
        "case(true, 1, boom())",
        "x.y[boom()]",
        "format('x', boom())",
    ):
        evaluate(source, {"x": {}}, boom)
    with pytest.raises(ZeroDivisionError):
        evaluate("boom()", {}, boom)


@pytest.mark.parametrize(
    ("source", "kind", "position", "message"),
    [
        ("secrets.X != ''", "parsing", 1, "Unrecognized named-value: 'secrets'. Located at position 1 within expression: secrets.X != ''"),
        ("false && nope(1)", "parsing", 10, "Unrecognized function: 'nope'. Located at position 10 within expression: false && nope(1)"),
        ("'x'.*", "parsing", 4, "Unexpected symbol: '.'. Located at position 4 within expression: 'x'.*"),
        ("True", "parsing", 1, "Unrecognized named-value: 'True'"),
        ("TRUE", "parsing", 1, "Unrecognized named-value: 'TRUE'"),
        ("1 +", "lexing", 3, "Unexpected symbol: '+'"),
        ("1 == \"x\"", "lexing", 6, "Unexpected symbol: '\"x\"'"),
        ("a.b", "parsing", 1, "Unrecognized named-value: 'a'"),
        ("nope && @", "parsing", 1, "Unrecognized named-value: 'nope'"),
        ("github.", "parsing", 7, "Unexpected end of expression: '.'"),
        ("(1", "parsing", 2, "Unexpected end of expression: '1'"),
        ("1 || ", "parsing", 3, "Unexpected end of expression: '||'"),
        ("list[1", "parsing", 6, "Unexpected end of expression: '1'"),
        ("(1, 2)", "parsing", 3, "Unexpected symbol: ','"),
        (")", "parsing", 1, "Unexpected symbol: ')'"),
        ("case(true, 'a')", "parsing", 5, "Too few parameters supplied: '('"),
        ("case(true, 1, 2, 3)", "parsing", 5, "Even number of parameters supplied, requires an odd number of parameters: '('"),
        ("join(1, 2, 3)", "parsing", 5, "Too many parameters supplied: '('"),
        ("contains()", "parsing", 9, "Too few parameters supplied: '('"),
        ("'😊' == nope", "parsing", 8, "Located at position 9 within"),
    ],
)  # fmt: skip
def test_errors_name_the_first_fault(source: str, kind: str, position: int, message: str) -> None:
    error = failure(source)
    assert (error.kind, error.position) == (kind, position)
    assert message in error.message
    assert error.source == source


def test_given_functions_have_their_arity() -> None:
    assert "Too many parameters" in failure("always(1)", always=lambda a: True).message
    assert "Too few parameters" in failure("hashFiles()", hashFiles=lambda a: "").message
    assert evaluate("HASHFILES('a', 'b')", {}, {"hashFiles": lambda a: "+".join(map(str, a))}) == "a+b"


def test_any_names_may_be_allowed() -> None:
    expr = parse("whatever.x || github.y")
    assert [name.name for name in expr.names] == ["whatever", "github"]
    assert evaluate(expr, {"whatever": {"x": 5}, "github": {}}) == 5.0
    with pytest.raises(ExpressionError, match="named-value: 'whatever'"):
        evaluate(expr, {"github": {}})
    with pytest.raises(ExpressionError, match="named-value: 'github'"):
        parse("github.x", contexts=["env"])
    assert parse("GitHub.x", contexts=["github"]).root is not None


def test_limits() -> None:
    assert "Exceeded max expression length 21000" in failure("'" + "x" * MAX_LENGTH + "'").message
    assert "Exceeded max expression depth 50" in failure("!" * 50 + "true").message
    assert run("!" * 48 + "true") is True
    assert run("(" * 5000 + "1" + ")" * 5000) == 1.0
    assert run("||".join(["0"] * 5000)) == 0.0
    assert run("&&".join(["(1&&1)"] * 500)) == 1.0


def test_memory_is_bounded() -> None:
    contexts = {"x": "y" * 100_000}
    big = "format('" + "{0}" * 7 + "', x)"
    assert failure_in(f"1 && {big}", contexts).message == (
        f"The maximum allowed memory size was exceeded while evaluating the following expression: {big}"
    )
    assert evaluate("format('{0}{0}', x) == format('{0}{0}', x) || false", contexts) is True
    chain = " && ".join(["format('{0}{0}', x) != ''"] * 20)
    assert evaluate(chain, contexts) is True
    assert evaluate(big, contexts, max_memory=10**7) == "y" * 700_000
    assert "memory" in failure_in("join(fromJSON('[1,2,3,4,5,6,7]'), x)", contexts).message


def failure_in(source: str, contexts: dict[str, Any]) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, contexts)
    return caught.value


def test_an_error_of_evaluation_has_its_place() -> None:
    error = failure("1 && format('{')")
    assert (error.kind, error.position, error.length) == ("evaluation", 6, len("format('{')"))


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab.*[]()!<>=&|,' 01xe+-_\"$\n{}é😊\0"), max_size=30))
def test_random_text_is_read_or_refused(source: str) -> None:
    error = parsing(source)
    if error is not None:
        assert error.kind in ("lexing", "parsing")
        assert error.position is None or 1 <= error.position <= len(source)
    evaluating(source)


def parsing(source: str) -> ExpressionError | None:
    """What parsing raises; no other exception may come."""
    try:
        parse(source)
    except ExpressionError as error:
        return error
    return None


def evaluating(source: str) -> None:
    try:
        evaluate(source, {"a": {"b": [1, {"b": "x"}]}, "b": "1"})
    except ExpressionError:
        return


@given(st.floats(allow_nan=False))
def test_numbers_survive_as_text_with_15_digits(number: float) -> None:
    text = to_string(number)
    if abs(number) < 1e300:
        assert math.isclose(parse_number(text), number, rel_tol=1e-14, abs_tol=0) or number == 0
    assert to_number(text) == parse_number(text)


@given(st.text())
def test_text_and_numbers(text: str) -> None:
    assert to_string(text) == text
    assert isinstance(to_number(text), float)
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", categories=["Ll"]), max_size=3), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_survives_a_round_trip(value: Any) -> None:
    text = evaluate("toJSON(x)", {"x": value})
    assert isinstance(text, str)
    assert json.loads(text) == value
    assert _plain(evaluate("fromJSON(x)", {"x": text})) == value
    assert evaluate("toJSON(fromJSON(x))", {"x": text}) == text


def test_values_as_dotnet_has_them() -> None:
    values = {"nul": "1\0", "iota": "ᾳ", "cap": "ᾼ", "list": [[1], {"a": 2}]}
    assert evaluate("nul == 1", values) is True
    assert evaluate("iota == cap", values) is True
    assert evaluate("'ß' == 'SS'", values) is False
    assert evaluate("'ı' == 'I'", values) is False
    assert evaluate("'-INFINITY' < 0", values) is True
    assert evaluate("'_' > 'a'", values) is True
    assert type(evaluate("list.*", values)) is list


def test_the_length_of_an_expression_counts_utf16_units() -> None:
    assert evaluate("'" + "é" * (MAX_LENGTH - 2) + "'", {}) == "é" * (MAX_LENGTH - 2)
    with pytest.raises(ExpressionError, match="Exceeded max expression length 21000"):
        evaluate("'" + "😊" * (MAX_LENGTH // 2) + "'", {})


def test_status_functions_take_names_of_jobs_only_in_conditions_of_jobs() -> None:
    always = {"success": lambda _: True, "failure": lambda _: False}
    assert evaluate("success('build')", {}, always) is True
    with pytest.raises(ExpressionError, match=r"Too many parameters supplied: '\('. Located at position 8"):
        evaluate("success('build')", {}, {**always, "hashFiles": lambda _: ""})


def test_memory_is_counted_as_github_counts_it() -> None:
    # A text takes 26 bytes and two for each of its characters, one that comes from a context 24 more; what an
    # operator or call was given is forgotten when its own value is known.
    half = "x" * 262_100  # 524,226 bytes; the limit is 1,048,576
    assert evaluate("a == b", {"a": half, "b": half}) is True
    assert evaluate("format('{0}', a) == b", {"a": half, "b": "x"}) is False
    for source in ("format('{0}{0}{0}', a)", "join(c.*, '')", "a != b || a"):
        with pytest.raises(ExpressionError) as caught:
            evaluate(source, {"a": half, "b": half + "y" * 100, "c": [half] * 3})
        assert caught.value.message.startswith(
            "The maximum allowed memory size was exceeded while evaluating"
        ), source
    with pytest.raises(ExpressionError, match=r"expression: \(\(a != b\) \|\| c\.\* \|\| !d\['e f'\]\)$"):
        evaluate("a != b || c.* || !d['e f']", {"a": half, "b": half + "z" * 200, "c": [], "d": {}})
