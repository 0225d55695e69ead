"""Reads a list of steps: of a job, or of a composite action."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.workflow import access, ids, values
from actlite.workflow.control import CONTROL_STEPS, check_control_steps
from actlite.workflow.model import ControlStep, RunStep, Step, UsesStep
from actlite.workflow.validate import start_of


def read_steps(node: Node | None, bag: DiagnosticBag) -> tuple[Step, ...]:
    """The steps, numbered from 1. A ``parallel`` group becomes its steps, all in the background, and a step that waits
    for them."""
    entries = _mappings(node) if isinstance(node, Sequence) else []
    given = ids.StepIds()
    for entry in entries:
        _claim(entry, given, bag)
        inner = access.get(entry, "parallel")
        if isinstance(inner, Sequence):
            own = ids.StepIds()  # a scope of its own
            for member in _mappings(inner):
                _claim(member, own, bag)
                values.check_minutes(member, "timeout-minutes", bag)
            check_control_steps(_mappings(inner), bag)
        values.check_minutes(entry, "timeout-minutes", bag)
    check_control_steps(entries, bag)
    steps: list[Step] = []
    for number, entry in enumerate(entries, 1):
        inner = access.get(entry, "parallel")
        members: list[Step] = []
        for place, member in enumerate(_mappings(inner) if isinstance(inner, Sequence) else (), 1):
            members += _step(number, place, member, given, bag)
        steps += members
        steps += _step(number, 0, entry, given, bag, tuple(member.context_id for member in members))
    return tuple(steps)


def _mappings(node: Sequence) -> list[Mapping]:
    return [step for step in node.items if isinstance(step, Mapping)]


def _claim(entry: Mapping, given: ids.StepIds, bag: DiagnosticBag) -> None:
    id = access.scalar(entry, "id")
    if id is not None and id.value not in (None, "") and "${{" not in id.text:
        wrong = given.claim(primitive_text(id.value))
        if wrong:
            bag.add("step-id", wrong, id.span)


def _step(
    number: int,
    member: int,
    entry: Mapping,
    given: ids.StepIds,
    bag: DiagnosticBag,
    members: tuple[str, ...] = (),
) -> list[Step]:
    """The step; none where it is not one. ``members`` are the ids of its ``parallel`` group."""
    run = access.scalar(entry, "run")
    uses = access.scalar(entry, "uses")
    if run is None and uses is None:
        return _control(number, member, entry, given, members)
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
    background = bool(member) or access.flag(entry, "background")
    shared = (number, span, context_id, id, name, if_, env, continue_on_error, timeout, background, member)
    if run is not None:
        folder = access.scalar(entry, "working-directory")
        return [RunStep(*shared, run, access.scalar(entry, "shell"), folder)]
    assert uses is not None
    return [UsesStep(*shared, uses, access.mapping_or_scalar(entry, "with"))]


def _control(
    number: int, member: int, entry: Mapping, given: ids.StepIds, members: tuple[str, ...]
) -> list[Step]:
    """A control step; inside a group, where it is refused, none. It has no condition, no time limit, and no
    ``continue-on-error`` that would count: the runner leaves that out (R: JobExtensionRunner.cs)."""
    control = next((key for key in CONTROL_STEPS if access.get(entry, key) is not None), "")
    if not control or member:
        return []
    given_id = access.scalar(entry, "id")
    id = primitive_text(given_id.value) if given_id is not None else ""
    value = access.get(entry, control)
    named = value.items if isinstance(value, Sequence) else (value,)
    targets = tuple(item.text for item in named if isinstance(item, Scalar)) if control != "wait-all" else ()
    group = control == "parallel"
    return [
        ControlStep(
            number,
            start_of(entry),
            id or given.generate(control),
            id,
            access.scalar(entry, "name"),
            None,
            None,
            None,
            None,
            False,
            0,
            "wait" if group else control,
            members if group else targets,
            group,
        )
    ]


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
