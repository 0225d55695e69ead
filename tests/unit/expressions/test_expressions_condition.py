"""``if:``, and how a value came about."""

from __future__ import annotations

from typing import Any

import pytest

from actlite.document import compose
from actlite.document.nodes import Mapping, Scalar
from actlite.expressions import ExpressionError, Trace, explain
from actlite.expressions.explain import explain_error, literal
from actlite.expressions.template import ConditionResult, Scope, TemplateError, condition, condition_source
from actlite.source import SourceFile

CONTEXTS = {"github": {"ref": "refs/tags/v1.2.3", "ref_type": "tag"}, "x": {"no": False}}


def scope(ok: bool = True) -> Scope:
    functions: dict[str, Any] = {
        "success": lambda arguments: ok,
        "failure": lambda arguments: not ok,
        "always": lambda arguments: True,
        "cancelled": lambda arguments: False,
    }
    return Scope(CONTEXTS, functions)


@pytest.mark.parametrize(
    ("text", "when_ok", "when_failed"),
    [
        (None, True, False), ("", True, False), ("  ", True, False), ("${{ '' }}", True, False),
        ("true", True, False), ("false", False, False), ("github.ref_type == 'tag'", True, False),
        ("always()", True, True), ("failure()", False, True), ("${{ failure() }}", False, True), ("ALWAYS()", True, True),
        ("always() && false", False, False), ("!cancelled()", True, True), ("cancelled()", False, False),
        ("'always()'", True, False), ("github.ref || success()", True, True), ("x.no && always()", False, False),
        ("${{ x.no }} && true", True, False), ("${{ x.no }}", False, False), ("${{ x.no }} ", True, False),
        ("x ${{ always() }}", True, True), ("${{ 'false' }}", False, False), ("${{ 'always()' }}", True, True),
        ("case(failure(), true, false)", False, True), ("0", False, False), ("'0'", True, False),
    ],
)  # fmt: skip
def test_conditions(text: str | None, when_ok: bool, when_failed: bool) -> None:
    assert condition(text, scope()).value is when_ok
    assert condition(text, scope(ok=False)).value is when_failed


def written(value: str) -> Scalar:
    node, found = compose(SourceFile("w.yml", f"if: {value}\n"))
    assert found == []
    assert isinstance(node, Mapping)
    scalar = node.entries[0][1]
    assert isinstance(scalar, Scalar)
    return scalar


def test_a_scalar_is_read_as_the_value_it_is() -> None:
    assert condition(written("True"), scope()).value is True
    assert condition(written("0x0"), scope()).value is False
    assert condition(written("~"), scope()).value is True
    assert condition(written("'!x.no'"), scope()) == condition("!x.no", scope())


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("github.ref == nope.x", 19, "Unrecognized named-value: 'nope'"),
        ("${{ github.ref == nope.x }}", 23, "Unrecognized named-value: 'nope'"),
        ('github.ref == "x"', 19, "Unexpected symbol: '\"x\"'"),
        ("a ${{ nope.x }}", 5, "Unrecognized named-value: 'nope'"),
        ("${{ github.ref", 5, "The expression is not closed"),
        ("always() && fromJSON('x')", 17, "Error parsing fromJson"),
    ],
)
def test_errors_have_their_place(text: str, column: int, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        condition(written(text), scope())
    assert message in caught.value.diagnostic.message
    assert caught.value.diagnostic.span is not None
    assert caught.value.diagnostic.span.column == column


def test_errors_of_a_text() -> None:
    with pytest.raises(ExpressionError, match="Unrecognized function: 'hashFiles'"):
        condition("hashFiles('x')", scope())


def test_the_whole_expression() -> None:
    assert condition_source("") == "success()"
    assert condition_source("a || b") == "success() && (a || b)"
    assert condition_source("${{ failure() }}") == "failure()"
    assert (
        condition_source("it's ${{ a }} {x} ${{ b }}") == "success() && (format('it''s {0} {{x}} {1}', a, b))"
    )


def test_the_trace_of_a_skipped_step() -> None:
    result = condition("github.ref_type == 'branch'", scope(ok=False))
    assert isinstance(result, ConditionResult)
    assert result.trace is not None
    assert list(result.trace.rows()) == [
        ("└ &&", "false", ""),
        ("  ├ success()", "false", ""),
        ("  └ github.ref_type == 'branch'", "not evaluated", ""),
    ]


def test_a_trace() -> None:
    trace = explain("github.ref_type == 'tag' && !contains(github.ref, '-rc')", CONTEXTS)
    assert trace.value is True
    assert list(trace.rows()) == [
        ("└ &&", "true", ""),
        ("  ├ github.ref_type == 'tag'", "true", "'tag' == 'tag'"),
        ("  └ !contains(github.ref, '-rc')", "true", "contains('refs/tags/v1.2.3', '-rc') is false"),
    ]
    inner = trace.children[1].children[0]
    assert (inner.text, inner.value) == ("contains(github.ref, '-rc')", False)
    assert [child.text for child in inner.children] == ["github.ref"]


def test_a_trace_of_nested_chains() -> None:
    rows = list(explain("(x.no || github) && (1 || x)", CONTEXTS).rows())
    assert [row[:2] for row in rows] == [
        ("└ &&", "1"),
        ("  ├ ||", "Object(2)"),
        ("  │ ├ x.no", "false"),
        ("  │ └ github", "Object(2)"),
        ("  └ ||", "1"),
        ("    ├ 1", "1"),
        ("    └ x", "not evaluated"),
    ]


def test_traces_of_little() -> None:
    assert explain("", {}) == Trace("", None)
    assert list(explain("!x.no", CONTEXTS).rows()) == [("└ !x.no", "true", "!false")]
    assert explain("case(true, 'a', x)", CONTEXTS).children[0].evaluated is False
    with pytest.raises(ExpressionError):
        explain("1 +", {})


def test_literals_are_shown_short() -> None:
    assert [literal(v) for v in (None, True, 1.5, "it's", [1], {"a": 1})] == [
        "null",
        "true",
        "1.5",
        "'it''s'",
        "Array(1)",
        "Object(1)",
    ]
    assert len(literal("x" * 500)) < 70


def test_an_error_with_a_caret() -> None:
    with pytest.raises(ExpressionError) as caught:
        explain("1 == nope", {})
    assert explain_error(caught.value).splitlines()[1:] == ["  1 == nope", "       ^^^^"]
    with pytest.raises(ExpressionError) as caught:
        explain("!" * 60 + "1", {})
    assert explain_error(caught.value) == "Exceeded max expression depth 50"
