"""Reads a workflow file: from text to a Workflow, and everything that GitHub would say against it."""

from __future__ import annotations

from dataclasses import replace

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document import compose
from actlite.document.nodes import Mapping, Node
from actlite.source import SourceFile
from actlite.workflow import access
from actlite.workflow.checks import run_checks
from actlite.workflow.events import read_events
from actlite.workflow.jobs import check_concurrency, read_defaults, read_jobs
from actlite.workflow.model import Workflow
from actlite.workflow.needs import check_needs
from actlite.workflow.schema_workflow import WORKFLOW
from actlite.workflow.validate import SHAPE_CODES, start_of, validate_once

STRICT_EVENTS = ("workflow_call",)
"""Events whose settings GitHub's reader checks; in those of the others it looks up what it knows."""


def read(source: SourceFile, path: str) -> tuple[Workflow | None, DiagnosticBag]:
    """Read a workflow. ``path`` is relative to the repository, with forward slashes.

    The workflow is None exactly when there is a finding of severity error. Findings are in the order
    of their places in the file. Whole-file rules and the order of checks: R, Sdk/WorkflowParser.
    """
    bag = DiagnosticBag()
    workflow = _read(source, path, bag)
    bag.items.sort(key=lambda finding: finding.span.start if finding.span else -1)
    return (None if bag.errors else workflow), bag


def _read(source: SourceFile, path: str, bag: DiagnosticBag) -> Workflow | None:
    root, findings = compose(source)
    bag.extend(findings)
    if root is None:
        if not bag.errors:
            bag.add("empty-file", "The file is empty: a workflow has 'on:' and 'jobs:'", source.span(0, 0))
        return None
    validate_once(root, WORKFLOW, bag)
    _soften(access.get(root, "on"), bag)
    if not isinstance(root, Mapping):
        return None
    return _convert(source, path, root, bag)


def _soften(on: Node | None, bag: DiagnosticBag) -> None:
    """Make warnings of what GitHub passes over: unknown filters and the like in the settings of an event."""
    if not isinstance(on, Mapping):
        return
    lenient = [value.span for key, value in on.entries if key.text not in STRICT_EVENTS]
    for index, finding in enumerate(bag.items):
        at = finding.span
        if at is None or finding.code not in SHAPE_CODES:
            continue
        if any(span.start <= at.start < max(span.end, span.start + 1) for span in lenient):
            note = "GitHub passes over it: it has no effect"
            bag.items[index] = replace(finding, severity=Severity.WARNING, notes=(*finding.notes, note))


def _convert(source: SourceFile, path: str, root: Mapping, bag: DiagnosticBag) -> Workflow:
    check_concurrency(access.get(root, "concurrency"), bag)
    jobs_node = access.get(root, "jobs")
    jobs = read_jobs(jobs_node, bag)
    if isinstance(jobs_node, Mapping):
        if not jobs_node.entries:
            bag.add(
                "no-first-job",
                "The workflow must contain at least one job with no dependencies.",
                jobs_node.span,
            )
        check_needs(jobs, start_of(jobs_node), bag)
    workflow = Workflow(
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
    run_checks(workflow, root, bag)
    return workflow
