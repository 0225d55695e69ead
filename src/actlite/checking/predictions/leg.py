"""One leg of a job, its steps met one by one: composite actions followed, variables and earlier steps minded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from actlite.checking.predictions.changing import changing, edits_release
from actlite.checking.predictions.containers import container_of
from actlite.checking.predictions.declaring import COMPOSITE, PLUGIN, DeclaredAction
from actlite.checking.predictions.model import (
    FAILS,
    IMMUNE,
    MOUNTED,
    UNKNOWN,
    Declared,
    JobImage,
    Prediction,
    StepVerdict,
)
from actlite.checking.predictions.situations import Situation, surely_false, texts_of
from actlite.checking.predictions.volumes import places_of, volume
from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Sequence as SequenceNode
from actlite.planning.partial import UNKNOWN as NOT_KNOWN
from actlite.planning.partial import node_value
from actlite.records import changeable, field, frozen, replace
from actlite.workflow import access
from actlite.workflow.model import COMPOSITE_DEPTH, Job, RunStep, Step, UsesStep
from actlite.workflow.steps import read_steps

if TYPE_CHECKING:
    from actlite.checking.predictions.predict import Predictor
    from actlite.source import Span

MAX_FOLLOWED = 500
"""So many composite actions of one leg are followed: one that uses itself ten times would make thousands of millions."""


@frozen
class _Around:
    """What is around a step: the environment that it inherits, and the composite actions."""

    env: Mapping[str, str]
    unknown: frozenset[str]
    contexts: Mapping[str, Any]
    through: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()


@changeable
class Leg:
    """One leg, its steps met one by one."""

    predictor: Predictor
    situation: Situation
    before: list[RunStep] = field(default_factory=list)
    followed: int = 0
    found: list[Prediction] = field(default_factory=list)

    def predictions(self, *, hosts: bool) -> list[Prediction]:
        """The predictions of its steps, in order; none for a leg without a container, unless ``hosts``."""
        situation = self.situation
        image = container_of(situation, self.predictor.settings.stand_ins)
        if image is None and not hosts:
            return []
        env: dict[str, str] = {}
        unknown: set[str] = set()
        for node in (situation.workflow.env, situation.job.env):
            known, later = texts_of(node, situation.contexts)
            unknown = (unknown - known.keys()) | later
            env = {name: value for name, value in env.items() if name not in later} | known
        around = _Around(env, frozenset(unknown), situation.contexts)
        for number, step in _steps(situation.job):
            if surely_false(step.if_, {**situation.contexts, "env": NOT_KNOWN}):
                continue
            if isinstance(step, RunStep):
                self.before.append(step)
            elif isinstance(step, UsesStep):
                self._uses(step, number, step.uses.span, image, around)
        return self.found

    def _uses(
        self, step: UsesStep, number: int, place: Span, image: JobImage | None, around: _Around
    ) -> None:
        action = self.predictor.declared(step.uses.text, _comment(step.uses.span))
        if action is None:
            return
        known, later = texts_of(step.env, around.contexts)
        env = {k: v for k, v in around.env.items() if k not in later} | known
        unknown = (around.unknown - known.keys()) | later
        own = replace(around, env=env, unknown=frozenset(unknown))
        self._action(step.uses.text, action, step, number, place, image, around, own)

    def _action(
        self,
        uses: str,
        action: DeclaredAction,
        step: Step,
        number: int,
        place: Span,
        image: JobImage | None,
        around: _Around,
        own: _Around,
    ) -> None:
        met = len(self.found)
        if action.steps is not None or action.uses is not None:
            self.followed += 1
            if len(around.through) >= COMPOSITE_DEPTH:
                verdict = StepVerdict(UNKNOWN, why="so many composite actions in each other are not allowed")
            elif self.followed > MAX_FOLLOWED:
                verdict = StepVerdict(UNKNOWN, why=f"only {MAX_FOLLOWED} composite actions are followed")
            else:
                inside = replace(own, contexts={}, through=(*around.through, uses))
                self._composite(action, step, number, place, image, inside)
                if len(self.found) > met:
                    return
                verdict = StepVerdict(IMMUNE, why="a composite action whose steps need no node")
        else:
            verdict = self._verdict(action.declared, image, around, own)
        changed = self._changed_by(verdict)
        job = self.situation.job
        self.found.append(
            Prediction(
                workflow=self.situation.workflow.path,
                job=self.situation.id,
                legs=(self.situation.leg,) if self.situation.leg else (),
                all_legs=True,
                number=number,
                place=place,
                action=uses,
                declared=action.declared,
                step=self._mount_filled(verdict, image),
                image=image,
                through=around.through,
                callers=self.situation.callers,
                by_caller=self.situation.by_caller,
                condition=_condition(step, job),
                tolerated=_tolerated(step, around.contexts) or _tolerated(job, self.situation.contexts),
                variables=tuple(
                    (name, own.env[name]) for name in self.predictor.variables if name in own.env
                ),
                changed_by=changed,
            )
        )

    def _composite(
        self,
        action: DeclaredAction,
        step: Step,
        number: int,
        place: Span,
        image: JobImage | None,
        inside: _Around,
    ) -> None:
        for inner in action.steps or ():
            if surely_false(inner.if_, {}):
                continue
            if isinstance(inner, RunStep):
                self.before.append(inner)
            elif isinstance(inner, UsesStep):
                self._uses(inner, number, place, image, inside)
        for text in action.uses or ():
            found = self.predictor.declared(text)
            if found is not None:
                self._action(text, found, step, number, place, image, inside, inside)

    def _verdict(
        self, declared: Declared, image: JobImage | None, around: _Around, own: _Around
    ) -> StepVerdict:
        using = declared.using
        if not using:
            return StepVerdict(UNKNOWN, why=declared.source)
        if using == PLUGIN:
            return StepVerdict(IMMUNE, why="the runner does it itself, outside the container")
        if using == COMPOSITE:
            return StepVerdict(
                UNKNOWN, why="what this composite action uses is not known here (actlite fetch)"
            )
        if not using.startswith("node"):
            return StepVerdict(IMMUNE, why=f"a {using} action needs no node in the container")
        if declared.any_of:
            return self._any_of(declared, image, around, own)
        return self._of_node(using, image, around, own)

    def _any_of(
        self, declared: Declared, image: JobImage | None, around: _Around, own: _Around
    ) -> StepVerdict:
        """The verdict on a release that isn't known: certain where all that it may declare comes to the same."""
        accepted = [using for using in declared.any_of if using in self.predictor.settings.runner.accepted]
        found = [self._of_node(using, image, around, own) for using in accepted]
        if found and all((one.verdict, one.node) == (found[0].verdict, found[0].node) for one in found):
            return found[0]
        return StepVerdict(UNKNOWN, why=declared.source)

    def _of_node(self, using: str, image: JobImage | None, around: _Around, own: _Around) -> StepVerdict:
        verdict = self._in_image(using, own, around, image)
        if verdict.verdict == FAILS and image is not None and image.open_volumes:
            return _open(verdict, "a volume over /__e is only known in the run")
        for name in self._open(own.unknown):
            other = self.predictor.verdict(
                using, {**own.env, name: "true"}, {**around.env, name: "true"}, image
            )
            if (other.verdict, other.node) != (verdict.verdict, verdict.node):
                return _open(verdict, f"it depends on {name}, whose value is only known in the run")
        return verdict

    def _in_image(self, using: str, own: _Around, around: _Around, image: JobImage | None) -> StepVerdict:
        """The verdict; where a step before edits the files by which the runner takes a container for Alpine, that of
        a container which it does not take for it."""
        verdict = self.predictor.verdict(using, own.env, around.env, image)
        described = verdict.image
        if described is None or not described.libc.is_alpine:
            return verdict
        if not any(edits_release(step.run.text) for step in self.before):
            return verdict
        other = self.predictor.verdict(using, own.env, around.env, image, False)
        if other.verdict == MOUNTED:
            return other
        return _open(other, "a step before edits the files by which the runner takes a container for Alpine")

    def _open(self, unknown: Iterable[str]) -> list[str]:
        """The variables that choose a node and whose values are only known in the run: those that hold an
        expression, and those that a step before may set."""
        texts = [step.run.text for step in self.before]
        unknown = set(unknown)
        return [
            name
            for name in self.predictor.variables
            if name in unknown or any(name in text and "GITHUB_ENV" in text for text in texts)
        ]

    def _changed_by(self, verdict: StepVerdict) -> tuple[Span, ...]:
        if verdict.verdict != FAILS or verdict.loading is None:
            return ()
        return tuple(step.run.span for step in self.before if changing(step.run.text, verdict))

    def _mount_filled(self, verdict: StepVerdict, image: JobImage | None) -> StepVerdict:
        """A verdict on a runtime under a volume, with a note where no step before puts a node there."""
        if verdict.verdict != MOUNTED or image is None:
            return verdict
        item = volume(verdict.volume)
        places = [*places_of(image.volumes, item.source), item.target]
        if any(place in step.run.text for step in self.before for place in places):
            return verdict
        return replace(verdict, notes=(*verdict.notes, f"no step before puts a node into {places[0]}"))


def _open(verdict: StepVerdict, why: str) -> StepVerdict:
    return replace(verdict, verdict=UNKNOWN, why=why, loading=None, lines=())


def _steps(job: Job) -> Iterator[tuple[int, Step]]:
    """The steps of a job with their numbers; those of ``parallel`` have the number of the step they are in."""
    by_number = {step.number: step for step in job.steps}
    node = access.get(job.node, "steps") if job.node is not None else None
    entries = node.items if isinstance(node, SequenceNode) else ()
    number = 0
    for entry in entries:
        if not isinstance(entry, MappingNode):
            continue
        number += 1
        if number in by_number:
            yield number, by_number[number]
        inner = access.get(entry, "parallel")
        if isinstance(inner, SequenceNode):
            for step in read_steps(inner, DiagnosticBag()):
                yield number, step


def _comment(uses: Span) -> str:
    """What stands behind a value in its line."""
    source = uses.source
    end = source.text.find("\n", uses.end)
    return source.text[uses.end : end if end >= 0 else len(source.text)]


def _condition(step: Step, job: Job) -> str:
    return " and ".join(" ".join(if_.text.split()) for if_ in (job.if_, step.if_) if if_ is not None)


def _tolerated(part: Step | Job, contexts: Mapping[str, Any]) -> bool:
    """Whether a step's or a job's ``continue-on-error`` is true."""
    return node_value(part.continue_on_error, contexts) is True
