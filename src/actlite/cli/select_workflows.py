"""Which workflows an event selects, as plans; and what to say when there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actlite.cli.options import Selection
from actlite.cli.workflow_files import WorkflowFile, read_all, root_of
from actlite.contexts.repository import Repository
from actlite.diagnostics import Diagnostic
from actlite.errors import InvalidWorkflow
from actlite.planning.plan import NotSelected, Plan, Trigger
from actlite.planning.planner import plan as make_plan
from actlite.planning.trigger import make_trigger


@dataclass(frozen=True, slots=True)
class Selected:
    """The answer: plans of the workflows that run, reasons of those that don't."""

    root: Path
    repository: Repository | None
    trigger: Trigger
    plans: tuple[Plan, ...]
    skipped: tuple[NotSelected, ...]
    findings: tuple[Diagnostic, ...]
    """Warnings about the files that were read."""
    invalid: tuple[WorkflowFile, ...]
    """Files with errors, which this event might have selected."""
    source: str
    """Where the sources come from, in words: the commit, and how many files are not committed."""

    @property
    def why_nothing(self) -> str:
        """Where there are no plans: why, and the commands that would run something."""
        lines = [f"No workflow is selected by {describe_trigger(self.trigger)}."]
        lines += [f"{other.workflow.path}: {other.reason}" for other in self.skipped]
        commands = dict.fromkeys(
            command for other in self.skipped if (command := would_run(other)) is not None
        )
        if commands:
            lines += ["These would run something:", *(f"  {command}" for command in commands)]
        return "\n".join(lines)


def select_workflows(
    selection: Selection,
    *,
    variables: Mapping[str, str] | None = None,
    committed: bool = False,
    strict: bool = True,
) -> Selected:
    """Read the files and plan those that the event selects. A file with errors stops everything, as its
    findings may decide whether it would run, where that is ``strict``; else it is only listed.

    Raises UsageError, InvalidWorkflow.
    """
    root = root_of(selection.directory)
    files = read_all(selection.directory, selection.workflows)
    broken = tuple(file for file in files if file.workflow is None or file.errors)
    if broken and strict:
        errors = tuple(error for file in broken for error in file.errors)
        names = ", ".join(file.name for file in broken)
        raise InvalidWorkflow(
            f"{len(errors)} error{'s' * (len(errors) != 1)} in {names}; nothing was run.",
            errors,
            do="Correct them (`actlite check` shows them again), or name another workflow with -W.",
        )
    repository = Repository.discover(selection.directory)
    event = selection.event or ("push" if selection.event_file is None else _event_of(files))
    trigger = make_trigger(
        event,
        repository,
        tag=selection.tag,
        branch=selection.branch,
        ref=selection.ref,
        event_file=selection.event_file,
        inputs=selection.inputs,
        committed=committed,
        folder=root,
    )
    plans: list[Plan] = []
    others: list[NotSelected] = []
    for file in files:
        if file.workflow is None or file in broken:
            continue
        made = make_plan(
            file.workflow, trigger, vars=variables or {}, jobs=selection.jobs, matrix_filter=selection.matrix
        )
        if isinstance(made, Plan):
            plans.append(made)
        else:
            others.append(made)
    found = tuple(d for file in files if file not in broken for d in file.findings)
    source = source_of(repository, trigger, committed=committed)
    return Selected(root, repository, trigger, tuple(plans), tuple(others), found, broken, source)


def would_run(other: NotSelected) -> str | None:
    """A command line that selects a workflow; None where no event of its own is easily made."""
    for event in other.workflow.on:
        if event.name == "push":
            if event.tags:
                positive = [t for t in event.tags if not t.startswith("!")]
                tag = positive[0].replace("**", "1.2.3").replace("*", "1.2.3") if positive else "v1.2.3"
                return f"actlite run --tag {tag if all(c not in tag for c in '[]?+') else 'v1.2.3'}"
            if event.branches:
                branch = event.branches[0].replace("**", "x").replace("*", "x")
                return f"actlite run --branch {branch}"
            return "actlite run push"
        if event.name in ("workflow_dispatch", "pull_request", "schedule"):
            inputs = "".join(f" --input {i.name}=…" for i in event.inputs if i.required and i.default is None)
            return f"actlite run {event.name}{inputs}"
        if event.name == "release":
            return "actlite run release --tag v1.2.3"
    return None


def describe_trigger(trigger: Trigger) -> str:
    """The trigger in words: ``push of tag v1.2.3``."""
    kind, name = str(trigger.github.get("ref_type", "")), str(trigger.github.get("ref_name", ""))
    return f"{trigger.event} of {kind} {name}" if kind and name else trigger.event


def source_of(repository: Repository | None, trigger: Trigger, *, committed: bool = False) -> str:
    """Where the sources come from, in words."""
    sha = str(trigger.github.get("sha", ""))
    if repository is None or repository.head is None:
        return "no commit"
    if committed or sha != repository.head:
        return sha[:7]
    changed = len(repository.status())
    return f"{sha[:7]}, {changed} file{'s' * (changed != 1)} not committed" if changed else sha[:7]


def _event_of(files: list[WorkflowFile]) -> str:
    """The event of an event file whose name isn't given: the only one that the workflows listen to, else push."""
    names = {event.name for file in files if file.workflow is not None for event in file.workflow.on}
    return names.pop() if len(names) == 1 else "push"
