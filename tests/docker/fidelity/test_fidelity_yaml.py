"""How YAML is read, as a step's variables show it; and what is refused."""

from __future__ import annotations

import base64

import pytest
from conforming import Conform
from main_tools import Outcome, Server, node_action

SCALARS = {
    "plain-words": {"yes": "yes", "on": "on", "True": "true", "TRUE": "true", "'True'": "True", "FALSE": "false"},
    "plain-numbers": {
        "010": "10", "0o10": "8", "0x1f": "31", "1e3": "1000", "1.10": "1.1", "'1.10'": "1.10", "'010'": "010",
        "+1": "1", ".5": "0.5", "1_000": "1_000", "1:30": "1:30", "2021-05-07": "2021-05-07", "!!str 010": "010",
    },
    "numbers-of-15-digits": {"1234567890123456789": "1.23456789012346E+18", "0.1234567890123456": "0.123456789012346"},
    "nulls": {"~": "", "null": "", "Null": "", "''": "", "'~'": "~"},
}  # fmt: skip
CASES = [(rule, text) for rule, texts in SCALARS.items() for text in texts]
DEEP = "".join(f"{' ' * 4}{'  ' * n}- \n" for n in range(60))
JOB = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n"
REFUSED = {
    "duplicate-keys": (JOB + "    env: {Env: 1, env: 2}\n    steps: [{run: x}]\n", "'env' is already defined"),
    "no-merge-key": (
        JOB + "    steps:\n      - &a\n        run: x\n      - <<: *a\n        run: y\n",
        "Unexpected value '<<'",
    ),
    "too-many-nodes": (
        JOB
        + "    steps: [{run: x}]\n    env:\n      A: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"      {b}: &{b.lower()} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in ("aB", "bC", "cD", "dE")),
        "Maximum YAML nodes exceeded",
    ),
    "size": (f"{JOB}    steps: [{{run: x}}]\n" + f"#{'x' * 1023}\n" * 1025, "size"),
    "depth": (f"{JOB}    steps: [{{run: x}}]\n    strategy:\n      matrix:\n        a: {'[' * 55}1{']' * 55}\n", "depth"),
}  # fmt: skip


def workflow() -> str:
    env = "".join(f"      V{number}: {text}\n" for number, (_, text) in enumerate(CASES))
    return f"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    env:
{env}    steps:
      - name: values
        run: env -0 | base64 -w0
      - &aliased
        name: aliased
        env: &of_the_step {{A: &text a value}}
        run: echo "$A, $B"
      - *aliased
      - name: other
        env: *of_the_step
        run: echo "$A, $B"
      - name: text
        env: {{B: *text}}
        run: echo "$A, $B"
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(workflow())


@pytest.fixture(scope="module")
def values(ran: Outcome) -> dict[str, str]:
    text = base64.b64decode(ran.lines("values")[0]).decode()
    found = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
    return {text: found[f"V{number}"] for number, (_, text) in enumerate(CASES)}


def marked(rule: str, *values: str) -> object:
    return pytest.param(*values, marks=pytest.mark.rule(f"yaml/{rule}"), id=f"{rule} {values[0]}"[:60])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [marked(rule, t, value) for rule, texts in SCALARS.items() for t, value in texts.items()],
)
def test_scalar(values: dict[str, str], text: str, wanted: str) -> None:
    assert values[text] == wanted


@pytest.mark.rule("yaml/anchors")
def test_anchors(ran: Outcome) -> None:
    steps = [step["name"] for step in ran.job["steps"]]
    assert steps.count("aliased") == 2
    assert ran.lines("aliased")[-1] == "a value, "
    assert ran.lines("other") == ["a value, "]
    assert ran.lines("text") == [", a value"]


@pytest.mark.parametrize(
    ("name", "message"), [marked(rule, rule, message) for rule, (_, message) in REFUSED.items()]
)
def test_refused(conform: Conform, name: str, message: str) -> None:
    found = conform(REFUSED[name][0], expect=2)
    assert message in found.ended.text
    assert found.events == []


@pytest.mark.rule("yaml/no-merge-key")
def test_merge_key_in_env(conform: Conform) -> None:
    text = "    env: &e {A: b}\n    steps:\n      - run: x\n        env: {<<: *e}\n"
    assert "A mapping was not expected" in conform(JOB + text, expect=2).ended.text


@pytest.mark.rule("yaml/no-anchors-in-manifests")
def test_anchors_in_a_manifest(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("yaml") / "server")
    server.publish("o/anchored", node_action("", extra="description: &a text"))
    found = conform(
        JOB + "    steps:\n      - uses: o/anchored@v1\n      - run: x\n", env=server.env, expect=1
    )
    assert "Anchors are not currently supported. Remove the anchor 'a'" in found.log("Set up job")
    assert found.step("Set up job")["outcome"] == "failure"


@pytest.mark.rule("yaml/block-scripts-have-lf")
def test_line_ends_of_scripts(conform: Conform) -> None:
    text = (
        JOB + "    steps:\n      - name: ends\n        run: |\n          od -c <$0 | head -2\n          :\n"
    )
    found = conform(text.replace("\n", "\r\n"))
    assert r"\r" not in "".join(found.lines("ends"))
    assert r"\n" in "".join(found.lines("ends"))
