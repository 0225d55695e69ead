"""The calls of reusable workflows in a workflow, followed to their ends; and everything GitHub says against them.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/ReusableWorkflowsLoader.cs`` and
``WorkflowTemplateConverter.cs`` (ConvertToReferencedWorkflow, ConvertToOnTrigger). GitHub stops at the first
call with a fault; here all of them are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actlite.diagnostics import Diagnostic, Label, Severity
from actlite.records import changeable, field, frozen
from actlite.workflow.call_values import check_values
from actlite.workflow.called import (
    HERE,
    CalledFiles,
    CallReference,
    Found,
    Interface,
    Missing,
    Origin,
    Unknown,
    interface,
    parse_call,
)
from actlite.workflow.model import Job, Workflow
from actlite.workflow.nearest import nearest
from actlite.workflow.permissions import Permissions, Policy, of_policy, read_permissions, violations
from actlite.workflow.reader import read_with_errors

_MANY = 12
"""So many workflows are listed in a help text."""

MAX_CALLS = 4000
"""So many calls of one workflow are followed; a file that calls another ten times, nine deep, has a thousand
million. The rest counts as not known."""


@frozen
class Limits:
    """GitHub's limits, and the setting of the repository that decides on permissions."""

    depth: int = 9
    """Called workflows one below the other (DOC: reuse workflows, limitations)."""
    files: int = 51
    """The workflow and all that it calls, each file once (R: ParseOptions.MaxFiles)."""
    jobs: int = 0
    """Jobs in all the files together; 0: as many as there are."""
    policy: Policy = "Write"
    """Without knowledge of the setting, the one that allows most."""


@frozen
class Loaded:
    """A called workflow that has been read."""

    name: str
    """As messages name it."""
    origin: Origin
    workflow: Workflow | None
    """None where it has errors, which are then in ``findings``."""
    findings: tuple[Diagnostic, ...] = ()
    trusted: bool = True
    faulty: Workflow | None = None
    """A workflow whose errors leave no doubt of what it declares for its callers."""
    ref: str = ""
    """See ``Found``."""


@frozen
class Call:
    """A job that calls a workflow, with what it calls."""

    job: Job
    reference: CallReference
    called: Loaded | None
    """None where it isn't known on this machine, or there is none."""
    unknown: str = ""
    """Why nothing is known of it; '' where it is, and where a fault says it."""
    interface: Interface | None = None
    permissions: Mapping[str, Permissions | None] = field(default_factory=dict)
    """What the tokens of the called workflow's jobs may do, by job id; None: the repository's default."""
    calls: Mapping[str, Call] = field(default_factory=dict)
    """The calls in the called workflow, by job id."""


@frozen
class Fault:
    """Something that GitHub refuses a workflow for. ``finding`` has its exact place, which may be in a called
    file; ``callers`` are the calling jobs from the outermost to the one whose call it is about."""

    finding: Diagnostic
    callers: tuple[Job, ...]


@frozen
class Calls:
    """All the calls of a workflow, by the calling job's id."""

    workflow: Workflow
    calls: Mapping[str, Call]
    faults: tuple[Fault, ...]


class Library:
    """Called workflows, each read once."""

    def __init__(self, files: CalledFiles, known: Sequence[Workflow] = ()) -> None:
        """``known`` are workflows of this repository that have been read already."""
        self._files = files
        self._loaded: dict[tuple[Origin, str], Loaded] = {
            (HERE, workflow.path): Loaded(workflow.path, HERE, workflow) for workflow in known
        }
        self._walks: dict[tuple[str, Limits], Calls] = {}

    def get(self, reference: CallReference, caller: Origin) -> Loaded | Missing | Unknown:
        """The workflow that a file from ``caller`` means."""
        if reference.is_local and (caller, reference.path) in self._loaded:
            return self._loaded[caller, reference.path]
        found = self._files.find(reference, caller)
        if isinstance(found, Missing) and not found.known:
            known = tuple(path for origin, path in self._loaded if origin == caller)
            return Missing(found.why, known if reference.is_local else ())
        if not isinstance(found, Found):
            return found
        key = (found.origin, reference.path)
        if key not in self._loaded:
            workflow, bag = read_with_errors(found.source, reference.path)
            errors = bag.errors
            self._loaded[key] = Loaded(
                found.source.name,
                found.origin,
                None if errors else workflow,
                errors,
                found.trusted,
                workflow if errors and workflow is not None and _errs_in_jobs(workflow, errors) else None,
                found.ref,
            )
        return self._loaded[key]

    def add(self, workflow: Workflow) -> None:
        """A workflow of this repository that has been read."""
        self._loaded.setdefault((HERE, workflow.path), Loaded(workflow.path, HERE, workflow))

    def here(self, path: str) -> Workflow | None:
        """A workflow of this repository, if it has been read and has no errors."""
        loaded = self._loaded.get((HERE, path))
        return loaded.workflow if loaded is not None else None

    def calls(self, workflow: Workflow, limits: Limits | None = None) -> Calls:
        """All the calls of a workflow of this repository; followed once for each workflow and limits."""
        limits = limits or Limits()
        key = (workflow.path, limits)
        if key not in self._walks or self._walks[key].workflow is not workflow:
            self._walks[key] = follow(workflow, self, limits)
        return self._walks[key]


def _errs_in_jobs(workflow: Workflow, errors: Sequence[Diagnostic]) -> bool:
    """Whether the errors are in jobs, or about something that is missing: the rest is as it is meant."""
    spans = [job.node.span for job in workflow.jobs if job.node is not None]
    return all(
        error.code == "missing-key"
        or (error.span is not None and any(job.start <= error.span.start < job.end for job in spans))
        for error in errors
    )


def follow(workflow: Workflow, library: Library, limits: Limits | None = None) -> Calls:
    """Follow all the calls of a workflow of this repository."""
    if all(job.uses is None for job in workflow.jobs):
        return Calls(workflow, {}, ())
    walk = _Walk(library, limits or Limits())
    top = read_permissions(workflow.permissions)
    calls = walk.jobs(workflow, HERE, inherited_permissions(workflow, top), ())
    return Calls(workflow, calls, tuple(walk.faults))


def outputs_of(call: Call) -> frozenset[str] | None:
    """The names of the outputs that ``needs.<job>.outputs`` has for a calling job; None where they aren't known."""
    return call.interface.output_names if call.interface is not None else None


def inherited_permissions(workflow: Workflow, given: Permissions | None) -> dict[str, Permissions | None]:
    """What the jobs of a workflow may do: what they say, else what the workflow or its caller says."""
    found: dict[str, Permissions | None] = {}
    for job in workflow.jobs:
        own = read_permissions(job.permissions)
        found[job.id] = given if own is None else own
    return found


@changeable
class _Walk:
    """One walk from a workflow down; what it has met so far."""

    library: Library
    limits: Limits
    faults: list[Fault] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    count: int = 0
    jobs_seen: int = 0
    full: bool = False

    def jobs(
        self,
        workflow: Workflow,
        origin: Origin,
        permissions: Mapping[str, Permissions | None],
        callers: tuple[tuple[Origin, str, Job], ...],
    ) -> dict[str, Call]:
        """Follow the calls of one file's jobs. ``callers`` are the origin, path and job of each call so far."""
        self.files.add(f"{origin}/{workflow.path}".casefold())
        found = {}
        for job in workflow.jobs:
            self._count_job(job, callers)
            reference = parse_call(job.uses.text) if job.uses is not None else None
            if reference is None:
                continue
            self.count += 1
            if self.count > MAX_CALLS:
                found[job.id] = Call(job, reference, None, "too many calls to follow them all")
                continue
            chain = (*callers, (origin, workflow.path, job))
            found[job.id] = self._call(job, reference, origin, permissions.get(job.id), chain)
        return found

    def _count_job(self, job: Job, callers: tuple[tuple[Origin, str, Job], ...]) -> None:
        self.jobs_seen += 1
        if self.limits.jobs and self.jobs_seen == self.limits.jobs + 1:
            message = (
                f"Workflows may not contain more than {self.limits.jobs} jobs across all referenced files"
            )
            finding = Diagnostic("call-limit", Severity.ERROR, message, job.span)
            self.faults.append(Fault(finding, tuple(caller for _, _, caller in callers)))

    def _call(
        self,
        job: Job,
        reference: CallReference,
        origin: Origin,
        given: Permissions | None,
        chain: tuple[tuple[Origin, str, Job], ...],
    ) -> Call:
        jobs = tuple(caller for _, _, caller in chain)
        if len(chain) > self.limits.depth:
            message = f"Nested reusable workflow depth exceeded {self.limits.depth}."
            self._refuse(jobs, "call-limit", message, help="let fewer workflows call each other")
            return Call(job, reference, None)
        loaded = self.library.get(reference, origin)
        if isinstance(loaded, Missing):
            self._missing(reference, loaded, jobs)
            return Call(job, reference, None)
        if not self._file_allowed(reference, loaded, jobs):
            return Call(job, reference, None)
        if isinstance(loaded, Unknown):
            return Call(job, reference, None, loaded.why)
        if loaded.workflow is None:
            self.faults += [Fault(finding, jobs) for finding in loaded.findings]
            return self._faulty(job, reference, loaded, jobs)
        return self._enter(job, reference, loaded, loaded.workflow, given, chain)

    def _faulty(self, job: Job, reference: CallReference, loaded: Loaded, jobs: tuple[Job, ...]) -> Call:
        """A call of a workflow with errors: the values that are handed over are checked all the same."""
        if loaded.faulty is None:
            return Call(job, reference, loaded)
        declared = interface(loaded.faulty)
        if declared is None:
            self._not_callable(loaded, loaded.faulty, jobs)
            return Call(job, reference, loaded)
        self.faults += [Fault(finding, jobs) for finding in check_values(job, declared, loaded.name)]
        return Call(job, reference, loaded, interface=declared)

    def _enter(
        self,
        job: Job,
        reference: CallReference,
        loaded: Loaded,
        called: Workflow,
        given: Permissions | None,
        chain: tuple[tuple[Origin, str, Job], ...],
    ) -> Call:
        jobs = tuple(caller for _, _, caller in chain)
        declared = interface(called)
        if declared is None:
            self._not_callable(loaded, called, jobs)
            return Call(job, reference, loaded)
        self.faults += [Fault(finding, jobs) for finding in check_values(job, declared, loaded.name)]
        if any((place, path) == (loaded.origin, reference.path) for place, path, _ in chain):
            self._cycle(reference, chain, jobs)
            return Call(job, reference, None, interface=declared)
        own = read_permissions(called.permissions)
        self._check_permissions(jobs, reference, "The workflow", own, given, loaded.trusted)
        for inner in called.jobs:
            wanted = read_permissions(inner.permissions)
            who = f"The nested job '{inner.id}'"
            self._check_permissions(jobs, reference, who, wanted, given, loaded.trusted)
        permissions = inherited_permissions(called, given if own is None else own)
        calls = self.jobs(called, loaded.origin, permissions, chain)
        return Call(job, reference, loaded, "", declared, permissions, calls)

    def _file_allowed(
        self, reference: CallReference, loaded: Loaded | Unknown, jobs: tuple[Job, ...]
    ) -> bool:
        where = reference.text if isinstance(loaded, Unknown) else f"{loaded.origin}/{reference.path}"
        self.files.add(where.casefold())
        if len(self.files) <= self.limits.files:
            return True
        if self.full:
            return False
        self.full = True
        message = f"The maximum file count of {self.limits.files} has been exceeded"
        self._refuse(jobs, "call-limit", message, help="call fewer different workflows")
        return False

    def _check_permissions(
        self,
        jobs: tuple[Job, ...],
        reference: CallReference,
        who: str,
        wanted: Permissions | None,
        given: Permissions | None,
        trusted: bool,
    ) -> None:
        if wanted is None:
            return
        allowed = of_policy(self.limits.policy, trusted=trusted) if given is None else given
        beyond = violations(wanted, allowed)
        if beyond is None:
            return
        finding = Diagnostic(
            "call-permissions",
            Severity.ERROR,
            f"Error calling workflow '{reference.text}'. "
            f"{who} is requesting '{beyond[0]}', but is only allowed '{beyond[1]}'.",
            jobs[-1].span,
            help=f"give the calling job permissions: with {beyond[0]}, or ask for less in the called workflow",
        )
        self.faults.append(Fault(finding, jobs))

    def _not_callable(self, loaded: Loaded, called: Workflow, jobs: tuple[Job, ...]) -> None:
        message = "workflow_call key is not defined in the referenced workflow."
        labels = tuple(Label(event.span, "its events") for event in called.on[:1])
        help = f"add 'workflow_call:' to 'on:' in {loaded.name}"
        self._refuse(jobs, "not-callable", message, labels=labels, help=help)

    def _missing(self, reference: CallReference, missing: Missing, jobs: tuple[Job, ...]) -> None:
        caller = jobs[-1].span.source.name
        known = sorted(path for path in missing.known if path != caller)
        guess = nearest(reference.path, known)
        more = f" and {len(known) - _MANY} more" if len(known) > _MANY else ""
        self._refuse(
            jobs,
            "called-workflow-missing",
            f'error parsing called workflow "{reference.text}": workflow was not found.',
            label=f"did you mean '{reference.text[:2]}{guess}'?" if guess else "",
            notes=(missing.why,) if missing.why else (),
            help="" if guess or not known else f"there are: {', '.join(known[:_MANY])}{more}",
        )

    def _cycle(
        self,
        reference: CallReference,
        chain: tuple[tuple[Origin, str, Job], ...],
        jobs: tuple[Job, ...],
    ) -> None:
        names = [path for _, path, _ in chain] + [reference.path]
        self._refuse(
            jobs,
            "call-limit",
            f"Nested reusable workflow depth exceeded {self.limits.depth}.",
            notes=(f"the workflows call each other: {' → '.join(names[names.index(reference.path) :])}",),
            help="remove one of these calls",
        )

    def _refuse(
        self,
        jobs: tuple[Job, ...],
        code: str,
        message: str,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: str = "",
    ) -> None:
        job = jobs[-1]
        place = job.uses.span if job.uses is not None else job.span
        finding = Diagnostic(code, Severity.ERROR, message, place, label, labels, notes, help)
        self.faults.append(Fault(finding, jobs))
