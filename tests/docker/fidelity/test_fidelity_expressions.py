"""Expressions, as a step's variables show them."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from conforming import Conform
from main_tools import Outcome

VALUES = {
    "equality": {
        "'A' == 'a'": "true",
        "'1' == 1": "true",
        "'' == 0": "true",
        "null == 0": "true",
        "true == '1'": "true",
        "'abc' == 0": "false",
        "fromJSON('\"x\"') == 'X'": "true",
        "NaN == NaN": "false",
    },
    "equality-of-collections": {
        "fromJSON('[1]') == fromJSON('[1]')": "false",
        "github == github": "true",
    },
    "operators-give-operands": {
        "1 && 'x'": "x",
        "'' || 'd'": "d",
        "!''": "true",
        "!'a'": "false",
        "toJSON(0 || null)": "null",
        "fromJSON('[]') && 'arrays are true'": "arrays are true",
    },
    "order": {
        "'a' < 'B'": "true",
        "2 > '1'": "true",
        "'10' > '9'": "false",
        "10 > '9'": "true",
        "null < 1": "true",
        "fromJSON('{}') < 1": "false",
        "'x' >= 1": "false",
    },
    "contains": {
        "contains('Hello', 'LL')": "true",
        """contains(fromJSON('["Abc"]'), 'abc')""": "true",
        """contains(fromJSON('["abc"]'), 'b')""": "false",
        """contains(fromJSON('{"a": "b"}'), 'b')""": "false",
        "contains(fromJSON('[1]'), '1')": "true",
        "contains(12345, 34)": "true",
    },
    "starts-and-ends": {
        "startsWith(null, '')": "true",
        "endsWith(fromJSON('[]'), '')": "false",
        "startsWith('Hello', 'hE')": "true",
        "endsWith('v1.0-RC', '-rc')": "true",
        "startsWith(true, 'tr')": "true",
    },
    "format": {
        "format('{{0}} {0}', 'x')": "{0} x",
        "format('{1}{0}{1}', 'a', 'b')": "bab",
        "format('{0}|{1}|{2}', null, true, 1.50)": "|true|1.5",
    },
    "join": {
        "join(fromJSON('[1,null,true]'))": "1,,true",
        "join('x', '-')": "x",
        """join(fromJSON('["a","b"]'), ' and ')""": "a and b",
        "join(fromJSON('{}'))": "",
    },
    "to-json": {
        """toJSON(fromJSON('{"a":[],"b":{}}'))""": '{\n  "a": [],\n  "b": {}\n}',
        """toJSON(fromJSON('{"a":[1,"x"]}'))""": '{\n  "a": [\n    1,\n    "x"\n  ]\n}',
        "toJSON('it''s \"x\"')": json.dumps("it's \"x\""),
        "toJSON(1.0)": "1",
    },
    "from-json": {
        """fromJSON('{"a": {"b": [1, 2]}}').a.b[1]""": "2",
        "fromJSON('true') && 'a boolean'": "a boolean",
        "fromJSON('\"false\"') && 'a string'": "a string",
    },
    "object-filter": {
        """toJSON(fromJSON('[{"id":1},{"x":2},{"id":3}]').*.id)""": "[\n  1,\n  3\n]",
        """join(fromJSON('{"a":{"n":"x"},"b":{"n":"y"},"c":5}').*.n)""": "x,y",
        """join(fromJSON('[[1,2],[3]]')[*][0])""": "1,3",
    },
    "object-filter-of-others": {
        "toJSON(github.ref.*)": "[]",
        "toJSON(join('x').*)": "[]",
    },
    "keys-without-case": {
        "matrix['OS']": "linux",
        "matrix.Os": "linux",
        "GITHUB.Event_Name": "push",
    },
    "env-with-case": {
        "env.FOO": "upper",
        "env.foo": "lower",
        "env.Foo": "",
    },
    "index-of-primitives": {
        "fromJSON('\"x\"')['y']": "",
        "toJSON(fromJSON('3').a.b)": "null",
    },
    "index-of-arrays": {
        """fromJSON('["a","b"]')['1']""": "b",
        """fromJSON('["a","b"]')[1.9]""": "b",
        """toJSON(fromJSON('["a","b"]')[-1])""": "null",
        """toJSON(fromJSON('["a","b"]')[9])""": "null",
        """fromJSON('["a","b"]')[false]""": "a",
    },
    "numbers-of-strings": {
        "0xff == 255": "true",
        "'0xff' == 255": "true",
        "'0XFF' == 255": "false",
        "'0o17' == 15": "true",
        "'1_000' == 1000": "false",
        "' 12 ' == 12": "true",
        "'1e2' == 100": "true",
    },
    "numbers-as-strings": {
        "1234567890123456789": "1.23456789012346E+18",
        "0.1": "0.1",
        "1000000000000000": "1E+15",
        "123456789012345": "123456789012345",
        "-0": "0",
    },
    "case-function": {
        "case(false, 'a', true, 'b', 'c')": "b",
        "case(false, 'a', 'else')": "else",
        "case(true, 'a', fromJSON('never read'))": "a",
    },
}  # fmt: skip
BROKEN = {
    "format": ("format('{1}', env.FOO)", "The following format string references more arguments than were supplied: {1}"),
    "format-specifiers": ("format('{0:N}', matrix.n)", "The format specifiers 'N' are not valid for objects of type 'Number'"),
    "case-predicates": ("case(matrix.n, 'a', 'b')", "case predicate must evaluate to a boolean value"),
    "from-json": ("fromJSON(env.FOO)", "Error parsing fromJson"),
}  # fmt: skip
REFUSED = {
    "literals-lower-case": ("${{ True }}", "Unrecognized named-value: 'True'"),
    "object-filter-of-others": (
        "${{ 'x'.* }}",
        "Unexpected symbol: '.'. Located at position 4 within expression: 'x'.*",
    ),
    "case-arguments": ("${{ case(true, 'a') }}", "Too few parameters supplied"),
}
EVEN = "${{ case(true, 'a', false, 'b') }}"
CASES = [(rule, text) for rule, texts in VALUES.items() for text in texts]
STEP = """
      - name: {name}
        if: always()
        run: |
          echo "${{{{ {text} }}}}"
"""
HEAD = """
on: push
env: {FOO: upper}
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    strategy:
      matrix:
        include: [{os: linux, n: 1}]
    steps:
"""
HASHES = """
  old:
    runs-on: ubuntu-latest
    container: actlite-standin/centos7:1
    steps:
      - run: mkdir -p sub; printf one >a.lock; printf two >sub/b.lock; printf no >c.txt
      - name: hashes
        run: |
          echo "all=${{ hashFiles('**/*.lock') }}"
          echo "none=${{ hashFiles('nope') }}"
          echo "two=${{ hashFiles('sub/**', 'a.lock') }}"
          echo "without=${{ hashFiles('**/*.lock', '!sub/**') }}"
"""


def quoted(text: str) -> str:
    return "'${{ " + text.replace("'", "''") + " }}'"


def workflow() -> str:
    step = ["      - run: echo foo=lower >> $GITHUB_ENV", "      - name: values", "        env:"]
    for number, (_, text) in enumerate(CASES):
        step.append(f"          V{number}: {quoted(text)}")
    step.append("        run: env -0 | base64 -w0")
    broken = "".join(STEP.format(name=rule, text=text) for rule, (text, _) in BROKEN.items())
    return HEAD + "\n".join(step) + "\n" + broken + HASHES


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(workflow(), expect=1)


@pytest.fixture(scope="module")
def values(ran: Outcome) -> dict[str, str]:
    text = base64.b64decode(ran.lines("values", "job (linux, 1)")[0]).decode()
    found = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
    return {case[1]: found[f"V{number}"] for number, case in enumerate(CASES)}


def marked(rule: str, *values: str) -> object:
    return pytest.param(*values, marks=pytest.mark.rule(f"expressions/{rule}"), id=values[0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [marked(rule, text, value) for rule, texts in VALUES.items() for text, value in texts.items()],
)
def test_value(values: dict[str, str], text: str, wanted: str) -> None:
    assert values[text] == wanted


@pytest.mark.parametrize(
    ("name", "message"), [marked(rule, rule, said) for rule, (_, said) in BROKEN.items()]
)
def test_an_error_of_the_step(ran: Outcome, name: str, message: str) -> None:
    step = ran.step(name, "job (linux, 1)")
    assert (step["outcome"], step["conclusion"]) == ("failure", "failure")
    assert message in ran.log(name, "job (linux, 1)")


@pytest.fixture(scope="module")
def refusal(conform: Conform) -> str:
    steps = "".join(f"      - run: echo {text}\n" for text in [*(t for t, _ in REFUSED.values()), EVEN])
    found = conform(f"on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n{steps}", expect=2)
    return found.ended.text


@pytest.mark.parametrize("message", [marked(rule, said) for rule, (_, said) in REFUSED.items()])
def test_refused_with_the_file(refusal: str, message: str) -> None:
    assert message in refusal


@pytest.mark.rule("expressions/case-arguments")
def test_case_with_an_even_number_of_arguments(refusal: str) -> None:
    assert "Even number of parameters supplied, requires an odd number of parameters" in refusal


@pytest.mark.rule("expressions/hash-files", "expressions/hash-files-on-host")
def test_hash_files(ran: Outcome) -> None:
    def whole(*files: str) -> str:
        return hashlib.sha256(b"".join(hashlib.sha256(f.encode()).digest() for f in files)).hexdigest()

    assert ran.jobs["old"]["result"] == "success"
    assert ran.values("hashes", "old") == {
        "all": whole("one", "two"),
        "none": "",
        "two": whole("two", "one"),
        "without": whole("one"),
    }
