"""What changes while a job runs, and what its parts share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actlite.engines.base import Engine, Owner, Pull, Sandbox
from actlite.events import Emit, Prediction
from actlite.execution.cancellation import Cancellation
from actlite.execution.layout import Layout
from actlite.execution.masking import Masker
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import changeable, frozen

if TYPE_CHECKING:
    from actlite.actions.store import ActionStore
    from actlite.contexts.repository import Repository
    from actlite.execution.annotations import AnnotationCollector
    from actlite.execution.artifact_subjects import ArtifactSubjects
    from actlite.execution.concurrency import Queues
    from actlite.execution.matchers import Matchers
    from actlite.execution.prepared import Home
    from actlite.execution.steps import StepTask
    from actlite.runtimes.eras import Runner
    from actlite.runtimes.store import NodeStore


@frozen
class Settings:
    """What the user asked for, as far as execution must know it."""

    images: Mapping[str, str] = field(default_factory=dict)
    """Image names that others stand in for."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Images per runner label; ``host`` for this machine."""
    pull: Pull = Pull.MISSING
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    vars: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """Added below the workflow's own env (``--env-file``)."""
    docker_socket: bool = False
    keep_failed: bool = True
    committed: bool = False
    offline: bool = False
    debug: bool = False
    target: str = ""
    """The oldest system of those who use what is built, as the user names it: ``manylinux2014``."""
    max_jobs: int = 8
    """How many job legs run at the same time."""


@frozen
class Services:
    """What execution works with; all given from outside, so that it runs on fakes in unit tests."""

    engine: Engine
    actions: Callable[[], ActionStore]
    """Gives the store of actions, which few jobs need at once."""
    nodes: NodeStore
    runner: Runner
    emit: Emit
    clock: Callable[[], float]
    folder: Path
    """The run's folder."""
    owner: Owner
    repository: Repository | None
    settings: Settings
    cache: Path
    """Where what is learned of images is kept between runs."""
    queues: Queues | None = None
    """The concurrency groups; None where no other run is to be minded."""


@frozen
class JobOutcome:
    """How a job leg ended."""

    leg: Leg
    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox | None = None
    """The sandbox, where it still has to be closed."""
    image: str = ""
    network: str | None = None
    """The network made for the job, which goes when the sandbox is gone."""
    unable: bool = False
    """The job failed because this machine lacks something: an image, an action, a node build, space."""
    refused: tuple[str, ...] = ()
    """Products that do not run on the target."""
    call: bool = False
    """It is a call of a workflow, whose own jobs have outcomes."""


@changeable
class JobState:
    """What the steps of one job leg share and change."""

    services: Services
    plan: Plan
    job: JobPlan
    leg: Leg
    layout: Layout
    cancel: Cancellation
    masker: Masker
    github: dict[str, Any]
    """The github context without what changes from step to step."""
    needs: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The secrets context, but for GITHUB_TOKEN."""
    env: dict[str, str] = field(default_factory=dict)
    """Workflow and job env, and what steps wrote to GITHUB_ENV: one map, as in the runner."""
    paths: list[str] = field(default_factory=list)
    """What steps wrote to GITHUB_PATH, oldest first."""
    status: str = "success"
    unable: bool = False
    """Something that the job needs can't be had on this machine."""
    defaults: dict[str, str] = field(default_factory=dict)
    """``shell`` and ``working-directory`` of ``defaults.run``."""
    job_context: dict[str, Any] = field(default_factory=dict)
    """``container`` and ``services`` of the job context."""
    image: str = ""
    """The image that the job's container was made from."""
    instead_of: str = ""
    network: str | None = None
    sandbox: Sandbox | None = None
    programs: dict[tuple[str, ...], str | None] = field(default_factory=dict)
    """Full paths of programs in the sandbox, by name and what steps have put before PATH."""
    noted_runtimes: set[str] = field(default_factory=set)
    """Runtimes of which it was said how they differ from the runner's own."""
    on_host: bool = False
    """The processes of its steps run on this machine, in no container."""
    arch: str = "x64"
    """The runner's architecture, and so that of the node that it mounts: ``x64``, ``arm64``."""
    tracking: str = ""
    """RUNNER_TRACKING_ID of its processes; empty in a container of the job's own, where none has it."""
    ci: str = "true"
    """``CI`` of the processes of steps, unless their env has it: what the job's container has."""
    matchers: Matchers | None = None
    """The problem matchers that actions have added; there once the job runs."""
    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    """What is predicted of its JavaScript steps, by their keys."""
    mounted: tuple[str, ...] = ()
    """The runtimes over which the job mounts volumes of its own."""
    refused: list[str] = field(default_factory=list)
    """The job's products that the target refuses."""
    doubted: bool = False
    """It was said that a step did not end as predicted."""
    known_files: frozenset[str] | None = None
    """Names of the workspace's files that checkouts brought; None without a checkout."""
    old_nodes: dict[str, str] = field(default_factory=dict)
    """Actions for node 20 or older that ran, with the node that they ran with."""
    subjects: ArtifactSubjects | None = None
    """What its steps say they have made; None where GITHUB_ARTIFACTS is not read."""
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    """What actions saved with GITHUB_STATE, by step key."""

    def emit(self, event: Any) -> None:
        """Send an event to whoever listens."""
        self.services.emit(event)

    def real_path(self, path: str) -> Path | None:
        """The path on this machine of a path that a step named; None where it is the container's own."""
        found = self.layout.host_path(path)
        return Path(path) if found is None and self.on_host else found

    def keeps(self, path: Path) -> bool:
        """Whether a path of this machine stays within the job's folders, wherever links that a step has put there
        lead. On this machine a step sees all files anyhow."""
        if self.on_host:
            return True
        work = os.path.realpath(self.layout.work)
        return os.path.commonpath([work, os.path.realpath(path)]) == work

    @property
    def running(self) -> Sandbox:
        """The sandbox. Only steps that come after it was opened may ask."""
        assert self.sandbox is not None
        return self.sandbox


@changeable
class Frame:
    """The surroundings of a list of steps: the job's own, or those of one composite action."""

    prefix: str = ""
    """Put before the keys of its steps, such as ``2.``"""
    name: str = ""
    """Put before the ids of its steps in the log's markers, such as ``build.__self.``"""
    depth: int = 0
    steps: dict[str, Any] = field(default_factory=dict)
    """The steps context."""
    inputs: Mapping[str, Any] | None = None
    """The inputs context of a composite action; None in a job, whose inputs are the run's."""
    env: dict[str, str] = field(default_factory=dict)
    """What the env of the outer steps adds for the steps of a composite action."""
    github: dict[str, Any] = field(default_factory=dict)
    """action, action_path, action_repository, action_ref of a composite action."""
    home: Home | None = None
    """The repository that its steps are written in: what ``$/`` means; None for the workflow's own."""
    status: str | None = None
    """What success() and failure() of a composite's steps go by; None in a job."""
    deadline: float | None = None
    """Clock time at which the outer step times out."""
    posts: list[StepTask] = field(default_factory=list)
    """Post stages of its steps, to be run last first."""
    annotations: AnnotationCollector | None = None
    """What the steps of a composite action report counts for the step in the job, which has this."""
