"""Which workflows an event selects, as plans; and what to say when there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.cli.called import called_workflows
from actlite.cli.options import Selection
from actlite.cli.suggestions import suggestions
from actlite.cli.workflow_files import WorkflowFile, read_all, root_of
from actlite.contexts.repository import Repository
from actlite.diagnostics import Diagnostic
from actlite.errors import InvalidWorkflow, UsageError
from actlite.planning.changes import with_changes, with_changes_since
from actlite.planning.plan import NotSelected, Plan, Trigger
from actlite.planning.planner import plan as make_plan
from actlite.planning.trigger import make_trigger
from actlite.records import frozen
from actlite.workflow.calls import Library
from actlite.workflow.model import Workflow

if TYPE_CHECKING:
    from actlite.actions.reference import RemoteAction
    from actlite.actions.store import FetchedAction


@frozen
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
        commands = [c for other in self.skipped for c in suggestions(other.workflow, self.repository)]
        if commands:
            lines += ["These would run something:", *(f"  {command}" for command in commands)]
        return "\n".join(lines)


def select_workflows(
    selection: Selection,
    *,
    variables: Mapping[str, str] | None = None,
    committed: bool = False,
    strict: bool = True,
    fetch: Callable[[RemoteAction], FetchedAction | None] | None = None,
) -> Selected:
    """Read the files and plan those that the event selects. A file with errors stops everything, as its
    findings may decide whether it would run, where that is ``strict``; else it is only listed. ``fetch`` gets the
    repositories of called workflows; without it those count that are on this machine.

    Raises UsageError, InvalidWorkflow.
    """
    root = root_of(selection.directory)
    files = read_all(selection.directory, selection.workflows)
    broken = tuple(file for file in files if file.workflow is None or file.errors)
    if broken and strict:
        refuse_invalid(tuple(error for file in broken for error in file.errors))
    repository = Repository.discover(selection.directory)
    event = selection.event or _event_of(selection, files)
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
    if selection.changed is not None:
        trigger = with_changes(trigger, selection.changed)
    elif selection.changed_since is not None:
        trigger = with_changes_since(trigger, repository, selection.changed_since, committed=committed)
    workflows = [file.workflow for file in files if file.workflow is not None and file not in broken]
    library = called_workflows(root, workflows, fetch)
    plans, others = _plan(workflows, trigger, selection, variables or {}, library)
    found = tuple(d for file in files if file not in broken for d in file.findings)
    source = source_of(repository, trigger, committed=committed)
    return Selected(root, repository, trigger, tuple(plans), tuple(others), found, broken, source)


def refuse_invalid(errors: Sequence[Diagnostic]) -> None:
    """Raise InvalidWorkflow for errors that GitHub would refuse their files for."""
    if not errors:
        return
    names = ", ".join(dict.fromkeys(error.span.source.name for error in errors if error.span is not None))
    raise InvalidWorkflow(
        f"{len(errors)} error{'s' * (len(errors) != 1)} in {names}; nothing was run.",
        errors,
        do="Correct them (`actlite check` shows them again), or name another workflow with -W.",
    )


def _plan(
    workflows: Sequence[Workflow],
    trigger: Trigger,
    selection: Selection,
    variables: Mapping[str, str],
    library: Library,
) -> tuple[list[Plan], list[NotSelected]]:
    """Plan each workflow. A job, input or matrix value that one of them lacks may be another's: that is
    an error only where no workflow has it."""
    plans: list[Plan] = []
    others: list[NotSelected] = []
    refused: UsageError | None = None
    for workflow in workflows:
        try:
            made = make_plan(
                workflow,
                trigger,
                vars=variables,
                jobs=selection.jobs,
                matrix_filter=selection.matrix,
                library=library,
            )
        except UsageError as error:
            refused = refused or error
            others.append(NotSelected(workflow, error.what))
            continue
        if isinstance(made, Plan):
            plans.append(made)
        else:
            others.append(made)
    if refused is not None and not plans:
        raise refused
    return plans, others


def describe_trigger(trigger: Trigger) -> str:
    """The trigger in words: ``push of tag v1.2.3``."""
    head, base = str(trigger.github.get("head_ref", "")), str(trigger.github.get("base_ref", ""))
    if head and base:
        return f"{trigger.event} of {head} into {base}"
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


def _event_of(selection: Selection, files: Sequence[WorkflowFile]) -> str:
    """The event where none is named: push, but workflow_dispatch where there are inputs; of an event file the
    only one that the workflows listen to."""
    if selection.event_file is None:
        return "workflow_dispatch" if selection.inputs else "push"
    names = {event.name for file in files if file.workflow is not None for event in file.workflow.on}
    return names.pop() if len(names) == 1 else "push"
