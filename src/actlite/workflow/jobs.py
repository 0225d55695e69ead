"""Reads ``jobs:``."""

from __future__ import annotations

import re

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.workflow import access, ids
from actlite.workflow.model import Job, RunDefaults
from actlite.workflow.steps import read_steps
from actlite.workflow.validate import start_of

_CALL = re.compile(r"[^/@\s]+/[^/@\s]+/\.github/workflows/[^/@]+\.ya?ml@\S+\Z")
_LOCAL_CALL = re.compile(r"[.$]/\.github/workflows/[^/@]+\.ya?ml\Z")


def read_jobs(node: Node | None, bag: DiagnosticBag) -> tuple[Job, ...]:
    """The jobs in file order."""
    if not isinstance(node, Mapping):
        return ()
    jobs = []
    for key, value in node.entries:
        if key.text == "" or "${{" in key.text:
            continue
        wrong = ids.problem(key.text)
        if wrong:
            bag.add("job-id", wrong, key.span)
        if isinstance(value, Mapping):
            jobs.append(_job(key, value, bag))
    return tuple(jobs)


def read_defaults(node: Node | None) -> RunDefaults:
    """``defaults.run`` of a workflow or job."""
    run = access.get(access.get(node, "defaults"), "run")
    return RunDefaults(access.scalar(run, "shell"), access.scalar(run, "working-directory"))


def _misspelt(node: Mapping, bag: DiagnosticBag) -> bool:
    """Whether a key of the job is already reported as unknown: it may well be the one that is missed."""
    keys = {(key.span.start, key.span.end) for key, _ in node}
    return any(
        found.code == "unknown-key" and found.span is not None and (found.span.start, found.span.end) in keys
        for found in bag
    )


def _job(key: Scalar, node: Mapping, bag: DiagnosticBag) -> Job:
    needs = access.spanned_texts(access.get(node, "needs"))
    strategy = access.mapping_or_scalar(node, "strategy")
    uses = access.scalar(node, "uses")
    steps = access.get(node, "steps")
    if uses is not None and "${{" not in uses.text:
        _check_call(uses, bag)
    elif (
        uses is None
        and steps is None
        and access.get(node, "runs-on") is not None
        and not _misspelt(node, bag)
    ):
        bag.add(
            "no-steps",
            f"Job '{key.text}' has no steps",
            start_of(node),
            help="add 'steps:' with at least one step",
        )
    check_concurrency(access.get(node, "concurrency"), bag)
    for container in (access.get(node, "container"), *_services(access.get(node, "services"))):
        _check_container(container, bag)
    return Job(
        id=key.text,
        span=key.span,
        name=access.scalar(node, "name"),
        needs=tuple(name for name, _ in needs),
        needs_spans=tuple(span for _, span in needs),
        if_=access.scalar(node, "if"),
        runs_on=access.get(node, "runs-on"),
        container=access.get(node, "container"),
        services=access.mapping_or_scalar(node, "services"),
        strategy=strategy,
        matrix=access.get(strategy, "matrix"),
        env=access.mapping_or_scalar(node, "env"),
        defaults=read_defaults(node),
        outputs=access.mapping(node, "outputs"),
        timeout_minutes=access.scalar(node, "timeout-minutes"),
        continue_on_error=access.scalar(node, "continue-on-error"),
        environment=access.get(node, "environment"),
        concurrency=access.get(node, "concurrency"),
        permissions=access.get(node, "permissions"),
        steps=read_steps(steps, bag),
        uses=uses,
        with_=access.mapping_or_scalar(node, "with"),
        secrets=access.get(node, "secrets"),
        node=node,
    )


def _check_call(uses: Scalar, bag: DiagnosticBag) -> None:
    text = uses.text
    if text and not _CALL.match(text) and not _LOCAL_CALL.match(text):
        bag.add(
            "uses-format",
            f"'{text}' is not a reference to a reusable workflow",
            uses.span,
            help="write owner/repo/.github/workflows/file.yml@ref or ./.github/workflows/file.yml",
        )


def check_concurrency(node: Node | None, bag: DiagnosticBag) -> None:
    """``queue: max`` lets runs wait, which ``cancel-in-progress: true`` contradicts (DOC: concurrency)."""
    queue = access.scalar(node, "queue")
    if queue is not None and queue.text == "max" and access.flag(node, "cancel-in-progress"):
        bag.add(
            "concurrency-conflict",
            "'queue: max' cannot be combined with 'cancel-in-progress: true'.",
            queue.span,
            help="remove one of them",
        )


_CONTAINER_KEYS = frozenset(
    {"image", "env", "ports", "volumes", "options", "credentials", "entrypoint", "command"}
)


def _services(node: Node | None) -> tuple[Node, ...]:
    return tuple(value for _, value in node.entries) if isinstance(node, Mapping) else ()


def _check_container(node: Node | None, bag: DiagnosticBag) -> None:
    """A container as a mapping must name its image; one with unknown keys is reported for those."""
    if isinstance(node, Mapping) and node.entries:
        keys = {key.text for key, _ in node.entries}
        if "image" not in keys and keys <= _CONTAINER_KEYS:
            bag.add(
                "missing-image",
                "Container image cannot be empty",
                start_of(node),
                help="add 'image:' with the image's name",
            )
