"""``${{ }}`` in texts and trees: values, and errors at their places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.diagnostics import Diagnostic
from actlite.document import compose
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.expressions import ExpressionError
from actlite.expressions.template import (
    Scope,
    TemplateError,
    check_condition,
    check_node,
    check_text,
    evaluate_mapping,
    evaluate_node,
    evaluate_string,
    evaluate_text,
    evaluate_value,
    expressions,
    has_expression,
    split,
)
from actlite.source import SourceFile

SCOPE = Scope(
    {"github": {"ref": "refs/tags/v1", "n": 3}, "x": {"map": {"A": 1}, "list": [1, "b"], "none": None}}
)


def tree(text: str) -> Mapping:
    node, found = compose(SourceFile("w.yml", text))
    assert found == []
    assert isinstance(node, Mapping)
    return node


def first(text: str) -> Node:
    return tree(text).entries[0][1]


def mapping(text: str) -> Mapping | Scalar:
    node = first(text)
    assert not isinstance(node, Sequence)
    return node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"), ("", ""), ("$ { {{ }} }", "$ { {{ }} }"), ("${{ github.n }}", 3.0), ("${{github.n}}", 3.0),
        (" ${{ github.n }}", " 3"), ("a ${{ github.n }} b ${{ x.none }}c", "a 3 b c"), ("${{ 'a}}b' }}", "a}}b"),
        ("${{ 'it''s }}' }}", "it's }}"), ("${{ 1 }}}}", "1}}"), ("${{ 1 }}${{ 2 }}", "12"), ("{0} ${{ github.n }}", "{0} 3"),
        ("it's ${{ x.list }}", "it's Array"), ("${{ x.list }}", [1, "b"]), ("${{ true }}", True), ("${{\n github.n\n}}", 3.0),
        ("${{ '{{ x }}' }}", "{{ x }}"),
    ],
)  # fmt: skip
def test_texts(text: str, value: object) -> None:
    assert evaluate_value(text, SCOPE) == value


def test_text_is_wanted() -> None:
    assert evaluate_text("${{ 1.10 }}", SCOPE) == "1.1"
    assert evaluate_text("${{ x.none }}", SCOPE) == ""
    with pytest.raises(ExpressionError, match="A mapping was not expected"):
        evaluate_text("${{ x.map }}", SCOPE)
    with pytest.raises(ExpressionError, match="A sequence was not expected"):
        evaluate_text("${{ x.list }}", SCOPE)


def test_text_without_expression_is_returned_itself() -> None:
    text = "echo hello $HOME"
    assert evaluate_text(text, SCOPE) is text
    assert not has_expression(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo ${{ }}", "An expression was expected"),
        ("${{}}", "An expression was expected"),
        ("${{ x", "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found."),
        ("${{ 'x }}", "The expression is not closed."),
        ("${{ x }", "The expression is not closed."),
        ("a ${{ insert }}", "The directive 'insert' is not allowed in this context."),
        ("${{ insert x }}", "Exactly 0 parameter(s) were expected following the directive 'insert'. Actual parameter count: 1"),
        ("${{ insert }}", "The expression directive 'insert' is not supported in this context"),
    ],
)  # fmt: skip
def test_faulty_texts(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate_value(text, SCOPE)
    assert message in caught.value.message


def test_parts_know_their_offsets() -> None:
    text = "ab ${{  x.y }} c"
    parts = split(text)
    assert [(p.text, p.source) for p in parts] == [("ab ", None), ("${{  x.y }}", "x.y"), (" c", None)]
    assert all(text[p.start : p.end] == p.text for p in parts)
    assert text[parts[1].source_start :].startswith("x.y")


@given(st.text(alphabet=st.sampled_from("${}' ax"), max_size=20))
def test_parts_make_up_the_text(text: str) -> None:
    try:
        parts = split(text)
    except ExpressionError:
        return
    assert "".join(part.text for part in parts) == text


def test_a_tree() -> None:
    node = tree(
        "s: ${{ github.ref }}\nn: 010\nb: true\nz: ~\n"
        "l: [0, '${{ x.list }}', 'x${{ x.list }}', ['${{ x.list }}']]\n"
        "m:\n  ${{ insert }}: ${{ x.map }}\n  k-${{ github.n }}: v\n  7: w\n"
    )
    assert evaluate_node(node, SCOPE) == {
        "s": "refs/tags/v1", "n": 10.0, "b": True, "z": None,
        "l": [0.0, 1, "b", "xArray", [1, "b"]],
        "m": {"A": 1, "k-3": "v", "7": "w"},
    }  # fmt: skip


def test_insert_takes_a_written_mapping_too() -> None:
    assert evaluate_node(first("m:\n  ${{ insert }}: {a: 1}\n  b: 2"), SCOPE) == {"a": 1.0, "b": 2.0}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("env: {A: 1.10, B: yes, C: ~, D: True, E: '${{ github.n }}'}", {"A": "1.1", "B": "yes", "C": "", "D": "true", "E": "3"}),
        ("env: ${{ x.map }}", {"A": "1"}),
        ("env: ${{ x.none }}", {}),
        ("env:\n  ${{ insert }}: ${{ x.map }}\n  b: c", {"A": "1", "b": "c"}),
        ("env: {A: 1234567890123456789}", {"A": "1.23456789012346E+18"}),
    ],
)  # fmt: skip
def test_mappings_of_text(text: str, result: object) -> None:
    assert evaluate_mapping(mapping(text), SCOPE) == result


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("env:\n  A: ${{ x.map }}", "A mapping was not expected", (2, 6)),
        ("env:\n  A: {b: 1}", "A mapping was not expected", (2, 6)),
        ("env:\n  A: [1]", "A sequence was not expected", (2, 6)),
        ("env: ${{ x.list }}", "A sequence was not expected", (1, 6)),
        ("env: ${{ github.ref }}", "Unexpected value 'refs/tags/v1'", (1, 6)),
        ("env:\n  ${{ insert }}: ${{ x.list }}", "Expected a mapping", (2, 18)),
        ("env:\n  ${{ insert }}: ${{ x.map }}\n  a: 2", "'a' is already defined", (3, 3)),
        ("env:\n  ${{ x.map }}: 1", "A mapping was not expected", (2, 3)),
        ("env:\n  ${{ insert x }}: 1", "Exactly 0 parameter(s)", (2, 3)),
        ("env:\n  A: 'it''s ${{ nope.y }}'", "Unrecognized named-value: 'nope'", (2, 17)),
        ("env:\n  A: |\n    one\n    ${{ fromJSON('{') }}", "Error parsing fromJson", (4, 9)),
        ("env:\n  A: a ${{ ", "The expression is not closed", (2, 8)),
    ],
)
def test_errors_have_their_place(text: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate_mapping(mapping(text), SCOPE)
    found = caught.value.diagnostic
    assert message in found.message
    assert found.span is not None
    assert (found.span.line, found.span.column) == place


def test_a_string_of_a_scalar() -> None:
    node = first("a: v${{ github.n }}")
    assert isinstance(node, Scalar)
    assert evaluate_string(node, SCOPE) == "v3"
    other = first("a: ${{ x.list }}")
    assert isinstance(other, Scalar)
    with pytest.raises(TemplateError, match="A sequence was not expected"):
        evaluate_string(other, SCOPE)


def places(found: list[Diagnostic]) -> list[tuple[str, int, int, str]]:
    return [(d.code, d.span.line, d.span.column, d.span.text) for d in found if d.span]


def check(text: str, **more: Any) -> list[Diagnostic]:
    return check_node(tree(text), contexts=["github", "secrets"], **more)


def test_checks_find_the_faulty_token() -> None:
    text = (
        "a: ${{ github.x }} ${{ secrts.y }}\n"
        'b: "q \\" ${{ github.x == nope.z }}"\n'
        "c: |\n  one\n  ${{ github[ }}\n"
        "d: ${{ }}\n"
        "e: [x, '${{ ''a'' && bad() }}']\n"
        "${{ insert }}: ${{ insert }}\n"
        "f: ${{ format('{0}' }} ${{ 'x\n"
        "k${{ other.x }}: 1\n"
    )
    assert places(check(text)) == [
        ("unknown-context", 1, 24, "secrts"),
        ("unknown-context", 2, 26, "nope"),
        ("expression-syntax", 5, 13, "["),
        ("expression-syntax", 6, 4, "${{ }}"),
        ("unknown-function", 7, 22, "bad"),
        ("expression-syntax", 8, 16, "${{ insert }}"),
        ("expression-syntax", 9, 24, "${{"),
        ("unknown-context", 10, 6, "other"),
    ]


def test_checks_say_what_may_be_meant() -> None:
    found = check("a: ${{ secrts.y }}\nb: ${{ hashfile('x') }}\n", functions=["hashFiles"])
    assert [d.label for d in found] == ["did you mean 'secrets'?", "did you mean 'hashFiles'?"]
    assert "github, secrets" in found[0].help
    assert "hashFiles" in found[1].help


def test_checks_allow_what_is_given() -> None:
    assert check("a: ${{ GITHUB.x && hashFiles('a') }}\nb: 1\n", functions=["hashFiles"]) == []
    assert check_node(tree("a: ${{ anything.x }}"), contexts=None) == []
    assert check_node(None, contexts=[]) == []


def test_checks_of_one_scalar_and_of_conditions() -> None:
    node = first("if: github.x == nope")
    assert isinstance(node, Scalar)
    assert check_text(node, contexts=[]) == []
    found = check_condition(node, contexts=["github"], functions=["success"])
    assert places(found) == [("unknown-context", 1, 17, "nope")]
    wrapped = first("if: ${{ github.x && nope }}")
    assert isinstance(wrapped, Scalar)
    assert places(check_condition(wrapped, contexts=["github"], functions=[])) == [
        ("unknown-context", 1, 21, "nope")
    ]
    folded = first("if: ${{ 'nope' }}")
    assert isinstance(folded, Scalar)
    assert [d.code for d in check_condition(folded, contexts=["github"], functions=[])] == ["unknown-context"]
    truth = first("if: True")
    assert isinstance(truth, Scalar)
    assert check_condition(truth, contexts=[], functions=[]) == []
    assert check_condition(None, contexts=[], functions=[]) == []


def test_expressions_of_a_tree() -> None:
    node = tree("a: ${{ x }} ${{ y }}\nb: [1, '${{ z }}']\nc: ${{ \n${{ insert }}: {d: '${{ w }}'}\n")
    assert [part.source for _, part in expressions(node)] == ["x", "y", "z", "w"]
