"""Whole workflows with every key of the syntax, and each of them with one fault in its shape.

A fault is a value of another kind, a key that is missing, unknown, doubled or in capital letters.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from generated import Pairs, Tree, written

EVERY_KEY = """\
name: n
run-name: r
on:
  push: {branches: [a], paths: [b], tags-ignore: [c]}
  pull_request: {types: [opened], branches-ignore: [x], paths-ignore: y}
  pull_request_target: {types: opened}
  schedule: [{cron: '1 2 * * *', timezone: Europe/Rome}]
  workflow_run: {workflows: [w], types: [completed], branches: [b]}
  repository_dispatch: {types: [a]}
  release:
  label: {types: [created]}
  workflow_dispatch:
    inputs:
      a: {description: d, required: true, default: x, type: string}
      b: {type: choice, options: [p, q], default: p}
      c: {type: boolean, default: false}
      d: {type: number, default: 3}
      e: {type: environment}
permissions: {contents: read, id-token: write, issues: none}
env: {A: x}
defaults: {run: {shell: bash, working-directory: d}}
concurrency: {group: g, cancel-in-progress: true}
jobs:
  one:
    name: n
    runs-on: ubuntu-latest
    steps:
      - run: x
  two:
    name: n
    needs: [one]
    permissions: {contents: read}
    runs-on: {group: g, labels: [ubuntu-latest]}
    environment: {name: e, url: u}
    concurrency: {group: g, cancel-in-progress: false}
    outputs: {o: v}
    env: {B: y}
    defaults: {run: {shell: bash, working-directory: d}}
    if: github.ref == 'x'
    timeout-minutes: 5
    continue-on-error: true
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix:
        os: [a, b]
        include: [{os: c, x: y}]
        exclude: [{os: a}]
    container:
      image: alpine
      credentials: {username: u, password: '${{ secrets.P }}'}
      env: {C: z}
      ports: [80]
      volumes: ['a:/b']
      options: o
    services:
      db:
        image: pg
        credentials: {username: u, password: '${{ secrets.P }}'}
        env: {D: w}
        ports: ['80:80']
        volumes: ['a:/b']
        options: o
    steps:
      - id: s
        name: n
        if: github.ref == 'x'
        run: echo
        shell: bash
        working-directory: d
        env: {E: v}
        continue-on-error: true
        timeout-minutes: 3
      - uses: actions/checkout@v4
        with: {ref: x}
        id: t
        env: {F: u}
        timeout-minutes: 2.5
      - uses: docker://alpine
        with: {args: x, entrypoint: y}
"""
CALLED = """\
on:
  workflow_call:
    inputs:
      a: {description: d, required: true, type: string}
      b: {type: boolean, default: true}
      c: {type: number, default: 3}
    secrets:
      s: {description: d, required: true}
      t:
    outputs:
      o: {description: d, value: '${{ jobs.one.outputs.o }}'}
permissions: read-all
concurrency: g
jobs:
  one:
    runs-on: [self-hosted, linux]
    environment: e
    concurrency: g
    permissions: write-all
    container: alpine
    services:
      db: {image: pg}
    outputs: {o: v}
    snapshot: {image-name: n, version: 1.*, if: github.ref == 'x'}
    steps:
      - run: x
  two:
    needs: one
    uses: a/b/.github/workflows/c.yml@v1
    with: {i: x}
    secrets: {s: x}
  three:
    uses: a/b/.github/workflows/c.yml@v1
    secrets: inherit
    name: n
    if: github.ref == 'x'
    permissions: {contents: read}
    concurrency: {group: g}
    strategy:
      matrix: {a: [1]}
"""
SMALL = """\
on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    snapshot: n
    steps: [{run: x}]
"""
NESTED = """\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    strategy: {matrix: {a: [{b: c}, {b: [d]}]}}
    steps: [{run: x}]
"""
BASES = (EVERY_KEY, CALLED, SMALL, NESTED)

KINDS: tuple[Tree, ...] = (
    *("", "~", "''", "word", "true", "5", "0", "-1", "1.5", "'5'", "'true'", "[]", "{}"),
    *(["word"], ["''"], [""], [["x"]], [Pairs([("unknown", "x")])]),
    *(Pairs([("unknown", "x")]), Pairs([("unknown", "")])),
    *("${{ github.sha }}", "${{ fromJSON('[1]') }}", "${{ 1 }}${{ 2 }}"),
)
"""Values of every kind."""
KEYS = ("nosuch", "''", "1")

Path = tuple[int, ...]
Edit = Callable[[Tree, int], None]


def tree(text: str) -> Tree:
    """A workflow as a tree of its scalars as they are written."""
    return _tree(yaml.compose(text, Loader=yaml.SafeLoader))


def _tree(node: yaml.Node | None) -> Tree:
    if isinstance(node, yaml.MappingNode):
        return Pairs([(key.value, _tree(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return f"'{node.value}'" if node.style else node.value


def paths(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Where everything of a tree is."""
    if not isinstance(tree, str):
        for index, entry in enumerate(tree):
            yield (*path, index)
            yield from paths(entry[1] if isinstance(entry, tuple) else entry, (*path, index))


def at(tree: Tree, path: Path) -> Tree:
    """What is at a path."""
    for index in path:
        entry = tree[index]
        tree = entry[1] if isinstance(entry, tuple) else entry
    return tree


def put(parent: Tree, index: int, value: Tree) -> None:
    """Replace a value, and keep its key."""
    if isinstance(parent, Pairs):
        parent[index] = (parent[index][0], value)
    elif not isinstance(parent, str):
        items: list[Any] = parent
        items[index] = value


def _edits() -> list[Edit]:
    def replaced(value: Tree) -> Edit:
        return lambda parent, index: put(parent, index, copy.deepcopy(value))

    def removed(parent: Tree, index: int) -> None:
        if isinstance(parent, list):
            del parent[index]

    def written_as(key: str) -> Edit:
        return named(lambda _: key)

    def named(name: Callable[[str], str]) -> Edit:
        def edit(parent: Tree, index: int) -> None:
            if isinstance(parent, Pairs):
                parent[index] = (name(parent[index][0]), parent[index][1])

        return edit

    def unknown(parent: Tree, index: int) -> None:
        if isinstance(parent, Pairs):
            parent.insert(index, ("nosuch", "x"))

    def doubled(parent: Tree, index: int) -> None:
        if isinstance(parent, Pairs):
            parent.append((parent[index][0].upper(), copy.deepcopy(parent[index][1])))

    return [
        *(replaced(value) for value in KINDS),
        *(removed, unknown, doubled, named(str.upper)),
        *(written_as(key) for key in KEYS),
    ]


def workflows(chance: random.Random, count: int) -> Iterator[str]:
    """Of all workflows with one fault as many as wanted, chosen by chance."""
    every = [(base, path, edit) for base in map(tree, BASES) for path in paths(base) for edit in _edits()]
    for base, path, edit in chance.sample(every, min(count, len(every))):
        changed = copy.deepcopy(base)
        edit(at(changed, path[:-1]), path[-1])
        yield written(changed) + "\n"


def with_expressions(chance: random.Random, expressions: tuple[str, ...], count: int) -> Iterator[str]:
    """Workflows in which one scalar, wherever it is, is an expression or has one."""
    every = [
        (base, path)
        for base in map(tree, BASES[:2])
        for path in paths(base)
        if isinstance(at(base, path), str)
    ]
    for _ in range(count):
        base, path = chance.choice(every)
        changed = copy.deepcopy(base)
        text = chance.choice(("${{ %s }}", "x ${{ %s }}")) % chance.choice(expressions)
        put(at(changed, path[:-1]), path[-1], "'" + text.replace("'", "''") + "'")
        yield written(changed) + "\n"
