"""Reads a list of steps: of a job, or of a composite action."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.workflow import access, ids, values
from actlite.workflow.control import CONTROL_STEPS, check_control_steps
from actlite.workflow.model import RunStep, Step, UsesStep
from actlite.workflow.validate import start_of


def read_steps(node: Node | None, bag: DiagnosticBag) -> tuple[Step, ...]:
    """The steps that run something, numbered from 1. Control steps are counted and left out: see ``unsupported``."""
    entries = [step for step in node.items if isinstance(step, Mapping)] if isinstance(node, Sequence) else []
    given = ids.StepIds()
    for entry in entries:
        _claim(entry, given, bag)
        inner = access.get(entry, "parallel")
        if isinstance(inner, Sequence):  # a scope of its own
            read_steps(inner, bag)
        values.check_minutes(entry, "timeout-minutes", bag)
    check_control_steps(entries, bag)
    steps = []
    for number, entry in enumerate(entries, 1):
        step = _step(number, entry, given, bag)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _claim(entry: Mapping, given: ids.StepIds, bag: DiagnosticBag) -> None:
    id = access.scalar(entry, "id")
    if id is not None and id.value not in (None, "") and "${{" not in id.text:
        wrong = given.claim(primitive_text(id.value))
        if wrong:
            bag.add("step-id", wrong, id.span)


def _step(number: int, entry: Mapping, given: ids.StepIds, bag: DiagnosticBag) -> Step | None:
    run = access.scalar(entry, "run")
    uses = access.scalar(entry, "uses")
    if run is None and uses is None:
        for control in CONTROL_STEPS:
            if access.get(entry, control) is not None and not access.text(entry, "id"):
                given.generate(control)
        return None
    base = "run"
    if run is None and uses is not None:
        base = ids.base_of_uses(uses.text)
        _check_uses(uses, bag)
    given_id = access.scalar(entry, "id")
    id = primitive_text(given_id.value) if given_id is not None else ""
    context_id = id or given.generate(base)
    span = start_of(entry)
    name = access.scalar(entry, "name")
    if_ = access.scalar(entry, "if")
    env = access.mapping_or_scalar(entry, "env")
    continue_on_error = access.scalar(entry, "continue-on-error")
    timeout = access.scalar(entry, "timeout-minutes")
    if run is not None:
        shell = access.scalar(entry, "shell")
        folder = access.scalar(entry, "working-directory")
        return RunStep(
            number, span, context_id, id, name, if_, env, continue_on_error, timeout, run, shell, folder
        )
    assert uses is not None
    with_ = access.mapping_or_scalar(entry, "with")
    return UsesStep(number, span, context_id, id, name, if_, env, continue_on_error, timeout, uses, with_)


def _check_uses(uses: Scalar, bag: DiagnosticBag) -> None:
    text = uses.text
    if "${{" in text or text == "":
        return
    wrong = ids.uses_problem(text)
    if wrong:
        bag.add(
            "uses-format",
            wrong,
            uses.span,
            help="write owner/repo@ref, ./folder of this repository, or docker://image",
        )
    elif text == "docker://":
        bag.add("uses-format", "'docker://' names no image", uses.span, severity=Severity.WARNING)
