"""Another ref of an action, and a script in the place of actions/checkout."""

from __future__ import annotations

from actlite.checking.fixes.checkout_step import script, settings
from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.programs import has_program
from actlite.checking.fixes.script_step import script_step
from actlite.checking.fixes.subject import Subject
from actlite.checking.predictions.model import Prediction
from actlite.glibc.ways import OLDER_REFS, Situation


def older_action(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Name a ref that declares a runtime which starts."""
    edits: dict[int, Edit] = {}
    for step in subject.failing:
        name, sign, ref = own_action(subject, step).partition("@")
        older = OLDER_REFS.get(name.lower())
        if older is None or not sign:
            raise CannotEdit(f"no ref of {name} is known that declares node16")
        start = step.place.start + step.place.text.index(f"@{ref}") + 1
        edits[start] = Edit(start, start + len(ref), older)
    return list(edits.values()), ["What newer releases of an action can do, older ones may not."]


def git_checkout(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Write a script for git in the place of each actions/checkout."""
    edits: list[Edit] = []
    has_program(subject, "git", min(step.number for step in subject.failing))
    for number in sorted({step.number for step in subject.failing}):
        for step in subject.failing:
            if step.number == number:
                own_action(subject, step)
        edits += checkout(subject, number)
    notes = [
        "The token is used for fetching alone: a later git push has to bring its own.",
        "HEAD is detached, and of the tags only the one that was pushed is there.",
    ]
    return edits, notes


def own_action(subject: Subject, step: Prediction) -> str:
    """The action of a step as the file has it. Raises CannotEdit where the action is another's, or not literal."""
    if step.through or step.callers:
        raise CannotEdit(
            f"{step.action} is used within {step.through[0] if step.through else 'a called workflow'}"
        )
    if step.action not in step.place.text:
        raise CannotEdit(f"the name of {step.action} is written in parts")
    subject.step_node(step.number)
    return step.action


def checkout(subject: Subject, number: int) -> list[Edit]:
    """The script in the place of one actions/checkout. Raises CannotEdit."""
    page, node = subject.page, subject.step_node(number)
    given = page.entry(node, "with")
    wanted = settings(given.value if given is not None else None)
    return script_step(subject, number, script(wanted), wanted.environment())
