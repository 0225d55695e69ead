"""Another image for the job's container."""

from __future__ import annotations

import re

from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.matrices import matrix_key, matrix_keys, matrix_values
from actlite.checking.fixes.subject import Subject
from actlite.checking.predictions.model import JobImage
from actlite.document.nodes import Scalar
from actlite.glibc.ways import Situation, floor_image
from actlite.source import Span

_OTHER_PACKAGES = re.compile(r"(?m)(?<![\w./-])(?:apt-get|apt|dpkg|apk)(?= )")
"""What installs packages in Debian and Alpine; the images for builds are made from Red Hat's."""


def image(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Write the image for builds on which the runtime starts in place of each image on which it doesn't."""
    _, name = floor_image(at.runtime, at.arch, at.target)
    for run in subject.run_steps():
        if found := _OTHER_PACKAGES.search(run.run.text):
            raise CannotEdit(f"a step installs packages by {found[0]}, which {name} does not have")
    edits: dict[int, Edit] = {}
    for step in subject.failing:
        for span in _places(subject, step.image) if step.image is not None else ():
            text = span.text
            if step.image is None or name_ends_early(text, step.image.written):
                raise CannotEdit(f"the image's name is part of a longer text: {text}")
            start = span.start + text.index(step.image.written)
            edits[start] = Edit(start, start + len(step.image.written), name)
    notes = [
        "What is built needs the new image's glibc at most: actlite audit shows it.",
        "Packages that a script installs may have other names in the new image.",
    ]
    return list(edits.values()), notes


def _places(subject: Subject, image: JobImage) -> list[Span]:
    """Where the name of an image stands: at the container, or in the lists of the matrix."""
    span = image.span
    if span.source.name == subject.page.source.name and image.written in span.text and "${{" not in span.text:
        return [span]
    key = matrix_key(span.text)
    found = [
        node.span
        for node in matrix_values(subject.job.matrix, key)
        if isinstance(node, Scalar) and node.text == image.written
    ]
    if not key or not found or "exclude" in matrix_keys(subject.job.matrix):
        raise CannotEdit(f"the image's name is put together by an expression: {span.text}")
    return found


def name_ends_early(text: str, name: str) -> bool:
    """Whether more than quotes, an anchor and the scheme docker:// stand around a name in the text that has it."""
    before, _, after = text.partition(name)
    words = before.split()
    rest = words[-1] if words and not words[-1].startswith("&") else ""
    return rest.strip("'\"").removeprefix("docker://") != "" or after.strip("'\" ") != ""
