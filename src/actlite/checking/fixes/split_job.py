"""Releasing in a job of its own: the build keeps its container by ``docker exec``, its products go over as an artifact.

A container in which no node starts can neither upload nor download artifacts by actions, so that moving a job's actions
away is not enough: the build job gives up its container as for ``docker-run``, and the steps at its end that publish
go to a job with its own permissions.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

from actlite.checking.fixes.docker_run import docker_run
from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar
from actlite.glibc.ways import Situation
from actlite.workflow.model import UsesStep

PUBLISHING = {
    "actions/upload-release-asset": "asset_path",
    "actions/create-release": "",
    "ncipollo/release-action": "artifacts",
    "softprops/action-gh-release": "files",
    "svenstaro/upload-release-action": "file",
}
"""Actions that publish, and the input that names the files."""
ARTIFACTS_V4 = datetime.date(2023, 12, 14)
"""Since when there are the versions of upload-artifact and download-artifact that are written."""
_CONTEXTS = re.compile(r"\b(env|steps|matrix|job|needs)\b")


def split_job(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Move the steps at the job's end that publish to a job of their own."""
    page, job = subject.page, subject.job
    moved = _moved(subject)
    _check(subject, moved)
    edits, notes = docker_run(subject, at)
    _, items, dash = subject.steps()
    first = subject.step_node(moved[0].number)
    start = page.line_start(first.span.start)
    above = page.text[:start]
    while above.rstrip("\r\n").rpartition("\n")[2].lstrip().startswith("#"):  # comments on the first of them
        start = page.line_start(len(above.rstrip("\r\n")) - 1)
        above = page.text[:start]
    end = page.after_line(page.line_end(items.span.end - 1))
    text = page.text[start:end]
    products = f"{job.id}-products"
    files = list(dict.fromkeys(_files(moved)))
    if not files:
        raise CannotEdit("no files are known that would have to be handed over")
    name = f"{job.id}-release"
    if any(other.id.casefold() == name.casefold() for other in subject.workflow.jobs):
        raise CannotEdit(f"there is a job {name} already")
    key = page.column(job.span.start)
    runs_on = page.entry(subject.node(), "runs-on")
    if runs_on is None or "\n" in runs_on.value.span.text:
        raise CannotEdit("runs-on takes several lines")
    handover = [
        "- name: Pack the products",
        f"  run: tar -cf {products}.tar {' '.join(files)}",
        "- uses: actions/upload-artifact@v4",
        "  with:",
        f"    name: {products}",
        f"    path: {products}.tar",
    ]
    new_job = [
        f"{job.id}-release:",
        f"  needs: {job.id}",
        f"  runs-on: {runs_on.value.span.text}",
        "  permissions:",
        "    contents: write",
        "  steps:",
    ]
    takeover = [
        "- uses: actions/download-artifact@v4",
        "  with:",
        f"    name: {products}",
        "- name: Unpack the products",
        f"  run: tar -xf {products}.tar",
    ]
    ended = text if text.endswith("\n") else text + page.newline
    # what follows the list in the edits of docker-run, the removal of the container, comes before the new job
    last = max(edit.start for edit in edits)
    removal = "".join(edit.text for edit in edits if edit.start == last and edit.start >= end)
    kept = [edit for edit in edits if not (edit.start >= end)]
    new = page.written(handover, dash) + removal.lstrip("\r\n")
    if not new.endswith("\n"):
        new += page.newline
    new += page.newline + page.written(new_job, key) + page.written(takeover, dash) + ended
    kept.append(Edit(start, end, new))
    return kept, [*notes, *_notes(files)]


def _notes(files: Sequence[str]) -> list[str]:
    return [
        f"{', '.join(files)} go over in a tar file: an artifact alone would lose their modes.",
        "If no other step of the build writes to the repository, its own permissions can be contents: read.",
    ]


def _moved(subject: Subject) -> list[UsesStep]:
    """The steps at the end of the job that publish."""
    found: list[UsesStep] = []
    for step in reversed(subject.job.steps):
        if not isinstance(step, UsesStep) or step.uses.text.partition("@")[0].lower() not in PUBLISHING:
            break
        found.insert(0, step)
    if not found:
        raise CannotEdit("the job does not end with steps that publish a release")
    return found


def _check(subject: Subject, moved: Sequence[UsesStep]) -> None:
    """Raise CannotEdit where the steps need more of the job than files, or others need them."""
    job = subject.job
    if subject.on < ARTIFACTS_V4:
        raise CannotEdit(f"actions/upload-artifact@v4 came on {ARTIFACTS_V4}")
    for what, given in (
        ("a matrix", job.strategy),
        ("an environment", job.environment),
        ("outputs", job.outputs),
    ):
        if given is not None:
            raise CannotEdit(f"the job has {what}")
    for other in subject.workflow.jobs:
        if job.id in other.needs:
            raise CannotEdit(f"job {other.id} waits for this one, and would not wait for the release")
    if subject.workflow.defaults.working_directory is not None:
        raise CannotEdit("the workflow has a working directory, which another job lacks")
    if len(moved) == len(job.steps):
        raise CannotEdit("the job does nothing but publish")
    own = {step.id for step in moved if step.id}
    for step in moved:
        inputs = {key.text.lower() for key, _ in step.with_} if isinstance(step.with_, Mapping) else set()
        if {"body_path", "bodyfile"} & inputs:
            raise CannotEdit(f"step {step.number} reads its text from a file of the repository")
        if step.if_ is not None:
            raise CannotEdit(f"step {step.number} has a condition")
        text = subject.step_node(step.number).span.text
        for expression in re.findall(r"\$\{\{(.*?)\}\}", text, re.S):
            for context in _CONTEXTS.findall(expression):
                named = re.findall(r"steps\.([\w-]+)", expression)
                if context != "steps" or not named or not set(named) <= own:
                    raise CannotEdit(
                        f"step {step.number} uses {context}, which is another in a job of its own"
                    )


def _files(moved: Sequence[UsesStep]) -> Iterator[str]:
    for step in moved:
        name = PUBLISHING[step.uses.text.partition("@")[0].lower()]
        value = step.with_.get(name) if name and isinstance(step.with_, Mapping) else None
        if value is None:
            continue
        for path in value.text.split() if isinstance(value, Scalar) else ():
            if not re.fullmatch(r"[\w./*@+-]+", path) or path.startswith(("/", "-")) or ".." in path:
                raise CannotEdit(f"the files of step {step.number} are not plain names: {path}")
            yield path
