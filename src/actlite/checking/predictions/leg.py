"""One leg of a job, its steps met one by one: composite actions followed, variables and earlier steps minded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from actlite.checking.predictions.changing import changing, edits_release
from actlite.checking.predictions.declaring import COMPOSITE, PLUGIN, DeclaredAction
from actlite.checking.predictions.faces import Face, Numbered, Own, own_of
from actlite.checking.predictions.model import (
    FAILS,
    IMMUNE,
    LACKS_ACTION,
    LACKS_ROOM,
    LACKS_RUN,
    MOUNTED,
    STARTS,
    UNKNOWN,
    Declared,
    Prediction,
    StepVerdict,
)
from actlite.checking.predictions.situations import Situation, surely_false
from actlite.checking.predictions.verdict import LIBRARY_PATH
from actlite.checking.predictions.volumes import places_of, volume
from actlite.records import changeable, field, frozen, replace
from actlite.workflow.model import COMPOSITE_DEPTH, RunStep, UsesStep

if TYPE_CHECKING:
    from actlite.checking.predictions.predict import Predictor
    from actlite.source import Span

MAX_FOLLOWED = 500
"""So many composite actions of one leg are followed: one that uses itself ten times would make thousands of millions."""

_OF_COMPILERS = frozenset(("libstdc++.so.6", "libgcc_s.so.1", "libatomic.so.1"))
"""Libraries that come with a compiler, and are found in its folder by LD_LIBRARY_PATH."""


@frozen
class _Around:
    """What is around a step: the environment that it inherits, and the composite actions."""

    env: Mapping[str, str]
    unknown: frozenset[str]
    conditions: tuple[str, ...] = ()
    tolerated: bool = False
    through: tuple[str, ...] = ()

    def with_own(self, own: Own) -> _Around:
        """With what a step says for itself."""
        known = dict(own.env)
        return replace(
            self,
            env={name: value for name, value in self.env.items() if name not in own.unknown} | known,
            unknown=self.unknown.difference(known) | own.unknown,
            conditions=(*self.conditions, own.condition) if own.condition else self.conditions,
            tolerated=self.tolerated or own.tolerated,
        )


_NOTHING = _Around({}, frozenset())


@changeable
class Leg:
    """One leg, its steps met one by one."""

    predictor: Predictor
    situation: Situation
    """The leg, or the first of several with the same face."""
    face: Face
    steps: Sequence[Numbered]
    """All steps of the job."""
    before: list[RunStep] = field(default_factory=list)
    followed: int = 0
    found: list[Prediction] = field(default_factory=list)
    enough: str = ""
    """Why composite actions are not looked into."""

    def predictions(self, enough: str = "") -> list[Prediction]:
        """The predictions of its steps, in order and without the names of legs; ``enough`` is why composite actions
        are not looked into, '' where they are."""
        self.enough = enough
        around = _NOTHING.with_own(self.face.own)
        for place, own in self.face.steps:
            number, step = self.steps[place]
            if isinstance(step, RunStep):
                self.before.append(step)
            elif isinstance(step, UsesStep):
                self._uses(step, number, step.uses.span, around, own)
        return self.found

    def left_out(self, why: str) -> list[Prediction]:
        """One prediction for all its steps, which are not looked at."""
        for place, _ in self.face.steps:
            number, step = self.steps[place]
            if isinstance(step, UsesStep):
                verdict = StepVerdict(UNKNOWN, why=why, lacks=LACKS_ROOM)
                self._add(step.uses.text, Declared("", why), verdict, number, step.uses.span, _NOTHING)
                break
        return self.found

    def _uses(self, step: UsesStep, number: int, place: Span, around: _Around, own: Own) -> None:
        action = self.predictor.declared(step.uses.text, _comment(step.uses.span))
        if action is not None:
            self._action(step.uses.text, action, number, place, around, around.with_own(own))

    def _action(
        self, uses: str, action: DeclaredAction, number: int, place: Span, around: _Around, own: _Around
    ) -> None:
        if action.steps is None and action.uses is None:
            verdict = self._verdict(action.declared, around, own)
        else:
            met = len(self.found)
            self.followed += 1
            if len(around.through) >= COMPOSITE_DEPTH:
                why = "so many composite actions in each other are not allowed"
                verdict = StepVerdict(UNKNOWN, why=why, lacks=LACKS_ROOM)
            elif self.enough or self.followed > MAX_FOLLOWED:
                why = self.enough or f"only {MAX_FOLLOWED} composite actions are followed"
                verdict = self._whatever(StepVerdict(UNKNOWN, why=why, lacks=LACKS_ROOM), around, own)
            else:
                self._composite(action, number, place, replace(own, through=(*around.through, uses)))
                if len(self.found) > met:
                    return
                verdict = StepVerdict(IMMUNE, why="a composite action whose steps need no node")
        self._add(uses, action.declared, verdict, number, place, own)

    def _add(
        self, uses: str, declared: Declared, verdict: StepVerdict, number: int, place: Span, own: _Around
    ) -> None:
        situation = self.situation
        self.found.append(
            Prediction(
                workflow=situation.workflow.path,
                job=situation.id,
                legs=(),
                all_legs=True,
                number=number,
                place=place,
                action=uses,
                declared=declared,
                step=self._mount_filled(verdict),
                image=self.face.image,
                through=own.through,
                callers=situation.callers,
                by_caller=situation.by_caller,
                condition=" and ".join(own.conditions),
                tolerated=own.tolerated,
                variables=tuple(
                    (name, own.env[name]) for name in self.predictor.variables if name in own.env
                ),
                changed_by=self._changed_by(verdict),
            )
        )

    def _composite(self, action: DeclaredAction, number: int, place: Span, inside: _Around) -> None:
        for inner in action.steps or ():
            if surely_false(inner.if_, {}):
                continue
            if isinstance(inner, RunStep):
                self.before.append(inner)
            elif isinstance(inner, UsesStep):
                self._uses(inner, number, place, inside, own_of(inner, {}, self.predictor.counted))
        for text in action.uses or ():
            found = self.predictor.declared(text)
            if found is not None:
                self._action(text, found, number, place, inside, inside)

    def _verdict(self, declared: Declared, around: _Around, own: _Around) -> StepVerdict:
        using = declared.using
        if not using:
            verdict = StepVerdict(UNKNOWN, why=declared.source, lacks=LACKS_ACTION)
            return self._whatever(verdict, around, own)
        if using == PLUGIN:
            return StepVerdict(IMMUNE, why="the runner does it itself, outside the container")
        if using == COMPOSITE:
            why = "what this composite action uses is not known here (actlite fetch)"
            return self._whatever(StepVerdict(UNKNOWN, why=why, lacks=LACKS_ACTION), around, own)
        if not using.startswith("node"):
            return StepVerdict(IMMUNE, why=f"a {using} action needs no node in the container")
        if declared.any_of:
            return self._any_of(declared, around, own)
        return self._of_node(using, around, own)

    def _whatever(self, verdict: StepVerdict, around: _Around, own: _Around) -> StepVerdict:
        """The verdict on an action of which nothing is known: settled where every node of that runner starts."""
        if self.face.image is None:
            return verdict
        runner = self.predictor.settings.runner
        found = [self._of_node(using, around, own) for using in runner.accepted if using.startswith("node")]
        if not all(one.verdict == STARTS for one in found):
            return verdict
        why = f"{verdict.why}; every node of the runner of {runner.date} starts in the image"
        notes = dict.fromkeys(note for one in found for note in one.notes)
        return StepVerdict(STARTS, image=found[0].image, why=why, notes=tuple(notes))

    def _any_of(self, declared: Declared, around: _Around, own: _Around) -> StepVerdict:
        """The verdict on a release that isn't known: certain where all that it may declare comes to the same."""
        accepted = [using for using in declared.any_of if using in self.predictor.settings.runner.accepted]
        found = [self._of_node(using, around, own) for using in accepted]
        if found and all((one.verdict, one.node) == (found[0].verdict, found[0].node) for one in found):
            return found[0]
        return self._whatever(StepVerdict(UNKNOWN, why=declared.source, lacks=LACKS_ACTION), around, own)

    def _of_node(self, using: str, around: _Around, own: _Around) -> StepVerdict:
        verdict = self._in_image(using, own, around)
        image = self.face.image
        if verdict.verdict == FAILS and image is not None:
            if image.open_volumes:
                return _open(verdict, "a volume over /__e is only known in the run")
            open_path = LIBRARY_PATH in own.unknown or (
                image.open_library_path and LIBRARY_PATH not in own.env
            )
            if open_path and _lacks_only(verdict, _OF_COMPILERS):
                return _open(verdict, f"it depends on {LIBRARY_PATH}, whose value is only known in the run")
        for name in self._open(own.unknown):
            other = self.predictor.verdict(
                using, {**own.env, name: "true"}, {**around.env, name: "true"}, image
            )
            if (other.verdict, other.node) != (verdict.verdict, verdict.node):
                return _open(verdict, f"it depends on {name}, whose value is only known in the run")
        return verdict

    def _in_image(self, using: str, own: _Around, around: _Around) -> StepVerdict:
        """The verdict; where a step before edits the files by which the runner takes a container for Alpine, that of
        a container which it does not take for it."""
        image = self.face.image
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

    def _mount_filled(self, verdict: StepVerdict) -> StepVerdict:
        """A verdict on a runtime under a volume, with a note where no step before puts a node there."""
        image = self.face.image
        if verdict.verdict != MOUNTED or image is None:
            return verdict
        item = volume(verdict.volume)
        places = [*places_of(image.volumes, item.source), item.target]
        if any(place in step.run.text for step in self.before for place in places):
            return verdict
        return replace(verdict, notes=(*verdict.notes, f"no step before puts a node into {places[0]}"))


def _open(verdict: StepVerdict, why: str) -> StepVerdict:
    return replace(verdict, verdict=UNKNOWN, why=why, lacks=LACKS_RUN, loading=None, lines=())


def _lacks_only(verdict: StepVerdict, libraries: frozenset[str]) -> bool:
    """Whether all that the loader misses is in some libraries."""
    loading = verdict.loading
    lacking = (
        {missing.library.rpartition("/")[2] for missing in loading.missing} if loading is not None else ()
    )
    return bool(lacking) and libraries.issuperset(lacking)


def _comment(uses: Span) -> str:
    """What stands behind a value in its line."""
    source = uses.source
    end = source.text.find("\n", uses.end)
    return source.text[uses.end : end if end >= 0 else len(source.text)]
