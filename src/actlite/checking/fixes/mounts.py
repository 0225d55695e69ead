"""A node that starts on glibc 2.17 in the place of the runner's own: a volume over its folder, and a step that fills it."""

from __future__ import annotations

import re

from actlite.checking.fixes.containers import name_ends_early
from actlite.checking.fixes.edits import CannotEdit, Edit, Entry
from actlite.checking.fixes.matrices import matrix_key, matrix_values
from actlite.checking.fixes.subject import RUNTIMES, Subject
from actlite.checking.fixes.substitute_step import FOLDER, step_lines
from actlite.document.nodes import Mapping, Scalar, Sequence
from actlite.glibc.node_needs import substitute
from actlite.glibc.ways import Situation


def node_mount(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Mount a volume over the folders of the runtimes that can't start, and fill it in a step before all others."""
    if any(step.image is None for step in subject.predictions):
        raise CannotEdit("some legs of the job have no container")
    if subject.has_other_legs:
        raise CannotEdit("some legs of the job run in an image without glibc")
    volumes = [f"{FOLDER}:/{FOLDER}"]
    volumes += [f"{FOLDER}:{RUNTIMES}{runtime}:ro" for runtime in subject.runtimes]
    entry, _, dash = subject.steps()
    defaults = (subject.workflow.defaults, subject.job.defaults)
    lines = step_lines(
        substitute(at.on),
        at.arch,
        subject.runtimes,
        own_shell=any(given.shell is not None for given in defaults),
        own_folder=any(given.working_directory is not None for given in defaults),
    )
    edits = [*_volumes(subject, volumes), subject.page.inserted_after(entry.key.span.end, lines, dash)]
    notes = [
        f"The new step fetches node {substitute(at.on)} (60 MB) by pip or curl; apt-get installs curl.",
        "If GitHub takes another runtime than it does now, the volume's target has to follow.",
    ]
    return edits, notes


def move_mount(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Let a volume that lies over another runtime lie over the one that runs today."""
    page = subject.page
    container = subject.needed("container")
    volumes = page.entry(container.value, "volumes") if isinstance(container.value, Mapping) else None
    if volumes is None or not isinstance(volumes.value, Sequence):
        raise CannotEdit("the volumes are not written as a list")
    page.own(volumes)
    old = at.mounted[-1]
    edits = []
    for item in volumes.value.items:
        place = item.span
        found = re.search(rf"{re.escape(RUNTIMES + old)}(?![\w])", place.text)
        if found and isinstance(item, Scalar):
            start = place.start + found.start()
            edits.append(Edit(start, place.start + found.end(), RUNTIMES + at.runtime))
    if not edits:
        raise CannotEdit("the volume is put together by an expression")
    return edits, ["A script that starts the node by its old place has to follow."]


def _volumes(subject: Subject, volumes: list[str]) -> list[Edit]:
    """The edits that give the job's container these volumes."""
    page = subject.page
    entry = subject.needed("container")
    value = entry.value
    indent = page.block(entry)
    if isinstance(value, Scalar):
        return _from_name(subject, entry, value, volumes, indent)
    if not isinstance(value, Mapping) or not value.entries:
        raise CannotEdit("the container is no mapping")
    inside = page.entry(value, "volumes")
    quoted = ", ".join(f'"{volume}"' for volume in volumes)
    if page.is_flow(value):
        if inside is not None:
            raise CannotEdit("the container is written in braces and has volumes")
        last = value.entries[-1][1].span.end
        return [Edit(last, last, f", volumes: [{quoted}]")]
    if inside is None:
        key = value.entries[-1][0].span.start
        lines = ["volumes:", *(f"  - {volume}" for volume in volumes)]
        first = value.entries[0][0].span.start
        return [page.inserted_after(max(key, value.span.end - 1), lines, page.column(first))]
    page.own(inside)
    if not isinstance(inside.value, Sequence) or not inside.value.items:
        raise CannotEdit("the volumes are not written as a list")
    last = inside.value.items[-1].span.end
    if page.is_flow(inside.value):
        return [Edit(last, last, f", {quoted}")]
    dash = page.column(inside.value.span.start)
    return [page.inserted_after(last - 1, [f"- {volume}" for volume in volumes], dash)]


def _from_name(subject: Subject, entry: Entry, value: Scalar, volumes: list[str], indent: int) -> list[Edit]:
    """``container: NAME`` becomes a mapping."""
    page = subject.page
    written = value.span.text
    if "${{" in written:
        _names_an_image(subject, value)
    elif not value.text or name_ends_early(written, value.text):
        raise CannotEdit("the container's name is written over several lines")
    if "\n" in page.text[entry.key.span.end : value.span.end]:
        raise CannotEdit("the container's name does not stand on the line of its key")
    colon = page.text.index(":", entry.key.span.end) + 1
    pad = " " * (indent + 2)
    lines = ["volumes:", *(f"  - {volume}" for volume in volumes)]
    return [
        Edit(colon, value.span.start, f"{page.newline}{pad}image: "),
        page.inserted_after(value.span.end, lines, indent + 2),
    ]


def _names_an_image(subject: Subject, value: Scalar) -> None:
    """Raise CannotEdit unless an expression gives the name of an image in all legs, and never a mapping or nothing."""
    key = matrix_key(value.text)
    if not key:
        raise CannotEdit("the container is an expression that may give more than a name")
    for node in matrix_values(subject.job.matrix, key):
        if not isinstance(node, Scalar) or not node.text:
            raise CannotEdit("the container is a mapping in some legs of the matrix, or empty")
