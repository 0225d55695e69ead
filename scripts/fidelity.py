"""Makes docs/fidelity.md: every rule of GitHub's runner that actlite knows, and what the tests say of it.

``pytest tests/docker --rule-results FILE`` runs the tests; ``python -m scripts.fidelity FILE`` writes the page,
``--check`` compares it instead. Ends with 1 where a rule has no test, a test of a rule has failed, or the page is
another; with 2 where there are no results.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.fidelity_rules import Area, Rule, areas

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "fidelity.md"
RUNNER = "https://github.com/actions/runner/blob/main/src/"
CHECKOUT = "https://github.com/actions/checkout/blob/main/"
SERVICES = "https://github.com/actions/languageservices/blob/main/"
DOCS = "https://docs.github.com/en/actions/"
INTRODUCTION = """\
# The rules of GitHub's runner, one by one

<!-- Made by scripts/fidelity.py of tests/docker/fidelity/rules and of the tests' results. Changes go there. -->

actlite takes the source of [GitHub's runner](https://github.com/actions/runner) as its specification. Each rule below is
proved by at least one test that runs a workflow in a real container, or on the host engine, by the real program. Where
actlite differs, it is on purpose, the test proves what it does instead, and the first table says why; what that
changes for a workflow, `actlite plan` says before a run ("told").

`sh tests/run.sh` runs the tests and compares this page with what they have found.
"""

Tests = Mapping[str, Sequence[str]]
"""The tests of each rule, by its id: ``file::name``."""


def page(found: Sequence[Area], tests: Tests) -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            *_counts(found),
            "",
            *_differences(found),
            *(line for a in found for line in _area(a, tests)),
        ]
    )


def faults(found: Sequence[Area], results: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Rules without a test, and tests of rules that have failed."""
    tested = {id for result in results.values() for id in _named(result)}
    for rule in _rules(found):
        if rule.id not in tested:
            yield f"{rule.id}: no test"
    for name, result in results.items():
        if result["outcome"] != "passed":
            yield f"{', '.join(_named(result))}: {name} has failed"


def tests_of(results: Mapping[str, Mapping[str, object]]) -> Tests:
    """The tests of each rule."""
    found: dict[str, list[str]] = {}
    for name, result in results.items():
        for id in _named(result):
            found.setdefault(id, []).append(name.partition("[")[0])
    return {id: sorted(set(names)) for id, names in found.items()}


def _named(result: Mapping[str, object]) -> Sequence[str]:
    names = result["rules"]
    assert isinstance(names, list)
    return names


def _rules(found: Iterable[Area]) -> Iterator[Rule]:
    return (rule for area in found for rule in area.rules)


def _counts(found: Sequence[Area]) -> Iterator[str]:
    yield "| area | rules | same | differs |"
    yield "|---|---|---|---|"
    for area in found:
        yield _count(f"[{area.title}](#{_anchor(area.title)})", area.rules)
    yield _count("all", list(_rules(found)))


def _count(name: str, rules: Sequence[Rule]) -> str:
    other = sum(bool(rule.differs) for rule in rules)
    return f"| {name} | {len(rules)} | {len(rules) - other} | {other or ''} |"


def _differences(found: Sequence[Area]) -> Iterator[str]:
    yield "## Where actlite differs\n"
    yield "| rule | GitHub's runner | actlite | |"
    yield "|---|---|---|---|"
    for rule in _rules(found):
        if rule.differs:
            yield f"| {rule.id} | {_cell(rule.text)} | {_cell(rule.differs)} | {'told' if rule.told else ''} |"
    yield ""


def _area(area: Area, tests: Tests) -> Iterator[str]:
    yield f"## {area.title}\n"
    yield "| rule | source | state | test |"
    yield "|---|---|---|---|"
    for rule in area.rules:
        sources = ", ".join(_source(source) for source in rule.source)
        state = "differs" if rule.differs else "same"
        proofs = ", ".join(_test(name) for name in tests.get(rule.id, ()))
        yield f"| {_cell(rule.text)} | {sources} | {state} | {proofs} |"
    yield ""


def _source(source: str) -> str:
    kind, separator, rest = source.partition(": ")
    if separator and kind == "docs":
        return (
            f"[docs]({DOCS}{rest})" if "/" in rest else f"GitHub's docs: {_cell(rest).replace('<', '&lt;')}"
        )
    if separator and kind == "checkout":
        return f"[{Path(rest).name}]({CHECKOUT}{rest})"
    if separator and kind == "languageservices":
        return f"[{Path(rest).name}]({SERVICES}{rest})"
    return f"[{Path(source).stem}]({RUNNER}{source})"


def _test(name: str) -> str:
    path, _, test = name.partition("::")
    return f"[{test.removeprefix('test_').replace('_', ' ')}](../{path})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, metavar="FILE", help="what pytest --rule-results has written")
    parser.add_argument("--check", action="store_true", help="compare docs/fidelity.md, and write nothing")
    asked = parser.parse_args(arguments)
    try:
        results = json.loads(asked.results.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{asked.results}: {error}", file=sys.stderr)
        return 2
    found = areas()
    wrong = list(faults(found, results))
    text = page(found, tests_of(results))
    if not asked.check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        wrong.append(
            f"docs/{PAGE.name} is not what the tests say: python -m scripts.fidelity {asked.results}"
        )
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    rules = list(_rules(found))
    print(f"{len(rules)} rules, {sum(bool(r.differs) for r in rules)} of them differ; {len(results)} tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
