"""Other actions, scripts or nothing in the place of all actions of a job that need the runner's node."""

from __future__ import annotations

import re

from actlite.checking.fixes.actions import checkout, own_action
from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.node_free_scripts import scripted
from actlite.checking.fixes.programs import has_program
from actlite.checking.fixes.script_step import script_step
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar
from actlite.document.scalars import primitive_text
from actlite.glibc.alternatives import COMPOSITE, NONE, WITHOUT, Alternative, alternative
from actlite.glibc.ways import Situation


def no_node(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Write the alternative of each action that can't start. Raises CannotEdit where one has none that is certain."""
    _refuse_those_without(subject)
    edits: list[Edit] = []
    notes: dict[str, None] = {}
    needs: dict[str, None] = {}
    for number in sorted({step.number for step in subject.failing}):
        (action, *_) = {own_action(subject, step) for step in subject.failing if step.number == number}
        found = alternative(action)
        assert found is not None
        _keeps_outputs(subject, number, found)
        for program in found.needs:
            has_program(subject, program, number)
            needs[program] = None
        made, said = _made(subject, number, found)
        edits += made
        notes |= dict.fromkeys(said)
    programs = f"The image, or a step before, must have {', '.join(sorted(needs))}." if needs else ""
    return edits, [*filter(None, [programs]), *notes]


def _refuse_those_without(subject: Subject) -> None:
    missing: dict[str, None] = {}
    for step in subject.failing:
        name = step.action.partition("@")[0]
        found = alternative(name)
        if found is None:
            missing[f"{name} has no alternative that is known here"] = None
        elif found.kind == NONE:
            missing[f"{name} has no alternative: {found.why}"] = None
    if missing:
        raise CannotEdit("; ".join(missing))


def _made(subject: Subject, number: int, found: Alternative) -> tuple[list[Edit], tuple[str, ...]]:
    node = subject.step_node(number)
    given = subject.page.entry(node, "with")
    value = given.value if given is not None else None
    if found.kind == WITHOUT:
        return [_removed(subject, number, node)], found.notes
    if found.kind == COMPOSITE and _fits(found, value):
        return _other_action(subject, node, found), found.notes
    name = found.otherwise if found.kind == COMPOSITE else found.name
    if name == "checkout":
        return checkout(subject, number), (
            "The token is used for fetching alone: a later git push has to bring its own.",
        )
    script, variables = scripted(subject.page, found.action, name, value)
    return script_step(subject, number, script, variables, in_workspace=True), found.notes


def _fits(found: Alternative, given: object) -> bool:
    """Whether another action does the same with the inputs of a step."""
    for key, value in given.entries if isinstance(given, Mapping) else ():
        name = key.text.lower()
        if name in found.only:
            text = primitive_text(value.value).lower() if isinstance(value, Scalar) else ""
            if text not in found.only[name]:
                return False
        elif name not in (*found.keeps, *found.drops):
            return False
    return given is None or isinstance(given, Mapping)


def _other_action(subject: Subject, node: Mapping, found: Alternative) -> list[Edit]:
    """Another name, without the inputs that it does not know."""
    page = subject.page
    uses, given = page.entry(node, "uses"), page.entry(node, "with")
    assert uses is not None
    span = uses.value.span
    edits = [Edit(span.start, span.end, found.name)]
    if given is None:
        return edits
    page.own(given)
    assert isinstance(given.value, Mapping)
    kept = [key for key, _ in given.value if key.text.lower() in found.keeps]
    if len(kept) == len(given.value.entries):
        return edits
    if not kept:
        return [*edits, page.removed(given)]
    if page.is_flow(given.value):
        raise CannotEdit("'with' is written in braces, and not all inputs can stay")
    for key, _ in given.value:
        entry = page.entry(given.value, key.text)
        if key not in kept and entry is not None:
            edits.append(page.removed(entry))
    return edits


def _removed(subject: Subject, number: int, node: Mapping) -> Edit:
    """The edit that takes a step out; its comments stay."""
    page = subject.page
    _, _, dash = subject.steps()
    start = page.line_start(node.span.start)
    if page.text[start : node.span.start].strip() != "-":
        raise CannotEdit(f"step {number} does not stand in the line of its dash")
    end = page.after_line(page.line_end(node.span.end - 1))
    kept = page.comments_between(start, end, node)
    blank = re.compile(r"[ \t]*\r?\n")
    before = page.text[page.line_start(start - 1) : start] if start else ""
    after = blank.match(page.text, end)
    if not kept and after is not None and blank.fullmatch(before):
        end = after.end()
    return Edit(start, end, page.written(kept, dash))


def _keeps_outputs(subject: Subject, number: int, found: Alternative) -> None:
    """Raise CannotEdit where an expression reads what the alternative does not have."""
    text = subject.node().span.text
    step = next(step for step in subject.job.steps if step.number == number)
    if re.search(r"\bsteps\s*(?:\[|\)|\.\s*\*)", text):
        raise CannotEdit("an expression reads the outputs of steps that it does not name")
    if not step.id:
        return
    for read in re.finditer(
        rf"\bsteps\.{re.escape(step.id)}\b(?:\.(\w+)\b(?:\.([\w-]+))?)?", text, re.IGNORECASE
    ):
        outcome = (read[1] or "").lower() in ("outcome", "conclusion")
        if found.kind == WITHOUT or not (outcome or (read[2] or "").lower() in found.outputs):
            raise CannotEdit(f"{read[0]} is read, which {found.action} alone has")
