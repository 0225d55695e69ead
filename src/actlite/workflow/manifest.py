"""Reads an action's manifest: ``action.yml`` (R: Runner.Worker/ActionManifestManager)."""

from __future__ import annotations

import re

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document import compose
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.source import SourceFile, Span
from actlite.workflow import access
from actlite.workflow.model import (
    ActionInput,
    ActionManifest,
    CompositeRuns,
    DockerRuns,
    NodeRuns,
    PluginRuns,
)
from actlite.workflow.nearest import did_you_mean
from actlite.workflow.schema_action import ACTION
from actlite.workflow.steps import read_steps
from actlite.workflow.validate import start_of, validate_once

USINGS = ("composite", "docker", "node12", "node16", "node20", "node24")
"""What ``using:`` may say today; whether the runner of a date takes it is decided by its era."""
_YES = frozenset({"true", "yes", "on"})
"""How authors write that an input is required, which no runner looks at."""
_NEWEST_NODE = 24
_NODE = re.compile(r"node(\d{1,3})\Z")

Runs = NodeRuns | DockerRuns | CompositeRuns | PluginRuns


def read_action(source: SourceFile) -> tuple[ActionManifest | None, DiagnosticBag]:
    """Read a manifest. It is None exactly when there is a finding of severity error.

    Anchors are not allowed here, as the runner reads manifests with an older reader. A ``using: nodeNN`` that is
    newer than all we know is kept, with a warning.
    """
    bag = DiagnosticBag()
    manifest = _read(source, bag)
    bag.items.sort(key=lambda finding: finding.span.start if finding.span else -1)
    return (None if bag.errors else manifest), bag


def read_declared(source: SourceFile) -> ActionManifest | None:
    """What a manifest declares for the steps that use the action: it is there also where the errors are below
    ``runs`` alone."""
    bag = DiagnosticBag()
    manifest = _read(source, bag)
    if manifest is None or not bag.errors:
        return manifest
    runs = access.get(compose(source, anchors=False)[0], "runs")
    within = runs is not None and all(
        error.span is not None and runs.span.start <= error.span.start < runs.span.end for error in bag.errors
    )
    return manifest if within else None


def _read(source: SourceFile, bag: DiagnosticBag) -> ActionManifest | None:
    root, findings = compose(source, anchors=False)
    bag.extend(findings)
    if root is None:
        return None
    validate_once(root, ACTION, bag)
    if isinstance(root, Mapping):
        from actlite.workflow.checks import typing

        typing.check_action(root, bag)
    runs_node = access.get(root, "runs")
    if isinstance(root, Mapping) and runs_node is None:
        bag.add(
            "missing-key",
            "Required property is missing: runs",
            start_of(root),
            help="runs says what the action is",
        )
    if not isinstance(runs_node, Mapping):
        return None
    runs = _runs(runs_node, bag)
    if runs is None:
        return None
    outputs = access.mapping(root, "outputs")
    return ActionManifest(
        source=source,
        name=access.text(root, "name"),
        runs=runs,
        inputs=_inputs(access.get(root, "inputs")),
        outputs={key.text: access.scalar(value, "value") for key, value in outputs} if outputs else {},
    )


def _inputs(node: Node | None) -> dict[str, ActionInput]:
    if not isinstance(node, Mapping):
        return {}
    return {
        key.text.lower(): ActionInput(
            key.text,
            default=access.scalar(value, "default"),
            required=access.text(value, "required").lower() in _YES,
            deprecation=access.text(value, "deprecationMessage"),
        )
        for key, value in node.entries
    }


def _runs(node: Mapping, bag: DiagnosticBag) -> Runs | None:
    using = access.scalar(node, "using")
    if using is None or not using.text:
        plugin = access.text(node, "plugin")
        if plugin:
            return PluginRuns(plugin)
        if not any("using" in finding.label for finding in bag.errors):
            bag.add(
                "missing-using",
                f"Missing 'using' value. 'using' requires {_listed(USINGS)}.",
                start_of(node),
            )
        return None
    kind = using.text.lower()
    if kind == "docker":
        return _docker(node, using.span, bag)
    if kind == "composite":
        steps = access.get(node, "steps")
        if not isinstance(steps, Sequence):
            _missing("steps", "a composite action", using.span, bag)
        return CompositeRuns(read_steps(steps, bag))
    number = _NODE.match(kind)
    newer = number is not None and int(number[1]) > _NEWEST_NODE
    if kind not in USINGS:
        bag.add(
            "unknown-using",
            f"'using: {using.text}' is not supported, use {_listed(USINGS[1:])} instead.",
            using.span,
            severity=Severity.WARNING if newer else Severity.ERROR,
            label="" if number else did_you_mean(using.text, USINGS),
            notes=("a runner newer than this actlite may know it",) if newer else (),
        )
    return _node(node, using, bag) if number else None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"


def _missing(key: str, what: str, span: Span, bag: DiagnosticBag) -> None:
    bag.add("missing-key", f"Required property is missing: {key}", span, notes=(f"{what} needs '{key}'",))


def _condition(node: Mapping, key: str) -> str:
    return access.text(node, key) or "always()"


def _node(node: Mapping, using: Scalar, bag: DiagnosticBag) -> NodeRuns:
    if not access.text(node, "main"):
        _missing("main", "a JavaScript action", using.span, bag)
    return NodeRuns(
        using=using.text.lower(),
        main=access.text(node, "main"),
        pre=access.text(node, "pre"),
        post=access.text(node, "post"),
        pre_if=_condition(node, "pre-if"),
        post_if=_condition(node, "post-if"),
    )


def is_dockerfile(image: str) -> bool:
    """Whether the ``image`` of a docker action is the path of a Dockerfile (R: DockerUtil.IsDockerfile)."""
    name = image.rpartition("/")[2].lower()
    return not image.lower().startswith("docker://") and (
        name.startswith("dockerfile.") or name.endswith("dockerfile")
    )


def _docker(node: Mapping, span: Span, bag: DiagnosticBag) -> DockerRuns:
    image = access.scalar(node, "image")
    if image is None or not image.text:
        _missing("image", "a docker action", span, bag)
    elif not image.text.lower().startswith("docker://") and not is_dockerfile(image.text):
        bag.add(
            "action-image",
            f"'{image.text}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'.",
            image.span,
            severity=Severity.WARNING,
            notes=("the runner refuses the action where it is used from another repository",),
            help=f"write docker://{image.text} for an image",
        )
    args = access.get(node, "args")
    return DockerRuns(
        image=access.text(node, "image"),
        entrypoint=access.text(node, "entrypoint"),
        pre_entrypoint=access.text(node, "pre-entrypoint"),
        post_entrypoint=access.text(node, "post-entrypoint"),
        args=tuple(item for item in args.items if isinstance(item, Scalar))
        if isinstance(args, Sequence)
        else None,
        env=access.mapping(node, "env"),
        pre_if=_condition(node, "pre-if"),
        post_if=_condition(node, "post-if"),
    )
