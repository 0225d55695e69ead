"""What a fix is asked to mend: a job of a workflow, what can't start in it, and what it is written like."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence

from actlite.checking.fixes.edits import CannotEdit, Entry, Page
from actlite.checking.predictions.model import Prediction
from actlite.document.nodes import Mapping
from actlite.document.nodes import Sequence as Items
from actlite.glibc.ways import Situation
from actlite.records import frozen
from actlite.workflow.model import Job, RunStep, UsesStep, Workflow

RUNTIMES = "/__e/"
"""The folder of the runner's nodes in a container."""


@frozen
class Subject:
    """A job with steps that can't start. Steps that do start are among the predictions too."""

    page: Page
    workflow: Workflow
    job: Job
    predictions: tuple[Prediction, ...]
    on: datetime.date
    target: str = ""
    """The oldest glibc of the users; empty where none is set."""

    @property
    def failing(self) -> tuple[Prediction, ...]:
        """The steps that can't start."""
        return tuple(step for step in self.predictions if step.fails)

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The runtimes that can't start, without those of musl images."""
        return tuple(sorted({step.runtime for step in self.failing if step.runtime}))

    @property
    def has_other_legs(self) -> bool:
        """Whether a leg of the job has another C library, or none, than those in which steps fail."""
        return any(
            step.step.image is not None and step.step.image.libc.kind != "glibc" for step in self.predictions
        )

    def node(self) -> Mapping:
        """The job as it is written. Raises CannotEdit where that is no block mapping of its own."""
        node = self.job.node
        if node is None or node.span.start < self.job.span.end:
            raise CannotEdit("the job is written as an alias")
        if self.page.is_flow(node):
            raise CannotEdit("the job is written in braces")
        if node.span.text.startswith("&"):
            raise CannotEdit("the job has an anchor: another job may be a copy of it")
        return node

    def entry(self, name: str) -> Entry | None:
        """A key of the job, whose value is this job's own."""
        found = self.page.entry(self.node(), name)
        if found is not None:
            self.page.own(found)
        return found

    def needed(self, name: str) -> Entry:
        """A key that the job must have. Raises CannotEdit."""
        found = self.entry(name)
        if found is None:
            raise CannotEdit(f"the job has no '{name}'")
        return found

    def steps(self) -> tuple[Entry, Items, int]:
        """The job's steps: their key, the list, and the column of its dashes. Raises CannotEdit."""
        entry = self.needed("steps")
        if not isinstance(entry.value, Items) or self.page.is_flow(entry.value) or not entry.value.items:
            raise CannotEdit("the steps are written in brackets")
        return entry, entry.value, self.page.column(entry.value.span.start)

    def step_node(self, number: int) -> Mapping:
        """The step with a number, from 1, as it is written. Raises CannotEdit."""
        entry, items, _ = self.steps()
        node = items.items[number - 1]
        if not isinstance(node, Mapping) or node.span.start < entry.value.span.start:
            raise CannotEdit(f"step {number} is an alias: it stands at another place")
        if self.page.is_flow(node) or node.span.text.startswith("&"):
            raise CannotEdit(f"step {number} is written in braces or has an anchor")
        return node

    def uses_steps(self) -> tuple[UsesStep, ...]:
        """The steps that use an action, but for those of ``parallel`` groups."""
        return tuple(step for step in self.job.steps if isinstance(step, UsesStep) and not step.member)

    def run_steps(self) -> tuple[RunStep, ...]:
        """The steps that run a script, but for those of ``parallel`` groups."""
        return tuple(step for step in self.job.steps if isinstance(step, RunStep) and not step.member)


def mounted(volumes: Sequence[str]) -> tuple[str, ...]:
    """The runtimes over which volumes are mounted: ``node20`` for ``/a:/__e/node20:ro``."""
    targets = [part for volume in volumes for part in volume.split(":") if part.startswith(RUNTIMES)]
    return tuple(target.removeprefix(RUNTIMES).split("/")[0] for target in targets)


def situation(step: Prediction, on: datetime.date, target: str = "") -> Situation:
    """A failing step as :func:`actlite.glibc.ways.ways` wants to know it."""
    described, choice, loading = step.step.image, step.step.choice, step.step.loading
    newest: MappingABC[str, str] = {}
    libc = "musl" if loading is None and described is None else ""  # the runner refuses Alpine on arm64
    if described is not None:
        libc = described.libc.kind
        newest = {
            kind: number
            for kind, number in {
                **described.libc.newest,
                "GLIBC": described.libc.glibc or described.libc.newest.get("GLIBC", ""),
            }.items()
            if number
        }
    return Situation(
        runtime=step.runtime,
        on=on,
        declared=choice.declared if choice is not None else step.declared.using,
        action=step.action,
        libc=libc,
        newest=newest,
        arch=(step.image.arch if step.image is not None else "") or "x64",
        target=target,
        mounted=mounted(step.image.volumes) if step.image is not None else (),
        has_libraries=loading is None or loading.kind != "library",
    )
