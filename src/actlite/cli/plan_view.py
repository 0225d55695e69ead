"""What ``actlite plan`` tells, before it is written in one form or another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.actions.reference import LocalAction, RemoteAction, SelfAction
from actlite.actions.reference import parse as parse_reference
from actlite.checking.runners import unrunnable
from actlite.checking.services import service_findings
from actlite.cli.select_workflows import Selected
from actlite.diagnostics import Diagnostic
from actlite.errors import UsageError
from actlite.planning.outline import WorkflowOutline, outline
from actlite.planning.plan import JobPlan, Plan
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.actions.store import ActionStore
    from actlite.checking.predictions.model import Prediction
    from actlite.checking.predictions.settings import Predicting

MANIFESTS = ("action.yml", "action.yaml", "Dockerfile", "dockerfile")


@frozen
class UsedAction:
    """An action that a step uses. ``here`` is None where it can't be told before the run."""

    uses: str
    kind: str
    """remote, local, docker or unknown."""
    here: bool | None
    commit: str = ""
    """Of a remote action that is in the cache, the commit that would be taken without asking the network."""


@frozen
class PlanView:
    """The whole answer."""

    selected: Selected
    workflows: tuple[WorkflowOutline, ...]
    absent: tuple[Diagnostic, ...]
    """The legs that can't run on this machine."""
    actions: tuple[UsedAction, ...]
    predictions: Mapping[tuple[str, str], tuple[Prediction, ...]]
    """What becomes of the steps that use actions: by the file and the id of the job."""
    services: tuple[Diagnostic, ...]
    """The steps that need a service of GitHub's which is not there on this machine."""
    given_secrets: frozenset[str]
    """The names of the secrets that are given, in small letters."""

    def missing(self, secrets: Collection[str]) -> list[str]:
        """Those of the secrets that are not given, each once whatever its case."""
        missing = {name.casefold(): name for name in sorted(secrets, reverse=True)}
        return sorted(name for folded, name in missing.items() if folded not in self.given_secrets)

    def services_of(self, *paths: str) -> list[Diagnostic]:
        """What is missing for the steps of these files."""
        return [
            found for found in self.services if found.span is not None and found.span.source.name in paths
        ]

    def of_job(self, job: JobPlan, path: str) -> tuple[Prediction, ...]:
        """The predictions for a job of a file."""
        return self.predictions.get((path, job.id), ())


def view(
    selected: Selected,
    *,
    platforms: Mapping[str, str],
    variables: Mapping[str, str],
    overrides: Mapping[str, str],
    predicting: Predicting,
    every_step: bool = False,
    given_secrets: Iterable[str] = (),
) -> PlanView:
    """Work out the answer from the plans. ``overrides`` are the folders of the user's own actions, by reference.
    ``every_step``: predictions for jobs without a container too. Reads the cache of actions, never the network."""
    workflows = tuple(outline(plan) for plan in selected.plans)
    absent = [
        found.finding
        for workflow in workflows
        for plan in _running(workflow)
        for found in unrunnable(plan, platforms, variables)
    ]
    services = [
        found
        for workflow in workflows
        for plan in _running(workflow)
        for found in service_findings(plan, overrides)
    ]
    return PlanView(
        selected,
        workflows,
        tuple(absent),
        tuple(_used(workflows, selected.root, overrides)),
        _predicted(selected, overrides, predicting, every_step=every_step),
        tuple(dict.fromkeys(services)),
        frozenset(name.casefold() for name in given_secrets),
    )


def _running(workflow: WorkflowOutline) -> Iterable[Plan]:
    """The plan without the jobs that surely don't run, and those of the workflows that it calls."""
    from dataclasses import replace

    kept = [job for job in workflow.jobs if job.condition.runs != "no"]
    yield replace(workflow.plan, jobs=tuple(job.plan for job in kept if job.plan.job.uses is None))
    for job in kept:
        for call in job.calls:
            if call.workflow is not None:
                yield from _running(call.workflow)


def _predicted(
    selected: Selected, overrides: Mapping[str, str], predicting: Predicting, *, every_step: bool
) -> Mapping[tuple[str, str], tuple[Prediction, ...]]:
    plans = [plan for plan in selected.plans if every_step or _has_container(plan)]
    if not plans:
        return {}
    from actlite.checking.files import FolderFiles
    from actlite.checking.known_actions import KnownActions
    from actlite.checking.predictions.predict import Predictor
    from actlite.cli.cached_actions import Fetched

    predictor = Predictor(predicting, KnownActions(FolderFiles(selected.root), Fetched(overrides)))
    found: dict[tuple[str, str], tuple[Prediction, ...]] = {}
    for plan in plans:
        of_plan: dict[tuple[str, str], list[Prediction]] = {}
        for item in predictor.plan(plan):
            of_plan.setdefault((item.workflow, item.job), []).append(item)
        found |= {key: tuple(items) for key, items in of_plan.items()}
    return found


def _has_container(plan: Plan) -> bool:
    called = (call.plan for job in plan.jobs for call in job.calls)
    return any(job.job.container is not None for job in plan.jobs) or any(
        inner is not None and _has_container(inner) for inner in called
    )


def _used(
    workflows: Sequence[WorkflowOutline], root: Path, overrides: Mapping[str, str]
) -> Iterable[UsedAction]:
    """The actions of all steps that may run, each once; in the order of the files."""
    texts: dict[str, None] = {}
    for workflow in workflows:
        for job in workflow.all_jobs():
            if job.condition.runs != "no":
                texts.update(dict.fromkeys(job.actions))
    if not texts:
        return
    from actlite.cli.cached_actions import cached_actions

    store = cached_actions(overrides)
    for text in texts:
        yield _action(text, root, store)


def _action(text: str, root: Path, store: ActionStore) -> UsedAction:
    try:
        action = parse_reference(text)
    except UsageError:
        return UsedAction(text, "unknown", None)
    if isinstance(action, RemoteAction):
        found = store.cached(action)
        return UsedAction(text, "remote", found is not None, found.sha if found is not None else "")
    if isinstance(action, LocalAction | SelfAction):
        folder = root / action.path
        return UsedAction(text, "local", any((folder / name).is_file() for name in MANIFESTS) or None)
    return UsedAction(text, "docker", None)
