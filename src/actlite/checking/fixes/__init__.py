"""What ``actlite check --fix`` can write: edits of a workflow after which its steps start.

Which fix works when is told by :mod:`actlite.glibc.ways`; the modules here make the edits, each one fix. A fix that
can't be made in a file says why, instead of an edit that might break it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from actlite.checking.fixes.edits import CannotEdit, Edit, Page, apply
from actlite.glibc.ways import NAMES, NO_NODE, Situation, Way, ways
from actlite.records import frozen
from actlite.source import SourceFile

if TYPE_CHECKING:
    from actlite.checking.fixes.subject import Subject
    from actlite.checking.predictions.model import Prediction
    from actlite.glibc.target import Target

__all__ = ["NAMES", "Edit", "FixProposal", "apply", "propose"]


@frozen
class FixProposal:
    """A fix for the steps of one job that can't start."""

    name: str
    """As ``--fix=NAME`` has it."""
    title: str
    """What it does, in one short line."""
    job: str
    """The job's id."""
    edits: tuple[Edit, ...] = ()
    cost: str = ""
    """What it costs, or has to be known of it; a clause."""
    notes: tuple[str, ...] = ()
    """What to look at after the edit, a sentence each."""
    refused: str = ""
    """Why the edit can't be made in this file, as a clause; empty where it can."""


def propose(
    source: SourceFile,
    job: str,
    predictions: Sequence[Prediction],
    on: datetime.date,
    target: Target | None = None,
    *,
    refused: bool = False,
) -> tuple[FixProposal, ...]:
    """The fixes for a job on a date, best first; () where all its steps start.

    ``predictions`` are those of the job, steps that start among them; ``target`` the oldest system of the users of
    what is built. With ``refused`` also those fixes that would work but can't be written into this file.
    """
    from actlite.checking.fixes.checks import verified
    from actlite.checking.fixes.subject import Subject, situation
    from actlite.workflow.reader import read_with_errors

    failing = [step for step in predictions if step.fails]
    workflow, _ = read_with_errors(source, source.name, warnings=False)
    if not failing or workflow is None:
        return ()
    users = target.glibc if target is not None else ""
    subject = Subject(Page(source), workflow, workflow.job(job), tuple(predictions), on, users)
    found = []
    for way, at in _common([situation(step, on, users) for step in failing]):
        proposal = verified(source, _proposal(subject, way, at))
        if refused or not proposal.refused:
            found.append(proposal)
    if refused and not any(proposal.name == "no-node" for proposal in found):
        found.append(_no_alternative(subject))
    return tuple(sorted(found, key=lambda proposal: NAMES.index(proposal.name)))


def _no_alternative(subject: Subject) -> FixProposal:
    """Why ``no-node`` is not there: it is a matter of all steps, and the reason names those without an alternative."""
    way = Way("no-node", NO_NODE, "")
    return _proposal(subject, way, Situation("", subject.on))


def _common(situations: Sequence[Situation]) -> list[tuple[Way, Situation]]:
    """The ways that help all failing steps of a job, with the situation of the first; what helps but some of them is
    there only where it is a matter of single steps."""
    each = [{way.name: (way, at) for way in ways(at)} for at in situations]
    common = [name for name in NAMES if all(name in found for found in each)]
    return [each[0][name] for name in common]


def _proposal(subject: Subject, way: Way, at: Situation) -> FixProposal:
    try:
        edits, notes = _recipe(way.name)(subject, at)
    except CannotEdit as why:
        return FixProposal(way.name, way.title, subject.job.id, cost=way.cost, refused=str(why))
    return FixProposal(way.name, way.title, subject.job.id, tuple(edits), way.cost, tuple(notes))


Recipe = Callable[["Subject", Situation], tuple[list[Edit], list[str]]]
"""Makes the edits of one fix, and the notes for afterwards. Raises CannotEdit."""


def _recipe(name: str) -> Recipe:
    from actlite.checking.fixes import (
        actions,
        containers,
        cross,
        docker_run,
        environment,
        mounts,
        no_node,
        split_job,
    )

    recipes: dict[str, Recipe] = {
        "older-action": actions.older_action,
        "git-checkout": actions.git_checkout,
        "no-node": no_node.no_node,
        "unsecure-env": environment.unsecure_env,
        "node-mount": mounts.node_mount,
        "move-mount": mounts.move_mount,
        "cross": cross.cross,
        "docker-run": docker_run.docker_run,
        "image": containers.image,
        "split-job": split_job.split_job,
    }
    return recipes[name]
