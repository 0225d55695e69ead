"""Both parsers give the same tree, on real workflows and on mutants of them."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.shared_data import CORPUS, VECTORS, needs

from actlite.document import yaml_events
from actlite.document.compose import compose, compose_events
from actlite.document.nodes import Node, Scalar, Sequence
from actlite.document.yaml_events import YamlSyntaxError, c_events, pure_events
from actlite.source import SourceFile

needs_c = pytest.mark.skipif(
    not yaml_events.c_parser_available(), reason="PyYAML's C parser is not installed"
)


def shape(node: Node | None) -> object:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return (repr(node.value), node.text, node.span.start, node.span.end, node.plain)
    if isinstance(node, Sequence):
        return (node.span.start, node.span.end, [shape(item) for item in node])
    return (node.span.start, node.span.end, [(shape(k), shape(v)) for k, v in node])


def outcome(source: SourceFile, parser: object) -> object:
    assert callable(parser)
    try:
        stream = list(parser(source.text))
    except YamlSyntaxError:
        return "refused"
    node, found = compose_events(source, stream)
    return shape(node), [(d.code, str(d.span)) for d in found]


def files() -> list[Path]:
    return sorted(CORPUS.rglob("*.y*ml"))


@needs_c
@needs(CORPUS)
@pytest.mark.long
def test_corpus(effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]) -> None:
    """Trees, places and verdicts are the same, in the long mode on every file."""
    every = files()
    some = random.Random(seed).sample(every, min(len(every), effort(120, len(every))))
    different = []
    for path in some:
        source = SourceFile(path.name, path.read_bytes().decode("utf-8-sig"))
        if outcome(source, c_events) != outcome(source, pure_events):
            different.append(str(path))
    figure("Two parsers, one tree", f"{len(some):,} files of the corpus: {len(different)} different")
    assert different == []


SIGNS = ["'", '"', ":", ": ", "#", " #", "- ", "[", "]", "{", "}", ",", "\n", "\t", "  ", "&a ", "*a", "!!str ", "|", ">",
         "? ", "\\", "${{ x }}", "\r\n", "\r", "---\n", "...\n", "é", '[a:b, "x":y]', "{a:1}", "\x07", "\x85", "\ufeff",
         "\\'", "''", "|2\n", ">-\n", "\n\n", "@", "%", "~", "\n  ", "\n\t", "!x ", "\t#", "|#"]  # fmt: skip
OPEN = ("...", "---", "!", "[?", "? ", "\x85")
"""Signs on which libyaml and ruamel.yaml may disagree whether a text is YAML: a document's end in the midst, odd
tags, a '?' where a flow collection's entry begins, line ends of YAML 1.1; so is a block scalar that is the
whole document. No real workflow has them there."""


@needs_c
@needs(CORPUS)
@pytest.mark.long
def test_mutants(effort: Callable[[int, int], int], seed: int, figure: Callable[[str, str], None]) -> None:
    """Both parsers say the same of mutants: whether they are YAML, and which tree they are."""
    texts = [path.read_text(encoding="utf-8") for path in files() if path.stat().st_size < 2500]
    rng = random.Random(seed)
    accepted = refused = left = 0
    for _ in range(effort(500, 20_000)):
        lines = rng.choice(texts).splitlines(True)
        start = rng.randrange(max(1, len(lines) - 15))
        text = textwrap.dedent("".join(lines[start : start + 15]))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(SIGNS) + text[at + rng.choice((0, 0, 1, 3)) :]
        source = SourceFile("w.yml", text)
        first, second = outcome(source, c_events), outcome(source, pure_events)
        is_open = any(sign in text for sign in OPEN) or re.search(r"(?m)^\s*[|>]", text)
        if "refused" in (first, second) and first != second and is_open:
            left += 1
            continue
        assert first == second, (seed, text)
        if first == "refused":
            refused += 1
        else:
            accepted += 1
    figure(
        "Two parsers, one tree",
        f"{accepted + refused + left:,} mutants: {accepted:,} accepted with the same tree, {refused:,} refused by both, "
        f"{left} with signs on which they may disagree",
    )
    assert accepted > 50
    assert left < (accepted + refused) / 20


@pytest.mark.parametrize(
    "text",
    [
        "k: [a:b, 'x':y]",
        'k: ["x":y, "z": 1]',
        "ports: [5432:5432]",
        "k: {'a':b}",
        "[[a, 'b':c]]",
        "k: ['a', 'b']",
    ],
)
def test_flow_collections(text: str) -> None:
    source = SourceFile("w.yml", text)
    pure = outcome(source, pure_events)
    assert pure != "refused"
    if yaml_events.c_parser_available():
        assert outcome(source, c_events) == pure


def test_without_the_c_parser_the_pure_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SourceFile("w.yml", "on: push\nk: [a:b, 'x':y]\n")
    expected = shape(compose(source)[0])
    monkeypatch.setattr(yaml_events, "_c_loader", lambda: None)
    assert not yaml_events.c_parser_available()
    with pytest.raises(ImportError):
        list(c_events("a"))
    assert shape(compose(source)[0]) == expected


@needs_c
@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029"])
def test_line_ends_of_old_yaml_end_lines(sign: str) -> None:
    for text in (f"a: b{sign}c: d", f"a:{sign}  b: |{sign}    c{sign}"):
        source = SourceFile("w.yml", text)
        assert compose(source)[1] == []
        if sign == "\x85":
            assert outcome(source, c_events) == outcome(source, pure_events)
    assert [d.code for d in compose(SourceFile("w.yml", f"a: b{sign}c"))[1]] == ["yaml-syntax"]


READER = VECTORS / "reader"
NOT_OURS: dict[str, str] = {
    "errors-anchor-tag.yml": "predates anchors in workflows; read as a manifest it is refused, tested elsewhere",
    "errors-max-depth.yml": "sets a limit of its own",
    "errors-max-file-size.yml": "sets a limit of its own",
}
OUR_CODES = {
    "errors-matrix-max-depth.yml": "yaml-depth",
    "errors-yaml-invalid-style.yml": "yaml-tag",
    "errors-parse-boolean.yml": "yaml-value",
    "errors-parse-float.yml": "yaml-value",
    "errors-parse-integer.yml": "yaml-value",
    "errors-yaml-tags-explicit-unsupported.yml": "yaml-tag",
}


@needs(READER)
def test_reader_vectors() -> None:
    """Every workflow of the conformance vectors composes, but for those whose expected error is ours."""
    seen = 0
    for path in sorted(READER.glob("*.yml")):
        if path.name in NOT_OURS:
            continue
        parts = re.split(r"\r?\n---\r?\n", path.read_text(encoding="utf-8"))
        expected = parts[-1]
        _, found = compose(SourceFile(path.name, parts[1]))
        if path.name in OUR_CODES:
            assert [d.code for d in found] == [OUR_CODES[path.name]], path.name
        elif found:
            assert all(d.message in expected for d in found), (path.name, [d.message for d in found])
        seen += 1
    assert seen > 100
