"""What will run, as data: the planner's answer, before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from actlite.diagnostics import Diagnostic
from actlite.records import frozen
from actlite.workflow.model import Job, Workflow


@frozen
class Trigger:
    """The event that starts a run. ``github`` holds the event's share of the github context
    (event_name, ref, ref_name, ref_type, sha, actor, repository, event, base_ref, head_ref…)."""

    event: str
    github: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] | None = None
    """Changed files for path filters; None when not known (then a paths filter is taken as matching,
    and the plan says so)."""
    notes: tuple[str, ...] = ()
    """What was assumed, in sentences for the user: a tag that isn't there yet, a name that is made up."""


@frozen
class Leg:
    """One run of a job: the whole job, or one row of its matrix."""

    key: str
    """Unique within the run: ``build`` or ``build (linux, x64)``."""
    name: str
    """What GitHub shows."""
    matrix: Mapping[str, Any]
    index: int
    total: int


@frozen
class JobPlan:
    """One job of a plan."""

    job: Job
    legs: tuple[Leg, ...] | None
    """None: the matrix depends on other jobs' outputs and is known when they have run."""
    needs: tuple[str, ...]
    problems: tuple[Diagnostic, ...] = ()
    """Why it (or a part of it) can't be run as it stands; errors only where it can't be run at all."""
    fail_fast: bool = True
    max_parallel: int | None = None


@frozen
class Plan:
    """The jobs of one workflow for one trigger, in an order in which needs come first."""

    workflow: Workflow
    trigger: Trigger
    jobs: tuple[JobPlan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    matrix_filter: tuple[tuple[str, str], ...] = ()
    """Keys and values that the legs must have; for matrices that are only known when other jobs have run."""


@frozen
class NotSelected:
    """A workflow that the trigger does not run, and why."""

    workflow: Workflow
    reason: str
