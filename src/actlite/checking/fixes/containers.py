"""Another image for the job's container."""

from __future__ import annotations

from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.subject import Subject
from actlite.glibc.ways import Situation, floor_image


def image(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Write the image for builds on which the runtime starts in place of each image on which it doesn't."""
    _, name = floor_image(at.runtime, at.arch, at.target)
    page = subject.page
    edits: dict[int, Edit] = {}
    for step in subject.failing:
        if step.image is None:
            continue
        span = step.image.span
        text = span.text
        if span.source.name != page.source.name or step.image.name not in text or "${{" in text:
            raise CannotEdit(f"the image's name is put together by an expression: {text}")
        start = span.start + text.index(step.image.name)
        if name_ends_early(text, step.image.name):
            raise CannotEdit(f"the image's name is part of a longer text: {text}")
        edits[start] = Edit(start, start + len(step.image.name), name)
    notes = [
        "What is built needs the new image's glibc at most: actlite audit shows it.",
        "Tools that a script installs may have other names in the new image (yum, dnf, apt).",
    ]
    return list(edits.values()), notes


def name_ends_early(text: str, name: str) -> bool:
    """Whether more than quotes, an anchor and the scheme docker:// stand around a name in the text that has it."""
    before, _, after = text.partition(name)
    words = before.split()
    rest = words[-1] if words and not words[-1].startswith("&") else ""
    return rest.strip("'\"").removeprefix("docker://") != "" or after.strip("'\" ") != ""
