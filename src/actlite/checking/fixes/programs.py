"""Programs that a fix needs, and images that are known to lack them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actlite.checking.fixes.edits import CannotEdit
from actlite.checking.fixes.subject import Subject

_BARE = frozenset({"alpine", "busybox", "debian", "ubuntu"})
LACKING: Mapping[str, frozenset[str]] = {
    "bash": frozenset({"alpine", "busybox"}),
    "curl": _BARE,
    "git": _BARE | {"almalinux", "amazonlinux", "centos", "fedora", "oraclelinux", "rockylinux"},
}
"""Images of bare systems, by the program that they lack."""


def has_program(subject: Subject, program: str, number: int) -> None:
    """Raise CannotEdit where a step's image is known to lack a program, unless a script before names it."""
    named = re.compile(rf"\b{re.escape(program)}\b")
    if any(step.number < number and named.search(step.run.text) for step in subject.run_steps()):
        return
    for step in subject.failing:
        name = (
            step.image.written.partition(":")[0].removeprefix("docker.io/").removeprefix("library/")
            if step.image
            else ""
        )
        if name in LACKING.get(program, ()):
            raise CannotEdit(f"the image {name} has no {program}: install it in a step before")
