"""Small workflows, made at random: good ones, and the same with a fault or two.

A tree is ``Pairs`` (a mapping, in which a key may come twice), a list, or a text: the scalar as it is written.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any


class Pairs(list[tuple[str, "Tree"]]):
    """A mapping as it is written."""


Tree = Pairs | list[Any] | str


_PLAIN = ("x", "linux", "1.50", "'quoted'", '"double"', "true", "007", "a b", "|\n  two\n  lines")
_ODD = (
    *(
        "~",
        "null",
        "''",
        "true",
        "False",
        "yes",
        "on",
        "1",
        "-1.5",
        "0x1F",
        "0o17",
        "08",
        "1e3",
        ".inf",
        ".nan",
    ),
    *(
        "1_000",
        "'1'",
        '"true"',
        "!!str 5",
        "!!int 5",
        "!!bool x",
        "2001-01-01",
        "[]",
        "{}",
        "[a, b]",
        "{a: b}",
    ),
    *(
        "${{ github.sha }}",
        "${{ 'text' }}",
        "${{ '' }}",
        "${{ }}",
        "${{ insert }}",
        "${{ github.sha",
        "a${{ 1 }}b",
    ),
    *(
        "${{ secrets.A }}",
        "${{ matrix.a }}",
        "${{ steps.a.outputs.b }}",
        "${{ env.A }}",
        "${{ needs.a.result }}",
    ),
    *("${{ nosuch }}", "${{ nosuch() }}", "${{ always() }}", "${{ hashFiles('a') }}", "${{ contains('a') }}"),
    *("${{ github. }}", "${{ 1 + 2 }}", "${{ 'open }}", "[${{ github.sha }}]", "{a: {b: c}}", "[[a]]"),
)
_KEYS = (
    *("name", "runs_on", "Run", "env", "steps", "with", "uses", "run", "shell", "if", "id", "on", "unknown"),
    *("timeout-minutes", "continue-on-error", "''", "runs-on", "needs", "<<", "${{ insert }}"),
    *("${{ github.sha }}", "'key'", "image", "group", "matrix", "background", "wait", "outputs", "secrets"),
)
_CONDITIONS = (
    "always()",
    "github.ref == 'x'",
    "${{ success() }}",
    "true",
    "'!cancelled()'",
    "'${{ github.a }} b'",
)
_TEXTS = (*_PLAIN, "${{ github.sha }}", "a ${{ inputs.b }} c", "${{ case(true, 'a', 'b') }}")


class Maker:
    """Makes workflows from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def workflow(self) -> Pairs:
        """A workflow that GitHub accepts."""
        names = ["a", "b", "c"][: self.chance.randint(1, 3)]
        tree = Pairs([("on", self.pick("push", "[push, pull_request]", Pairs([("workflow_dispatch", "")])))])
        self.maybe(tree, "name", self.text)
        self.maybe(tree, "run-name", lambda: "${{ github.actor }}")
        self.maybe(tree, "env", lambda: Pairs([("A", self.text())]))
        self.maybe(tree, "permissions", lambda: self.pick("read-all", "{}", Pairs([("contents", "read")])))
        self.maybe(tree, "concurrency", lambda: self.pick("x", Pairs([("group", "x"), ("queue", "max")])))
        self.maybe(tree, "defaults", lambda: Pairs([("run", Pairs([("shell", "bash")]))]))
        tree.append(("jobs", Pairs([(name, self.job(names[:index])) for index, name in enumerate(names)])))
        return tree

    def pick(self, *options: Tree) -> Tree:
        return self.chance.choice(options)

    def text(self) -> Tree:
        return self.chance.choice(_TEXTS)

    def maybe(self, tree: Pairs, key: str, make: Callable[[], Tree]) -> None:
        if self.chance.random() < 0.3:
            tree.append((key, make()))

    def job(self, before: list[str]) -> Pairs:
        job = Pairs()
        if before:
            self.maybe(job, "needs", lambda: self.pick(before[0], list(before)))
        self.maybe(job, "if", lambda: self.pick("github.ref", "${{ always() }}", "success() && true"))
        self.maybe(job, "name", lambda: self.pick("x", "${{ matrix.os }}", "y ${{ github.ref }}"))
        self.maybe(job, "concurrency", lambda: "${{ github.ref }}")
        if self.chance.random() < 0.1:
            job.append(("uses", "a/b/.github/workflows/c.yml@v1"))
            self.maybe(job, "with", lambda: Pairs([("i", "${{ github.ref }}")]))
            self.maybe(job, "secrets", lambda: self.pick("inherit", Pairs([("s", "${{ secrets.S }}")])))
            return job
        job.append(
            ("runs-on", self.pick("ubuntu-latest", "[a, b]", "${{ matrix.os }}", Pairs([("group", "g")])))
        )
        self.maybe(job, "strategy", self.strategy)
        self.maybe(job, "timeout-minutes", lambda: self.pick("5", "${{ fromJSON('5') }}"))
        self.maybe(job, "continue-on-error", lambda: self.pick("true", "${{ matrix.a }}"))
        self.maybe(
            job, "container", lambda: self.pick("alpine", Pairs([("image", "a:b"), ("ports", ["80"])]))
        )
        self.maybe(job, "services", lambda: Pairs([("db", self.pick("pg", Pairs([("image", "pg")])))]))
        self.maybe(job, "env", lambda: Pairs([("A", "${{ secrets.A }}"), ("B", self.text())]))
        self.maybe(job, "environment", lambda: self.pick("prod", Pairs([("name", "n"), ("url", "u")])))
        self.maybe(job, "outputs", lambda: Pairs([("o", "${{ steps.s.outputs.o }}")]))
        self.maybe(job, "defaults", lambda: Pairs([("run", Pairs([("working-directory", "d")]))]))
        self.maybe(job, "permissions", lambda: Pairs([("issues", "write"), ("id-token", "none")]))
        steps: list[Any] = [self.step(number) for number in range(self.chance.randint(1, 4))]
        steps += self.chance.choices([*self.controls(steps), None], k=1)
        job.append(("steps", [step for step in steps if step is not None]))
        return job

    def controls(self, steps: list[Pairs]) -> Iterator[Pairs]:
        """Steps that run nothing themselves."""
        yield Pairs([("wait-all", self.pick("", "true", "false"))])
        yield Pairs([("parallel", [self.step(10), self.step(11)])])
        named = [value for step in steps for key, value in step if key == "id"]
        yield from (Pairs([("wait", [value])]) for value in named[:1])
        yield from (Pairs([("cancel", value)]) for value in named[-1:])

    def strategy(self) -> Tree:
        matrix = Pairs([("os", self.pick("[a, b]", "${{ fromJSON('[]') }}", ["x", "1"]))])
        self.maybe(matrix, "include", lambda: [Pairs([("os", "a"), ("more", "c")])])
        tree = Pairs([("matrix", matrix)])
        self.maybe(tree, "fail-fast", lambda: "false")
        self.maybe(tree, "max-parallel", lambda: "2")
        return tree

    def step(self, number: int) -> Pairs:
        step = Pairs()
        self.maybe(step, "id", lambda: f"s{number}")
        self.maybe(step, "name", self.text)
        self.maybe(step, "if", lambda: self.chance.choice(_CONDITIONS))
        if self.chance.random() < 0.5:
            step.append(("run", self.text()))
            self.maybe(step, "shell", lambda: "bash")
            self.maybe(step, "working-directory", self.text)
        else:
            step.append(("uses", self.pick("a/b@v1", "./local", "docker://alpine", "a/b/c@main")))
            self.maybe(step, "with", lambda: Pairs([("in", self.text()), ("two", "3")]))
        self.maybe(step, "env", lambda: Pairs([("A", "${{ env.B }}")]))
        self.maybe(step, "timeout-minutes", lambda: "3")
        self.maybe(step, "continue-on-error", lambda: self.pick("false", "${{ github.a }}"))
        if self.chance.random() < 0.1:
            step.append(("background", "true"))
        self.chance.shuffle(step)
        return step

    def spoiled(self, tree: Pairs) -> None:
        """Put one fault into a tree, or what may be one; never into ``on:``."""
        every = list(places(tree))
        if not every:
            return
        place, index = self.chance.choice(every)
        if isinstance(place, Pairs):
            key, value = place[index]
            how = self.chance.randrange(7)
            if how == 0:
                del place[index]
            elif how == 1:
                place[index] = (self.chance.choice(_KEYS), value)
            elif how == 2:
                place.insert(index, (self.chance.choice(_KEYS), self.text()))
            elif how == 3:
                place.append((self.chance.choice((key, key.upper(), key.capitalize())), value))
            elif how == 4:
                other, at = self.chance.choice(every)
                moved = copy.deepcopy(other[at])
                place[index] = (key, moved[1] if isinstance(moved, tuple) else moved)
            else:
                place[index] = (key, self.chance.choice(_ODD))
        elif self.chance.random() < 0.3:
            del place[index]
        else:
            items: list[Any] = place
            items[index] = self.chance.choice(_ODD)


def places(tree: Tree, path: str = "") -> Iterator[tuple[Pairs | list[Any], int]]:
    """Every entry and item of a tree: where it is, and which."""
    if isinstance(tree, str):
        return
    for index, entry in enumerate(tree):
        key, value = entry if isinstance(entry, tuple) else ("", entry)
        if path == "" and key == "on":
            continue
        yield tree, index
        yield from places(value, f"{path}.{key}")


def written(tree: Tree, indent: int = 0) -> str:
    """A tree as YAML, without its first line's indentation."""
    pad = " " * indent
    if isinstance(tree, str):
        return tree.replace("\n", "\n" + pad)
    if not tree:
        return "{}" if isinstance(tree, Pairs) else "[]"
    lines = []
    for entry in tree:
        sign, value = (f"{entry[0]}:", entry[1]) if isinstance(entry, tuple) else ("-", entry)
        if isinstance(value, str) or not value:
            lines.append(f"{sign} {written(value, indent + 2)}".rstrip())
        elif isinstance(entry, tuple):
            lines.append(f"{sign}\n{' ' * (indent + 2)}{written(value, indent + 2)}")
        else:
            lines.append(f"{sign} {written(value, indent + 2)}")
    return f"\n{pad}".join(lines)


def workflows(chance: random.Random) -> Iterator[str]:
    """Workflows without end: one in five is good, the others have one fault or two."""
    maker = Maker(chance)
    while True:
        tree = maker.workflow()
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            maker.spoiled(tree)
        yield written(tree) + "\n"
