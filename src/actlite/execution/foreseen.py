"""Which JavaScript steps a job will have, as far as that is known once its actions are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from actlite.document import nodes
from actlite.errors import ActliteError
from actlite.execution.prepared import Preparer, read_manifest
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobState
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, evaluate_mapping, evaluate_scalar
from actlite.expressions.values import to_string
from actlite.records import frozen
from actlite.workflow.model import COMPOSITE_DEPTH, ActionManifest, CompositeRuns, NodeRuns, Step, UsesStep

_LOCAL = ("./", "../")
MAX_FOLLOWED = 500
"""So many composite actions of one job are followed: one that uses itself ten times would make thousands of millions."""


@frozen
class Foreseen:
    """A step that the runner's node will be started for."""

    key: str
    """The step's key."""
    action: str
    using: str
    stages: tuple[str, ...]
    env: Mapping[str, str]
    """The env context at the step as it is now; a step before it may add to it."""
    job_env: Mapping[str, str]
    """Of that, what is not the step's own ``env:``."""


def javascript_steps(
    state: JobState, preparer: Preparer, frame: Frame, steps: tuple[Step, ...]
) -> Iterator[Foreseen]:
    """The JavaScript steps among ``steps``, and within composite actions, in their order. An action of this
    repository counts as it is in the working tree: it comes with the checkout."""
    return _Walk(state, preparer).steps(frame, steps)


class _Walk:
    """Goes through a job's steps, and into composite actions; each local manifest is read once."""

    def __init__(self, state: JobState, preparer: Preparer) -> None:
        self._state = state
        self._preparer = preparer
        self._left = MAX_FOLLOWED
        self._local: dict[str, ActionManifest | None] = {}

    def steps(self, frame: Frame, steps: tuple[Step, ...]) -> Iterator[Foreseen]:
        state = self._state
        for step in steps:
            if not isinstance(step, UsesStep):
                continue
            known = self._preparer.known(step.uses.text, frame.home)
            manifest = known.manifest if known is not None else self._own_manifest(step.uses.text)
            if manifest is None:
                continue
            key = f"{frame.prefix}{step.key}"
            outer = {**state.env, **frame.env}
            own = _own_env(step, scope(state, frame, outer, step))
            runs = manifest.runs
            if isinstance(runs, NodeRuns):
                stages = {"pre": bool(runs.pre), "main": True, "post": bool(runs.post)}
                if step.uses.text.startswith(_LOCAL):
                    stages["pre"] = False
                yield Foreseen(
                    key,
                    step.uses.text,
                    runs.using,
                    tuple(stage for stage, there in stages.items() if there),
                    {**outer, **own},
                    {**{k: v for k, v in outer.items() if k not in own}, **state.env},
                )
            elif isinstance(runs, CompositeRuns) and frame.depth < COMPOSITE_DEPTH and self._left:
                self._left -= 1
                inner = replace(
                    frame,
                    prefix=f"{key}.",
                    depth=frame.depth + 1,
                    inputs={},
                    home=known.home if known is not None else None,
                    env={**frame.env, **own},
                    steps={},
                )
                yield from self.steps(inner, runs.steps)

    def _own_manifest(self, uses: str) -> ActionManifest | None:
        repository = self._state.services.repository
        if repository is None or not uses.startswith("./"):
            return None
        if uses not in self._local:
            try:
                self._local[uses] = read_manifest(repository.root / uses, uses)
            except ActliteError:
                self._local[uses] = None
        return self._local[uses]


def _own_env(step: Step, ground: Scope) -> Mapping[str, str]:
    """The step's own ``env:``, without what can't be evaluated yet."""
    if step.env is None:
        return {}
    if not isinstance(step.env, nodes.Mapping):
        return _whole(step.env, ground)
    found: dict[str, str] = {}
    for key, value in step.env.entries:
        if isinstance(value, nodes.Scalar):
            try:
                found[key.text] = to_string(evaluate_scalar(value, ground))
            except ExpressionError:
                continue
    return found


def _whole(node: Any, ground: Scope) -> Mapping[str, str]:
    try:
        return evaluate_mapping(node, ground)
    except ExpressionError:
        return {}
