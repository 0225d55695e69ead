"""The composer: places, keys, anchors, limits, syntax errors."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.diagnostics import Diagnostic
from actlite.document import compose
from actlite.document.limits import WORKFLOW_LIMITS
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.source import SourceFile


def read(text: str, *, anchors: bool = True) -> tuple[Node | None, list[Diagnostic]]:
    return compose(SourceFile("w.yml", text), anchors=anchors)


def good(text: str, *, anchors: bool = True) -> Mapping:
    node, found = read(text, anchors=anchors)
    assert [d.message for d in found] == []
    assert isinstance(node, Mapping)
    return node


def plain(node: Node | None) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node]
    assert node is not None
    return {key.text: plain(value) for key, value in node}


def only(found: list[Diagnostic]) -> tuple[str, int, int]:
    assert len(found) == 1, [d.message for d in found]
    span = found[0].span
    assert span is not None
    return found[0].code, span.line, span.column


def test_nodes_have_places() -> None:
    node = good("on: push\njobs:\n  a: [ 'x', \"y\" ]\n  b: |\n    hi\n\n# end\nc: d\n")
    jobs = node.get("jobs")
    assert isinstance(jobs, Mapping)
    a, b = jobs.get("a"), jobs.get("b")
    assert isinstance(a, Sequence)
    assert isinstance(b, Scalar)
    assert a.span.text == "[ 'x', \"y\" ]"
    assert [item.span.text for item in a] == ["'x'", '"y"']
    assert b.span.text == "|\n    hi"
    assert b.value == "hi\n"
    assert [k.plain for k, _ in node] == [True, True, True]
    assert not b.plain


def test_places_are_right_after_crlf_bom_and_wide_characters() -> None:
    node = good("\ufeffa: é\r\nb: 'ü'\r\n")
    assert [(k.span.text, v.span.text) for k, v in node] == [("a", "é"), ("b", "'ü'")]


def test_an_empty_value_stands_after_its_colon() -> None:
    source = "a:  # none\nb: {c: }\n"
    node = good(source)
    first, b = node.get("a"), node.get("b")
    assert isinstance(first, Scalar)
    assert isinstance(b, Mapping)
    assert (first.value, first.text, first.span.start) == (None, "", 2)
    assert b.entries[0][1].span.start == source.index("c:") + 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k: [a:b, 'x':y]", {"k": ["a:b", {"x": "y"}]}),
        ("ports: [5432:5432]", {"ports": ["5432:5432"]}),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
        ("a: b:c", {"a": "b:c"}),
        ("run: echo ${{ x }} # note", {"run": "echo ${{ x }}"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
    ],
)
def test_texts_that_github_accepts(text: str, expected: object) -> None:
    assert plain(good(text)) == expected


@pytest.mark.parametrize("sign", ["\x01", "\x07", "\x1b", "\x7f", "\x80", "\ufffe"])
def test_control_characters_are_text_as_githubs_parser_has_it(sign: str) -> None:
    node = good(f"a: x{sign}y # {sign}\nb: '{sign}'\nc: |\n  {sign}\n")
    assert plain(node) == {"a": f"x{sign}y", "b": sign, "c": f"{sign}\n"}
    assert [value.span.text for _, value in node][:2] == [f"x{sign}y", f"'{sign}'"]


def test_an_escaped_apostrophe_in_double_quotes() -> None:
    node = good("a: \"it\\'s\"\nb: it\\'s\nc: 'it\\'\nd: |\n  it\\'s\ne: \"\\\\'\"\n")
    assert plain(node) == {"a": "it's", "b": "it\\'s", "c": "it\\", "d": "it\\'s\n", "e": "\\'"}


@pytest.mark.parametrize(
    "text",
    [
        "a:\tb",
        "a: b\t# c",
        "a: b\n \t \nc: d",
        "a\t: b",
        "a: b\tc",
        "a: [b,\tc]",
        "a: |\t# c\n  b",
        "a: |#c\n b",
    ],
)
def test_tabs_between_words_are_white_space(text: str) -> None:
    assert good(text)


def test_a_second_key_is_named_with_both_places() -> None:
    node, found = read("env:\n  A: 1\n  b: 2\n  a: 3\n")
    assert only(found) == ("yaml-duplicate-key", 4, 3)
    assert found[0].message == "'a' is already defined"
    assert [(label.span.line, label.span.column) for label in found[0].labels] == [(2, 3)]
    assert plain(node) == {"env": {"A": 1.0, "b": 2.0}}


def test_keys_that_are_expressions_may_come_twice() -> None:
    assert len(good("${{ insert }}: 1\n${{ insert }}: 2\n")) == 2


def test_equal_numbers_are_equal_keys() -> None:
    assert only(read("1: a\n1.0: b\n")[1]) == ("yaml-duplicate-key", 2, 1)


def test_at_most_ten_errors() -> None:
    found = read("a: 1\n" + "a: 2\n" * 30)[1]
    assert len(found) == 10


def test_anchors_in_workflows() -> None:
    node = good("a: &x {b: [1]}\nc: *x\n<<: *x\n")
    assert plain(node) == {"a": {"b": [1.0]}, "c": {"b": [1.0]}, "<<": {"b": [1.0]}}


def test_an_anchor_may_be_set_again() -> None:
    assert plain(good("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")) == {"a": 1.0, "b": 1.0, "c": 2.0, "d": 2.0}


def test_manifests_have_no_anchors() -> None:
    _, found = read("a: &x 1\n", anchors=False)
    assert only(found) == ("yaml-anchor", 1, 4)
    assert found[0].message == "Anchors are not currently supported. Remove the anchor 'x'"


@pytest.mark.parametrize("text", ["a: *x", "a: &x [*x]", "- &a [*b]\n- &b 1"])
def test_aliases_without_a_finished_anchor(text: str) -> None:
    assert only(read(text)[1])[0] == "yaml-alias"


def test_a_file_that_aliases_blow_up_is_refused() -> None:
    text = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert only(read(text)[1])[0] == "yaml-nodes"


def test_a_file_with_too_many_nodes_is_refused() -> None:
    assert only(read("- 1\n" * 50_001)[1])[0] == "yaml-nodes"


@pytest.mark.parametrize(("anchors", "limit"), [(True, 50), (False, 100)])
def test_depth(anchors: bool, limit: int) -> None:
    fine, found = read("[" * limit + "]" * limit, anchors=anchors)
    assert (found, isinstance(fine, Sequence)) == ([], True)
    assert only(read("[" * (limit + 1) + "]" * (limit + 1), anchors=anchors)[1])[0] == "yaml-depth"


def test_an_alias_can_not_exceed_the_depth() -> None:
    text = "a: &x " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 25 + "*x" + "]" * 25
    assert only(read(text)[1])[0] == "yaml-depth"


def test_size() -> None:
    assert only(read("#" + "x" * WORKFLOW_LIMITS.characters)[1])[0] == "yaml-size"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_empty_files(text: str) -> None:
    node, found = read(text)
    assert node is None
    assert only(found)[0] == "yaml-empty"


def test_a_second_document_is_refused() -> None:
    assert only(read("a: 1\n---\nb: 2\n")[1]) == ("yaml-documents", 2, 1)


def test_a_key_must_be_a_scalar() -> None:
    assert only(read("? [a]\n: b\n")[1])[0] == "yaml-key"
    assert only(read("a: {{ x }}\n")[1])[0] == "yaml-key"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a:\n\tb: 1\n", 2, 1, "a tab in the indentation"),
        ("a:\n  b: 1\n \tc: 2\n", 3, 2, "a tab in the indentation"),
        ("a: b: c\n", 1, 5, "the value of 'a' holds ': '"),
        ("jobs:\n  a: 1\n b: 2\n", 3, 2, "indented by 1 space, which fits no line above"),
        ("a: @x\n", 1, 4, "a value can't begin with '@'"),
        ("a: 'x\nb: 1\n", 1, 4, "the quote ' that opens here is never closed"),
        ("a: [1, 2\nb: 3\n", 1, 4, "the '[' that opens here is not closed"),
        ("a: [1, 2", 1, 4, "the '[' that opens here is not closed"),
        ("a: [b: c: d]\n", 1, 9, "a list in brackets lacks a ','"),
        ('a: "\\d"\n', 1, 6, "an unknown escape"),
        ("a: \x00\n", 1, 4, "U+0000"),
        ("a: - b\n", 1, 4, "a list item begins where none can be"),
        ('a: "\\UFFFFFFFF"\n', 1, 5, "an escape of no character"),
    ],
)
def test_syntax_errors_say_what_and_where(text: str, line: int, column: int, words: str) -> None:
    node, found = read(text)
    assert node is None
    assert only(found) == ("yaml-syntax", line, column)
    assert words in found[0].message


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("ab:- \n\t'\"[]{},#&*!|>%@?\\0x.~${}\r\ufeff\x85\u2028é\ud800"), max_size=60
    )
)
def test_random_texts_never_raise(text: str) -> None:
    node, found = read(text)
    assert node is not None or found
    for diagnostic in found:
        assert diagnostic.render()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_unicode_never_raises(text: str) -> None:
    node, found = read(text)
    assert node is not None or found


def test_importing_nodes_loads_no_yaml_package() -> None:
    code = (
        "import sys, actlite.document.nodes, actlite.document, actlite.expressions.template\n"
        "bad = {'yaml', 'ruamel', 'rich', 'docker', 'requests', 'click'} & set(sys.modules)\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
