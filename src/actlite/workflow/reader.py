"""Reads a workflow file: from text to a Workflow, and everything that GitHub would say against it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document import compose
from actlite.document.limits import WORKFLOW_LIMITS, Limits, text_size, tree_size
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.records import replace
from actlite.source import SourceFile
from actlite.workflow import access
from actlite.workflow.checks import run_checks
from actlite.workflow.events import read_events
from actlite.workflow.folding import fold
from actlite.workflow.jobs import read_defaults, read_jobs
from actlite.workflow.model import Workflow
from actlite.workflow.needs import check_needs
from actlite.workflow.schema_workflow import WORKFLOW
from actlite.workflow.validate import SHAPE_CODES, start_of, validate_once
from actlite.workflow.values import check_concurrency

STRICT_EVENTS = ("workflow_call",)
"""Events whose settings GitHub's reader checks; in those of the others it looks up what it knows."""

_TEXT_EXPRESSION = re.compile(r"\$\{\{\s*'(?:[^']|'')*'\s*\}\}")
_ANCHOR = re.compile(r"(?<![^\s\[{,:])&\w")
_MOST_BYTES = 40
"""The most bytes that GitHub counts for a character of a file without aliases."""


def read(
    source: SourceFile,
    path: str,
    *,
    limits: Limits = WORKFLOW_LIMITS,
    service: bool = True,
    warnings: bool = True,
) -> tuple[Workflow | None, DiagnosticBag]:
    """Read a workflow. ``path`` is relative to the repository, with forward slashes. ``limits`` are GitHub's own
    unless others are given; ``service``: whether to tell also what GitHub's service refuses after its parser
    has taken the file. Without ``warnings`` the checks that never find an error are left out.

    The workflow is None exactly when there is a finding of severity error. Findings are in the order
    of their places in the file. Whole-file rules and the order of checks: R, Sdk/WorkflowParser.
    """
    workflow, bag = read_with_errors(source, path, limits=limits, service=service, warnings=warnings)
    return (None if bag.errors else workflow), bag


def read_with_errors(
    source: SourceFile,
    path: str,
    *,
    limits: Limits = WORKFLOW_LIMITS,
    service: bool = True,
    warnings: bool = True,
) -> tuple[Workflow | None, DiagnosticBag]:
    """The same, but the workflow is there in spite of errors as far as it could be understood, so that more
    can be told of it; it is None where the file holds no mapping."""
    bag = DiagnosticBag()
    workflow = _read(source, path, bag, limits, service, warnings)
    bag.items.sort(key=lambda finding: finding.span.start if finding.span else -1)
    return workflow, bag


def _read(
    source: SourceFile, path: str, bag: DiagnosticBag, limits: Limits, service: bool, warnings: bool
) -> Workflow | None:
    root, findings = compose(source, limits=limits)
    bag.extend(findings)
    if root is None:
        return None
    if _too_large(source, path, root, limits):
        bag.add("yaml-size", "Maximum object size exceeded", source.span(0, 0), help="split the workflow")
        return None
    if _TEXT_EXPRESSION.search(source.text):
        root = fold(root)
    validate_once(root, WORKFLOW, bag)
    _soften(access.get(root, "on"), bag)
    if not isinstance(root, Mapping):
        return None
    workflow = _convert(source, path, root, bag, service)
    run_checks(workflow, root, bag, warnings=warnings)
    return workflow


def _too_large(source: SourceFile, path: str, root: Node, limits: Limits) -> bool:
    """Whether GitHub's objects for the file take too many bytes. Only a file with aliases or a huge one can."""
    if len(source.text) * _MOST_BYTES < limits.size and not _ANCHOR.search(source.text):
        return False
    return tree_size(root, limits.size) + text_size(path) > limits.size


def _soften(on: Node | None, bag: DiagnosticBag) -> None:
    """Make warnings of what GitHub passes over: unknown filters and the like in the settings of an event."""
    if not isinstance(on, Mapping):
        return
    lenient = [value.span for key, value in on.entries if key.text not in STRICT_EVENTS]
    hard = {start_of(node).start for node in _dispatch_settings(on)}
    for index, finding in enumerate(bag.items):
        at = finding.span
        if at is None or finding.code not in SHAPE_CODES or at.start in hard:
            continue
        if any(span.start <= at.start < max(span.end, span.start + 1) for span in lenient):
            note = "GitHub passes over it: it has no effect"
            bag.items[index] = replace(finding, severity=Severity.WARNING, notes=(*finding.notes, note))


def _dispatch_settings(on: Mapping) -> Iterator[Node]:
    """What GitHub's converter can't take where it wants the mappings of workflow_dispatch and its inputs."""
    dispatch = access.get(on, "workflow_dispatch")
    inputs = access.get(dispatch, "inputs")
    each = [value for _, value in inputs.entries] if isinstance(inputs, Mapping) else []
    for node in (dispatch, inputs, *each):
        null = isinstance(node, Scalar) and node.value is None
        if node is not None and not null and not isinstance(node, Mapping):
            yield node


def _convert(source: SourceFile, path: str, root: Mapping, bag: DiagnosticBag, service: bool) -> Workflow:
    check_concurrency(access.get(root, "concurrency"), bag)
    jobs_node = access.get(root, "jobs")
    jobs = read_jobs(jobs_node, bag, service=service)
    if isinstance(jobs_node, Mapping):
        if not jobs_node.entries:
            bag.add(
                "no-first-job",
                "The workflow must contain at least one job with no dependencies.",
                jobs_node.span,
            )
        check_needs(jobs, start_of(jobs_node), bag, (key.text for key, _ in jobs_node.entries))
    return Workflow(
        source=source,
        path=path,
        name=access.text(root, "name") or path,
        on=read_events(access.get(root, "on"), bag),
        jobs=jobs,
        run_name=access.scalar(root, "run-name"),
        env=access.mapping_or_scalar(root, "env"),
        defaults=read_defaults(root),
        permissions=access.get(root, "permissions"),
        concurrency=access.get(root, "concurrency"),
    )
