"""The types of all expressions of a workflow or an action: names that are not there, values that don't fit.

Each place has its contexts (``contexts``) and takes some kind of value (``expected``); what
``expressions.inference`` finds in an expression becomes a finding at its place in the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.document.places import place
from actlite.document.scalars import primitive_text
from actlite.expressions import template
from actlite.expressions.ast import Expr
from actlite.expressions.errors import ExpressionError
from actlite.expressions.inference import infer
from actlite.expressions.parser import parse_any
from actlite.expressions.types import ANY, COLLECTION, OPEN, Lack, Type, truthy
from actlite.workflow import access
from actlite.workflow.checks import constant_conditions, expected, untrusted
from actlite.workflow.checks.contexts import (
    Contexts,
    Static,
    of_action,
    of_job,
    of_workflow,
    with_steps,
)
from actlite.workflow.checks.expected import ANYTHING, CONDITION, COUNT, FLAG, TEXT, Place
from actlite.workflow.model import Job, Workflow

_AFTER_STEPS = frozenset({"outputs", "environment", "snapshot"})
_BEFORE_STEPS = frozenset({"container", "services"})


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Warn of what is surely not meant in the expressions of a workflow."""
    checker = Checker(bag)
    static = Static(workflow)
    whole = of_workflow(static)
    checker.tainted = untrusted.tainted(workflow.env, checker.tainted)
    for key, value in root.entries:
        inner = expected.WORKFLOW.keys.get(key.text)
        if inner is not None:
            checker.node(value, inner, whole)
    checker.call_definition(access.get(access.get(root, "on"), "workflow_call"), whole)
    for job in workflow.jobs:
        checker.job(job, of_job(whole, job, workflow.jobs))


def check_action(root: Mapping, bag: DiagnosticBag) -> None:
    """The same for an action's manifest."""
    checker = Checker(bag)
    runs = access.mapping(root, "runs")
    if runs is None:
        return
    contexts = of_action(access.mapping(root, "inputs"))
    after = checker.steps(raw_steps(runs), contexts)
    for key in ("args", "env"):
        value = access.get(runs, key)
        if value is not None:
            checker.node(value, expected.HANDED_ON_TEXTS, contexts)
    if access.text(runs, "using").lower() != "composite":
        return  # the runner passes over the values of outputs: the program sets them
    for _, output in access.mapping(root, "outputs") or ():
        value = access.scalar(output, "value")
        if value is not None:
            checker.scalar(value, TEXT, after)


class Checker:
    """Goes through the values of a file and adds findings to ``bag``."""

    def __init__(self, bag: DiagnosticBag) -> None:
        self.bag = bag
        self.tainted: frozenset[str] = frozenset()
        """The environment variables that hold untrusted text at the place that is looked at."""
        self.errors = sorted(finding.span.start for finding in bag.errors if finding.span is not None)

    def job(self, job: Job, contexts: Contexts) -> None:
        """All values of a job."""
        if job.node is None:
            return
        around = self.tainted
        self.tainted = untrusted.tainted(job.env, around)
        steps = raw_steps(job.node)
        after = self.steps(steps, contexts)
        before = with_steps(contexts, (), _ids(steps))
        for key, value in job.node.entries:
            if key.text not in ("steps", "needs", "uses", "permissions"):
                within = (
                    after if key.text in _AFTER_STEPS else before if key.text in _BEFORE_STEPS else contexts
                )
                wanted = expected.JOB.keys.get(key.text, ANYTHING)
                if key.text == "with" and job.uses is not None and not job.uses.text.startswith("."):
                    wanted = expected.REMOTE_WITH
                self.node(value, wanted, within)
        self.tainted = around

    def steps(self, steps: Sequence[Mapping], contexts: Contexts) -> Contexts:
        """The steps of a job or composite action; the contexts after them."""
        every = _ids(steps)
        before: tuple[str, ...] = ()
        current = with_steps(contexts, before, every)
        for step in steps:
            self.step(step, current)
            inner = raw_steps(step, "parallel")
            for one in inner:
                self.step(one, current)
            found = tuple(id for id in map(_id, (step, *inner)) if id)
            if found:
                before += found
                current = with_steps(contexts, before, every)
        return current

    def step(self, step: Mapping, contexts: Contexts) -> None:
        """The values of one step, those of steps within it left out."""
        uses = access.text(step, "uses").lower()
        is_script = uses.startswith("actions/github-script@")
        keys = (expected.SCRIPT_STEP if is_script else expected.STEP).keys
        around = self.tainted
        self.tainted = untrusted.tainted(access.get(step, "env"), around)
        for key, value in step.entries:
            inner = keys.get(key.text)
            if inner is not None:
                self.node(value, inner, contexts)
        self.tainted = around

    def call_definition(self, node: Node | None, contexts: Contexts) -> None:
        """The defaults of inputs, which see the inputs of the caller's file (R: ``WorkflowTemplateEvaluator``,
        EvaluateWorkflowJobInputs), and the values of outputs."""
        within = Contexts({"inputs": lambda: OPEN}, contexts)
        for _, input in access.mapping(node, "inputs") or ():
            default = access.scalar(input, "default")
            if default is not None:
                wanted = {"boolean": FLAG, "number": COUNT}.get(access.text(input, "type"), TEXT)
                self.scalar(default, wanted, within)
        for _, output in access.mapping(node, "outputs") or ():
            value = access.scalar(output, "value")
            if value is not None:
                self.scalar(value, TEXT, contexts)

    def node(self, node: Node, place: Place, contexts: Contexts) -> None:
        """A value of any shape."""
        if isinstance(node, Scalar):
            self.scalar(node, place, contexts)
        elif isinstance(node, SequenceNode):
            for item in node.items:
                self.node(item, place.items or ANYTHING, contexts)
        else:
            for key, value in node.entries:
                inner = place.keys.get(key.text, place.others)
                if "${{" in key.text:
                    self.scalar(key, TEXT, contexts)
                    if isinstance(value, Scalar):
                        inner = None  # it may be another mapping's entries that come here
                self.node(value, inner if inner is not None else ANYTHING, contexts)

    def scalar(self, node: Scalar, place: Place, contexts: Contexts) -> None:
        """A text with expressions in it, or a condition."""
        text = node.value
        if place.condition:
            self.condition(node, contexts)
        elif isinstance(text, str) and "${{" in text:
            self.parts(node, text, place, contexts)

    def condition(self, node: Scalar, contexts: Contexts) -> None:
        """An ``if:``, with or without ``${{ }}``."""
        text = primitive_text(node.value)
        if "${{" in text:
            self.parts(node, text, CONDITION, contexts)
        elif text.strip():
            self.expression(node, text, 0, CONDITION, contexts)

    def parts(self, node: Scalar, text: str, place: Place, contexts: Contexts) -> None:
        try:
            parts = template.split(text)
        except ExpressionError:
            return
        alone = len(parts) == 1
        wrong = None if alone else expected.mixed(place)
        if wrong is not None and not self.is_faulty(node, 0, len(text)):
            self.add(node, 0, len(text), wrong)
        for part in parts:
            if part.source is None or part.is_insert:
                continue
            found = self.expression(node, part.source, part.source_start, place, contexts, alone=alone)
            if found is None:
                continue
            expr, type = found
            lack = (
                None if type is ANY or wrong is not None else expected.misfit(type, place, alone, part.source)
            )
            if lack is not None:
                self.add(node, part.source_start, part.source_start + len(part.source), lack)
            if place.script:
                untrusted.check(node, part, expr, self.tainted, self.bag)

    def expression(
        self, node: Scalar, source: str, offset: int, place_: Place, contexts: Contexts, *, alone: bool = True
    ) -> tuple[Expr, Type] | None:
        """The type of one expression; None where it can't be read or has an error already."""
        try:
            expr = parse_any(source)
        except ExpressionError:
            return None
        if expr.root is None or (self.errors and self.is_faulty(node, offset, len(source))):
            return None
        type, faults = infer(
            source, expr.root, contexts, tested=place_.condition or (alone and place_.passing)
        )
        never = place_.condition and alone and not truthy(type).kinds
        for fault in faults:
            self.add(node, offset + fault.start, offset + fault.end, fault.lack, never=never)
        if place_.condition and alone and type.kinds and not type.kinds & ~COLLECTION:
            self.add(node, offset, offset + len(source), expected.always_true(type))
        elif place_.condition and alone and not faults:
            constant_conditions.check(node, expr, offset, self.bag)
        return expr, type

    def add(self, node: Scalar, start: int, end: int, lack: Lack, *, never: bool = False) -> None:
        """A finding about a stretch of a text. ``never``: because of it a condition is never true."""
        self.bag.add(
            lack.code,
            lack.message,
            place(node, start, end),
            severity=Severity.WARNING if lack.warning or never else Severity.NOTE,
            label=lack.label,
            notes=(*lack.notes, "so the whole condition is never true") if never else lack.notes,
            help=lack.help,
        )

    def is_faulty(self, node: Scalar, offset: int, length: int) -> bool:
        """Whether an error has been found in an expression."""
        span = node.span
        end = max(span.end, span.start + 1)
        inside = self.errors[bisect_left(self.errors, span.start) : bisect_left(self.errors, end)]
        if not inside:
            return False
        at = place(node, offset, offset + length)
        return any(at.start <= start < max(at.end, at.start + 1) or start == span.start for start in inside)


def raw_steps(node: Mapping | None, key: str = "steps") -> Sequence[Mapping]:
    """The steps as they are written."""
    steps = access.get(node, key)
    if not isinstance(steps, SequenceNode):
        return ()
    return [step for step in steps.items if isinstance(step, Mapping)]


def _with_inner(steps: Sequence[Mapping]) -> list[Mapping]:
    return [one for step in steps for one in (step, *raw_steps(step, "parallel"))]


def _ids(steps: Sequence[Mapping]) -> frozenset[str]:
    """The ids of all steps, in small letters."""
    return frozenset(id.casefold() for id in map(_id, _with_inner(steps)) if id)


def _id(step: Mapping) -> str:
    return access.text(step, "id")
