"""The types of the contexts, for each place of a workflow (DOC: contexts reference; R: Runner.Worker)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Scalar
from actlite.expressions.types import (
    ANY,
    FLAG,
    MAYBE_TEXT,
    NOTHING,
    NUMERIC,
    OPEN,
    TEXT,
    Type,
    known,
    mapping_of,
    merge,
    optional,
    record,
)
from actlite.records import replace
from actlite.workflow.checks.matrix_type import matrix_type
from actlite.workflow.checks.names import AnyNames, Closed, NeedNames, SecretNames, StepNames, VariableNames
from actlite.workflow.model import EventFilter, Input, Job, Workflow
from actlite.workflow.schema_events import EVENTS

UNKNOWN = "unknown-property"
RESULT = known("success", "failure", "cancelled", "skipped")
_BOOLEAN_TEXT = known("true", "false")


_OF_THE_CALLED = {
    "job_workflow_ref": "job.workflow_ref is that of the called workflow; job_workflow_ref is only in OIDC tokens",
    "job_workflow_sha": "job.workflow_sha is that of the called workflow; job_workflow_sha is only in OIDC tokens",
}
_CALLED_EVENT = {
    "workflow_call": "a called workflow has the event of its caller: an input can tell that it is called"
}


def _context(name: str, fields: Mapping[str, Type], advice: Mapping[str, str] | None = None) -> Type:
    lacking = Closed(UNKNOWN, f"the {name} context has no property", tuple(fields), advice=advice or {})
    return record(fields, names=lacking)


def _event_name(names: list[str]) -> Type:
    """The name of one of these events."""
    elsewhere = frozenset(EVENTS).difference(names, ["workflow_call"])
    return replace(known(*names), elsewhere=elsewhere, advice=_CALLED_EVENT)


def _texts(names: str) -> dict[str, Type]:
    return dict.fromkeys(names.split(), TEXT)


_GITHUB = {
    **_texts(
        "action action_path action_ref action_repository actor actor_id api_url artifacts artifacts_list "
        "base_ref env event_path graphql_url head_ref job output path ref ref_name repository repository_id "
        "repository_owner repository_owner_id repositoryUrl retention_days run_attempt run_id run_number "
        "server_url sha state step_summary token triggering_actor workflow workflow_ref workflow_sha workspace"
    ),
    "action_status": known("success", "failure", "cancelled"),
    "artifact_cache_size_limit": NUMERIC,
    "event": OPEN,
    "event_name": TEXT,
    "ref_protected": FLAG,
    "ref_type": known("branch", "tag", ""),
    "repository_visibility": known("public", "private", "internal"),
    "secret_source": known("None", "Actions", "Codespaces", "Dependabot"),
}
RUNNER = _context(
    "runner",
    {
        **_texts("name temp tool_cache workspace"),
        "os": known("Linux", "Windows", "macOS"),
        "arch": known("X86", "X64", "ARM", "ARM64"),
        "environment": known("github-hosted", "self-hosted"),
        "debug": optional(known("1")),
    },
)
STRATEGY = _context(
    "strategy",
    {"fail-fast": FLAG, "job-index": NUMERIC, "job-total": NUMERIC, "max-parallel": NUMERIC},
)
_CONTAINER = {"id": TEXT, "network": TEXT}
_JOB = {
    "status": known("success", "failure", "cancelled"),
    "check_run_id": NUMERIC,
    "container": record(
        _CONTAINER, names=Closed(UNKNOWN, "job.container has no property", ("id", "network"))
    ),
    **_texts("workflow_ref workflow_sha workflow_repository workflow_file_path"),
}
_SERVICE = ("id", "network", "ports")
_PORTS = mapping_of(MAYBE_TEXT)
ENV = mapping_of(MAYBE_TEXT, AnyNames())
VARS = mapping_of(MAYBE_TEXT, VariableNames())


class Static:
    """The types that are the same in a whole workflow."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.events = {event.name: event for event in workflow.on}
        self.others = any(name not in ("workflow_dispatch", "workflow_call") for name in self.events)
        """Whether an event without inputs can start a run."""

    @cached_property
    def github(self) -> Type:
        """The github context."""
        fields = dict(_GITHUB)
        names = [name for name in self.events if name != "workflow_call"]
        if "workflow_call" in self.events or not names:
            names = [name for name in EVENTS if name != "workflow_call"]
        fields["event_name"] = _event_name(names)
        dispatch = self.events.get("workflow_dispatch")
        if dispatch is not None and "workflow_call" not in self.events:
            fields["event"] = record({"inputs": self.event_inputs(dispatch)}, rest=ANY)
        return _context("github", fields, _OF_THE_CALLED)

    def event_inputs(self, dispatch: EventFilter) -> Type:
        """``github.event.inputs``: all of them text."""
        types = {}
        for input in dispatch.inputs:
            type = _BOOLEAN_TEXT if input.type == "boolean" else _choice(input)
            types[input.name] = optional(type) if self.others else type
        return record(types, names=_inputs(dispatch.inputs))

    @cached_property
    def inputs(self) -> Type:
        """The inputs context, of all events that have inputs."""
        both = [self.events[name] for name in ("workflow_dispatch", "workflow_call") if name in self.events]
        types: dict[str, Type] = {}
        for event in both:
            for input in event.inputs:
                name = input.name.lower()
                types[name] = merge(types.get(name, NOTHING), _input(input))
        for name, type in types.items():
            missing = any(all(input.name.lower() != name for input in event.inputs) for event in both)
            types[name] = optional(type) if self.others or missing else type
        declared = tuple(dict.fromkeys(input.name for event in both for input in event.inputs))
        return record(types, names=_inputs_named(declared))

    @cached_property
    def secrets(self) -> Type:
        """The secrets context; those of a workflow that can only be called are declared."""
        call = self.events.get("workflow_call")
        declared = None
        if call is not None and call.secrets and len(self.events) == 1:
            declared = tuple(secret.name for secret in call.secrets)
        return mapping_of(MAYBE_TEXT, SecretNames(declared, call is not None))

    @cached_property
    def jobs(self) -> Type:
        """The jobs context, which only the outputs of a called workflow see."""
        jobs = {job.id: _result(job, f"jobs.{job.id}") for job in self.workflow.jobs}
        if not jobs:
            return OPEN
        return record(jobs, names=Closed("unknown-need-name", "there is no job", tuple(jobs)))


def _input(input: Input) -> Type:
    if input.type == "boolean":
        return FLAG
    if input.type == "number":
        return NUMERIC
    return _choice(input)


def _choice(input: Input) -> Type:
    if input.type == "choice" and input.options and not any("${{" in option for option in input.options):
        return known("", *input.options)
    return TEXT


def _inputs(inputs: tuple[Input, ...]) -> Closed:
    return _inputs_named(tuple(input.name for input in inputs))


def _inputs_named(names: tuple[str, ...]) -> Closed:
    none = "inputs are declared in on.workflow_dispatch.inputs or on.workflow_call.inputs, and there are none"
    return Closed("unknown-input", "this workflow declares no input", names, none)


def _result(job: Job, path: str) -> Type:
    """``needs.<job>`` and ``jobs.<job>``."""
    outputs = mapping_of(MAYBE_TEXT)
    if job.uses is None:
        names = tuple(key.text for key, _ in job.outputs.entries) if job.outputs is not None else ()
        if not any("${{" in name for name in names):
            lacking = Closed("unknown-needs-output", f"job '{job.id}' has no output", names)
            outputs = record(dict.fromkeys(names, MAYBE_TEXT), names=lacking)
    return record(
        {"result": RESULT, "outputs": outputs},
        names=Closed("unknown-need-name", f"{path} has no field", ("result", "outputs")),
    )


def _anything(name: str) -> Type:
    return ANY


class Contexts:
    """The types of the contexts at a place, each made when it is first asked for; what isn't known is ANY."""

    __slots__ = ("above", "made", "makers")

    def __init__(self, makers: Mapping[str, Callable[[], Type]], above: Contexts | None = None) -> None:
        self.makers = makers
        self.above = above
        self.made: dict[str, Type] = {}

    def __call__(self, name: str) -> Type:
        found = self.made.get(name)
        if found is None:
            maker = self.makers.get(name)
            inherited = self.above or _anything
            self.made[name] = ANY  # while it is being made: a matrix may name itself
            found = maker() if maker is not None else inherited(name)
            self.made[name] = found
        return found


def of_workflow(static: Static) -> Contexts:
    """Before and around the jobs."""
    return Contexts(
        {
            "github": lambda: static.github,
            "inputs": lambda: static.inputs,
            "secrets": lambda: static.secrets,
            "vars": lambda: VARS,
            "jobs": lambda: static.jobs,
            "env": lambda: ENV,
            "runner": lambda: RUNNER,
            "strategy": lambda: STRATEGY,
        }
    )


def of_job(above: Contexts, job: Job, jobs: tuple[Job, ...]) -> Contexts:
    """In a job, but for its steps."""
    contexts = Contexts({}, above)
    contexts.makers = {
        "needs": lambda: _needs(job, jobs),
        "matrix": lambda: matrix_type(job, contexts),
        "job": lambda: _job(job),
    }
    return contexts


def of_action(inputs: MappingNode | None) -> Contexts:
    """In an action: its inputs are all text, and the rest is that of the job that uses it."""
    names = tuple(key.text for key, _ in inputs.entries) if inputs is not None else ()
    lacking = Closed("unknown-input", "this action declares no input", names, "it declares no inputs")
    event_names = [name for name in EVENTS if name != "workflow_call"]
    return Contexts(
        {
            "github": lambda: _context(
                "github", {**_GITHUB, "event_name": _event_name(event_names)}, _OF_THE_CALLED
            ),
            "inputs": lambda: record(dict.fromkeys(names, TEXT), names=lacking),
            "env": lambda: ENV,
            "runner": lambda: RUNNER,
            "strategy": lambda: STRATEGY,
            "job": lambda: _context("job", {**_JOB, "services": OPEN}),
        }
    )


def with_steps(above: Contexts, before: tuple[str, ...], every: frozenset[str]) -> Contexts:
    """After the steps with these ids; ``every`` are those of all steps, in small letters."""
    return Contexts({"steps": lambda: _steps(before, every)}, above)


def _steps(before: tuple[str, ...], every: frozenset[str]) -> Type:
    return record({id: _step(id) for id in before}, names=StepNames(before, every))


def _step(id: str) -> Type:
    return record(
        {"outputs": mapping_of(MAYBE_TEXT), "outcome": RESULT, "conclusion": RESULT},
        names=Closed(UNKNOWN, f"steps.{id} has no field", ("outputs", "outcome", "conclusion")),
    )


def _needs(job: Job, jobs: tuple[Job, ...]) -> Type:
    by_id = {other.id.casefold(): other for other in jobs}
    fields = {}
    for need in job.needs:
        other = by_id.get(need.casefold())
        fields[need] = _result(other, f"needs.{need}") if other is not None else ANY
    return record(fields, names=NeedNames(job, jobs))


def _job(job: Job) -> Type:
    return _context("job", {**_JOB, "services": _services(job)})


def _services(job: Job) -> Type:
    service = record(
        {**_CONTAINER, "ports": _PORTS}, names=Closed(UNKNOWN, "a service has no property", _SERVICE)
    )
    if job.services is None:
        return record({}, names=Closed(UNKNOWN, f"job '{job.id}' has no service", ()))
    if isinstance(job.services, Scalar):
        return mapping_of(service)
    names = tuple(key.text for key, _ in job.services.entries)
    if any("${{" in name for name in names):
        return mapping_of(service)
    return record(
        dict.fromkeys(names, service), names=Closed(UNKNOWN, f"job '{job.id}' has no service", names)
    )
