"""Which JavaScript steps a job will have, as far as that is known once its actions are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from actlite.document import nodes
from actlite.errors import ActliteError
from actlite.execution.handlers.composite import MAX_DEPTH
from actlite.execution.prepared import PreparedAction, Preparer, read_manifest
from actlite.execution.scope import scope
from actlite.execution.state import Frame, JobState
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, evaluate_mapping, evaluate_scalar
from actlite.expressions.values import to_string
from actlite.records import frozen
from actlite.workflow.model import ActionManifest, CompositeRuns, NodeRuns, Step, UsesStep

_LOCAL = ("./", "../")


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
    for step in steps:
        if not isinstance(step, UsesStep):
            continue
        manifest = _manifest(state, preparer, step.uses.text)
        if manifest is None:
            continue
        key = f"{frame.prefix}{step.number}"
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
        elif isinstance(runs, CompositeRuns) and frame.depth < MAX_DEPTH:
            inner = replace(
                frame, prefix=f"{key}.", depth=frame.depth + 1, inputs={}, env={**frame.env, **own}, steps={}
            )
            yield from javascript_steps(state, preparer, inner, runs.steps)


def _manifest(state: JobState, preparer: Preparer, uses: str) -> ActionManifest | None:
    known: PreparedAction | None = preparer.known(uses)
    if known is not None:
        return known.manifest
    repository = state.services.repository
    if repository is None or not uses.startswith("./"):
        return None
    try:
        return read_manifest(repository.root / uses, uses)
    except ActliteError:
        return None


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
