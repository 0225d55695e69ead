"""Expressions with faults in them: names that are not there, indexes and arguments of the wrong type."""

from __future__ import annotations

import random

WORKFLOW = """\
on:
  push:
  workflow_dispatch:
    inputs:
      text: {type: string}
      flag: {type: boolean}
      pick: {type: choice, options: [a, b]}
      count: {type: number}
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {o: "${{ steps.s.outputs.x }}"}
    steps:
      - id: s
        run: echo
  two:
    runs-on: ubuntu-latest
    needs: one
    services:
      db: {image: postgres}
    container: {image: alpine}
    env: {E: x}
    strategy:
      matrix:
        os: [linux, mac]
        n: [1, 2]
        flag: [true, false]
        o: [{a: 1, b: {c: x}}, {a: 2, b: {c: y}}]
        l: [[a, b], [c]]
    steps:
      - id: s
        run: echo
      - id: act
        uses: actions/cache@v4
        with: {path: x, key: y}
      - run: echo
        env:
"""
"""What the expressions are about: it ends where a step's environment begins."""

_ATOMS = """
github github.sha github.event github.event.x.y github.event.inputs.text github.event.inputs.nosuch
github.nosuch github.event_name.x github.retention_days github.ref_protected
github.event.commits.*.message github.event.pull_request.title github.head_ref github.repositoryUrl
github.sha.x github['sha'] github['nosuch'] github[0] github[github.sha] github.* github.event.*
github['event']['x'] GITHUB.SHA env env.E env.nosuch env['E'] env.E.x env.* env[1] env[true] secrets
secrets.A secrets.A.x secrets['A'] secrets.* vars vars.A vars.A.x vars.github_x vars.a-b vars['a-b']
vars.* inputs inputs.text inputs.flag inputs.pick inputs.count inputs.nosuch inputs.text.x
inputs['nosuch'] inputs.* inputs[0] matrix matrix.os matrix.n matrix.flag matrix.o matrix.o.a
matrix.o.b matrix.o.b.c matrix.o.nosuch matrix.l matrix.l[0] matrix.l['x'] matrix.l.x matrix.l.*.x
matrix.nosuch matrix.os.x matrix['os'] matrix['nosuch'] matrix.* matrix[0] matrix.o.* matrix.o[0]
matrix.include needs needs.one needs.one.outputs needs.one.outputs.o needs.one.outputs.nosuch
needs.one.result needs.one.result.x needs.one.nosuch needs.nosuch needs.two needs.*.result
needs.*.outputs.o needs.*.nosuch needs['one'] needs['nosuch'] needs[0] needs.one['result']
needs.one['nosuch'] needs.*.result.x needs.* needs.one.* steps steps.s steps.s.outputs
steps.s.outputs.x steps.s.outcome steps.s.conclusion steps.s.nosuch steps.s.outcome.x steps.nosuch
steps.nosuch.outputs.x steps.*.outcome steps.*.outputs.x steps.*.nosuch steps['s'] steps['nosuch']
steps[0] steps.act.outputs.cache-hit steps.act.outputs.nosuch steps.act.outputs['cache-hit']
steps.s.outputs['x'] steps.s['outcome'] steps.s.outputs.* steps.* job job.status job.container
job.container.id job.container.nosuch job.container.network job.services job.services.db
job.services.db.id job.services.db.ports job.services.db.ports['80'] job.services.db.ports[80]
job.services.db.nosuch job.services.nosuch job.services.nosuch.id job.nosuch job.status.x
job.services.*.id job.services.*.nosuch job.check_run_id job.workflow_ref runner runner.os
runner.arch runner.name runner.temp runner.tool_cache runner.debug runner.environment
runner.workspace runner.nosuch runner.os.x runner.* runner['os'] runner['nosuch'] runner[0] strategy
strategy.fail-fast strategy.job-index strategy.job-total strategy.max-parallel strategy.nosuch
strategy.fail-fast.x strategy.job-index[0] jobs jobs.one nosuch nosuch.x Env.E githubb.sha 'x' 1 1.5
-1 0xff 1e3 true false null NaN Infinity -Infinity '' 'it''s'
"""
JSON = (
    *("'{}'", "'[]'", "'[1,2]'", "'{\"a\": 1}'", '\'{"a": [{"b": "x"}]}\'', "'null'", "'true'", "'1'"),
    *("'\"x\"'", "'{'", "'[1,]'", "'x'", "''", "'{a: 1}'", "'{} x'", "' [1] '", "'nul'", "'01'"),
)
FORMATS = (
    *("''", "'x'", "'{0}'", "'{1}'", "'{0} {1}'", "'{0}{0}'", "'{{0}}'", "'{{{0}}}'", "'{'", "'}'", "'{}'"),
    *("'{a}'", "'{0'", "'{-1}'", "'{ 0 }'", "'{0:x}'", "'{00}'", "'{2}{0}{1}'", "'}}'", "'{{'", "'{0}}'"),
)
FUNCTIONS = (
    *("contains", "startsWith", "endsWith", "format", "join", "toJSON", "fromJSON", "hashFiles", "success"),
    *("always", "cancelled", "failure", "case", "nosuch", "Contains", "tojson", "containss"),
)
TAILS = (".x", "[0]", "['x']", ".*", ".*.x", "[*]", "[true]", "[null]", "[github.sha]", "[github]")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "&&", "||")

_ANYWHERE = """
github.sha github.event.x env.A secrets.A vars.A inputs.a needs.one.result strategy.job-index
matrix.os job.status runner.os steps.s.outcome jobs.one.result always() success() failure()
cancelled() hashFiles('x') github.event.issue.title github.head_ref github.event.*
toJSON(github.event) github['head_ref'] github.event['issue']['title']
github.event.commits.*.message join(github.event.commits.*.author.name)
github.event.pages[0].page_name secrets toJSON(secrets) env contains(github.event.issue.title,'x')
github.event.pull_request.head.ref||'x' github.event.pull_request.head.*.label github.event.*.body
github.event.pull_request.body[0] github.event.pull_request.body.x toJSON(github.event.pull_request)
github.event.inputs.x github.EVENT.Issue.Title
"""
ATOMS = tuple(_ATOMS.split())
ANYWHERE = tuple(_ANYWHERE.split())
"""Contexts and functions that are for some keys only, and texts that anybody can send, in every form."""


class Maker:
    """Makes expressions from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def call(self, depth: int) -> str:
        name = self.chance.choice(FUNCTIONS)

        def more(least: int, most: int) -> list[str]:
            return [self.expression(depth - 1) for _ in range(self.chance.randint(least, most))]

        given = self.chance.random() < 0.8
        if name == "fromJSON" and given:
            arguments = [self.chance.choice(JSON)]
        elif name == "format" and given:
            arguments = [self.chance.choice(FORMATS), *more(0, 3)]
        elif name == "case" and given:
            arguments = more(1, 5)
        elif name in ("success", "always", "cancelled", "failure") and given:
            arguments = []
        else:
            arguments = more(0, 3)
        return f"{name}({', '.join(arguments)})"

    def expression(self, depth: int) -> str:
        """An expression, at most so deep."""
        kind = self.chance.random()
        if depth <= 0 or kind < 0.4:
            return self.chance.choice(ATOMS)
        if kind < 0.65:
            return self.call(depth)
        if kind < 0.85:
            operator = self.chance.choice(OPERATORS)
            return f"{self.expression(depth - 1)} {operator} {self.expression(depth - 1)}"
        if kind < 0.9:
            return "!" + self.chance.choice(ATOMS)
        if kind < 0.93:
            return f"({self.expression(depth - 1)})"
        whole = self.call(depth) if self.chance.random() < 0.5 else self.chance.choice(ATOMS)
        return whole + self.chance.choice(TAILS)


def workflow(expressions: list[str]) -> str:
    """A workflow with an expression on each of its last lines."""
    lines = [
        f"          A{number}: '${{{{ {text} }}}}'\n"
        for number, text in enumerate(one.replace("'", "''") for one in expressions)
    ]
    return WORKFLOW + "".join(lines)
