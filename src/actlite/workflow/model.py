"""A workflow as data. Values that may hold expressions stay nodes; they are evaluated when used."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC

from actlite.document.nodes import Mapping, Node, Scalar
from actlite.records import field, frozen
from actlite.source import SourceFile, Span


@frozen
class RunDefaults:
    """``defaults.run`` of a workflow or job."""

    shell: Scalar | None = None
    working_directory: Scalar | None = None


@frozen
class Step:
    """What all steps share. ``number`` counts from 1 in the job or composite action; the steps of a ``parallel`` group
    have the group's."""

    number: int
    span: Span
    context_id: str
    """The explicit id, or the runner's own (``__run``, ``__actions_checkout_2``), which drives ``github.action``."""
    id: str
    """The explicit id, or ''."""
    name: Scalar | None
    if_: Scalar | None
    env: Mapping | Scalar | None
    continue_on_error: Scalar | None
    timeout_minutes: Scalar | None
    background: bool
    member: int
    """Its place in its ``parallel`` group, from 1; 0 outside of one."""

    @property
    def key(self) -> str:
        """What no other step of the job or composite action has: ``3``, or ``3-1`` in a group."""
        return f"{self.number}-{self.member}" if self.member else str(self.number)


@frozen
class RunStep(Step):
    """A ``run:`` step."""

    run: Scalar
    shell: Scalar | None
    working_directory: Scalar | None


@frozen
class UsesStep(Step):
    """A ``uses:`` step."""

    uses: Scalar
    with_: Mapping | Scalar | None


@frozen
class ControlStep(Step):
    """A step that runs nothing itself: it waits for steps in the background, or stops one."""

    kind: str
    """``wait``, ``wait-all`` or ``cancel``."""
    targets: tuple[str, ...]
    """The context ids of the steps that it names."""
    group: bool
    """It ends a ``parallel`` group."""

    @property
    def label(self) -> str:
        """Its name, where it has none of its own (languageservices: model/converter/steps.ts)."""
        names = {"wait": "Wait", "wait-all": "Wait for all", "cancel": "Cancel"}
        return "Parallel group" if self.group else names[self.kind]


@frozen
class Job:
    """A job that runs steps, or (with ``uses``) calls a reusable workflow."""

    id: str
    span: Span
    """The place of the job's id."""
    name: Scalar | None
    needs: tuple[str, ...]
    needs_spans: tuple[Span, ...]
    if_: Scalar | None
    runs_on: Node | None
    container: Node | None
    services: Mapping | Scalar | None
    strategy: Mapping | Scalar | None
    matrix: Node | None
    env: Mapping | Scalar | None
    defaults: RunDefaults
    outputs: Mapping | None
    timeout_minutes: Scalar | None
    continue_on_error: Scalar | None
    environment: Node | None
    concurrency: Node | None
    permissions: Node | None
    steps: tuple[Step, ...]
    uses: Scalar | None = None
    with_: Mapping | Scalar | None = None
    secrets: Node | None = None
    node: Mapping | None = field(default=None, repr=False)
    """The whole job as it is written, for checks on what the fields above leave out."""


@frozen
class Input:
    """An input of workflow_dispatch or workflow_call."""

    name: str
    span: Span
    type: str = "string"
    """string, number, boolean, choice or environment."""
    required: bool = False
    default: Node | None = None
    description: str = ""
    options: tuple[str, ...] = ()


@frozen
class CalledSecret:
    """A secret that workflow_call declares."""

    name: str
    span: Span
    required: bool = False
    description: str = ""


@frozen
class CalledOutput:
    """An output that workflow_call declares. ``value`` sees the jobs context."""

    name: str
    span: Span
    value: Scalar | None = None
    description: str = ""


@frozen
class EventFilter:
    """One event of ``on:`` with its filters. None: the filter isn't given; () : given and empty."""

    name: str
    span: Span
    types: tuple[str, ...] | None = None
    branches: tuple[str, ...] | None = None
    branches_ignore: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    tags_ignore: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    paths_ignore: tuple[str, ...] | None = None
    workflows: tuple[str, ...] | None = None
    inputs: tuple[Input, ...] = ()
    cron: tuple[str, ...] = ()
    secrets: tuple[CalledSecret, ...] = ()
    outputs: tuple[CalledOutput, ...] = ()


@frozen
class Workflow:
    """One workflow file."""

    source: SourceFile
    path: str
    """Relative to the repository, with forward slashes."""
    name: str
    """The ``name:``, or the path where there is none, as GitHub has it."""
    on: tuple[EventFilter, ...]
    jobs: tuple[Job, ...]
    run_name: Scalar | None = None
    env: Mapping | Scalar | None = None
    defaults: RunDefaults = field(default_factory=RunDefaults)
    permissions: Node | None = None
    concurrency: Node | None = None

    def job(self, id: str) -> Job:
        """The job with that id. Raises KeyError."""
        for job in self.jobs:
            if job.id.casefold() == id.casefold():
                return job
        raise KeyError(id)


@frozen
class ActionInput:
    """An input that an action declares."""

    name: str
    default: Scalar | None = None
    """The default, which may be an expression."""
    required: bool = False
    deprecation: str = ""


@frozen
class NodeRuns:
    """``runs:`` of a JavaScript action."""

    using: str
    """As declared: node12, node16, node20, node24."""
    main: str
    pre: str = ""
    post: str = ""
    pre_if: str = "always()"
    post_if: str = "always()"


@frozen
class DockerRuns:
    """``runs:`` of a docker action."""

    image: str
    """``docker://name`` or the path of a Dockerfile within the action."""
    entrypoint: str = ""
    pre_entrypoint: str = ""
    post_entrypoint: str = ""
    args: tuple[Scalar, ...] | None = None
    env: Mapping | None = None
    pre_if: str = "always()"
    post_if: str = "always()"


COMPOSITE_DEPTH = 9
"""So many composite actions are run within each other (R: Constants.CompositeActionsMaxDepth)."""


@frozen
class CompositeRuns:
    """``runs:`` of a composite action."""

    steps: tuple[Step, ...]


@frozen
class PluginRuns:
    """An action that the runner of that time did itself: checkout@v1, upload/download-artifact@v1."""

    plugin: str


@frozen
class ActionManifest:
    """An action's manifest (R: ActionManifestManager)."""

    source: SourceFile
    name: str
    runs: NodeRuns | DockerRuns | CompositeRuns | PluginRuns
    inputs: MappingABC[str, ActionInput] = field(default_factory=dict)
    """By lower-case name, in file order."""
    outputs: MappingABC[str, Scalar | None] = field(default_factory=dict)
    """Output names; for composite actions with their ``value``."""
