"""Reads ``jobs:``."""

from __future__ import annotations

import re

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.workflow import access, ids, values
from actlite.workflow.model import Job, RunDefaults
from actlite.workflow.steps import read_steps
from actlite.workflow.validate import NO_MERGE_KEYS, start_of

_CALL = re.compile(r"[^/@\s]+/[^/@\s]+/\.github/workflows/[^/@]+\.ya?ml@\S+\Z")
_LOCAL_CALL = re.compile(r"[.$]/\.github/workflows/[^/@]+\.ya?ml\Z")


def read_jobs(node: Node | None, bag: DiagnosticBag, *, service: bool = True) -> tuple[Job, ...]:
    """The jobs in file order. ``service``: whether to tell also what GitHub's service refuses after its parser
    has taken it, a job without steps."""
    if not isinstance(node, Mapping):
        return ()
    jobs = []
    for key, value in node.entries:
        if key.text == "" or "${{" in key.text:
            continue
        wrong = ids.problem(key.text)
        merged = key.text == "<<"
        if wrong and not (merged and any(found.span == key.span for found in bag)):
            bag.add("job-id", wrong, key.span, help=NO_MERGE_KEYS if merged else "")
        if isinstance(value, Mapping):
            jobs.append(_job(key, value, bag, service))
    return tuple(jobs)


def read_defaults(node: Node | None) -> RunDefaults:
    """``defaults.run`` of a workflow or job."""
    run = access.get(access.get(node, "defaults"), "run")
    return RunDefaults(access.scalar(run, "shell"), access.scalar(run, "working-directory"))


def _explained(node: Mapping, bag: DiagnosticBag) -> bool:
    """Whether a key of the job is already reported as unknown, which may well be the one that is missed, or as
    missing, so that it is not even known what kind of job it is."""
    keys = {(key.span.start, key.span.end) for key, _ in node}
    return any(
        found.code in ("unknown-key", "missing-key")
        and found.span is not None
        and (found.span.start, found.span.end) in keys
        for found in bag
    )


def _empty(steps: Node | None) -> bool:
    """Whether there are no steps; what is no list is reported already."""
    return steps is None or (isinstance(steps, Sequence) and not steps.items)


def _check_values(node: Mapping, bag: DiagnosticBag) -> None:
    values.check_concurrency(access.get(node, "concurrency"), bag)
    values.check_runs_on(access.get(node, "runs-on"), bag)
    values.check_snapshot(access.get(node, "snapshot"), bag)
    values.check_max_parallel(access.get(node, "strategy"), bag)
    for key in ("timeout-minutes", "cancel-timeout-minutes"):
        values.check_minutes(node, key, bag)
    values.check_container(access.get(node, "container"), bag)
    services = access.get(node, "services")
    if isinstance(services, Mapping):
        for _, service in services.entries:
            values.check_container(service, bag)


def _job(key: Scalar, node: Mapping, bag: DiagnosticBag, service: bool) -> Job:
    needs = access.spanned_texts(access.get(node, "needs"))
    strategy = access.mapping_or_scalar(node, "strategy")
    uses = access.scalar(node, "uses")
    steps = access.get(node, "steps")
    if uses is not None and "${{" not in uses.text:
        _check_call(uses, bag)
    elif service and access.get(node, "uses") is None and _empty(steps) and not _explained(node, bag):
        bag.add(
            "no-steps",
            f"No steps defined in `steps` and no workflow called in `uses` for the following jobs: {key.text}",
            key.span if steps is None else start_of(steps),
            help="add 'steps:' with at least one step",
        )
    _check_values(node, bag)
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
