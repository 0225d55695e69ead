"""Expressions within a workflow, the kinds of its values, and the shape of its steps."""

from __future__ import annotations

import pytest
from conforming import Conform
from main_tools import Outcome, Server

HEAD = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n"
WORKFLOW = """
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: actlite-standin/runner:1
    env:
      FIVE: '5'
      MORE: '{"A": "1", "B": true, "C": null}'
      NESTED: '{"A": {"B": 1}}'
    steps:
      - name: braces
        run: echo "${{ format('{0}}}', 'a') }} ${{ '}}' }}"
      - name: insert
        env:
          FIRST: f
          ${{ insert }}: ${{ fromJSON(env.MORE) }}
          LAST: l
        run: echo "$FIRST$A$B$C$LAST"
      - name: mapping
        env: ${{ fromJSON(env.MORE) }}
        run: echo "$A$B$C"
      - name: number
        timeout-minutes: ${{ fromJSON(env.FIVE) }}
        run: echo "${{ fromJSON('true') }} ${{ 1.50 }}"
      - name: kinds
        env:
          WHOLE: ${{ fromJSON('1.50') }}
          PART: x${{ fromJSON('1.50') }}
          TRUTH: ${{ true }}
        run: echo "$WHOLE $PART $TRUTH"
      - name: nested
        env: ${{ fromJSON(env.NESTED) }}
        run: echo never
      - name: minutes
        if: always()
        timeout-minutes: ${{ env.FIVE }}
        run: echo runs
      - name: continue
        if: always()
        continue-on-error: ${{ env.FIVE }}
        run: exit 1
      - name: mapping of a text
        if: always()
        env: ${{ env.FIVE }}
        run: echo never
"""
LONG = "i" * 100
REFUSED = {
    "types-of-values": [
        ("- run: x\n        timeout-minutes: '5'", "Unexpected value '5'"),
        ("- run: x\n        continue-on-error: 'true'", "Unexpected value 'true'"),
    ],
    "empty-expression": [("- run: echo ${{ }}", "An expression was expected")],
    "unclosed-expression": [
        (
            "- run: echo ${{ github.sha",
            "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found.",
        )
    ],
    "contexts-of-if": [
        ("- run: x\n        if: ${{ secrets.X != '' }}", "Unrecognized named-value: 'secrets'. Located at position 1"),
    ],
    "first-key-decides": [("- run: x\n        uses: a/b@c", "Unexpected value 'uses'")],
    "undecided-step": [
        ("- name: x", "There's not enough info to determine what you meant. Add one of these properties: ")
    ],
    "required-key": [("- shell: bash", "Required property is missing: run")],
    "action-reference": [
        ("- uses: actions/checkout", "Expected format {org}/{repo}[/path]@ref. Actual 'actions/checkout'")
    ],
    "unknown-keys": [("- run: x\n        retries: 3", "Unexpected value 'retries'")],
    "step-ids": [
        (
            "- {run: x, id: a}\n      - {run: x, id: A}",
            "The identifier 'A' may not be used more than once within the same scope.",
        ),
        ("- {run: x, id: __x}", "The identifier '__x' is invalid. IDs starting with '__' are reserved."),
        (f"- {{run: x, id: {LONG}}}", f"The identifier '{LONG}' is invalid. IDs"),
    ],
}  # fmt: skip
GROUPS = (
    ("types-of-values", "contexts-of-if", "undecided-step", "required-key", "unknown-keys"),
    ("empty-expression", "unclosed-expression", "first-key-decides"),
    ("action-reference", "step-ids"),
)
"""What is refused by different parts of GitHub is in files of its own: some is only looked at where the rest is right."""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW, expect=1)


@pytest.fixture(scope="module")
def refusals(conform: Conform) -> str:
    texts = []
    for group in GROUPS:
        steps = "".join(f"      {text}\n" for rule in group for text, _ in REFUSED[rule])
        texts.append(conform(f"{HEAD}    steps:\n{steps}", expect=2).ended.text)
    return "".join(texts)


def marked(rule: str, message: str) -> object:
    return pytest.param(message, marks=pytest.mark.rule(f"templates/{rule}"), id=f"{rule} {message}"[:60])


@pytest.mark.parametrize("message", [marked(rule, m) for rule, cases in REFUSED.items() for _, m in cases])
def test_refused(refusals: str, message: str) -> None:
    assert message in refusals


@pytest.mark.rule("templates/braces-in-strings")
def test_braces(ran: Outcome) -> None:
    assert ran.lines("braces") == ["a} }}"]


@pytest.mark.rule("templates/insert")
def test_insert(ran: Outcome) -> None:
    assert ran.lines("insert") == ["f1truel"]


@pytest.mark.rule("templates/mapping-of-an-expression")
def test_mapping(ran: Outcome) -> None:
    assert ran.lines("mapping") == ["1true"]
    for name in ("nested", "mapping of a text"):
        assert ran.step(name)["outcome"] == "failure"
        assert "never" not in ran.lines(name)
    said = "##[error]The template is not valid. .github/workflows/x.yml (Line: {}, Col: 14): {}\n"
    assert said.format(32, "A mapping was not expected") in ran.log("nested")
    assert said.format(44, "Unexpected value '5'") in ran.log("mapping of a text")


@pytest.mark.rule("templates/kind-of-a-whole-value")
def test_kinds(ran: Outcome) -> None:
    assert ran.lines("kinds") == ["1.5 x1.5 true"]
    assert ran.lines("number") == ["true 1.5"]


@pytest.mark.rule("templates/types-of-expressions")
def test_kinds_of_expressions(ran: Outcome) -> None:
    assert ran.step("minutes")["outcome"] == "success"
    assert "##[error]An error occurred when attempting to determine the step timeout." in ran.log("minutes")
    assert "Unexpected value '5'" in ran.log("minutes")
    assert ran.step("continue")["conclusion"] == "failure"
    assert "Unexpected value '5'" in ran.log("continue")


@pytest.mark.rule("templates/ten-errors")
def test_all_errors_are_told(conform: Conform) -> None:
    steps = "".join(f"      - {{run: x, k{number}: 1}}\n" for number in range(13))
    text = conform(f"{HEAD}    steps:\n{steps}", expect=2).ended.text
    assert all(f"Unexpected value 'k{number}'" in text for number in range(13))


@pytest.mark.rule("templates/composite-step-ids")
def test_ids_in_a_composite_action(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("templates") / "server")
    step = "{run: x, shell: bash, id: "
    manifest = f"name: x\nruns:\n  using: composite\n  steps:\n    - {step}a}}\n    - {step}A}}\n"
    server.publish("o/twice", {"action.yml": manifest})
    found = conform(f"{HEAD}    steps:\n      - uses: o/twice@v1\n", env=server.env, expect=1)
    assert "The identifier 'A' may not be used more than once within the same scope." in found.log(
        "Set up job"
    )
