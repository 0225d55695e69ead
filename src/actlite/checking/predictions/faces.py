"""What the predictions for a leg hang on: legs that are alike in all of that come out the same, and are met once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actlite.checking.predictions.containers import container_of
from actlite.checking.predictions.model import JobImage
from actlite.checking.predictions.situations import open_condition, surely_false, texts_of
from actlite.planning.partial import UNKNOWN as NOT_KNOWN
from actlite.planning.partial import node_value
from actlite.records import frozen
from actlite.workflow.model import ControlStep, Job, Step

if TYPE_CHECKING:
    from actlite.checking.predictions.situations import Situation

Numbered = tuple[int, Step]
"""A step with its number in the job, from 1."""


@frozen
class Own:
    """What a step, or a job, says for itself."""

    env: tuple[tuple[str, str], ...] = ()
    """Those variables that count, as far as they are known."""
    unknown: frozenset[str] = frozenset()
    """The names of those whose values are only known in the run."""
    condition: str = ""
    """Its ``if:``, where that is only known in the run."""
    tolerated: bool = False
    """Its ``continue-on-error`` is true."""


@frozen
class Face:
    """A leg without its name."""

    image: JobImage | None
    """None for a leg without a container."""
    own: Own
    """Of the job, with the workflow's variables."""
    steps: tuple[tuple[int, Own], ...]
    """The steps that may run, by their place among all steps of the job."""


def face_of(
    situation: Situation, steps: Sequence[Numbered], names: Collection[str], stand_ins: Mapping[str, str]
) -> Face:
    """The face of a leg. ``steps`` are those of its job; ``names`` are the variables that count."""
    contexts = situation.contexts
    env: dict[str, str] = {}
    unknown: frozenset[str] = frozenset()
    for node in (situation.workflow.env, situation.job.env):
        known, later = texts_of(node, contexts, names)
        unknown = unknown.difference(known) | later
        env = {name: value for name, value in env.items() if name not in later} | known
    job = situation.job
    seen = {**contexts, "env": NOT_KNOWN}
    return Face(
        container_of(situation, stand_ins),
        Own(tuple(env.items()), unknown, open_condition(job.if_, contexts), _tolerated(job, contexts)),
        tuple(
            (place, own_of(step, seen, names))
            for place, (_, step) in enumerate(steps)
            if not surely_false(step.if_, seen)
        ),
    )


def own_of(step: Step, contexts: Mapping[str, Any], names: Collection[str]) -> Own:
    """What a step says for itself."""
    known, later = texts_of(step.env, contexts, names)
    return Own(tuple(known.items()), later, open_condition(step.if_, contexts), _tolerated(step, contexts))


def steps_of(job: Job) -> Iterator[Numbered]:
    """The steps of a job with their numbers; those of ``parallel`` have the number of the step they are in."""
    return ((step.number, step) for step in job.steps if not isinstance(step, ControlStep))


def _tolerated(part: Step | Job, contexts: Mapping[str, Any]) -> bool:
    return node_value(part.continue_on_error, contexts) is True
