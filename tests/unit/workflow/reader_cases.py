"""GitHub's own reader cases: their options, their text, and their result compared with what we have read.

A value in a result is plain, or a mapping with ``type``: 0 text, 1 list, 2 mapping, 3 expression, 4 directive,
5 boolean, 6 number, 7 null; with places if the case has ``include-source``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from actlite.diagnostics import Diagnostic
from actlite.document.limits import WORKFLOW_LIMITS, Limits
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.expressions.parts import as_expression
from actlite.expressions.template import condition_source
from actlite.records import frozen
from actlite.source import Span
from actlite.workflow import access
from actlite.workflow.folding import folded
from actlite.workflow.model import ControlStep, Job, RunDefaults, RunStep, Step, UsesStep, Workflow
from actlite.workflow.validate import start_of

_OPTION = re.compile(r"(?m)^([\w-]+):[ \t]*(\S*)")
_MESSAGE = re.compile(r"\S+?\.ya?ml(?: \(Line: (\d+), Col: (\d+)\))?: (.*)", re.DOTALL)
_IN_EXPRESSIONS = ("expression-", "unknown-context", "unknown-function")
_SLIP = "or '_' and and must be"
"""A slip of the pen in GitHub's older messages; actions/runner has it right."""


@frozen
class Case:
    """One case: the options as words, the workflow's text, and the result."""

    name: str
    options: dict[str, str]
    skipped_by: frozenset[str]
    text: str
    result: dict[str, Any]

    @property
    def limits(self) -> Limits:
        """GitHub's limits where the case sets none."""
        return Limits(
            characters=int(self.options.get("max-file-size", WORKFLOW_LIMITS.characters)),
            depth=int(self.options.get("max-depth", WORKFLOW_LIMITS.depth)),
            size=int(self.options.get("max-result-size", WORKFLOW_LIMITS.size)),
        )


def load(path: Path) -> Case:
    """Read a case. The files of called workflows, between text and result, are left out."""
    options, text, *_, result = re.split(r"\r?\n---\r?\n", path.read_bytes().decode())
    return Case(
        path.name,
        dict(_OPTION.findall(options)),
        frozenset(re.findall(r"(?m)^\s*- (\S+?)\s*$", options)),
        text,
        json.loads(result),
    )


def same_errors(case: Case, found: tuple[Diagnostic, ...]) -> list[str]:
    """How our errors differ from GitHub's: in number, places and words. GitHub places what is wrong in an
    expression at the beginning of its text, and we at the faulty part; otherwise the places are the same.
    For YAML's own errors GitHub gives no place beside the text; ours have one, and plainer words."""
    wanted = []
    for error in case.result.get("errors", []):
        match = _MESSAGE.fullmatch(error["Message"])
        assert match, error
        line, column = (int(match[1]), int(match[2])) if match[1] else (0, 0)
        wanted.append((line, column, match[3].replace(_SLIP, "or '_' and must be")))
    if len(wanted) != len(found):
        return [f"{len(wanted)} errors wanted", *(finding.render() for finding in found)]
    differing = []
    for (line, column, words), ours in zip(sorted(wanted), found, strict=True):
        assert ours.span is not None
        same = not line or (ours.span.line, ours.span.column) == (line, column)
        inside = ours.code.startswith(_IN_EXPRESSIONS) and (
            ours.span.line == line and ours.span.column > column
        )
        if not (same or inside):
            differing.append(f"{line}:{column} wanted, not {ours.span.line}:{ours.span.column}: {words}")
        if line and not ours.message.startswith(words):
            differing.append(f"{words!r} wanted, not {ours.message!r}")
    return differing


def same_workflow(case: Case, workflow: Workflow) -> list[str]:
    """How the workflow that we have read differs from the case's template."""
    compare = _Comparison()
    wanted = case.result
    for key, node in (("env", workflow.env), ("concurrency", workflow.concurrency)):
        compare.node(key, wanted.get(key), node)
    compare.defaults("defaults", wanted.get("defaults"), workflow.defaults)
    types = {
        given.name: given.type
        for event in workflow.on
        if event.name == "workflow_dispatch"
        for given in event.inputs
    }
    compare.equal("input-types", wanted.get("input-types", {}), types)
    compare.equal("number of jobs", len(wanted["jobs"]), len(workflow.jobs))
    for expected, job in zip(wanted["jobs"], workflow.jobs, strict=False):
        compare.job(expected, job)
    return compare.differing


class _Comparison:
    def __init__(self) -> None:
        self.differing: list[str] = []

    def equal(self, what: str, wanted: object, ours: object) -> None:
        if wanted != ours:
            self.differing.append(f"{what}: {wanted!r} wanted, not {ours!r}")

    def place(self, what: str, wanted: Any, span: Span) -> None:
        if isinstance(wanted, dict) and "line" in wanted:
            self.equal(f"{what}: place", (wanted["line"], wanted["col"]), (span.line, span.column))

    def text(self, what: str, wanted: Any, ours: str, span: Span | None = None) -> None:
        self.equal(what, str(wanted["lit"] if isinstance(wanted, dict) else wanted), ours)
        if span is not None:
            self.place(what, wanted, span)

    def node(self, what: str, wanted: Any, node: Node | None) -> None:
        """Compare a tree. GitHub turns what isn't text into text where the schema wants it; we do when it is
        used."""
        if wanted is None and (node is None or (isinstance(node, Scalar) and node.value is None)):
            return
        if node is None or wanted is None:
            self.equal(what, wanted, node)
            return
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        if kind in (0, 3, 4) or not isinstance(node, Scalar):
            self.place(what, wanted, start_of(node))
        if kind == 1 or isinstance(wanted, list):
            entries = wanted["seq"] if isinstance(wanted, dict) else wanted
            items = node.items if isinstance(node, Sequence) else (node,)
            self.equal(f"{what}: items", len(entries), len(items))
            for index, (entry, item) in enumerate(zip(entries, items, strict=False)):
                self.node(f"{what}[{index}]", entry, item)
        elif kind == 2:
            assert isinstance(node, Mapping), what
            self.equal(f"{what}: keys", len(wanted["map"]), len(node.entries))
            for pair, (key, value) in zip(wanted["map"], node.entries, strict=False):
                self.node(f"{what}: key", pair["Key"], key)
                if what.endswith("snapshot") and key.text == "if":
                    self.condition(f"{what}.if", pair["Value"], value)
                else:
                    self.node(f"{what}.{key.text}", pair["Value"], value)
        else:
            assert isinstance(node, Scalar), what
            self.scalar(what, wanted, node)

    def scalar(self, what: str, wanted: Any, node: Scalar) -> None:
        literal = folded(node) if "${{" in node.text else None
        value = (literal or node).value
        if isinstance(wanted, dict) and wanted["type"] == 3:
            self.equal(what, wanted["expr"], as_expression(node.text))
        elif isinstance(wanted, dict) and wanted["type"] == 4:
            self.equal(what, f"${{{{ {wanted['directive']} }}}}", node.text)
        else:
            plain = wanted
            if isinstance(wanted, dict):
                plain = next((wanted[key] for key in ("lit", "bool", "num") if key in wanted), None)
            self.equal(what, plain, primitive_text(value) if isinstance(plain, str) else value)

    def condition(self, what: str, wanted: Any, node: Node | None) -> None:
        """Compare the whole condition that an ``if:`` stands for."""
        assert node is None or isinstance(node, Scalar)
        source = condition_source(primitive_text(node.value)) if node is not None else "success()"
        if "snapshot" in what and wanted is not None and wanted["expr"] != source:
            source = as_expression(node.text) if node is not None else source  # as it is written
        self.equal(what, wanted["expr"], source)

    def defaults(self, what: str, wanted: Any, ours: RunDefaults) -> None:
        pairs = wanted["map"][0]["Value"]["map"] if wanted else []
        given = {pair["Key"]: pair["Value"] for pair in pairs}
        self.node(f"{what}.shell", given.get("shell"), ours.shell)
        self.node(f"{what}.working-directory", given.get("working-directory"), ours.working_directory)

    def job(self, wanted: dict[str, Any], job: Job) -> None:
        what = job.id
        self.text(f"{what}: id", wanted["id"], job.id, job.span)
        if job.name is None or job.name.text == "":
            self.text(f"{what}: name", wanted["name"], job.id, job.span)
        else:
            self.node(f"{what}: name", wanted["name"], job.name)
        self.equal(f"{what}: type", wanted["type"] != "job", job.uses is not None)
        self.condition(f"{what}: if", wanted["if"], job.if_)
        self.equal(f"{what}: needs", len(wanted.get("needs", [])), len(job.needs))
        for expected, need, span in zip(wanted.get("needs", []), job.needs, job.needs_spans, strict=False):
            self.text(f"{what}: needs", expected, need, span)
        for key, node in (
            ("runs-on", job.runs_on),
            ("strategy", job.strategy),
            ("container", job.container),
            ("services", job.services),
            ("env", job.env),
            ("outputs", job.outputs),
            ("timeout-minutes", job.timeout_minutes),
            ("continue-on-error", job.continue_on_error),
            ("environment", job.environment),
            ("concurrency", job.concurrency),
            ("ref", job.uses),
            ("cancel-timeout-minutes", access.get(job.node, "cancel-timeout-minutes")),
            ("snapshot", access.get(job.node, "snapshot")),
        ):
            self.node(f"{what}: {key}", wanted.get(key), node)
        self.defaults(f"{what}: defaults", wanted.get("defaults"), job.defaults)
        steps = wanted.get("steps", [])
        self.equal(f"{what}: steps", len(steps), len(job.steps))
        for expected, step in zip(steps, job.steps, strict=False):
            self.step(f"{what}: step {step.number}", expected, step)

    def step(self, what: str, wanted: dict[str, Any], step: Step) -> None:
        self.text(f"{what}: id", wanted["id"], step.context_id)
        if isinstance(step, ControlStep):
            self.equal(f"{what}: name", wanted["name"], step.label)
            targets = list(step.targets) if step.kind == "wait" else "".join(step.targets) or True
            self.equal(f"{what}: targets", wanted[step.kind], targets)
            return
        self.equal(f"{what}: background", wanted.get("background", False), step.background)
        self.condition(f"{what}: if", wanted["if"], step.if_)
        own: dict[str, Node | None] = {}
        if isinstance(step, RunStep):
            own = {"run": step.run, "shell": step.shell, "working-directory": step.working_directory}
        elif isinstance(step, UsesStep):
            own = {"uses": step.uses, "with": step.with_}
        for key in ("run", "uses", "shell", "working-directory", "with"):
            self.node(f"{what}: {key}", wanted.get(key), own.get(key))
        for key, node in (
            ("name", step.name),
            ("env", step.env),
            ("continue-on-error", step.continue_on_error),
            ("timeout-minutes", step.timeout_minutes),
        ):
            self.node(f"{what}: {key}", wanted.get(key), node)
