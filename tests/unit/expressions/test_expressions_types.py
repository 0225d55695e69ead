"""Types of expressions: what they hold, and that no value ever falls outside of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from math import isnan
from typing import Any

import pytest

from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.inference import Fault, infer
from actlite.expressions.parser import parse_any
from actlite.expressions.types import (
    ANY,
    ARRAY,
    BOOLEAN,
    FLAG,
    MAYBE_TEXT,
    MOST_VALUES,
    NOTHING,
    NULL,
    NULL_TYPE,
    NUMBER,
    NUMERIC,
    OBJECT,
    OPEN,
    STRING,
    TEXT,
    Type,
    constant,
    falsy,
    known,
    list_of,
    mapping_of,
    merge,
    of_value,
    optional,
    record,
    truthy,
    union,
    words,
)
from actlite.expressions.values import is_truthy

KINDS = {type(None): NULL, bool: BOOLEAN, float: NUMBER, str: STRING, dict: OBJECT, list: ARRAY}

CONTEXTS: dict[str, Type] = {
    "text": TEXT,
    "maybe": MAYBE_TEXT,
    "number": NUMERIC,
    "flag": FLAG,
    "os": known("Linux", "macOS"),
    "any": ANY,
    "open": OPEN,
    "env": mapping_of(TEXT),
    "list": list_of(TEXT),
    "jobs": record({"a": record({"result": known("success", "failure")})}),
    "rows": list_of(record({"name": TEXT})),
}


def look(source: str) -> tuple[Type, list[Fault]]:
    root = parse_any(source).root
    assert root is not None
    found, faults = infer(source, root, lambda name: CONTEXTS.get(name, ANY))
    return found, list(faults)


def holds(type: Type, value: object) -> bool:
    """Whether a value is of a type."""
    if type is ANY:
        return True
    kind = next((kind for python, kind in KINDS.items() if isinstance(value, python)), OBJECT)
    if not type.kinds & kind:
        return False
    if isinstance(value, Mapping):
        for name, inner in value.items():
            of = type.fields.get(name.lower(), type.rest)
            if of is None or not holds(of, inner):
                return False
        return True
    if isinstance(value, list):
        return all(holds(type.items or ANY, item) for item in value)
    if type.values is None or (isinstance(value, float) and isnan(value)):
        return True
    return (kind, value) in type.values


def test_merging_keeps_values_and_gives_them_up_when_there_are_many() -> None:
    assert constant(of_value("a")) == (STRING, "a")
    both = merge(of_value(1.0), of_value(True))
    assert both.values == frozenset({(NUMBER, 1.0), (BOOLEAN, True)})
    assert union([]) is NOTHING
    assert merge(ANY, TEXT) is ANY
    many = union(of_value(f"v{n}") for n in range(MOST_VALUES + 1))
    assert (many.kinds, many.values) == (STRING, None)


def test_a_field_that_one_object_lacks_may_be_null() -> None:
    merged = merge(of_value({"a": 1, "b": "x"}), of_value({"a": 2}))
    assert merged.fields["a"].values == frozenset({(NUMBER, 1.0), (NUMBER, 2.0)})
    assert merged.fields["b"].values == frozenset({(STRING, "x"), (NULL, None)})


def test_true_and_false_parts() -> None:
    assert falsy(TEXT).values == frozenset({(STRING, "")})
    assert truthy(optional(known("a", ""))).values == frozenset({(STRING, "a")})
    assert falsy(OPEN).kinds == 0
    assert truthy(NULL_TYPE).kinds == 0
    assert truthy(OPEN).kinds == OBJECT


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("'a'", "text"),
        ("1", "a number"),
        ("text || 1", "a number or text"),
        ("flag && 'x'", "true or false or text"),
        ("open || 'x'", "an object"),
        ("env.A", "text"),
        ("list.*", "an array"),
        ("jobs.*.result", "an array"),
        ("list[0]", "text"),
        ("fromJSON('{\"a\": [1]}').a[0]", "a number"),
        ("fromJSON(toJSON(flag))", "true or false"),
        ("case(flag, 1, 'x')", "a number or text"),
        ("format('{0}', text)", "text"),
        ("null", "null"),
    ],
)
def test_inference(source: str, said: str) -> None:
    found, faults = look(source)
    assert (words(found), faults) == (said, [])


@pytest.mark.parametrize(
    ("source", "code", "at"),
    [
        ("text.a", "type-mismatch", "a"),
        ("text[0]", "type-mismatch", "0"),
        ("number.*", "type-mismatch", "*"),
        ("jobs.b", "unknown-property", "b"),
        ("jobs['b']", "unknown-property", "'b'"),
        ("jobs.*.results", "unknown-property", "results"),
        ("list.*.name", "type-mismatch", "name"),
        ("jobs.*.result[0]", "type-mismatch", "0"),
        ("any.*.c == true", "type-mismatch", "any.*.c == true"),
        ("list.name", "type-mismatch", "name"),
        ("env[open]", "type-mismatch", "open"),
        ("jobs[flag]", "type-mismatch", "flag"),
        ("open == 'x'", "type-mismatch", "open == 'x'"),
        ("list == open", "type-mismatch", "list == open"),
        ("open < 1", "type-mismatch", "open < 1"),
        ("flag > 0", "type-mismatch", "flag > 0"),
        ("1 > null", "type-mismatch", "1 > null"),
        ("flag == 'true'", "type-mismatch", "flag == 'true'"),
        ("!text == 'x'", "type-mismatch", "!text == 'x'"),
        ("env.A == true", "type-mismatch", "env.A == true"),
        ("maybe != false", "type-mismatch", "maybe != false"),
        ("number == 'x'", "type-mismatch", "number == 'x'"),
        ("os == 'Windows'", "constant-comparison", "os == 'Windows'"),
        ("'Windows' != os", "constant-comparison", "'Windows' != os"),
        ("startsWith(os, 'W')", "constant-comparison", "startsWith(os, 'W')"),
        ("contains(open, 'x')", "type-mismatch", "open"),
        ("contains(text, list)", "type-mismatch", "list"),
        ("endsWith(text, open)", "type-mismatch", "open"),
        ("join(open)", "type-mismatch", "open"),
        ("join(rows)", "object-as-text", "rows"),
        ("join(list, list)", "type-mismatch", "list"),
        ("format('{0}', open)", "object-as-text", "open"),
        ("format('{0}')", "format-arguments", "'{0}'"),
        ("format('{', 1)", "format-arguments", "'{'"),
        ("format('{0}', 1, 2)", "format-arguments", "2"),
        ("fromJSON('[')", "invalid-json", "'['"),
        ("fromJSON(open)", "object-as-text", "open"),
        ("hashFiles(list)", "object-as-text", "list"),
        ("case(text, 1, 2)", "type-mismatch", "text"),
        ("any || jobs.x", "unknown-property", "x"),
    ],
)
def test_faults(source: str, code: str, at: str) -> None:
    _, (fault,) = look(source)
    assert (fault.lack.code, source[fault.start : fault.end]) == (code, at)


@pytest.mark.parametrize(
    "source",
    [
        "any.a.b[0].c == true",
        "open.a.b",
        "os == 'LINUX'",
        "text == 'x'",
        "text == 1",
        "number == '5'",
        "flag == true",
        "flag == ''",
        "os != ''",
        "os == null",
        "list == null",
        "list == list",
        "maybe == null",
        "1 == 2",
        "env['A']",
        "env[text]",
        "list['0']",
        "jobs.A.Result",
        "jobs.*.result",
        "contains(list, text)",
        "contains(jobs.*.result, 'failure')",
        "contains(text, 1)",
        "join(list, ', ')",
        "join(rows.*.name)",
        "format('{{0}} {0:x}', text)",
        "fromJSON(text).a.b",
        "fromJSON('1')",
        "case(flag, 1, 2)",
        "open && 'a' || 'b'",
    ],
)
def test_what_is_meant_is_left_alone(source: str) -> None:
    assert look(source)[1] == []


def test_a_condition_that_is_never_true_has_a_type_without_truth() -> None:
    assert not truthy(look("os == 'x' && text == 'y'")[0]).kinds
    assert truthy(look("os == 'x' || text == 'y'")[0]).kinds
    assert constant(look("!(os == 'x')")[0]) == (BOOLEAN, True)


def always(type: Type) -> Callable[[str], Type]:
    return lambda name: type


class Generator:
    """Contexts and expressions about them, at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, depth: int = 0) -> Any:
        kind = self.random.randrange(6 if depth < 2 else 4)
        if kind == 4:
            return [self.value(depth + 1) for _ in range(self.random.randrange(3))]
        if kind == 5:
            return {
                name: self.value(depth + 1) for name in self.random.sample("abc", self.random.randrange(3))
            }
        return (None, self.random.random() < 0.5, float(self.random.randrange(3)), self.text())[kind]

    def text(self) -> str:
        return self.random.choice(["", "a", "A", "true", "1", "x y", '{"a": [1, null]}'])

    def literal(self) -> str:
        return self.random.choice(["null", "true", "false", "0", "1", "-0.5", f"'{self.text()}'"])

    def expression(self, depth: int = 0) -> str:
        kind = self.random.randrange(12) if depth < 4 else self.random.randrange(2)

        def inner() -> str:
            return self.expression(depth + 1)

        if kind == 0:
            return self.literal()
        if kind in (1, 2):
            return "c" + self.random.choice(["", ".a", ".b", ".c", ".*", "[0]", ".a.b", ".*.a"])
        if kind == 3:
            return f"({inner()})[{inner()}]"
        if kind == 4:
            return f"!({inner()})"
        if kind in (5, 6):
            return f"({inner()}) {self.random.choice(['==', '!=', '<', '>='])} ({inner()})"
        if kind in (7, 8):
            return f"({inner()}) {self.random.choice(['&&', '||'])} ({inner()})"
        name = self.random.choice(
            ["contains", "startsWith", "endsWith", "join", "toJSON", "fromJSON", "format"]
        )
        if name in ("toJSON", "fromJSON"):
            return f"{name}({inner()})"
        if name == "format":
            return f"format('{{0}}', {inner()})"
        return f"{name}({inner()}, {inner()})"


@pytest.mark.long
def test_no_value_falls_outside_of_its_type(
    effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]
) -> None:
    count = effort(2_000, 100_000)
    generator = Generator(seed)
    evaluated = 0
    for _ in range(count):
        values = [generator.value() for _ in range(generator.random.randrange(1, 4))]
        type = union(map(of_value, values))
        source = generator.expression()
        root = parse_any(source).root
        assert root is not None
        found, faults = infer(source, root, always(type))
        for value in values:
            try:
                result = evaluate(source, {"c": value})
            except ExpressionError:
                continue
            evaluated += 1
            assert holds(found, result), (source, value, result, found)
            if not truthy(found).kinds:
                assert not is_truthy(result), (source, value)
            for fault in faults:
                if fault.lack.code == "constant-comparison" and "this comparison" in fault.lack.message:
                    told = "always" in fault.lack.message
                    check_constant(source[fault.start : fault.end], value, told)
    assert evaluated > count // 4
    figure(
        "Expressions", f"{count:,} expressions with {evaluated:,} values: each is of the type that was told"
    )


def check_constant(source: str, value: Any, told: bool) -> None:
    try:
        assert evaluate(source, {"c": value}) is told, (source, value)
    except ExpressionError:
        return
